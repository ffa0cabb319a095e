//! The days on which a rule is in force, and arithmetic on them.

use std::fmt;

use jiff::civil::Date;

/// A period of whole days, both ends included; without an end it stays open.
///
/// Displayed as `2023-06-01..2024-06-30` or `2022-01-01..open`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Validity {
    /// First day.
    pub from: Date,
    /// Last day, if there is one.
    pub until: Option<Date>,
}

impl Validity {
    /// Whether `day` lies in the period.
    pub fn contains(&self, day: Date) -> bool {
        self.from <= day && self.until.is_none_or(|until| day <= until)
    }

    /// The day of the period that is nearest to `day`.
    pub(crate) fn nearest(&self, day: Date) -> Date {
        let day = day.max(self.from);
        self.until.map_or(day, |until| day.min(until))
    }

    /// The last day, for comparisons: an open end is the end of the calendar.
    fn last(&self) -> Date {
        self.until.unwrap_or(Date::MAX)
    }

    /// The days of both periods, if there are any.
    pub(crate) fn intersection(&self, other: &Self) -> Option<Self> {
        let from = self.from.max(other.from);
        let until = match (self.until, other.until) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        let common = Self { from, until };
        (from <= common.last()).then_some(common)
    }

    /// The days of `self` that are not in `other`: none, one or two periods.
    fn without(&self, other: &Self) -> Vec<Self> {
        let Some(common) = self.intersection(other) else { return vec![*self] };
        let before = common
            .from
            .yesterday()
            .ok()
            .filter(|last| self.from <= *last)
            .map(|last| Self { from: self.from, until: Some(last) });
        let after = common
            .until
            .and_then(|last| last.tomorrow().ok())
            .filter(|first| *first <= self.last())
            .map(|first| Self { from: first, until: self.until });
        before.into_iter().chain(after).collect()
    }

    /// The days of the periods in `left` that no period in `taken` has.
    pub(crate) fn remainder<'a>(left: Vec<Self>, taken: impl IntoIterator<Item = &'a Self>) -> Vec<Self> {
        taken.into_iter().fold(left, |left, taken| left.iter().flat_map(|part| part.without(taken)).collect())
    }
}

impl fmt::Display for Validity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.until {
            Some(until) => write!(f, "{}..{until}", self.from),
            None => write!(f, "{}..open", self.from),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(from: &str, until: &str) -> Validity {
        let until = (until != "open").then(|| until.parse().unwrap());
        Validity { from: from.parse().unwrap(), until }
    }

    #[test]
    fn both_ends_are_included() {
        let june = days("2024-06-01", "2024-06-30");
        assert!(june.contains(june.from));
        assert!(june.contains("2024-06-30".parse().unwrap()));
        assert!(!june.contains("2024-07-01".parse().unwrap()));
        assert!(days("2024-06-01", "open").contains(Date::MAX));
    }

    #[test]
    fn taking_the_middle_leaves_two_parts() {
        let left = vec![days("2024-01-01", "open")];
        let rest = Validity::remainder(left, &[days("2024-06-01", "2024-06-30")]);
        assert_eq!(rest, [days("2024-01-01", "2024-05-31"), days("2024-07-01", "open")]);
    }

    #[test]
    fn neighbours_leave_nothing() {
        let left = vec![days("2024-01-01", "2024-12-31")];
        let taken = [days("2024-01-01", "2024-06-30"), days("2024-07-01", "open")];
        assert_eq!(Validity::remainder(left, &taken), []);
    }

    #[test]
    fn the_ends_of_the_calendar_are_safe() {
        let all = Validity { from: Date::MIN, until: Some(Date::MAX) };
        assert_eq!(all.without(&all), []);
        assert_eq!(all.without(&Validity { from: Date::MIN, until: None }), []);
    }

    #[test]
    fn display_shows_an_open_end() {
        assert_eq!(days("2024-01-01", "open").to_string(), "2024-01-01..open");
        assert_eq!(days("2024-01-01", "2024-02-29").to_string(), "2024-01-01..2024-02-29");
    }
}
