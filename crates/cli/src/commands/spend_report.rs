//! `svala report …`

use std::process::ExitCode;

use app::query::{ReportDetail, ReportFilter, ReportItem};

use crate::args::{Format, ReportCommand};
use crate::cells;
use crate::connect::Place;
use crate::output::{Cell, Failure, heading, listing, object, say, table};

const COLUMNS: &[&str] = &[
    "report",
    "recorded_at",
    "actor",
    "partner",
    "first_day",
    "last_day",
    "file",
    "rows",
    "recognised",
    "rejected",
    "claims",
    "accepted",
    "cut",
    "refused",
    "queried",
    "pending",
    "waiting",
    "eur",
    "eligible",
    "disallowed",
    "undecided",
    "reversed",
    "flagged",
    "fees",
    "fees_eur",
    "sha256",
];
/// What the table for people leaves out.
const LEFT_OUT: [&str; 2] = ["sha256", "reversed"];

pub async fn run(place: &Place, format: Format, command: ReportCommand) -> Result<ExitCode, Failure> {
    let ledger = place.open().await?;
    match command {
        ReportCommand::List { partner, period } => {
            let reports = ledger.reports(&ReportFilter { partner, period }).await?;
            match format {
                Format::Table if !reports.is_empty() => say(short(&reports))?,
                _ => listing(format, COLUMNS, &reports, row)?,
            }
        }
        ReportCommand::Show { report } => {
            let detail = ledger.report(report).await?;
            match format {
                Format::Table => say(in_words(&detail))?,
                Format::Json => object(&detail)?,
                Format::Csv => listing(format, COLUMNS, std::slice::from_ref(&detail.item), row)?,
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn row(r: &ReportItem) -> Vec<Cell> {
    cells![
        r.report,
        &r.recorded_at,
        &r.actor,
        &r.partner,
        r.first_day,
        r.last_day,
        &r.file,
        r.rows,
        r.recognised,
        r.rejected,
        r.claims,
        r.accepted,
        r.cut,
        r.refused,
        r.queried,
        r.pending,
        r.waiting,
        r.eur,
        r.eligible,
        r.disallowed,
        r.undecided,
        r.reversed,
        r.flagged,
        r.fees,
        r.fees_eur,
        &r.sha256
    ]
}

fn short(reports: &[ReportItem]) -> String {
    let is_shown = |column: &str| !LEFT_OUT.contains(&column);
    let columns: Vec<&str> = COLUMNS.iter().copied().filter(|column| is_shown(column)).collect();
    let cells = |report: &ReportItem| {
        let cells = row(report).into_iter().zip(COLUMNS);
        cells.filter(|(_, column)| is_shown(column)).map(|(cell, _)| cell).collect()
    };
    table(&columns, reports.iter().map(cells))
}

fn in_words(detail: &ReportDetail) -> String {
    let r = &detail.item;
    let days = match (r.first_day, r.last_day) {
        (Some(first), Some(last)) => format!("{first} to {last}"),
        _ => "nothing new".to_owned(),
    };
    let mut parts = vec![format!(
        "{}\n{}, imported {} by {}\n{}, {days}\nSHA-256 {}",
        heading(&format!("report {}", r.report)),
        r.file,
        r.recorded_at,
        r.actor,
        if r.partner.is_empty() { "no partner" } else { &r.partner },
        r.sha256
    )];
    let figures = [
        ("rows", r.rows),
        ("known already", r.recognised),
        ("left out, with errors", r.rejected),
        ("claims", r.claims),
        ("accepted", r.accepted),
        ("cut", r.cut),
        ("refused", r.refused),
        ("queried", r.queried),
        ("pending", r.pending),
        ("waiting for an exchange rate", r.waiting),
        ("flagged", r.flagged),
        ("fees", r.fees),
    ];
    parts.push(table(&["what", "number"], figures.map(|(what, number)| cells![what, number])));
    let sums = [
        ("reported", r.eur),
        ("eligible", r.eligible),
        ("disallowed", r.disallowed),
        ("undecided", r.undecided),
        ("came back", r.reversed),
        ("fees", r.fees_eur),
    ];
    parts.push(table(&["figure", "EUR"], sums.map(|(figure, eur)| cells![figure, eur])));
    if !detail.reasons.is_empty() {
        let rows = detail.reasons.iter().map(|part| cells![&part.reason, part.claims, part.disallowed]);
        let text = table(&["reason", "claims", "EUR"], rows);
        parts.push(format!("{}\n{text}", heading("disallowed, by reason")));
    }
    if !detail.flags.is_empty() {
        let rows = detail.flags.iter().map(|part| cells![part.flag, part.claims]);
        let text = table(&["flag", "claims"], rows);
        parts
            .push(format!("{}\n{text}", heading(&format!("odd: `svala claim flags --report {}`", r.report))));
    }
    parts.push(format!("its rows: `svala claim list --report {}`", r.report));
    parts.join("\n\n")
}
