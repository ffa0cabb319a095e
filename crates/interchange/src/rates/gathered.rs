//! The rates found so far, and what is wrong with them.

use std::collections::BTreeMap;
use std::str::FromStr;

use jiff::civil::Date;
use money::{Currency, Locale, Rate, UnknownCurrency};

use super::{ERRORS_KEPT_MAX, RateFile, RateForm};
use crate::RowError;

/// A row or an entry, and the columns in which its currency and its rate stand.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) row: u64,
    pub(super) currency: &'static str,
    pub(super) rate: &'static str,
}

#[derive(Default)]
pub(super) struct Gathered {
    tables: BTreeMap<Date, BTreeMap<Currency, Rate>>,
    passed_over: BTreeMap<String, u64>,
    errors: Vec<RowError>,
    errors_total: u64,
}

impl Gathered {
    /// A currency that rates are kept of. `None` for one that is passed over, and for what is no code.
    pub(super) fn currency(&mut self, place: Place, code: &str) -> Option<Currency> {
        match Currency::from_str(code) {
            Ok(currency) => Some(currency),
            Err(
                UnknownCurrency::NotInIso4217
                | UnknownCurrency::NotPaidIn
                | UnknownCurrency::SomalilandShilling,
            ) => {
                *self.passed_over.entry(code.to_owned()).or_default() += 1;
                None
            }
            Err(error @ UnknownCurrency::NotACode) => {
                self.refuse(place.row, place.currency, Some(code), error.rule(), error.to_string());
                None
            }
        }
    }

    /// Notes a rate, as its text says it.
    pub(super) fn rate(&mut self, place: Place, day: Date, currency: Currency, text: &str) {
        let rate = match Rate::parse(text, Locale::Strict) {
            Ok(rate) => rate,
            Err(error) => {
                return self.refuse(place.row, place.rate, Some(text), error.rule(), error.to_string());
            }
        };
        if currency == Currency::EUR {
            if rate != Rate::ONE {
                let message = "One euro is one euro: these are not rates against the euro.";
                self.refuse(place.row, place.rate, Some(text), "rate.for-eur", message);
            }
            return;
        }
        match self.tables.entry(day).or_default().insert(currency, rate) {
            Some(other) if other != rate => {
                let message = format!("The file has {other} for {currency} on {day} as well. Get it anew.");
                self.refuse(place.row, place.rate, Some(text), "rate.contradiction", message);
            }
            _ => {}
        }
    }

    pub(super) fn refuse(
        &mut self,
        row: u64,
        column: &'static str,
        value: Option<&str>,
        rule: &'static str,
        message: impl Into<String>,
    ) {
        self.errors_total += 1;
        if self.errors.len() < ERRORS_KEPT_MAX {
            let error = RowError::new(row, rule, message).in_column(column);
            self.errors.push(match value {
                Some(value) => error.with_value(value),
                None => error,
            });
        }
    }

    pub(super) fn into_file(self, form: RateForm) -> RateFile {
        let Self { tables, passed_over, errors, errors_total } = self;
        RateFile { form, tables, passed_over, errors, errors_total }
    }
}
