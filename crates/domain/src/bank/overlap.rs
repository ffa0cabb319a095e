//! Statements whose days overlap: a bank exports any days that it is asked for.

use std::collections::BTreeSet;

use money::Amount;

use super::command::Statement;
use super::decide::add;
use super::state::{BankAccount, KnownLines, Stated};
use crate::refusal::Refusal;

/// The lines of a statement, by their places from 1, that stand in an earlier one about some of the same days. None of a
/// statement that continues the last one: its lines are others, however equal.
pub(super) fn told_before(
    account: &BankAccount,
    statement: &Statement,
    stated: &Stated,
    known: &KnownLines,
) -> BTreeSet<u64> {
    if account.last.is_none_or(|last| last.closing == stated.opening) {
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

/// What is left of a statement without the lines that an earlier one has told of: it leads from where the account stands to
/// the same end. None where it does not, or where the bank numbers its statements, which do not overlap then.
pub(super) fn rest_of(
    last: &Stated,
    statement: &Statement,
    stated: &Stated,
    told: &BTreeSet<u64>,
) -> Result<Option<Stated>, Refusal> {
    if told.is_empty() || stated.sequence.is_some() || stated.is_late_after(last) {
        return Ok(None);
    }
    let new = (1..).zip(&statement.lines).filter(|(place, _)| !told.contains(place));
    let mut amounts = new.map(|(_, line)| line.amount);
    let moved = amounts.try_fold(Amount::zero(stated.closing.currency()), add)?;
    let opening = last.closing;
    let leads = add(opening, moved)? == stated.closing;
    Ok(leads.then(|| Stated { opening, lines: stated.lines - told.len() as u64, ..*stated }))
}
