//! What became of what was delivered in a period, whenever it was reported and decided.

use std::collections::BTreeSet;

use jiff::civil::Date;
use money::{Eur, Overflow};

use super::fold::{Account, MovementKind, Stated};
use super::totals::Disallowed;
use crate::ids::TextId;
use crate::period::Period;

/// One claim for something that was delivered, and what became of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivered<'a> {
    /// The claim.
    pub stated: &'a Stated,
    /// In euro; none while the rate is still to come.
    pub reported: Option<Eur>,
    /// Accepted: the part that counts.
    pub eligible: Eur,
    /// Decided: the part that does not.
    pub disallowed: Eur,
    /// The same by reason, in the order in which they were tested.
    pub disallowed_for: Vec<(&'static str, Eur)>,
    /// What somebody said about that, or asks about it, in the vault.
    pub words: Option<TextId>,
    /// Of the eligible part, what came back.
    pub reversed: Eur,
    /// Reported and not decided.
    pub undecided: Eur,
    /// It waits for its exchange rate, and so is in no figure.
    pub waits: bool,
}

/// What the deliveries of a period come to, in euro.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct DeliveryTotals {
    /// Reported, as far as it has its rate.
    pub reported: Eur,
    /// Accepted, as far as it counts.
    pub eligible: Eur,
    /// Disallowed, by reason.
    pub disallowed: Vec<Disallowed>,
    /// Accepted and come back.
    pub reversed: Eur,
    /// Accepted and not come back.
    pub net: Eur,
    /// Reported and not decided.
    pub undecided: Eur,
    /// Claims that wait for an exchange rate, and so are in no figure.
    pub waiting: u64,
}

/// The claims of an account for what was delivered in a period, in the order of their reports, as the account stands.
pub fn delivered(account: &Account, period: Period) -> Result<Vec<Delivered<'_>>, Overflow> {
    let waits: BTreeSet<u64> = account
        .waiting()
        .iter()
        .filter(|waiting| waiting.until.is_none())
        .map(|waiting| waiting.number)
        .collect();
    let own = account.all().iter().filter(|stated| stated.is_spend() && period.contains(stated.on));
    let mut delivered: Vec<Delivered<'_>> = own
        .map(|stated| Delivered {
            stated,
            reported: None,
            eligible: Eur::ZERO,
            disallowed: Eur::ZERO,
            disallowed_for: Vec::new(),
            words: account.question(stated.number, Date::MAX),
            reversed: Eur::ZERO,
            undecided: Eur::ZERO,
            waits: waits.contains(&stated.number),
        })
        .collect();
    for movement in account.movements() {
        let place = delivered.binary_search_by_key(&movement.about, |claim| claim.stated.number);
        let Some(claim) = place.ok().and_then(|place| delivered.get_mut(place)) else { continue };
        let eur = movement.eur;
        match movement.kind {
            MovementKind::Reported => {
                (claim.reported, claim.undecided) = (Some(eur), claim.undecided.checked_add(eur)?);
            }
            MovementKind::Eligible => {
                (claim.eligible, claim.undecided) = (eur, claim.undecided.checked_sub(eur)?);
            }
            MovementKind::Disallowed => {
                claim.disallowed = claim.disallowed.checked_add(eur)?;
                claim.disallowed_for.push((movement.reason.unwrap_or_default(), eur));
                claim.words = movement.words.or(claim.words);
                claim.undecided = claim.undecided.checked_sub(eur)?;
            }
            MovementKind::Reopened => {
                (claim.disallowed, claim.words) = (Eur::ZERO, None);
                claim.disallowed_for.clear();
                claim.undecided = claim.undecided.checked_add(eur)?;
            }
            MovementKind::Reversed => claim.reversed = claim.reversed.checked_add(eur)?,
            MovementKind::ReversalUndone => claim.reversed = claim.reversed.checked_sub(eur)?,
            MovementKind::Grant
            | MovementKind::GrantBack
            | MovementKind::FeeReported
            | MovementKind::Fee
            | MovementKind::FeeRefused
            | MovementKind::FeeReopened
            | MovementKind::FeeReversed
            | MovementKind::Advance
            | MovementKind::Paid
            | MovementKind::PaidReversed
            | MovementKind::PaidBack => {}
        }
    }
    Ok(delivered)
}

/// Adds them up.
pub fn delivery_totals(delivered: &[Delivered<'_>]) -> Result<DeliveryTotals, Overflow> {
    let sum = |of: fn(&Delivered<'_>) -> Eur| Eur::sum(delivered.iter().map(of));
    let mut disallowed: Vec<Disallowed> = Vec::new();
    for (reason, eur) in delivered.iter().flat_map(|claim| &claim.disallowed_for) {
        Disallowed::add(&mut disallowed, reason, *eur)?;
    }
    let (eligible, reversed) = (sum(|claim| claim.eligible)?, sum(|claim| claim.reversed)?);
    Ok(DeliveryTotals {
        reported: sum(|claim| claim.reported.unwrap_or(Eur::ZERO))?,
        eligible,
        disallowed,
        reversed,
        net: eligible.checked_sub(reversed)?,
        undecided: sum(|claim| claim.undecided)?,
        waiting: delivered.iter().filter(|claim| claim.waits).count() as u64,
    })
}
