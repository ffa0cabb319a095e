//! `replaces`: within one line, in no circle.

use std::collections::BTreeSet;

use crate::document::Document;
use crate::{EntitlementRule, RulebookError};

/// Checks the `replaces` of every rule and works out what each replaces in all.
pub(super) fn check(tables: &mut Document, errors: &mut Vec<RulebookError>) {
    let rules = &tables.entitlements;
    for rule in rules {
        for general in general_rules(rules, rule).filter(|general| general.budget_line != rule.budget_line) {
            errors.push(RulebookError::ReplacesOtherLine {
                special: rule.into(),
                line: rule.budget_line.clone(),
                general: general.into(),
                other_line: general.budget_line.clone(),
            });
        }
    }
    let mut reported = BTreeSet::new();
    for rule in rules {
        if let Some(ids) = circle(rules, rule)
            // The same circle is found from each of its rules.
            && reported.insert(ids.iter().cloned().collect::<BTreeSet<_>>())
        {
            errors.push(RulebookError::ReplacesInCircle { ids });
        }
    }
    let in_all: Vec<Vec<String>> = rules.iter().map(|rule| in_all(rules, rule)).collect();
    for (rule, replaced) in tables.entitlements.iter_mut().zip(in_all) {
        rule.replaces_in_all = replaced;
    }
}

/// The rules that `rule` names in `replaces`.
pub(super) fn general_rules<'a>(
    rules: &'a [EntitlementRule],
    rule: &'a EntitlementRule,
) -> impl Iterator<Item = &'a EntitlementRule> {
    rule.replaces.iter().filter_map(|id| rules.iter().find(|candidate| candidate.id == *id))
}

/// Everything reachable over `replaces`, nearest first; `rule` itself only if it is on a circle.
fn in_all(rules: &[EntitlementRule], rule: &EntitlementRule) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut next: Vec<&EntitlementRule> = general_rules(rules, rule).collect();
    while let Some(general) = next.pop() {
        if !found.contains(&general.id) {
            found.push(general.id.clone());
            next.extend(general_rules(rules, general));
        }
    }
    found
}

/// The shortest way over `replaces` from `rule` back to itself.
fn circle(rules: &[EntitlementRule], rule: &EntitlementRule) -> Option<Vec<String>> {
    let mut ways: Vec<Vec<&EntitlementRule>> = vec![vec![rule]];
    let mut seen = BTreeSet::new();
    while !ways.is_empty() {
        let mut longer = Vec::new();
        for way in &ways {
            for general in way.last().into_iter().flat_map(|last| general_rules(rules, last)) {
                if general.id == rule.id {
                    return Some(way.iter().map(|rule| rule.id.clone()).collect());
                }
                if seen.insert(general.id.as_str()) {
                    longer.push(way.iter().copied().chain([general]).collect());
                }
            }
        }
        ways = longer;
    }
    None
}
