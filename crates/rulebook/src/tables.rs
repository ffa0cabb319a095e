//! The tables of the rulebook, as they stand in its document.

use jiff::civil::Date;
use money::Eur;
use serde::Deserialize;

use crate::facts::yes_no;
use crate::{Country, Fact, ReturnMode, Validity, read};

/// A text that rules are taken from, or the mark of a default that no text settles.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Name that entries refer to.
    pub id: String,
    /// Who published it.
    pub publisher: String,
    /// Its title, in its own language.
    pub title: String,
    /// Its language (ISO 639-1).
    pub language: String,
    /// Its date; what the date means is said in `note` where the text is undated.
    #[serde(deserialize_with = "read::date")]
    pub date: Date,
    /// A doubt to know about.
    pub note: Option<String>,
}

codes! {
    /// What sets the amount that a person may receive from a programme.
    GrantedBy {
        /// The facts of an application: [`Rulebook::assess`](crate::Rulebook::assess) decides.
        Application = "application",
        /// An award made for one person after an assessment of needs.
        Award = "award",
    }
}

table! {
    /// A programme that pays support. Its dates limit the day of the application or award.
    Programme (valid_from, valid_until) as Programme {
        /// Full name.
        name: String,
        /// What sets a person's amount.
        granted_by: GrantedBy,
    }
    |p| format!("{}, granted by {}", p.name, p.granted_by)
}

table! {
    /// A line of a programme's budget. Each person has at most one entitlement on it.
    BudgetLine as BudgetLine {
        /// Id of the programme.
        programme: String,
        /// Swedish name.
        name_sv: String,
        /// English name.
        name_en: String,
        /// Whether every eligible person must have an entitlement on this line; checked on loading.
        covers_everyone: bool,
    }
    |l| format!("{} ({}), a budget line of {}", l.name_en, l.name_sv, l.programme)
}

table! {
    /// A country that people can return to with support.
    Destination (valid_from, valid_until) as Destination {
        /// Id of the programme.
        programme: String,
        /// The country.
        country: Country,
        /// Swedish name.
        name_sv: String,
        /// English name.
        name_en: String,
    }
    |d| format!("{} ({}, {}) is a destination of {}", d.name_en, d.name_sv, d.country, d.programme)
}

table! {
    /// A condition on one fact. Every condition in force must hold.
    Condition (valid_from, valid_until) as Condition {
        /// Id of the programme.
        programme: String,
        /// The fact it looks at.
        fact: Fact,
        /// The values of the fact that pass.
        allowed: Vec<String>,
    }
    |c| format!("{} must be {}", c.fact, c.allowed.join(" or "))
}

codes! {
    /// What a [`Check`] holds an application against.
    Against {
        /// The destinations in force on the day of the application.
        Destination = "destination",
        /// The exclusions in force on the day of the application.
        Exclusions = "exclusions",
        /// The pauses in force on the day of the decision.
        Pauses = "pauses",
        /// The dates of the programme.
        ProgrammeDates = "programme-dates",
    }
}

table! {
    /// A check against other tables of the rulebook. Its id is the one that a failure carries.
    Check as Check {
        /// Id of the programme.
        programme: String,
        /// What is checked.
        against: Against,
    }
    |c| format!("{} of {} must allow the application", c.against, c.programme)
}

table! {
    /// A way of returning to a destination that receives no support.
    Exclusion (valid_from, valid_until) as Exclusion {
        /// Id of the programme.
        programme: String,
        /// The excluded way of returning.
        return_mode: ReturnMode,
        /// To this country.
        destination: Country,
    }
    |e| format!("{} return to {} is excluded from {}", e.return_mode, e.destination, e.programme)
}

table! {
    /// A destination for which nothing is approved at present. What was approved before stands.
    Pause (valid_from, valid_until) as Pause {
        /// Id of the programme.
        programme: String,
        /// The country.
        destination: Country,
    }
    |p| format!("{} takes no new decisions for {}", p.programme, p.destination)
}

/// The most that may be disbursed for one person on a budget line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Cap {
    /// This many euros.
    Fixed(Eur),
    /// Each award sets its own.
    PerAward,
}

