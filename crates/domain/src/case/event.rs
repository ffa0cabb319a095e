//! What happened to a case.

use jiff::civil::Date;
use money::Eur;
use rulebook::{Authority, Entitlement, Facts, FailedCondition, ReturnMode};
use serde::{Deserialize, Serialize};

use super::upcast::PartnerAssignedV1;
use crate::claim::{
    BenefitReversalDropped, BenefitReversalProposed, BenefitReversalUndoProposed, BenefitReversalUndone,
    BenefitReversed, BenefitReversedV1, BenefitReversedV2, ClaimAccepted, ClaimAcceptedV1, ClaimAnswered,
    ClaimConverted, ClaimProposed, ClaimProposedV1, ClaimQueried, ClaimQueriedV1, ClaimRefused,
    ClaimRefusedV1, ClaimReopened, ClaimReopenedV1, EstimateReleased, ReceiptAttached, SpendEstimated,
    SpendReported, SpendReportedV1, SpendReportedV2, SpendReportedV3, SpendReportedV4,
};
use crate::event::events;
use crate::grant::{
    ArrivalGrantAllowed, ArrivalGrantPaid, ArrivalGrantRefused, ArrivalGrantReturned, RefusedGrantReturned,
};
use crate::ids::{CaseId, ClaimId, KeyDigest, PartnerCode, SubjectId, TextId};
use crate::plan::{PlanAgreed, PlanDrawn, PlanReleased, PlanRestored};
use crate::reference::CaseReference;

events! {
    /// An event of a case stream.
    CaseEvent {
        ApplicationFiled = 1,
        Approved = 1,
        Rejected = 1,
        ApplicationWithdrawn = 1,
        ReturnModeChanged = 1,
        EntitlementAdjusted = 1,
        Departed = 1,
        Arrived = 1,
        PartnerAssigned = 2 (1 as PartnerAssignedV1),
        CaseClosed = 1,
        PlanAgreed = 1,
        PlanDrawn = 1,
        PlanRestored = 1,
        PlanReleased = 1,
        CommandRefused = 1,
        ArrivalGrantPaid = 1,
        ArrivalGrantRefused = 1,
        ArrivalGrantAllowed = 1,
        ArrivalGrantReturned = 1,
        RefusedGrantReturned = 1,
        SpendReported = 5 (
            1 as SpendReportedV1, 2 as SpendReportedV2, 3 as SpendReportedV3, 4 as SpendReportedV4
        ),
        SpendEstimated = 1,
        EstimateReleased = 1,
        ReceiptAttached = 1,
        ClaimConverted = 1,
        ClaimAccepted = 2 (1 as ClaimAcceptedV1),
        ClaimProposed = 2 (1 as ClaimProposedV1),
        ClaimQueried = 2 (1 as ClaimQueriedV1),
        ClaimAnswered = 1,
        ClaimRefused = 2 (1 as ClaimRefusedV1),
        ClaimReopened = 2 (1 as ClaimReopenedV1),
        BenefitReversalProposed = 1,
        BenefitReversalDropped = 1,
        BenefitReversalUndoProposed = 1,
        BenefitReversalUndone = 1,
        BenefitReversed = 3 (1 as BenefitReversedV1, 2 as BenefitReversedV2),
    }
}

impl CaseEvent {
    /// The encrypted text this event refers to, if any.
    pub fn text(&self) -> Option<TextId> {
        match self {
            Self::ApplicationFiled(e) => Some(e.external_ref),
            Self::ArrivalGrantPaid(e) => Some(e.details),
            Self::ArrivalGrantRefused(e) => Some(e.details),
            Self::ArrivalGrantAllowed(e) => Some(e.details),
            Self::ArrivalGrantReturned(e) => Some(e.details),
            Self::RefusedGrantReturned(e) => Some(e.details),
            Self::SpendReported(e) => Some(e.details),
            Self::ClaimAccepted(e) => e.cut.map(|cut| cut.details),
            Self::ClaimProposed(e) => e.cut.map(|cut| cut.details),
            Self::ClaimQueried(e) => e.details,
            Self::ClaimAnswered(e) => Some(e.details),
            Self::ClaimRefused(e) => e.details,
            Self::ClaimReopened(e) => Some(e.details),
            Self::BenefitReversalProposed(e) => Some(e.details),
            Self::BenefitReversalDropped(e) => Some(e.details),
            Self::BenefitReversalUndoProposed(e) => Some(e.details),
            Self::BenefitReversalUndone(e) => Some(e.details),
            Self::BenefitReversed(e) => Some(e.details),
            _ => None,
        }
    }

