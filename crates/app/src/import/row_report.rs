//! What is told of one row of a file of spend, and of one person it is about.

use std::collections::BTreeSet;

use domain::claim::ClaimState;
use interchange::{Layout, Record};
use money::Eur;
use serde::Serialize;

use super::{RowOutcome, SECOND_PERSON};

/// Rows that are told one by one; the others are counted. A report of ten thousand is told whole; of a file that is nothing but
/// errors, what is kept stays little.
pub const ROWS_TOLD_MAX: usize = 10_000;
/// Of a cell so many characters are told: what stands in a row with errors may be anything.
const CELL_CHARS_MAX: usize = 64;

/// Flag of a row whose day lies outside of the period of the template it stands in. Only the file knows.
const OUTSIDE_PERIOD: &str = "outside-period";

/// What becomes of one row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RowReport {
    /// The row as a spreadsheet numbers it: the header is row 1.
    pub row: u64,
    /// Whom it is for, as it stands there.
    pub case_ref: String,
    /// The supplier's receipt number.
    pub receipt_no: String,
    /// Benefit category.
    pub category: String,
    /// As on the receipt.
    pub amount: String,
    /// Its currency.
    pub currency: String,
    /// What the import makes of it: `applied`, `cut`, `refused`, `recognised` or `rejected`, as they are counted; `checked` of
    /// a row that a dry run did not decide.
    pub outcome: &'static str,
    /// How its claims stand then, or would once finance accepted them; of a family perhaps several.
    pub state: String,
    /// In euro; none while the rate is still to come.
    pub eur: Option<Eur>,
    /// Of that, what counts.
    pub eligible: Option<Eur>,
    /// Of that, what does not.
    pub disallowed: Option<Eur>,
    /// Why something does not count or is not decided; of a row with errors the rules.
    pub reason: String,
    /// What is odd about it; empty where the file has more rows than are told.
    pub flags: String,
}

/// What is left for a person on a budget line after the rows of a file, in euro.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PersonReport {
    /// The person's case, as it stands in the file.
    pub case_ref: String,
    /// The case's own reference.
    pub case: String,
    /// Budget line.
    pub budget_line: String,
    /// Most that may be disbursed.
    pub cap: Eur,
    /// Accepted, net of reversals.
    pub disbursed: Eur,
    /// Planned, not yet spent.
    pub committed: Eur,
    /// Claimed, not decided.
    pub pending: Eur,
    /// Waits for an exchange rate, at the newest rate known when it was reported.
    pub estimated: Eur,
    /// `cap − disbursed − committed − pending − estimated`.
    pub available: Eur,
    /// What waits for an exchange rate, in its own currencies.
    pub waiting: String,
}

impl RowReport {
    /// What is known of a row once it was decided.
    pub(super) fn of<R>(layout: &Layout, record: &Record<R>, outcome: &RowOutcome) -> Self {
        let cell = |name: &str| -> String {
            let place = layout.columns().iter().position(|column| *column == name);
            let text = place.and_then(|place| record.fields.get(place)).map_or("", String::as_str);
            text.chars().take(CELL_CHARS_MAX).collect()
        };
        let (outcome, reason) = in_words(outcome);
        Self {
            row: record.row,
            case_ref: cell("case_ref"),
            receipt_no: cell("receipt_no"),
            category: cell("category"),
            amount: cell("amount"),
            currency: cell("currency"),
            outcome,
            state: String::new(),
            eur: None,
            eligible: None,
            disallowed: None,
            reason,
            flags: if record.outside_period { OUTSIDE_PERIOD.to_owned() } else { String::new() },
        }
    }

    /// How much somebody should look at it, the smaller the sooner: it cannot be used, it does not count or is not decided,
    /// it is odd, there is nothing to see.
    pub fn urgency(&self) -> u8 {
        match (self.outcome, self.reason.is_empty(), self.flags.is_empty()) {
            ("rejected", ..) => 0,
            (_, false, _) => 1,
            (_, true, false) => 2,
            (_, true, true) => 3,
        }
    }
}

/// As what a row is counted, and why.
fn in_words(outcome: &RowOutcome) -> (&'static str, String) {
    let joined = |codes: BTreeSet<&str>| codes.into_iter().collect::<Vec<_>>().join(", ");
    let waits = || ClaimState::WaitingForRate.to_string();
    match outcome {
        RowOutcome::Applied(refused) if refused.is_empty() => ("applied", String::new()),
        RowOutcome::Waiting(refused) if refused.is_empty() => ("recognised", String::new()),
        RowOutcome::Applied(refused) | RowOutcome::Waiting(refused) => {
            ("refused", joined(refused.iter().map(|refused| refused.reason.as_str()).collect()))
        }
        RowOutcome::Cut(refused) => {
            ("cut", joined(refused.iter().map(|refused| refused.reason.as_str()).collect()))
        }
        RowOutcome::Proposed(_) => ("proposed", SECOND_PERSON.to_owned()),
        RowOutcome::Undecided(why) => ("applied", (*why).to_owned()),
        RowOutcome::WithoutRate { .. } => ("applied", waits()),
        RowOutcome::StillWithoutRate { .. } => ("recognised", waits()),
        RowOutcome::Recognised => ("recognised", String::new()),
        RowOutcome::Checked => ("checked", String::new()),
        RowOutcome::Errors(errors) => ("rejected", joined(errors.iter().map(|error| error.rule).collect())),
    }
}