impl TryFrom<String> for Cap {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.as_str() {
            "per-award" => Ok(Self::PerAward),
            amount => amount
                .parse()
                .map(Self::Fixed)
                .map_err(|_| format!("`{amount}` is no cap, write euros like \"3000.00\", or \"per-award\"")),
        }
    }
}

impl std::fmt::Display for Cap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Fixed(amount) => amount.fmt(f),
            Self::PerAward => f.pad("per-award"),
        }
    }
}

table! {
    /// Who may receive how much on a budget line, and when.
    EntitlementRule (valid_from, valid_until) as Entitlement {
        /// Id of the line's programme; taken from the line, not written in the document.
        #[serde(skip)]
        programme: String,
        /// Id of the budget line.
        budget_line: String,
        /// The most for one person.
        cap: Cap,
        /// Ways of returning it is for.
        #[serde(default = "all_return_modes")]
        return_mode: Vec<ReturnMode>,
        /// A parameter (yes or no) on which it depends whether forced returns are included. Where that says
        /// no, `return_mode` is without them after loading.
        forced_only_if: Option<String>,
        /// Only unaccompanied children, only others, or (`None`) either.
        #[serde(default, deserialize_with = "read::optional_yes_no")]
        unaccompanied_child: Option<bool>,
        /// Countries it is for; `None`: every one.
        destinations: Option<Vec<Country>>,
        /// Ids of the more general rules whose place it takes while it is in force.
        #[serde(default)]
        replaces: Vec<String>,
        /// The same, and what those replace in turn; worked out on loading.
        #[serde(skip)]
        replaces_in_all: Vec<String>,
    }
    Self::describe
}

fn all_return_modes() -> Vec<ReturnMode> {
    ReturnMode::ALL.to_vec()
}

impl EntitlementRule {
    /// Whether the rule is for such a person, whatever the day.
    pub fn applies_to(&self, return_mode: ReturnMode, unaccompanied_child: bool, country: Country) -> bool {
        self.return_mode.contains(&return_mode)
            && self.unaccompanied_child.is_none_or(|only| only == unaccompanied_child)
            && self.destinations.as_ref().is_none_or(|countries| countries.contains(&country))
    }

    fn describe(&self) -> String {
        let modes: Vec<&str> = self.return_mode.iter().map(|mode| mode.code()).collect();
        let modes = if modes.is_empty() { "no".to_owned() } else { modes.join(" or ") };
        let child = self
            .unaccompanied_child
            .map_or_else(String::new, |only| format!(", unaccompanied child: {}", yes_no(only)));
        let countries = self.destinations.as_ref().map_or_else(
            || "every destination".to_owned(),
            |countries| countries.iter().map(Country::code).collect::<Vec<_>>().join(", "),
        );
        let replaces = if self.replaces.is_empty() {
            String::new()
        } else {
            format!("; replaces {}", self.replaces.join(", "))
        };
        let (cap, line) = (self.cap, &self.budget_line);
        format!("{cap} on {line} for {modes} return to {countries}{child}{replaces}")
    }
}

table! {
    /// A kind of benefit that a partner may report spend for.
    Category (valid_from, valid_until) as Category {
        /// Id of the line's programme; taken from the line, not written in the document.
        #[serde(skip)]
        programme: String,
        /// Id of the budget line that pays it.
        budget_line: String,
        /// Code in files.
        code: String,
        /// Swedish name, as the source has it.
        name_sv: String,
        /// English name.
        name_en: String,
        /// What it is for, where several categories are for one purpose.
        purpose: Option<String>,
    }
    |c| {
        let purpose = c.purpose.as_ref().map_or_else(String::new, |purpose| format!(", for {purpose}"));
        format!("{} ({}), paid from {}{purpose}", c.name_en, c.name_sv, c.budget_line)
    }
}

impl Category {
    /// What it is for: the same need may not be paid twice, whichever programme pays. Where the document says nothing, what
    /// it is called.
    pub fn purpose(&self) -> &str {
        self.purpose.as_deref().unwrap_or(&self.name_en)
    }
}
