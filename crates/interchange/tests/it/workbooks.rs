//! Excel workbooks: the same rows and errors as CSV, and what only a workbook can have wrong.

use domain::grant::PaymentMethod;
use interchange::{GrantRow, Row, SpendRow};
use jiff::civil::date;
use money::{Amount, Currency, Locale};
use proptest::prelude::*;
use rstest::rstest;

use crate::book::{
    self, AMOUNT, DAY, HEADER, Part, WORKBOOK, archive, archive_claiming, grant, grants, parts,
};
use crate::shown;

fn eur(text: &str) -> Amount {
    Amount::parse(text, Currency::EUR, Locale::Strict).unwrap()
}

#[test]
fn every_kind_of_cell_is_read() {
    let rows = [
        grant(2, DAY, AMOUNT),
        grant(3, r#"<c s="2"><v>45292.0</v></c>"#, r#"<c s="3"><v>1403.0700000000002</v></c>"#),
        grant(
            4,
            r#"<c t="str"><f>TEXT(X1)</f><v>2024-01-01</v></c>"#,
            "<c><f>SUM(A1:A9)</f><v>1.5E+1</v></c>",
        ),
        grant(7, r#"<c t="d"><v>2024-01-01</v></c>"#, r#"<c t="inlineStr"><is><t>0.50</t></is></c>"#),
    ];
    let records = grants(&rows.concat()).unwrap();
    assert_eq!(records.iter().map(|record| record.row).collect::<Vec<_>>(), [2, 3, 4, 7]);
    for (record, amount) in records.into_iter().zip(["615.00", "1403.07", "15.00", "0.50"]) {
        let expected = GrantRow {
            case_ref: "MV-1".to_owned(),
            paid_on: date(2024, 1, 1),
            amount: eur(amount),
            method: PaymentMethod::Card,
            payment_ref: format!("AG{}", record.row),
        };
        assert_eq!(record.parsed, Ok(expected));
        assert!(!record.outside_period);
    }
}

#[test]
fn texts_of_several_runs_booleans_and_empty_cells_are_read() {
    let row = r#"<row><c t="s"><v>8</v></c><c t="b"><v>1</v></c><c t="b"><v>0</v></c><c r="E2" s="1"/>
        <c r="F2" t="s"><v>9</v></c><c r="XFD2" s="3"/></row><row r="1048576"><c r="XFD1048576" s="1"/></row>"#;
    let records = grants(row).unwrap();
    assert_eq!(records[0].fields, ["MV-1 & 2", "yes", "no", "", "", ""]);
    assert_eq!(records.len(), 1, "cells of which only the format is set are no rows");
}

/// Numbers of a workbook have no locale; they are written in that of the file, like its texts.
#[test]
fn numbers_and_texts_are_read_in_the_locale_of_the_file() {
    let rows = grant(2, DAY, "<c><v>3000.5</v></c>") + &grant(3, DAY, r#"<c t="str"><v>3 000,50</v></c>"#);
    let records = book::read::<GrantRow>(&archive(&parts(&format!("{HEADER}{rows}"))), Locale::Sv).unwrap();
    for record in records {
        assert_eq!(record.parsed.unwrap().amount, eur("3000.50"));
    }
}

#[test]
fn days_are_counted_from_1904_where_the_workbook_says_so() {
    let mut parts = parts(&format!("{HEADER}{}", grant(2, r#"<c s="1"><v>43830</v></c>"#, AMOUNT)));
    parts[0].content = WORKBOOK.replace("<workbookPr/>", r#"<workbookPr date1904="1"/>"#).into_bytes();
    let records = book::read::<GrantRow>(&archive(&parts), Locale::Strict).unwrap();
    assert_eq!(records[0].parsed.as_ref().unwrap().paid_on, date(2024, 1, 1));
}

#[test]
fn what_a_cell_has_wrong_is_an_error_of_its_row() {
    let rows = [
        grant(2, DAY, "<c><f>A1*2</f></c>"),
        grant(3, DAY, r#"<c t="e"><f>1/0</f><v>#DIV/0!</v></c>"#),
        grant(4, DAY, "<c><v>12345678901234567</v></c>"),
        grant(5, r#"<c s="1"><v>45292.25</v></c>"#, AMOUNT),
        grant(6, r#"<c s="1"><v>60</v></c>"#, AMOUNT),
        grant(7, "<c><v>45292</v></c>", AMOUNT),
        grant(8, r#"<c s="1"><v>10000</v></c>"#, AMOUNT),
        grant(9, DAY, "<c><v>1.005</v></c>"),
        grant(10, DAY, r#"<c s="1"><v>45292</v></c>"#),
        r#"<row r="11"><c r="A11"><v>1</v></c><c r="H11"><v>1</v></c></row>"#.to_owned(),
    ];
    let errors: Vec<String> = grants(&rows.concat())
        .unwrap()
        .iter()
        .flat_map(|record| shown::<GrantRow>(record.parsed.as_ref().unwrap_err()))
        .map(|error| error.replace("grants.csv", "grants.xlsx"))
        .collect();
    let wanted = [
        "grants.xlsx row 2, column amount: Cell C2 has a formula without its result; open the workbook in a spreadsheet program and save it, or put the value there. (rule cell.formula)",
        "grants.xlsx row 3, column amount: Cell C3 has an error in the place of a value; correct its formula. (rule cell.error)",
        "grants.xlsx row 4, column amount: Cell C4 has a number with more digits than spreadsheets keep; format the cell as text and type it anew. (rule cell.number)",
        "grants.xlsx row 5, column paid_on: Cell B5 has no date of the calendar, or one with a time of day; write the day as YYYY-MM-DD. (rule cell.date)",
        "grants.xlsx row 6, column paid_on: Cell B6 has no date of the calendar, or one with a time of day; write the day as YYYY-MM-DD. (rule cell.date)",
        "grants.xlsx row 7, column paid_on, value \"45292\": A date is written YYYY-MM-DD, for example 2024-06-30. (rule date.iso)",
        "grants.xlsx row 8, column paid_on, value \"1927-05-18\": The year of a date must be from 1990 to 2100. (rule date.iso)",
        "grants.xlsx row 9, column amount, value \"1.005\": EUR",
        "grants.xlsx row 10, column amount, value \"2024-01-01\":",
        "grants.xlsx row 11: The row has 8 cells, the header has 6. (rule row.cells)",
    ];
    assert_eq!(errors.len(), wanted.len(), "{errors:#?}");
    for (error, wanted) in errors.iter().zip(wanted) {
        // The messages about amounts are those of CSV, and stand in its tests.
        let wanted = wanted.trim_end_matches("EUR");
        assert!(error.starts_with(wanted), "{error}\n{wanted}");
    }
}

/// Programs that do not compute write `<v/>`: a row that is nothing but formulas would be no row at all.
#[test]
fn a_formula_whose_result_is_empty_is_no_empty_cell() {
    let without = "<c><f>Sheet2!A1</f><v/></c>";
    let rows = [
        format!("<row>{}</row>", without.repeat(6)),
        grant(3, r#"<c s="1"><f>B2</f><v></v></c>"#, AMOUNT),
        grant(4, DAY, r#"<c t="n"><f>A1</f><v/></c>"#),
        grant(5, r#"<c t="d"><f>B2</f><v/></c>"#, r#"<c t="b"><f>A1</f><v/></c>"#),
        format!("<row>{}</row>", r#"<c t="str"><f>Sheet2!A1</f><v></v></c>"#.repeat(6)),
    ];
    let records = grants(&rows.concat()).unwrap();
    let rules: Vec<(u64, Vec<&str>)> = records
        .iter()
        .map(|record| {
            let errors = record.parsed.as_ref().unwrap_err();
            (record.row, errors.iter().map(|error| error.rule).collect())
        })
        .collect();
    let formula = |cells| vec!["cell.formula"; cells];
    let wanted = [(2, formula(6)), (3, formula(1)), (4, formula(1)), (5, formula(2))];
    assert_eq!(rules, wanted, "an empty text as a result is an empty cell");
}

/// A part of the archive is replaced.
fn with(name: &str, content: impl Into<Vec<u8>>) -> Vec<u8> {
    let mut parts = parts(&format!("{HEADER}{}", grant(2, DAY, AMOUNT)));
    let content = content.into();
    match parts.iter_mut().find(|part| part.name.ends_with(name)) {
        Some(part) => part.content = content,
        None => panic!("{name}"),
    }
    archive(&parts)
}

fn sheet(rows: &str) -> Vec<u8> {
    archive(&parts(&format!("{HEADER}{rows}")))
}

fn without(name: &str) -> Vec<u8> {
    archive(&parts(HEADER).into_iter().filter(|part| !part.name.ends_with(name)).collect::<Vec<_>>())
}

fn cut(bytes: &[u8], length: usize) -> Vec<u8> {
    bytes[..length].to_vec()
}

/// One byte of the packed sheet is another.
fn flipped() -> Vec<u8> {
    let mut bytes = sheet(&grant(2, DAY, AMOUNT));
    let name = b"xl/worksheets/sheet1.xml";
    let at = bytes.windows(name.len()).position(|window| window == name).unwrap();
    bytes[at + name.len() + 40] ^= 1;
    bytes
}

/// The directory has another checksum for the sheet.
fn other_checksum() -> Vec<u8> {
    const CHECKSUM_BEFORE_NAME: usize = 46 - 16;
    let mut bytes = sheet(&grant(2, DAY, AMOUNT));
    let name = b"xl/worksheets/sheet1.xml";
    let at = bytes.windows(name.len()).rposition(|window| window == name).unwrap();
    bytes[at - CHECKSUM_BEFORE_NAME] ^= 1;
    bytes
}

/// Shared texts of more than may be held, each as long as a cell, that do not pack to nothing.
fn many_texts() -> Vec<u8> {
    let mut seed = 1_u64;
    let mut noise = String::new();
    while noise.len() < 60_000 {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        noise += &format!("{seed:x}");
    }
    format!("<sst>{}</sst>", format!("<si><t>{noise}</t></si>").repeat(300)).into_bytes()
}

#[rstest]
#[case::cut_off(cut(&sheet(""), 300), "workbook.archive")]
#[case::only_a_signature(b"PK\x03\x04".to_vec(), "workbook.archive")]
#[case::damaged(flipped(), "workbook.archive")]
#[case::another_checksum(other_checksum(), "workbook.archive")]
#[case::many_texts(with("sharedStrings.xml", many_texts()), "workbook.too-large")]
#[case::longer_than_claimed(archive_claiming(&parts(HEADER), |size| size - 1), "workbook.archive")]
#[case::shorter_than_claimed(archive_claiming(&parts(HEADER), |size| size + 1), "workbook.archive")]
#[case::claims_to_be_huge(archive_claiming(&parts(HEADER), |_| u32::MAX - 1), "workbook.too-large")]
#[case::no_workbook(without("workbook.xml"), "file.workbook")]
#[case::no_relations(without("rels"), "file.workbook")]
#[case::no_sheet(without("sheet1.xml"), "workbook.archive")]
#[case::twice(archive(&parts(HEADER).into_iter().chain(parts("")).collect::<Vec<_>>()), "workbook.archive")]
#[case::bomb(with("sheet1.xml", vec![b' '; 64 << 20]), "workbook.too-large")]
#[case::no_xml(with("sheet1.xml", "<worksheet><sheetData></row>"), "workbook.part")]
#[case::xml_cut_off(with("sheet1.xml", "<worksheet><sheetData>"), "workbook.part")]
#[case::no_utf_8(with("sheet1.xml", b"<worksheet>\xff".to_vec()), "workbook.part")]
#[case::doctype(
    with("sheet1.xml", format!("<!DOCTYPE w [<!ENTITY a \"b\">]><worksheet>{HEADER}</worksheet>")),
    "workbook.part"
)]
#[case::entity(sheet("<row><c t=\"str\"><v>&lol;</v></c></row>"), "workbook.part")]
#[case::deep(with("sheet1.xml", "<a>".repeat(33) + &"</a>".repeat(33)), "workbook.part")]
#[case::one_long_text(sheet(&format!("<row><c t=\"str\"><v>{}", "ab".repeat(300_000))), "workbook.part")]
#[case::one_long_tag(sheet(&format!("<row a=\"{}\"/>", "ab".repeat(300_000))), "workbook.part")]
#[case::one_long_comment(sheet(&format!("<!--{}-->", "ab".repeat(300_000))), "workbook.part")]
#[case::no_such_text(sheet("<row><c t=\"s\"><v>4711</v></c></row>"), "workbook.part")]
#[case::rows_out_of_order(sheet("<row r=\"3\"/><row r=\"3\"/>"), "workbook.part")]
#[case::row_beyond_the_sheet(sheet("<row r=\"1048577\"/>"), "workbook.part")]
#[case::cells_out_of_order(sheet("<row><c r=\"B2\"/><c r=\"A2\"/></row>"), "workbook.part")]
#[case::cell_of_another_row(sheet("<row><c r=\"A9\"/></row>"), "workbook.part")]
#[case::cell_in_the_last_corner(
    sheet("<row r=\"1048576\"><c r=\"XFD1048576\"><v>1</v></c></row>"),
    "file.too-many-columns"
)]
#[case::cell_in_the_last_row(
    sheet("<row r=\"1048576\"><c r=\"A1048576\"><v>1</v></c></row>"),
    "file.too-many-rows"
)]
#[case::cell_in_the_last_column(sheet("<row><c r=\"XFD2\"><v>1</v></c></row>"), "file.too-many-columns")]
#[case::long_row(
    sheet(&format!("<row>{}</row>", format!("<c t=\"str\"><v>{}</v></c>", "ab".repeat(10_000)).repeat(4))),
    "file.row-too-long"
)]
#[case::merged(
    with("sheet1.xml", format!("<worksheet><sheetData>{HEADER}</sheetData><mergeCells><mergeCell ref=\"A2:B3\"/></mergeCells></worksheet>")),
    "workbook.merged-cells"
)]
#[case::two_sheets(
    with("workbook.xml", WORKBOOK.replace("<sheet ", "<sheet name=\"Blad2\" r:id=\"rId1\"/><sheet ")),
    "workbook.which-sheet"
)]
#[case::hidden_sheet_only(with("workbook.xml", WORKBOOK.replace("<sheet ", "<sheet state=\"hidden\" ")), "workbook.which-sheet")]
#[case::empty(archive(&parts("")), "file.empty")]
#[case::another_header(archive(&parts("<row><c t=\"str\"><v>a</v></c></row>")), "file.header")]
#[case::formula_in_the_header(archive(&parts("<row><c><f>A2</f></c></row>")), "cell.formula")]
fn a_broken_workbook_is_refused(#[case] bytes: Vec<u8>, #[case] rule: &str) {
    let error = book::read::<GrantRow>(&bytes, Locale::Strict).expect_err("refused");
    assert_eq!(error.rule(), rule, "{error}");
    assert!(error.to_string().starts_with("grants.xlsx: "), "{error}");
}

#[test]
fn a_sheet_with_the_name_of_the_kind_is_taken_among_others() {
    let mut parts = parts(&format!("{HEADER}{}", grant(2, DAY, AMOUNT)));
    let sheets = "<sheet name=\"Notes\" r:id=\"rId2\"/><sheet name=\"GRANTS\" ";
    parts[0].content = WORKBOOK.replace("<sheet name=\"Blad1\" ", sheets).into_bytes();
    assert_eq!(book::read::<GrantRow>(&archive(&parts), Locale::Strict).unwrap().len(), 1);
}

#[test]
fn merged_cells_and_damage_below_the_last_row_are_found_before_the_end() {
    let rows = format!("{HEADER}{}", grant(2, DAY, AMOUNT));
    let mut parts = parts(&rows);
    parts[2].content = format!(
        "<worksheet><sheetData>{rows}</sheetData><mergeCells count=\"1\"><mergeCell ref=\"A2:B2\"/></mergeCells></worksheet>"
    )
    .into_bytes();
    let error = book::read::<GrantRow>(&archive(&parts), Locale::Strict).unwrap_err();
    assert_eq!(
        error.to_string(),
        "grants.xlsx: The cells A2:B2 are merged. Unmerge them, and give each cell its value. (rule workbook.merged-cells)"
    );
}

/// A workbook of a library that is not ours, with all cells as texts.
fn written(rows: &[&[&str]]) -> Vec<u8> {
    let mut workbook = rust_xlsxwriter::Workbook::new();
    let sheet = workbook.add_worksheet();
    for (row, cells) in (0..).zip(rows) {
        for (column, cell) in (0..).zip(*cells) {
            sheet.write_string(row, column, *cell).unwrap();
        }
    }
    workbook.save_to_buffer().unwrap()
}

#[test]
fn what_another_library_wrote_is_read() {
    let cells = [
        "irara",
        "MV-1",
        "education",
        "2024-01-01",
        "5.00",
        "EUR",
        "two\r\nlines",
        "R1",
        "",
        "_x0041_ & <å>",
    ];
    let bytes = written(&[SpendRow::COLUMNS, &cells]);
    let records = book::read::<SpendRow>(&bytes, Locale::Strict).unwrap();
    assert_eq!(records[0].fields, cells);
}

proptest! {
    /// Whatever stands in cells is read as it was written.
    #[test]
    fn texts_are_read_as_they_were_written(cells in proptest::collection::vec("[ -~åäö\\n_x0-9]{1,20}", 10)) {
        let borrowed: Vec<&str> = cells.iter().map(String::as_str).collect();
        let bytes = written(&[SpendRow::COLUMNS, &borrowed]);
        let records = book::read::<SpendRow>(&bytes, Locale::Strict).unwrap();
        prop_assert_eq!(&records[0].fields, &cells);
    }

    /// Any damage to a workbook gives rows or a typed error, never a panic.
    #[test]
    fn a_damaged_workbook_never_panics(
        at in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        stored in any::<bool>(),
    ) {
        let mut bytes = sheet(&grant(2, DAY, AMOUNT));
        if stored {
            // Damage that reaches the XML: nothing packs it.
            let xml = Part { name: "xl/worksheets/sheet1.xml", content: {
                let mut content = format!("<worksheet><sheetData>{HEADER}{}</sheetData></worksheet>", grant(2, DAY, AMOUNT)).into_bytes();
                for (index, byte) in &at {
                    let place = index.index(content.len());
                    content[place] = *byte;
                }
                content
            }};
            let mut changed = parts("");
            changed[2] = xml;
            bytes = archive(&changed);
        } else {
            for (index, byte) in &at {
                let place = index.index(bytes.len());
                bytes[place] = *byte;
            }
        }
        let _ = book::read::<GrantRow>(&bytes, Locale::Strict);
    }

    #[test]
    fn arbitrary_xml_never_panics(
        pieces in proptest::collection::vec(prop::sample::select(vec![
            "<row>", "</row>", "<row r=\"9\">", "<c>", "</c>", "<c t=\"s\">", "<c r=\"B2\">", "<v>", "</v>", "<f/>", "<is><t>",
            "</t></is>", "1", "-", "1E9", "text", "&amp;", "&#9;", "&#x0;", "&x;", "<![CDATA[1]]>", "<!-- -->", "<?x?>", "<x:row/>", "<mergeCell/>",
        ]), 0..40),
    ) {
        let _ = grants(&pieces.concat());
        let _ = book::read::<GrantRow>(&archive(&parts(&pieces.concat())), Locale::Strict);
    }

    #[test]
    fn arbitrary_archives_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = book::read::<GrantRow>(&[b"PK\x03\x04", bytes.as_slice()].concat(), Locale::Strict);
        let end = [b"PK\x03\x04", bytes.as_slice(), b"PK\x05\x06", &bytes, &[0, 0]].concat();
        let _ = book::read::<GrantRow>(&end, Locale::Strict);
    }
}
