//! What happened to periods.

use jiff::civil::Date;
use money::Eur;
use rulebook::FailedCondition;
use serde::{Deserialize, Serialize};

use crate::event::events;
use crate::ids::{FileDigest, TextId};
use crate::period::Period;

events! {
    /// An event of the stream of closings.
    ClosingEvent { PeriodClosed = 1, PeriodCommandRefused = 1 }
}

impl ClosingEvent {
    /// The encrypted text this event brings, if any.
    pub fn text(&self) -> Option<TextId> {
        match self {
            Self::PeriodClosed(e) => e.reason,
            Self::PeriodCommandRefused(_) => None,
        }
    }
}

rulebook::codes! {
    /// What is looked at before a period is closed.
    Check {
        /// Days of the period for which an account at the bank has no statement.
        Statements = "statements",
        /// Claims and fees of the period that nobody has decided.
        Undecided = "undecided",
        /// Claims and fees of the period that wait for an exchange rate.
        WaitingForRate = "waiting-for-rate",
        /// Exceptions of the period, or from before it, for which nobody answers.
        Exceptions = "exceptions",
        /// Holds in force on the last day.
        Holds = "holds",
        /// What is about a day near the end of the period, and is booked on the other side of it.
        CutOff = "cut-off",
    }
}

impl Check {
    /// Whether a period is closed only without any such finding, or where somebody accepts them with a reason; the others
    /// are only listed.
    pub fn stops(self) -> bool {
        match self {
            Self::Statements | Self::Undecided | Self::WaitingForRate | Self::Exceptions => true,
            Self::Holds | Self::CutOff => false,
        }
    }

    /// Whether its findings can be accepted all at once. Somebody answers for each exception by name.
    pub fn is_acceptable(self) -> bool {
        self != Self::Exceptions
    }
}

/// What a check came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// Which check.
    pub check: Check,
    /// How many of its kind were found.
    pub found: u64,
    /// What they come to, in euro, as far as that is known.
    pub amount: Eur,
}

/// A period was closed, once and for all.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PeriodClosed {
    /// Which.
    pub period: Period,
    /// The position of the log up to which it was booked; what comes after it belongs to the open period.
    pub position: u64,
    /// How many vouchers it has.
    pub vouchers: u64,
    /// SHA-256 of what they say ([`crate::books::digest`]).
    pub digest: FileDigest,
    /// The version of the chart under which it was booked.
    pub chart: String,
    /// SHA-256 of its entries under that chart ([`crate::books::digest_of_entries`]): what was handed over.
    pub entries: FileDigest,
    /// What the checks came to.
    pub findings: Vec<Finding>,
    /// The findings that would have stopped it, and were accepted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accepted: Vec<Check>,
    /// Why they were accepted, in the vault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<TextId>,
    /// Whether lines of the bank of days that were closed before were booked on its first day; in earlier closings they stand
    /// on the day on which they were recorded.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub late_on_first_day: bool,
}

/// A command to close a period was refused by a rule. It changed nothing; who gave it stands in the envelope.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PeriodCommandRefused {
    /// Name of the command.
    pub command: String,
    /// The period.
    pub period: Period,
    /// The business date the command gave.
    pub on: Date,
    /// Every reason.
    pub reasons: Vec<FailedCondition>,
}
