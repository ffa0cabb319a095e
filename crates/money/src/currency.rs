//! Currencies of ISO 4217.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

use crate::text;

/// A currency of ISO 4217 that a receipt can be written in.
///
/// Codes for metals, units of account, funds, tests and "no currency" are refused: nobody pays in
/// them, and most have no minor digits. Replaced currencies (such as HRK) are accepted, because
/// old receipts stay valid. Ordered by code; `Display`, `FromStr` and serde use the code.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Currency(iso_currency::Currency);

impl Currency {
    /// The euro.
    pub const EUR: Self = Self(iso_currency::Currency::EUR);

    /// The three-letter code.
    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// How many decimals an amount has: 2 for EUR, 3 for IQD and JOD, 0 for JPY; at most 4.
    pub fn minor_digits(self) -> u32 {
        // `FromStr` refuses the codes that have none.
        self.0.exponent().map_or(0, u32::from)
    }
}

/// What the Somaliland shilling is called where a code is needed; ISO 4217 has none for it.
const SOMALILAND_SHILLING: &str = "SLS";

impl FromStr for Currency {
    type Err = UnknownCurrency;

    /// Reads a code of three capital letters.
    fn from_str(code: &str) -> Result<Self, Self::Err> {
        if code.len() != 3 || !code.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err(UnknownCurrency::NotACode);
        }
        if code == SOMALILAND_SHILLING {
            return Err(UnknownCurrency::SomalilandShilling);
        }
        let currency = iso_currency::Currency::from_code(code).ok_or(UnknownCurrency::NotInIso4217)?;
        if currency.is_special() || currency.is_fund() || currency.exponent().is_none() {
            return Err(UnknownCurrency::NotPaidIn);
        }
        Ok(Self(currency))
    }
}

/// Why text is not a [`Currency`]. The sentences do not echo the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum UnknownCurrency {
    /// Not three capital letters.
    #[error("A currency is written as three capital letters, for example EUR.")]
    NotACode,
    /// Three capital letters that ISO 4217 does not assign.
    #[error("This currency code is not in ISO 4217. Check the code, for example USD for US dollars.")]
    NotInIso4217,
    /// SLS, which is no code of ISO 4217.
    #[error(
        "The Somaliland shilling has no code in ISO 4217, and nobody publishes its rate. Give the amount in the currency it was bought with, for example USD."
    )]
    SomalilandShilling,
    /// A metal, unit of account, fund or test code.
    #[error("Nobody pays in this currency code: it stands for a metal, a fund or a test. Check the code.")]
    NotPaidIn,
}

impl UnknownCurrency {
    /// Stable id of the rule that was broken.
    pub const fn rule(&self) -> &'static str {
        match self {
            Self::NotACode => "currency.not-a-code",
            Self::NotInIso4217 => "currency.unknown",
            Self::SomalilandShilling => "currency.somaliland-shilling",
            Self::NotPaidIn => "currency.not-paid-in",
        }
    }
}

impl Ord for Currency {
    fn cmp(&self, other: &Self) -> Ordering {
        self.code().cmp(other.code())
    }
}

impl PartialOrd for Currency {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text::deserialize(deserializer, "an ISO 4217 currency code such as \"EUR\"", Self::from_str)
    }
}
