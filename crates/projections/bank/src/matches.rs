//! What lines settle: every match, also one that was undone.

use std::borrow::Cow;

use domain::matching::Residual;
use domain::reconciliation::{MatchedItem, MatchedLine, ReconciliationEvent};
use domain::{Actor, Event, FoldError, Recorded, TextId};
use projection_runner::Projection;
use serde::{Deserialize, Serialize};

/// One match.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MatchRow {
    /// Its number.
    pub number: u64,
    /// Position at which it was recorded.
    pub position: u64,
    /// When (microseconds, UTC).
    pub recorded_at: i64,
    /// By whom.
    pub by: Actor,
    /// The rule that says so.
    pub rule: String,
    /// The version of the rules.
    pub rules: String,
    /// In words.
    pub why: String,
    /// The lines.
    pub lines: Vec<MatchedLine>,
    /// What they settle.
    pub items: Vec<MatchedItem>,
    /// What the lines are off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub residual: Option<Residual>,
    /// If it was taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undone: Option<Undone>,
}

/// How a match was taken back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Undone {
    /// When (microseconds, UTC).
    pub recorded_at: i64,
    /// By whom.
    pub by: Actor,
    /// Why, in the vault.
    pub reason: TextId,
}

/// The projection of matches; rows are named by the match's number.
pub struct MatchesProjection;

impl Projection for MatchesProjection {
    const NAME: &'static str = "bank-matches";
    const VERSION: u32 = 1;
    type Row = MatchRow;

    fn key(event: &Recorded) -> Option<Cow<'_, str>> {
        match &event.event {
            Event::Reconciliation(ReconciliationEvent::PaymentMatched(e)) => {
                Some(e.number.to_string().into())
            }
            Event::Reconciliation(ReconciliationEvent::MatchUndone(e)) => Some(e.number.to_string().into()),
            _ => None,
        }
    }

    fn fold(row: Option<MatchRow>, event: &Recorded) -> Result<MatchRow, FoldError> {
        match (row, &event.event) {
            (None, Event::Reconciliation(ReconciliationEvent::PaymentMatched(e))) => Ok(MatchRow {
                number: e.number,
                position: event.position,
                recorded_at: event.recorded_at,
                by: e.by.clone(),
                rule: e.rule.clone(),
                rules: e.rules.clone(),
                why: e.why.clone(),
                lines: e.lines.clone(),
                items: e.items.clone(),
                residual: e.residual.clone(),
                undone: None,
            }),
            (Some(row), Event::Reconciliation(ReconciliationEvent::MatchUndone(e))) => {
                let (recorded_at, by, reason) = (event.recorded_at, e.by.clone(), e.reason);
                Ok(MatchRow { undone: Some(Undone { recorded_at, by, reason }), ..row })
            }
            _ => Err(FoldError("the events of a match are not in their order".into())),
        }
    }
}
