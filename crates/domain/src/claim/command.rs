//! What can be asked about claims.

use jiff::civil::Date;
use money::Eur;
use uuid::Uuid;

use super::event::SpendReported;
use crate::ids::{ClaimId, KeyDigest, TextId};

/// A command about a claim of a case.
#[derive(Debug, Clone, PartialEq)]
pub enum ClaimCommand {
    /// A partner reports spend. Nothing that is reported is dropped, so this is refused only if it was reported before.
    Report(SpendReported),
    /// Take what fits under the cap and disallow the rest.
    Accept {
        /// Which.
        claim: ClaimId,
        /// Accepted by name: decides also what accepting in bulk would query.
        by_name: bool,
    },
    /// Finance refuses the whole claim.
    Refuse {
        /// Which.
        claim: ClaimId,
        /// Why, in the vault.
        details: TextId,
    },
    /// Take up a refused claim again, because what it was refused for has changed or was wrong.
    Reopen {
        /// Which.
        claim: ClaimId,
        /// Why, in the vault.
        details: TextId,
    },
    /// Money came back, or never should have left: lowers what was disbursed.
    Reverse {
        /// Which.
        claim: ClaimId,
        /// How much.
        amount: Eur,
        /// Day.
        reversed_on: Date,
        /// Keyed digest of partner, supplier, receipt, day and amount.
        reversal_key: KeyDigest,
        /// Why, in the vault.
        details: TextId,
    },
}

impl ClaimCommand {
    /// The command's name, as kept with a refusal.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Report(_) => "report-spend",
            Self::Accept { .. } => "accept-claim",
            Self::Refuse { .. } => "refuse-claim",
            Self::Reopen { .. } => "reopen-claim",
            Self::Reverse { .. } => "reverse-benefit",
        }
    }

    /// The claim it is about.
    pub fn about(&self) -> Uuid {
        match self {
            Self::Report(event) => event.claim.0,
            Self::Accept { claim, .. }
            | Self::Refuse { claim, .. }
            | Self::Reopen { claim, .. }
            | Self::Reverse { claim, .. } => claim.0,
        }
    }

    /// The business date it gives, if any.
    pub fn on(&self) -> Option<Date> {
        match self {
            Self::Report(event) => Some(event.delivered_on),
            Self::Accept { .. } | Self::Refuse { .. } | Self::Reopen { .. } => None,
            Self::Reverse { reversed_on, .. } => Some(*reversed_on),
        }
    }

    /// The amount it gives, if any.
    pub fn amount(&self) -> Option<Eur> {
        match self {
            Self::Report(event) => Some(event.eur),
            Self::Accept { .. } | Self::Refuse { .. } | Self::Reopen { .. } => None,
            Self::Reverse { amount, .. } => Some(*amount),
        }
    }
}
