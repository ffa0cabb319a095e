//! Spend in local currencies, with every figure worked out by hand (`tests/fixtures/local`).

use std::fs;
use std::path::PathBuf;

use crate::support::{KINDS, Ledger, book, equals, repository};

fn folder() -> PathBuf {
    repository().join("tests/fixtures/local")
}

/// Imports the rates of some months.
fn rates(ledger: &Ledger, months: &[&str]) {
    let files: Vec<String> =
        months.iter().map(|month| format!("'{}'", folder().join(month_file(month)).display())).collect();
    ledger.ok(&format!("import rates {}", files.join(" ")));
}

fn month_file(month: &str) -> String {
    format!("inforeuro-2024-{month}.json")
}

/// A ledger with the files of the scenario beside it, as CSV or as workbooks of the same rows; answers with the ending.
fn ledger(as_workbooks: bool) -> (Ledger, &'static str) {
    let ledger = Ledger::of_one();
    if !as_workbooks {
        ledger.take_files(&folder());
        return (ledger, "csv");
    }
    for kind in KINDS {
        let text = fs::read_to_string(folder().join(format!("{kind}.csv"))).unwrap();
        ledger.write(&format!("{kind}.xlsx"), book::of_csv(&text));
    }
    (ledger, "xlsx")
}

fn comes_out_as_worked_out(ledger: &Ledger) {
    assert!(ledger.csv("claim list --state waiting-for-rate").is_empty());
    equals(ledger.csv("claim list"), &folder().join("expected-claims.csv"));
    equals(ledger.csv("balance"), &folder().join("expected-balances.csv"));
    ledger.is_sound();
}

/// A line that waits for its rate is moved on by the import of the rate.
fn with_the_rates_of_june_late(as_workbooks: bool) {
    let (ledger, ending) = ledger(as_workbooks);
    rates(&ledger, &["04", "05"]);
    for kind in ["cases", "grants"] {
        ledger.ok(&format!("import {kind} {kind}.{ending}"));
    }
    let said = ledger.ok(&format!("import spend spend.{ending} --accept"));
    assert!(said.contains("waiting          1  (for an exchange rate"), "{said}");
    rates(&ledger, &["06"]);
    ledger.ok("claim accept --all --flagged-too");
    ledger.ok(&format!("import reversals reversals.{ending}"));
    comes_out_as_worked_out(&ledger);
}

#[test]
fn local_currencies_come_out_as_worked_out_by_hand() {
    with_the_rates_of_june_late(false);
}

#[test]
fn the_same_rows_in_workbooks_come_out_the_same() {
    with_the_rates_of_june_late(true);
}

/// All rates come after the spend: what waited is valued, and comes out the same.
#[test]
fn local_currencies_come_out_the_same_when_all_rates_come_late() {
    let (ledger, _) = ledger(false);
    for kind in ["cases", "grants", "spend"] {
        ledger.ok(&format!("import {kind} {kind}.csv"));
    }
    assert_eq!(ledger.csv("claim list --state waiting-for-rate").len(), 12, "all but the one in euro");
    rates(&ledger, &["06", "04", "05"]);
    ledger.ok("claim accept --all --flagged-too");
    ledger.ok("import reversals reversals.csv");
    comes_out_as_worked_out(&ledger);
}
