//! Exchange rates.

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

use crate::number::{self, Limits};
use crate::{Locale, ParseMoneyError, text};

/// Most decimals of a rate.
pub const RATE_DECIMALS_MAX: u32 = 12;

/// Most digits before the decimals of a rate.
pub const RATE_WHOLE_DIGITS_MAX: usize = 15;

const RATE_LIMITS: Limits =
    Limits { whole_digits_max: RATE_WHOLE_DIGITS_MAX, decimals_max: RATE_DECIMALS_MAX };

/// How many units of a currency 1 EUR buys: exact, above zero.
///
/// Kept without trailing zeros, so that 11.20 and 11.2 are one rate with one stored form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rate(Decimal);

impl Rate {
    /// One unit per euro: the rate of the euro itself.
    pub const ONE: Self = Self(Decimal::ONE);

    /// Reads a rate with at most [`RATE_WHOLE_DIGITS_MAX`] digits and [`RATE_DECIMALS_MAX`] decimals.
    ///
    /// # Errors
    /// [`ParseRateError`] says what is wrong and what to write instead. Nothing is rounded.
    pub fn parse(text: &str, locale: Locale) -> Result<Self, ParseRateError> {
        let number = number::parse(text, locale, RATE_LIMITS)?;
        if number <= 0 {
            return Err(ParseRateError::NotPositive);
        }
        let units_per_eur = Decimal::try_from_i128_with_scale(number, RATE_DECIMALS_MAX)
            .map_err(|_| ParseMoneyError::TooLarge)?;
        Ok(Self(units_per_eur.normalize()))
    }

    /// Units of the currency per 1 EUR.
    pub const fn value(self) -> Decimal {
        self.0
    }

    /// Whether one of the two is more than `factor` times the other.
    pub fn differs_by_more_than(self, factor: u32, other: Self) -> bool {
        let (low, high) = (self.min(other), self.max(other));
        // What is too large for a number of 28 digits is larger than any rate.
        low.0.checked_mul(Decimal::from(factor)).is_some_and(|most| high.0 > most)
    }

    /// Whether the one looks like the other turned round, euros for one unit: they are more than a tenth apart, and
    /// multiply to one within a twentieth.
    pub fn looks_inverted(self, other: Self) -> bool {
        let (low, high) = (self.min(other), self.max(other));
        let apart = high.0.checked_mul(Decimal::TEN).zip(low.0.checked_mul(Decimal::from(11)));
        let product = low.0.checked_mul(high.0);
        apart.is_some_and(|(tenfold, elevenfold)| tenfold > elevenfold)
            && product.is_some_and(|one| Decimal::new(95, 2) <= one && one <= Decimal::new(105, 2))
    }
}

/// `11.2345`, without trailing zeros.
impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad_integral(true, "", &self.0.to_string())
    }
}

impl FromStr for Rate {
    type Err = ParseRateError;

    /// Reads a rate in [`Locale::Strict`].
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text, Locale::Strict)
    }
}

/// Why text is not a [`Rate`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ParseRateError {
    /// Not a number, or not written as the locale writes it.
    #[error(transparent)]
    Number(#[from] ParseMoneyError),
    /// Zero or below.
    #[error(
        "An exchange rate must be above zero. Write how many units 1 EUR buys; leave a missing rate out."
    )]
    NotPositive,
}

impl ParseRateError {
    /// Stable id of the rule that was broken, such as `rate.exponent`.
    pub const fn rule(&self) -> &'static str {
        match self {
            Self::Number(error) => error.rules().1,
            Self::NotPositive => "rate.not-positive",
        }
    }
}

impl Serialize for Rate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Rate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text::deserialize(deserializer, "a rate as a string such as \"11.2345\"", |stored| {
            text::canonical(stored, Self::from_str)
        })
    }
}
