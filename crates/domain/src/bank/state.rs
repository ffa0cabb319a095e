//! An account and a line as their events have made them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::civil::Date;
use money::{Amount, Currency};

use super::event::{BankEvent, BankLineBooked, LineEvent};
use crate::ids::{Actor, BankAccountCode, KeyDigest, LineId, TextId};
use crate::refusal::FoldError;

/// An account of the authority.
#[derive(Debug, Clone, PartialEq)]
pub struct BankAccount {
    /// Its code.
    pub code: BankAccountCode,
    /// Its currency.
    pub currency: Currency,
    /// Its number, in the vault.
    pub details: TextId,
    /// Its statements by what the bank calls them.
    pub statements: BTreeMap<KeyDigest, Stated>,
    /// Its notifications, with the number of their lines.
    pub notifications: BTreeMap<KeyDigest, u64>,
    /// The statement that the next one continues: the one imported last, unless that was a late one.
    pub last: Option<Stated>,
    /// The last day that a statement is about.
    pub stated_until: Option<Date>,
    /// Lines that were notified, and that the statements of their days did not have; one that came late may have them since.
    pub not_stated: BTreeSet<LineId>,
    /// Since when it is closed, if it is.
    pub closed: Option<Closed>,
}

/// That an account was closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closed {
    /// Its last day.
    pub on: Date,
    /// Who closed it.
    pub by: Actor,
}

/// What a statement said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stated {
    /// Its number among those of the account.
    pub sequence: Option<u64>,
    /// The balance before its lines.
    pub opening: Amount,
    /// The balance after them.
    pub closing: Amount,
    /// How many lines it has.
    pub lines: u64,
    /// The first and the last day it is about.
    pub days: (Option<Date>, Option<Date>),
}

impl Stated {
    /// Whether it says the same as another one, as far as figures go.
    pub fn says_the_same(&self, other: &Self) -> bool {
        Self { days: (None, None), ..*self } == Self { days: (None, None), ..*other }
    }

    /// Whether it leads from the same balance to the same, by as many lines.
    pub fn has_figures_of(&self, other: &Self) -> bool {
        (self.opening, self.closing, self.lines) == (other.opening, other.closing, other.lines)
    }

    /// Whether it can only be that other one, whatever the bank calls it: the same number, days and figures.
    pub fn is(&self, other: &Self) -> bool {
        self == other && self.sequence.is_some() && self.days.1.is_some()
    }

    /// Whether both are about some of the same days.
    pub fn overlaps(&self, other: &Self) -> bool {
        match (self.days, other.days) {
            ((Some(from), Some(to)), (Some(other_from), Some(other_to))) => {
                from <= other_to && other_from <= to
            }
            _ => false,
        }
    }

    /// Whether it is about a day.
    pub fn has_day(&self, day: Date) -> bool {
        matches!(self.days, (Some(from), Some(to)) if from <= day && day <= to)
    }

    /// Whether it begins before the last day of another.
    pub fn begins_within(&self, other: &Self) -> bool {
        self.days.0.zip(other.days.1).is_some_and(|(from, to)| from < to)
    }

    /// Whether it is about all days of another and more.
    pub fn covers(&self, other: &Self) -> bool {
        match (self.days, other.days) {
            ((Some(from), Some(to)), (Some(other_from), Some(other_to))) => {
                from <= other_from && other_to <= to && self.days != other.days
            }
            _ => false,
        }
    }

    /// Whether it goes on where another ends: from its balance, and under the next number, as far as both have one. Numbers
    /// may begin anew with a year.
    pub fn continues(&self, before: &Self) -> bool {
        let numbered = before.sequence.zip(self.sequence);
        let follows = numbered.is_none_or(|(before, own)| own == 1 || Some(own) == before.checked_add(1));
        follows && before.closing == self.opening && !self.begins_within(before)
    }

    /// Whether it is about earlier days than a statement that is there already; where both end on one day, or do not say
    /// when, whether the bank had numbered it before. Numbers may begin anew with a year: then the balances alone tell.
    pub fn is_late_after(&self, last: &Self) -> bool {
        if let Some((last, own)) = last.days.1.zip(self.days.1).filter(|(last, own)| last != own) {
            return own < last;
        }
        last.sequence.zip(self.sequence).is_some_and(|(last, own)| own <= last && own != 1)
    }
}

