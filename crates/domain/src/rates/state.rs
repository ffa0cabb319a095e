//! The rates of one source as its events have made them.

use std::collections::BTreeMap;

use jiff::civil::Date;
use money::{Currency, Rate};

use super::calendar::is_closing_day;
use super::event::{Quote, RateSource, RatesPublished};
use super::month::Month;
use crate::refusal::FoldError;

/// One rate in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quotation {
    /// Units of the currency for one euro.
    pub rate: Rate,
    /// How many values there have been.
    pub version: u64,
    /// The event that brought it: its place in the stream of the source.
    pub published: u64,
}

/// Everything one source has published.
#[derive(Debug, Clone, PartialEq)]
pub struct RateTable {
    source: RateSource,
    version: u64,
    rates: BTreeMap<Currency, BTreeMap<Date, Quotation>>,
}

impl RateTable {
    /// A source that has published nothing.
    pub fn new(source: RateSource) -> Self {
        Self { source, version: 0, rates: BTreeMap::new() }
    }

    /// Whose rates they are.
    pub fn source(&self) -> RateSource {
        self.source
    }

    /// The number of events folded: the version of the stream.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Applies an event.
    pub fn evolve(&mut self, event: &RatesPublished) -> Result<(), FoldError> {
        if event.source != self.source {
            return Err(FoldError(format!("rates of {} among those of {}", event.source, self.source)));
        }
        self.version += 1;
        for (day, table) in &event.tables {
            for (currency, rate) in table {
                let days = self.rates.entry(*currency).or_default();
                let version = days.get(day).map_or(1, |known| known.version + 1);
                days.insert(*day, Quotation { rate: *rate, version, published: self.version });
            }
        }
        Ok(())
    }

    /// All rates in force, by currency and day.
    pub fn iter(&self) -> impl Iterator<Item = (Currency, Date, &Quotation)> {
        self.rates.iter().flat_map(|(currency, days)| days.iter().map(|(day, rate)| (*currency, *day, rate)))
    }

    /// The rate of exactly this day, or of the month that begins on it.
    pub fn get(&self, currency: Currency, day: Date) -> Option<&Quotation> {
        self.rates.get(&currency)?.get(&day)
    }

    /// The rate that holds on a day, if it is published.
    ///
    /// InforEuro: that of the month. ECB: that of the day or, where the day is one on which it publishes none, of the
    /// last one before. A rate that is still to come is not replaced by an older one.
    pub fn on(&self, currency: Currency, day: Date) -> Option<Quote> {
        let rate_date = match self.source {
            RateSource::InforEuro => Month::of(day).first(),
            RateSource::Ecb => self.publishing_day(currency, day)?,
        };
        let Quotation { rate, version, .. } = *self.get(currency, rate_date)?;
        Some(Quote { source: self.source, rate_date, rate, version })
    }

    /// The newest rate of a currency that is published, whatever day it is for.
    pub fn newest(&self, currency: Currency) -> Option<Quote> {
        let (rate_date, Quotation { rate, version, .. }) = self.rates.get(&currency)?.last_key_value()?;
        Some(Quote { source: self.source, rate_date: *rate_date, rate: *rate, version: *version })
    }

    fn publishing_day(&self, currency: Currency, mut day: Date) -> Option<Date> {
        while self.get(currency, day).is_none() && is_closing_day(day) {
            day = day.yesterday().ok()?;
        }
        Some(day)
    }

    /// The rate that another day's is held against: the one before it or, where there is none, the one after it.
    pub(super) fn neighbour(&self, currency: Currency, day: Date) -> Option<(Date, Rate)> {
        let days = self.rates.get(&currency)?;
        let before = days.range(..day).next_back();
        let near = before.or_else(|| days.range(day..).find(|(other, _)| **other != day));
        near.map(|(day, quotation)| (*day, quotation.rate))
    }
}
