//! `svala partner statement`

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use domain::{PartnerCode, Period};
use interchange::statement::{STATEMENT_COLUMNS, StatementDocument, StatementLine, html, workbook};

use crate::args::Format;
use crate::cells;
use crate::connect::Place;
use crate::output::{Cell, Failure, csv_text, heading, listing, object, say, table};
use crate::progress::LogBar;

pub async fn run(
    place: &Place,
    format: Format,
    partner: &PartnerCode,
    period: Period,
    at: Option<u64>,
    out: Option<&Path>,
) -> Result<ExitCode, Failure> {
    let ledger = place.open().await?;
    let bar = LogBar::new();
    let statement = ledger.statement(partner, period, at, &|position, last| bar.at(position, last)).await?;
    drop(bar);
    match (out, format) {
        (Some(path), _) => {
            write(path, &rendered(path, &statement)?)?;
            say(format!("statement of {partner} for {period} written to {}", path.display()))?;
        }
        (None, Format::Json) => object(&statement)?,
        (None, Format::Csv) => listing(format, &STATEMENT_COLUMNS, &statement.lines, row)?,
        (None, Format::Table) => say(in_words(&statement)?)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The file's bytes, in the form that its ending names.
fn rendered(path: &Path, statement: &StatementDocument) -> Result<Vec<u8>, Failure> {
    match path.extension().and_then(|ending| ending.to_str()) {
        Some("csv") => csv_text(&STATEMENT_COLUMNS, statement.lines.iter().map(row)),
        Some("xlsx") => workbook(statement).map_err(|error| Failure::usage(error.to_string())),
        Some("html") => html(statement).map(String::into_bytes).map_err(overflow),
        _ => Err(Failure::usage("name a file that ends in .csv, .xlsx or .html")),
    }
}

/// A statement that was given to somebody is never written over.
fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let failed =
        |error: std::io::Error| Failure::usage(format!("{} cannot be written: {error}", path.display()));
    let mut file = OpenOptions::new().write(true).create_new(true).open(path).map_err(failed)?;
    file.write_all(bytes).map_err(failed)
}

fn overflow(error: money::Overflow) -> Failure {
    Failure::from(app::AppError::from(domain::FoldError::from(error)))
}

fn row(line: &StatementLine) -> Vec<Cell> {
    cells![
        line.position,
        line.day,
        line.movement,
        line.eur,
        line.reason,
        line.number,
        &line.external_ref,
        &line.case,
        &line.category,
        &line.receipt_no,
        &line.supplier,
        line.on,
        Cell::Figure(line.amount.clone()),
        line.currency,
        Cell::Figure(line.rate.clone())
    ]
}

fn in_words(statement: &StatementDocument) -> Result<String, Failure> {
    let mut parts = vec![heading(&format!("statement of {} for {}", statement.partner, statement.period))];
    let figures = statement.figures().map_err(overflow)?;
    parts.push(table(&["figure", "EUR"], figures.iter().map(|f| cells![&f.english, f.eur])));
    if !statement.totals.disallowed.is_empty() {
        let reasons = statement.totals.disallowed.iter().map(|part| cells![&part.reason, part.eur]);
        parts.push(format!("{}\n{}", heading("disallowed, by reason"), table(&["reason", "EUR"], reasons)));
    }
    // What tells a row of a table from its neighbours; the files have all columns.
    let columns =
        ["position", "day", "movement", "eur", "reason", "number", "external_ref", "category", "receipt_no"];
    let short = |line: &StatementLine| {
        cells![
            line.position,
            line.day,
            line.movement,
            line.eur,
            line.reason,
            line.number,
            &line.external_ref,
            &line.category,
            &line.receipt_no
        ]
    };
    for (title, lines) in [
        ("movements, by the day they were recorded", &statement.lines),
        ("undecided at the end", &statement.undecided),
        ("waiting for an exchange rate, and so in no figure", &statement.waiting),
    ] {
        if !lines.is_empty() {
            parts.push(format!("{}\n{}", heading(title), table(&columns, lines.iter().map(short))));
        }
    }
    parts.push(format!("log position {}, root {}", statement.position, statement.root));
    Ok(parts.join("\n\n"))
}
