//! `svala partner statement`

use std::path::Path;
use std::process::ExitCode;

use domain::{PartnerCode, Period};
use interchange::statement::{
    STATEMENT_COLUMNS, StatementDocument, StatementLine, html, is_figure, workbook,
};

use crate::args::Format;
use crate::cells;
use crate::connect::Place;
use crate::output::{Cell, Failure, Readers, csv_text, heading, listing, object, say, table, write_new};
use crate::progress::LogBar;

/// What tells a row of a table from its neighbours; the files have all columns.
const SHORT: [&str; 9] =
    ["position", "day", "movement", "eur", "reason", "number", "external_ref", "category", "receipt_no"];

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
            write_new(path, &rendered(path, &statement)?, Readers::Usual)?;
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

fn overflow(error: money::Overflow) -> Failure {
    Failure::from(app::AppError::from(domain::FoldError::from(error)))
}

fn row(line: &StatementLine) -> Vec<Cell> {
    let cells = line.cells().into_iter().zip(STATEMENT_COLUMNS);
    cells
        .map(|(cell, column)| if is_figure(column) { Cell::Figure(cell) } else { Cell::Text(cell) })
        .collect()
}

fn in_words(statement: &StatementDocument) -> Result<String, Failure> {
    let mut parts = vec![heading(&format!("statement of {} for {}", statement.partner, statement.period))];
    let figures = statement.figures().map_err(overflow)?;
    parts.push(table(&["figure", "EUR"], figures.iter().map(|f| cells![&f.english, f.eur])));
    if !statement.totals.disallowed.is_empty() {
        let reasons = statement.totals.disallowed.iter().map(|part| cells![&part.reason, part.eur]);
        parts.push(format!("{}\n{}", heading("disallowed, by reason"), table(&["reason", "EUR"], reasons)));
    }
    let columns = STATEMENT_COLUMNS.iter().copied().filter(|column| SHORT.contains(column));
    let columns: Vec<&str> = columns.collect();
    let short = |line: &StatementLine| {
        let cells = row(line).into_iter().zip(STATEMENT_COLUMNS);
        cells.filter(|(_, column)| SHORT.contains(column)).map(|(cell, _)| cell).collect()
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
