//! One account with every row on it (huvudbok): what stood on it, what moved it, what stands on it.

use jiff::civil::Date;
use money::{Eur, Overflow};
use serde::Serialize;

use super::chart::{Chart, DimensionOf, UnknownAccount};
use super::journal::{Entry, Voucher};
use crate::period::Period;

/// Which rows of an account are asked for; everything not given is not asked about.
#[derive(Debug, Clone, Default)]
pub struct AccountAsked {
    /// The account's number.
    pub account: String,
    /// Only rows that name these objects.
    pub of: Vec<(DimensionOf, String)>,
    /// Only of this period.
    pub period: Option<Period>,
}

/// An account in a period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AccountLedger {
    /// Its number.
    pub account: String,
    /// What it is called.
    pub name: String,
    /// What stood on it before the period; a credit balance is negative. Income and expense begin with nothing each year.
    pub opening: Eur,
    /// Debited in the period.
    pub debit: Eur,
    /// Credited in the period.
    pub credit: Eur,
    /// What stands on it at the end of the period.
    pub closing: Eur,
    /// Every row, by day; those of one day in the order of the log.
    pub rows: Vec<AccountRow>,
}

/// A row on an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AccountRow {
    /// The series of its voucher.
    pub series: String,
    /// The year in which that is numbered.
    pub year: i16,
    /// Its number in the series and the year.
    pub number: u64,
    /// The day it is booked on.
    pub day: Date,
    /// What happened.
    pub voucher_text: String,
    /// The row itself: positive debits, negative credits.
    #[serde(flatten)]
    pub entry: Entry,
    /// What stands on the account after it.
    pub balance: Eur,
}

/// Why an account cannot be shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AccountError {
    /// The chart does not have it.
    #[error(transparent)]
    Unknown(#[from] UnknownAccount),
    /// Rows name no such objects.
    #[error("the chart of accounts has no dimension of {0}: no row names one")]
    NoDimension(DimensionOf),
    /// It cannot be added up.
    #[error(transparent)]
    Overflow(#[from] Overflow),
}

impl AccountLedger {
    /// The rows of an account among vouchers.
    ///
    /// # Errors
    /// [`AccountError`] for an account that the chart does not have, or where it cannot be added up.
    pub fn of(chart: &Chart, vouchers: &[Voucher], asked: &AccountAsked) -> Result<Self, AccountError> {
        let account = chart.account(&asked.account).ok_or_else(|| chart.unknown(&asked.account))?;
        let has = |of: DimensionOf| chart.dimensions().iter().any(|dimension| dimension.of == of);
        if let Some((of, _)) = asked.of.iter().find(|(of, _)| !has(*of)) {
            return Err(AccountError::NoDimension(*of));
        }
        let year = asked.period.map(|period| period.first().year());
        let counts = |voucher: &Voucher| {
            asked.period.is_none_or(|period| voucher.day <= period.last())
                && !(account.kind.begins_anew() && year.is_some_and(|year| voucher.day.year() < year))
        };
        let named = |entry: &Entry| {
            entry.account == account.number && asked.of.iter().all(|(of, code)| entry.code(*of) == code)
        };
        let entries = vouchers.iter().filter(|voucher| counts(voucher));
        let entries = entries.flat_map(|voucher| voucher.entries.iter().map(move |entry| (voucher, entry)));
        let (within, before): (Vec<_>, Vec<_>) = entries
            .filter(|(_, entry)| named(entry))
            .partition(|(voucher, _)| asked.period.is_none_or(|period| period.contains(voucher.day)));
        let opening = Eur::sum(before.iter().map(|(_, entry)| entry.amount))?;
        let mut ledger = Self {
            account: account.number.clone(),
            name: account.name.clone(),
            opening,
            debit: Eur::ZERO,
            credit: Eur::ZERO,
            closing: opening,
            rows: Vec::with_capacity(within.len()),
        };
        let mut within = within;
        within.sort_by_key(|(voucher, _)| voucher.day);
        for (voucher, entry) in within {
            ledger.add(voucher, entry)?;
        }
        Ok(ledger)
    }

    fn add(&mut self, voucher: &Voucher, entry: &Entry) -> Result<(), Overflow> {
        match entry.amount.is_negative() {
            true => self.credit = self.credit.checked_sub(entry.amount)?,
            false => self.debit = self.debit.checked_add(entry.amount)?,
        }
        self.closing = self.closing.checked_add(entry.amount)?;
        self.rows.push(AccountRow {
            series: voucher.series.clone(),
            year: voucher.year,
            number: voucher.number,
            day: voucher.day,
            voucher_text: voucher.text.clone(),
            entry: entry.clone(),
            balance: self.closing,
        });
        Ok(())
    }
}
