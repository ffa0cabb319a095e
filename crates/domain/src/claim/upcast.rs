//! Older versions of the events, read as the newest.
//!
//! What was added is left out of a body that does not have it, so an older body is also what the newest version writes.

use jiff::civil::Date;
use money::{Amount, Eur};
use serde::Deserialize;

use super::event::{
    Basis, BenefitReversed, ClaimAccepted, ClaimProposed, ClaimQueried, ClaimReason, ClaimRefused,
    ClaimReopened, Exchange, Original, QueryReason, Shared, SpendReported,
};
use crate::ids::{Actor, ClaimId, FileDigest, KeyDigest, PartnerCode, TextId};

/// Version 1: every amount came with its euros.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SpendReportedV1 {
    claim: ClaimId,
    partner: PartnerCode,
    category: String,
    budget_line: String,
    delivered_on: Date,
    amount: Amount,
    eur: Eur,
    receipt_key: KeyDigest,
    #[serde(default)]
    receipt_sha256: Option<FileDigest>,
    details: TextId,
}

impl From<SpendReportedV1> for SpendReported {
    fn from(event: SpendReportedV1) -> Self {
        Self {
            claim: event.claim,
            partner: event.partner,
            category: event.category,
            budget_line: event.budget_line,
            delivered_on: event.delivered_on,
            amount: event.amount,
            exchange: None,
            eur: Some(event.eur),
            receipt_key: event.receipt_key,
            receipt_sha256: event.receipt_sha256,
            details: event.details,
            shared: None,
            file: None,
            beside: None,
            alike: None,
        }
    }
}

/// Version 2: every receipt was one person's.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SpendReportedV2 {
    claim: ClaimId,
    partner: PartnerCode,
    category: String,
    budget_line: String,
    delivered_on: Date,
    amount: Amount,
    #[serde(default)]
    exchange: Option<Exchange>,
    #[serde(default)]
    eur: Option<Eur>,
    receipt_key: KeyDigest,
    #[serde(default)]
    receipt_sha256: Option<FileDigest>,
    details: TextId,
}

impl From<SpendReportedV2> for SpendReported {
    fn from(event: SpendReportedV2) -> Self {
        Self {
            claim: event.claim,
            partner: event.partner,
            category: event.category,
            budget_line: event.budget_line,
            delivered_on: event.delivered_on,
            amount: event.amount,
            exchange: event.exchange,
            eur: event.eur,
            receipt_key: event.receipt_key,
            receipt_sha256: event.receipt_sha256,
            details: event.details,
            shared: None,
            file: None,
            beside: None,
            alike: None,
        }
    }
}

/// Version 3: nothing told in which file it came.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SpendReportedV3 {
    claim: ClaimId,
    partner: PartnerCode,
    category: String,
    budget_line: String,
    delivered_on: Date,
    amount: Amount,
    #[serde(default)]
    exchange: Option<Exchange>,
    #[serde(default)]
    eur: Option<Eur>,
    receipt_key: KeyDigest,
    #[serde(default)]
    receipt_sha256: Option<FileDigest>,
    details: TextId,
    #[serde(default)]
    shared: Option<Shared>,
}

impl From<SpendReportedV3> for SpendReported {
    fn from(event: SpendReportedV3) -> Self {
        Self {
            claim: event.claim,
            partner: event.partner,
            category: event.category,
            budget_line: event.budget_line,
            delivered_on: event.delivered_on,
            amount: event.amount,
            exchange: event.exchange,
            eur: event.eur,
            receipt_key: event.receipt_key,
            receipt_sha256: event.receipt_sha256,
            details: event.details,
            shared: event.shared,
            file: None,
            beside: None,
            alike: None,
        }
    }
}

/// Version 4: nothing told how else the receipt may be spelled.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SpendReportedV4 {
    claim: ClaimId,
    partner: PartnerCode,
    category: String,
    budget_line: String,
    delivered_on: Date,
    amount: Amount,
    #[serde(default)]
    exchange: Option<Exchange>,
    #[serde(default)]
    eur: Option<Eur>,
    receipt_key: KeyDigest,
    #[serde(default)]
    receipt_sha256: Option<FileDigest>,
    details: TextId,
    #[serde(default)]
    shared: Option<Shared>,
    #[serde(default)]
    file: Option<FileDigest>,
}

