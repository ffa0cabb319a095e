//! Templates of spend reports: written, read back, and held against what they say of themselves.

use std::collections::BTreeMap;
use std::io::Cursor;

use domain::{CaseReference, Period};
use interchange::{Record, SpendRow, Table, Template, TemplateCase, TemplateContent};
use money::{Currency, Locale};
use rust_xlsxwriter::Workbook;

use crate::SPEND;

fn content() -> TemplateContent {
    let case = |bits: u64| TemplateCase {
        case: CaseReference::from_random(bits),
        budget_line: "reintegration".into(),
        cap: "3000.00".parse().unwrap(),
        remaining: "2500.00".parse().unwrap(),
        available: "-10.00".parse().unwrap(),
    };
    TemplateContent {
        partner: "irara".parse().unwrap(),
        period: "2024-Q2".parse().unwrap(),
        categories: vec!["education".into(), "medical-care".into()],
        currencies: vec![Currency::EUR, "IQD".parse().unwrap()],
        cases: vec![
            case(1),
            TemplateCase { budget_line: "amira2-iraq".into(), ..case(1) },
            TemplateCase { budget_line: "=1+1".into(), ..case(2) },
        ],
    }
}

fn template() -> Template {
    Template { partner: "irara".parse().unwrap(), period: "2024-Q2".parse::<Period>().unwrap() }
}

/// A workbook with the hidden sheet of a template and one row of spend, with some cells replaced.
fn filled(stamp: &[(&str, &str)], changed: &[(&str, &str)]) -> Vec<u8> {
    let mut workbook = Workbook::new();
    let hidden = workbook.add_worksheet();
    hidden.set_name("svala").unwrap();
    hidden.set_hidden(true);
    for (row, (key, value)) in (0..).zip(stamp) {
        hidden.write_string(row, 0, *key).unwrap();
        hidden.write_string(row, 1, *value).unwrap();
    }
    let sheet = workbook.add_worksheet();
    sheet.set_name("Spend").unwrap();
    for (column, (name, value)) in (0..).zip(SPEND) {
        let value = changed.iter().find(|(changed, _)| changed == name).map_or(*value, |(_, value)| *value);
        sheet.write_string(0, column, *name).unwrap();
        sheet.write_string(1, column, value).unwrap();
    }
    workbook.save_to_buffer().unwrap()
}

const STAMP: &[(&str, &str)] = &[("template version", "1"), ("partner", "irara"), ("period", "2024-Q2")];

fn read(bytes: Vec<u8>) -> Result<Vec<Record<SpendRow>>, interchange::FileError> {
    Table::open_file("spend.xlsx", Cursor::new(bytes), Locale::Strict)?.collect()
}

#[test]
fn a_template_is_read_back_as_what_it_was_made_for_and_has_no_rows() {
    let file = Cursor::new(content().workbook().unwrap());
    let mut table = Table::<SpendRow, _>::open_file("irara.xlsx", file, Locale::Strict).unwrap();
    assert_eq!(table.template(), Some(&template()));
    assert!(table.next().is_none());
}

#[test]
fn the_days_of_the_period_are_told_apart_from_others() {
    for (day, outside) in
        [("2024-03-31", true), ("2024-04-01", false), ("2024-06-30", false), ("2024-07-01", true)]
    {
        let records = read(filled(STAMP, &[("delivered_on", day)])).unwrap();
        assert!(records[0].parsed.is_ok());
        assert_eq!(records[0].outside_period, outside, "{day}");
    }
}

#[test]
fn a_row_of_another_partner_is_an_error() {
    let records = read(filled(STAMP, &[("partner", "ettc")])).unwrap();
    let errors = records[0].parsed.as_ref().unwrap_err();
    assert_eq!(
        errors[0].to_string(),
        "row 2, column partner, value \"ettc\": This is the template of irara. Report the spend of another partner in its own. (rule template.partner)"
    );
}

#[test]
fn a_hidden_sheet_that_is_not_as_it_was_made_stops_the_file() {
    let replaced = |key: &str, value: &'static str| {
        STAMP.iter().map(|(k, v)| if *k == key { (*k, value) } else { (*k, *v) }).collect::<Vec<_>>()
    };
    for (stamp, rule) in [
        (replaced("template version", "2"), "template.version"),
        (replaced("template version", ""), "template.broken"),
        (replaced("partner", "IRARA!"), "template.broken"),
        (replaced("period", "soon"), "template.broken"),
        (Vec::new(), "template.broken"),
    ] {
        let error = read(filled(&stamp, &[])).unwrap_err();
        assert_eq!(error.rule(), rule, "{stamp:?}: {error}");
    }
}

/// The template as the archive of parts that another program opens.
fn written(content: &TemplateContent) -> BTreeMap<String, String> {
    unpacked(&content.workbook().unwrap())
}

/// What stands between two texts, each time.
pub fn between<'x>(xml: &'x str, begin: &str, end: &str) -> Vec<&'x str> {
    xml.split(begin).skip(1).map(|rest| rest.split(end).next().unwrap()).collect()
}

/// The text of a cell of a sheet; empty where there is none.
pub fn cell<'x>(parts: &'x BTreeMap<String, String>, sheet: u32, place: &str) -> &'x str {
    let cells = between(&parts[&format!("xl/worksheets/sheet{sheet}.xml")], "<c r=\"", "</c>");
    let Some(cell) = cells.into_iter().find(|cell| cell.starts_with(&format!("{place}\""))) else {
        return "";
    };
    let text: usize = between(cell, "<v>", "</v>")[0].parse().unwrap();
    let texts = between(&parts["xl/sharedStrings.xml"], "<si><t", "</t></si>");
    texts[text].split_once('>').unwrap().1
}

