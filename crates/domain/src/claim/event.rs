//! What happened to a claim.

use jiff::civil::Date;
use money::{Amount, Eur, Overflow};
use rulebook::SpendRate;
use serde::{Deserialize, Serialize};

use crate::ids::{Actor, ClaimId, FileDigest, KeyDigest, PartnerCode, TextId};
use crate::rates::Quote;

rulebook::codes! {
    /// Why a claim, or a part of it, was disallowed. Tested in this order; finance's own refusal stands apart.
    ClaimReason {
        /// Nothing was granted on the budget line, or the grant has ended.
        NoEntitlement = "no-entitlement",
        /// Another partner had the case on the day of the delivery.
        WrongPartner = "wrong-partner",
        /// No arrival is recorded.
        NotArrived = "not-arrived",
        /// Delivered before the person came home.
        BeforeArrival = "before-arrival",
        /// Does not fit under the cap, in whole or in part.
        OverCap = "over-cap",
        /// Refused by finance, or accepted by it only in part, with a reason.
        ByFinance = "by-finance",
        /// At the rate that it waited for it is worth less than half a cent: there is nothing to book (not in version 1 of
        /// `ClaimRefused`).
        WorthNothing = "worth-nothing",
    }
}

rulebook::codes! {
    /// Why a claim waits for an answer instead of being decided in bulk.
    QueryReason {
        /// Delivered later than the package may be used after arrival.
        LateUse = "late-use",
        /// Finance asks the partner.
        ByFinance = "by-finance",
    }
}

/// Which exchange rate values an amount: fixed when it is reported, also where the rate itself is still to come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exchange {
    /// Version of the rulebook in force.
    pub rulebook: String,
    /// What its parameter `spend_rate` said.
    pub rule: SpendRate,
    /// The day for which the rate is taken.
    pub day: Date,
    /// The rate, if it was published by then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quote: Option<Quote>,
}

/// One person's share of a receipt that is for a family. The amounts of all shares sum to that of the receipt, and their
/// euros to what the receipt is worth.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shared {
    /// The claim of the first share, which stands for the receipt.
    pub of: ClaimId,
    /// Which share, from 1.
    pub part: u32,
    /// How many shares there are.
    pub parts: u32,
    /// As on the receipt.
    pub whole: Amount,
}

/// A partner reported spend on a person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpendReported {
    /// The new claim.
    pub claim: ClaimId,
    /// Who reports: the partner, whoever runs the import.
    pub partner: PartnerCode,
    /// Benefit category of the rulebook.
    pub category: String,
    /// Budget line the category belongs to.
    pub budget_line: String,
    /// Day of delivery.
    pub delivered_on: Date,
    /// As on the receipt, with its currency.
    pub amount: Amount,
    /// Which rate values it; none for euros (and in version 1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange: Option<Exchange>,
    /// In euro, computed once; none while the rate is still to come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eur: Option<Eur>,
    /// Keyed digest of partner, supplier and receipt number.
    pub receipt_key: KeyDigest,
    /// SHA-256 of the receipt's file, when the partner gave one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt_sha256: Option<FileDigest>,
    /// Supplier, receipt number and description, in the vault.
    pub details: TextId,
    /// Which share of the receipt this is, if it is for a family; `amount` is the share (none in versions 1 and 2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shared: Option<Shared>,
    /// SHA-256 of the file it was reported in (none in versions 1 to 3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<FileDigest>,
    /// What other people's parts of the same receipt come to that were reported before, in its currency (none in versions 1
    /// to 4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beside: Option<Amount>,
    /// What tells its receipt, however that is spelled (none in versions 1 to 4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alike: Option<Box<Alike>>,
}

/// What tells a receipt, however it is spelled and whoever reports it: keyed digests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alike {
    /// Of the supplier.
    pub supplier: KeyDigest,
    /// Of supplier and number, in one or two plain spellings: one receipt has one of them in common.
    pub receipts: Vec<KeyDigest>,
}

/// The file of a receipt was put into the vault.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReceiptAttached {
    /// Of which claim.
    pub claim: ClaimId,
    /// Its content in the vault, in pieces, in their order.
    pub pieces: Vec<TextId>,
    /// SHA-256 of the file.
    pub sha256: FileDigest,
    /// Its length.
    pub bytes: u64,
}

