//! Import files through the public interface, from bytes to rows or errors.

#![expect(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "helpers of tests may fail them")]

mod book;
mod camt;
mod camt_samples;
mod cells;
mod files;
mod headers;
mod packs;
mod pain;
mod pain_status;
mod properties;
mod rates;
mod reject;
mod samples;
mod templates;
mod workbooks;

use std::io::Read;

use interchange::{FileError, Record, Row, RowError, Table};
use money::Locale;

/// Reads a whole file; the name in errors is `<kind>.csv`.
fn read<R: Row>(reader: impl Read, locale: Locale) -> Result<Vec<Record<R>>, FileError> {
    Table::open(&format!("{}.csv", R::KIND), reader, locale)?.collect()
}

/// Reads a file that must be readable and have one row, which must be refused.
fn refused<R: Row + std::fmt::Debug>(text: &str, locale: Locale) -> Vec<RowError> {
    let records = read::<R>(text.as_bytes(), locale).expect("a readable file");
    let [record] = records.as_slice() else { panic!("one row, got {records:?}") };
    record.parsed.as_ref().expect_err("a refused row").clone()
}

/// The errors as a person sees them.
fn shown<R: Row>(errors: &[RowError]) -> Vec<String> {
    errors.iter().map(|error| error.in_file(&format!("{}.csv", R::KIND)).to_string()).collect()
}

/// A file of one row: every column of the kind, with some cells replaced.
fn file<R: Row>(row: &[(&str, &str)], changed: &[(&str, &str)]) -> String {
    let cell = |column: &&str| {
        let found = changed.iter().chain(row).find(|(name, _)| name == column);
        format!("\"{}\"", found.expect("a cell for every column").1.replace('"', "\"\""))
    };
    let cells: Vec<String> = R::COLUMNS.iter().map(cell).collect();
    format!("{}\n{}\n", R::COLUMNS.join(","), cells.join(","))
}

const CASE: &[(&str, &str)] = &[
    ("case_ref", "MV-1"),
    ("applied_on", "2023-06-01"),
    ("destination", "IQ"),
    ("return_mode", "voluntary"),
    ("handled_by", "migration-agency"),
    ("asylum_outcome", "refused"),
    ("in_sweden", "yes"),
    ("likely_received", "yes"),
    ("intends_to_reestablish", "yes"),
    ("court_expulsion", "no"),
    ("unaccompanied_child", "no"),
    ("decided_on", "2023-06-21"),
    ("decision", "approve"),
    ("departed_on", "2023-07-01"),
    ("arrived_on", "2023-07-02"),
    ("partner", "ettc"),
];

const GRANT: &[(&str, &str)] = &[
    ("case_ref", "MV-1"),
    ("paid_on", "2023-07-03"),
    ("amount", "615.00"),
    ("currency", "EUR"),
    ("method", "card"),
    ("payment_ref", "AG1"),
];

const SPEND: &[(&str, &str)] = &[
    ("partner", "irara"),
    ("case_ref", "MV-1"),
    ("category", "business-start-up"),
    ("delivered_on", "2023-09-15"),
    ("amount", "847.32"),
    ("currency", "EUR"),
    ("supplier", "Al-Noor Trading"),
    ("receipt_no", "R1"),
    ("receipt_sha256", ""),
    ("description", ""),
];

const REVERSAL: &[(&str, &str)] = &[
    ("partner", "irara"),
    ("receipt_no", "R1"),
    ("supplier", "Al-Noor Trading"),
    ("reversed_on", "2023-10-05"),
    ("amount", "423.66"),
    ("currency", "EUR"),
    ("reason", "goods returned"),
];
