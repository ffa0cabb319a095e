//! Overlaps and gaps are found exactly: loading is held against a day-by-day count over random rules.

mod common;

use common::{add_rule, edit, errors, facts, without};
use jiff::ToSpan;
use jiff::civil::Date;
use proptest::prelude::*;
use rulebook::{Assessment, Facts, ReturnMode, Rulebook};

const DAYS: i32 = 9;
const COUNTRIES: [&str; 3] = ["AM", "IQ", "PK"];

/// A rule on line `reintegration` within the first days of the programme.
#[derive(Debug, Clone)]
struct Drawn {
    modes: Vec<ReturnMode>,
    child: Option<bool>,
    countries: Option<Vec<&'static str>>,
    from: i32,
    until: Option<i32>,
}

impl Drawn {
    fn covers(&self, mode: ReturnMode, child: bool, country: &str, day: i32) -> bool {
        self.modes.contains(&mode)
            && self.child.is_none_or(|only| only == child)
            && self.countries.as_ref().is_none_or(|countries| countries.contains(&country))
            && self.from <= day
            && self.until.is_none_or(|until| day <= until)
    }

    fn keys(&self) -> String {
        let quoted = |codes: Vec<&str>| format!("[\"{}\"]", codes.join("\", \""));
        let mut keys = format!(
            "cap = \"1.00\"\nvalid_from = {}\nreturn_mode = {}\n",
            date(self.from),
            quoted(self.modes.iter().map(|mode| mode.code()).collect())
        );
        if let Some(child) = self.child {
            keys.push_str(&format!("unaccompanied_child = \"{}\"\n", if child { "yes" } else { "no" }));
        }
        if let Some(countries) = &self.countries {
            keys.push_str(&format!("destinations = {}\n", quoted(countries.clone())));
        }
        if let Some(until) = self.until {
            keys.push_str(&format!("valid_until = {}\n", date(until)));
        }
        keys
    }
}

fn date(day: i32) -> Date {
    Date::constant(2022, 1, 1).checked_add(day.days()).unwrap_or(Date::MAX)
}

fn drawn() -> impl Strategy<Value = Drawn> {
    let modes = prop_oneof![
        Just(ReturnMode::ALL.to_vec()),
        Just(vec![ReturnMode::Voluntary]),
        Just(vec![ReturnMode::Forced])
    ];
    let child = prop_oneof![2 => Just(None), 1 => any::<bool>().prop_map(Some)];
    let some = proptest::sample::subsequence(COUNTRIES.to_vec(), 1..=2);
    let countries = prop_oneof![3 => Just(None), 1 => some.prop_map(Some)];
    let days = prop_oneof![
        3 => Just((0, None)),
        1 => (0..DAYS).prop_map(|from| (from, None)),
        1 => (0..DAYS, 0..DAYS).prop_map(|(a, b)| (a.min(b), Some(a.max(b))))
    ];
    (modes, child, countries, days).prop_map(|(modes, child, countries, (from, until))| Drawn {
        modes,
        child,
        countries,
        from,
        until,
    })
}

/// Rules that cover everyone, or miss only forced returns to Armenia around the end of the exclusion.
fn nearly_complete() -> impl Strategy<Value = Vec<Drawn>> {
    (0..DAYS).prop_map(|armenia_from| {
        let rule =
            |mode, countries, from| Drawn { modes: vec![mode], child: None, countries, from, until: None };
        vec![
            rule(ReturnMode::Voluntary, None, 0),
            rule(ReturnMode::Forced, Some(vec!["IQ", "PK"]), 0),
            rule(ReturnMode::Forced, Some(vec!["AM"]), armenia_from),
        ]
    })
}

fn rules() -> impl Strategy<Value = Vec<Drawn>> {
    let random = proptest::collection::vec(drawn(), 1..5);
    let completed = (nearly_complete(), proptest::option::of(drawn()))
        .prop_map(|(rules, one_more)| rules.into_iter().chain(one_more).collect());
    prop_oneof![random, completed]
}

/// The embedded rulebook for a programme of `DAYS` days, with three destinations and these rules alone.
fn document(rules: &[Drawn]) -> String {
    let mut document = without("jrs.reintegration.iraq-extended");
    for id in ["voluntary", "forced", "unaccompanied-child"] {
        document = common::remove(&document, &format!("jrs.reintegration.{id}"));
    }
    for country in ["bd", "cd", "sv", "eg", "et", "gm", "jo", "ma", "ng", "so", "xs"] {
        document = common::remove(&document, &format!("jrs.destination.{country}"));
    }
    for (destination, user) in [("mn", "jrs.exclusion.forced-mongolia"), ("ps", "jrs.pause.palestine")] {
        document = common::remove(&document, &format!("jrs.destination.{destination}"));
        document = common::remove(&document, user);
    }
    let last = format!("valid_from = 2022-01-01\nvalid_until = {}", date(DAYS - 1));
    document = edit(&document, "jrs", "valid_from = 2022-01-01", &last);
    // Armenia's exclusion ends within the programme.
    let excluded = format!("valid_from = 2022-01-01\nvalid_until = {}", date(3));
    document = edit(&document, "jrs.exclusion.forced-armenia", "valid_from = 2022-01-01", &excluded);
    for (n, rule) in rules.iter().enumerate() {
        document = add_rule(&document, &format!("rule-{n}"), &rule.keys());
    }
    document
}

/// Every kind of person on every day, and whether such a person is eligible.
fn everyone() -> impl Iterator<Item = (ReturnMode, bool, &'static str, i32, bool)> {
    let modes = ReturnMode::ALL.iter();
    modes.flat_map(|mode| {
        [false, true].into_iter().flat_map(move |child| {
            COUNTRIES.into_iter().flat_map(move |country| {
                (0..DAYS).map(move |day| {
                    let excluded = *mode == ReturnMode::Forced && country == "AM" && day <= 3;
                    (*mode, child, country, day, !excluded)
                })
            })
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: ProptestConfig::default().cases * 2, ..ProptestConfig::default() })]

    #[test]
    fn loading_agrees_with_counting(rules in rules()) {
        let count = |mode, child, country: &str, day| {
            rules.iter().filter(|rule| rule.covers(mode, child, country, day)).count()
        };
        // Rules without an end go on after the programme, and so does their overlap.
        let overlap = everyone().any(|(mode, child, country, day, _)| count(mode, child, country, day) > 1);
        let gap = everyone()
            .filter(|(.., eligible)| *eligible)
            .any(|(mode, child, country, day, _)| count(mode, child, country, day) == 0);
        let document = document(&rules);
        let found = errors(&document);
        prop_assert_eq!(found.iter().any(|error| error.contains(" both cover ")), overlap, "{:?}", found);
        prop_assert_eq!(found.iter().any(|error| error.contains(" no rule covers ")), gap, "{:?}", found);

        if let Ok(book) = Rulebook::parse(&document) {
            for (return_mode, unaccompanied_child, country, day, eligible) in everyone() {
                let applied_on = date(day);
                let adult = facts(country, "2022-01-01");
                let person = Facts { applied_on, return_mode, unaccompanied_child, ..adult };
                match book.assess(&person, applied_on) {
                    Assessment::Eligible(granted) => {
                        prop_assert!(eligible);
                        prop_assert_eq!(granted.len(), 2);
                    }
                    Assessment::Ineligible(_) => prop_assert!(!eligible),
                }
            }
        }
    }
}
