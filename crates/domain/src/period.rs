//! A period that spend is reported for: a year, a quarter, a month, or from one day to another.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// The days from the first to the last, both inclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Period {
    first: Date,
    last: Date,
}

/// A text that is no period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a period is written 2024, 2024-Q2, 2024-05 or 2024-04-01..2024-06-30, the first day not after the last"
)]
pub struct NotAPeriod;

impl Period {
    /// From a day to a day that is not before it.
    pub fn new(first: Date, last: Date) -> Result<Self, NotAPeriod> {
        if first <= last { Ok(Self { first, last }) } else { Err(NotAPeriod) }
    }

    /// The month in which a day lies.
    pub fn month_of(day: Date) -> Self {
        Self { first: day.first_of_month(), last: day.last_of_month() }
    }

    /// The first day.
    pub fn first(&self) -> Date {
        self.first
    }

    /// The last day.
    pub fn last(&self) -> Date {
        self.last
    }

    /// Whether a day lies in it.
    pub fn contains(&self, day: Date) -> bool {
        (self.first..=self.last).contains(&day)
    }

    /// Whole months of a year, from the first of one to the last of another.
    fn months(year: i16, first: i8, last: i8) -> Result<Self, NotAPeriod> {
        let first = Date::new(year, first, 1).map_err(|_| NotAPeriod)?;
        let last = Date::new(year, last, 1).map_err(|_| NotAPeriod)?.last_of_month();
        Self::new(first, last)
    }
}

impl FromStr for Period {
    type Err = NotAPeriod;

    fn from_str(text: &str) -> Result<Self, NotAPeriod> {
        if let Some((first, last)) = text.split_once("..") {
            let day = |text: &str| text.parse::<Date>().map_err(|_| NotAPeriod);
            return Self::new(day(first)?, day(last)?);
        }
        let (year, part) = match text.split_once('-') {
            Some((year, part)) => (year, Some(part)),
            None => (text, None),
        };
        let digits = |text: &str, length| text.len() == length && text.bytes().all(|b| b.is_ascii_digit());
        if !digits(year, 4) {
            return Err(NotAPeriod);
        }
        let year: i16 = year.parse().map_err(|_| NotAPeriod)?;
        match part {
            None => Self::months(year, 1, 12),
            Some("Q1") => Self::months(year, 1, 3),
            Some("Q2") => Self::months(year, 4, 6),
            Some("Q3") => Self::months(year, 7, 9),
            Some("Q4") => Self::months(year, 10, 12),
            Some(month) if digits(month, 2) => {
                let month: i8 = month.parse().map_err(|_| NotAPeriod)?;
                Self::months(year, month, month)
            }
            Some(_) => Err(NotAPeriod),
        }
    }
}

impl fmt::Display for Period {
    /// The shortest of its spellings.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, last) = (self.first, self.last);
        let whole = first.day() == 1 && last == last.last_of_month() && first.year() == last.year();
        match (whole, first.month(), last.month()) {
            (true, 1, 12) => f.pad(&format!("{:04}", first.year())),
            (true, from, to) if from == to => f.pad(&format!("{:04}-{from:02}", first.year())),
            (true, from, to) if from % 3 == 1 && to == from + 2 => {
                f.pad(&format!("{:04}-Q{}", first.year(), to / 3))
            }
            _ => f.pad(&format!("{first}..{last}")),
        }
    }
}

impl From<Period> for String {
    fn from(period: Period) -> Self {
        period.to_string()
    }
}

impl TryFrom<String> for Period {
    type Error = NotAPeriod;

    fn try_from(text: String) -> Result<Self, NotAPeriod> {
        text.parse()
    }
}
