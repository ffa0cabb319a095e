//! Euro cents.

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::number::{self, Limits};
use crate::round::divide_half_up;
use crate::{Locale, Overflow, ParseMoneyError, WHOLE_DIGITS_MAX, text};

const CENTS_PER_EURO: u64 = 100;
const EUR_LIMITS: Limits = Limits { whole_digits_max: WHOLE_DIGITS_MAX, decimals_max: 2 };

/// An exact amount in euros, counted in whole cents.
///
/// `Display`, `FromStr` and serde use one form only: `3000.00`, `-5.00`. Deserialising accepts
/// nothing else, so equal amounts are equal bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Eur(i64);

impl Eur {
    /// No euros.
    pub const ZERO: Self = Self(0);
    /// The smallest amount: −92 233 720 368 547 758.08 euros.
    pub const MIN: Self = Self(i64::MIN);
    /// The largest amount: 92 233 720 368 547 758.07 euros.
    pub const MAX: Self = Self(i64::MAX);

    /// An amount of `cents` euro cents.
    pub const fn from_cents(cents: i64) -> Self {
        Self(cents)
    }

    /// The amount in euro cents.
    pub const fn cents(self) -> i64 {
        self.0
    }

    /// Whether the amount is below zero.
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// Whether the amount is zero.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// `self + other`.
    ///
    /// # Errors
    /// [`Overflow`] when the result does not fit.
    pub fn checked_add(self, other: Self) -> Result<Self, Overflow> {
        self.0.checked_add(other.0).map(Self).ok_or(Overflow)
    }

    /// `self − other`.
    ///
    /// # Errors
    /// [`Overflow`] when the result does not fit.
    pub fn checked_sub(self, other: Self) -> Result<Self, Overflow> {
        self.0.checked_sub(other.0).map(Self).ok_or(Overflow)
    }

    /// `−self`.
    ///
    /// # Errors
    /// [`Overflow`] for [`Eur::MIN`], which has no counterpart.
    pub fn checked_neg(self) -> Result<Self, Overflow> {
        self.0.checked_neg().map(Self).ok_or(Overflow)
    }

    /// The sum of all amounts; zero of none. Only the result has to fit, so the order of the
    /// amounts never matters.
    ///
    /// # Errors
    /// [`Overflow`] when the result does not fit.
    pub fn sum(amounts: impl IntoIterator<Item = Self>) -> Result<Self, Overflow> {
        let mut total: i128 = 0;
        for amount in amounts {
            total = total.checked_add(i128::from(amount.0)).ok_or(Overflow)?;
        }
        i64::try_from(total).map(Self).map_err(|_| Overflow)
    }

    /// Reads euros with at most two decimals. In [`Locale::Sv`] what [`Eur::to_swedish`] prints is
    /// accepted without its ` €`.
    ///
    /// # Errors
    /// [`ParseMoneyError`] says what is wrong and what to write instead. Nothing is rounded.
    pub fn parse(text: &str, locale: Locale) -> Result<Self, ParseMoneyError> {
        let cents = number::parse(text, locale, EUR_LIMITS)?;
        i64::try_from(cents).map(Self).map_err(|_| ParseMoneyError::TooLarge)
    }

    /// Rounds `euros` to cents, half up (ties away from zero).
    ///
    /// # Errors
    /// [`Overflow`] when the result does not fit.
    pub fn from_decimal_half_up(euros: Decimal) -> Result<Self, Overflow> {
        let scale = 10i128.checked_pow(euros.scale()).ok_or(Overflow)?;
        let cents = euros
            .mantissa()
            .checked_mul(i128::from(CENTS_PER_EURO))
            .and_then(|numerator| divide_half_up(numerator, scale))
            .ok_or(Overflow)?;
        i64::try_from(cents).map(Self).map_err(|_| Overflow)
    }

    /// The amount as Swedish readers write it: `−3 000,50 €` with U+2212 and U+00A0.
    pub fn to_swedish(self) -> String {
        let cents = self.0.unsigned_abs();
        let whole = (cents / CENTS_PER_EURO).to_string();
        let mut swedish = String::from(if self.is_negative() { "\u{2212}" } else { "" });
        for (index, digit) in whole.chars().enumerate() {
            if index > 0 && (whole.len() - index).is_multiple_of(3) {
                swedish.push('\u{A0}');
            }
            swedish.push(digit);
        }
        swedish.push_str(&format!(",{:02}\u{A0}€", cents % CENTS_PER_EURO));
        swedish
    }
}

/// `3000.00`, `-5.00`. Width, fill and alignment are honoured, to the right unless told otherwise.
/// A precision is ignored, because it would cut digits off.
impl fmt::Display for Eur {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cents = self.0.unsigned_abs();
        let unsigned = format!("{}.{:02}", cents / CENTS_PER_EURO, cents % CENTS_PER_EURO);
        f.pad_integral(!self.is_negative(), "", &unsigned)
    }
}

impl FromStr for Eur {
    type Err = ParseMoneyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text, Locale::Strict)
    }
}

impl Serialize for Eur {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Eur {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text::deserialize(deserializer, "euros as a string such as \"3000.00\"", |stored| {
            text::canonical(stored, Self::from_str)
        })
    }
}
