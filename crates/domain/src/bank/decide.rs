//! Decisions about accounts and their statements.

use std::collections::{BTreeSet, HashSet};

use money::Amount;

use super::close::is_of_its_days;
use super::command::{Booking, OpenAccount, Statement};
use super::event::{
    BankAccountOpened, BankEvent, BankLineBooked, BankLineStated, LineEvent, NotificationImported,
    StatementImported, StatementKind,
};
use super::overlap::{ambiguous, brings_nothing, left_of, rest_of, tells_of_more_days, told_before};
use super::state::{BankAccount, KnownLines, Stated};
use crate::ids::LineId;
use crate::refusal::Refusal;

/// Registers an account.
pub fn open(account: Option<&BankAccount>, command: &OpenAccount) -> Result<BankEvent, Refusal> {
    if account.is_some() {
        let detail = format!("there is an account {} already: choose another code", command.account);
        return Err(Refusal::new("account-code-used", detail));
    }
    let OpenAccount { account, currency, number_key, details } = command.clone();
    Ok(BankAccountOpened { account, currency, number_key, details }.into())
}

/// What a statement brings.
#[derive(Debug, Clone, PartialEq)]
pub struct Imported {
    /// For the stream of the account.
    pub event: BankEvent,
    /// For the streams of lines, in the order of the statement.
    pub lines: Vec<(LineId, LineEvent)>,
    /// Lines that were not known.
    pub booked: u64,
    /// Lines that were known.
    pub known: u64,
}

/// Takes a statement in: its lines lead from its opening to its closing balance, in one currency, and it continues the
/// one before it. What is new among its lines is booked; `known` holds the lines that are there, and then these too. Of one
/// whose days overlap with those of an earlier one only the rest is taken in.
pub fn import(
    account: &BankAccount,
    statement: &Statement,
    known: &mut KnownLines,
) -> Result<Option<Imported>, Refusal> {
    let sum = total(account, statement)?;
    let mut told = BTreeSet::new();
    let mut event: BankEvent = match statement.kind {
        StatementKind::Notification => {
            if account.notifications.contains_key(&statement.statement) {
                return Ok(None);
            }
            is_of_its_days(account, statement)?;
            NotificationImported {
                statement: statement.statement,
                lines: statement.lines.len() as u64,
                file: statement.file,
                details: statement.details,
            }
            .into()
        }
        StatementKind::Statement => {
            let stated = adds_up(account, statement, sum)?;
            told = told_before(account, statement, &stated, known);
            let all_told = !told.is_empty() && told.len() == statement.lines.len();
            if let Some(earlier) = account.statements.get(&statement.statement) {
                let of_its_ends = earlier.opening == stated.opening || earlier.closing == stated.closing;
                return if earlier.says_the_same(&stated) || (all_told && of_its_ends) {
                    Ok(None)
                } else {
                    Err(said_otherwise(earlier, &stated))
                };
            }
            // Under another name it is known by what it says, or by its lines.
            let mut earlier = account.statements.values();
            let is_one =
                |known: &Stated| known.is(&stated) || (statement.is_copy && known.says_the_same(&stated));
            let has_nothing = has_lines_of_another(account, statement, &stated, known)
                || brings_nothing(account, statement, &stated, &told, known);
            if earlier.any(is_one) || (has_nothing && !tells_of_more_days(account, statement, &stated, &told))
            {
                return Ok(None);
            }
            is_of_its_days(account, statement)?;
            let rest = match &account.last {
                Some(last) => rest_of(last, statement, &stated, &told)?,
                None => None,
            };
            let both_ways = rest.and(account.last.as_ref()).and_then(|last| ambiguous(last, &stated, &told));
            let rest = rest.filter(|_| both_ways.is_none());
            let gap = both_ways.or_else(|| gap(account, &rest.unwrap_or(stated)));
            let left = match (rest, &gap) {
                (Some(rest), _) => Some((rest, told)),
                (None, Some(_)) => left_of(account, statement, &stated, &told, known)?,
                (None, None) => None,
            };
            let is_left = left.is_some();
            let taken;
            (taken, told) = left.unwrap_or((stated, BTreeSet::new()));
            let gap = gap.map(|refusal| if is_left { also_told(refusal, told.len()) } else { refusal });
            let gap_accepted = match (gap, statement.gap_accepted) {
                (Some(refusal), None) => return Err(refusal),
                (Some(_), reason) => reason,
                (None, _) => None,
            };
            StatementImported {
                statement: statement.statement,
                sequence: taken.sequence,
                from: statement.from,
                to: statement.to,
                opening: taken.opening,
                closing: taken.closing,
                lines: taken.lines,
                not_stated: Vec::new(),
                file: statement.file,
                gap_accepted,
                details: statement.details,
            }
            .into()
        }
    };
    let mut lines = Vec::new();
    for (ordinal, booking) in (1..).zip(&statement.lines).filter(|(ordinal, _)| !told.contains(ordinal)) {
        lines.extend(of_line(account, statement, ordinal, booking, known)?);
    }
    if let BankEvent::StatementImported(e) = &mut event {
        let stated: HashSet<LineId> = lines.iter().map(|(line, _)| *line).collect();
        let own = Stated {
            sequence: None,
            opening: e.opening,
            closing: e.closing,
            lines: e.lines,
            days: (e.from, e.to),
        };
        let is_covered = |day| own.has_day(day) || account.statements.values().any(|of| of.has_day(day));
        let notified = statement.notified.iter().filter(|(line, day)| {
            is_covered(*day) && !stated.contains(line) && !account.not_stated.contains(line)
        });
        e.not_stated = notified.map(|(line, _)| *line).collect();
    }
    let is_new = |(_, event): &&(LineId, LineEvent)| matches!(event, LineEvent::BankLineBooked(_));
    let booked = lines.iter().filter(is_new).count() as u64;
    Ok(Some(Imported { event, lines, booked, known: statement.lines.len() as u64 - booked }))
}

