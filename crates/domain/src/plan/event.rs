//! What happened to a plan.

use jiff::civil::Date;
use money::Eur;
use serde::{Deserialize, Serialize};

use crate::ids::{ClaimId, PartnerCode};

/// One benefit of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedLine {
    /// Benefit category of the rulebook.
    pub category: String,
    /// Budget line the category belongs to.
    pub budget_line: String,
    /// What is set aside from now on.
    pub amount: Eur,
}

/// A plan was agreed with a partner. It stands in place of the partner's earlier one, whose rest was released before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanAgreed {
    /// With whom.
    pub partner: PartnerCode,
    /// Day of the agreement.
    pub agreed_on: Date,
    /// What is set aside; nothing, if the partner plans nothing any more.
    pub lines: Vec<PlannedLine>,
    /// Version of the rulebook in force.
    pub rulebook: String,
}

/// Spend was reported that was planned: it is pending now, and no longer committed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanDrawn {
    /// The claim.
    pub claim: ClaimId,
    /// Whose plan.
    pub partner: PartnerCode,
    /// Benefit category.
    pub category: String,
    /// Budget line.
    pub budget_line: String,
    /// How much of the plan.
    pub amount: Eur,
}

/// Planned spend was disallowed: it stands in the plan again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanRestored {
    /// The claim.
    pub claim: ClaimId,
    /// Whose plan.
    pub partner: PartnerCode,
    /// Benefit category.
    pub category: String,
    /// Budget line.
    pub budget_line: String,
    /// How much of the plan.
    pub amount: Eur,
}

rulebook::codes! {
    /// Why planned money is free again.
    ReleaseReason {
        /// Another plan takes its place.
        Replaced = "replaced",
        /// The case was closed.
        CaseClosed = "case-closed",
        /// Another partner took the case.
        Transferred = "transferred",
        /// The application was withdrawn.
        ApplicationWithdrawn = "application-withdrawn",
    }
}

/// What was planned and not spent is free again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanReleased {
    /// Whose plan.
    pub partner: PartnerCode,
    /// Benefit category.
    pub category: String,
    /// Budget line.
    pub budget_line: String,
    /// All that was left of this category.
    pub amount: Eur,
    /// Why.
    pub reason: ReleaseReason,
}