/// A claim waits for its rate: until it comes, so much of its budget line is held back for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpendEstimated {
    /// Which.
    pub claim: ClaimId,
    /// Budget line.
    pub budget_line: String,
    /// The newest rate that was known of its currency when it was reported: not the one that will value it.
    pub quote: Quote,
    /// In euro, at that rate.
    pub amount: Eur,
}

/// Nothing is held back any more for a claim that waited: its rate came, or it was refused.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EstimateReleased {
    /// Which.
    pub claim: ClaimId,
    /// Budget line.
    pub budget_line: String,
    /// All that was held back.
    pub amount: Eur,
}

/// The rate that a claim waited for was published: its euros are computed, once and for all.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClaimConverted {
    /// Which.
    pub claim: ClaimId,
    /// Budget line.
    pub budget_line: String,
    /// The rate.
    pub quote: Quote,
    /// In euro.
    pub eur: Eur,
}

/// The facts and figures a decision about a claim was made on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Basis {
    /// Version of the rulebook in force.
    pub rulebook: String,
    /// The rule that sets the cap, if anything was granted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule_id: Option<String>,
    /// The cap.
    pub cap: Eur,
    /// Disbursed on the line before this decision.
    pub disbursed: Eur,
    /// The partner that had the case on the day of the delivery.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partner: Option<PartnerCode>,
    /// Arrival, if recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arrived_on: Option<Date>,
}

/// What finance accepts at most of a claim, because the rest is not to be paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cut {
    /// Less than what is claimed, in euro.
    pub at_most: Eur,
    /// Why no more, in the vault.
    pub details: TextId,
}

/// The claim was accepted: in whole, or as far as finance wants and it fits under the cap.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClaimAccepted {
    /// Which.
    pub claim: ClaimId,
    /// Budget line.
    pub budget_line: String,
    /// Counts as disbursed.
    pub eligible: Eur,
    /// Does not.
    pub disallowed: Eur,
    /// Why no more than what is eligible, when something is disallowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<ClaimReason>,
    /// What finance accepted at most (not in version 1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cut: Option<Cut>,
    /// Facts and figures used.
    pub basis: Basis,
}

impl ClaimAccepted {
    /// Of what is disallowed, what finance cut off, whatever else would have fitted under the cap.
    ///
    /// # Errors
    /// [`Overflow`] where eligible and disallowed cannot be added up.
    pub fn cut_off(&self) -> Result<Eur, Overflow> {
        match &self.cut {
            Some(cut) => self.eligible.checked_add(self.disallowed)?.checked_sub(cut.at_most),
            None => Ok(Eur::ZERO),
        }
    }

    /// What is disallowed, by reason: what finance cut off, and what of the rest did not fit.
    ///
    /// # Errors
    /// [`Overflow`] like [`ClaimAccepted::cut_off`].
    pub fn disallowed_for(&self) -> Result<[(ClaimReason, Eur); 2], Overflow> {
        let cut_off = self.cut_off()?;
        let rest = self.disallowed.checked_sub(cut_off)?;
        Ok([(ClaimReason::ByFinance, cut_off), (ClaimReason::OverCap, rest)])
    }
}

/// The claim waits for an answer from the partner or a decision by name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClaimQueried {
    /// Which.
    pub claim: ClaimId,
    /// Why.
    pub reason: QueryReason,
    /// Finance's question, in the vault (not in version 1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<TextId>,
    /// Facts and figures used.
    pub basis: Basis,
}

/// The partner answered a query: somebody decides by name now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClaimAnswered {
    /// Which.
    pub claim: ClaimId,
    /// The answer, in the vault.
    pub details: TextId,
}

/// One person would accept a claim so large that another one must agree. It is still pending.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClaimProposed {
    /// Which.
    pub claim: ClaimId,
    /// Who would accept it, and so cannot be the one who agrees.
    pub proposed_by: Actor,
    /// From which claim on two people are needed.
    pub second_approval_from: Eur,
    /// What would count as disbursed now.
    pub eligible: Eur,
    /// What is to be accepted at most: whoever agrees, agrees to this (not in version 1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cut: Option<Cut>,
    /// Facts and figures used.
    pub basis: Basis,
}

