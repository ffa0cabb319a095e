//! What becomes of each row of a file of spend, and what is left for whom.

use app::import::{ImportReport, PersonReport, RowReport};

use crate::args::Format;
use crate::cells;
use crate::output::{Cell, Failure, counted, heading, listing, table};

/// Rows and people in the table for people; the others are counted.
const SHOWN_MAX: usize = 20;

const COLUMNS: &[&str] = &[
    "row",
    "case_ref",
    "receipt_no",
    "category",
    "amount",
    "currency",
    "outcome",
    "state",
    "eur",
    "eligible",
    "disallowed",
    "reason",
    "flags",
];
const PERSON_COLUMNS: &[&str] = &[
    "case_ref",
    "case",
    "budget_line",
    "cap",
    "disbursed",
    "committed",
    "pending",
    "estimated",
    "available",
    "waiting",
];

/// All rows that are told, as data.
pub fn list(report: &ImportReport) -> Result<(), Failure> {
    listing(Format::Csv, COLUMNS, &report.rows, row)
}

/// The rows to look at first and, as far as there is room, the others, in the order of the file; then what is left for whom.
/// `supposed` where finance has not accepted, and the rows tell what would be if it did.
pub fn in_words(report: &ImportReport, supposed: bool) -> Option<String> {
    let mut parts = Vec::new();
    if !report.rows.is_empty() {
        let mut shown: Vec<&RowReport> = report.rows.iter().collect();
        shown.sort_by_key(|row| row.urgency());
        shown.truncate(SHOWN_MAX);
        shown.sort_by_key(|row| row.row);
        let title = match supposed {
            true => "rows; state: if finance accepted them now, in this order",
            false => "rows",
        };
        let left = (report.rows.len() - shown.len()) as u64 + report.rows_untold;
        parts.push(format!("\n{}\n{}", heading(title), table(COLUMNS, shown.into_iter().map(row))));
        parts.extend(
            (left > 0).then(|| format!("… and {}: --format csv lists all", counted(left, "more row"))),
        );
    }
    if !report.people.is_empty() {
        let shown = report.people.iter().take(SHOWN_MAX).map(person_row);
        let title = match supposed {
            true => "what would be left for each person then (EUR)",
            false => "what is left for each person (EUR)",
        };
        parts.push(format!("\n{}\n{}", heading(title), table(PERSON_COLUMNS, shown)));
        let left = report.people.len().saturating_sub(SHOWN_MAX) as u64;
        parts.extend((left > 0).then(|| format!("… and {} more: --format json lists all", left)));
    }
    (!parts.is_empty()).then(|| parts.join("\n"))
}

fn row(r: &RowReport) -> Vec<Cell> {
    // What stands in a row with errors may be anything.
    let amount = if r.outcome == "rejected" { Cell::Text } else { Cell::Figure };
    cells![
        r.row,
        &r.case_ref,
        &r.receipt_no,
        &r.category,
        amount(r.amount.clone()),
        &r.currency,
        r.outcome,
        &r.state,
        r.eur,
        r.eligible,
        r.disallowed,
        &r.reason,
        &r.flags
    ]
}

fn person_row(p: &PersonReport) -> Vec<Cell> {
    cells![
        &p.case_ref,
        &p.case,
        &p.budget_line,
        p.cap,
        p.disbursed,
        p.committed,
        p.pending,
        p.estimated,
        p.available,
        &p.waiting
    ]
}
