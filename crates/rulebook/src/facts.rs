//! What is known about one application when a rule is applied to it.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

codes! {
    /// How the person returns (återvänder): of their own accord, or taken home by the police.
    ReturnMode {
        /// The person returns voluntarily (självmant).
        Voluntary = "voluntary",
        /// The police have taken over the return (med tvång).
        Forced = "forced",
    }
}

codes! {
    /// The authority that handles the return, and so decides the application.
    Authority {
        /// Swedish Migration Agency (Migrationsverket).
        MigrationAgency = "migration-agency",
        /// Swedish Police Authority (Polisen).
        Police = "police",
    }
}

codes! {
    /// How the application for asylum in Sweden ended, if it has.
    AsylumOutcome {
        /// Refused (avslag).
        Refused = "refused",
        /// Withdrawn by the person (återtagen).
        Withdrawn = "withdrawn",
        /// Not decided yet.
        Pending = "pending",
        /// Granted: the person may stay.
        Granted = "granted",
    }
}

/// A destination: ISO 3166-1 alpha-2, plus `XS` for Somaliland, which has no code of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Country([u8; 2]);

impl Country {
    /// The two-letter code.
    pub fn code(&self) -> &str {
        // Only ASCII capitals can be inside.
        std::str::from_utf8(&self.0).unwrap_or("??")
    }
}

/// A text that is not two capital letters.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a country is two capital letters (ISO 3166-1 alpha-2, XS for Somaliland)")]
pub struct NotACountry;

impl FromStr for Country {
    type Err = NotACountry;

    fn from_str(text: &str) -> Result<Self, NotACountry> {
        match text.as_bytes() {
            [a, b] if a.is_ascii_uppercase() && b.is_ascii_uppercase() => Ok(Self([*a, *b])),
            _ => Err(NotACountry),
        }
    }
}

impl TryFrom<String> for Country {
    type Error = NotACountry;

    fn try_from(text: String) -> Result<Self, NotACountry> {
        text.parse()
    }
}

impl From<Country> for String {
    fn from(country: Country) -> Self {
        country.code().to_owned()
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

/// The facts of one application that rules may look at. None of them identifies a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    /// Day of the application (ansökan).
    pub applied_on: Date,
    /// Country the person returns to.
    pub destination: Country,
    /// Voluntary or forced.
    pub return_mode: ReturnMode,
    /// Authority that decides.
    pub handled_by: Authority,
    /// Outcome of the asylum application in Sweden.
    pub asylum_outcome: AsylumOutcome,
    /// In Sweden when applying.
    pub in_sweden: bool,
    /// Likely to be received in the destination.
    pub likely_received: bool,
    /// Intends to re-establish there.
    pub intends_to_reestablish: bool,
    /// Expelled by a court because of a crime (utvisningsdömd). Only the outcome is kept, never the reason.
    pub court_expulsion: bool,
    /// A child without a guardian (barn utan vårdnadshavare).
    pub unaccompanied_child: bool,
}

codes! {
    /// A fact that a condition of the rulebook can look at, by its name in files.
    Fact {
        /// [`Facts::destination`].
        Destination = "destination",
        /// [`Facts::return_mode`].
        ReturnMode = "return_mode",
        /// [`Facts::handled_by`].
        HandledBy = "handled_by",
        /// [`Facts::asylum_outcome`].
        AsylumOutcome = "asylum_outcome",
        /// [`Facts::in_sweden`].
        InSweden = "in_sweden",
        /// [`Facts::likely_received`].
        LikelyReceived = "likely_received",
        /// [`Facts::intends_to_reestablish`].
        IntendsToReestablish = "intends_to_reestablish",
        /// [`Facts::court_expulsion`].
        CourtExpulsion = "court_expulsion",
        /// [`Facts::unaccompanied_child`].
        UnaccompaniedChild = "unaccompanied_child",
    }
}

impl Facts {
    /// The value of `fact` as files write it: a code, or `yes` or `no`.
    pub fn value(&self, fact: Fact) -> &str {
        match fact {
            Fact::Destination => self.destination.code(),
            Fact::ReturnMode => self.return_mode.code(),
            Fact::HandledBy => self.handled_by.code(),
            Fact::AsylumOutcome => self.asylum_outcome.code(),
            Fact::InSweden => yes_no(self.in_sweden),
            Fact::LikelyReceived => yes_no(self.likely_received),
            Fact::IntendsToReestablish => yes_no(self.intends_to_reestablish),
            Fact::CourtExpulsion => yes_no(self.court_expulsion),
            Fact::UnaccompaniedChild => yes_no(self.unaccompanied_child),
        }
    }
}

/// How files and the rulebook write a boolean.
pub(crate) const fn yes_no(value: bool) -> &'static str {
    if value { "yes" } else { "no" }
}
