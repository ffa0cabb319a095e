//! Vouchers and their rows in words: what was booked, under which number, of whom. Nothing in them is personal data.

use super::chart::MoneyKind;
use super::journal::Told;

/// Most numbers that a text lists.
const NAMES_MAX: usize = 4;

/// A voucher of one thing; `back` where it moves less than nothing.
pub(super) fn text(kind: MoneyKind, told: &Told, back: bool) -> String {
    let done = match (kind, back) {
        (MoneyKind::SpendAccepted, _) => "Spend accepted",
        (MoneyKind::SpendReversed, false) => "Spend taken back",
        (MoneyKind::SpendReversed, true) => "Spend taken back by mistake counts again",
        (MoneyKind::FeeAccepted, _) => "Fee accepted",
        (MoneyKind::FeeReversed, _) => "Fee taken back",
        (MoneyKind::GrantPaid, _) => "Arrival grant paid",
        (MoneyKind::GrantRefused, false) => "Arrival grant paid that does not count",
        (MoneyKind::GrantRefused, true) => "Arrival grant come back that did not count",
        (MoneyKind::GrantAllowed, _) => "Arrival grant counts after all",
        (MoneyKind::GrantReturned, _) => "Arrival grant come back",
        (MoneyKind::AdvancePaid, false) => "Advance paid",
        (MoneyKind::AdvancePaid, true) => "Advance paid back",
        (MoneyKind::AdvanceReversed, false) => "Advance taken back",
        (MoneyKind::AdvanceReversed, true) => "Advance counts as paid again",
        (MoneyKind::PartnerPaid, false) => "Partner paid",
        (MoneyKind::PartnerPaid, true) => "Partner paid back",
        (MoneyKind::PartnerPaidReversed, false) => "Payment to partner taken back",
        (MoneyKind::PartnerPaidReversed, true) => "Payment to partner counts again",
        (MoneyKind::PaymentInstructed, false) => "Payment to partner",
        (MoneyKind::PaymentInstructed, true) => "Payment to partner not made",
        (MoneyKind::AdvanceSettled, false) => "Advance settled",
        (MoneyKind::AdvanceSettled, true) => "Settled advance open again",
        (MoneyKind::BankBalance, _) => "Balance that the bank tells of",
        (MoneyKind::BankLine, false) => "Paid in at the bank",
        (MoneyKind::BankLine, true) => "Paid out by the bank",
        (MoneyKind::PaymentMatched, _) => "Matched",
        (MoneyKind::Difference, _) => "Difference",
    };
    joined(done, &about(&[told]))
}

/// Words, and what they are about.
pub(super) fn joined(words: &str, about: &str) -> String {
    if about.is_empty() { words.to_owned() } else { format!("{words}, {about}") }
}

/// What money is about: claims, grants, fees, payments and lines by their numbers, and whose they are as far as that is one
/// partner, case or category.
pub(super) fn about(told: &[&Told]) -> String {
    let mut names: Vec<&str> = told.iter().map(|told| told.name.as_str()).collect();
    names.retain(|name| !name.is_empty());
    names.dedup();
    let more = names.len().saturating_sub(NAMES_MAX);
    let mut words: Vec<String> = names.into_iter().take(NAMES_MAX).map(str::to_owned).collect();
    words.extend((more > 0).then(|| format!("and {more} more")));
    words.extend(common(told, |told| told.partner.as_ref().map(ToString::to_string)));
    words.extend(common(told, |told| told.case.map(|case| format!("case {case}"))));
    words.extend(common(told, |told| told.category.clone()));
    words.join(", ")
}

/// What all of them have, if that is the same.
fn common(told: &[&Told], of: impl Fn(&Told) -> Option<String>) -> Option<String> {
    let (first, others) = told.split_first()?;
    let first = of(first)?;
    others.iter().all(|other| of(other).as_ref() == Some(&first)).then_some(first)
}
