//! What sources of exchange rates have published.

use std::collections::BTreeMap;

use jiff::civil::Date;
use money::{Currency, Rate};
use serde::{Deserialize, Serialize};

use crate::event::events;
use crate::ids::FileDigest;

rulebook::codes! {
    /// Who publishes rates. All rates are units of a currency for one euro.
    RateSource {
        /// The European Commission's monthly accounting rates.
        InforEuro = "inforeuro",
        /// The European Central Bank's daily reference rates.
        Ecb = "ecb",
    }
}

events! {
    /// An event of a stream of rates.
    RatesEvent { RatesPublished = 1 }
}

/// Rates that were not known before, or had another value: of one month. What is absent keeps the value it had.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RatesPublished {
    /// Who publishes them.
    pub source: RateSource,
    /// By day; a rate of a month stands under its first day.
    pub tables: BTreeMap<Date, BTreeMap<Currency, Rate>>,
    /// Currencies whose jump somebody let pass by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub jumps_allowed: Vec<Currency>,
    /// SHA-256 of the file they came in.
    pub file: FileDigest,
}

/// A rate as it was used: enough to do the conversion again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quote {
    /// Who published it.
    pub source: RateSource,
    /// The day it was published for; of a rate of a month the first.
    pub rate_date: Date,
    /// Units of the currency for one euro.
    pub rate: Rate,
    /// How many values the source had given by then for this currency and day: more than 1 after a correction.
    pub version: u64,
}
