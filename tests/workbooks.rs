//! Excel workbooks in and out: the same rows come to the same figures as CSV, and a template is what it says it is.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::support::{KINDS, Ledger, book, equals, fixtures, samples};

/// The four files of a scenario as workbooks, imported.
fn imported(scenario: &Path, ledger: &Ledger) {
    for kind in KINDS {
        let text = fs::read_to_string(scenario.join(format!("{kind}.csv"))).unwrap();
        ledger.write(&format!("{kind}.xlsx"), book::of_csv(&text));
        let accept = if kind == "spend" { "--accept" } else { "" };
        ledger.ok(&format!("import {kind} {kind}.xlsx {accept}"));
    }
}

#[test]
fn the_small_scenario_as_workbooks_gives_what_was_worked_out_by_hand() {
    let ledger = Ledger::of_one();
    imported(&fixtures(), &ledger);
    equals(ledger.csv("balance"), &fixtures().join("expected-balances.csv"));
    equals(ledger.csv("claim list"), &fixtures().join("expected-claims.csv"));
    equals(ledger.csv("grant list"), &fixtures().join("expected-grants.csv"));
    ledger.is_sound();
}

#[test]
fn the_same_rows_as_csv_are_recognised_after_a_workbook() {
    let ledger = Ledger::of_one();
    imported(&fixtures(), &ledger);
    ledger.take_files(&fixtures());
    for kind in KINDS {
        let report = ledger.json(&format!("import {kind} {kind}.csv"));
        assert_eq!(report["counts"]["applied"], 0, "{kind}: {report}");
        assert_eq!(report["counts"]["rejected"], 0, "{kind}: {report}");
    }
    let again = ledger.ok("import spend spend.xlsx");
    assert!(again.contains("this very file was imported before"), "{again}");
}

#[test]
fn the_sample_scenarios_as_workbooks_give_the_expected_balances_and_claims() {
    for name in ["scenario-eur", "scenario"] {
        let Some(scenario) = samples(name) else { continue };
        let ledger = Ledger::of_one();
        let mut rates: Vec<String> = fs::read_dir(&scenario)
            .unwrap()
            .map(|file| file.unwrap().path())
            .filter(|file| file.extension() == Some("json".as_ref()))
            .map(|file| format!("'{}'", file.display()))
            .collect();
        rates.sort();
        if !rates.is_empty() {
            ledger.ok(&format!("import rates {}", rates.join(" ")));
        }
        imported(&scenario, &ledger);
        equals(ledger.csv("balance"), &scenario.join("expected-balances.csv"));
        equals(ledger.csv("claim list"), &scenario.join("expected-claims.csv"));
        ledger.is_sound();
    }
}

const HEADER: &str =
    "partner,case_ref,category,delivered_on,amount,currency,supplier,receipt_no,receipt_sha256,description";

fn row(partner: &str, receipt: &str, delivered_on: &str) -> String {
    format!("{partner},FX-2041,education,{delivered_on},10.00,EUR,Lempa Night School,{receipt},,")
}

#[test]
fn errors_in_a_workbook_name_row_and_column_and_partial_writes_a_csv_to_correct() {
    let ledger = Ledger::small("grants");
    let rows = [HEADER.to_owned(), row("irara", "R-1", "2024-02-01"), row("irara", "R-2", "1980-01-01")];
    ledger.write("report.xlsx", book::of_csv(&rows.join("\n")));
    let error = ledger.fail(2, "import spend report.xlsx");
    assert!(
        error.contains("report.xlsx row 3, column delivered_on, value \"1980-01-01\": The year of a date"),
        "{error}"
    );
    let said = ledger.ok("import spend report.xlsx --partial");
    assert!(said.contains("report.rejected.csv"), "{said}");
    let rejected = ledger.read("report.rejected.csv");
    assert!(rejected.contains("1980-01-01,10,EUR,Lempa Night School,R-2,,,"), "{rejected}");
    ledger.write("corrected.csv", rejected.replace("1980-01-01", "2024-02-02"));
    assert_eq!(ledger.json("import spend corrected.csv")["counts"]["applied"], 1);
}

