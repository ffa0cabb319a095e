//! A case as its events have made it.

use std::collections::BTreeMap;

use jiff::civil::Date;
use rulebook::{Entitlement, Facts};
use uuid::Uuid;

use super::assignments::Assignments;
use super::command::Decision;
use super::event::{ApplicationFiled, CaseEvent, CommandRefused};
use crate::balance::Balances;
use crate::claim::Claim;
use crate::grant::Grant;
use crate::ids::{CaseId, ClaimId, GrantId, PartnerCode, SubjectId, TextId};
use crate::plan::Plan;
use crate::reference::CaseReference;
use crate::refusal::FoldError;

rulebook::codes! {
    /// How far a case has come.
    Stage {
        /// Applied, not decided.
        Applied = "applied",
        /// Support granted.
        Approved = "approved",
        /// Support refused.
        Rejected = "rejected",
        /// Withdrawn by the person.
        Withdrawn = "withdrawn",
        /// Nothing more will be reported.
        Closed = "closed",
    }
}

/// One person's application and all that followed.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// The case.
    pub id: CaseId,
    /// The person.
    pub subject: SubjectId,
    /// What outsiders call it.
    pub reference: CaseReference,
    /// The authority's key, in the vault.
    pub external_ref: TextId,
    /// What the rules look at, as of now.
    pub facts: Facts,
    /// What the rules looked at when the application was filed.
    pub filed_facts: Facts,
    /// How far it has come.
    pub stage: Stage,
    /// The authority's decision and its day.
    pub decision: Option<(Decision, Date)>,
    /// What the person may receive; empty without approval.
    pub entitlements: Vec<Entitlement>,
    /// Day the person left Sweden.
    pub departed_on: Option<Date>,
    /// Day the person came home.
    pub arrived_on: Option<Date>,
    /// The partners that deliver, by day.
    pub assignments: Assignments,
    /// Spend reported for the person.
    pub claims: BTreeMap<ClaimId, Claim>,
    /// What partners plan to spend.
    pub plan: Plan,
    /// Payments of the arrival grant.
    pub grants: BTreeMap<GrantId, Grant>,
    /// Per budget line.
    pub balances: Balances,
    /// Commands that were refused.
    pub refused: Vec<CommandRefused>,
    /// Number of events that changed something (refused commands do not).
    pub revision: u64,
}

impl Case {
    /// The case after its first event.
    fn filed(event: &ApplicationFiled) -> Self {
        Self {
            id: event.case,
            subject: event.subject,
            reference: event.reference,
            external_ref: event.external_ref,
            facts: event.facts.clone(),
            filed_facts: event.facts.clone(),
            stage: Stage::Applied,
            decision: None,
            entitlements: Vec::new(),
            departed_on: None,
            arrived_on: None,
            assignments: Assignments::default(),
            claims: BTreeMap::new(),
            plan: Plan::default(),
            grants: BTreeMap::new(),
            balances: Balances::default(),
            refused: Vec::new(),
            revision: 1,
        }
    }

