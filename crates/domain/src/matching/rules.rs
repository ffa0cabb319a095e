//! The rules, as data.

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
        /// Two lines that take each other back: a reference and the amount, in opposite directions; somebody looks at it.
        Reversal = "reversal",
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
    /// Most lines or items of a group.
    #[serde(default)]
    pub members_max: usize,
    /// How much a group may be off.
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
        let by_reference = |rule: &&Rule| matches!(rule.kind, RuleKind::Reference | RuleKind::Group);
        Self { rules: self.rules.iter().filter(by_reference).cloned().collect(), ..self.clone() }
    }

    /// How much a match by hand may be off, and where the rest is booked: as much as the most generous rule.
    pub fn tolerance(&self) -> Option<Tolerance> {
        let tolerances = self.rules.iter().filter_map(Rule::tolerance);
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
        let by_reference = matches!(self.kind, RuleKind::Reference | RuleKind::Group | RuleKind::Reversal);
        if by_reference == self.references.is_empty() {
            return Some("a reference, group or reversal needs references, and no other kind has them");
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
        if self.residual_max.is_some_and(|max| max.is_negative() || self.kind != RuleKind::Group) {
            return Some("only a group may be off, and not by less than nothing");
        }
        None
    }
}
