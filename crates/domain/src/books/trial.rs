//! The trial balance (saldobalans): what stands on each account.

use std::collections::BTreeMap;

use money::{Eur, Overflow};
use serde::Serialize;

use super::chart::Chart;
use super::journal::Voucher;
use crate::period::Period;

/// One account in a period.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TrialLine {
    /// Its number.
    pub account: String,
    /// What it is called.
    pub name: String,
    /// What stood on it before the period; a credit balance is negative.
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
        let until =
            vouchers.iter().filter(|voucher| period.is_none_or(|period| voucher.day <= period.last()));
        for voucher in until {
            let within = period.is_none_or(|period| period.contains(voucher.day));
            for entry in &voucher.entries {
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
        let name = |number: &str| {
            let account = chart.accounts().iter().find(|account| account.number == number);
            account.map(|account| account.name.clone()).unwrap_or_default()
        };
        let lines = lines.into_iter().map(|(number, line)| TrialLine {
            account: number.to_owned(),
            name: name(number),
            ..line
        });
        Ok(Self { lines: lines.collect() })
    }

    /// The sum of all balances: nothing, as long as every voucher is balanced.
    ///
    /// # Errors
    /// [`Overflow`] where it cannot be added up.
    pub fn difference(&self) -> Result<Eur, Overflow> {
        Eur::sum(self.lines.iter().map(|line| line.closing))
    }
}
