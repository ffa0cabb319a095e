//! What people did about exceptions. Notes and reasons are in the vault.

use money::{Amount, Eur};
use serde::{Deserialize, Serialize};

use super::kind::ExceptionId;
use super::state::Proposed;
use crate::ids::{Actor, DifferenceAccount, TextId};

/// Somebody looks after an exception.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExceptionAssigned {
    /// Which.
    pub exception: ExceptionId,
    /// Who looks after it.
    pub owner: Actor,
    /// What is to be done, in the vault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<TextId>,
    /// Who said so.
    pub by: Actor,
}

/// Somebody would write a line off that is so large that another person must agree.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WriteOffProposed {
    /// Which.
    pub exception: ExceptionId,
    /// How much.
    pub amount: Amount,
    /// Where it would be booked.
    pub account: DifferenceAccount,
    /// Up to which amount one person would be enough.
    pub alone_max: Eur,
    /// Why, in the vault.
    pub reason: TextId,
    /// Who would do it, and so cannot be the one who agrees.
    pub by: Actor,
}

/// Somebody would accept an exception that is so large that another person must agree.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AcceptanceProposed {
    /// Which.
    pub exception: ExceptionId,
    /// How much it is about.
    pub amount: Amount,
    /// Up to which amount one person would be enough.
    pub alone_max: Eur,
    /// Why, in the vault.
    pub reason: TextId,
    /// Who would do it, and so cannot be the one who agrees.
    pub by: Actor,
}

/// Nothing came of a proposal to accept an exception: who proposed it withdrew it, or somebody else refused it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AcceptanceDeclined {
    /// Which.
    pub exception: ExceptionId,
    /// Who had proposed it.
    pub proposed_by: Actor,
    /// Why, in the vault.
    pub reason: TextId,
    /// Who.
    pub by: Actor,
}

/// Nothing came of a proposal to write a line off: who proposed it withdrew it, or somebody else refused it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WriteOffDeclined {
    /// Which.
    pub exception: ExceptionId,
    /// Who had proposed it.
    pub proposed_by: Actor,
    /// Why, in the vault.
    pub reason: TextId,
    /// Who.
    pub by: Actor,
}

/// How an exception was resolved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Resolution {
    /// It is as it should be, as long as it is about this amount.
    Accepted,
    /// The line is booked there, and explained by that.
    WrittenOff {
        /// Where.
        account: DifferenceAccount,
    },
}

impl Resolution {
    /// What somebody would do, as it stands in sentences.
    pub fn in_words(&self) -> String {
        match self {
            Self::Accepted => "accept it".to_owned(),
            Self::WrittenOff { account } => format!("write it off as {account}"),
        }
    }
}

impl WriteOffProposed {
    /// What is proposed.
    pub fn proposed(&self) -> Proposed {
        let how = Resolution::WrittenOff { account: self.account.clone() };
        Proposed { by: self.by.clone(), amount: self.amount, how }
    }
}

impl AcceptanceProposed {
    /// What is proposed.
    pub fn proposed(&self) -> Proposed {
        Proposed { by: self.by.clone(), amount: self.amount, how: Resolution::Accepted }
    }
}

/// Somebody answers for an exception by name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExceptionResolved {
    /// Which.
    pub exception: ExceptionId,
    /// How much it was about.
    pub amount: Amount,
    /// How.
    pub how: Resolution,
    /// Up to which amount one person would have been enough (not in version 1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alone_max: Option<Eur>,
    /// Why, in the vault.
    pub reason: TextId,
    /// Who.
    pub by: Actor,
}

/// What was resolved is open again; what was written off is booked back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExceptionReopened {
    /// Which.
    pub exception: ExceptionId,
    /// Why, in the vault.
    pub reason: TextId,
    /// Who.
    pub by: Actor,
}
