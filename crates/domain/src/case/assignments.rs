//! Which partner has a case on which day.

use std::collections::BTreeMap;
use std::ops::Bound;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::ids::PartnerCode;
use crate::period::Period;

/// The partners a case was given to, each from a day on; one without a day has it from the beginning.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Vec<(Option<Date>, PartnerCode)>", from = "Vec<(Option<Date>, PartnerCode)>")]
pub struct Assignments(BTreeMap<Option<Date>, PartnerCode>);

impl From<Vec<(Option<Date>, PartnerCode)>> for Assignments {
    fn from(assigned: Vec<(Option<Date>, PartnerCode)>) -> Self {
        Self(assigned.into_iter().collect())
    }
}

impl From<Assignments> for Vec<(Option<Date>, PartnerCode)> {
    fn from(assignments: Assignments) -> Self {
        assignments.0.into_iter().collect()
    }
}

impl Assignments {
    /// Gives the case to a partner: from a day until the next one that is known, or from the beginning in place of all
    /// that was before.
    pub fn assign(&mut self, partner: PartnerCode, assigned_on: Option<Date>) {
        if assigned_on.is_none() {
            self.0.clear();
        }
        self.0.insert(assigned_on, partner);
    }

    /// The partner that has the case on a day.
    pub fn on(&self, day: Date) -> Option<&PartnerCode> {
        self.0.range(..=Some(day)).next_back().map(|(_, partner)| partner)
    }

    /// Whether a partner has it on some day of a period.
    pub fn has_in(&self, partner: &PartnerCode, period: Period) -> bool {
        self.has_between(partner, period.first(), period.last())
    }

    /// Whether a partner has it on one of these days, from the first to the last; on none if they are the other way round.
    pub fn has_between(&self, partner: &PartnerCode, first: Date, last: Date) -> bool {
        if last < first {
            return false;
        }
        let mut later = self.0.range(Some(first)..=Some(last));
        self.on(first) == Some(partner) || later.any(|(_, later)| later == partner)
    }

    /// Whether a partner has it on a day, or will have it later.
    pub fn has_from(&self, partner: &PartnerCode, day: Date) -> bool {
        let mut later = self.0.range((Bound::Excluded(Some(day)), Bound::Unbounded));
        self.on(day) == Some(partner) || later.any(|(_, later)| later == partner)
    }

    /// The partner that has it after all transfers that are known.
    pub fn last(&self) -> Option<&PartnerCode> {
        self.0.last_key_value().map(|(_, partner)| partner)
    }

    /// Every partner with its first day, in order; no day is the beginning.
    pub fn iter(&self) -> impl Iterator<Item = (Option<Date>, &PartnerCode)> {
        self.0.iter().map(|(day, partner)| (*day, partner))
    }
}
