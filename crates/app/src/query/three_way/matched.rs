//! What matches say of payments, grants and lines.

use std::collections::{BTreeMap, HashMap};

use ::bank::{ExceptionsProjection, LineRow, LinesProjection, MatchRow};
use domain::bank::BankEvent;
use domain::exception::{Resolution, Subject};
use domain::reconciliation::Settled;
use domain::{Event, KeyDigest, LineId};
use jiff::civil::Date;
use money::{Eur, Overflow};

use super::row::{RowKind, ThreeWayRow, WRITTEN_OFF};
use super::thing::Thing;
use crate::error::AppError;
use crate::ledger::Ledger;

/// The matches in force.
pub(super) struct Matched {
    matches: BTreeMap<u64, MatchRow>,
    of_item: HashMap<Settled, u64>,
    of_line: HashMap<LineId, u64>,
}

/// What is known of the lines of the bank.
pub(super) struct Lines {
    rows: BTreeMap<LineId, LineRow>,
    /// The numbers of statements and notifications.
    statements: HashMap<KeyDigest, u64>,
    /// How lines were written off.
    written_off: HashMap<LineId, String>,
}

impl Ledger {
    pub(super) async fn matched(&self) -> Result<Matched, AppError> {
        let in_force = self.match_rows().await?.into_iter().filter(|row| row.undone.is_none());
        let matches: BTreeMap<u64, MatchRow> = in_force.map(|row| (row.number, row)).collect();
        let items = matches.values().flat_map(|row| row.items.iter().map(|i| (i.of.clone(), row.number)));
        let lines = matches.values().flat_map(|row| row.lines.iter().map(|l| (l.line, row.number)));
        let (of_item, of_line) = (items.collect(), lines.collect());
        Ok(Matched { matches, of_item, of_line })
    }

    /// What is known of lines: of these, or of all.
    pub(super) async fn lines(&self, wanted: Option<Vec<LineId>>) -> Result<Lines, AppError> {
        let rows: Vec<LineRow> = match wanted {
            Some(ids) => {
                let keys: Vec<String> = ids.iter().map(LineId::to_string).collect();
                self.runner.rows::<LinesProjection>(&keys).await?.into_iter().flatten().collect()
            }
            None => {
                self.runner.all_rows::<LinesProjection>().await?.into_iter().map(|(_, row)| row).collect()
            }
        };
        let mut statements = HashMap::new();
        for recorded in self.bank_events().await? {
            match recorded.event {
                Event::Bank(BankEvent::StatementImported(e)) => {
                    statements.insert(e.statement, recorded.position)
                }
                Event::Bank(BankEvent::NotificationImported(e)) => {
                    statements.insert(e.statement, recorded.position)
                }
                _ => None,
            };
        }
        let mut written_off = HashMap::new();
        for (_, row) in self.runner.all_rows::<ExceptionsProjection>().await? {
            let how = row.resolved.map(|resolved| resolved.how);
            if let (Subject::Line { line }, Some(Resolution::WrittenOff { account })) = (row.id.about, how) {
                written_off.insert(line, format!("{WRITTEN_OFF} as {account}"));
            }
        }
        let rows = rows.into_iter().map(|row| (row.line, row)).collect();
        Ok(Lines { rows, statements, written_off })
    }
}

impl Matched {
    /// The match that settles something.
    pub(super) fn of_item(&self, of: &Settled) -> Option<u64> {
        self.of_item.get(of).copied()
    }

    /// What a match settled of something, in euro: above zero for money that went out.
    pub(super) fn eur_of(&self, of: &Settled) -> Result<Option<(u64, Eur)>, Overflow> {
        let Some(row) = self.of_item(of).and_then(|number| self.matches.get(&number)) else {
            return Ok(None);
        };
        let item = row.items.iter().find(|item| item.of == *of);
        let eur = item.and_then(|item| item.amount.negated().to_eur_exact());
        Ok(eur.map(|eur| (row.number, eur)))
    }

