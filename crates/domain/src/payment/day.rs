//! The day on which the bank is to execute a file of payments.

use jiff::ToSpan;
use jiff::civil::Date;

use crate::rates::is_closing_day;
use crate::refusal::Refusal;

/// Farthest day ahead, in days. Banks keep orders for about a year (360 to 366 days); a day beyond that is a year mistyped.
pub const EXECUTE_AHEAD_DAYS_MAX: i64 = 360;

/// Whether a file of payments may be for a day: not over, and not so far ahead that it must be a mistake.
///
/// # Errors
/// [`Refusal`] where it may not.
pub fn may_execute_on(today: Date, day: Date, far_ahead: bool) -> Result<(), Refusal> {
    if day < today {
        let detail = format!("{day} is over: the bank executes it today at the earliest");
        return Err(Refusal::new("in-the-past", detail));
    }
    if !far_ahead && day > today.saturating_add(EXECUTE_AHEAD_DAYS_MAX.days()) {
        let detail = format!(
            "{day} is more than {EXECUTE_AHEAD_DAYS_MAX} days ahead, longer than banks keep an order: correct the day, or give --far-ahead if your bank takes it"
        );
        return Err(Refusal::new("too-far-ahead", detail));
    }
    Ok(())
}

/// The day on which the bank settles what is to be executed on a day, if that is a weekend or a holiday of the euro area's
/// payment system (TARGET).
pub fn settled_instead_on(day: Date) -> Option<Date> {
    let open = |day: &Date| !is_closing_day(*day);
    if open(&day) { None } else { day.series(1.day()).take(14).find(open) }
}
