//! What people did about exceptions. Which there are is derived when it is asked.

use std::borrow::Cow;

use domain::exception::{ExceptionId, Proposed, Resolution};
use domain::reconciliation::ReconciliationEvent;
use domain::{Actor, Event, FoldError, Recorded, TextId};
use money::Amount;
use projection_runner::Projection;
use serde::{Deserialize, Serialize};

/// What was done about one exception.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExceptionRow {
    /// Which.
    pub id: ExceptionId,
    /// Who looks after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<Actor>,
    /// What is to be done, in the vault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<TextId>,
    /// What waits for another person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposed: Option<Proposed>,
    /// How it was resolved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved: Option<ResolvedRow>,
}

/// How an exception was resolved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ResolvedRow {
    /// When (microseconds, UTC).
    pub recorded_at: i64,
    /// By whom.
    pub by: Actor,
    /// How much it was about.
    pub amount: Amount,
    /// How.
    pub how: Resolution,
    /// Why, in the vault.
    pub reason: TextId,
}

/// The projection; rows are named by the exception's key.
pub struct ExceptionsProjection;

impl Projection for ExceptionsProjection {
    const NAME: &'static str = "bank-exceptions";
    const VERSION: u32 = 2;
    type Row = ExceptionRow;

    fn key(event: &Recorded) -> Option<Cow<'_, str>> {
        about(event).map(|id| id.key().into())
    }

    fn fold(row: Option<ExceptionRow>, event: &Recorded) -> Result<ExceptionRow, FoldError> {
        let Some(id) = about(event) else { return Err(FoldError("no event about an exception".into())) };
        let empty =
            || ExceptionRow { id: id.clone(), owner: None, note: None, proposed: None, resolved: None };
        let mut row = row.unwrap_or_else(empty);
        match &event.event {
            Event::Reconciliation(ReconciliationEvent::ExceptionAssigned(e)) => {
                (row.owner, row.note) = (Some(e.owner.clone()), e.note);
            }
            Event::Reconciliation(ReconciliationEvent::WriteOffProposed(e)) => {
                row.proposed = Some(e.proposed());
            }
            Event::Reconciliation(ReconciliationEvent::AcceptanceProposed(e)) => {
                row.proposed = Some(e.proposed());
            }
            Event::Reconciliation(
                ReconciliationEvent::WriteOffDeclined(_) | ReconciliationEvent::AcceptanceDeclined(_),
            ) => row.proposed = None,
            Event::Reconciliation(ReconciliationEvent::ExceptionResolved(e)) => {
                row.proposed = None;
                row.resolved = Some(ResolvedRow {
                    recorded_at: event.recorded_at,
                    by: e.by.clone(),
                    amount: e.amount,
                    how: e.how.clone(),
                    reason: e.reason,
                });
            }
            _ => row.resolved = None,
        }
        Ok(row)
    }
}

fn about(event: &Recorded) -> Option<&ExceptionId> {
    match &event.event {
        Event::Reconciliation(ReconciliationEvent::ExceptionAssigned(e)) => Some(&e.exception),
        Event::Reconciliation(ReconciliationEvent::WriteOffProposed(e)) => Some(&e.exception),
        Event::Reconciliation(ReconciliationEvent::WriteOffDeclined(e)) => Some(&e.exception),
        Event::Reconciliation(ReconciliationEvent::AcceptanceProposed(e)) => Some(&e.exception),
        Event::Reconciliation(ReconciliationEvent::AcceptanceDeclined(e)) => Some(&e.exception),
        Event::Reconciliation(ReconciliationEvent::ExceptionResolved(e)) => Some(&e.exception),
        Event::Reconciliation(ReconciliationEvent::ExceptionReopened(e)) => Some(&e.exception),
        _ => None,
    }
}
