//! The exchange rates that decisions rest on.

use domain::Event;
use domain::rates::{self, Quote, RateSource, RateTable, RatesEvent};
use jiff::civil::Date;
use money::Currency;
use rulebook::SpendRate;

use super::{Draft, Session};
use crate::error::AppError;
use crate::ledger::Ledger;

impl Ledger {
    /// What a source has published.
    pub(crate) async fn rate_table(&self, source: RateSource) -> Result<RateTable, AppError> {
        let mut table = RateTable::new(source);
        for recorded in self.store.read_streams(&[rates::stream(source)]).await? {
            if let Event::Rates(RatesEvent::RatesPublished(event)) = Event::decode_checked(&recorded)? {
                table.evolve(&event)?;
            }
        }
        Ok(table)
    }
}

impl Session<'_> {
    /// Loads the rates of these sources, unless they are held.
    pub async fn load_rates(
        &mut self,
        sources: impl IntoIterator<Item = RateSource>,
    ) -> Result<(), AppError> {
        for source in sources {
            if !self.rates.contains_key(&source) {
                let table = self.ledger.rate_table(source).await?;
                self.rates.insert(source, table);
            }
        }
        Ok(())
    }

    /// Holds these rates as if they were published: for showing what would happen.
    pub fn suppose_rates(&mut self, table: RateTable) {
        self.rates.insert(table.source(), table);
    }

    /// The rate that a rule asks for, if it is published.
    pub fn rate(&self, rule: SpendRate, currency: Currency, day: Date) -> Option<Quote> {
        self.rates.get(&rates::source(rule))?.on(currency, day)
    }

    /// The newest rate that the source which a rule asks has published of a currency.
    pub fn newest_rate(&self, rule: SpendRate, currency: Currency) -> Option<Quote> {
        self.rates.get(&rates::source(rule))?.newest(currency)
    }

    /// Has a command written only if the source has published nothing more meanwhile: so what waits for a rate really
    /// has none, and what is converted takes the newest.
    pub fn rest_on_rates(&self, draft: &mut Draft, rule: SpendRate) {
        let source = rates::source(rule);
        draft.read = self
            .rates
            .get(&source)
            .map(|table| (rates::stream(source), table.version()))
            .into_iter()
            .collect();
    }
}
