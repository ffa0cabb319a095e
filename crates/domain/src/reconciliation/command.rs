//! What can be asked of matches.

use std::collections::{BTreeMap, BTreeSet};

use money::Eur;

use super::event::{MatchedItem, MatchedLine};
use crate::exception::{ExceptionCommand, ExceptionId};
use crate::ids::{LineId, TextId};
use crate::matching::Tolerance;

/// Something with what people call it, for refusals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named<T> {
    /// What people call it: `line 17`.
    pub name: String,
    /// What it is.
    pub it: T,
}

/// A match to be recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMatch {
    /// The rule that says so, or [`super::BY_HAND`].
    pub rule: String,
    /// The version of the rules.
    pub rules: String,
    /// In words.
    pub why: String,
    /// The lines.
    pub lines: Vec<Named<MatchedLine>>,
    /// What lines in other currencies are in euro, as the bank says.
    pub worth: BTreeMap<LineId, Eur>,
    /// What they settle; none where they take each other back.
    pub items: Vec<Named<MatchedItem>>,
    /// How much they may be off.
    pub tolerance: Option<Tolerance>,
    /// Up to which amount one person matches what has nothing in common: what one person alone writes off. None where
    /// lines, or lines and what they settle, have something in common, and where a rule says that they belong together.
    pub apart_max: Option<Eur>,
}

/// A command about matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReconciliationCommand {
    /// Record a match.
    Match(NewMatch),
    /// Let nothing come of a proposal to match lines: who proposed it withdraws it, anybody else refuses it.
    Decline {
        /// The lines.
        lines: BTreeSet<LineId>,
        /// Why, in the vault.
        reason: TextId,
    },
    /// Take one back.
    Undo {
        /// Its number.
        number: u64,
        /// Why, in the vault.
        reason: TextId,
    },
    /// Something about exceptions.
    Exception(ExceptionCommand),
}

impl ReconciliationCommand {
    /// The command's name, as kept with a refusal.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Match(_) => "match",
            Self::Decline { .. } => "decline-match",
            Self::Undo { .. } => "undo-match",
            Self::Exception(command) => command.name(),
        }
    }

    /// The match it is about, if there is one already.
    pub fn about(&self) -> Option<u64> {
        match self {
            Self::Match(_) | Self::Decline { .. } | Self::Exception(_) => None,
            Self::Undo { number, .. } => Some(*number),
        }
    }

    /// The exception it is about.
    pub fn exception(&self) -> Option<&ExceptionId> {
        match self {
            Self::Match(_) | Self::Decline { .. } | Self::Undo { .. } => None,
            Self::Exception(command) => Some(command.exception()),
        }
    }
}
