//! An agreement with a partner: for which programme and countries, from when to when, and what it may charge.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use money::Eur;
use rulebook::Country;
use serde::{Deserialize, Serialize};

/// What a partner may charge under an agreement, beside what it spends on people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum FeeTerms {
    /// A share of eligible spend.
    #[serde(rename = "percent")]
    Percent(BasisPoints),
    /// A fixed amount for each case.
    #[serde(rename = "per-case")]
    PerCase(Eur),
}

impl fmt::Display for FeeTerms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Percent(points) => write!(f, "{points} % of eligible spend"),
            Self::PerCase(amount) => write!(f, "{amount} EUR per case"),
        }
    }
}

/// A share in hundredths of a percent: exact, above 0 and at most 100 percent.
///
/// Written as percent (`7.5`) where people read it, and as a number of basis points (`750`) in events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "u16", try_from = "u16")]
pub struct BasisPoints(u16);

/// A text that is no share.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a share is written in percent with at most two decimals, above 0 and at most 100, such as 7.5")]
pub struct NotBasisPoints;

impl TryFrom<u16> for BasisPoints {
    type Error = NotBasisPoints;

    fn try_from(points: u16) -> Result<Self, NotBasisPoints> {
        if (1..=10_000).contains(&points) { Ok(Self(points)) } else { Err(NotBasisPoints) }
    }
}

impl From<BasisPoints> for u16 {
    fn from(points: BasisPoints) -> Self {
        points.0
    }
}

impl FromStr for BasisPoints {
    type Err = NotBasisPoints;

    fn from_str(text: &str) -> Result<Self, NotBasisPoints> {
        let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |part: &str, most: usize| {
            (1..=most).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
        };
        if !digits(whole, 3) || !digits(decimals, 2) {
            return Err(NotBasisPoints);
        }
        // Both are at most three digits, so nothing overflows.
        format!("{whole}{decimals:0<2}")
            .parse::<u32>()
            .ok()
            .and_then(|points| u16::try_from(points).ok())
            .ok_or(NotBasisPoints)?
            .try_into()
    }
}

impl fmt::Display for BasisPoints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, hundredths) = (self.0 / 100, self.0 % 100);
        match (hundredths, hundredths % 10) {
            (0, _) => write!(f, "{whole}"),
            (_, 0) => write!(f, "{whole}.{}", hundredths / 10),
            _ => write!(f, "{whole}.{hundredths:02}"),
        }
    }
}

/// An agreement as its events have made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreement {
    /// Programme of the rulebook.
    pub programme: String,
    /// Countries the partner delivers in.
    pub countries: BTreeSet<Country>,
    /// First day in force.
    pub valid_from: Date,
    /// Last day in force, if there is one.
    pub valid_until: Option<Date>,
    /// What the partner may charge; none charges nothing.
    pub fee: Option<FeeTerms>,
}

impl Agreement {
    /// Whether it is in force on a day.
    pub fn holds_on(&self, day: Date) -> bool {
        self.valid_from <= day && self.valid_until.is_none_or(|last| day <= last)
    }

    /// Whether it is in force on a day for a programme in a country.
    pub fn covers(&self, programme: &str, country: Country, day: Date) -> bool {
        self.programme == programme && self.countries.contains(&country) && self.holds_on(day)
    }

    /// Whether both are for the same programme and country on some day.
    pub fn overlaps(&self, other: &Self) -> bool {
        let begins_in = |one: &Self, other: &Self| other.holds_on(one.valid_from);
        self.programme == other.programme
            && !self.countries.is_disjoint(&other.countries)
            && (begins_in(self, other) || begins_in(other, self))
    }
}
