//! Amounts in any currency, and their conversion to euros.

use std::fmt;

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, de};
use thiserror::Error;

use crate::number::{self, Limits};
use crate::round::divide_half_up;
use crate::{Currency, Eur, Locale, Overflow, ParseMoneyError, Rate, WHOLE_DIGITS_MAX, text};

/// An exact amount with exactly the minor digits of its currency: `847.32 EUR`, `1500.000 IQD`.
///
/// `Display` prints the number alone. Serialised as `{"amount":"847.32","currency":"EUR"}`;
/// deserialising accepts exactly that form, with all minor digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Amount {
    #[serde(rename = "amount", serialize_with = "serialize_number")]
    value: Decimal,
    currency: Currency,
}

impl Amount {
    /// Reads an amount with at most the currency's minor digits; missing decimals are zeros.
    ///
    /// # Errors
    /// [`ParseMoneyError`] says what is wrong and what to write instead. Nothing is rounded.
    pub fn parse(text: &str, currency: Currency, locale: Locale) -> Result<Self, ParseMoneyError> {
        let decimals_max = currency.minor_digits();
        let minor_units =
            number::parse(text, locale, Limits { whole_digits_max: WHOLE_DIGITS_MAX, decimals_max })?;
        let value = Decimal::try_from_i128_with_scale(minor_units, decimals_max)
            .map_err(|_| ParseMoneyError::TooLarge)?;
        Ok(Self { value, currency })
    }

    /// The number, in units of the currency.
    pub const fn value(&self) -> Decimal {
        self.value
    }

    /// The amount in the currency's smallest unit, such as cents.
    pub(crate) const fn minor_units(&self) -> i128 {
        self.value.mantissa()
    }

    /// Another amount of the same currency, in its smallest unit; of no more digits than this one.
    pub(crate) fn with_minor_units(&self, minor_units: i128) -> Self {
        let value = Decimal::try_from_i128_with_scale(minor_units, self.value.scale()).unwrap_or(self.value);
        Self { value, currency: self.currency }
    }

    /// The currency.
    pub const fn currency(&self) -> Currency {
        self.currency
    }

    /// Nothing, in a currency.
    pub fn zero(currency: Currency) -> Self {
        Self { value: Decimal::new(0, currency.minor_digits()), currency }
    }

    /// `self + other`, exactly.
    ///
    /// # Errors
    /// [`AddError`] when the currencies differ, or the result has more digits than an amount may have.
    pub fn checked_add(self, other: Self) -> Result<Self, AddError> {
        if self.currency != other.currency {
            return Err(AddError::Currencies(self.currency, other.currency));
        }
        // Both have the minor digits of the currency, so the smallest units can be added as they are; the sum must be
        // one that can be read again.
        let end = 10_u128.checked_pow(WHOLE_DIGITS_MAX as u32 + self.value.scale()).ok_or(Overflow)?;
        let sum = self.minor_units().checked_add(other.minor_units()).ok_or(Overflow)?;
        if sum.unsigned_abs() >= end {
            return Err(Overflow.into());
        }
        let value = Decimal::try_from_i128_with_scale(sum, self.value.scale()).map_err(|_| Overflow)?;
        Ok(Self { value, currency: self.currency })
    }

    /// `−self`.
    #[must_use]
    pub fn negated(self) -> Self {
        // Zero has no sign in text, so it must have none here.
        self.with_minor_units(-self.minor_units())
    }

    /// Whether the amount is below zero.
    pub const fn is_negative(&self) -> bool {
        self.value.mantissa() < 0
    }

    /// Whether the amount is above zero.
    pub const fn is_positive(&self) -> bool {
        self.value.mantissa() > 0
    }

    /// The amount in euros when it is one already; `None` for every other currency, and for euros
    /// that do not fit in [`Eur`].
    pub fn to_eur_exact(&self) -> Option<Eur> {
        if self.currency != Currency::EUR {
            return None;
        }
        i64::try_from(self.value.mantissa()).ok().map(Eur::from_cents)
    }

    /// Converts to euros: the amount divided by `rate` (units per 1 EUR), computed exactly and
    /// rounded once to cents, half up (ties away from zero).
    ///
    /// # Errors
    /// [`ConvertError`] when the result does not fit, or when euros are given another rate than 1.
    pub fn convert(&self, rate: Rate) -> Result<Eur, ConvertError> {
        if self.currency == Currency::EUR && rate != Rate::ONE {
            return Err(ConvertError::RateForEur);
        }
        let amount = self.value;
        let rate = rate.value();
        // cents = 100 × (a / 10^m) ÷ (r / 10^s) = (100 × a × 10^s) ÷ (10^m × r): below 10^35 ÷ 10^31.
        let power_of_ten = |exponent: u32| 10i128.checked_pow(exponent);
        let cents = power_of_ten(rate.scale())
            .and_then(|scale| scale.checked_mul(100)?.checked_mul(amount.mantissa()))
            .zip(power_of_ten(amount.scale()).and_then(|scale| scale.checked_mul(rate.mantissa())))
            .and_then(|(numerator, denominator)| divide_half_up(numerator, denominator))
            .ok_or(Overflow)?;
        Ok(i64::try_from(cents).map(Eur::from_cents).map_err(|_| Overflow)?)
    }
}

/// The same euros, as an amount.
impl From<Eur> for Amount {
    fn from(eur: Eur) -> Self {
        Self { value: Decimal::new(eur.cents(), Currency::EUR.minor_digits()), currency: Currency::EUR }
    }
}

/// The number alone, with exactly the minor digits: `847.32`. Width, fill and alignment are
/// honoured; a precision is ignored, because it would change the number.
impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unsigned = self.value.abs().to_string();
        f.pad_integral(!self.value.is_sign_negative(), "", &unsigned)
    }
}

/// Why two amounts cannot be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum AddError {
    /// They are in two currencies.
    #[error("An amount in {0} and one in {1} have no sum.")]
    Currencies(Currency, Currency),
    /// The result does not fit.
    #[error(transparent)]
    Overflow(#[from] Overflow),
}

/// Why an amount cannot be converted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ConvertError {
    /// The result does not fit in [`Eur`].
    #[error(transparent)]
    Overflow(#[from] Overflow),
    /// Euros with another rate than 1: the rate belongs to another currency.
    #[error("An amount in EUR needs no exchange rate. Leave the rate out, or check the currency.")]
    RateForEur,
}

impl ConvertError {
    /// Stable id of the rule that was broken.
    pub const fn rule(&self) -> &'static str {
        match self {
            Self::Overflow(overflow) => overflow.rule(),
            Self::RateForEur => "rate.for-eur",
        }
    }
}

fn serialize_number<S: serde::Serializer>(value: &Decimal, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(rename = "Amount", deny_unknown_fields)]
        struct Stored {
            amount: String,
            currency: Currency,
        }
        let Stored { amount, currency } = Stored::deserialize(deserializer)?;
        text::canonical(&amount, |number| Self::parse(number, currency, Locale::Strict))
            .map_err(de::Error::custom)
    }
}
