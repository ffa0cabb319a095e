//! Closed periods as their events have made them.

use jiff::civil::Date;

use super::event::{ClosingEvent, PeriodClosed};
use crate::period::Period;
use crate::refusal::FoldError;

/// A closed period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed {
    /// Which.
    pub period: Period,
    /// The position of the log up to which it was booked.
    pub position: u64,
    /// Whether lines of the bank of days that were closed before were booked on its first day.
    late_on_first_day: bool,
}

/// All closed periods, in the order in which they were closed: that of their days.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Closings {
    closed: Vec<Closed>,
}

impl Closings {
    /// Applies an event.
    pub fn evolve(&mut self, event: &ClosingEvent) -> Result<(), FoldError> {
        let ClosingEvent::PeriodClosed(closed) = event else { return Ok(()) };
        let PeriodClosed { period, position, late_on_first_day, .. } = closed;
        let follows = self.next_day().is_none_or(|day| day == period.first());
        let later = self.closed.last().is_none_or(|last| last.position < *position);
        if !follows || !later {
            return Err(FoldError(format!("{period} is closed, and is not the next period")));
        }
        let (period, position, late_on_first_day) = (*period, *position, *late_on_first_day);
        self.closed.push(Closed { period, position, late_on_first_day });
        Ok(())
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Closed> {
        self.closed.iter()
    }

    /// The one closed last.
    pub fn last(&self) -> Option<&Closed> {
        self.closed.last()
    }

    /// The first day of the open period; none as long as nothing is closed.
    pub fn next_day(&self) -> Option<Date> {
        self.closed.last().and_then(|closed| closed.period.last().tomorrow().ok())
    }

    /// The first day on which an event at this position can be booked; none where any day can.
    pub fn first_open_at(&self, position: u64) -> Option<Date> {
        let before = self.closed.iter().rev().find(|closed| closed.position < position)?;
        before.period.last().tomorrow().ok()
    }

    /// Whether what the bank had on its account on days that were closed before the event at this position stands on the first
    /// open one: so the account is at the end of that period what the bank says. Where that has been closed otherwise since, it
    /// stays on the day on which it was recorded.
    pub(crate) fn has_lines_on_first_day(&self, position: u64) -> bool {
        let closed = self.closed.iter().find(|closed| closed.position >= position);
        closed.is_none_or(|closed| closed.late_on_first_day)
    }

    /// The period in which a day lies, if it was closed when the event at this position was recorded.
    pub fn closed_at(&self, position: u64, day: Date) -> Option<Period> {
        let closed = self.closed.iter().find(|closed| closed.period.contains(day))?;
        (closed.position < position).then_some(closed.period)
    }
}
