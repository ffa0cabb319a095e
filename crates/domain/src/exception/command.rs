//! What can be asked of exceptions.

use money::{Amount, Eur};

use super::kind::ExceptionId;
use crate::ids::{Actor, DifferenceAccount, TextId};

/// A command about exceptions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExceptionCommand {
    /// Have somebody look after one.
    Assign {
        /// Which.
        exception: ExceptionId,
        /// Who looks after it.
        owner: Actor,
        /// What is to be done, in the vault.
        note: Option<TextId>,
    },
    /// Accept one as it is.
    Accept {
        /// Which.
        exception: ExceptionId,
        /// How much it is about.
        amount: Amount,
        /// Up to which amount one person is enough.
        alone_max: Eur,
        /// Who has let it be before: of a missing statement whoever took the next one in without it.
        let_be_by: Option<Actor>,
        /// Why, in the vault.
        reason: TextId,
    },
    /// Book a line where nothing else explains it.
    WriteOff {
        /// Which.
        exception: ExceptionId,
        /// How much it is about.
        amount: Amount,
        /// Where.
        account: DifferenceAccount,
        /// Up to which amount one person is enough.
        alone_max: Eur,
        /// Why, in the vault.
        reason: TextId,
    },
    /// Let nothing come of a proposal to accept one or write it off: who proposed it withdraws it, anybody else refuses it.
    Decline {
        /// Which.
        exception: ExceptionId,
        /// Why, in the vault.
        reason: TextId,
    },
    /// Take back how one was resolved.
    Reopen {
        /// Which.
        exception: ExceptionId,
        /// Why, in the vault.
        reason: TextId,
    },
}

impl ExceptionCommand {
    /// The command's name, as kept with a refusal.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Assign { .. } => "assign-exception",
            Self::Accept { .. } => "accept-exception",
            Self::WriteOff { .. } => "write-off",
            Self::Decline { .. } => "decline-resolution",
            Self::Reopen { .. } => "reopen-exception",
        }
    }

    /// Which exception it is about.
    pub fn exception(&self) -> &ExceptionId {
        match self {
            Self::Assign { exception, .. }
            | Self::Accept { exception, .. }
            | Self::WriteOff { exception, .. }
            | Self::Decline { exception, .. }
            | Self::Reopen { exception, .. } => exception,
        }
    }
}
