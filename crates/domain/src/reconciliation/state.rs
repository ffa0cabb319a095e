//! Matches as their events have made them.

use std::collections::HashMap;

use jiff::Timestamp;

use super::event::{MatchProposed, MatchedLine, PaymentMatched, ReconciliationEvent, Settled};
use crate::exception::{Handling, Subject};
use crate::ids::{Actor, LineId};
use crate::refusal::FoldError;

/// One match.
#[derive(Debug, Clone, PartialEq)]
pub struct Matching {
    /// What was matched.
    pub matched: PaymentMatched,
    /// When it was recorded.
    pub at: Timestamp,
    /// Who took it back.
    pub undone_by: Option<Actor>,
}

impl Matching {
    /// Who recorded it and when, as it stands in sentences.
    pub fn by_and_when(&self) -> String {
        let at = self.at.strftime("%Y-%m-%dT%H:%M:%SZ");
        format!("by {} at {at} (match {})", self.matched.by, self.matched.number)
    }
}

/// All matches.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reconciliation {
    matches: Vec<Matching>,
    of_line: HashMap<LineId, u64>,
    of_item: HashMap<Settled, u64>,
    /// What waits for another person, no two about one line.
    proposed: Vec<MatchProposed>,
    handling: Handling,
    /// Number of events that changed something (refused commands do not).
    pub revision: u64,
}

impl Reconciliation {
    /// Applies an event that was recorded at this time (microseconds, UTC).
    ///
    /// # Errors
    /// [`FoldError`] for a match that is not the next one, uses something twice, or is undone and not in force.
    pub fn evolve(&mut self, event: &ReconciliationEvent, recorded_at: i64) -> Result<(), FoldError> {
        match event {
            ReconciliationEvent::PaymentMatched(e) => self.matched(e, recorded_at)?,
            ReconciliationEvent::MatchProposed(e) => self.proposed.push(e.clone()),
            ReconciliationEvent::MatchDeclined(e) => {
                let place = self.proposed.iter().position(|known| known.line_ids() == e.lines);
                let Some(place) = place else {
                    return Err(FoldError("a match is declined that nobody proposed".into()));
                };
                self.proposed.remove(place);
            }
            ReconciliationEvent::MatchUndone(e) => {
                let place = usize::try_from(e.number).ok().and_then(|number| number.checked_sub(1));
                let found = place.and_then(|place| self.matches.get_mut(place));
                let Some(undone) = found.filter(|found| found.undone_by.is_none()) else {
                    return Err(FoldError(format!("match {} is undone, and is not in force", e.number)));
                };
                undone.undone_by = Some(e.by.clone());
                for line in &undone.matched.lines {
                    self.of_line.remove(&line.line);
                }
                for item in &undone.matched.items {
                    self.of_item.remove(&item.of);
                }
            }
            ReconciliationEvent::ExceptionAssigned(e) => self.handling.assigned(e),
            ReconciliationEvent::WriteOffProposed(e) => self.handling.proposed(&e.exception, e.proposed()),
            ReconciliationEvent::WriteOffDeclined(e) => self.handling.declined(&e.exception)?,
            ReconciliationEvent::AcceptanceProposed(e) => self.handling.proposed(&e.exception, e.proposed()),
            ReconciliationEvent::AcceptanceDeclined(e) => self.handling.declined(&e.exception)?,
            ReconciliationEvent::ExceptionResolved(e) => {
                self.handling.resolved(e, time(recorded_at))?;
                if let Subject::Line { line } = e.exception.about
                    && self.handling.written_off(line).is_some()
                {
                    self.proposed.retain(|known| known.lines.iter().all(|of| of.line != line));
                }
            }
            ReconciliationEvent::ExceptionReopened(e) => self.handling.reopened(e)?,
            ReconciliationEvent::ReconciliationCommandRefused(_) => return Ok(()),
        }
        self.revision += 1;
        Ok(())
    }

    fn matched(&mut self, event: &PaymentMatched, recorded_at: i64) -> Result<(), FoldError> {
        let number = event.number;
        if number != self.next_number() {
            return Err(FoldError(format!("match {number} is not the next one")));
        }
        let lines = event.lines.iter().any(|line| self.of_line.insert(line.line, number).is_some());
        let items = event.items.iter().any(|item| self.of_item.insert(item.of.clone(), number).is_some());
        if lines || items {
            return Err(FoldError(format!("match {number} uses what another match uses")));
        }
        self.proposed.retain(|known| !known.needs_any_of(&event.lines, &event.items));
        let at = time(recorded_at);
        self.matches.push(Matching { matched: event.clone(), at, undone_by: None });
        Ok(())
    }

    /// A match, also one that was undone.
    pub fn get(&self, number: u64) -> Option<&Matching> {
        let place = usize::try_from(number).ok()?.checked_sub(1)?;
        self.matches.get(place)
    }

    /// The match in force that uses a line.
    pub fn of_line(&self, line: LineId) -> Option<&Matching> {
        self.of_line.get(&line).and_then(|number| self.get(*number))
    }

    /// The match in force that settles an item.
    pub fn of_item(&self, item: &Settled) -> Option<&Matching> {
        self.of_item.get(item).and_then(|number| self.get(*number))
    }

    /// What somebody would match that is about one of these lines, while another person has yet to agree.
    pub fn proposed_of(&self, lines: &[MatchedLine]) -> Option<&MatchProposed> {
        self.proposed.iter().find(|known| known.needs_any_of(lines, &[]))
    }

    /// All that somebody would match, in the order in which it was proposed.
    pub fn proposed(&self) -> &[MatchProposed] {
        &self.proposed
    }

    /// All matches by number, undone ones too.
    pub fn iter(&self) -> impl Iterator<Item = &Matching> {
        self.matches.iter()
    }

    /// What was done about exceptions.
    pub fn handling(&self) -> &Handling {
        &self.handling
    }

    /// The number of the next match.
    pub fn next_number(&self) -> u64 {
        self.matches.len() as u64 + 1
    }
}

fn time(recorded_at: i64) -> Timestamp {
    Timestamp::from_microsecond(recorded_at).unwrap_or_default()
}
