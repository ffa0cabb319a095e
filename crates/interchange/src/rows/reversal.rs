//! `reversals.csv`: spending that was undone, wholly or in part.

use jiff::civil::Date;
use money::Amount;

use crate::{Fields, Row};

/// One reversal of a receipt that was reported before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReversalRow {
    /// Code of the partner organisation that reported the receipt.
    pub partner: String,
    /// The supplier's number of the receipt.
    pub receipt_no: String,
    /// Who was paid.
    pub supplier: String,
    /// Day of the reversal.
    pub reversed_on: Date,
    /// How much of the receipt is undone; positive.
    pub amount: Amount,
    /// Why, in the partner's words. A correction must say so.
    pub reason: String,
}

impl Row for ReversalRow {
    const KIND: &'static str = "reversals";
    const COLUMNS: &'static [&'static str] =
        &["partner", "receipt_no", "supplier", "reversed_on", "amount", "currency", "reason"];
    const REJECT_COLUMN: &'static str = "reject_reason";

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let partner = fields.slug("partner");
        let receipt_no = fields.reference("receipt_no");
        let supplier = fields.name("supplier");
        let reversed_on = fields.date("reversed_on");
        let amount = fields.amount("amount", "currency");
        let reason = fields.free_text("reason");
        Some(Self {
            partner: partner?,
            receipt_no: receipt_no?,
            supplier: supplier?,
            reversed_on: reversed_on?,
            amount: amount?,
            reason: reason?,
        })
    }
}
