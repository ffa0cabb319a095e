//! One person's facts against the rules.

use jiff::civil::Date;
use money::Eur;
use serde::{Deserialize, Serialize};

use crate::{Against, AmountFixedBy, BudgetLine, Cap, Check, EntitlementRule, Facts, Rulebook};

/// The outcome of an assessment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Assessment {
    /// Every condition holds: the entitlements, at most one per budget line, in the rulebook's order of
    /// lines.
    Eligible(Vec<Entitlement>),
    /// Every condition that fails, in the rulebook's order.
    Ineligible(Vec<FailedCondition>),
}

/// What one person may receive on one budget line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entitlement {
    /// Id of the programme.
    pub programme: String,
    /// Id of the budget line.
    pub budget_line: String,
    /// Id of the rule that grants it.
    pub rule_id: String,
    /// The most that may be disbursed, in euros.
    pub cap: Eur,
    /// Why this rule and this amount, as one English sentence.
    pub arithmetic: String,
}

/// A condition that does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FailedCondition {
    /// Id of the condition or check.
    pub id: String,
    /// Which fact has which value, and what is required.
    pub detail: String,
}

impl Rulebook {
    /// Assesses the facts of one application for a decision on day `decided_on`.
    ///
    /// Conditions, destinations and exclusions are those in force on the day of the application; where that
    /// day lies outside the programme, which is itself a failure, those of the programme's nearest day.
    /// Pauses are judged on the day of the decision, because they stop new approvals.
    pub fn assess(&self, facts: &Facts, decided_on: Date) -> Assessment {
        let failed = self.failed_conditions(facts, decided_on);
        if !failed.is_empty() {
            return Assessment::Ineligible(failed);
        }
        let lines = self.budget_lines().iter();
        Assessment::Eligible(lines.filter_map(|line| self.entitlement(line, facts, decided_on)).collect())
    }

    fn failed_conditions(&self, facts: &Facts, decided_on: Date) -> Vec<FailedCondition> {
        let day = self.assessed_programme().validity().nearest(facts.applied_on);
        let on_facts = self.conditions().iter().filter(|condition| condition.validity().contains(day));
        let on_facts = on_facts.filter_map(|condition| {
            let value = facts.value(condition.fact);
            let fails = !condition.allowed.iter().any(|allowed| allowed == value);
            fails.then(|| FailedCondition {
                id: condition.id.clone(),
                detail: format!(
                    "{} is {value}, required is {}",
                    condition.fact,
                    condition.allowed.join(" or ")
                ),
            })
        });
        let on_tables = self.checks().iter().filter_map(|check| {
            let detail = self.failed_check(check, facts, day, decided_on)?;
            Some(FailedCondition { id: check.id.clone(), detail })
        });
        on_facts.chain(on_tables).collect()
    }

    /// What is wrong, if `check` fails. `day` is the day of the application, moved into the programme.
    fn failed_check(&self, check: &Check, facts: &Facts, day: Date, decided_on: Date) -> Option<String> {
        let country = facts.destination;
        match check.against {
            Against::Destination => {
                let in_force = self.destinations().iter().filter(|entry| entry.validity().contains(day));
                let covered: Vec<&str> = in_force.map(|entry| entry.country.code()).collect();
                let fails = !covered.contains(&country.code());
                fails
                    .then(|| format!("destination is {country}, covered on {day} are {}", covered.join(", ")))
            }
            Against::Exclusions => {
                let exclusion = self.exclusions().iter().find(|entry| {
                    entry.return_mode == facts.return_mode
                        && entry.destination == country
                        && entry.validity().contains(day)
                })?;
                Some(format!(
                    "return_mode is {} and destination is {country}, which is excluded in {} ({})",
                    facts.return_mode,
                    exclusion.validity(),
                    exclusion.id
                ))
            }
            Against::Pauses => {
                let pause = self
                    .pauses()
                    .iter()
                    .find(|entry| entry.destination == country && entry.validity().contains(decided_on))?;
                Some(format!(
                    "destination is {country} and the decision is of {decided_on}; no approvals there in \
                     {} ({})",
                    pause.validity(),
                    pause.id
                ))
            }
            Against::ProgrammeDates => {
                let programme = self.assessed_programme();
                let fails = !programme.validity().contains(facts.applied_on);
                fails.then(|| {
                    let (applied, name) = (facts.applied_on, &programme.id);
                    format!("applied_on is {applied}, {name} takes applications in {}", programme.validity())
                })
            }
        }
    }

    fn entitlement(&self, line: &BudgetLine, facts: &Facts, decided_on: Date) -> Option<Entitlement> {
        let (verb, day) = match self.parameters().amount_fixed_by {
            AmountFixedBy::ApplicationDate => ("applied", facts.applied_on),
            // A decision dated before its application is judged as if made on the same day.
            AmountFixedBy::DecisionDate => ("decided", decided_on.max(facts.applied_on)),
        };
        let fitting: Vec<&EntitlementRule> = self
            .entitlements()
            .iter()
            .filter(|rule| rule.budget_line == line.id && rule.validity().contains(day))
            .filter(|rule| rule.applies_to(facts.return_mode, facts.unaccompanied_child, facts.destination))
            .collect();
        // Loading made sure that of several fitting rules one replaces all others.
        let is_replaced =
            |rule: &EntitlementRule| fitting.iter().any(|other| other.replaces_in_all.contains(&rule.id));
        let rule = fitting.iter().find(|rule| !is_replaced(rule))?;
        let Cap::Fixed(cap) = rule.cap else { return None };

        let child = if facts.unaccompanied_child { ", unaccompanied child," } else { "" };
        let mut arithmetic = format!(
            "{verb} {day} lies in {}; {}{child} to {}: {} ({cap})",
            rule.validity(),
            facts.return_mode,
            facts.destination,
            rule.id
        );
        let replaced: Vec<String> = fitting
            .iter()
            .filter(|other| other.id != rule.id)
            .map(|other| format!("{} ({})", other.id, other.cap))
            .collect();
        if !replaced.is_empty() {
            arithmetic.push_str(&format!(" replaces {}", replaced.join(" and ")));
        }
        Some(Entitlement {
            programme: rule.programme.clone(),
            budget_line: line.id.clone(),
            rule_id: rule.id.clone(),
            cap,
            arithmetic,
        })
    }
}