#[test]
fn a_template_holds_its_partners_open_cases_and_is_no_report_until_it_is_filled_in() {
    let ledger = Ledger::small("spend");
    let said = ledger.ok("partner template irara --period 2024-Q1 --out irara.xlsx");
    assert!(said.contains("the spend report of irara for 2024-Q1, with "), "{said}");
    let report = ledger.json("import spend irara.xlsx --dry-run");
    assert_eq!(report["counts"]["rows"], 0, "{report}");

    let before = fs::read(ledger.path("irara.xlsx")).unwrap();
    let error = ledger.fail(2, "partner template irara --period 2024-Q1 --out irara.xlsx");
    assert!(error.contains("is there already and was not touched"), "{error}");
    assert_eq!(fs::read(ledger.path("irara.xlsx")).unwrap(), before);
    let error = ledger.fail(2, "partner template nobody --period 2024-Q1 --out nobody.xlsx");
    assert!(error.contains("there is no partner nobody"), "{error}");
    let error = ledger.fail(2, "partner template irara --period 2024-Q5 --out q5.xlsx");
    assert!(error.contains("a period is written 2024"), "{error}");
    filled_in_with_libreoffice(&ledger, "irara.xlsx");
}

/// Whoever had a case in the period reports what it delivered then, also after the case was handed over.
#[test]
fn a_template_holds_the_cases_its_partner_had_in_the_period() {
    let ledger = Ledger::small("cases");
    ledger.ok("case assign FX-2041 caritas --on 2023-12-01");
    let cases = |partner: &str, period: &str| {
        let said =
            ledger.ok(&format!("partner template {partner} --period {period} --out {partner}-{period}.xlsx"));
        let count = said.rsplit_once("with ").unwrap().1.split(' ').next().unwrap();
        count.parse::<u64>().unwrap()
    };
    let (before, after) = (cases("irara", "2023-11"), cases("irara", "2023-12"));
    assert_eq!(before, after + 1);
    assert_eq!(cases("irara", "2023-Q4"), before);
    assert_eq!(cases("caritas", "2023-11"), cases("caritas", "2023-12"), "whoever has a case sees it");
    ledger.ok("case close FX-2041 --on 2024-12-31");
    assert_eq!(cases("irara", "2023"), after, "a closed case is reported no more");
}

