//! What is left open at the end of a day: undecided, waiting for a rate, kept from being paid.

use std::collections::BTreeMap;

use jiff::civil::Date;
use money::{Eur, Overflow};
use rulebook::Country;

use super::fold::{Account, Movement, MovementKind, Stated};
use super::totals::effect;
use crate::hold::Holds;

/// What is left undecided of each claim at the end of a day, as movements of their own.
///
/// # Errors
/// [`Overflow`] where what is left cannot be added up.
pub fn undecided(movements: &[Movement], last: Date) -> Result<Vec<Movement>, Overflow> {
    let mut left: BTreeMap<u64, Movement> = BTreeMap::new();
    for movement in movements.iter().filter(|movement| movement.day <= last) {
        let (undecided, _) = effect(movement.kind, movement.eur)?;
        let open =
            left.entry(movement.about).or_insert_with(|| Movement { eur: Eur::ZERO, ..movement.clone() });
        open.eur = open.eur.checked_add(undecided)?;
    }
    Ok(left.into_values().filter(|movement| !movement.eur.is_zero()).collect())
}

/// Spend and fees that wait for their exchange rate at the end of a day, as movements of nothing yet.
pub fn waiting(account: &Account, last: Date) -> Vec<Movement> {
    let waiting = account.waiting().iter().filter(|waiting| waiting.at_the_end_of(last));
    waiting
        .map(|waiting| Movement {
            position: waiting.number,
            day: waiting.since,
            kind: waiting.kind,
            eur: Eur::ZERO,
            reason: Some("waiting-for-rate"),
            about: waiting.number,
        })
        .collect()
}

/// What holds in force on a day keep from being paid then: what is accepted in their scope and not paid, whenever it was
/// delivered. `place` tells the country and the programme of spend. Fees are held with their partner.
///
/// # Errors
/// [`Overflow`] where it cannot be added up.
pub fn held<'a>(
    account: &Account,
    last: Date,
    holds: &Holds,
    place: impl Fn(&Stated) -> Option<(Country, &'a str)>,
) -> Result<Eur, Overflow> {
    let partner = account.partner();
    let covered = |stated: &Stated| {
        let stopping = match (stated.case, place(stated)) {
            (Some(_), Some((country, programme))) => holds.stopping(partner, country, programme, last),
            (Some(_), None) => None,
            (None, _) => holds.stopping_all_of(partner, last),
        };
        stopping.is_some()
    };
    let mut held = Eur::ZERO;
    for (about, eur) in unpaid(account, last)? {
        if account.stated(about).is_some_and(covered) {
            held = held.checked_add(eur)?;
        }
    }
    Ok(held)
}

/// What is accepted and not paid at the end of a day, by what it is about. A payment pays its items; whatever else was
/// paid, in advance or outside of the ledger, is taken for the oldest first.
fn unpaid(account: &Account, last: Date) -> Result<Vec<(u64, Eur)>, Overflow> {
    let (mut open, mut paid): (Vec<(u64, Eur)>, Eur) = (Vec::new(), Eur::ZERO);
    fn less(open: &mut [(u64, Eur)], about: u64, eur: Eur) -> Result<(), Overflow> {
        if let Some((_, left)) = open.iter_mut().rev().find(|(number, _)| *number == about) {
            *left = left.checked_sub(eur)?;
        }
        Ok(())
    }
    for movement in account.movements().iter().filter(|movement| movement.day <= last) {
        match movement.kind {
            MovementKind::Eligible | MovementKind::Fee | MovementKind::Grant => {
                open.push((movement.about, movement.eur));
            }
            MovementKind::Reversed | MovementKind::GrantBack | MovementKind::FeeReversed => {
                less(&mut open, movement.about, movement.eur)?;
            }
            MovementKind::Advance | MovementKind::Paid => paid = paid.checked_add(movement.eur)?,
            MovementKind::PaidReversed => paid = paid.checked_sub(movement.eur)?,
            _ => {}
        }
    }
    for covered in account.covered().iter().filter(|covered| covered.day <= last) {
        less(&mut open, covered.about, covered.eur)?;
        paid = paid.checked_sub(covered.eur)?;
    }
    for (_, left) in &mut open {
        let settled = (*left).min(paid).max(Eur::ZERO);
        paid = paid.checked_sub(settled)?;
        *left = left.checked_sub(settled)?;
    }
    Ok(open)
}
