//! What can be asked of a case.

use jiff::civil::Date;
use money::Eur;
use rulebook::{Authority, Facts, ReturnMode};

use crate::ids::{CaseId, PartnerCode, SubjectId, TextId};
use crate::reference::CaseReference;

rulebook::codes! {
    /// What the authority decided.
    Decision {
        /// Support is granted (beviljande).
        Approve = "approve",
        /// Support is refused (avslag).
        Reject = "reject",
    }
}

/// A command to a case.
#[derive(Debug, Clone, PartialEq)]
pub enum CaseCommand {
    /// Register an application.
    File {
        /// The new case.
        case: CaseId,
        /// The person, whose key opens the texts.
        subject: SubjectId,
        /// What outsiders call the case.
        reference: CaseReference,
        /// The authority's own key, in the vault.
        external_ref: TextId,
        /// What the rules look at.
        facts: Facts,
    },
    /// Record the authority's decision.
    Decide {
        /// Approve or reject.
        decision: Decision,
        /// Day of the decision.
        decided_on: Date,
    },
    /// The person withdraws the application for support.
    Withdraw {
        /// Day.
        withdrawn_on: Date,
    },
    /// The return becomes forced, or voluntary again.
    ChangeReturnMode {
        /// Day of the change.
        changed_on: Date,
        /// The new mode.
        return_mode: ReturnMode,
        /// The authority that now handles the return.
        handled_by: Authority,
    },
    /// The person left Sweden.
    Depart {
        /// Day.
        departed_on: Date,
    },
    /// The person came home.
    Arrive {
        /// Day.
        arrived_on: Date,
    },
    /// A partner organisation takes the case, or takes it over from another.
    AssignPartner {
        /// Which.
        partner: PartnerCode,
        /// Its first day; none from the beginning.
        assigned_on: Option<Date>,
        /// The day on which the ledger learns of it.
        told_on: Date,
    },
    /// Agree with a partner on what it is going to spend, in place of what it planned before.
    AgreePlan {
        /// With whom.
        partner: PartnerCode,
        /// Day of the agreement.
        agreed_on: Date,
        /// Benefit categories, each with its amount; none to plan nothing any more.
        lines: Vec<(String, Eur)>,
        /// The day on which the ledger learns of it.
        told_on: Date,
    },
    /// Nothing more will be reported.
    Close {
        /// Day.
        closed_on: Date,
    },
}

impl CaseCommand {
    /// The command's name, as kept with a refusal.
    pub fn name(&self) -> &'static str {
        match self {
            Self::File { .. } => "file",
            Self::Decide { decision, .. } => decision.code(),
            Self::Withdraw { .. } => "withdraw",
            Self::ChangeReturnMode { .. } => "change-return-mode",
            Self::Depart { .. } => "depart",
            Self::Arrive { .. } => "arrive",
            Self::AssignPartner { .. } => "assign-partner",
            Self::AgreePlan { .. } => "agree-plan",
            Self::Close { .. } => "close",
        }
    }

    /// The business date it gives, if any.
    pub fn on(&self) -> Option<Date> {
        match self {
            Self::File { facts, .. } => Some(facts.applied_on),
            Self::Decide { decided_on: day, .. }
            | Self::Withdraw { withdrawn_on: day }
            | Self::ChangeReturnMode { changed_on: day, .. }
            | Self::Depart { departed_on: day }
            | Self::Arrive { arrived_on: day }
            | Self::AgreePlan { agreed_on: day, .. }
            | Self::Close { closed_on: day } => Some(*day),
            Self::AssignPartner { assigned_on, .. } => *assigned_on,
        }
    }
}
