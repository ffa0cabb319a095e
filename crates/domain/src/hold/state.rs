//! Holds as their events have made them.

use std::collections::BTreeMap;

use jiff::civil::Date;
use rulebook::Country;

use super::event::{HoldEvent, Scope};
use crate::ids::PartnerCode;
use crate::refusal::FoldError;

/// One hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// Whose payments it stops.
    pub scope: Scope,
    /// The first day on which it does.
    pub from: Date,
    /// The first day on which it no longer does.
    pub released_on: Option<Date>,
}

impl Hold {
    /// Whether it stops payments on this day.
    pub fn in_force_on(&self, day: Date) -> bool {
        self.from <= day && self.released_on.is_none_or(|released| day < released)
    }

    /// Whether it stops a payment on this day, of spend of this partner, in this country, under this programme.
    pub fn covers(&self, partner: &PartnerCode, country: Country, programme: &str, day: Date) -> bool {
        self.in_force_on(day) && self.scope.covers(partner, country, programme)
    }

    /// Whether it stops whatever is paid to this partner on this day: what is for no case too.
    pub fn covers_all_of(&self, partner: &PartnerCode, day: Date) -> bool {
        self.in_force_on(day) && matches!(&self.scope, Scope::Partner(held) if held == partner)
    }
}

/// All holds, by number.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Holds {
    holds: BTreeMap<u64, Hold>,
    /// Number of events that changed something (refused commands do not).
    pub revision: u64,
}

impl Holds {
    /// Applies an event.
    pub fn evolve(&mut self, event: &HoldEvent) -> Result<(), FoldError> {
        match event {
            HoldEvent::PaymentsHeld(e) => {
                if e.hold != self.next_number() {
                    return Err(FoldError(format!("hold {} is not the next one", e.hold)));
                }
                self.holds.insert(e.hold, Hold { scope: e.scope.clone(), from: e.from, released_on: None });
            }
            HoldEvent::PaymentsReleased(e) => match self.holds.get_mut(&e.hold) {
                Some(hold) if hold.released_on.is_none() => hold.released_on = Some(e.released_on),
                _ => return Err(FoldError(format!("hold {} is released, and is not open", e.hold))),
            },
            HoldEvent::HoldCommandRefused(_) => return Ok(()),
        }
        self.revision += 1;
        Ok(())
    }

    /// A hold.
    pub fn get(&self, number: u64) -> Option<&Hold> {
        self.holds.get(&number)
    }

    /// All holds with their numbers, released ones too.
    pub fn iter(&self) -> impl Iterator<Item = (u64, &Hold)> {
        self.holds.iter().map(|(number, hold)| (*number, hold))
    }

    /// The first hold that stops a payment on this day, of spend of this partner, in this country, under this
    /// programme: a payment passes only where there is none.
    pub fn stopping(
        &self,
        partner: &PartnerCode,
        country: Country,
        programme: &str,
        day: Date,
    ) -> Option<(u64, &Hold)> {
        self.iter().find(|(_, hold)| hold.covers(partner, country, programme, day))
    }

    /// The first hold that stops whatever is paid to this partner on this day: advances and fees too.
    pub fn stopping_all_of(&self, partner: &PartnerCode, day: Date) -> Option<(u64, &Hold)> {
        self.iter().find(|(_, hold)| hold.covers_all_of(partner, day))
    }

    pub(super) fn next_number(&self) -> u64 {
        self.holds.len() as u64 + 1
    }
}
