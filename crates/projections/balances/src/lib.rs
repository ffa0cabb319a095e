//! The balances read model: per person and budget line, what may be spent, was spent and is left.
//!
//! One row per case; the figures are moved by [`domain::Balances`], the same code that decisions use.

use std::borrow::Cow;

use domain::case::CaseEvent;
use domain::{Balances, CaseReference, Event, FoldError, Recorded, SubjectId, TextId};
use projection_runner::Projection;
use serde::{Deserialize, Serialize};

/// The balances of one case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BalancesRow {
    /// The person.
    pub subject: SubjectId,
    /// What outsiders call the case.
    pub reference: CaseReference,
    /// The authority's key, in the vault.
    pub external_ref: TextId,
    /// The budget lines.
    pub lines: Balances,
}

/// The projection; rows are named by the case's id.
pub struct BalancesProjection;

impl Projection for BalancesProjection {
    const NAME: &'static str = "balances";
    const VERSION: u32 = 2;
    type Row = BalancesRow;

    fn key(event: &Recorded) -> Option<Cow<'_, str>> {
        matches!(event.event, Event::Case(_)).then(|| event.stream_id.id().into())
    }

    fn fold(row: Option<BalancesRow>, event: &Recorded) -> Result<BalancesRow, FoldError> {
        match (row, &event.event) {
            (None, Event::Case(CaseEvent::ApplicationFiled(e))) => Ok(BalancesRow {
                subject: e.subject,
                reference: e.reference,
                external_ref: e.external_ref,
                lines: Balances::default(),
            }),
            (Some(mut row), Event::Case(case_event)) => {
                row.lines.apply(case_event)?;
                Ok(row)
            }
            _ => Err(FoldError("an event before the application".into())),
        }
    }
}