    /// The claim that this event is about, if it is about one. (What a claim does to a plan is about the plan.)
    pub fn claim(&self) -> Option<ClaimId> {
        match self {
            Self::SpendReported(e) => Some(e.claim),
            Self::SpendEstimated(e) => Some(e.claim),
            Self::EstimateReleased(e) => Some(e.claim),
            Self::ReceiptAttached(e) => Some(e.claim),
            Self::ClaimConverted(e) => Some(e.claim),
            Self::ClaimAccepted(e) => Some(e.claim),
            Self::ClaimProposed(e) => Some(e.claim),
            Self::ClaimQueried(e) => Some(e.claim),
            Self::ClaimAnswered(e) => Some(e.claim),
            Self::ClaimRefused(e) => Some(e.claim),
            Self::ClaimReopened(e) => Some(e.claim),
            Self::BenefitReversalProposed(e) => Some(e.claim),
            Self::BenefitReversalDropped(e) => Some(e.claim),
            Self::BenefitReversalUndoProposed(e) => Some(e.claim),
            Self::BenefitReversalUndone(e) => Some(e.claim),
            Self::BenefitReversed(e) => Some(e.claim),
            _ => None,
        }
    }

    /// The pieces of a file in the vault that this event refers to, in their order.
    pub fn file(&self) -> &[TextId] {
        match self {
            Self::ReceiptAttached(e) => &e.pieces,
            _ => &[],
        }
    }

    /// The fact this event reserves in the whole ledger, if any: its kind, its keyed digest, and the claim or
    /// grant it belongs to. (A case's own references are reserved too; their digests are not in the body.)
    pub fn unique_fact(&self) -> Option<(&'static str, KeyDigest, uuid::Uuid)> {
        match self {
            Self::SpendReported(e) => Some((crate::claim::RECEIPT, e.receipt_key, e.claim.0)),
            Self::BenefitReversed(e) => Some((crate::claim::REVERSAL, e.reversal_key, e.claim.0)),
            Self::ArrivalGrantPaid(e) => Some((crate::grant::PAYMENT, e.payment_key, e.grant.0)),
            Self::ArrivalGrantRefused(e) => Some((crate::grant::PAYMENT, e.payment_key, e.grant.0)),
            _ => None,
        }
    }
}

/// A person applied for support (ansökan).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApplicationFiled {
    /// The case.
    pub case: CaseId,
    /// The person.
    pub subject: SubjectId,
    /// What outsiders call the case.
    pub reference: CaseReference,
    /// The authority's own key, in the vault.
    pub external_ref: TextId,
    /// What the rules look at.
    pub facts: Facts,
}

/// The authority granted support (beviljande).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approved {
    /// Day of the decision.
    pub decided_on: Date,
    /// Authority that decided.
    pub decided_by: Authority,
    /// Version of the rulebook applied.
    pub rulebook: String,
    /// The facts used.
    pub facts: Facts,
    /// What the person may receive, each with its rule and arithmetic.
    pub entitlements: Vec<Entitlement>,
}

/// The authority refused support (avslag). It cannot be appealed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rejected {
    /// Day of the decision.
    pub decided_on: Date,
    /// Authority that decided.
    pub decided_by: Authority,
    /// Version of the rulebook applied.
    pub rulebook: String,
    /// The facts used.
    pub facts: Facts,
    /// The conditions that failed; empty when the authority rejected for a reason outside the rulebook.
    pub failed: Vec<FailedCondition>,
}

/// The person withdrew the application for support.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApplicationWithdrawn {
    /// Day.
    pub withdrawn_on: Date,
}

/// The return became forced, or voluntary again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReturnModeChanged {
    /// Day of the change.
    pub changed_on: Date,
    /// The new mode.
    pub return_mode: ReturnMode,
    /// The authority that now handles the return.
    pub handled_by: Authority,
}

/// The entitlement was assessed anew after a change. Nothing already paid is undone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntitlementAdjusted {
    /// Day from which it holds.
    pub adjusted_on: Date,
    /// Version of the rulebook applied.
    pub rulebook: String,
    /// The facts used.
    pub facts: Facts,
    /// What the person may receive from now on, in place of what was granted before.
    pub entitlements: Vec<Entitlement>,
    /// Why nothing, when nothing.
    pub failed: Vec<FailedCondition>,
}

/// The person left Sweden.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Departed {
    /// Day.
    pub departed_on: Date,
}

/// The person came home.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Arrived {
    /// Day.
    pub arrived_on: Date,
}

/// A partner organisation took the case, or took it over from another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartnerAssigned {
    /// Which.
    pub partner: PartnerCode,
    /// Its first day; none (and in version 1) from the beginning, in place of whoever had it before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assigned_on: Option<Date>,
}

/// Nothing more will be reported.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseClosed {
    /// Day.
    pub closed_on: Date,
}

/// A command was refused by a rule. It changed nothing; who gave it stands in the envelope.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommandRefused {
    /// Name of the command.
    pub command: String,
    /// The claim, grant or nothing it was about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<uuid::Uuid>,
    /// The business date the command gave, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<Date>,
    /// The amount the command gave, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Eur>,
    /// Version of the rulebook in force.
    pub rulebook: String,
    /// Every reason.
    pub reasons: Vec<FailedCondition>,
}
