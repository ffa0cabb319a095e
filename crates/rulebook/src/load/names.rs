//! Ids, names that refer to other entries, dates, and values on their own.

use std::collections::{BTreeSet, HashMap};

use super::report;
use crate::document::Document;
use crate::entry::Entry;
use crate::{
    AsylumOutcome, Authority, Cap, Condition, Country, Fact, Parameters, ReturnMode, RulebookError, Validity,
};

pub(super) fn check(tables: &Document, errors: &mut Vec<RulebookError>) {
    unique_ids(tables, errors);
    texts(tables, errors);
    dates(tables, errors);
    references(tables, errors);
    for condition in &tables.conditions {
        values(tables, condition, errors);
    }
    for rule in &tables.entitlements {
        let not_positive = matches!(rule.cap, Cap::Fixed(cap) if cap.cents() <= 0);
        report(errors, not_positive, || RulebookError::CapNotPositive { id: rule.id.clone(), cap: rule.cap });
        let lists = [
            ("return_mode", rule.return_mode.is_empty()),
            ("destinations", rule.destinations.as_ref().is_some_and(Vec::is_empty)),
        ];
        for (field, empty) in lists {
            report(errors, empty, || RulebookError::EmptyList { id: rule.id.clone(), field });
        }
    }
    described_once(tables, errors);
}

fn unique_ids(tables: &Document, errors: &mut Vec<RulebookError>) {
    let sources = tables.sources.iter().map(|source| (source.id.as_str(), "source"));
    let entries = tables.entries().map(|entry| (entry.id(), entry.kind().code()));
    let mut seen = HashMap::new();
    for (id, second) in sources.chain(entries) {
        if let Some(first) = seen.insert(id, second) {
            errors.push(RulebookError::DuplicateId { id: id.to_owned(), first, second });
        }
    }
}

/// What decisions cite or show is not empty.
fn texts(tables: &Document, errors: &mut Vec<RulebookError>) {
    let head = [("rulebook", "version", &*tables.version), ("rulebook", "title", &*tables.title)];
    let sources = tables.sources.iter().map(|source| (&*source.id, "id", &*source.id));
    let ids = tables.entries().map(|entry| (entry.id(), "id", entry.id()));
    let sentences = tables
        .entries()
        .filter_map(|entry| entry.sentence().map(|sentence| (entry.id(), "sentence", sentence)));
    let purposes =
        tables.categories.iter().filter_map(|entry| Some((&*entry.id, "purpose", entry.purpose.as_deref()?)));
    for (id, field, text) in head.into_iter().chain(sources).chain(ids).chain(sentences).chain(purposes) {
        report(errors, text.trim().is_empty(), || RulebookError::EmptyText { id: id.to_owned(), field });
    }
}

fn dates(tables: &Document, errors: &mut Vec<RulebookError>) {
    for entry in tables.entries() {
        if let Some(Validity { from, until: Some(until) }) = entry.validity() {
            report(errors, until < from, || RulebookError::EndsBeforeItBegins {
                id: entry.id().to_owned(),
                from,
                until,
            });
        }
    }
}

fn references(tables: &Document, errors: &mut Vec<RulebookError>) {
    fn ids<'a>(ids: impl Iterator<Item = &'a String>) -> Vec<String> {
        ids.cloned().collect()
    }
    let sources = ids(tables.sources.iter().map(|source| &source.id));
    let programmes = ids(tables.programmes.iter().map(|programme| &programme.id));
    let lines = ids(tables.budget_lines.iter().map(|line| &line.id));
    let rules = ids(tables.entitlements.iter().map(|rule| &rule.id));
    let countries = country_codes(tables);

    let mut known = |id: &str, field, value: &str, known: &[String]| {
        report(errors, !known.iter().any(|name| name == value), || RulebookError::Unknown {
            id: id.to_owned(),
            field,
            value: value.to_owned(),
            known: known.to_vec(),
        });
    };
    for entry in tables.entries() {
        known(entry.id(), "source", entry.source(), &sources);
    }
    for (id, programme) in tables.programmes_named() {
        known(id, "programme", programme, &programmes);
    }
    for exclusion in &tables.exclusions {
        known(&exclusion.id, "destination", exclusion.destination.code(), &countries);
    }
    for pause in &tables.pauses {
        known(&pause.id, "destination", pause.destination.code(), &countries);
    }
    for category in &tables.categories {
        known(&category.id, "budget line", &category.budget_line, &lines);
    }
    for rule in &tables.entitlements {
        known(&rule.id, "budget line", &rule.budget_line, &lines);
        for country in rule.destinations.iter().flatten() {
            known(&rule.id, "destination", country.code(), &countries);
        }
        for general in &rule.replaces {
            known(&rule.id, "replaced rule", general, &rules);
        }
        if let Some(parameter) = &rule.forced_only_if {
            let switches = Parameters::SWITCHES.map(str::to_owned);
            known(&rule.id, "yes-or-no parameter", parameter, &switches);
        }
    }
}

/// Every destination there ever was, once, in the order of the alphabet.
fn country_codes(tables: &Document) -> Vec<String> {
    let countries: BTreeSet<Country> = tables.destinations.iter().map(|entry| entry.country).collect();
    countries.into_iter().map(String::from).collect()
}

/// A condition must be able to hold, and everything it lists must be possible.
fn values(tables: &Document, condition: &Condition, errors: &mut Vec<RulebookError>) {
    let codes = |codes: &[&str]| codes.iter().map(ToString::to_string).collect::<Vec<_>>();
    let possible = match condition.fact {
        Fact::Destination => country_codes(tables),
        Fact::ReturnMode => codes(ReturnMode::CODES),
        Fact::HandledBy => codes(Authority::CODES),
        Fact::AsylumOutcome => codes(AsylumOutcome::CODES),
        Fact::InSweden
        | Fact::LikelyReceived
        | Fact::IntendsToReestablish
        | Fact::CourtExpulsion
        | Fact::UnaccompaniedChild => codes(&["yes", "no"]),
    };
    let id = || condition.id.clone();
    report(errors, condition.allowed.is_empty(), || RulebookError::EmptyList { id: id(), field: "allowed" });
    for value in condition.allowed.iter().filter(|value| !possible.contains(value)) {
        errors.push(RulebookError::ImpossibleValue {
            id: id(),
            fact: condition.fact.to_string(),
            value: value.clone(),
            possible: possible.clone(),
        });
    }
}

/// A destination and a category code have one entry on any day.
fn described_once(tables: &Document, errors: &mut Vec<RulebookError>) {
    let destinations: Vec<(&dyn Entry, &str)> =
        tables.destinations.iter().map(|entry| (entry as &dyn Entry, entry.country.code())).collect();
    let categories: Vec<(&dyn Entry, &str)> =
        tables.categories.iter().map(|entry| (entry as &dyn Entry, entry.code.as_str())).collect();
    for table in [destinations, categories] {
        for (n, (first, what)) in table.iter().enumerate() {
            for (second, _) in table.iter().skip(n + 1).filter(|(_, other)| other == what) {
                let days = first.validity().zip(second.validity()).and_then(|(a, b)| a.intersection(&b));
                if let Some(days) = days {
                    errors.push(RulebookError::DescribedTwice {
                        kind: first.kind(),
                        what: (*what).to_owned(),
                        first: first.id().to_owned(),
                        second: second.id().to_owned(),
                        days,
                    });
                }
            }
        }
    }
}
