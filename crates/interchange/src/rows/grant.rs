//! `grants.csv`: arrival grants (ankomststöd) that were paid out.

use domain::grant::PaymentMethod;
use jiff::civil::Date;
use money::Amount;

use crate::{Fields, Row};

/// One payment of an arrival grant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantRow {
    /// The authority's own key for the case.
    pub case_ref: String,
    /// Day of the payment.
    pub paid_on: Date,
    /// What was paid; positive.
    pub amount: Amount,
    /// How it was paid.
    pub method: PaymentMethod,
    /// The payer's reference, which tells payments apart.
    pub payment_ref: String,
}

impl Row for GrantRow {
    const KIND: &'static str = "grants";
    const COLUMNS: &'static [&'static str] =
        &["case_ref", "paid_on", "amount", "currency", "method", "payment_ref"];

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let case_ref = fields.reference("case_ref");
        let paid_on = fields.date("paid_on");
        let amount = fields.amount("amount", "currency");
        let method = fields.code("method");
        let payment_ref = fields.reference("payment_ref");
        Some(Self {
            case_ref: case_ref?,
            paid_on: paid_on?,
            amount: amount?,
            method: method?,
            payment_ref: payment_ref?,
        })
    }
}