/// Every column that has a list has it on all its rows, and the list says where its values stand.
#[test]
fn each_list_to_choose_from_covers_its_column_and_names_its_values() {
    let parts = written(&content());
    let spend = &parts["xl/worksheets/sheet1.xml"];
    let lists: Vec<(&str, &str, &str)> = between(spend, "<dataValidation ", "</dataValidation>")
        .into_iter()
        .map(|list| {
            let said =
                match (list.contains("errorStyle=\"warning\""), list.contains("showErrorMessage=\"1\"")) {
                    (true, true) => "warns",
                    (false, true) => "refuses",
                    (_, false) => "lets pass",
                };
            (between(list, "sqref=\"", "\"")[0], between(list, "<formula1>", "</formula1>")[0], said)
        })
        .collect();
    let expected = [
        ("A2:A10001", "&quot;irara&quot;", "refuses"),
        ("B2:B10001", "svala!$F$2:$F$3", "lets pass"),
        ("C2:C10001", "svala!$D$2:$D$3", "refuses"),
        // Days are held against the period, amounts against zero.
        ("D2:D10001", "DATE(2024,4,1)", "warns"),
        ("E2:E10001", "0", "refuses"),
        ("F2:F10001", "svala!$E$2:$E$3", "warns"),
    ];
    for kind in
        ["type=\"date\"", "type=\"decimal\" operator=\"greaterThan\"", "<formula2>DATE(2024,6,30)</formula2>"]
    {
        assert!(spend.contains(kind), "{kind}: {spend}");
    }
    let plain = lists.iter().map(|(at, list, said)| (*at, list.replace('"', "&quot;"), *said));
    assert_eq!(plain.collect::<Vec<_>>(), expected.map(|(at, list, said)| (at, list.to_owned(), said)));
    for (place, name) in [("A1", "partner"), ("B1", "case_ref"), ("C1", "category"), ("F1", "currency")] {
        assert_eq!(cell(&parts, 1, place), name);
    }
    // The values are there, each once; a case too, on however many budget lines it has something.
    let [first, second] = [1, 2].map(|bits| CaseReference::from_random(bits).to_string());
    for (column, values) in [
        ("D", ["education", "medical-care", ""]),
        ("E", ["EUR", "IQD", ""]),
        ("F", [first.as_str(), second.as_str(), ""]),
    ] {
        for (row, value) in (2..).zip(values) {
            assert_eq!(cell(&parts, 4, &format!("{column}{row}")), value, "{column}{row}");
        }
    }
    let none = TemplateContent { cases: Vec::new(), ..content() };
    assert!(!written(&none)["xl/worksheets/sheet1.xml"].contains("sqref=\"B2"), "a list of nothing");
}

/// One sheet is hidden, and only that: it says for whom and when the template is.
#[test]
fn the_hidden_sheet_says_whose_template_it_is() {
    let parts = written(&content());
    let sheets = between(&parts["xl/workbook.xml"], "<sheet ", "/>");
    let told: Vec<(&str, bool)> = sheets
        .iter()
        .map(|sheet| (between(sheet, "name=\"", "\"")[0], sheet.contains("state=\"hidden\"")))
        .collect();
    assert_eq!(told, [("Spend", false), ("Cases", false), ("Instructions", false), ("svala", true)]);
    for (row, key, value) in
        [(1, "template version", "1"), (2, "partner", "irara"), (3, "period", "2024-Q2"), (4, "", "")]
    {
        assert_eq!([cell(&parts, 4, &format!("A{row}")), cell(&parts, 4, &format!("B{row}"))], [key, value]);
    }
}

/// What is left stands in the sheet of cases, a row for each budget line; nothing in the workbook is a formula.
#[test]
fn the_cases_are_shown_with_what_is_left_and_nothing_is_run() {
    let parts = written(&content());
    let row = |row: u32| ["A", "B", "C", "D", "E"].map(|column| cell(&parts, 2, &format!("{column}{row}")));
    let first = CaseReference::from_random(1).to_string();
    assert_eq!(row(1), ["case_ref", "budget_line", "cap_eur", "remaining_eur", "available_eur"]);
    assert_eq!(row(2), [&first, "reintegration", "3000.00", "2500.00", "-10.00"]);
    assert_eq!(row(3), [&first, "amira2-iraq", "3000.00", "2500.00", "-10.00"]);
    assert_eq!(row(4)[1], "'=1+1", "text that looks like a formula is guarded, figures are not");
    assert!(parts.iter().filter(|(name, _)| name.contains("sheets/")).all(|(_, xml)| !xml.contains("<f>")));
}

/// The parts of an archive whose parts stand one after the other.
pub fn unpacked(bytes: &[u8]) -> BTreeMap<String, String> {
    use std::io::Read;
    let half = |at: usize| usize::from(u16::from_le_bytes([bytes[at], bytes[at + 1]]));
    let word = |at: usize| half(at) + (half(at + 2) << 16);
    let mut parts = BTreeMap::new();
    let end = bytes.windows(4).rposition(|window| window == b"PK\x05\x06").unwrap();
    let mut at = word(end + 16);
    while bytes[at..].starts_with(b"PK\x01\x02") {
        let name = String::from_utf8(bytes[at + 46..at + 46 + half(at + 28)].to_vec()).unwrap();
        let header = word(at + 42);
        let start = header + 30 + half(header + 26) + half(header + 28);
        let mut text = String::new();
        let packed = &bytes[start..start + word(at + 20)];
        flate2::read::DeflateDecoder::new(packed).read_to_string(&mut text).unwrap();
        parts.insert(name, text);
        at += 46 + half(at + 28) + half(at + 30) + half(at + 32);
    }
    parts
}
