//! Transfers: who had the case on the day of the delivery decides.

use domain::case::{Assignments, CaseEvent, PartnerAssigned};
use domain::claim::{ClaimReason, ClaimState, Spend};
use domain::{Case, PartnerCode, Period};
use jiff::Span;
use jiff::civil::Date;
use proptest::prelude::*;
use proptest::sample::select;

use crate::support::*;

/// With Caritas from the beginning, with IRARA from 1 June 2024 on.
fn handed_over() -> History {
    let mut history = History::arrived(facts());
    history.done(hand_over("irara", "2024-06-01"));
    history
}

fn reported_by(code: &str, number: u128, delivered_on: &str) -> Spend {
    Spend { partner: partner(code), ..spend(number, delivered_on, "10.00") }
}

#[test]
fn each_partner_is_accepted_for_its_own_days_whenever_it_is_decided() {
    for (code, delivered_on, expected) in [
        ("caritas", "2024-05-31", None),
        ("caritas", "2024-06-01", Some(ClaimReason::WrongPartner)),
        ("irara", "2024-05-31", Some(ClaimReason::WrongPartner)),
        ("irara", "2024-06-01", None),
    ] {
        let mut history = handed_over();
        history.done(reported_by(code, 1, delivered_on));
        let events = history.done(accept(1));
        assert_eq!(history.case().claims[&claim(1)].reason, expected, "{code} {delivered_on}");
        // The decision records who had the case on that day.
        let had = if delivered_on < "2024-06-01" { "caritas" } else { "irara" };
        let basis = match events.as_slice() {
            [CaseEvent::ClaimAccepted(e)] => &e.basis,
            [CaseEvent::ClaimRefused(e)] => &e.basis,
            other => panic!("{other:?}"),
        };
        assert_eq!(basis.partner, Some(partner(had)), "{code} {delivered_on}");
    }
}

#[test]
fn a_claim_refused_before_the_transfer_was_known_is_accepted_after_it() {
    let mut history = History::arrived(facts());
    history.done(reported_by("irara", 1, "2024-06-01"));
    history.done(accept(1));
    assert_eq!(history.case().claims[&claim(1)].reason, Some(ClaimReason::WrongPartner));
    history.done(hand_over("irara", "2024-06-01"));
    history.done(reopen(1));
    history.done(accept(1));
    assert_eq!(history.case().claims[&claim(1)].state, ClaimState::Accepted);
}

/// A case that was given away without a day has lost its first partner; telling both days brings it back.
#[test]
fn what_the_old_partner_delivered_before_the_transfer_is_accepted_once_the_day_is_told() {
    let mut history = History::arrived(facts());
    let without_a_day = PartnerAssigned { partner: partner("irara"), assigned_on: None };
    history.case = Some(Case::evolve(history.case.take(), &without_a_day.into()).unwrap());
    history.done(reported_by("caritas", 1, "2024-05-01"));
    history.done(accept(1));
    assert_eq!(history.case().claims[&claim(1)].reason, Some(ClaimReason::WrongPartner));
    history.done(hand_over("caritas", "2024-02-01"));
    history.done(hand_over("irara", "2024-06-01"));
    history.done(reopen(1));
    history.done(accept(1));
    assert_eq!(history.case().claims[&claim(1)].state, ClaimState::Accepted);
    assert_eq!(history.case().partner(), Some(&partner("irara")));
}

#[test]
fn a_transfer_that_is_told_late_ends_where_the_next_one_begins() {
    let mut history = handed_over();
    history.done(hand_over("ettc", "2024-05-01"));
    let on = |text: &str| history.case().partner_on(day(text)).map(PartnerCode::as_str);
    assert_eq!(on("2024-04-30"), Some("caritas"));
    assert_eq!((on("2024-05-01"), on("2024-05-31")), (Some("ettc"), Some("ettc")));
    assert_eq!(on("2024-06-01"), Some("irara"));
    assert_eq!(history.case().partner(), Some(&partner("irara")));
}

#[test]
fn before_its_first_partner_a_case_is_nobodys() {
    let mut history = History::approved(facts());
    history.done(hand_over("caritas", "2024-03-01"));
    assert_eq!(history.case().partner_on(day("2024-02-29")), None);
    assert_eq!(history.case().partner_on(day("2024-03-01")), Some(&partner("caritas")));
}

fn assignment() -> impl Strategy<Value = (PartnerCode, Option<Date>)> {
    let code = select(&["caritas", "irara", "ettc"][..]).prop_map(partner);
    let day = (0_i64..12).prop_map(|days| day("2024-03-01") + Span::new().days(days));
    (code, prop::option::weighted(0.9, day))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Looked up without any order: of those from the beginning the last told, and of those since then the one with
    /// the latest day that is not after the day asked for; of one day the last told.
    #[test]
    fn the_partner_on_a_day_is_that_of_the_latest_assignment_on_or_before_it(
        assignments in prop::collection::vec(assignment(), 0..12),
        asked in 0_i64..14,
    ) {
        let mut case = History::new(facts()).case;
        for (partner, assigned_on) in assignments.clone() {
            let event = PartnerAssigned { partner, assigned_on };
            case = Some(Case::evolve(case, &event.into()).unwrap());
        }
        let asked = day("2024-02-29") + Span::new().days(asked);
        let since = assignments.iter().rposition(|(_, on)| on.is_none()).unwrap_or_default();
        let until_then = assignments[since..].iter().filter(|(_, on)| on.is_none_or(|on| on <= asked));
        let expected = until_then.max_by_key(|(_, on)| *on).map(|(partner, _)| partner);
        let last = assignments[since..].iter().max_by_key(|(_, on)| *on).map(|(partner, _)| partner);
        let case = case.unwrap();
        prop_assert_eq!((case.partner_on(asked), case.partner()), (expected, last));
    }
}

/// A partner has a case in a period if it has it on one of its days.
#[test]
fn a_partner_has_a_case_in_a_period_if_on_one_of_its_days() {
    let history = handed_over();
    let had =
        |code: &str, period: &str| history.case().assignments.has_in(&partner(code), period.parse().unwrap());
    for (period, caritas, irara) in [
        ("2024-05", true, false),
        ("2024-06", false, true),
        ("2024-05-31..2024-06-01", true, true),
        ("2024", true, true),
        ("2025", false, true),
        ("2020", true, false),
    ] {
        assert_eq!((had("caritas", period), had("irara", period)), (caritas, irara), "{period}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is told, and written and read again: the days are looked at one by one.
    #[test]
    fn who_has_a_case_in_a_period_is_who_has_it_on_its_days(
        told in prop::collection::vec((select(&["caritas", "irara", "ettc"][..]), prop::option::of(0_i64..30)), 0..8),
        first in 0_i64..30,
        days in 0_i64..10,
    ) {
        let at = |offset: i64| day("2024-06-01") + Span::new().days(offset);
        let mut assignments = Assignments::default();
        for (code, offset) in told {
            assignments.assign(partner(code), offset.map(at));
        }
        let period = Period::new(at(first), at(first + days)).unwrap();
        for code in ["caritas", "irara", "ettc"].map(partner) {
            let on_a_day = (first..=first + days).any(|offset| assignments.on(at(offset)) == Some(&code));
            prop_assert_eq!(assignments.has_in(&code, period), on_a_day);
        }
        let text = serde_json::to_string(&assignments).unwrap();
        prop_assert_eq!(serde_json::from_str::<Assignments>(&text).unwrap(), assignments);
    }
}
