//! What can be asked of a partner.

use jiff::civil::Date;
use money::{Amount, Eur};

use super::agreement::Agreement;
use super::event::PaidFor;
use super::name::Name;
use crate::claim::ReceiptFile;
use crate::ids::{Actor, AgreementCode, FeeId, FileDigest, KeyDigest, PartnerCode, PaymentId, TextId};
use crate::payment::PaymentCommand;
use crate::rates::Quote;

/// What a partner charges.
#[derive(Debug, Clone, PartialEq)]
pub struct Fee {
    /// The new fee.
    pub fee: FeeId,
    /// The day it is charged for.
    pub charged_on: Date,
    /// Day of the report.
    pub reported_on: Date,
    /// As charged, with its currency.
    pub amount: Amount,
    /// The rate that the rulebook asks for, if the amount is in another currency and the rate is published.
    pub quote: Option<Quote>,
    /// Keyed digest of partner, supplier and receipt number.
    pub receipt_key: KeyDigest,
    /// SHA-256 of the receipt's file, when the partner gave one.
    pub receipt_sha256: Option<FileDigest>,
    /// Supplier, receipt number and description, in the vault.
    pub details: TextId,
    /// SHA-256 of the file it is reported in, if it comes with one.
    pub file: Option<FileDigest>,
}

/// A command to a partner.
#[derive(Debug, Clone, PartialEq)]
pub enum PartnerCommand {
    /// Register an organisation, or name one that an import met first.
    Register {
        /// Its code.
        partner: PartnerCode,
        /// Its full name.
        name: Name,
    },
    /// Give it another name.
    Rename {
        /// The full name.
        name: Name,
    },
    /// Record an agreement that was signed.
    Sign {
        /// Its code.
        agreement: AgreementCode,
        /// What was agreed.
        terms: Agreement,
    },
    /// End an agreement on a day.
    End {
        /// Which.
        agreement: AgreementCode,
        /// Its last day in force.
        ended_on: Date,
    },
    /// Propose where it is to be paid.
    ProposeDetails {
        /// Account and holder, in the vault.
        details: TextId,
        /// Keyed digest of the account and its holder.
        digest: KeyDigest,
        /// Who proposes them.
        proposed_by: Actor,
    },
    /// Bring what was proposed into force.
    ApproveDetails {
        /// Which proposal was looked at: its text.
        details: TextId,
        /// Who approves them.
        approved_by: Actor,
    },
    /// Drop what was proposed.
    RejectDetails {
        /// Why, in the vault.
        reason: TextId,
    },
    /// The partner charges a fee.
    ReportFee(Fee),
    /// Put the file of the receipt beside a fee.
    AttachFee {
        /// Which.
        fee: FeeId,
        /// The file, in the vault.
        file: ReceiptFile,
    },
    /// Give a fee that waits for its rate the rate that has been published.
    ConvertFee {
        /// Which.
        fee: FeeId,
        /// The rate.
        quote: Quote,
    },
    /// Finance accepts a fee.
    AcceptFee {
        /// Which.
        fee: FeeId,
    },
    /// Take back a fee that was accepted: it is not owed, or came back.
    ReverseFee {
        /// Which.
        fee: FeeId,
        /// How much, in euro; none for all that is left of it. Whoever agrees to a proposal names the same.
        amount: Option<Eur>,
        /// Why, in the vault.
        reason: TextId,
    },
    /// Withdraw or refuse what somebody proposed to take back of a fee.
    DropFeeReversal {
        /// Which.
        fee: FeeId,
        /// Why, in the vault.
        reason: TextId,
    },
    /// Something about its payments.
    Payment(PaymentCommand),
    /// Record a payment that was made outside of the ledger.
    Pay {
        /// The new payment.
        payment: PaymentId,
        /// For what.
        paid_for: PaidFor,
        /// How much, in euro; below zero for what the partner paid back.
        amount: Eur,
        /// Day of the payment.
        paid_on: Date,
        /// Keyed digest of partner and payment reference.
        payment_key: KeyDigest,
        /// The payment reference, in the vault.
        details: TextId,
    },
    /// Take back a payment that was recorded as made outside of the ledger.
    ReversePaid {
        /// Which.
        payment: PaymentId,
        /// The match that says that the bank has made it, if there is one.
        matched: Option<u64>,
        /// The open line that has its reference.
        shown: Option<u64>,
        /// Why, in the vault.
        reason: TextId,
    },
    /// Finance refuses a fee.
    RefuseFee {
        /// Which.
        fee: FeeId,
        /// Why, in the vault.
        reason: TextId,
    },
    /// Finance asks the partner something about a fee before it decides.
    QueryFee {
        /// Which.
        fee: FeeId,
        /// The question, in the vault.
        details: TextId,
    },
    /// The partner's answer, whoever types it in.
    AnswerFee {
        /// Which.
        fee: FeeId,
        /// The answer, in the vault.
        details: TextId,
    },
    /// Take up a refused fee again, because what it was refused for has changed or was wrong.
    ReopenFee {
        /// Which.
        fee: FeeId,
        /// Why, in the vault.
        reason: TextId,
    },
}

