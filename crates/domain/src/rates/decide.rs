//! Decisions about rates.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use money::Currency;
use rulebook::FailedCondition;

use super::command::Publish;
use super::event::{RateSource, RatesPublished};
use super::jump::{JUMP_FACTOR_MAX, Jump, jump};
use super::month::Month;
use super::state::RateTable;
use crate::refusal::Refusal;

/// What came of publishing a file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Publication {
    /// One event for each month that has something new.
    pub events: Vec<RatesPublished>,
    /// Rates that were not known.
    pub new: u64,
    /// Rates that were known with another value.
    pub changed: u64,
    /// Rates that were known.
    pub known: u64,
}

/// Publishes what is new or has another value, month by month. A rate that jumps, beside the one before it, is refused
/// unless its currency is allowed to by name: then the file was misread, or a currency was replaced.
pub fn decide(table: &RateTable, command: &Publish) -> Result<Publication, Refusal> {
    let mut after = table.clone();
    let mut publication = Publication::default();
    let mut months: BTreeMap<Month, RatesPublished> = BTreeMap::new();
    for (day, rates) in &command.tables {
        for (currency, rate) in rates {
            match table.get(*currency, *day) {
                Some(known) if known.rate == *rate => {
                    publication.known += 1;
                    continue;
                }
                Some(_) => publication.changed += 1,
                None => publication.new += 1,
            }
            let month = months.entry(Month::of(*day)).or_insert_with(|| RatesPublished {
                source: table.source(),
                tables: BTreeMap::new(),
                jumps_allowed: Vec::new(),
                file: command.file,
            });
            month.tables.entry(*day).or_default().insert(*currency, *rate);
        }
    }
    let foldable = |error: crate::FoldError| Refusal::new("rate-source", error.to_string());
    months.values().try_for_each(|event| after.evolve(event)).map_err(foldable)?;

    let mut reasons = Vec::new();
    for event in months.values_mut() {
        let mut allowed = BTreeSet::new();
        for (day, currency, reason) in jumps(&after, event) {
            if command.allow_jumps.contains(&currency) {
                allowed.insert(currency);
            } else {
                reasons.push(not_allowed(table.source(), &after, day, currency, reason));
            }
        }
        event.jumps_allowed = allowed.into_iter().collect();
    }
    if !reasons.is_empty() {
        return Err(Refusal { reasons });
    }
    publication.events = months.into_values().collect();
    Ok(publication)
}

fn jumps(after: &RateTable, event: &RatesPublished) -> Vec<(Date, Currency, Jump)> {
    let rates = event.tables.iter().flat_map(|(day, rates)| rates.iter().map(move |(c, r)| (*day, *c, *r)));
    rates
        .filter_map(|(day, currency, rate)| {
            let (_, earlier) = after.neighbour(currency, day)?;
            Some((day, currency, jump(earlier, rate)?))
        })
        .collect()
}

fn not_allowed(
    source: RateSource,
    after: &RateTable,
    day: Date,
    currency: Currency,
    reason: Jump,
) -> FailedCondition {
    let named = |day: Date| match source {
        RateSource::InforEuro => Month::of(day).to_string(),
        RateSource::Ecb => day.to_string(),
    };
    let rate = after.get(currency, day).map_or_else(String::new, |q| q.rate.to_string());
    let (beside, other) = after
        .neighbour(currency, day)
        .map_or_else(Default::default, |(day, rate)| (named(day), rate.to_string()));
    let why = match reason {
        Jump::Factor => format!("more than {JUMP_FACTOR_MAX} times apart"),
        Jump::Inverted => "the one is the other turned round".to_owned(),
    };
    let detail = format!(
        "{currency} is {rate} for {}, and {other} for {beside}: {why}; correct the file, or allow the jump of {currency} by name",
        named(day)
    );
    FailedCondition { id: "rate-jump".into(), detail }
}
