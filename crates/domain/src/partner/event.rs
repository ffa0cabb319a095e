//! What happened to a partner organisation.

use std::collections::BTreeSet;

use jiff::civil::Date;
use money::{Amount, Eur};
use rulebook::{Country, FailedCondition};
use serde::{Deserialize, Serialize};

use super::agreement::FeeTerms;
use super::name::Name;
use super::upcast::{FeeReportedV1, FeeReportedV2};
use crate::claim::Exchange;
use crate::event::events;
use crate::ids::{Actor, AgreementCode, FeeId, FileDigest, KeyDigest, PartnerCode, PaymentId, TextId};
use crate::payment::{
    PaymentApproved, PaymentCancelled, PaymentInstructed, PaymentProposed, PaymentRecallProposed,
    PaymentRecallWithdrawn, PaymentRecalled, PaymentReturnUndone, PaymentReturned,
};
use crate::rates::Quote;

events! {
    /// An event of a partner stream.
    PartnerEvent {
        PartnerRegistered = 1,
        PartnerNamed = 1,
        AgreementSigned = 1,
        AgreementEnded = 1,
        PaymentDetailsProposed = 1,
        PaymentDetailsApproved = 1,
        PaymentDetailsRejected = 1,
        FeeReported = 3 (1 as FeeReportedV1, 2 as FeeReportedV2),
        FeeReceiptAttached = 1,
        FeeConverted = 1,
        FeeProposed = 1,
        FeeQueried = 1,
        FeeAnswered = 1,
        FeeAccepted = 1,
        FeeRefused = 1,
        FeeReopened = 1,
        FeeReversalProposed = 1,
        FeeReversalDropped = 1,
        FeeReversed = 1,
        PartnerPaid = 1,
        PartnerPaidReversed = 1,
        PartnerPaidReturned = 1,
        PartnerPaidReturnUndone = 1,
        PaymentProposed = 1,
        PaymentApproved = 1,
        PaymentCancelled = 1,
        PaymentInstructed = 1,
        PaymentRecallProposed = 1,
        PaymentRecallWithdrawn = 1,
        PaymentRecalled = 1,
        PaymentReturned = 1,
        PaymentReturnUndone = 1,
        PartnerCommandRefused = 1,
    }
}

impl PartnerEvent {
    /// The encrypted text this event brings, if any.
    pub fn text(&self) -> Option<TextId> {
        match self {
            Self::PaymentDetailsProposed(e) => Some(e.details),
            Self::PaymentDetailsRejected(e) => Some(e.reason),
            Self::FeeReported(e) => Some(e.details),
            Self::FeeQueried(e) => Some(e.details),
            Self::FeeAnswered(e) => Some(e.details),
            Self::FeeRefused(e) => Some(e.reason),
            Self::FeeReopened(e) => Some(e.reason),
            Self::FeeReversalProposed(e) => Some(e.reason),
            Self::FeeReversalDropped(e) => Some(e.reason),
            Self::FeeReversed(e) => Some(e.reason),
            Self::PartnerPaid(e) => Some(e.details),
            Self::PartnerPaidReversed(e) => Some(e.reason),
            Self::PaymentProposed(e) => e.reason,
            Self::PaymentCancelled(e) => Some(e.reason),
            Self::PaymentRecallProposed(e) => Some(e.reason),
            Self::PaymentRecallWithdrawn(e) => Some(e.reason),
            Self::PaymentRecalled(e) => Some(e.reason),
            _ => None,
        }
    }

    /// The pieces of a file in the vault that this event refers to, in their order.
    pub fn file(&self) -> &[TextId] {
        match self {
            Self::FeeReceiptAttached(e) => &e.pieces,
            _ => &[],
        }
    }

