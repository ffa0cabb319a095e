//! The trial balance (saldobalans): what stands on each account.

use std::collections::BTreeMap;

use money::{Eur, Overflow};
use serde::Serialize;

use super::chart::Chart;
use super::journal::Voucher;
use crate::period::Period;

/// What is left of income and expense of earlier years, on no account of the chart.
pub const RESULT_OF_EARLIER_YEARS: &str = "Result of earlier years";

/// One account in a period.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TrialLine {
    /// Its number; empty for the result of earlier years.
    pub account: String,
    /// What it is called.
    pub name: String,
    /// What stood on it before the period; a credit balance is negative. Income and expense begin with nothing each year:
    /// what they came to in the years before stands in one line of its own.
    pub opening: Eur,
    /// Debited in the period.
    pub debit: Eur,
    /// Credited in the period.
    pub credit: Eur,
    /// What stands on it at the end of the period.
    pub closing: Eur,
}

/// All accounts on which anything was booked, by number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TrialBalance {
    /// The lines.
    pub lines: Vec<TrialLine>,
}

impl TrialBalance {
    /// Adds up vouchers until the end of a period; of all of them without one.
    ///
    /// # Errors
    /// [`Overflow`] where it cannot be added up.
    pub fn of(chart: &Chart, vouchers: &[Voucher], period: Option<Period>) -> Result<Self, Overflow> {
        let mut lines: BTreeMap<&str, TrialLine> = BTreeMap::new();
        let mut result = Eur::ZERO;
        let year = period.map(|period| period.first().year());
        let begins_anew =
            |number: &str| chart.account(number).is_some_and(|account| account.kind.begins_anew());
        let until =
            vouchers.iter().filter(|voucher| period.is_none_or(|period| voucher.day <= period.last()));
        for voucher in until {
            let within = period.is_none_or(|period| period.contains(voucher.day));
            let earlier = year.is_some_and(|year| voucher.day.year() < year);
            for entry in &voucher.entries {
                if earlier && begins_anew(&entry.account) {
                    result = result.checked_add(entry.amount)?;
                    continue;
                }
                let line = lines.entry(&entry.account).or_default();
                line.closing = line.closing.checked_add(entry.amount)?;
                let negative = entry.amount < Eur::ZERO;
                match (within, negative) {
                    (false, _) => line.opening = line.opening.checked_add(entry.amount)?,
                    (true, false) => line.debit = line.debit.checked_add(entry.amount)?,
                    (true, true) => line.credit = line.credit.checked_sub(entry.amount)?,
                }
            }
        }
        let name =
            |number: &str| chart.account(number).map(|account| account.name.clone()).unwrap_or_default();
        let lines = lines.into_iter().map(|(number, line)| TrialLine {
            account: number.to_owned(),
            name: name(number),
            ..line
        });
        let mut lines: Vec<TrialLine> = lines.collect();
        if !result.is_zero() {
            let name = RESULT_OF_EARLIER_YEARS.to_owned();
            lines.push(TrialLine { name, opening: result, closing: result, ..TrialLine::default() });
        }
        Ok(Self { lines })
    }

    /// The sum of all balances: nothing, as long as every voucher is balanced.
    ///
    /// # Errors
    /// [`Overflow`] where it cannot be added up.
    pub fn difference(&self) -> Result<Eur, Overflow> {
        Eur::sum(self.lines.iter().map(|line| line.closing))
    }
}