/// The sum of the lines, all of which are in the currency of the account.
fn total(account: &BankAccount, statement: &Statement) -> Result<Amount, Refusal> {
    let mut sum = Amount::zero(account.currency);
    for (ordinal, booking) in (1_u64..).zip(&statement.lines) {
        if booking.amount.currency() != account.currency {
            let detail = format!(
                "line {ordinal} is in {}, the account {} in {}",
                booking.amount.currency(),
                account.code,
                account.currency
            );
            return Err(Refusal::new("statement-currency", detail));
        }
        sum = add(sum, booking.amount)?;
    }
    Ok(sum)
}

/// Opening and lines come to closing.
fn adds_up(account: &BankAccount, statement: &Statement, sum: Amount) -> Result<Stated, Refusal> {
    let (Some(opening), Some(closing)) = (statement.opening, statement.closing) else {
        let detail = "a statement has its booked balance before (OPBD or PRCD) and after (CLBD) its entries; ask the bank for the whole one";
        return Err(Refusal::new("statement-balance-missing", detail));
    };
    for (balance, name) in [(opening, "opening"), (closing, "closing")] {
        if balance.currency() != account.currency {
            let detail = format!(
                "the {name} balance is in {}, the account {} in {}",
                balance.currency(),
                account.code,
                account.currency
            );
            return Err(Refusal::new("statement-currency", detail));
        }
    }
    let reached = add(opening, sum)?;
    if reached != closing {
        let off = add(closing, reached.negated())?;
        let detail = format!(
            "opening {opening} and booked entries {sum} come to {reached} {}, not to the closing {closing}: {off} off; get the file anew from the bank",
            account.currency
        );
        return Err(Refusal::new("statement-does-not-add-up", detail));
    }
    let (sequence, days) = (statement.sequence, (statement.from, statement.to));
    Ok(Stated { sequence, opening, closing, lines: statement.lines.len() as u64, days })
}

/// Whether it has the figures of another statement and all its lines: by what the bank calls them, they are the same
/// entries.
fn has_lines_of_another(
    account: &BankAccount,
    statement: &Statement,
    stated: &Stated,
    known: &KnownLines,
) -> bool {
    let stated_in = |booking: &Booking| known.get(booking.keys.shared?)?.1;
    let Some(other) = statement.lines.first().and_then(stated_in) else { return false };
    let mut once = HashSet::new();
    statement.lines.iter().all(|line| stated_in(line) == Some(other) && once.insert(line.keys.shared))
        && account.statements.get(&other).is_some_and(|other| other.has_figures_of(stated))
}

fn said_otherwise(earlier: &Stated, now: &Stated) -> Refusal {
    let told =
        |stated: &Stated| format!("{} lines from {} to {}", stated.lines, stated.opening, stated.closing);
    let detail =
        format!("this statement was imported before with {}, and has {} now", told(earlier), told(now));
    Refusal::new("statement-conflict", detail)
}

/// A gap before a statement of which earlier ones have told some lines.
fn also_told(mut refusal: Refusal, lines: usize) -> Refusal {
    for reason in &mut refusal.reasons {
        reason.detail += &format!(
            " ({lines} of its lines are known from other statements of these days, and are not taken in again)"
        );
    }
    refusal
}

