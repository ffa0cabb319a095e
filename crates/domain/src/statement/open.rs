//! What is left open at the end of a day: undecided, waiting for a rate, owed, kept from being paid.

use std::collections::BTreeMap;

use jiff::civil::Date;
use money::{Eur, Overflow};
use rulebook::Country;

use super::fold::{Account, Movement, MovementKind, Stated};
use super::totals::{Effect, effect};
use crate::hold::Holds;
use crate::payment::{self, Accepted};

/// What is left undecided of each claim at the end of a day, as movements of their own, with what was asked about it.
///
/// # Errors
/// [`Overflow`] where what is left cannot be added up.
pub fn undecided(account: &Account, last: Date) -> Result<Vec<Movement>, Overflow> {
    open_of(account, last, |effect| effect.undecided)
}

/// The fees that are not decided at the end of a day, in the same way.
///
/// # Errors
/// [`Overflow`] where what is left cannot be added up.
pub fn fees_undecided(account: &Account, last: Date) -> Result<Vec<Movement>, Overflow> {
    open_of(account, last, |effect| effect.fees_undecided)
}

fn open_of(account: &Account, last: Date, of: fn(Effect) -> Eur) -> Result<Vec<Movement>, Overflow> {
    let mut left: BTreeMap<u64, Movement> = BTreeMap::new();
    for movement in account.movements().iter().filter(|movement| movement.day <= last) {
        let undecided = of(effect(movement.kind, movement.eur)?);
        let open = left.entry(movement.about).or_insert_with(|| {
            let words = account.question(movement.about, last);
            Movement { eur: Eur::ZERO, words, ..movement.clone() }
        });
        open.eur = open.eur.checked_add(undecided)?;
    }
    Ok(left.into_values().filter(|movement| !movement.eur.is_zero()).collect())
}

/// Spend and fees that wait for their exchange rate at the end of a day: movements to come, of what is held back for them.
pub fn waiting(account: &Account, last: Date) -> Vec<Movement> {
    let waiting = account.waiting().iter().filter(|waiting| waiting.at_the_end_of(last));
    waiting
        .map(|waiting| Movement {
            position: waiting.number,
            day: waiting.since,
            kind: waiting.kind,
            eur: waiting.estimate,
            reason: Some("waiting-for-rate"),
            about: waiting.number,
            words: None,
        })
        .collect()
}

/// What holds in force on a day keep from being paid then: what is accepted in their scope and not paid, whenever it was
/// delivered, each with the movement that made it owed. `place` tells the country and the programme of spend. Fees are held
/// with their partner. No more is held than is `owed`: what was paid too much for something else is taken for the oldest.
///
/// # Errors
/// [`Overflow`] where it cannot be added up.
pub fn held<'a>(
    account: &Account,
    last: Date,
    holds: &Holds,
    owed: Eur,
    place: impl Fn(&Stated) -> Option<(Country, &'a str)>,
) -> Result<Vec<Movement>, Overflow> {
    let partner = account.partner();
    let covered = |stated: &Stated| {
        let stopping = match (stated.case, place(stated)) {
            (Some(_), Some((country, programme))) => holds.stopping(partner, country, programme, last),
            (Some(_), None) => None,
            (None, _) => holds.stopping_all_of(partner, last),
        };
        stopping.is_some()
    };
    let mut rows = unpaid(account, last)?;
    rows.retain(|(about, eur)| *eur > Eur::ZERO && account.stated(*about).is_some_and(covered));
    let sum = Eur::sum(rows.iter().map(|(_, eur)| *eur))?;
    let mut excess = sum.checked_sub(sum.min(owed.max(Eur::ZERO)))?;
    let mut held = Vec::new();
    for (about, eur) in rows {
        let settled = eur.min(excess);
        excess = excess.checked_sub(settled)?;
        held.extend(owing(account, about, last, eur.checked_sub(settled)?));
    }
    Ok(held)
}