    /// The fact this event reserves in the whole ledger, if any: its kind, its keyed digest, and the fee it belongs to.
    pub fn unique_fact(&self) -> Option<(&'static str, KeyDigest, uuid::Uuid)> {
        match self {
            // A receipt is paid once: as a fee or as spend on a person.
            Self::FeeReported(e) => Some((crate::claim::RECEIPT, e.receipt_key, e.fee.0)),
            Self::PartnerPaid(e) => Some((super::PAYMENT, e.payment_key, e.payment.0)),
            _ => None,
        }
    }
}

/// A partner was met for the first time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartnerRegistered {
    /// Its code.
    pub partner: PartnerCode,
}

/// A partner got its full name, or another one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartnerNamed {
    /// The name of the organisation.
    pub name: Name,
}

/// An agreement was signed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgreementSigned {
    /// Its code, unique for the partner.
    pub agreement: AgreementCode,
    /// Programme of the rulebook.
    pub programme: String,
    /// Countries the partner delivers in.
    pub countries: BTreeSet<Country>,
    /// First day in force.
    pub valid_from: Date,
    /// Last day in force, if one was agreed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Date>,
    /// What the partner may charge; none charges nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fee: Option<FeeTerms>,
}

/// An agreement ends, on another day than was agreed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgreementEnded {
    /// Which.
    pub agreement: AgreementCode,
    /// Its last day in force.
    pub ended_on: Date,
}

/// Somebody proposed where the partner is to be paid. What was approved before stays in force.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentDetailsProposed {
    /// Account and holder, in the vault.
    pub details: TextId,
    /// Keyed digest of the account and its holder, so that the same details are recognised.
    pub digest: KeyDigest,
    /// Who proposed them.
    pub proposed_by: Actor,
}

/// A second person approved what was proposed: it is in force.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentDetailsApproved {
    /// Which.
    pub details: TextId,
    /// Who approved them.
    pub approved_by: Actor,
}

/// What was proposed does not come into force.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentDetailsRejected {
    /// Which.
    pub details: TextId,
    /// Why, in the vault.
    pub reason: TextId,
}

/// A partner charged a fee. It is no benefit and touches no person's cap.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeeReported {
    /// The new fee.
    pub fee: FeeId,
    /// The agreement it is charged under; none if no agreement with fee terms was in force on its day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreement: Option<AgreementCode>,
    /// The day it is charged for.
    pub charged_on: Date,
    /// As charged, with its currency.
    pub amount: Amount,
    /// Which rate values it; none for euros.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange: Option<Exchange>,
    /// In euro, computed once; none while the rate is still to come (never so in version 1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eur: Option<Eur>,
    /// Keyed digest of partner, supplier and receipt number.
    pub receipt_key: KeyDigest,
    /// SHA-256 of the receipt's file, when the partner gave one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt_sha256: Option<FileDigest>,
    /// Supplier, receipt number and description, in the vault.
    pub details: TextId,
    /// SHA-256 of the file it was reported in (none in versions 1 and 2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<FileDigest>,
}

/// The file of a fee's receipt was put into the vault.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeeReceiptAttached {
    /// Of which fee.
    pub fee: FeeId,
    /// Its content in the vault, in pieces, in their order.
    pub pieces: Vec<TextId>,
    /// SHA-256 of the file.
    pub sha256: FileDigest,
    /// Its length.
    pub bytes: u64,
}

/// The rate that a fee waited for was published: its euros are computed, once and for all.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeeConverted {
    /// Which.
    pub fee: FeeId,
    /// The rate.
    pub quote: Quote,
    /// In euro.
    pub eur: Eur,
}

/// One person would accept a fee so large that another one must agree.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeeProposed {
    /// Which.
    pub fee: FeeId,
    /// Who would accept it, and so cannot be the one who agrees.
    pub proposed_by: Actor,
    /// From which amount on two people are needed.
    pub second_approval_from: Eur,
    /// Version of the rulebook in force.
    pub rulebook: String,
}

/// Finance asks the partner about a fee: it waits for an answer, or a decision.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeeQueried {
    /// Which.
    pub fee: FeeId,
    /// The question, in the vault.
    pub details: TextId,
}

