//! `svala reconcile …`

use std::process::ExitCode;

use app::query::{Figure, FigureSum, ThreeWay, ThreeWayAsked, ThreeWayGroup, ThreeWayOf, ThreeWayRow};
use money::Eur;

use crate::args::{Format, ReconcileCommand};
use crate::cells;
use crate::connect::Place;
use crate::output::{Cell, Failure, counted, heading, listing, object, overflow, remark, say, table};

const COLUMNS: &[&str] = &[
    "kind",
    "number",
    "partner",
    "external_ref",
    "case",
    "budget_line",
    "rule_id",
    "cap",
    "category",
    "on",
    "receipt_no",
    "supplier",
    "receipt_sha256",
    "amount",
    "currency",
    "state",
    "entitled",
    "not_claimed",
    "reported",
    "accepted",
    "paid",
    "seen",
    "bank",
    "payments",
    "references",
    "files",
    "statements",
    "lines",
    "booked_on",
    "matches",
];

/// What a table leaves out: the files have all columns.
const LEFT_OUT: &[&str] = &["case", "supplier", "receipt_sha256", "files"];

/// The figures of a table of partners or cases.
const OF_GROUPS: &[Figure] = &[
    Figure::Entitled,
    Figure::NotClaimed,
    Figure::Reported,
    Figure::Accepted,
    Figure::NotPaid,
    Figure::Paid,
    Figure::NotSeen,
    Figure::Seen,
];

pub async fn run(place: &Place, format: Format, command: ReconcileCommand) -> Result<ExitCode, Failure> {
    let ledger = place.open().await?;
    let (of, period, open, title) = match command {
        ReconcileCommand::Case { case, open } => {
            let id = ledger.find_case(&case).await?;
            (ThreeWayOf::Case(id), None, open, case)
        }
        ReconcileCommand::Partner { partner, period, open } => {
            let title = period.map_or_else(|| partner.to_string(), |period| format!("{partner}, {period}"));
            (ThreeWayOf::Partner(partner), period, open, title)
        }
        ReconcileCommand::Period { period, open } => {
            (ThreeWayOf::All, Some(period), open, period.to_string())
        }
        ReconcileCommand::Line { line, open } => (ThreeWayOf::Line(line), None, open, format!("line {line}")),
    };
    let told = of.figures();
    if let Some(open) = open.filter(|open| !told.contains(open)) {
        let codes: Vec<&str> = told.iter().map(|figure| figure.code()).collect();
        return Err(Failure::usage(format!(
            "there is no figure {open} here: name one of {}; `svala reconcile period` has all",
            codes.join(", ")
        )));
    }
    // Of one case or line the rows are few enough to be shown.
    let few = matches!(of, ThreeWayOf::Case(_) | ThreeWayOf::Line(_));
    let rows = few || open.is_some() || format != Format::Table;
    let view = ledger.three_way(&ThreeWayAsked { of, period, open, rows }).await?;
    match (format, open) {
        (Format::Json, _) => object(&view)?,
        (Format::Csv, _) => listing(format, COLUMNS, &view.rows, row)?,
        (Format::Table, Some(open)) => {
            if view.rows.is_empty() {
                remark("nothing to list");
            } else {
                say(rows_table(&view.rows))?;
            }
            let sum = Eur::sum(view.figures.iter().filter(|sum| sum.figure == open).map(|sum| sum.eur));
            let rows = counted(view.rows.len() as u64, "row");
            remark(format!("{title}: {open} {} EUR, {rows}", sum.map_err(overflow)?));
        }
        (Format::Table, None) => say(in_words(&view, &title, few))?,
    }
    Ok(ExitCode::SUCCESS)
}

fn in_words(view: &ThreeWay, title: &str, few: bool) -> String {
    let figure = |sum: &FigureSum| cells![sum.figure.code(), sum.eur, sum.rows];
    let mut parts = vec![
        heading(&format!("reconciliation of {title}")),
        table(&["figure", "EUR", "rows"], view.figures.iter().map(figure)),
    ];
    if !few && !view.groups.is_empty() {
        let names = ["partner", "external_ref", "of", "rule_id"];
        // Of a whole period it is by partner, else by case.
        let shown: Vec<usize> = (0..names.len())
            .filter(|place| view.groups.iter().any(|group| !names_of(group)[*place].is_empty()))
            .collect();
        let columns: Vec<&str> = shown.iter().filter_map(|place| names.get(*place).copied()).collect();
        let figures = OF_GROUPS.iter().map(|figure| figure.code());
        let columns: Vec<&str> = columns.into_iter().chain(figures).collect();
        let row = |group: &ThreeWayGroup| {
            let names = names_of(group);
            let names = shown.iter().filter_map(|place| names.get(*place)).map(|name| Cell::from(*name));
            let sums = group.figures.iter().filter(|sum| OF_GROUPS.contains(&sum.figure));
            names.chain(sums.map(|sum| Cell::from(sum.eur))).collect::<Vec<Cell>>()
        };
        parts.push(table(&columns, view.groups.iter().map(row)));
    }
    if !view.rows.is_empty() {
        parts.push(rows_table(&view.rows));
    }
    parts.push(format!("log position {}; the rows of a figure: --open FIGURE", view.position));
    parts.join("\n\n")
}

fn names_of(group: &ThreeWayGroup) -> [&str; 4] {
    [&group.partner, &group.external_ref, &group.of, &group.rule_id]
}

/// Rows without the columns that are left out or say nothing.
fn rows_table(rows: &[ThreeWayRow]) -> String {
    let texts: Vec<Vec<String>> =
        rows.iter().map(|found| row(found).into_iter().map(Cell::into_text).collect()).collect();
    let says = |place: usize| {
        texts.iter().filter_map(|texts| texts.get(place)).any(|text| !matches!(text.as_str(), "" | "0.00"))
    };
    let shown: Vec<bool> =
        COLUMNS.iter().enumerate().map(|(place, name)| !LEFT_OUT.contains(name) && says(place)).collect();
    let columns: Vec<&str> =
        COLUMNS.iter().zip(&shown).filter(|(_, shown)| **shown).map(|(name, _)| *name).collect();
    let short = |found: &ThreeWayRow| -> Vec<Cell> {
        row(found).into_iter().zip(&shown).filter(|(_, shown)| **shown).map(|(cell, _)| cell).collect()
    };
    table(&columns, rows.iter().map(short))
}

fn row(row: &ThreeWayRow) -> Vec<Cell> {
    cells![
        row.kind.code(),
        row.number,
        &row.partner,
        &row.external_ref,
        &row.case,
        &row.budget_line,
        &row.rule_id,
        row.cap,
        &row.category,
        row.on,
        &row.receipt_no,
        &row.supplier,
        &row.receipt_sha256,
        Cell::Figure(row.amount.clone()),
        row.currency,
        &row.state,
        row.entitled,
        row.not_claimed,
        row.reported,
        row.accepted,
        row.paid,
        row.seen,
        row.bank,
        &row.payments,
        &row.references,
        &row.files,
        &row.statements,
        &row.lines,
        row.booked_on,
        &row.matches
    ]
}