impl BankAccount {
    /// Whether a late statement stands where one is missing: it continues the one before, which the one after does not, and
    /// has none of the days of that.
    pub fn is_missing(&self, stated: &Stated) -> bool {
        let (after, before): (Vec<_>, Vec<_>) =
            self.statements.values().partition(|other| stated.is_late_after(other));
        let in_order = |of: &&&Stated| (of.days.1, of.days.0, of.sequence);
        let neighbours = before.iter().max_by_key(in_order).zip(after.iter().min_by_key(in_order));
        neighbours.is_some_and(|(before, after)| {
            stated.continues(before)
                && !after.continues(before)
                && (after.continues(stated) || !after.overlaps(stated))
        })
    }

    /// The account after one more event: of none before the first.
    pub fn evolve(account: Option<Self>, event: &BankEvent) -> Result<Self, FoldError> {
        let mut account = match (account, event) {
            (None, BankEvent::BankAccountOpened(e)) => {
                return Ok(Self {
                    code: e.account.clone(),
                    currency: e.currency,
                    details: e.details,
                    statements: BTreeMap::new(),
                    notifications: BTreeMap::new(),
                    last: None,
                    stated_until: None,
                    not_stated: BTreeSet::new(),
                    closed: None,
                });
            }
            (None, other) => {
                return Err(FoldError(format!("{} before BankAccountOpened", other.event_type())));
            }
            (Some(account), _) => account,
        };
        let before = match event {
            BankEvent::BankAccountOpened(_) => return Err(FoldError("BankAccountOpened twice".into())),
            BankEvent::StatementImported(e) => {
                let (sequence, days) = (e.sequence, (e.from, e.to));
                let stated =
                    Stated { sequence, opening: e.opening, closing: e.closing, lines: e.lines, days };
                if account.last.is_none_or(|last| !stated.is_late_after(&last)) {
                    account.last = Some(stated);
                }
                account.stated_until = account.stated_until.max(e.to);
                account.not_stated.extend(&e.not_stated);
                account.statements.insert(e.statement, stated).is_some()
            }
            BankEvent::NotificationImported(e) => {
                account.notifications.insert(e.statement, e.lines).is_some()
            }
            BankEvent::BankAccountClosed(e) => {
                let closed = Closed { on: e.closed_on, by: e.by.clone() };
                if account.closed.replace(closed).is_some() {
                    return Err(FoldError("an account is closed twice".into()));
                }
                false
            }
        };
        if before { Err(FoldError("a statement is imported twice".into())) } else { Ok(account) }
    }
}

/// A line of a statement.
#[derive(Debug, Clone, PartialEq)]
pub struct BankLine {
    /// What the bank said.
    pub booked: BankLineBooked,
    /// The statement it stands in; none as long as only a notification has brought it.
    pub stated_in: Option<KeyDigest>,
}

impl BankLine {
    /// The line after one more event: of none before the first.
    pub fn evolve(line: Option<Self>, event: &LineEvent) -> Result<Self, FoldError> {
        match (line, event) {
            (None, LineEvent::BankLineBooked(e)) => {
                let stated_in = (e.kind == super::StatementKind::Statement).then_some(e.statement);
                Ok(Self { booked: e.clone(), stated_in })
            }
            (Some(line), LineEvent::BankLineStated(e)) if line.stated_in.is_none() => {
                Ok(Self { stated_in: Some(e.statement), ..line })
            }
            (Some(_), LineEvent::BankLineStated(_)) => {
                Err(FoldError("a line stands in two statements".into()))
            }
            (Some(_), LineEvent::BankLineBooked(_)) => Err(FoldError("BankLineBooked twice".into())),
            (None, LineEvent::BankLineStated(_)) => {
                Err(FoldError("BankLineStated before BankLineBooked".into()))
            }
        }
    }
}

/// The lines that are known by some keys: which, in which statement, and how long their streams are.
#[derive(Debug, Clone, Default)]
pub struct KnownLines {
    by_key: HashMap<KeyDigest, (LineId, Option<KeyDigest>)>,
}

impl KnownLines {
    /// Notes a line that is there.
    pub fn insert(&mut self, line: &BankLine) {
        self.by_key.insert(line.booked.line_key, (line.booked.line, line.stated_in));
    }

    /// The line with this key, and the statement it stands in.
    pub fn get(&self, key: KeyDigest) -> Option<(LineId, Option<KeyDigest>)> {
        self.by_key.get(&key).copied()
    }

    pub(super) fn note(&mut self, key: KeyDigest, line: LineId, stated_in: Option<KeyDigest>) {
        self.by_key.insert(key, (line, stated_in));
    }
}
