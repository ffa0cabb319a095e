//! TARGET's closing days, as they have been since 2002: the ECB publishes no rates, and no payment in euro is settled.

use jiff::Span;
use jiff::civil::{Date, Weekday};

/// Weekends, New Year's Day, Good Friday, Easter Monday, 1 May, 25 and 26 December.
pub(crate) fn is_closing_day(day: Date) -> bool {
    let weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
    let fixed = matches!((day.month(), day.day()), (1, 1) | (5, 1) | (12, 25 | 26));
    let easter = |days: i64| {
        easter_sunday(day.year())
            .is_some_and(|sunday| sunday.checked_add(Span::new().days(days)).is_ok_and(|moved| moved == day))
    };
    weekend || fixed || easter(-2) || easter(1)
}

/// Easter Sunday of the Gregorian calendar (the anonymous algorithm of 1876).
fn easter_sunday(year: i16) -> Option<Date> {
    let y = i32::from(year);
    let (a, b, c) = (y % 19, y / 100, y % 100);
    let g = (b - (b + 8) / 25 + 1) / 3;
    let h = (19 * a + b - b / 4 - g + 15) % 30;
    let l = (32 + 2 * (b % 4) + 2 * (c / 4) - h - c % 4) % 7;
    let m = (a + 11 * h + 22 * l) / 451;
    let days = h + l - 7 * m + 114;
    Date::new(year, i8::try_from(days / 31).ok()?, i8::try_from(days % 31 + 1).ok()?).ok()
}
