//! What is left to be paid: the one place that says what payments have of what is accepted.

use std::collections::BTreeMap;

use jiff::civil::Date;
use money::{Eur, Overflow};

/// A claim, fee or grant that is worth something to a partner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accepted<T> {
    /// Which.
    pub of: T,
    /// Day of the delivery, the charge, or the payment to the person.
    pub on: Date,
    /// Accepted, net of what came back.
    pub eur: Eur,
}

/// What is left of each thing, by day: less what payments have of it. Whatever was paid for none of them, in advance or
/// outside of the ledger, is taken for the oldest first. Less than nothing is left of what came back after it was paid.
///
/// # Errors
/// [`Overflow`] where something cannot be added up.
pub fn unpaid<T: Ord + Copy>(
    mut accepted: Vec<Accepted<T>>,
    taken: &BTreeMap<T, Eur>,
    paid_for_none: Eur,
) -> Result<Vec<(T, Eur)>, Overflow> {
    accepted.sort_by_key(|accepted| (accepted.on, accepted.of));
    let mut rest = paid_for_none;
    let mut left = Vec::with_capacity(accepted.len());
    for Accepted { of, eur, .. } in accepted {
        let open = eur.checked_sub(taken.get(&of).copied().unwrap_or_default())?;
        let settled = open.min(rest).max(Eur::ZERO);
        rest = rest.checked_sub(settled)?;
        left.push((of, open.checked_sub(settled)?));
    }
    Ok(left)
}