    /// The case after one more event: of none before the first.
    pub fn evolve(case: Option<Self>, event: &CaseEvent) -> Result<Self, FoldError> {
        let mut case = match (case, event) {
            (None, CaseEvent::ApplicationFiled(filed)) => return Ok(Self::filed(filed)),
            (None, other) => {
                return Err(FoldError(format!("{} before ApplicationFiled", other.event_type())));
            }
            (Some(_), CaseEvent::ApplicationFiled(_)) => {
                return Err(FoldError("ApplicationFiled twice".into()));
            }
            (Some(case), _) => case,
        };
        if let CaseEvent::CommandRefused(refused) = event {
            case.refused.push(refused.clone());
            return Ok(case);
        }
        case.balances.apply(event)?;
        case.revision += 1;
        match event {
            CaseEvent::ApplicationFiled(_) | CaseEvent::CommandRefused(_) => {}
            CaseEvent::Approved(e) => {
                case.stage = Stage::Approved;
                case.decision = Some((Decision::Approve, e.decided_on));
                case.entitlements.clone_from(&e.entitlements);
            }
            CaseEvent::Rejected(e) => {
                case.stage = Stage::Rejected;
                case.decision = Some((Decision::Reject, e.decided_on));
            }
            CaseEvent::ApplicationWithdrawn(_) => {
                case.stage = Stage::Withdrawn;
                case.entitlements.clear();
            }
            CaseEvent::ReturnModeChanged(e) => {
                case.facts.return_mode = e.return_mode;
                case.facts.handled_by = e.handled_by;
            }
            CaseEvent::EntitlementAdjusted(e) => case.entitlements.clone_from(&e.entitlements),
            CaseEvent::Departed(e) => case.departed_on = Some(e.departed_on),
            CaseEvent::Arrived(e) => case.arrived_on = Some(e.arrived_on),
            CaseEvent::PartnerAssigned(e) => case.assignments.assign(e.partner.clone(), e.assigned_on),
            CaseEvent::CaseClosed(_) => case.stage = Stage::Closed,
            CaseEvent::PlanAgreed(_)
            | CaseEvent::PlanDrawn(_)
            | CaseEvent::PlanRestored(_)
            | CaseEvent::PlanReleased(_) => crate::plan::evolve(&mut case, event)?,
            CaseEvent::ArrivalGrantPaid(_)
            | CaseEvent::ArrivalGrantRefused(_)
            | CaseEvent::ArrivalGrantAllowed(_)
            | CaseEvent::ArrivalGrantReturned(_)
            | CaseEvent::RefusedGrantReturned(_) => crate::grant::evolve(&mut case.grants, event)?,
            CaseEvent::SpendReported(_)
            | CaseEvent::SpendEstimated(_)
            | CaseEvent::EstimateReleased(_)
            | CaseEvent::ReceiptAttached(_)
            | CaseEvent::ClaimConverted(_)
            | CaseEvent::ClaimAccepted(_)
            | CaseEvent::ClaimProposed(_)
            | CaseEvent::ClaimQueried(_)
            | CaseEvent::ClaimAnswered(_)
            | CaseEvent::ClaimRefused(_)
            | CaseEvent::ClaimReopened(_)
            | CaseEvent::BenefitReversalProposed(_)
            | CaseEvent::BenefitReversalDropped(_)
            | CaseEvent::BenefitReversalUndoProposed(_)
            | CaseEvent::BenefitReversalUndone(_)
            | CaseEvent::BenefitReversed(_) => crate::claim::evolve(&mut case.claims, event)?,
        }
        Ok(case)
    }

    /// Folds a whole stream.
    pub fn fold<'a>(events: impl IntoIterator<Item = &'a CaseEvent>) -> Result<Option<Self>, FoldError> {
        events.into_iter().try_fold(None, |case, event| Self::evolve(case, event).map(Some))
    }

    /// Whether this very command was refused before, for the same reasons. (Their figures may have changed since.)
    pub fn already_refused(&self, command: &CommandRefused) -> bool {
        let ids = |refused: &CommandRefused| -> Vec<String> {
            refused.reasons.iter().map(|r| r.id.clone()).collect()
        };
        self.refused.iter().any(|earlier| {
            (&earlier.command, earlier.about, earlier.on, earlier.amount, &earlier.rulebook)
                == (&command.command, command.about, command.on, command.amount, &command.rulebook)
                && ids(earlier) == ids(command)
        })
    }

    /// Whether a claim, a payment or the case itself has this id.
    pub fn owns(&self, entity: Uuid) -> bool {
        self.id.0 == entity
            || self.claims.contains_key(&ClaimId(entity))
            || self.grants.contains_key(&GrantId(entity))
    }

    /// The partner that has the case on a day: the last one it was given to until then.
    pub fn partner_on(&self, day: Date) -> Option<&PartnerCode> {
        self.assignments.on(day)
    }

    /// The partner that has the case after all transfers that are known.
    pub fn partner(&self) -> Option<&PartnerCode> {
        self.assignments.last()
    }

    /// What the person may receive on a budget line, if anything may still be paid there.
    pub fn entitlement(&self, budget_line: &str) -> Option<&Entitlement> {
        match self.stage {
            Stage::Approved => self.entitlements.iter().find(|e| e.budget_line == budget_line),
            Stage::Applied | Stage::Rejected | Stage::Withdrawn | Stage::Closed => None,
        }
    }
}
