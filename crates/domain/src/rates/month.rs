//! Months of the calendar.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;

/// A month, such as `2024-06`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month(Date);

/// A text that is no month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a month is written YYYY-MM, for example 2024-06")]
pub struct NotAMonth;

impl Month {
    /// The month a day lies in.
    pub fn of(day: Date) -> Self {
        Self(day.first_of_month())
    }

    /// Its first day, under which the rates of a month are kept.
    pub fn first(self) -> Date {
        self.0
    }

    /// Its last day.
    pub fn last(self) -> Date {
        self.0.last_of_month()
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.0.year(), self.0.month())
    }
}

impl FromStr for Month {
    type Err = NotAMonth;

    fn from_str(text: &str) -> Result<Self, NotAMonth> {
        let plain = text.len() == 7 && text.bytes().all(|c| c.is_ascii_digit() || c == b'-');
        let (year, month) = text.split_once('-').filter(|_| plain).ok_or(NotAMonth)?;
        if year.len() != 4 {
            return Err(NotAMonth);
        }
        let (year, month) = (year.parse().map_err(|_| NotAMonth)?, month.parse().map_err(|_| NotAMonth)?);
        Date::new(year, month, 1).map(Self).map_err(|_| NotAMonth)
    }
}