/// What is missing between the last statement and the next, if anything. One that was missing may come late.
fn gap(account: &BankAccount, next: &Stated) -> Option<Refusal> {
    let last = account.last.as_ref()?;
    let numbered = last.sequence.zip(next.sequence);
    // Numbers may begin anew with a year; then the balances alone tell.
    let skipped = numbered.filter(|(last, next)| *next > last.saturating_add(1));
    let older = next.is_late_after(last);
    let broken = last.closing != next.opening;
    if (!broken && skipped.is_none() && !older) || (older && account.is_missing(next)) {
        return None;
    }
    let mut said = Vec::new();
    match (skipped.filter(|_| !older), numbered.filter(|_| older)) {
        (Some((last, next)), _) if last + 2 == next => {
            said.push(format!("statement {} is missing", last + 1))
        }
        (Some((last, next)), _) => said.push(format!("statements {} to {} are missing", last + 1, next - 1)),
        (_, Some((last, next))) => {
            said.push(format!("it is number {next}, and number {last} was imported before it"));
        }
        (None, None) if older => {
            said.push("it is about earlier days than one that was imported before it".to_owned())
        }
        _ => {}
    }
    if broken {
        let off = add(next.opening, last.closing.negated())
            .map_or_else(|_| String::new(), |off| format!(": {off} off"));
        said.push(format!(
            "it opens with {}, and the one before it closes with {}{off}",
            next.opening, last.closing
        ));
    }
    let detail = format!(
        "{}: import what is missing first, or give --accept-gap with the reason why it never will be",
        said.join("; ")
    );
    Some(Refusal::new("statement-gap", detail))
}

/// What a line of the statement comes to: booked, stated, or nothing new. Of an entry that is known otherwise, the lines
/// that are known are stated.
fn of_line(
    account: &BankAccount,
    statement: &Statement,
    ordinal: u64,
    booking: &Booking,
    known: &mut KnownLines,
) -> Result<Vec<(LineId, LineEvent)>, Refusal> {
    let Some(told) = &booking.told else {
        return Ok(line(account, statement, ordinal, booking, known)?.into_iter().collect());
    };
    let mut stated = Vec::new();
    for key in told {
        if let (StatementKind::Statement, Some((line, None))) = (statement.kind, known.get(*key)) {
            known.note(*key, line, Some(statement.statement));
            stated.push((line, BankLineStated { statement: statement.statement, ordinal }.into()));
        }
    }
    Ok(stated)
}

/// What one line comes to by itself.
fn line(
    account: &BankAccount,
    statement: &Statement,
    ordinal: u64,
    booking: &Booking,
    known: &mut KnownLines,
) -> Result<Option<(LineId, LineEvent)>, Refusal> {
    let whole = statement.kind == StatementKind::Statement;
    let line_key = match booking.keys.shared {
        Some(shared) => match known.get(shared) {
            Some(_) if !whole => return Ok(None),
            Some((line, None)) => {
                known.note(shared, line, Some(statement.statement));
                let stated = BankLineStated { statement: statement.statement, ordinal };
                return Ok(Some((line, stated.into())));
            }
            // A line of another statement: the bank gave two lines the same reference.
            Some((_, Some(_))) => booking.keys.own,
            None => shared,
        },
        None if whole => booking.keys.own,
        None => {
            let detail = format!(
                "line {ordinal} of a notification has no reference of the bank (AcctSvcrRef), so it could not be recognised in the statement: import the statement instead"
            );
            return Err(Refusal::new("notification-without-reference", detail));
        }
    };
    known.note(line_key, booking.line, whole.then_some(statement.statement));
    let Booking { line, booked_on, value_on, amount, exchange, references, code, .. } = booking.clone();
    let Booking { reversal, returned, details, .. } = booking.clone();
    let booked = BankLineBooked {
        line,
        account: account.code.clone(),
        statement: statement.statement,
        kind: statement.kind,
        ordinal,
        booked_on,
        value_on,
        amount,
        line_key,
        exchange: exchange.map(Box::new),
        references,
        code,
        reversal,
        returned: returned.is_some(),
        return_reason: returned.flatten(),
        details,
    };
    Ok(Some((line, booked.into())))
}

pub(super) fn add(a: Amount, b: Amount) -> Result<Amount, Refusal> {
    a.checked_add(b).map_err(|error| Refusal::new("amount-too-large", error.to_string()))
}
