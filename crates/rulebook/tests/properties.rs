//! What holds for any facts.

mod common;

use std::collections::BTreeSet;

use common::book;
use jiff::civil::Date;
use proptest::prelude::*;
use rulebook::{Assessment, AsylumOutcome, Authority, Facts, ReturnMode};

prop_compose! {
    fn any_day()(
        days in -4_000..4_000_i32,
        wild in proptest::option::weighted(0.1, -9_999..=9_999_i16),
    ) -> Date {
        let day = Date::constant(2024, 1, 1).checked_add(jiff::Span::new().days(days));
        wild.and_then(|year| Date::new(year, 1, 1).ok()).or(day.ok()).unwrap_or(Date::MAX)
    }
}

prop_compose! {
    fn any_facts()(
        applied_on in any_day(),
        // Mostly destinations, sometimes any two letters.
        destination in prop_oneof!["AM|IQ|MN|PS|PK|XS", "[A-Z]{2}"]
            .prop_filter_map("a country", |code| code.parse().ok()),
        return_mode in proptest::sample::select(ReturnMode::ALL),
        handled_by in proptest::sample::select(Authority::ALL),
        asylum_outcome in proptest::sample::select(AsylumOutcome::ALL),
        // Most people meet most conditions, or hardly anybody would be eligible here.
        in_sweden in proptest::bool::weighted(0.9),
        likely_received in proptest::bool::weighted(0.9),
        intends_to_reestablish in proptest::bool::weighted(0.9),
        court_expulsion in proptest::bool::weighted(0.1),
        unaccompanied_child: bool,
    ) -> Facts {
        Facts {
            applied_on,
            destination,
            return_mode,
            handled_by,
            asylum_outcome,
            in_sweden,
            likely_received,
            intends_to_reestablish,
            court_expulsion,
            unaccompanied_child,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: ProptestConfig::default().cases * 16, ..ProptestConfig::default() })]

    #[test]
    fn one_entitlement_per_line_or_a_reason(facts in any_facts(), decided_on in any_day()) {
        let book = book_once();
        match book.assess(&facts, decided_on) {
            Assessment::Eligible(granted) => {
                let lines: BTreeSet<&str> = granted.iter().map(|line| line.budget_line.as_str()).collect();
                prop_assert_eq!(lines.len(), granted.len());
                prop_assert_eq!(lines, BTreeSet::from(["arrival-grant", "reintegration"]));
                let grant = (&*granted[0].rule_id, granted[0].cap.cents());
                prop_assert_eq!(grant, ("jrs.arrival-grant", 61_500));
                prop_assert!(granted.iter().all(|line| book.rule(&line.rule_id).is_some()));
            }
            Assessment::Ineligible(failed) => {
                prop_assert!(!failed.is_empty());
                prop_assert!(failed.iter().all(|condition| book.rule(&condition.id).is_some()));
            }
        }
    }

    #[test]
    fn a_condition_fails_whatever_else_is_true(facts in any_facts(), decided_on in any_day()) {
        let facts = Facts { court_expulsion: true, ..facts };
        match book_once().assess(&facts, decided_on) {
            Assessment::Eligible(granted) => prop_assert!(false, "{granted:?}"),
            Assessment::Ineligible(failed) => {
                prop_assert!(failed.iter().any(|condition| condition.id == "not-court-expelled"));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_document_makes_loading_panic(cut in 0_usize..30_000, junk in "[\\[\\]=\"a-z0-9\\-\n.]{0,20}") {
        let document = book_once().document().to_owned();
        let cut = (0..=cut.min(document.len())).rev().find(|at| document.is_char_boundary(*at)).unwrap_or(0);
        let _ = rulebook::Rulebook::parse(&format!("{}{junk}{}", &document[..cut], &document[cut..]));
        let _ = rulebook::Rulebook::parse(&format!("{}{junk}", &document[..cut]));
    }
}

fn book_once() -> &'static rulebook::Rulebook {
    static BOOK: std::sync::LazyLock<rulebook::Rulebook> = std::sync::LazyLock::new(book);
    &BOOK
}
