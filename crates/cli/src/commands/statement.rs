//! `svala partner statement`

use std::path::Path;
use std::process::ExitCode;

use domain::statement::Disallowed;
use domain::{PartnerCode, Period};
use interchange::statement::{
    DELIVERY_COLUMNS, DeliveryDocument, DeliveryLine, STATEMENT_COLUMNS, StatementDocument, StatementLine,
    html, is_figure, workbook,
};

use crate::args::{Format, StatementBy};
use crate::cells;
use crate::connect::Place;
use crate::output::{
    Cell, Failure, Readers, csv_text, heading, listing, object, overflow, say, table, write_new,
};
use crate::progress::LogBar;

/// What tells a row of a table from its neighbours; the files have all columns.
const SHORT: [&str; 10] = [
    "position",
    "day",
    "movement",
    "eur",
    "reason",
    "number",
    "external_ref",
    "category",
    "receipt_no",
    "words",
];
/// What the table of deliveries leaves out.
const LEFT_OUT: [&str; 5] = ["case", "supplier", "amount", "currency", "rate"];

pub async fn run(
    place: &Place,
    format: Format,
    partner: &PartnerCode,
    period: Period,
    by: StatementBy,
    at: Option<u64>,
    out: Option<&Path>,
) -> Result<ExitCode, Failure> {
    let ledger = place.open().await?;
    let bar = LogBar::new();
    let progress = |position, last| bar.at(position, last);
    let statement = match by {
        StatementBy::Record => {
            Statement::ByRecord(Box::new(ledger.statement(partner, period, at, &progress).await?))
        }
        StatementBy::Delivery => {
            Statement::ByDelivery(ledger.deliveries(partner, period, at, &progress).await?)
        }
    };
    drop(bar);
    match (out, format) {
        (Some(path), _) => {
            write_new(path, &rendered(path, &statement)?, Readers::Usual)?;
            say(format!("statement of {partner} for {period} written to {}", path.display()))?;
        }
        (None, Format::Json) => object(&statement)?,
        (None, Format::Csv) => match &statement {
            Statement::ByRecord(statement) => {
                let records = statement.records().map_err(overflow)?;
                listing(format, &STATEMENT_COLUMNS, &records, |record| cells_of(record.clone()))?;
            }
            Statement::ByDelivery(statement) => {
                listing(format, &DELIVERY_COLUMNS, &statement.lines, delivery_row)?;
            }
        },
        (None, Format::Table) => say(match &statement {
            Statement::ByRecord(statement) => in_words(statement)?,
            Statement::ByDelivery(statement) => deliveries_in_words(statement)?,
        })?,
    }
    Ok(ExitCode::SUCCESS)
}

#[derive(serde::Serialize)]
#[serde(untagged)]
enum Statement {
    ByRecord(Box<StatementDocument>),
    ByDelivery(DeliveryDocument),
}

/// The file's bytes, in the form that its ending names.
fn rendered(path: &Path, statement: &Statement) -> Result<Vec<u8>, Failure> {
    use Statement::{ByDelivery, ByRecord};
    match (path.extension().and_then(|ending| ending.to_str()), statement) {
        (Some("csv"), ByRecord(s)) => {
            csv_text(&STATEMENT_COLUMNS, s.records().map_err(overflow)?.into_iter().map(cells_of))
        }
        (Some("csv"), ByDelivery(s)) => csv_text(&DELIVERY_COLUMNS, s.lines.iter().map(delivery_row)),
        (Some("xlsx"), ByRecord(s)) => workbook(s).map_err(|error| Failure::usage(error.to_string())),
        (Some("xlsx"), ByDelivery(s)) => s.workbook().map_err(|error| Failure::usage(error.to_string())),
        (Some("html"), ByRecord(s)) => html(s).map(String::into_bytes).map_err(overflow),
        (Some("html"), ByDelivery(s)) => s.html().map(String::into_bytes).map_err(overflow),
        _ => Err(Failure::usage("name a file that ends in .csv, .xlsx or .html")),
    }
}

fn row(line: &StatementLine) -> Vec<Cell> {
    cells_of(line.cells())
}

fn cells_of(record: [String; 16]) -> Vec<Cell> {
    record.into_iter().zip(STATEMENT_COLUMNS).map(cell).collect()
}

fn delivery_row(line: &DeliveryLine) -> Vec<Cell> {
    line.cells().into_iter().zip(DELIVERY_COLUMNS).map(cell).collect()
}

fn cell((text, column): (String, &str)) -> Cell {
    if is_figure(column) { Cell::Figure(text) } else { Cell::Text(text) }
}

fn in_words(statement: &StatementDocument) -> Result<String, Failure> {
    let mut parts = vec![heading(&format!("statement of {} for {}", statement.partner, statement.period))];
    let figures = statement.figures().map_err(overflow)?;
    parts.push(table(&["figure", "EUR"], figures.iter().map(|f| cells![&f.english, f.eur])));
    parts.extend(reasons(&statement.totals.disallowed));
    let columns = STATEMENT_COLUMNS.iter().copied().filter(|column| SHORT.contains(column));
    let columns: Vec<&str> = columns.collect();
    let short = |line: &StatementLine| {
        let cells = row(line).into_iter().zip(STATEMENT_COLUMNS);
        cells.filter(|(_, column)| SHORT.contains(column)).map(|(cell, _)| cell).collect()
    };
    let movements = ("movements, by the day they were recorded", statement.lines.as_slice());
    let open = statement.open().map(|open| (open.title, open.lines));
    for (title, lines) in std::iter::once(movements).chain(open) {
        if !lines.is_empty() {
            parts.push(format!("{}\n{}", heading(title), table(&columns, lines.iter().map(short))));
        }
    }
    parts.push(format!("log position {}, root {}", statement.position, statement.root));
    Ok(parts.join("\n\n"))
}

fn deliveries_in_words(statement: &DeliveryDocument) -> Result<String, Failure> {
    let mut parts = vec![heading(&format!("deliveries of {} in {}", statement.partner, statement.period))];
    let figures = statement.figures().map_err(overflow)?;
    parts.push(table(&["figure", "EUR"], figures.iter().map(|f| cells![f.english, f.eur])));
    parts.extend(reasons(&statement.totals.disallowed));
    if !statement.lines.is_empty() {
        let is_shown = |column: &&str| !LEFT_OUT.contains(column);
        let columns: Vec<&str> = DELIVERY_COLUMNS.into_iter().filter(is_shown).collect();
        let short = |line: &DeliveryLine| {
            let cells = delivery_row(line).into_iter().zip(DELIVERY_COLUMNS);
            cells.filter(|(_, column)| is_shown(column)).map(|(cell, _)| cell).collect()
        };
        let title = heading("delivered in the period, with what became of it");
        parts.push(format!("{title}\n{}", table(&columns, statement.lines.iter().map(short))));
    }
    parts.push(format!("log position {}, root {}", statement.position, statement.root));
    Ok(parts.join("\n\n"))
}

fn reasons(disallowed: &[Disallowed]) -> Option<String> {
    let rows = disallowed.iter().map(|part| cells![&part.reason, part.eur]);
    let text = || format!("{}\n{}", heading("disallowed, by reason"), table(&["reason", "EUR"], rows));
    (!disallowed.is_empty()).then(text)
}
