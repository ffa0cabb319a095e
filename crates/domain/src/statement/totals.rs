//! What the movements of a period add up to.

use money::{Eur, Overflow};

use super::fold::{Movement, MovementKind};
use crate::period::Period;

/// What was disallowed for one reason.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Disallowed {
    /// Why.
    pub reason: String,
    /// How much.
    pub eur: Eur,
}

impl Disallowed {
    /// Adds an amount to the part of its reason; the parts stand in the order of their reasons.
    pub(super) fn add(parts: &mut Vec<Self>, reason: &str, eur: Eur) -> Result<(), Overflow> {
        match parts.binary_search_by(|part| part.reason.as_str().cmp(reason)) {
            Ok(place) => parts[place].eur = parts[place].eur.checked_add(eur)?,
            Err(place) => parts.insert(place, Self { reason: reason.to_owned(), eur }),
        }
        Ok(())
    }
}

/// The figures of a statement, in euro.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Totals {
    /// Owed to the partner before the period; negative when it had been paid more than it had earned.
    pub owed_before: Eur,
    /// Reported and not decided before the period.
    pub undecided_before: Eur,
    /// Fees reported and not decided before the period.
    pub fees_undecided_before: Eur,
    /// Reported in the period.
    pub reported: Eur,
    /// Accepted in the period, as far as it counts.
    pub eligible: Eur,
    /// Decided in the period and disallowed, by reason.
    pub disallowed: Vec<Disallowed>,
    /// Disallowed earlier and taken up again in the period.
    pub reopened: Eur,
    /// Accepted spend that came back in the period.
    pub reversed: Eur,
    /// Of what had come back, what counts again since the period: it was recorded by mistake.
    pub reversals_undone: Eur,
    /// Fees that were reported in the period.
    pub fees_reported: Eur,
    /// Fees that were refused in the period.
    pub fees_refused: Eur,
    /// Fees refused earlier and taken up again in the period.
    pub fees_reopened: Eur,
    /// Fees that were accepted in the period.
    pub fees: Eur,
    /// Accepted fees that were taken back in the period.
    pub fees_reversed: Eur,
    /// Arrival grants that the partner paid out in cash, by what was recorded in the period.
    pub grants: Eur,
    /// Of such grants what came back, or was another partner's after all.
    pub grants_back: Eur,
    /// Paid in advance in the period.
    pub advances: Eur,
    /// Paid in the period for what was owed.
    pub paid: Eur,
    /// Payments and advances that were taken back in the period: made outside of the ledger, or in a file.
    pub paid_reversed: Eur,
    /// Payments that came back from the bank in the period.
    pub paid_back: Eur,
    /// Reported and not decided at the end of the period.
    pub undecided: Eur,
    /// Fees reported and not decided at the end of the period.
    pub fees_undecided: Eur,
    /// Owed to the partner at the end of the period.
    pub owed: Eur,
}

impl Totals {
    /// All that was disallowed in the period.
    pub fn disallowed(&self) -> Result<Eur, Overflow> {
        Eur::sum(self.disallowed.iter().map(|part| part.eur))
    }
}

/// Adds up the movements of a period, on what was before it.
pub fn totals(movements: &[Movement], period: Period) -> Result<Totals, Overflow> {
    let mut totals = Totals::default();
    for movement in movements.iter().filter(|movement| movement.day <= period.last()) {
        let within = period.contains(movement.day);
        let eur = movement.eur;
        let Effect { undecided, fees_undecided, owed } = effect(movement.kind, eur)?;
        for (figure, before, change) in [
            (&mut totals.undecided, &mut totals.undecided_before, undecided),
            (&mut totals.fees_undecided, &mut totals.fees_undecided_before, fees_undecided),
            (&mut totals.owed, &mut totals.owed_before, owed),
        ] {
            *figure = figure.checked_add(change)?;
            if !within {
                *before = before.checked_add(change)?;
            }
        }
        if !within {
            continue;
        }
        let figure = match movement.kind {
            MovementKind::Reported => &mut totals.reported,
            MovementKind::Eligible => &mut totals.eligible,
            MovementKind::Reopened => &mut totals.reopened,
            MovementKind::Reversed => &mut totals.reversed,
            MovementKind::ReversalUndone => &mut totals.reversals_undone,
            MovementKind::FeeReported => &mut totals.fees_reported,
            MovementKind::FeeRefused => &mut totals.fees_refused,
            MovementKind::FeeReopened => &mut totals.fees_reopened,
            MovementKind::Fee => &mut totals.fees,
            MovementKind::FeeReversed => &mut totals.fees_reversed,
            MovementKind::Grant => &mut totals.grants,
            MovementKind::GrantBack => &mut totals.grants_back,
            MovementKind::Advance => &mut totals.advances,
            MovementKind::Paid => &mut totals.paid,
            MovementKind::PaidReversed => &mut totals.paid_reversed,
            MovementKind::PaidBack => &mut totals.paid_back,
            MovementKind::Disallowed => {
                Disallowed::add(&mut totals.disallowed, movement.reason.unwrap_or_default(), eur)?;
                continue;
            }
        };
        *figure = figure.checked_add(eur)?;
    }
    Ok(totals)
}

/// What a movement changes.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Effect {
    /// Of the claims that are not decided.
    pub(super) undecided: Eur,
    /// Of the fees that are not decided.
    pub(super) fees_undecided: Eur,
    /// Of what is owed.
    pub(super) owed: Eur,
}

/// What a movement changes of what is undecided, and of what is owed.
pub(super) fn effect(kind: MovementKind, eur: Eur) -> Result<Effect, Overflow> {
    let less = Eur::ZERO.checked_sub(eur)?;
    let none = Effect::default();
    Ok(match kind {
        MovementKind::Reported | MovementKind::Reopened => Effect { undecided: eur, ..none },
        MovementKind::Eligible => Effect { undecided: less, owed: eur, ..none },
        MovementKind::Disallowed => Effect { undecided: less, ..none },
        MovementKind::FeeReported | MovementKind::FeeReopened => Effect { fees_undecided: eur, ..none },
        MovementKind::FeeRefused => Effect { fees_undecided: less, ..none },
        MovementKind::Fee => Effect { fees_undecided: less, owed: eur, ..none },
        MovementKind::ReversalUndone
        | MovementKind::Grant
        | MovementKind::PaidReversed
        | MovementKind::PaidBack => Effect { owed: eur, ..none },
        MovementKind::Reversed
        | MovementKind::GrantBack
        | MovementKind::FeeReversed
        | MovementKind::Advance
        | MovementKind::Paid => Effect { owed: less, ..none },
    })
}
