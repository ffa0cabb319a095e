//! What happened to payments as a whole.

use std::fmt;

use jiff::civil::Date;
use rulebook::{Country, FailedCondition};
use serde::{Deserialize, Serialize};

use crate::event::events;
use crate::ids::{PartnerCode, TextId};

events! {
    /// An event of the stream of holds.
    HoldEvent { PaymentsHeld = 1, PaymentsReleased = 1, HoldCommandRefused = 1 }
}

impl HoldEvent {
    /// The encrypted text this event brings, if any.
    pub fn text(&self) -> Option<TextId> {
        match self {
            Self::PaymentsHeld(e) => Some(e.reason),
            Self::PaymentsReleased(e) => Some(e.reason),
            Self::HoldCommandRefused(_) => None,
        }
    }
}

/// Whose payments are held.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Scope {
    /// Of one partner.
    #[serde(rename = "partner")]
    Partner(PartnerCode),
    /// For people who returned to one country.
    #[serde(rename = "country")]
    Country(Country),
    /// Of one programme of the rulebook.
    #[serde(rename = "programme")]
    Programme(String),
}

impl Scope {
    /// What kind of thing it names.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Partner(_) => "partner",
            Self::Country(_) => "country",
            Self::Programme(_) => "programme",
        }
    }

    /// What it names.
    pub fn value(&self) -> String {
        match self {
            Self::Partner(partner) => partner.to_string(),
            Self::Country(country) => country.to_string(),
            Self::Programme(programme) => programme.clone(),
        }
    }

    /// Whether spend of this partner, in this country, under this programme lies in it.
    pub fn covers(&self, partner: &PartnerCode, country: Country, programme: &str) -> bool {
        match self {
            Self::Partner(held) => held == partner,
            Self::Country(held) => *held == country,
            Self::Programme(held) => held == programme,
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind(), self.value())
    }
}

/// Payments stop. Claims go on being reported and decided.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentsHeld {
    /// The hold's number: 1, 2, 3 …
    pub hold: u64,
    /// Whose payments.
    pub scope: Scope,
    /// The first day.
    pub from: Date,
    /// Why, in the vault.
    pub reason: TextId,
}

/// Payments go on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentsReleased {
    /// Which hold.
    pub hold: u64,
    /// The first day on which it stops nothing.
    pub released_on: Date,
    /// Why, in the vault.
    pub reason: TextId,
}

/// A command about holds was refused by a rule. It changed nothing; who gave it stands in the envelope.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HoldCommandRefused {
    /// Name of the command.
    pub command: String,
    /// The hold it was about, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<u64>,
    /// The business date the command gave.
    pub on: Date,
    /// Version of the rulebook in force.
    pub rulebook: String,
    /// Every reason.
    pub reasons: Vec<FailedCondition>,
}
