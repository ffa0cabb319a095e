//! Spend that came back: `reversals.csv`.

use crate::calendar::{CLOSING, after};
use crate::dice::Dice;
use crate::sheet::{Sheet, euros};
use crate::spend::{Receipt, Undo};

const REASONS_FOR_GOODS: &[&str] = &[
    "goods returned, credit note received",
    "återköp: maskinen var för stor för lokalen",
    "part of the order was \"out of stock\" and never delivered",
    "supplier charged twice for the same delivery",
];

const REASONS_FOR_SERVICES: &[&str] =
    &["invoice corrected by the supplier", "cancelled; fee repaid", "återbetalning, dubbel faktura"];

/// `reversals.csv`.
pub(crate) fn to_csv(dice: &mut Dice, receipts: &[Receipt<'_>]) -> String {
    let mut reversals: Vec<_> = receipts
        .iter()
        .filter_map(|receipt| {
            let cents = match receipt.undo? {
                Undo::Part => receipt.cents * dice.between(20, 70) / 100,
                Undo::Whole => receipt.cents,
            };
            let reversed_on = after(receipt.delivered_on, dice.between(5, 60)).min(CLOSING);
            let reasons = if receipt.is_goods() { REASONS_FOR_GOODS } else { REASONS_FOR_SERVICES };
            Some((reversed_on, cents, *dice.pick(reasons), receipt))
        })
        .collect();
    reversals.sort_by_key(|(reversed_on, ..)| *reversed_on);

    let mut sheet =
        Sheet::new(&["partner", "receipt_no", "supplier", "reversed_on", "amount", "currency", "reason"]);
    for (reversed_on, cents, reason, receipt) in reversals {
        sheet.row(&[
            receipt.partner,
            &receipt.number,
            receipt.supplier,
            &reversed_on.to_string(),
            &euros(cents),
            "EUR",
            reason,
        ]);
    }
    sheet.into_text()
}
