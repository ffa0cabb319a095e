//! The cases read model: where each case stands, and which commands on it were refused.

use std::borrow::Cow;

use domain::case::{Assignments, CaseEvent, Stage};
use domain::{CaseReference, Event, FoldError, Recorded, SubjectId, TextId};
use jiff::civil::Date;
use projection_runner::Projection;
use rulebook::{Country, ReturnMode};
use serde::{Deserialize, Serialize};

/// Where one case stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CaseRow {
    /// Position of the application: cases are listed in this order.
    pub position: u64,
    /// The person.
    pub subject: SubjectId,
    /// What outsiders call the case.
    pub reference: CaseReference,
    /// The authority's key, in the vault.
    pub external_ref: TextId,
    /// Country of return.
    pub destination: Country,
    /// Voluntary or forced.
    pub return_mode: ReturnMode,
    /// Day of the application.
    pub applied_on: Date,
    /// How far it has come.
    pub stage: Stage,
    /// Day of the decision.
    pub decided_on: Option<Date>,
    /// Day the person left Sweden.
    pub departed_on: Option<Date>,
    /// Day the person came home.
    pub arrived_on: Option<Date>,
    /// The partners that deliver, by day.
    pub assignments: Assignments,
    /// Ids of the conditions that failed when the authority rejected.
    pub rejected_for: Vec<String>,
    /// Commands that were refused.
    pub refused: Vec<RefusedCommand>,
}

/// A command that a rule refused.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RefusedCommand {
    /// Name of the command.
    pub command: String,
    /// Ids of the reasons.
    pub reasons: Vec<String>,
    /// Position of the refusal.
    pub position: u64,
    /// Who gave the command.
    pub actor: String,
}

/// The projection; rows are named by the case's id.
pub struct CasesProjection;

impl Projection for CasesProjection {
    const NAME: &'static str = "cases";
    const VERSION: u32 = 4;
    type Row = CaseRow;

    fn key(event: &Recorded) -> Option<Cow<'_, str>> {
        matches!(event.event, Event::Case(_)).then(|| event.stream_id.id().into())
    }

    fn fold(row: Option<CaseRow>, event: &Recorded) -> Result<CaseRow, FoldError> {
        let Event::Case(case_event) = &event.event else {
            return Err(FoldError("not an event of a case".into()));
        };
        let mut row = match (row, case_event) {
            (None, CaseEvent::ApplicationFiled(e)) => {
                return Ok(CaseRow {
                    position: event.position,
                    subject: e.subject,
                    reference: e.reference,
                    external_ref: e.external_ref,
                    destination: e.facts.destination,
                    return_mode: e.facts.return_mode,
                    applied_on: e.facts.applied_on,
                    stage: Stage::Applied,
                    decided_on: None,
                    departed_on: None,
                    arrived_on: None,
                    assignments: Assignments::default(),
                    rejected_for: Vec::new(),
                    refused: Vec::new(),
                });
            }
            (Some(row), _) => row,
            (None, _) => return Err(FoldError("an event before the application".into())),
        };
        match case_event {
            CaseEvent::Approved(e) => (row.stage, row.decided_on) = (Stage::Approved, Some(e.decided_on)),
            CaseEvent::Rejected(e) => {
                (row.stage, row.decided_on) = (Stage::Rejected, Some(e.decided_on));
                row.rejected_for = e.failed.iter().map(|f| f.id.clone()).collect();
            }
            CaseEvent::ApplicationWithdrawn(_) => row.stage = Stage::Withdrawn,
            CaseEvent::CaseClosed(_) => row.stage = Stage::Closed,
            CaseEvent::ReturnModeChanged(e) => row.return_mode = e.return_mode,
            CaseEvent::Departed(e) => row.departed_on = Some(e.departed_on),
            CaseEvent::Arrived(e) => row.arrived_on = Some(e.arrived_on),
            CaseEvent::PartnerAssigned(e) => row.assignments.assign(e.partner.clone(), e.assigned_on),
            CaseEvent::CommandRefused(e) => row.refused.push(RefusedCommand {
                command: e.command.clone(),
                reasons: e.reasons.iter().map(|r| r.id.clone()).collect(),
                position: event.position,
                actor: event.actor.clone(),
            }),
            _ => {}
        }
        Ok(row)
    }
}
