//! Every kind of person against every rule: nobody between two rules, nobody without one.
//!
//! A kind of person is a destination, a way of returning, and unaccompanied child or not; nothing else
//! decides which rule applies. Days are compared as periods, so the checks are exact and independent of their
//! number.

use std::collections::{BTreeMap, BTreeSet};

use super::replacing::general_rules;
use crate::document::Document;
use crate::facts::yes_no;
use crate::{
    AmountFixedBy, BudgetLine, Country, EntitlementRule, Fact, Parameters, Programme, ReturnMode,
    RulebookError, Validity,
};

/// A kind of person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Kind {
    return_mode: ReturnMode,
    child: bool,
    country: Country,
}

impl EntitlementRule {
    fn is_for(&self, kind: &Kind) -> bool {
        self.applies_to(kind.return_mode, kind.child, kind.country)
    }
}

pub(super) fn check(
    tables: &Document,
    assessed: usize,
    parameters: &Parameters,
    errors: &mut Vec<RulebookError>,
) {
    let kinds = kinds(tables);
    for rule in &tables.entitlements {
        replaces_what_it_says(tables, rule, &kinds, errors);
    }
    overlaps(&tables.entitlements, &kinds, errors);
    let programme = &tables.programmes[assessed];
    for line in &tables.budget_lines {
        if line.covers_everyone && line.programme == programme.id {
            gaps(tables, programme, line, parameters.amount_fixed_by, &kinds, errors);
        }
    }
}

fn kinds(tables: &Document) -> Vec<Kind> {
    let countries: BTreeSet<Country> = tables.destinations.iter().map(|entry| entry.country).collect();
    let mut kinds = Vec::new();
    for return_mode in ReturnMode::ALL {
        for child in [false, true] {
            kinds.extend(countries.iter().map(|country| Kind {
                return_mode: *return_mode,
                child,
                country: *country,
            }));
        }
    }
    kinds
}

/// A special rule meets every rule that it replaces, and nobody else.
fn replaces_what_it_says(
    tables: &Document,
    rule: &EntitlementRule,
    kinds: &[Kind],
    errors: &mut Vec<RulebookError>,
) {
    let general: Vec<&EntitlementRule> = general_rules(&tables.entitlements, rule).collect();
    if general.is_empty() {
        return;
    }
    let never_met: Vec<RulebookError> = general
        .iter()
        .filter(|general| {
            rule.validity().intersection(&general.validity()).is_none()
                || !kinds.iter().any(|kind| rule.is_for(kind) && general.is_for(kind))
        })
        .map(|general| RulebookError::ReplacesNothing { special: rule.into(), general: (*general).into() })
        .collect();
    if !never_met.is_empty() {
        errors.extend(never_met);
        return;
    }
    let mut beyond: BTreeMap<Validity, Vec<Kind>> = BTreeMap::new();
    for kind in kinds.iter().filter(|kind| rule.is_for(kind)) {
        let taken: Vec<Validity> =
            general.iter().filter(|rule| rule.is_for(kind)).map(|rule| rule.validity()).collect();
        for days in Validity::remainder(vec![rule.validity()], &taken) {
            beyond.entry(days).or_default().push(*kind);
        }
    }
    errors.extend(beyond.into_iter().map(|(days, who)| RulebookError::ReachesBeyond {
        special: rule.into(),
        general: general.iter().map(|rule| (*rule).into()).collect(),
        who: describe(&who, kinds),
        days,
    }));
}

/// Two rules of a line for the same person on the same day, neither of which replaces the other.
fn overlaps(rules: &[EntitlementRule], kinds: &[Kind], errors: &mut Vec<RulebookError>) {
    for (n, first) in rules.iter().enumerate() {
        for second in rules.iter().skip(n + 1).filter(|second| second.budget_line == first.budget_line) {
            if first.replaces_in_all.contains(&second.id) || second.replaces_in_all.contains(&first.id) {
                continue;
            }
            let Some(days) = first.validity().intersection(&second.validity()) else { continue };
            let both = kinds.iter().filter(|kind| first.is_for(kind) && second.is_for(kind));
            let who: Vec<Kind> = both.copied().collect();
            if !who.is_empty() {
                errors.push(RulebookError::Overlap {
                    line: first.budget_line.clone(),
                    first: first.into(),
                    second: second.into(),
                    who: describe(&who, kinds),
                    days,
                });
            }
        }
    }
}

