//! Exact money: euro cents, amounts in any ISO 4217 currency, parsing, rounding, splitting.
//!
//! - [`Eur`] is what the ledger counts in: whole cents in an `i64`, checked arithmetic only.
//! - [`Amount`] is what a receipt says: a decimal with exactly the minor digits of its [`Currency`].
//! - [`Rate`] is units of a currency per 1 EUR. [`Amount::convert`] is the only place that rounds
//!   a foreign amount, once, half up.
//! - [`Locale`] says how people wrote a number. Nothing is guessed: what could be read in two
//!   ways is refused, with a stable rule id and a sentence that says what to write instead.
//!
//! There is no binary floating point here, and text that was refused is never echoed.

mod amount;
mod currency;
mod error;
mod eur;
mod locale;
mod number;
mod rate;
mod round;
mod split;
mod text;

pub use amount::{AddError, Amount, ConvertError};
pub use currency::{Currency, UnknownCurrency};
pub use error::{Overflow, ParseMoneyError};
pub use eur::Eur;
pub use locale::{Locale, UnknownLocale};
pub use number::{INPUT_BYTES_MAX, WHOLE_DIGITS_MAX};
pub use rate::{ParseRateError, RATE_DECIMALS_MAX, RATE_WHOLE_DIGITS_MAX, Rate};
pub use split::{SPLIT_SHARES_MAX, SplitError};

/// An exact decimal number, as used by [`Amount::value`] and [`Rate::value`].
pub use rust_decimal::Decimal;
