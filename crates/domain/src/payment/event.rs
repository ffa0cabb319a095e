//! What happened to payments to a partner.

use jiff::civil::Date;
use money::Eur;
use serde::{Deserialize, Serialize};

use crate::creditor::CreditorReference;
use crate::ids::{Actor, CaseId, ClaimId, FeeId, GrantId, PaymentId, TextId};
use crate::period::Period;

/// What can be paid to a partner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Payable {
    /// What was accepted of a claim.
    Claim {
        /// The case it is for.
        case: CaseId,
        /// Which.
        claim: ClaimId,
    },
    /// An arrival grant that the partner paid out in cash.
    Grant {
        /// The case it is for.
        case: CaseId,
        /// Which.
        grant: GrantId,
    },
    /// A fee.
    Fee {
        /// Which.
        fee: FeeId,
    },
    /// What is still to be spent: settled by later payments.
    Advance,
}

impl Payable {
    /// The claim, grant or fee; an advance is for none yet.
    pub fn id(&self) -> Option<uuid::Uuid> {
        match self {
            Self::Claim { claim, .. } => Some(claim.0),
            Self::Grant { grant, .. } => Some(grant.0),
            Self::Fee { fee } => Some(fee.0),
            Self::Advance => None,
        }
    }

    /// The case it is for, if it is for one.
    pub fn case(&self) -> Option<CaseId> {
        match self {
            Self::Claim { case, .. } | Self::Grant { case, .. } => Some(*case),
            Self::Fee { .. } | Self::Advance => None,
        }
    }
}

/// One item of a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentItem {
    /// What is paid.
    pub of: Payable,
    /// How much, in euro; below zero where something came back after it was paid.
    pub eur: Eur,
}

/// Somebody proposed a payment. Its items are in no other payment for these amounts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentProposed {
    /// The new payment.
    pub payment: PaymentId,
    /// What stands on it at the bank.
    pub reference: CreditorReference,
    /// The days of what is paid; none for whatever is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<Period>,
    /// What is paid.
    pub items: Vec<PaymentItem>,
    /// Of that, what was paid outside of the ledger before and belongs to no other payment; below zero where such a payment
    /// was taken back after an earlier one had taken it into account.
    pub paid_before: Eur,
    /// Of that, what was paid in advance; below zero for the same reason.
    pub advance_settled: Eur,
    /// What is left to be transferred, in euro: zero where all was paid before.
    pub total: Eur,
    /// The payment details in force: account and holder, in the vault.
    pub account: TextId,
    /// Why an advance is paid, in the vault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<TextId>,
    /// Who proposed it, and so cannot approve it.
    pub by: Actor,
}

/// A second person approved a payment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentApproved {
    /// Which.
    pub payment: PaymentId,
    /// Who approved it, and so cannot write it into a file.
    pub by: Actor,
}

/// A payment is not made. Its items are due again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentCancelled {
    /// Which.
    pub payment: PaymentId,
    /// Why, in the vault.
    pub reason: TextId,
    /// Who cancelled it.
    pub by: Actor,
}

/// The bank gave back what was paid. Its items are due again, and what it settled of advances is open again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentReturned {
    /// Which.
    pub payment: PaymentId,
    /// The match with the line that brought it.
    pub matching: u64,
    /// Who matched it.
    pub by: Actor,
}

/// What was taken for money that came back was something else: the payment counts as paid again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentReturnUndone {
    /// Which.
    pub payment: PaymentId,
    /// The match that was undone.
    pub matching: u64,
    /// Who undid it.
    pub by: Actor,
}

/// Somebody wants to take back a payment that stands in a file, before the bank makes it. Another person must agree.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentRecallProposed {
    /// Which.
    pub payment: PaymentId,
    /// Why, in the vault.
    pub reason: TextId,
    /// Who wants it, and so cannot agree to it.
    pub by: Actor,
}

/// A payment is not to be taken back from its file after all: withdrawn by who wanted it, or refused by another person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentRecallWithdrawn {
    /// Which.
    pub payment: PaymentId,
    /// Who had wanted it.
    pub proposed_by: Actor,
    /// Why, in the vault.
    pub reason: TextId,
    /// Who withdrew or refused it.
    pub by: Actor,
}

/// A payment that stands in a file is not made. Its items are due again, and what it settled of advances is open again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentRecalled {
    /// Which.
    pub payment: PaymentId,
    /// Why, in the vault, as the one says who agreed.
    pub reason: TextId,
    /// Who agreed.
    pub by: Actor,
}

/// A payment stands in a file for the bank. From now on it counts as paid.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentInstructed {
    /// Which.
    pub payment: PaymentId,
    /// The file's number.
    pub file: u64,
    /// The day on which the bank is to execute it.
    pub execute_on: Date,
    /// Who wrote the file.
    pub by: Actor,
}
