//! Decisions about holds.

use rulebook::Rulebook;

use super::command::HoldCommand;
use super::event::{HoldEvent, PaymentsHeld, PaymentsReleased, Scope};
use super::state::Holds;
use crate::by::By;
use crate::of_rulebook;
use crate::refusal::Refusal;

/// Decides a command about holds. (Whether a partner is registered is not known here.)
pub fn decide(
    holds: &Holds,
    command: &HoldCommand,
    by: &By,
    rulebook: &Rulebook,
) -> Result<HoldEvent, Refusal> {
    by.may_decide()?;
    match command {
        HoldCommand::Place { scope, from, reason } => {
            match scope {
                Scope::Partner(_) => {}
                Scope::Country(country) => of_rulebook::country(*country, rulebook)?,
                Scope::Programme(id) => of_rulebook::programme(id, rulebook)?,
            }
            // A hold that was released for good may be followed by another.
            let open = holds.iter().find(|(_, hold)| hold.scope == *scope && hold.released_on.is_none());
            if let Some((number, hold)) = open {
                let detail = format!("hold {number} stops payments of {scope} since {}", hold.from);
                return Err(Refusal::new("already-held", detail));
            }
            let hold = holds.next_number();
            Ok(PaymentsHeld { hold, scope: scope.clone(), from: *from, reason: *reason }.into())
        }
        HoldCommand::Release { hold: number, released_on, reason } => {
            let Some(hold) = holds.get(*number) else {
                return Err(Refusal::new("unknown-hold", format!("there is no hold {number}")));
            };
            if let Some(day) = hold.released_on {
                return Err(Refusal::new("already-released", format!("hold {number} was released on {day}")));
            }
            if *released_on < hold.from {
                let detail = format!("hold {number} begins on {}", hold.from);
                return Err(Refusal::new("release-before-hold", detail));
            }
            Ok(PaymentsReleased { hold: *number, released_on: *released_on, reason: *reason }.into())
        }
    }
}