/// What is owed at the end of a day, one by one: what is accepted of each claim, fee and grant and not paid, each with the
/// movement that made it owed, and less than nothing of what came back after it was paid. What was paid for none of them
/// yet is a row of its payment, the newest first. The rows come to what is `owed`.
///
/// # Errors
/// [`Overflow`] where it cannot be added up.
pub fn owed(account: &Account, last: Date, owed: Eur) -> Result<Vec<Movement>, Overflow> {
    let mut rows = Vec::new();
    for (about, eur) in unpaid(account, last)? {
        rows.extend(owing(account, about, last, eur));
    }
    let mut unused = Eur::sum(rows.iter().map(|row| row.eur))?.checked_sub(owed)?;
    for (payment, paid) in payments(account, last)?.into_values().rev() {
        let of_this = paid.min(unused);
        if of_this > Eur::ZERO {
            unused = unused.checked_sub(of_this)?;
            rows.push(Movement { eur: of_this.checked_neg()?, ..payment.clone() });
        }
    }
    Ok(rows)
}

/// So much of something, with the movement that made it owed; none of nothing.
fn owing(account: &Account, about: u64, last: Date, eur: Eur) -> Option<Movement> {
    let owing = |movement: &&Movement| {
        let kinds = [MovementKind::Eligible, MovementKind::Fee, MovementKind::Grant];
        movement.about == about && movement.day <= last && kinds.contains(&movement.kind)
    };
    let origin = account.movements().iter().rev().find(owing).filter(|_| !eur.is_zero())?;
    Some(Movement { eur, ..origin.clone() })
}

/// The payments that were made, by number, with what is left of each that did not come back.
fn payments(account: &Account, last: Date) -> Result<BTreeMap<u64, (&Movement, Eur)>, Overflow> {
    let mut payments: BTreeMap<u64, (&Movement, Eur)> = BTreeMap::new();
    for movement in account.movements().iter().filter(|moved| moved.day <= last) {
        let paid = match movement.kind {
            MovementKind::Advance | MovementKind::Paid => movement.eur,
            MovementKind::PaidReversed | MovementKind::PaidBack => movement.eur.checked_neg()?,
            _ => continue,
        };
        let (_, sum) = payments.entry(movement.about).or_insert((movement, Eur::ZERO));
        *sum = sum.checked_add(paid)?;
    }
    Ok(payments)
}

/// What is accepted and not paid at the end of a day, by what it is about.
fn unpaid(account: &Account, last: Date) -> Result<Vec<(u64, Eur)>, Overflow> {
    let (mut worth, mut paid) = (BTreeMap::<u64, Eur>::new(), Eur::ZERO);
    for Movement { kind, eur, about, .. } in account.movements().iter().filter(|moved| moved.day <= last) {
        let eur = *eur;
        match kind {
            MovementKind::Eligible
            | MovementKind::ReversalUndone
            | MovementKind::Fee
            | MovementKind::Grant => add(&mut worth, *about, eur)?,
            MovementKind::Reversed | MovementKind::GrantBack | MovementKind::FeeReversed => {
                add(&mut worth, *about, eur.checked_neg()?)?;
            }
            MovementKind::Advance | MovementKind::Paid => paid = paid.checked_add(eur)?,
            MovementKind::PaidReversed | MovementKind::PaidBack => paid = paid.checked_sub(eur)?,
            MovementKind::Reported
            | MovementKind::Disallowed
            | MovementKind::Reopened
            | MovementKind::FeeReported
            | MovementKind::FeeRefused
            | MovementKind::FeeReopened => {}
        }
    }
    let mut taken = BTreeMap::new();
    let covered = || account.covered().iter().filter(|covered| covered.day <= last);
    for covered in covered() {
        add(&mut taken, covered.about, covered.eur)?;
        paid = paid.checked_sub(covered.eur)?;
    }
    // An advance that came back pays nothing any more: what it settled last is owed first.
    for covered in covered().rev() {
        let of_this = taken.get(&covered.about).copied().unwrap_or_default().min(covered.eur);
        let missing = of_this.min(paid.checked_neg()?).max(Eur::ZERO);
        add(&mut taken, covered.about, missing.checked_neg()?)?;
        paid = paid.checked_add(missing)?;
    }
    let accepted = worth.into_iter().filter_map(|(of, eur)| {
        let on = account.stated(of)?.on;
        Some(Accepted { of, on, eur })
    });
    payment::unpaid(accepted.collect(), &taken, paid)
}

fn add(sums: &mut BTreeMap<u64, Eur>, about: u64, eur: Eur) -> Result<(), Overflow> {
    let sum = sums.entry(about).or_default();
    *sum = sum.checked_add(eur)?;
    Ok(())
}
