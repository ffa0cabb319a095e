//! The rules, as data.

use jiff::ToSpan;
use jiff::civil::Date;
use money::Eur;
use rulebook::Rulebook;
use serde::Deserialize;

use crate::bank::ReferenceKind;
use crate::ids::DifferenceAccount;

/// The rules that are in this program.
const EMBEDDED: &str = include_str!("rules.toml");
/// Most rules of a ladder.
const RULES_MAX: usize = 50;
/// Widest window, in days.
const DAYS_MAX: u16 = 366;

/// A ladder of rules.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// What this ladder is called; it stands in every match.
    pub version: String,
    /// Up to which amount one person alone writes off what no payment explains.
    pub write_off_alone_max: Eur,
    /// The rules, in the order in which they are tried.
    #[serde(rename = "rule")]
    pub rules: Vec<Rule>,
}

rulebook::codes! {
    /// What a rule compares.
    RuleKind {
        /// One line and one item: a reference and the amount.
        Reference = "reference",
        /// One line and several items, or several lines and one item: a reference and what they come to.
        Group = "group",
        /// One line and one item: the amount and the day.
        Amount = "amount",
        /// The same, and somebody looks at it.
        Suggestion = "suggestion",
        /// One line in another currency and one item in euro: a reference, and nearly what they come to.
        Exchange = "exchange",
        /// Two lines that take each other back: a reference and the amount, in opposite directions; somebody looks at it.
        Reversal = "reversal",
        /// Two lines on two accounts of the authority, each naming the other's account: the amount, in opposite directions, and
        /// the days; somebody looks at it.
        Transfer = "transfer",
    }
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Its name; it stands in every match.
    pub id: String,
    /// What it compares.
    pub kind: RuleKind,
    /// Which references of a line are looked at.
    #[serde(default)]
    pub references: Vec<ReferenceKind>,
    /// How many days before the item's day a line may be booked.
    #[serde(default)]
    pub days_before: u16,
    /// How many days after it.
    #[serde(default)]
    pub days_after: u16,
    /// Whether the account on the other side must be the same; else two that are known must not differ.
    #[serde(default)]
    pub counterpart: bool,
    /// Whether amount and day are enough where the account on one side is not known; else such a pair is suggested at most.
    #[serde(default)]
    pub without_counterpart: bool,
    /// Most lines or items of a group.
    #[serde(default)]
    pub members_max: usize,
    /// How much a group, or a line in another currency, may be off.
    #[serde(default)]
    pub residual_max: Option<Eur>,
    /// Where what it is off is booked.
    #[serde(default)]
    pub residual_account: Option<DifferenceAccount>,
}

/// A text that is no ladder of rules.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("these are no rules of matching: {0}")]
pub struct NotRules(String);

impl Rules {
    /// The rules that are in this program.
    ///
    /// # Errors
    /// [`NotRules`], which a test keeps from happening.
    pub fn embedded() -> Result<Self, NotRules> {
        Self::parse(EMBEDDED)
    }

    /// Reads rules (TOML) that somebody gives in place of those in this program. Who gives them may be who writes off, so
    /// they may lower what one person alone writes off, and never raise it.
    ///
    /// # Errors
    /// [`NotRules`] says which rule is not as it must be.
    pub fn given(document: &str) -> Result<Self, NotRules> {
        let (given, own) = (Self::parse(document)?, Self::embedded()?);
        let (asked, most) = (given.write_off_alone_max, own.write_off_alone_max);
        if asked > most {
            let wrong = format!(
                "write_off_alone_max is {asked}, and one person alone writes off {most} at most: a file of rules may lower that, and never raise it; what is more takes two people"
            );
            return Err(NotRules(wrong));
        }
        Ok(given)
    }

