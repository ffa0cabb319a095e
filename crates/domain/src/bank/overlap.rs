//! Statements whose days overlap: a bank exports any days that it is asked for.

use std::collections::BTreeSet;

use money::Amount;

use super::command::{Booking, Statement};
use super::decide::add;
use super::state::{BankAccount, KnownLines, Stated};
use crate::refusal::Refusal;

/// The lines of a statement, by their places from 1, that seem to stand in an earlier one about some of the same days. None
/// where it goes on from the last one, by its number and its balance: then its lines are others, however equal.
pub(super) fn told_before(
    account: &BankAccount,
    statement: &Statement,
    stated: &Stated,
    known: &KnownLines,
) -> BTreeSet<u64> {
    let follows = |last: &Stated| last.sequence.and(stated.sequence).is_some() && stated.continues(last);
    if account.last.as_ref().is_none_or(follows) {
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
    goes_on(last, stated).then(|| {
        let lines = told.len();
        let detail = format!(
            "{lines} of its lines equal lines of the last statement's days, and it opens with what that closes with: if they are the same ones, export it from the day after; if the bank booked them once more, give --accept-gap with the reason"
        );
        Refusal::new("statement-overlaps", detail)
    })
}

/// Whether a statement opens where the last one closes, and begins no earlier than on its last day.
fn goes_on(last: &Stated, stated: &Stated) -> bool {
    last.closing == stated.opening && !stated.begins_within(last)
}

/// Whether a statement of which earlier ones have told every line brings nothing: it ends where the account stands, is about
/// some of the days of the one that has them all, or leads from where the first of those began to where the last one ended.
/// Equal lines of another statement of one day would otherwise be lost.
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
    let those =
        || statement.lines.iter().filter_map(stated_in).filter_map(|key| account.statements.get(&key));
    let spans =
        those().any(|of| of.opening == stated.opening) && those().any(|of| of.closing == stated.closing);
    // Of one that the bank has numbered after the last nothing says that it is about what that one tells.
    let may_be_within =
        |last: &Stated| last.sequence.and(stated.sequence).is_none() || stated.is_late_after(last);
    (spans && !in_one)
        || account
            .last
            .is_some_and(|last| last.closing == stated.closing && ambiguous(&last, stated, told).is_none())
        || (in_one
            && account.last.as_ref().is_some_and(may_be_within)
            && other
                .and_then(|other| account.statements.get(&other))
                .is_some_and(|other| other.covers(stated)))
}

/// Whether a statement that brings no line tells of days of which nothing was known: that nothing was booked on them.
pub(super) fn tells_of_more_days(
    account: &BankAccount,
    statement: &Statement,
    stated: &Stated,
    told: &BTreeSet<u64>,
) -> bool {
    let stands = |last: &Stated| last.closing == stated.closing && !goes_on(last, stated);
    let later = stated.days.1.zip(account.stated_until).is_some_and(|(to, until)| to > until);
    later
        && account.closed.is_none()
        && told.len() == statement.lines.len()
        && account.last.as_ref().is_some_and(stands)
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
    let rest = without(statement, stated, told)?;
    let leads = |rest: &Stated| rest.opening == last.closing;
    Ok(Some(rest).filter(leads))
}

/// What is taken in of a statement that leads from where the account stands to its end neither with nor without the lines that
/// earlier ones have told of, and which lines of it are not: somebody answers for the gap, and what has been told is not told
/// again where the balances of both statements say that they are about the same. None if that is so of no line.
pub(super) fn left_of(
    account: &BankAccount,
    statement: &Statement,
    stated: &Stated,
    told: &BTreeSet<u64>,
    known: &KnownLines,
) -> Result<Option<(Stated, BTreeSet<u64>)>, Refusal> {
    let Some(last) = account.last.filter(|last| !goes_on(last, stated)) else { return Ok(None) };
    let lines: Vec<_> = (1_u64..).zip(&statement.lines).collect();
    let mut once = BTreeSet::new();
    for (place, line) in lines.iter().filter(|(place, _)| told.contains(place)) {
        let other = line.keys.shared.and_then(|key| known.get(key)).and_then(|(_, stated_in)| stated_in);
        let other = other.and_then(|other| account.statements.get(&other));
        if let Some(other) = other
            && agrees(&lines, stated, told, other)?
        {
            once.insert(*place);
        }
    }
    if once.is_empty() {
        return Ok(None);
    }
    let left = without(statement, stated, &once)?;
    if !stated.is_late_after(&last) {
        return Ok(Some((left, once)));
    }
    // That it comes late may be told by its number only. The next statement may begin with those lines.
    let closing = add(stated.opening, add(left.closing, left.opening.negated())?)?;
    let leads_on = account.statements.values().any(|of| of.opening == closing && of.overlaps(stated));
    let (opening, closing) = if leads_on { (stated.opening, closing) } else { (left.opening, left.closing) };
    Ok(Some((Stated { sequence: stated.sequence, opening, closing, ..left }, once)))
}

/// Whether a statement stands, on the first or the last day of another, where that stands. Of the lines of that very day only
/// those that both have may be told of in another order.
fn agrees(
    lines: &[(u64, &Booking)],
    stated: &Stated,
    told: &BTreeSet<u64>,
    other: &Stated,
) -> Result<bool, Refusal> {
    let ((Some(from), Some(to)), (Some(first), Some(last))) = (stated.days, other.days) else {
        return Ok(false);
    };
    let sum = |of: &dyn Fn(&Booking, bool) -> bool| {
        let wanted = lines.iter().filter(|(place, line)| of(line, told.contains(place)));
        wanted.map(|(_, line)| line.amount).try_fold(Amount::zero(stated.opening.currency()), add)
    };
    for with_the_day in [false, true] {
        let before =
            sum(&|line, told| line.booked_on < first || (with_the_day && !told && line.booked_on == first))?;
        let after =
            sum(&|line, told| line.booked_on > last || (with_the_day && !told && line.booked_on == last))?;
        if (from <= first && add(stated.opening, before)? == other.opening)
            || (to >= last && add(other.closing, after)? == stated.closing)
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A statement without some of its lines, to its end. Its number is not one of those that count the statements of the account:
/// one about the days of others is of another series, as of months beside days.
fn without(statement: &Statement, stated: &Stated, told: &BTreeSet<u64>) -> Result<Stated, Refusal> {
    let new = (1..).zip(&statement.lines).filter(|(place, _)| !told.contains(place));
    let mut amounts = new.map(|(_, line)| line.amount);
    let moved = amounts.try_fold(Amount::zero(stated.closing.currency()), add)?;
    let opening = add(stated.closing, moved.negated())?;
    Ok(Stated { sequence: None, opening, lines: stated.lines - told.len() as u64, ..*stated })
}
