//! Days of the invented year.

use jiff::Span;
use jiff::civil::{Date, Weekday, date};

use crate::dice::Dice;

/// The day of the register: nothing in the files lies after it.
pub(crate) const CLOSING: Date = date(2024, 12, 31);

/// So many days later. Counts here are of days within a few years, which never leave the calendar.
pub(crate) fn after(day: Date, days: u64) -> Date {
    day.saturating_add(Span::new().days(i64::try_from(days).unwrap_or(0)))
}

/// So many days earlier.
pub(crate) fn before(day: Date, days: u64) -> Date {
    day.saturating_sub(Span::new().days(i64::try_from(days).unwrap_or(0)))
}

/// Days from one day to a later one; 0 if it is not later.
pub(crate) fn days_between(first: Date, last: Date) -> u64 {
    u64::try_from(last.duration_since(first).as_hours() / 24).unwrap_or(0)
}

/// A day from `first` to `last`, both included.
pub(crate) fn some_day(dice: &mut Dice, first: Date, last: Date) -> Date {
    after(first, dice.between(0, days_between(first, last)))
}

/// The day itself, or the Monday after a weekend.
pub(crate) fn weekday(day: Date) -> Date {
    match day.weekday() {
        Weekday::Saturday => after(day, 2),
        Weekday::Sunday => after(day, 1),
        _ => day,
    }
}
