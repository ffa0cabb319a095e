//! Decisions about periods.

use super::command::ClosePeriod;
use super::event::{Check, Finding, PeriodClosed};
use super::state::Closings;
use crate::by::By;
use crate::period::Period;
use crate::refusal::Refusal;

/// The reason for which a period stays open as long as something in it is.
pub const OPEN_MATTERS: &str = "period-has-open-matters";

/// Closes a period: it is over and the next in order, the books balance, and nothing is open that nobody has accepted.
pub fn decide(closings: &Closings, command: &ClosePeriod, by: &By) -> Result<PeriodClosed, Refusal> {
    by.may_decide()?;
    let ClosePeriod { period, .. } = command;
    is_next(closings, command)?;
    let (accepted, open): (Vec<Finding>, Vec<Finding>) = command
        .findings
        .iter()
        .filter(|finding| finding.found > 0 && finding.check.stops())
        .partition(|finding| finding.check.is_acceptable() && command.accepted.contains(&finding.check));
    if !open.is_empty() {
        let told = |finding: &Finding| format!("{}: {}", finding.check, finding.found);
        let detail =
            format!("{period} has open matters ({})", open.iter().map(told).collect::<Vec<_>>().join(", "));
        return Err(Refusal::new(OPEN_MATTERS, detail));
    }
    if !accepted.is_empty() && command.reason.is_none() {
        return Err(Refusal::new("reason-missing", "say with --reason why open matters may stay open"));
    }
    let accepted: Vec<Check> = accepted.iter().map(|finding| finding.check).collect();
    Ok(PeriodClosed {
        period: *period,
        position: command.position,
        vouchers: command.vouchers,
        digest: command.digest,
        chart: command.chart.clone(),
        entries: command.entries,
        findings: command.findings.clone(),
        reason: command.reason.filter(|_| !accepted.is_empty()),
        accepted,
        late_on_first_day: true,
    })
}

/// Whether it is over and the next in order, and the books balance: whatever is open in it, it is closed only then.
///
/// # Errors
/// [`Refusal`] where it is not.
pub fn is_next(closings: &Closings, command: &ClosePeriod) -> Result<(), Refusal> {
    let ClosePeriod { period, on, .. } = command;
    in_order(closings, command)?;
    if *on <= period.last() {
        let detail = format!("{period} ends on {}: it can be closed from the day after", period.last());
        return Err(Refusal::new("period-not-over", detail));
    }
    if !command.difference.is_zero() {
        let detail = format!(
            "the accounts do not balance: {} EUR too much; `svala books trial-balance` shows them",
            command.difference
        );
        return Err(Refusal::new("books-do-not-balance", detail));
    }
    Ok(())
}

/// Whole months, the first after those closed last, or not after the first in which anything is booked.
fn in_order(closings: &Closings, command: &ClosePeriod) -> Result<(), Refusal> {
    let period = &command.period;
    let months = Period::month_of(period.first()).first() == period.first()
        && Period::month_of(period.last()).last() == period.last();
    if !months {
        return Err(Refusal::new("period-not-months", "whole months are closed: one, a quarter or a year"));
    }
    match (closings.last(), closings.next_day()) {
        (Some(last), Some(next)) if period.first() < next => {
            let detail = format!(
                "{} is closed, and with it every day before {next}: a closed period stays closed; corrections are booked in the open one",
                last.period
            );
            Err(Refusal::new("period-closed", detail))
        }
        (_, Some(next)) if period.first() > next => {
            Err(Refusal::new("period-not-next", format!("the next period to close begins on {next}")))
        }
        (_, Some(_)) => Ok(()),
        (_, None) => match command.first_booked.filter(|day| *day < period.first()) {
            Some(day) => {
                let first = Period::month_of(day);
                let detail = format!("something is booked on {day} already: {first} is to be closed first");
                Err(Refusal::new("period-not-next", detail))
            }
            None => Ok(()),
        },
    }
}
