//! Statements whose days overlap: a bank exports any days that it is asked for.

use std::collections::BTreeSet;

use money::Amount;

use super::command::{Booking, Statement};
use super::decide::add;
use super::state::{BankAccount, KnownLines, Stated};
use crate::refusal::Refusal;

/// The lines of a statement, by their places from 1, that seem to stand in an earlier one about some of the same days. None
/// where the bank numbers its statements, which do not overlap then.
pub(super) fn told_before(
    account: &BankAccount,
    statement: &Statement,
    stated: &Stated,
    known: &KnownLines,
) -> BTreeSet<u64> {
    if account.last.is_none() || stated.sequence.is_some() {
        return BTreeSet::new();
    }
    let before = |place: &u64| {
        let booking = usize::try_from(*place - 1).ok().and_then(|place| statement.lines.get(place))?;
        let (_, stated_in) = known.get(booking.keys.shared?)?;
        let other = account.statements.get(&stated_in?)?;
        other.overlaps(stated).then_some(())
    };
    (1..=statement.lines.len() as u64).filter(|place| before(place).is_some()).collect()
}

/// What cannot be told: the lines of a statement that continues the last one and begins on its last day may be the same ones
/// as those, or as many more that equal them, where both ways lead to the same balance.
pub(super) fn ambiguous(last: &Stated, stated: &Stated, told: &BTreeSet<u64>) -> Option<Refusal> {
    let continues = last.closing == stated.opening && !stated.begins_within(last);
    continues.then(|| {
        let lines = told.len();
        let detail = format!(
            "{lines} of its lines equal lines of the last statement's days, and it opens with what that closes with: if they are the same ones, export it from the day after; if the bank booked them once more, give --accept-gap with the reason"
        );
        Refusal::new("statement-overlaps", detail)
    })
}

/// Whether a statement of which an earlier one has told every line brings nothing: it ends where the account stands, or is
/// about some of the days of the one that has them all. Equal lines of another statement of one day would otherwise be lost.
pub(super) fn brings_nothing(
    account: &BankAccount,
    statement: &Statement,
    stated: &Stated,
    told: &BTreeSet<u64>,
    known: &KnownLines,
) -> bool {
    if told.is_empty() || told.len() != statement.lines.len() {
        return false;
    }
    let stated_in = |line: &Booking| known.get(line.keys.shared?)?.1;
    let other = statement.lines.first().and_then(stated_in);
    let in_one = statement.lines.iter().all(|line| stated_in(line) == other);
    account
        .last
        .is_some_and(|last| last.closing == stated.closing && ambiguous(&last, stated, told).is_none())
        || (in_one
            && other
                .and_then(|other| account.statements.get(&other))
                .is_some_and(|other| other.covers(stated)))
}

/// What is left of a statement without the lines that an earlier one has told of: it leads from where the account stands to
/// the same end. None where it does not: then the lines are no others' after all.
pub(super) fn rest_of(
    last: &Stated,
    statement: &Statement,
    stated: &Stated,
    told: &BTreeSet<u64>,
) -> Result<Option<Stated>, Refusal> {
    if told.is_empty() || stated.is_late_after(last) {
        return Ok(None);
    }
    let new = (1..).zip(&statement.lines).filter(|(place, _)| !told.contains(place));
    let mut amounts = new.map(|(_, line)| line.amount);
    let moved = amounts.try_fold(Amount::zero(stated.closing.currency()), add)?;
    let opening = last.closing;
    let leads = add(opening, moved)? == stated.closing;
    Ok(leads.then(|| Stated { opening, lines: stated.lines - told.len() as u64, ..*stated }))
}