    /// The match of a line.
    pub(super) fn of_line(&self, line: LineId) -> Option<&MatchRow> {
        self.of_line.get(&line).and_then(|number| self.matches.get(number))
    }

    /// The lines of matches.
    pub(super) fn lines_of(&self, numbers: &[u64]) -> Vec<LineId> {
        let matches = numbers.iter().filter_map(|number| self.matches.get(number));
        matches.flat_map(|row| row.lines.iter().map(|line| line.line)).collect()
    }

    /// What matches are off: each a row, with the numbers of what it settles.
    pub(super) fn differences(&self, lines: &Lines) -> Vec<Thing> {
        let off = |found: &MatchRow| {
            let residual = found.residual.as_ref()?;
            let mut row = ThreeWayRow::of(RowKind::Difference);
            row.number = Some(found.number);
            row.category = residual.account.to_string();
            row.amount = residual.amount.to_string();
            row.currency = residual.amount.currency().code();
            row.bank = residual.amount.negated().to_eur_exact()?;
            self.show(&mut row, &[found.number], lines);
            row.on = row.booked_on;
            Some(Thing::from(row))
        };
        self.matches.values().filter_map(off).collect()
    }

    /// Shows in a row which lines settle it.
    pub(super) fn show(&self, row: &mut ThreeWayRow, numbers: &[u64], lines: &Lines) {
        let mut numbers = numbers.to_vec();
        numbers.sort_unstable();
        numbers.dedup();
        let found: Vec<&LineRow> =
            self.lines_of(&numbers).iter().filter_map(|line| lines.rows.get(line)).collect();
        row.lines = joined(found.iter().map(|line| line.position));
        row.statements =
            joined(found.iter().filter_map(|line| lines.statements.get(&line.statement)).copied());
        row.booked_on = found.iter().map(|line| line.booked_on).max();
        row.matches = joined(numbers.into_iter());
    }
}

impl Lines {
    /// All of them as rows; `number_of` tells the number of what a match settles.
    pub(super) fn things(
        &self,
        matched: &Matched,
        number_of: impl Fn(&Settled) -> Option<u64>,
    ) -> Vec<Thing> {
        let thing = |line: &LineRow| {
            let mut row = ThreeWayRow::of(RowKind::Line);
            row.number = Some(line.position);
            row.category = line.account.to_string();
            row.on = Some(line.booked_on);
            row.amount = line.amount.to_string();
            row.currency = line.amount.currency().code();
            row.bank = line.amount.negated().to_eur_exact().unwrap_or_default();
            row.lines = line.position.to_string();
            row.booked_on = Some(line.booked_on);
            row.statements = joined(self.statements.get(&line.statement).copied().into_iter());
            match (matched.of_line(line.line), self.written_off.get(&line.line)) {
                (Some(found), _) => {
                    // What is in another currency stands in the books as what it was matched for.
                    let exchanged = line.worth().filter(|_| !found.items.is_empty());
                    row.bank = exchanged.and_then(|eur| eur.checked_neg().ok()).unwrap_or(row.bank);
                    row.state = "matched".to_owned();
                    row.matches = found.number.to_string();
                    row.payments = joined(found.items.iter().filter_map(|item| number_of(&item.of)));
                }
                (None, Some(how)) => row.state.clone_from(how),
                (None, None) => row.state = "open".to_owned(),
            }
            Thing { text: Some(line.details), ..Thing::from(row) }
        };
        self.rows.values().map(thing).collect()
    }

    /// The line with this number.
    pub(super) fn numbered(&self, number: u64) -> Option<&LineRow> {
        self.rows.values().find(|row| row.position == number)
    }
}

/// Numbers in their order, each once.
pub(super) fn joined(numbers: impl Iterator<Item = u64>) -> String {
    let mut numbers: Vec<u64> = numbers.collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

/// Whether something has its day, and not after the last one.
pub(super) fn is_until(day: Option<Date>, last: Date) -> bool {
    day.is_some_and(|day| day <= last)
}
