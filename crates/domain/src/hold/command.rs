//! What can be asked of holds.

use jiff::civil::Date;

use super::event::Scope;
use crate::ids::TextId;

/// A command about holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HoldCommand {
    /// Stop payments.
    Place {
        /// Whose.
        scope: Scope,
        /// The first day.
        from: Date,
        /// Why, in the vault.
        reason: TextId,
    },
    /// Let them go on.
    Release {
        /// Which hold.
        hold: u64,
        /// The first day on which it stops nothing.
        released_on: Date,
        /// Why, in the vault.
        reason: TextId,
    },
}

impl HoldCommand {
    /// The command's name, as kept with a refusal.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Place { .. } => "hold-payments",
            Self::Release { .. } => "release-payments",
        }
    }

    /// The hold it is about, if there is one already.
    pub fn about(&self) -> Option<u64> {
        match self {
            Self::Place { .. } => None,
            Self::Release { hold, .. } => Some(*hold),
        }
    }

    /// The business date it gives.
    pub fn on(&self) -> Date {
        match self {
            Self::Place { from: day, .. } | Self::Release { released_on: day, .. } => *day,
        }
    }
}
