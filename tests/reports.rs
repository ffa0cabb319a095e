//! A file that a partner reported in, and what has become of its rows.

use crate::support::{Cells, Ledger, find};

const HEADER: &str =
    "partner,case_ref,category,delivered_on,amount,currency,supplier,receipt_no,receipt_sha256,description";

/// Two reports: one of irara with something of every kind, one of caritas with what was reported before, and one row more.
fn reported() -> Ledger {
    let ledger = Ledger::small("cases");
    ledger.write(
        "irara.csv",
        format!(
            "{HEADER}\n\
             irara,FX-2041,education,2024-02-01,2900.00,EUR,Lempa,R-1,,\n\
             irara,FX-2041,medical-care,2024-02-02,150.00,EUR,Clinic,R-2,,\n\
             irara,FX-2041,education,2023-01-01,20.00,EUR,Lempa,R-3,,\n\
             irara,FX-2041,education,2024-02-03,1000.000,IQD,Lempa,R-4,,\n\
             irara,,partner-fee,2024-03-31,75.00,EUR,IRARA,F-1,,\n"
        ),
    );
    ledger.ok("import spend irara.csv");
    ledger.write(
        "caritas.csv",
        format!(
            "{HEADER}\n\
             irara,FX-2041,medical-care,2024-02-02,150.00,EUR,Clinic,R-2,,\n\
             caritas,FX-2052,education,2024-03-01,70.00,EUR,Lempa,R-5,,\n"
        ),
    );
    ledger.ok("import spend caritas.csv");
    ledger
}

fn of(ledger: &Ledger, options: &str) -> Vec<String> {
    ledger.csv(&format!("claim list {options}")).iter().map(|claim| claim["receipt_no"].clone()).collect()
}

fn told(report: &Cells, columns: &str) -> String {
    columns.split(' ').map(|column| report[column].as_str()).collect::<Vec<_>>().join(" ")
}

#[test]
fn a_report_shows_what_became_of_its_rows() {
    let ledger = reported();
    let [irara, caritas] = ledger.csv("report list").try_into().unwrap();
    let counts = "partner file rows recognised claims accepted cut refused queried pending waiting fees";
    assert_eq!(told(&irara, counts), "irara irara.csv 5 0 4 0 0 0 0 3 1 1");
    assert_eq!(told(&caritas, counts), "caritas caritas.csv 2 1 1 0 0 0 0 1 0 0");
    assert_eq!(told(&irara, "actor first_day last_day fees_eur"), "tester 2023-01-01 2024-03-31 75.00");
    assert_eq!(told(&irara, "eur eligible disallowed undecided"), "3070.00 0.00 0.00 3070.00");

    let number = irara["report"].clone();
    assert_eq!(of(&ledger, &format!("--report {number}")), ["R-1", "R-2", "R-3", "R-4"]);
    ledger.ok(&format!("claim accept --report {number} --flagged-too"));
    let irara = find(ledger.csv("report list"), "report", &number);
    assert_eq!(told(&irara, counts), "irara irara.csv 5 0 4 1 1 1 0 0 1 1");
    assert_eq!(told(&irara, "eur eligible disallowed undecided"), "3070.00 3000.00 70.00 0.00");
    assert_eq!(ledger.csv("claim list --state reported").len(), 1, "the other report was not touched");

    let shown = ledger.ok(&format!("report show {number}"));
    for part in
        ["irara.csv, imported", "before-arrival", "over-cap", &format!("claim list --report {number}")]
    {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let data = ledger.json(&format!("report show {number}"));
    assert_eq!((&data["cut"], &data["reasons"][1]["disallowed"]), (&1.into(), &"50.00".into()));
    ledger.is_sound();
}

#[test]
fn reports_are_asked_for_by_partner_period_and_number() {
    let ledger = reported();
    let files = |options: &str| -> Vec<String> {
        ledger.csv(&format!("report list {options}")).iter().map(|report| report["file"].clone()).collect()
    };
    assert_eq!(files("--partner caritas"), ["caritas.csv"]);
    assert_eq!(files("--period 2023"), ["irara.csv"]);
    assert_eq!(files("--period 2024-Q1"), ["irara.csv", "caritas.csv"]);
    assert_eq!(files("--period 2025"), [""; 0]);
    let number = ledger.csv("report list --partner caritas")[0]["report"].clone();
    assert_eq!(of(&ledger, &format!("--report {number}")), ["R-5"], "a known row stays with its report");
    assert!(ledger.csv(&format!("partner fee list --report {number}")).is_empty());
    let numbers: Vec<String> = ledger.csv("claim list").iter().map(|claim| claim["report"].clone()).collect();
    assert_eq!(numbers.iter().filter(|of| **of == number).count(), 1, "{numbers:?}");
    for line in ["report show 1", "claim list --report 99999", "claim accept --report 1 --dry-run"] {
        let error = ledger.fail(2, line);
        assert!(error.contains("`svala report list` shows all reports"), "{line}: {error}");
    }
}

/// The rows left out of a report come with the corrected file; the report says how many they were.
#[test]
fn a_file_that_is_imported_again_is_the_same_report() {
    let ledger = Ledger::small("cases");
    let row = |receipt: &str, case: &str| {
        format!("irara,{case},education,2024-02-01,10.00,EUR,Lempa,{receipt},,\n")
    };
    ledger.write("spend.csv", format!("{HEADER}\n{}{}", row("R-1", "FX-2041"), row("R-2", "FX-9")));
    ledger.ok("import spend spend.csv --partial");
    let first = ledger.csv("report list").remove(0);
    assert_eq!(told(&first, "rows claims recognised rejected"), "2 1 0 1");
    ledger.write("cases.csv", ledger.read("cases.csv").replace("FX-2052", "FX-9"));
    ledger.ok("import cases cases.csv");
    ledger.ok("import spend spend.csv");
    let [again] = ledger.csv("report list").try_into().unwrap();
    assert_eq!(told(&again, "rows claims recognised rejected"), "2 2 1 0");
    assert_eq!(again["report"], first["report"]);
    assert_eq!(of(&ledger, &format!("--report {}", again["report"])), ["R-1", "R-2"]);
}
