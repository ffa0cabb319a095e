//! What can be wrong with a rulebook: each error says what, where, and what to change.

use std::fmt;

use jiff::civil::Date;

use crate::{Against, Cap, EntitlementRule, RuleKind, Validity};

/// A rule as an error shows it: `jrs.reintegration.voluntary` (3000.00, 2022-01-01..open).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleBrief {
    /// Its id.
    pub id: String,
    /// Its cap.
    pub cap: Cap,
    /// When it is in force.
    pub validity: Validity,
}

impl From<&EntitlementRule> for RuleBrief {
    fn from(rule: &EntitlementRule) -> Self {
        Self { id: rule.id.clone(), cap: rule.cap, validity: rule.validity() }
    }
}

impl fmt::Display for RuleBrief {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` ({}, {})", self.id, self.cap, self.validity)
    }
}

/// One thing that is wrong with a rulebook.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RulebookError {
    /// Not TOML, an unknown or missing key, or a value of the wrong form.
    #[error("line {line}{}: {message}; correct the document there", in_rule(.rule))]
    Unreadable {
        /// Line of the document, from 1.
        line: usize,
        /// Id of the entry around it, if one could be made out.
        rule: Option<String>,
        /// What the reader says.
        message: String,
    },

    /// Two entries have one id.
    #[error("`{id}` is the id of two entries (a {first} and a {second}); give one of them another id")]
    DuplicateId {
        /// The id.
        id: String,
        /// Table of the first.
        first: &'static str,
        /// Table of the second.
        second: &'static str,
    },

    /// A last day before the first.
    #[error("`{id}`: valid_until {until} lies before valid_from {from}; swap or correct the dates")]
    EndsBeforeItBegins {
        /// The entry.
        id: String,
        /// Its first day.
        from: Date,
        /// Its last day.
        until: Date,
    },

    /// A name that stands nowhere.
    #[error(
        "`{id}`: {field} `{value}` is not in the rulebook; use one of {} or add it",
        listed(.known)
    )]
    Unknown {
        /// The entry that names it.
        id: String,
        /// The key that names it.
        field: &'static str,
        /// The name.
        value: String,
        /// Names that would do.
        known: Vec<String>,
    },

    /// Not exactly one programme is granted on application.
    #[error(
        "{} granted_by = \"application\"; exactly one must be, because an application is assessed for one \
         programme; correct granted_by",
        granted_on_application(.found)
    )]
    ProgrammesAssessed {
        /// Ids of those that are.
        found: Vec<String>,
    },

    /// A condition, check, exclusion, pause or destination of a programme that no application is assessed
    /// for.
    #[error(
        "`{id}`: programme `{programme}` is granted by award, so this would never be used; remove it or \
         name the programme that is granted by application"
    )]
    NeverAssessed {
        /// The entry.
        id: String,
        /// Its programme.
        programme: String,
    },

    /// A check is missing or there twice.
    #[error("there are {count} checks against {against}, there must be one; add or remove a [[check]]")]
    CheckCount {
        /// What is checked.
        against: Against,
        /// How many there are.
        count: usize,
    },

    /// No budget line is for everybody.
    #[error(
        "programme `{programme}` has no budget line with covers_everyone = true, so an approval could \
         grant nothing; set it on one"
    )]
    NothingCoversEveryone {
        /// The programme.
        programme: String,
    },

    /// A cap of zero or less.
    #[error("`{id}`: cap {cap} is not more than 0.00; write the most that one person may receive")]
    CapNotPositive {
        /// The rule.
        id: String,
        /// Its cap.
        cap: Cap,
    },

    /// A fixed cap where awards set the amount, or the other way round.
    #[error(
        "`{id}`: cap {cap} does not fit programme `{programme}`, which is granted by {}; {}",
        if *.cap == Cap::PerAward { "application" } else { "award" },
        if *.cap == Cap::PerAward { "write an amount" } else { "write \"per-award\"" }
    )]
    CapOfOtherKind {
        /// The rule.
        id: String,
        /// Its cap.
        cap: Cap,
        /// The programme of its budget line.
        programme: String,
    },

    /// A list without a value: the entry would never apply.
    #[error("`{id}`: {field} is empty, so this would never hold; list at least one value")]
    EmptyList {
        /// The entry.
        id: String,
        /// The key.
        field: &'static str,
    },

    /// A text that must say something is empty.
    #[error("`{id}`: {field} is empty; fill it in")]
    EmptyText {
        /// The entry.
        id: String,
        /// The key.
        field: &'static str,
    },

    /// A value that the fact never has.
    #[error("`{id}`: fact `{fact}` is never `{value}`; allowed may list {}", listed(.possible))]
    ImpossibleValue {
        /// The condition.
        id: String,
        /// The fact.
        fact: String,
        /// The value listed.
        value: String,
        /// Every value the fact can have.
        possible: Vec<String>,
    },

    /// A parameter is not there.
    #[error("parameter `{name}` is missing; add a [[parameter]] with this id and {expected} as value")]
    MissingParameter {
        /// Its name.
        name: &'static str,
        /// What its value must be.
        expected: String,
    },

    /// A parameter that the program does not know, so that nothing would follow it.
    #[error("parameter `{name}` does not exist; known are {}", listed(.known))]
    UnknownParameter {
        /// Its name.
        name: String,
        /// The names there are.
        known: Vec<String>,
    },

    /// A parameter with a value it cannot have.
    #[error("parameter `{name}` is {value}, it must be {expected}")]
    ParameterValue {
        /// Its name.
        name: &'static str,
        /// Its value as written.
        value: String,
        /// What it must be.
        expected: String,
    },

    /// Two entries for the same thing on the same day.
    #[error(
        "{kind} `{what}` has two entries for {days}: `{first}` and `{second}`; end one before the other \
         begins"
    )]
    DescribedTwice {
        /// The kind of entry.
        kind: RuleKind,
        /// The country or code.
        what: String,
        /// First entry.
        first: String,
        /// Second entry.
        second: String,
        /// The days that both have.
        days: Validity,
    },

    /// A rule replaces one of another budget line.
    #[error(
        "{special} of budget line `{line}` replaces {general} of `{other_line}`; a rule can only replace \
         rules of its own line"
    )]
    ReplacesOtherLine {
        /// The special rule.
        special: RuleBrief,
        /// Its line.
        line: String,
        /// The general rule.
        general: RuleBrief,
        /// Its line.
        other_line: String,
    },

    /// Rules that replace each other.
    #[error("{} in a circle; remove one of these `replaces`", circle(.ids))]
    ReplacesInCircle {
        /// The ids on the circle, each replacing the next, the last the first.
        ids: Vec<String>,
    },

    /// A special rule reaches further than what it replaces.
    #[error(
        "{special} replaces {}, but also covers {who} in {days}, which they do not; narrow the \
         special rule or widen a general one",
        brief_list(.general)
    )]
    ReachesBeyond {
        /// The special rule.
        special: RuleBrief,
        /// The general ones.
        general: Vec<RuleBrief>,
        /// Whom it covers beyond them.
        who: String,
        /// And when.
        days: Validity,
    },

    /// A rule replaces one that it never meets.
    #[error("{special} replaces {general}, but no person and day has both; remove it from `replaces`")]
    ReplacesNothing {
        /// The special rule.
        special: RuleBrief,
        /// The rule it never meets.
        general: RuleBrief,
    },

    /// Two rules of one line fit the same person on the same day.
    #[error(
        "budget line `{line}`: {first} and {second} both cover {who} in {days}; end one before the other \
         begins, narrow one, or let the special one replace the general one"
    )]
    Overlap {
        /// The budget line.
        line: String,
        /// First rule.
        first: RuleBrief,
        /// Second rule.
        second: RuleBrief,
        /// Whom both cover.
        who: String,
        /// And when.
        days: Validity,
    },

    /// No rule fits an eligible person.
    #[error("budget line `{line}`: no rule covers {who} in {days}; {}", neighbours(.ends, .begins))]
    Gap {
        /// The budget line.
        line: String,
        /// Whom nothing covers.
        who: String,
        /// And when.
        days: Validity,
        /// The last rule that ends before.
        ends: Option<RuleBrief>,
        /// The first rule that begins after.
        begins: Option<RuleBrief>,
    },
}

fn in_rule(rule: &Option<String>) -> String {
    rule.as_ref().map_or_else(String::new, |id| format!(" (`{id}`)"))
}

fn listed(names: &[String]) -> String {
    if names.is_empty() { "(there are none)".to_owned() } else { names.join(", ") }
}

fn brief_list(rules: &[RuleBrief]) -> String {
    rules.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and ")
}

fn granted_on_application(found: &[String]) -> String {
    match found {
        [] => "no programme is".to_owned(),
        found => format!("{} are", found.join(" and ")),
    }
}

fn circle(ids: &[String]) -> String {
    let around = ids.iter().chain(ids.first());
    around.map(|id| format!("`{id}`")).collect::<Vec<_>>().join(" replaces ")
}

fn neighbours(ends: &Option<RuleBrief>, begins: &Option<RuleBrief>) -> String {
    let before =
        ends.as_ref().map_or_else(|| "none ends before".to_owned(), |rule| format!("{rule} ends before"));
    let after =
        begins.as_ref().map_or_else(|| "none begins after".to_owned(), |rule| format!("{rule} begins after"));
    let change = match (ends, begins) {
        (Some(_), Some(_)) => "extend the first, begin the second earlier, or add a rule",
        (Some(_), None) => "extend it or add a rule",
        (None, Some(_)) => "begin it earlier or add a rule",
        (None, None) => "add a rule",
    };
    format!("{before}, {after}; {change}")
}

/// Everything that is wrong with a rulebook; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RulebookErrors(Vec<RulebookError>);

impl RulebookErrors {
    pub(crate) fn new(errors: Vec<RulebookError>) -> Self {
        Self(errors)
    }

    /// The errors, in the order of the document as far as they have one.
    pub fn as_slice(&self) -> &[RulebookError] {
        &self.0
    }
}

impl IntoIterator for RulebookErrors {
    type Item = RulebookError;
    type IntoIter = std::vec::IntoIter<RulebookError>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl fmt::Display for RulebookErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.0.len() == 1 { "" } else { "s" };
        write!(f, "the rulebook has {} error{plural}:", self.0.len())?;
        for (n, error) in (1..).zip(&self.0) {
            write!(f, "\n{n}. {error}")?;
        }
        Ok(())
    }
}

impl std::error::Error for RulebookErrors {}
