//! What can be asked of payments to a partner.

use jiff::civil::Date;
use money::Eur;

use super::due::Standing;
use crate::creditor::CreditorReference;
use crate::ids::{KeyDigest, PaymentId, TextId};
use crate::period::Period;

/// A payment to be proposed of what is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPayment {
    /// The new payment.
    pub payment: PaymentId,
    /// What is to stand on it at the bank.
    pub reference: CreditorReference,
    /// The days of what is to be paid; none for whatever is due. What came back is taken off in any case.
    pub period: Option<Period>,
    /// Advances stay open.
    pub keep_advance: bool,
    /// What the partner can be paid for.
    pub standing: Standing,
}

/// An advance to be proposed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAdvance {
    /// The new payment.
    pub payment: PaymentId,
    /// What is to stand on it at the bank.
    pub reference: CreditorReference,
    /// How much, in euro.
    pub amount: Eur,
    /// Why, in the vault.
    pub reason: TextId,
    /// What the partner can be paid for, and whether it can be paid at all.
    pub standing: Standing,
}

/// What the bank has made of a payment, as one of its lines says. It is recorded as paid when the payment is taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartMade {
    /// What is recorded.
    pub payment: PaymentId,
    /// How much, in euro.
    pub amount: Eur,
    /// The day on which the bank booked it.
    pub paid_on: Date,
    /// Keyed digest of partner and payment reference.
    pub payment_key: KeyDigest,
    /// The payment reference, in the vault.
    pub details: TextId,
}

/// A command about payments of a partner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PaymentCommand {
    /// Propose to pay what is due.
    Propose(NewPayment),
    /// Propose to pay in advance.
    Advance(NewAdvance),
    /// Approve what somebody else proposed.
    Approve {
        /// Which.
        payment: PaymentId,
        /// What the partner can be paid for.
        standing: Standing,
    },
    /// Do not pay what was proposed, or approved.
    Cancel {
        /// Which.
        payment: PaymentId,
        /// Why, in the vault.
        reason: TextId,
    },
    /// Take back a payment that stands in a file, before the bank makes it: one person asks for it, another agrees.
    Recall {
        /// Which.
        payment: PaymentId,
        /// Why, in the vault.
        reason: TextId,
        /// The match that says that the bank has made it.
        matched: Option<u64>,
        /// The open line that has its reference.
        shown: Option<u64>,
        /// What the bank has made of it, where that is less than all; then no line shows it whole.
        in_part: Vec<PartMade>,
        /// The bank says that it does not make it: then one person is enough.
        rejected: bool,
    },
    /// Do not take a payment back that somebody wants to take back.
    WithdrawRecall {
        /// Which.
        payment: PaymentId,
        /// Why, in the vault.
        reason: TextId,
    },
    /// The bank gave the money back: what it was to pay is due again.
    Return {
        /// Which.
        payment: PaymentId,
        /// The match with the line that brought it.
        matching: u64,
    },
    /// It did not come back after all.
    UndoReturn {
        /// Which.
        payment: PaymentId,
        /// The match that was undone.
        matching: u64,
    },
}

impl PaymentCommand {
    /// The command's name, as kept with a refusal.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Propose(_) => "propose-payment",
            Self::Advance(_) => "propose-advance",
            Self::Approve { .. } => "approve-payment",
            Self::Cancel { .. } => "cancel-payment",
            Self::Recall { .. } => "recall-payment",
            Self::WithdrawRecall { .. } => "withdraw-recall",
            Self::Return { .. } => "return-payment",
            Self::UndoReturn { .. } => "undo-return",
        }
    }

    /// The payment it is about, if there is one already.
    pub fn about(&self) -> Option<PaymentId> {
        match self {
            Self::Propose(_) | Self::Advance(_) => None,
            Self::Approve { payment, .. }
            | Self::Cancel { payment, .. }
            | Self::Recall { payment, .. }
            | Self::WithdrawRecall { payment, .. }
            | Self::Return { payment, .. }
            | Self::UndoReturn { payment, .. } => Some(*payment),
        }
    }
}
