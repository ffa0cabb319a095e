//! Exchange rates.

use domain::rates::{self, RateSource, RateTable, RatesEvent};
use domain::{Event, Recorded};
use jiff::civil::Date;
use money::{Currency, Rate};
use serde::Serialize;

use super::utc;
use crate::error::AppError;
use crate::ledger::Ledger;

/// Which rates to list; everything not given is not asked about.
#[derive(Debug, Clone, Default)]
pub struct RateFilter {
    /// Of this source.
    pub source: Option<RateSource>,
    /// Of this currency.
    pub currency: Option<Currency>,
    /// Of this day and later ones.
    pub from: Option<Date>,
    /// Of this day and earlier ones.
    pub to: Option<Date>,
    /// Also the values that were corrected since.
    pub all_versions: bool,
}

/// One rate that was published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RateItem {
    /// Who published it.
    pub source: RateSource,
    /// The currency.
    pub currency: Currency,
    /// The day it was published for; of a rate of a month the first.
    pub rate_date: Date,
    /// Units of the currency for one euro.
    pub rate: Rate,
    /// Which value it was for its day: more than 1 after a correction.
    pub version: u64,
    /// When the ledger learned of it (UTC).
    pub published_at: String,
    /// Who imported it.
    pub published_by: String,
    /// Position of the event.
    pub position: u64,
}

impl Ledger {
    /// The rates in force, or all that ever were, by source, currency, day and version.
    pub async fn rates(&self, filter: &RateFilter) -> Result<Vec<RateItem>, AppError> {
        let mut items = Vec::new();
        for source in
            RateSource::ALL.iter().filter(|source| filter.source.is_none_or(|wanted| wanted == **source))
        {
            let (table, published) = self.published(*source).await?;
            let wanted = |currency: Currency, day: Date| {
                filter.currency.is_none_or(|wanted| wanted == currency)
                    && filter.from.is_none_or(|from| from <= day)
                    && filter.to.is_none_or(|to| day <= to)
            };
            if filter.all_versions {
                items.extend(every_version(*source, &published, wanted)?);
            } else {
                let rates = table.iter().filter(|(currency, day, _)| wanted(*currency, *day));
                items.extend(rates.filter_map(|(currency, day, _)| item(&table, &published, currency, day)));
            }
        }
        Ok(items)
    }

    /// The rate of a source that applies on a day, if it is published.
    pub async fn rate_on(
        &self,
        source: RateSource,
        currency: Currency,
        day: Date,
    ) -> Result<Option<RateItem>, AppError> {
        let (table, published) = self.published(source).await?;
        Ok(table.on(currency, day).and_then(|quote| item(&table, &published, currency, quote.rate_date)))
    }

    /// What a source has published, and the events that brought it.
    async fn published(&self, source: RateSource) -> Result<(RateTable, Vec<Recorded>), AppError> {
        let mut table = RateTable::new(source);
        let mut published = Vec::new();
        for recorded in self.store.read_streams(&[rates::stream(source)]).await? {
            let recorded = Recorded::decode_checked(recorded)?;
            if let Event::Rates(RatesEvent::RatesPublished(event)) = &recorded.event {
                table.evolve(event)?;
            }
            published.push(recorded);
        }
        Ok((table, published))
    }
}

/// Every value that a source has given, each as it was in force after its event.
fn every_version(
    source: RateSource,
    published: &[Recorded],
    wanted: impl Fn(Currency, Date) -> bool,
) -> Result<Vec<RateItem>, AppError> {
    let (mut table, mut items) = (RateTable::new(source), Vec::new());
    for recorded in published {
        let Event::Rates(RatesEvent::RatesPublished(event)) = &recorded.event else { continue };
        table.evolve(event)?;
        let rates =
            event.tables.iter().flat_map(|(day, rates)| rates.keys().map(|currency| (*currency, *day)));
        let rates = rates.filter(|(currency, day)| wanted(*currency, *day));
        items.extend(rates.filter_map(|(currency, day)| item(&table, published, currency, day)));
    }
    items.sort_by_key(|item: &RateItem| (item.currency, item.rate_date, item.version));
    Ok(items)
}

fn item(table: &RateTable, published: &[Recorded], currency: Currency, day: Date) -> Option<RateItem> {
    let quotation = table.get(currency, day)?;
    let event = published.get(usize::try_from(quotation.published).ok()?.checked_sub(1)?)?;
    Some(RateItem {
        source: table.source(),
        currency,
        rate_date: day,
        rate: quotation.rate,
        version: quotation.version,
        published_at: utc(event.recorded_at),
        published_by: event.actor.clone(),
        position: event.position,
    })
}