impl PartnerCommand {
    /// The command's name, as kept with a refusal.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Register { .. } => "register",
            Self::Rename { .. } => "rename",
            Self::Sign { .. } => "sign-agreement",
            Self::End { .. } => "end-agreement",
            Self::ProposeDetails { .. } => "propose-payment-details",
            Self::ApproveDetails { .. } => "approve-payment-details",
            Self::RejectDetails { .. } => "reject-payment-details",
            Self::ReportFee(_) => "report-fee",
            Self::AttachFee { .. } => "attach-fee-receipt",
            Self::ConvertFee { .. } => "convert-fee",
            Self::AcceptFee { .. } => "accept-fee",
            Self::RefuseFee { .. } => "refuse-fee",
            Self::QueryFee { .. } => "query-fee",
            Self::AnswerFee { .. } => "answer-fee",
            Self::ReopenFee { .. } => "reopen-fee",
            Self::Payment(command) => command.name(),
            Self::ReverseFee { .. } => "reverse-fee",
            Self::DropFeeReversal { .. } => "drop-fee-reversal",
            Self::Pay { .. } => "record-payment",
            Self::ReversePaid { .. } => "reverse-paid",
        }
    }

    /// The agreement, fee or payment it is about, if any.
    pub fn about(&self) -> Option<String> {
        match self {
            Self::Sign { agreement, .. } | Self::End { agreement, .. } => Some(agreement.to_string()),
            Self::ReportFee(Fee { fee, .. })
            | Self::AttachFee { fee, .. }
            | Self::ConvertFee { fee, .. }
            | Self::AcceptFee { fee, .. }
            | Self::ReverseFee { fee, .. }
            | Self::DropFeeReversal { fee, .. }
            | Self::QueryFee { fee, .. }
            | Self::AnswerFee { fee, .. }
            | Self::ReopenFee { fee, .. }
            | Self::RefuseFee { fee, .. } => Some(fee.to_string()),
            Self::Pay { payment, .. } | Self::ReversePaid { payment, .. } => Some(payment.to_string()),
            Self::Payment(command) => command.about().map(|payment| payment.to_string()),
            Self::Register { .. }
            | Self::Rename { .. }
            | Self::ProposeDetails { .. }
            | Self::ApproveDetails { .. }
            | Self::RejectDetails { .. } => None,
        }
    }

    /// The business date it gives, if any.
    pub fn on(&self) -> Option<Date> {
        match self {
            Self::Sign { terms, .. } => Some(terms.valid_from),
            Self::End { ended_on, .. } => Some(*ended_on),
            Self::ReportFee(fee) => Some(fee.charged_on),
            Self::Pay { paid_on, .. } => Some(*paid_on),
            Self::Register { .. }
            | Self::Rename { .. }
            | Self::ProposeDetails { .. }
            | Self::ApproveDetails { .. }
            | Self::RejectDetails { .. }
            | Self::AttachFee { .. }
            | Self::ConvertFee { .. }
            | Self::Payment(_)
            | Self::AcceptFee { .. }
            | Self::ReverseFee { .. }
            | Self::DropFeeReversal { .. }
            | Self::ReversePaid { .. }
            | Self::QueryFee { .. }
            | Self::AnswerFee { .. }
            | Self::ReopenFee { .. }
            | Self::RefuseFee { .. } => None,
        }
    }
}