/// Another program opens the template: its drop-down lists are there, and what is filled in with it is read.
fn filled_in_with_libreoffice(ledger: &Ledger, name: &str) {
    let Some(office) = ["soffice", "libreoffice"].into_iter().find(|program| {
        Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success())
    }) else {
        store_testing::missing(
            "no LibreOffice here, so the template was only read back by the program itself",
        );
        return;
    };
    let convert = |file: &str, form: &str, into: &str| {
        let home = format!("-env:UserInstallation=file://{}", ledger.path("office").display());
        let converted = Command::new(office)
            .args([&home, "--headless", "--convert-to", form, "--outdir"])
            .args([ledger.path(into), ledger.path(file)])
            .output()
            .unwrap();
        assert!(converted.status.success(), "{converted:?}");
    };
    let stem = name.trim_end_matches(".xlsx");
    convert(name, "fods", ".");
    let opened = ledger.read(&format!("{stem}.fods"));
    let between = |text: &str, before: &str, after: &str| -> Vec<String> {
        text.split(before).skip(1).map(|rest| rest.split(after).next().unwrap().to_owned()).collect()
    };
    let lists = between(&opened, "<table:content-validation ", ">");
    let (lists, others): (Vec<_>, Vec<_>) = lists.into_iter().partition(|list| list.contains("in-list("));
    assert_eq!(lists.len(), 4, "partner, case, category, currency: {lists:?}");
    let held_against =
        |what: &[&str]| others.iter().any(|other| what.iter().all(|part| other.contains(part)));
    assert_eq!(others.len(), 2, "day and amount: {others:?}");
    assert!(held_against(&["cell-content-is-date", "DATE(2024;1;1)", "DATE(2024;3;31)"]), "{others:?}");
    assert!(held_against(&["cell-content-is-decimal-number", "&gt;0"]), "{others:?}");
    for list in &lists {
        assert!(
            list.contains("cell-content-is-in-list(") && list.contains("table:display-list=\"unsorted\""),
            "{list}"
        );
    }
    let values: Vec<Vec<String>> = lists.iter().map(|list| listed(&opened, list)).collect();
    let has = |wanted: &[String]| values.iter().any(|values| values == wanted);
    assert!(has(&["irara".to_owned()]), "{values:?}");
    // In the order of the cases, those of the partner that are open and on which something was granted.
    let mut cases: Vec<String> = ledger
        .csv("case list")
        .into_iter()
        .filter(|case| case["partner"] == "irara" && case["stage"] == "approved")
        .map(|case| case["case"].clone())
        .collect();
    let cased = values.iter().find(|values| values.contains(&ledger.support("FX-2041")["case"])).unwrap();
    let mut shown = cased.clone();
    shown.sort();
    cases.sort();
    assert_eq!(shown, cases);
    let book = rulebook::Rulebook::embedded().unwrap();
    let day = |text: &str| text.parse::<jiff::civil::Date>().unwrap();
    let (first, last) = (day("2024-01-01"), day("2024-03-31"));
    let in_force = book.categories().iter().filter(|category| {
        let validity = category.validity();
        validity.from <= last && validity.until.is_none_or(|until| first <= until)
    });
    let mut categories: Vec<String> = Vec::new();
    for category in in_force {
        if !categories.contains(&category.code) {
            categories.push(category.code.clone());
        }
    }
    categories.push("partner-fee".to_owned());
    assert!(has(&categories), "{categories:?} in {values:?}");
    let currencies = values.iter().find(|values| values.iter().any(|value| value == "EUR")).unwrap();
    let mut each = currencies.clone();
    each.sort();
    each.dedup();
    assert_eq!(&each, currencies, "each once, by code");
    assert!(currencies.iter().all(|code| code.parse::<money::Currency>().is_ok()), "{currencies:?}");
    for destination in ["ETB", "IQD", "SOS", "USD"] {
        assert!(currencies.iter().any(|code| code == destination), "{currencies:?}");
    }
    let spend = opened.split("<table:table table:name=\"Spend\"").nth(1).unwrap();
    let spend = spend.split("</table:table>").next().unwrap();
    assert_eq!(between(spend, "content-validation-name=\"", "\"").len(), 6, "{spend}");
    for words in ["category partner-fee, and case_ref empty", "vad som ännu kan utlovas"] {
        assert!(opened.contains(words), "{words}");
    }
    let row = "<table:table-row";
    let empty = spend.find("content-validation-name").and_then(|at| spend[..at].rfind(row)).unwrap();
    let support = &ledger.support("FX-2041")["case"];
    let cells = ["irara", support, "education", "2024-02-01", "12.50", "EUR", "Lempa Night School", "L-1"];
    let text = |cell: &str| {
        format!("<table:table-cell office:value-type=\"string\"><text:p>{cell}</text:p></table:table-cell>")
    };
    let filled = format!("{row}>{}</table:table-row>{}", cells.map(text).concat(), &spend[empty..]);
    ledger.write("filled.fods", opened.replace(&spend[empty..], &filled));
    convert("filled.fods", "xlsx", ".");
    let report = ledger.json("import spend filled.xlsx --dry-run");
    assert_eq!((&report["counts"]["rows"], &report["counts"]["applied"]), (&1.into(), &1.into()), "{report}");
}

/// What a drop-down list offers, as LibreOffice has it: a text, or what stands in the cells to which it points.
fn listed(opened: &str, list: &str) -> Vec<String> {
    let inside = list.split("cell-content-is-in-list(").nth(1).unwrap().split(')').next().unwrap();
    if let Some(text) = inside.strip_prefix("&quot;") {
        return text.trim_end_matches("&quot;").split(';').map(str::to_owned).collect();
    }
    // [$svala.$D$2:.$D$9] or [$svala.$D$2:$svala.$D$9]
    let range = inside.trim_start_matches('[').trim_end_matches(']');
    let (sheet, from) = range.split(':').next().unwrap().trim_start_matches('$').split_once('.').unwrap();
    let place = |cell: &str| {
        let mut parts = cell.rsplit('.').next().unwrap().split('$').skip(1);
        let column = parts.next().unwrap().bytes().next().unwrap() - b'A';
        (usize::from(column), parts.next().unwrap().parse::<usize>().unwrap())
    };
    let ((column, first), (other, last)) = (place(from), place(range.split(':').nth(1).unwrap()));
    assert_eq!(column, other, "{range} is one column");
    let cells = cells_of(opened, sheet);
    let values = cells[first - 1..last].iter().map(|row| row.get(column).cloned().unwrap_or_default());
    let values: Vec<String> = values.collect();
    assert!(values.iter().all(|value| !value.is_empty()), "{range} has empty cells: {values:?}");
    // Nothing stands below what it offers.
    let below = cells.get(last).and_then(|row| row.get(column)).is_none_or(String::is_empty);
    assert!(below, "{range} leaves out what stands below it");
    values
}