/// Nothing of the claim counts. It stays visible, with its reason.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClaimRefused {
    /// Which.
    pub claim: ClaimId,
    /// Budget line.
    pub budget_line: String,
    /// The whole claim.
    pub disallowed: Eur,
    /// Why.
    pub reason: ClaimReason,
    /// Finance's own words, in the vault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<TextId>,
    /// Facts and figures used.
    pub basis: Basis,
}

/// A refused claim was taken up again: it is not decided any more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClaimReopened {
    /// Which.
    pub claim: ClaimId,
    /// Budget line.
    pub budget_line: String,
    /// The whole claim: no longer disallowed, again pending.
    pub amount: Eur,
    /// Why, in the vault.
    pub details: TextId,
    /// Two people must accept it, because somebody of finance had refused it (not in version 1).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_two: bool,
}

/// An amount in the currency of its claim, and the rate of that claim.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Original {
    /// As given.
    pub amount: Amount,
    /// The rate that the claim was converted at.
    pub quote: Quote,
}

/// Accepted spend came back. It posts on its own day and lowers what was disbursed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BenefitReversed {
    /// Which claim.
    pub claim: ClaimId,
    /// Budget line.
    pub budget_line: String,
    /// How much, in euro.
    pub amount: Eur,
    /// What came back in the currency of the claim, if it was not euros.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub original: Option<Original>,
    /// Day.
    pub reversed_on: Date,
    /// Keyed digest of partner, supplier, receipt, day and amount.
    pub reversal_key: KeyDigest,
    /// Why, in the vault.
    pub details: TextId,
    /// Version of the rulebook in force, which says from which sum on it takes two people (none in versions 1 and 2, when one
    /// took back any amount).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rulebook: Option<String>,
}

/// A reversal was recorded by mistake: what it took back counts as disbursed again, now. What was booked stays.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BenefitReversalUndone {
    /// Which claim.
    pub claim: ClaimId,
    /// Budget line.
    pub budget_line: String,
    /// Which reversal: its key.
    pub reversal_key: KeyDigest,
    /// All that it took back, in euro.
    pub amount: Eur,
    /// The day on which it was said to have come back.
    pub reversed_on: Date,
    /// Why, in the vault.
    pub details: TextId,
    /// Facts and figures used: it must fit under the cap.
    pub basis: Basis,
}

/// One person would undo a reversal of a claim so large that another one must agree. It moves nothing yet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BenefitReversalUndoProposed {
    /// Which claim.
    pub claim: ClaimId,
    /// Which reversal: its key.
    pub reversal_key: KeyDigest,
    /// All that it took back, in euro.
    pub amount: Eur,
    /// The day on which it was said to have come back.
    pub reversed_on: Date,
    /// Why, in the vault.
    pub details: TextId,
    /// Who would undo it, and so cannot be the one who agrees.
    pub proposed_by: Actor,
    /// From which claim on two people are needed.
    pub second_approval_from: Eur,
    /// Version of the rulebook in force.
    pub rulebook: String,
}

/// One person would record that so much came back that another one must agree. It moves nothing yet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BenefitReversalProposed {
    /// Which claim.
    pub claim: ClaimId,
    /// How much, in euro: whoever agrees, agrees to this.
    pub amount: Eur,
    /// The same in the currency of the claim, if it was given in that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub original: Option<Original>,
    /// The day on which it came back.
    pub reversed_on: Date,
    /// Why, in the vault.
    pub details: TextId,
    /// Who would take it back, and so cannot be the one who agrees.
    pub proposed_by: Actor,
    /// From which sum on two people are needed.
    pub second_approval_from: Eur,
    /// Version of the rulebook in force.
    pub rulebook: String,
}

/// What somebody would take back of a claim is not taken back, or what was is not undone: who proposed it withdrew it, or
/// somebody else refused it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BenefitReversalDropped {
    /// Which claim.
    pub claim: ClaimId,
    /// Why, in the vault.
    pub details: TextId,
}