    /// The document they are read from (TOML).
    pub fn document() -> &'static str {
        EMBEDDED
    }

    /// Reads rules (TOML).
    ///
    /// # Errors
    /// [`NotRules`] says which rule is not as it must be.
    pub fn parse(document: &str) -> Result<Self, NotRules> {
        let rules: Self = toml::from_str(document).map_err(|error| NotRules(error.to_string()))?;
        if rules.rules.len() > RULES_MAX {
            return Err(NotRules(format!("there are more than {RULES_MAX}")));
        }
        let mut seen = Vec::new();
        if rules.write_off_alone_max.is_negative() {
            return Err(NotRules("write_off_alone_max is less than nothing".to_owned()));
        }
        for rule in &rules.rules {
            if rule.residual_max.is_some_and(|max| max > rules.write_off_alone_max) {
                let alone = rules.write_off_alone_max;
                let wrong = format!(
                    "residual_max is more than {alone}, which is all that one person alone writes off (write_off_alone_max)"
                );
                return Err(NotRules(format!("rule {}: {wrong}", rule.id)));
            }
            if let Some(wrong) = rule.wrong() {
                return Err(NotRules(format!("rule {}: {wrong}", rule.id)));
            }
            if seen.contains(&&rule.id) {
                return Err(NotRules(format!("rule {} stands there twice", rule.id)));
            }
            seen.push(&rule.id);
        }
        Ok(rules)
    }

    /// The same rules where the rulebook asks for two people from an amount on: up to that one person writes off, and no
    /// rule lets a match be off by more.
    #[must_use]
    pub fn under(&self, rulebook: &Rulebook) -> Self {
        let Some(from) = rulebook.parameters().second_approval_from else { return self.clone() };
        // From there on two people are asked for, so one alone goes as far as a cent less.
        let from = Eur::from_cents(from.cents().saturating_sub(1).max(0));
        let capped =
            |rule: &Rule| Rule { residual_max: rule.residual_max.map(|max| max.min(from)), ..rule.clone() };
        Self {
            version: self.version.clone(),
            write_off_alone_max: self.write_off_alone_max.min(from),
            rules: self.rules.iter().map(capped).collect(),
        }
    }

    /// The same rules without those that look at amounts and days alone: what comes back is told by its reference.
    #[must_use]
    pub fn by_reference(&self) -> Self {
        let by_reference =
            |rule: &&Rule| matches!(rule.kind, RuleKind::Reference | RuleKind::Group | RuleKind::Exchange);
        Self { rules: self.rules.iter().filter(by_reference).cloned().collect(), ..self.clone() }
    }

    /// Whether a line is booked so near to an item's day that an amount rule would take them for the same.
    pub fn are_near(&self, booked_on: Date, day: Date) -> bool {
        let mut amounts = self.rules.iter().filter(|rule| rule.kind == RuleKind::Amount);
        amounts.any(|rule| {
            let first = day.saturating_sub(i64::from(rule.days_before).days());
            (first..=day.saturating_add(i64::from(rule.days_after).days())).contains(&booked_on)
        })
    }

    /// How much a match by hand may be off, and where the rest is booked: as much as the most generous rule. A line in
    /// another currency is held against the rules for such (`exchanged`).
    pub fn tolerance(&self, exchanged: bool) -> Option<Tolerance> {
        let rules = self.rules.iter().filter(|rule| (rule.kind == RuleKind::Exchange) == exchanged);
        let tolerances = rules.filter_map(Rule::tolerance);
        tolerances.max_by_key(|tolerance| tolerance.max)
    }
}

/// How much lines may be off the items they settle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tolerance {
    /// At most, in either direction.
    pub max: Eur,
    /// Where the rest is booked.
    pub account: DifferenceAccount,
}

impl Rule {
    /// How much a match by this rule may be off.
    pub fn tolerance(&self) -> Option<Tolerance> {
        let (max, account) = self.residual_max.zip(self.residual_account.clone())?;
        Some(Tolerance { max, account })
    }

    fn wrong(&self) -> Option<&'static str> {
        let by_amount = matches!(self.kind, RuleKind::Amount | RuleKind::Suggestion | RuleKind::Transfer);
        if by_amount != self.references.is_empty() {
            return Some(
                "a reference, group, exchange or reversal needs references, and no other kind has them",
            );
        }
        if self.without_counterpart && (self.kind != RuleKind::Amount || self.counterpart) {
            return Some(
                "only an amount can do without_counterpart, and not one that asks for the counterpart",
            );
        }
        if (self.kind == RuleKind::Group) != (self.members_max >= 1) {
            return Some("a group needs members_max, and no other kind has it");
        }
        if self.days_before > DAYS_MAX || self.days_after > DAYS_MAX {
            return Some("a window has at most 366 days before and after");
        }
        if self.residual_max.is_some() != self.residual_account.is_some() {
            return Some("residual_max and residual_account come together");
        }
        let may_be_off = matches!(self.kind, RuleKind::Group | RuleKind::Exchange);
        if self.residual_max.is_some_and(|max| max.is_negative() || !may_be_off) {
            return Some("only a group or exchange may be off, and not by less than nothing");
        }
        None
    }
}