/// The texts of a sheet, row by row, as LibreOffice writes it: alike cells and rows are written once, with their number.
fn cells_of(opened: &str, sheet: &str) -> Vec<Vec<String>> {
    let table = opened.split(&format!("<table:table table:name=\"{sheet}\"")).nth(1).unwrap();
    let table = table.split("</table:table>").next().unwrap();
    let times = |tag: &str, what: &str| -> usize {
        let number = tag.split('>').next().unwrap().split(&format!("{what}=\"")).nth(1);
        number.map_or(1, |rest| rest.split('"').next().unwrap().parse().unwrap()).min(100)
    };
    let mut rows = Vec::new();
    for row in table.split("<table:table-row").skip(1) {
        let mut cells = Vec::new();
        for cell in row.split("<table:table-cell").skip(1) {
            let text =
                cell.split("<text:p>").nth(1).map_or("", |text| text.split("</text:p>").next().unwrap());
            cells.extend(vec![text.to_owned(); times(cell, "number-columns-repeated")]);
        }
        rows.extend(vec![cells; times(row, "number-rows-repeated")]);
    }
    rows
}

#[test]
fn a_template_takes_rows_of_its_partner_only_and_counts_those_outside_its_period() {
    let ledger = Ledger::small("grants");
    let rows = [
        HEADER.to_owned(),
        row("irara", "R-1", "2024-02-01"),
        row("irara", "R-2", "2024-04-01"),
        row("caritas", "R-3", "2024-02-01"),
    ];
    ledger.write("all.xlsx", book::template(&rows.join("\n"), "1", "irara", "2024-Q1"));
    let error = ledger.fail(2, "import spend all.xlsx");
    assert!(
        error.contains("all.xlsx row 4, column partner, value \"caritas\": This is the template of irara."),
        "{error}"
    );

    ledger.write("own.xlsx", book::template(&rows[..3].join("\n"), "1", "irara", "2024-Q1"));
    let dry = ledger.json("import spend own.xlsx --dry-run");
    assert_eq!((&dry["counts"]["applied"], &dry["outside_period"]), (&2.into(), &1.into()), "{dry}");
    let said = ledger.ok("import spend own.xlsx");
    assert!(
        said.contains("warning          1  (delivered outside of the template's period; kept: rows 3)"),
        "{said}"
    );

    let kept = "event_type = 'FileImported' AND body LIKE '%template.outside-period: 1%'";
    assert_eq!(ledger.number(&format!("SELECT count(*) FROM events WHERE {kept}")), 1);

    ledger.write("newer.xlsx", book::template(&rows[..3].join("\n"), "2", "irara", "2024-Q1"));
    let error = ledger.fail(2, "import spend newer.xlsx");
    assert!(error.contains("a template of version 2, which this program does not know"), "{error}");
}

/// So many rows as a partner's workbook come to the figures that they have as CSV; answers with how long the workbook took.
fn comes_out_as_its_csv(rows: usize) -> Duration {
    let ledger = Ledger::small("grants");
    let lines = (0..rows).map(|n| {
        let amount = format!("{}.{:02}", n % 97 + 1, n % 100);
        format!("irara,FX-2041,education,2024-02-01,{amount},EUR,Lempa Night School,L-{n},,lesson {n}")
    });
    let text = [HEADER.to_owned()].into_iter().chain(lines).collect::<Vec<_>>().join("\n");
    ledger.write("large.xlsx", book::of_csv(&text));
    let begun = Instant::now();
    let report = ledger.json("import spend large.xlsx --accept");
    let took = begun.elapsed();
    assert_eq!(report["counts"]["rows"], rows, "{report}");

    let twin = Ledger::small("grants");
    twin.write("large.csv", text);
    twin.ok("import spend large.csv --accept");
    assert_eq!(ledger.balances(), twin.balances());
    took
}

/// The same rows give the same figures, whatever they are read from.
#[test]
fn a_workbook_of_two_thousand_rows_comes_out_as_its_csv() {
    comes_out_as_its_csv(2_000);
}

#[test]
fn long_a_workbook_of_ten_thousand_rows_is_imported_in_less_than_a_minute() {
    if !store_testing::long() {
        store_testing::skipped("10 000 rows as a workbook; set SVALA_LONG=1");
        return;
    }
    let took = comes_out_as_its_csv(10_000);
    eprintln!("10 000 rows of a workbook imported in {took:?}");
    assert!(took.as_secs() < 60, "{took:?}");
}
