//! What happened to arrival grants.

use jiff::civil::Date;
use money::Eur;
use serde::{Deserialize, Serialize};

use crate::ids::{GrantId, KeyDigest, TextId};

rulebook::codes! {
    /// How a grant was paid.
    PaymentMethod {
        /// In cash, by the partner.
        CashByPartner = "cash-by-partner",
        /// To a bank account.
        Bank = "bank",
        /// On a prepaid card.
        Card = "card",
    }
}

rulebook::codes! {
    /// Why a payment does not count. Tested in this order.
    GrantReason {
        /// No arrival grant was granted.
        NoEntitlement = "no-entitlement",
        /// No arrival is recorded.
        NotArrived = "not-arrived",
        /// Paid before the person came home.
        BeforeArrival = "before-arrival",
        /// Paid later than the rulebook's days after arrival.
        AfterGrantDays = "after-grant-days",
        /// Does not fit under the cap.
        OverCap = "over-cap",
    }
}

/// A payment counts as disbursed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArrivalGrantPaid {
    /// The new grant.
    pub grant: GrantId,
    /// Budget line.
    pub budget_line: String,
    /// Version of the rulebook in force.
    pub rulebook: String,
    /// The rule that sets the cap.
    pub rule_id: String,
    /// The cap.
    pub cap: Eur,
    /// Disbursed on the line before this payment.
    pub disbursed: Eur,
    /// Arrival.
    pub arrived_on: Date,
    /// Day of payment.
    pub paid_on: Date,
    /// How much.
    pub amount: Eur,
    /// How.
    pub method: PaymentMethod,
    /// Keyed digest of the payment reference.
    pub payment_key: KeyDigest,
    /// The payment reference, in the vault.
    pub details: TextId,
}

/// A payment was made that the rules do not allow. It stays visible and counts as disallowed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArrivalGrantRefused {
    /// The new grant.
    pub grant: GrantId,
    /// Budget line.
    pub budget_line: String,
    /// Version of the rulebook in force.
    pub rulebook: String,
    /// The cap.
    pub cap: Eur,
    /// Disbursed on the line before this payment.
    pub disbursed: Eur,
    /// Arrival, if recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arrived_on: Option<Date>,
    /// Day of payment.
    pub paid_on: Date,
    /// How much.
    pub amount: Eur,
    /// How.
    pub method: PaymentMethod,
    /// Why it does not count.
    pub reason: GrantReason,
    /// Keyed digest of the payment reference.
    pub payment_key: KeyDigest,
    /// The payment reference, in the vault.
    pub details: TextId,
}

/// Finance let a refused payment count, in full, with a reason: a person answers for it, by name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArrivalGrantAllowed {
    /// Which.
    pub grant: GrantId,
    /// Budget line.
    pub budget_line: String,
    /// How much.
    pub amount: Eur,
    /// Version of the rulebook in force.
    pub rulebook: String,
    /// The rule that sets the cap.
    pub rule_id: String,
    /// The cap.
    pub cap: Eur,
    /// Disbursed on the line before: together with the amount it may pass the cap.
    pub disbursed: Eur,
    /// The rule that was set aside.
    pub waived: GrantReason,
    /// Finance's reason, in the vault.
    pub details: TextId,
}

/// Money of a payment that does not count came back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RefusedGrantReturned {
    /// Which.
    pub grant: GrantId,
    /// Budget line.
    pub budget_line: String,
    /// How much.
    pub amount: Eur,
    /// Day.
    pub returned_on: Date,
    /// Why, in the vault.
    pub details: TextId,
}

/// Paid money came back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArrivalGrantReturned {
    /// Which.
    pub grant: GrantId,
    /// Budget line.
    pub budget_line: String,
    /// How much.
    pub amount: Eur,
    /// Day.
    pub returned_on: Date,
    /// Why, in the vault.
    pub details: TextId,
}