fn gaps(
    tables: &Document,
    programme: &Programme,
    line: &BudgetLine,
    amount_fixed_by: AmountFixedBy,
    kinds: &[Kind],
    errors: &mut Vec<RulebookError>,
) {
    // Those whom the same rules leave uncovered on the same days are one gap.
    let mut found: BTreeMap<(Validity, Option<usize>, Option<usize>), Vec<Kind>> = BTreeMap::new();
    for kind in kinds {
        let fitting = || {
            let rules = tables.entitlements.iter().enumerate();
            rules.filter(|(_, rule)| rule.budget_line == line.id && rule.is_for(kind))
        };
        let taken: Vec<Validity> = fitting().map(|(_, rule)| rule.validity()).collect();
        let needed = match amount_fixed_by {
            AmountFixedBy::ApplicationDate => eligible_days(tables, programme, kind),
            // Who may apply on a day may be decided on it and on any later one.
            AmountFixedBy::DecisionDate => {
                let first = eligible_days(tables, programme, kind).iter().map(|days| days.from).min();
                first.map(|from| Validity { from, until: None }).into_iter().collect()
            }
        };
        for days in Validity::remainder(needed, &taken) {
            let ends = fitting()
                .filter(|(_, rule)| rule.valid_until.is_some_and(|until| until < days.from))
                .max_by_key(|(_, rule)| rule.valid_until);
            let begins = fitting()
                .filter(|(_, rule)| days.until.is_some_and(|until| rule.valid_from > until))
                .min_by_key(|(_, rule)| rule.valid_from);
            let key = (days, ends.map(|(index, _)| index), begins.map(|(index, _)| index));
            found.entry(key).or_default().push(*kind);
        }
    }
    let brief = |index: Option<usize>| index.map(|index| (&tables.entitlements[index]).into());
    errors.extend(found.into_iter().map(|((days, ends, begins), who)| RulebookError::Gap {
        line: line.id.clone(),
        who: describe(&who, kinds),
        days,
        ends: brief(ends),
        begins: brief(begins),
    }));
}

/// The days on which a person of this kind can apply and be eligible. Pauses are left out: they can be
/// lifted.
fn eligible_days(tables: &Document, programme: &Programme, kind: &Kind) -> Vec<Validity> {
    let entries = tables.destinations.iter().filter(|entry| entry.country == kind.country);
    let covered = entries.filter_map(|entry| entry.validity().intersection(&programme.validity())).collect();
    let excluded = tables
        .exclusions
        .iter()
        .filter(|entry| entry.return_mode == kind.return_mode && entry.destination == kind.country)
        .map(|entry| entry.validity());
    let failing = tables.conditions.iter().filter(|condition| {
        let value = match condition.fact {
            Fact::Destination => kind.country.code(),
            Fact::ReturnMode => kind.return_mode.code(),
            Fact::UnaccompaniedChild => yes_no(kind.child),
            // The other facts are no part of the kind, so some person of the kind passes.
            _ => return false,
        };
        !condition.allowed.iter().any(|allowed| allowed == value)
    });
    let barred: Vec<Validity> = excluded.chain(failing.map(|condition| condition.validity())).collect();
    Validity::remainder(covered, &barred)
}

/// The kinds in words, e.g. "voluntary return to IQ, PK and forced return of an unaccompanied child to every
/// destination".
fn describe(who: &[Kind], all: &[Kind]) -> String {
    let every: BTreeSet<Country> = all.iter().map(|kind| kind.country).collect();
    let mut parts = Vec::new();
    for return_mode in ReturnMode::ALL {
        let to = |child: bool| -> BTreeSet<Country> {
            let kinds = who.iter().filter(|kind| kind.return_mode == *return_mode && kind.child == child);
            kinds.map(|kind| kind.country).collect()
        };
        let (others, children) = (to(false), to(true));
        let groups = if others == children {
            vec![("", others)]
        } else {
            vec![(" of an unaccompanied child", children), (" of anyone but an unaccompanied child", others)]
        };
        for (of, countries) in groups.into_iter().filter(|(_, countries)| !countries.is_empty()) {
            let to = if countries == every {
                "every destination".to_owned()
            } else {
                countries.iter().map(Country::code).collect::<Vec<_>>().join(", ")
            };
            parts.push(format!("{return_mode} return{of} to {to}"));
        }
    }
    parts.join(" and ")
}
