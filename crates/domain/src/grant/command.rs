//! What can be asked about the arrival grant.

use jiff::civil::Date;
use money::Eur;
use uuid::Uuid;

use super::event::PaymentMethod;
use crate::ids::{GrantId, KeyDigest, TextId};

/// A command about an arrival grant of a case.
#[derive(Debug, Clone, PartialEq)]
pub enum GrantCommand {
    /// Record a payment that was made.
    Pay {
        /// The new grant.
        grant: GrantId,
        /// Day of payment.
        paid_on: Date,
        /// How much.
        amount: Eur,
        /// How.
        method: PaymentMethod,
        /// Keyed digest of the payment reference.
        payment_key: KeyDigest,
        /// The payment reference, in the vault.
        details: TextId,
    },
    /// Finance lets a refused payment count, with a reason.
    Allow {
        /// Which.
        grant: GrantId,
        /// Why, in the vault.
        details: TextId,
    },
    /// The money came back.
    Return {
        /// Which.
        grant: GrantId,
        /// How much.
        amount: Eur,
        /// Day.
        returned_on: Date,
        /// Why, in the vault.
        details: TextId,
    },
}

impl GrantCommand {
    /// The command's name, as kept with a refusal.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Pay { .. } => "pay-grant",
            Self::Allow { .. } => "allow-grant",
            Self::Return { .. } => "return-grant",
        }
    }

    /// The grant it is about.
    pub fn about(&self) -> Uuid {
        match self {
            Self::Pay { grant, .. } | Self::Allow { grant, .. } | Self::Return { grant, .. } => grant.0,
        }
    }

    /// The business date it gives, if any.
    pub fn on(&self) -> Option<Date> {
        match self {
            Self::Pay { paid_on, .. } => Some(*paid_on),
            Self::Allow { .. } => None,
            Self::Return { returned_on, .. } => Some(*returned_on),
        }
    }

    /// The amount it gives, if any.
    pub fn amount(&self) -> Option<Eur> {
        match self {
            Self::Pay { amount, .. } | Self::Return { amount, .. } => Some(*amount),
            Self::Allow { .. } => None,
        }
    }
}