impl From<SpendReportedV4> for SpendReported {
    fn from(event: SpendReportedV4) -> Self {
        Self {
            claim: event.claim,
            partner: event.partner,
            category: event.category,
            budget_line: event.budget_line,
            delivered_on: event.delivered_on,
            amount: event.amount,
            exchange: event.exchange,
            eur: event.eur,
            receipt_key: event.receipt_key,
            receipt_sha256: event.receipt_sha256,
            details: event.details,
            shared: event.shared,
            file: event.file,
            beside: None,
            alike: None,
        }
    }
}

/// Version 1: euros only.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BenefitReversedV1 {
    claim: ClaimId,
    budget_line: String,
    amount: Eur,
    reversed_on: Date,
    reversal_key: KeyDigest,
    details: TextId,
}

impl From<BenefitReversedV1> for BenefitReversed {
    fn from(event: BenefitReversedV1) -> Self {
        Self {
            claim: event.claim,
            budget_line: event.budget_line,
            amount: event.amount,
            original: None,
            reversed_on: event.reversed_on,
            reversal_key: event.reversal_key,
            details: event.details,
            rulebook: None,
        }
    }
}

/// Version 2: one person took back any amount.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BenefitReversedV2 {
    claim: ClaimId,
    budget_line: String,
    amount: Eur,
    #[serde(default)]
    original: Option<Original>,
    reversed_on: Date,
    reversal_key: KeyDigest,
    details: TextId,
}

impl From<BenefitReversedV2> for BenefitReversed {
    fn from(event: BenefitReversedV2) -> Self {
        Self {
            claim: event.claim,
            budget_line: event.budget_line,
            amount: event.amount,
            original: event.original,
            reversed_on: event.reversed_on,
            reversal_key: event.reversal_key,
            details: event.details,
            rulebook: None,
        }
    }
}

/// Version 1: only rules asked, and they have no words of their own.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClaimQueriedV1 {
    claim: ClaimId,
    reason: QueryReason,
    basis: Basis,
}

impl From<ClaimQueriedV1> for ClaimQueried {
    fn from(event: ClaimQueriedV1) -> Self {
        Self { claim: event.claim, reason: event.reason, details: None, basis: event.basis }
    }
}

/// Version 1: finance took all that fitted, or nothing.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClaimAcceptedV1 {
    claim: ClaimId,
    budget_line: String,
    eligible: Eur,
    disallowed: Eur,
    #[serde(default)]
    reason: Option<ClaimReason>,
    basis: Basis,
}

impl From<ClaimAcceptedV1> for ClaimAccepted {
    fn from(event: ClaimAcceptedV1) -> Self {
        Self {
            claim: event.claim,
            budget_line: event.budget_line,
            eligible: event.eligible,
            disallowed: event.disallowed,
            reason: event.reason,
            cut: None,
            basis: event.basis,
        }
    }
}

/// Version 1: what was proposed was to accept all that fits.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClaimProposedV1 {
    claim: ClaimId,
    proposed_by: Actor,
    second_approval_from: Eur,
    eligible: Eur,
    basis: Basis,
}

impl From<ClaimProposedV1> for ClaimProposed {
    fn from(event: ClaimProposedV1) -> Self {
        Self {
            claim: event.claim,
            proposed_by: event.proposed_by,
            second_approval_from: event.second_approval_from,
            eligible: event.eligible,
            cut: None,
            basis: event.basis,
        }
    }
}

/// Version 1: what was worth nothing waited for ever.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClaimRefusedV1 {
    claim: ClaimId,
    budget_line: String,
    disallowed: Eur,
    reason: ClaimReason,
    #[serde(default)]
    details: Option<TextId>,
    basis: Basis,
}

impl From<ClaimRefusedV1> for ClaimRefused {
    fn from(event: ClaimRefusedV1) -> Self {
        let ClaimRefusedV1 { claim, budget_line, disallowed, reason, details, basis } = event;
        Self { claim, budget_line, disallowed, reason, details, basis }
    }
}

/// Version 1: one person accepted what another one had refused.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClaimReopenedV1 {
    claim: ClaimId,
    budget_line: String,
    amount: Eur,
    details: TextId,
}

impl From<ClaimReopenedV1> for ClaimReopened {
    fn from(event: ClaimReopenedV1) -> Self {
        let ClaimReopenedV1 { claim, budget_line, amount, details } = event;
        Self { claim, budget_line, amount, details, by_two: false }
    }
}