/// The partner answered a question about a fee.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeeAnswered {
    /// Which.
    pub fee: FeeId,
    /// The answer, in the vault.
    pub details: TextId,
}

/// Finance accepted a fee.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeeAccepted {
    /// Which.
    pub fee: FeeId,
    /// In euro.
    pub eur: Eur,
}

/// Finance refused a fee. It stays visible, with its reason.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeeRefused {
    /// Which.
    pub fee: FeeId,
    /// Why, in the vault.
    pub reason: TextId,
}

/// A refused fee was taken up again: it is not decided any more. Two people must accept it, because somebody had refused it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeeReopened {
    /// Which.
    pub fee: FeeId,
    /// Why, in the vault.
    pub reason: TextId,
}

/// One person would take back an accepted fee so large that another one must agree.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeeReversalProposed {
    /// Which.
    pub fee: FeeId,
    /// How much of it, in euro: whoever agrees, agrees to this.
    pub eur: Eur,
    /// Why, in the vault.
    pub reason: TextId,
    /// Who would take it back, and so cannot be the one who agrees.
    pub proposed_by: Actor,
    /// From which sum on two people are needed.
    pub second_approval_from: Eur,
    /// Version of the rulebook in force.
    pub rulebook: String,
}

/// What somebody would take back of a fee is not taken back: who proposed it withdrew it, or somebody else refused it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeeReversalDropped {
    /// Which.
    pub fee: FeeId,
    /// Why, in the vault.
    pub reason: TextId,
}

/// An accepted fee was taken back, in whole or in part: it is not owed, or came back. What was booked stays.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeeReversed {
    /// Which.
    pub fee: FeeId,
    /// How much of it, in euro.
    pub eur: Eur,
    /// Why, in the vault.
    pub reason: TextId,
}

rulebook::codes! {
    /// What a partner was paid for.
    PaidFor {
        /// What is owed for claims and fees that were accepted.
        Claims = "claims",
        /// What is still to be spent: a förskott, settled by later claims.
        Advance = "advance",
    }
}

/// A partner was paid outside of the ledger, and it was recorded afterwards.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartnerPaid {
    /// The payment.
    pub payment: PaymentId,
    /// For what.
    pub paid_for: PaidFor,
    /// How much, in euro; below zero for what the partner paid back.
    pub amount: Eur,
    /// Day of the payment.
    pub paid_on: Date,
    /// Keyed digest of partner and payment reference: a payment is recorded once.
    pub payment_key: KeyDigest,
    /// The payment reference, in the vault.
    pub details: TextId,
}

/// A payment that was recorded as made outside of the ledger was not made, or came back. What was booked stays.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartnerPaidReversed {
    /// The payment.
    pub payment: PaymentId,
    /// For what it was recorded.
    pub paid_for: PaidFor,
    /// The whole of it, in euro.
    pub amount: Eur,
    /// Why, in the vault.
    pub reason: TextId,
}

/// The bank gave back what was paid outside of the ledger: it counts as paid no more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartnerPaidReturned {
    /// The payment.
    pub payment: PaymentId,
    /// The match with the line that brought it.
    pub matching: u64,
    /// Who matched it.
    pub by: Actor,
}

/// What was taken for money that came back was something else: the payment counts again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartnerPaidReturnUndone {
    /// The payment.
    pub payment: PaymentId,
    /// The match that was undone.
    pub matching: u64,
    /// Who undid it.
    pub by: Actor,
}

/// A command about a partner was refused by a rule. It changed nothing; who gave it stands in the envelope.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartnerCommandRefused {
    /// Name of the command.
    pub command: String,
    /// The agreement, fee or payment it was about, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// The business date the command gave, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<Date>,
    /// Version of the rulebook in force.
    pub rulebook: String,
    /// Every reason.
    pub reasons: Vec<FailedCondition>,
}
