//! Why a command was not carried out.

use money::{Amount, Eur};
use rulebook::FailedCondition;

use crate::balance::Line;

/// A command that a rule forbids. It changes nothing and is kept, with who gave it and why it was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .reasons.iter().map(|r| format!("{}: {}", r.id, r.detail)).collect::<Vec<_>>().join("; "))]
pub struct Refusal {
    /// Every reason, not only the first.
    pub reasons: Vec<FailedCondition>,
}

impl Refusal {
    /// A refusal for one reason: a stable id and a sentence.
    pub fn new(id: &str, detail: impl Into<String>) -> Self {
        Self { reasons: vec![FailedCondition { id: id.to_owned(), detail: detail.into() }] }
    }

    /// The ids of all reasons, separated by spaces.
    pub fn codes(&self) -> String {
        self.reasons.iter().map(|reason| reason.id.as_str()).collect::<Vec<_>>().join(" ")
    }
}

/// What a command may move: a positive amount, and no more than the figures of its line can hold together with
/// everything that was ever reported on it.
pub(crate) fn bookable(amount: Eur, line: &Line) -> Result<(), Refusal> {
    if amount.is_zero() || amount.is_negative() {
        return Err(Refusal::new("not-positive", format!("{amount} is no positive amount")));
    }
    Eur::sum([amount, line.committed, line.pending, line.estimated, line.disbursed, line.disallowed])
        .map(|_| ())
        .map_err(|overflow| Refusal::new("amount-too-large", overflow.to_string()))
}

/// What may be reported: what may be booked, or any positive amount whose euros are still to come.
pub(crate) fn reportable(amount: Amount, eur: Option<Eur>, line: &Line) -> Result<(), Refusal> {
    match eur {
        Some(eur) => bookable(eur, line),
        None if amount.is_positive() => Ok(()),
        None => Err(Refusal::new("not-positive", format!("{amount} is no positive amount"))),
    }
}

/// An event that does not follow from the events before it: the history contradicts itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the history contradicts itself: {0}")]
pub struct FoldError(pub String);

impl From<money::Overflow> for FoldError {
    fn from(overflow: money::Overflow) -> Self {
        Self(overflow.to_string())
    }
}
