//! Exchange rates: what a source has published, and which rate holds for a currency on a day.

mod calendar;
mod command;
mod decide;
mod event;
mod jump;
mod month;
mod state;

pub(crate) use calendar::is_closing_day;

use event_log::StreamId;
use jiff::civil::Date;
use rulebook::SpendRate;

pub use command::Publish;
pub use decide::{Publication, decide};
pub use event::{Quote, RateSource, RatesEvent, RatesPublished};
pub use jump::JUMP_FACTOR_MAX;
pub use month::{Month, NotAMonth};
pub use state::{Quotation, RateTable};

/// The stream of a source: everything it has published.
pub fn stream(source: RateSource) -> StreamId {
    crate::ids::stream("rates", source)
}

/// Whose rate a rule of the rulebook asks for.
pub fn source(rule: SpendRate) -> RateSource {
    match rule {
        SpendRate::InforEuroMonthOfDelivery | SpendRate::InforEuroMonthOfSubmission => RateSource::InforEuro,
        SpendRate::EcbDayOfDelivery => RateSource::Ecb,
    }
}

/// The day for which a rule of the rulebook asks the rate.
pub fn day(rule: SpendRate, delivered_on: Date, reported_on: Date) -> Date {
    match rule {
        SpendRate::InforEuroMonthOfDelivery | SpendRate::EcbDayOfDelivery => delivered_on,
        SpendRate::InforEuroMonthOfSubmission => reported_on,
    }
}
