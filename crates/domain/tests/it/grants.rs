//! Payments of the arrival grant: recorded always, counted when the rules allow it or finance says why.

use domain::case::CaseEvent;
use domain::grant::{GrantReason, GrantState};
use rstest::rstest;

use crate::support::*;

/// Arrived on 11 March 2024: the grant is paid from that day to 14 March.
#[rstest]
#[case::on_arrival("2024-03-11", "615.00", None)]
#[case::on_the_last_day("2024-03-14", "615.00", None)]
#[case::a_day_late("2024-03-15", "615.00", Some(GrantReason::AfterGrantDays))]
#[case::a_day_early("2024-03-10", "615.00", Some(GrantReason::BeforeArrival))]
#[case::a_cent_over("2024-03-11", "615.01", Some(GrantReason::OverCap))]
#[case::early_and_over("2024-03-10", "615.01", Some(GrantReason::BeforeArrival))]
#[case::late_and_over("2024-03-15", "615.01", Some(GrantReason::AfterGrantDays))]
fn a_payment_counts_whole_or_not_at_all(
    #[case] paid_on: &str,
    #[case] amount: &str,
    #[case] expected: Option<GrantReason>,
) {
    let mut history = History::arrived(facts());
    let events = history.done(pay(1, paid_on, amount));
    let reason = match events.as_slice() {
        [CaseEvent::ArrivalGrantPaid(e)] => {
            assert_eq!(
                (e.cap, e.disbursed, e.rule_id.as_str()),
                (eur("615.00"), eur("0.00"), "jrs.arrival-grant")
            );
            None
        }
        [CaseEvent::ArrivalGrantRefused(e)] => Some(e.reason),
        other => panic!("{other:?}"),
    };
    assert_eq!(reason, expected);
    let line = history.case().balances.line(GRANT);
    let (counted, not) = if expected.is_none() { (amount, "0.00") } else { ("0.00", amount) };
    assert_eq!((line.disbursed, line.disallowed), (eur(counted), eur(not)));
}

#[rstest]
#[case::nothing_granted_and_not_arrived(History::new(facts()), GrantReason::NoEntitlement)]
#[case::ended_by_armenia({
    let mut history = History::arrived(to("AM", facts()));
    history.done(become_forced("2024-03-11"));
    history
}, GrantReason::NoEntitlement)]
#[case::closed({
    let mut history = History::arrived(facts());
    history.done(close("2024-03-11"));
    history
}, GrantReason::NoEntitlement)]
#[case::not_arrived(History::approved(facts()), GrantReason::NotArrived)]
fn without_entitlement_or_arrival_a_payment_does_not_count(
    #[case] mut history: History,
    #[case] expected: GrantReason,
) {
    // Over the cap as well: the first reason in order is given.
    let events = history.done(pay(1, "2024-03-11", "700.00"));
    assert!(
        matches!(events.as_slice(), [CaseEvent::ArrivalGrantRefused(e)] if e.reason == expected),
        "{events:?}"
    );
    assert_eq!(history.case().balances.line(GRANT).disbursed, eur("0.00"));
}

#[test]
fn the_order_of_reasons_is_the_order_of_the_list() {
    let codes: Vec<&str> = GrantReason::ALL.iter().map(|reason| reason.code()).collect();
    assert_eq!(codes, ["no-entitlement", "not-arrived", "before-arrival", "after-grant-days", "over-cap"]);
}

#[test]
fn a_grant_may_be_paid_in_parts_and_never_over_the_cap() {
    let mut history = History::arrived(facts());
    history.done(pay(1, "2024-03-11", "400.00"));
    history.done(pay(2, "2024-03-12", "215.00"));
    assert_eq!(history.figures(GRANT), "615.00 615.00 0.00 0.00 0.00");
    history.done(pay(3, "2024-03-13", "0.01"));
    assert_eq!(history.case().grants[&grant(3)].reason, Some(GrantReason::OverCap));
    // What comes back may be paid again.
    history.done(give_back(2, "2024-03-13", "15.00"));
    history.done(pay(4, "2024-03-14", "15.00"));
    assert_eq!(history.figures(GRANT), "615.00 615.00 0.00 0.01 0.00");
    assert_eq!(history.case().grants[&grant(2)].state, GrantState::Paid);
}

#[test]
fn the_arrival_grant_never_touches_the_support() {
    let mut history = History::arrived(facts());
    history.done(pay(1, "2024-03-11", "615.00"));
    assert_eq!(history.figures(SUPPORT), "3000.00 0.00 0.00 0.00 3000.00");
}

#[rstest]
#[case::late("2024-03-15", "615.00", GrantReason::AfterGrantDays)]
#[case::early("2024-03-10", "615.00", GrantReason::BeforeArrival)]
#[case::over("2024-03-11", "700.00", GrantReason::OverCap)]
fn finance_may_let_a_refused_payment_count(
    #[case] paid_on: &str,
    #[case] amount: &str,
    #[case] waived: GrantReason,
) {
    let mut history = History::arrived(facts());
    history.done(pay(1, paid_on, amount));
    let events = history.done(allow(1));
    assert!(matches!(events.as_slice(), [CaseEvent::ArrivalGrantAllowed(e)] if e.waived == waived));
    let line = history.case().balances.line(GRANT);
    assert_eq!((line.disbursed, line.disallowed), (eur(amount), eur("0.00")));
    assert_eq!(history.case().grants[&grant(1)].state, GrantState::Allowed);
    assert_eq!(history.refused(allow(1)), "not-refused");
    history.done(give_back(1, "2024-04-01", amount));
    assert_eq!(history.case().grants[&grant(1)].state, GrantState::Returned);
    assert_eq!(history.refused(allow(1)), "not-refused");
}

#[test]
fn finance_cannot_replace_the_decision_or_the_arrival() {
    let mut history = History::new(facts());
    history.done(pay(1, "2024-03-11", "615.00"));
    assert_eq!(history.refused(allow(1)), "no-entitlement");
    history.done(approve("2024-02-20"));
    history.done(pay(2, "2024-03-11", "615.00"));
    assert_eq!(history.refused(allow(2)), "not-arrived");
    assert_eq!(history.case().balances.line(GRANT).disbursed, eur("0.00"));
    // Once the arrival is recorded, finance may.
    history.done(depart("2024-03-10"));
    history.done(arrive("2024-03-11"));
    history.done(allow(2));
    assert_eq!(history.case().balances.line(GRANT).disbursed, eur("615.00"));
}

/// The reason recorded at the payment is not the only thing that can stand against it: the grant may have ended since.
#[rstest]
#[case::withdrawn(facts(), withdraw("2024-04-01"))]
#[case::ended_by_armenia(to("AM", facts()), become_forced("2024-04-01"))]
#[case::closed(facts(), close("2024-04-01"))]
fn finance_cannot_allow_a_payment_of_a_grant_that_has_ended(
    #[case] facts: rulebook::Facts,
    #[case] end: domain::CaseCommand,
) {
    let mut history = History::arrived(facts);
    history.done(pay(1, "2024-03-20", "615.00"));
    history.done(end);
    assert_eq!(history.case().entitlement(GRANT), None);
    assert_eq!(history.refused(allow(1)), "no-entitlement");
}

#[rstest]
#[case::recorded_twice(pay(1, "2024-03-11", "1.00"), "already-recorded")]
#[case::refused_recorded_twice(pay(2, "2024-03-11", "1.00"), "already-recorded")]
#[case::allow_unknown(allow(7), "unknown-grant")]
#[case::allow_paid(allow(1), "not-refused")]
#[case::return_unknown(give_back(7, "2024-04-01", "1.00"), "unknown-grant")]
#[case::return_refused_too_much(give_back(2, "2024-04-01", "10.01"), "more-than-paid")]
#[case::return_before_payment(give_back(1, "2024-03-10", "1.00"), "return-before-payment")]
#[case::return_too_much(give_back(1, "2024-04-01", "300.01"), "more-than-paid")]
fn a_grant_command_out_of_its_time_is_refused(#[case] command: domain::GrantCommand, #[case] ids: &str) {
    let mut history = History::arrived(facts());
    history.done(pay(1, "2024-03-11", "400.00"));
    history.done(give_back(1, "2024-03-12", "100.00"));
    history.done(pay(2, "2024-03-20", "10.00"));
    let (grants, balances) = (history.case().grants.clone(), history.case().balances.clone());
    assert_eq!(history.refused(command), ids);
    assert_eq!((&history.case().grants, &history.case().balances), (&grants, &balances));
}

/// Money that went out by bank against the rules can come back; what is left of it may count all the same.
#[test]
fn a_refused_payment_that_came_back_is_out_there_no_more() {
    let mut history = History::arrived(facts());
    history.done(pay(1, "2024-03-20", "500.00"));
    assert_eq!(history.figures(GRANT), "615.00 0.00 0.00 500.00 615.00");
    history.done(give_back(1, "2024-03-25", "200.00"));
    assert_eq!(history.case().grants[&grant(1)].state, GrantState::Refused);
    assert_eq!(history.case().balances.line(GRANT).disallowed, eur("300.00"));
    let mut allowed = history.clone();
    allowed.done(allow(1));
    assert_eq!(allowed.case().balances.line(GRANT).disbursed, eur("300.00"));
    assert_eq!(allowed.refused(give_back(1, "2024-03-26", "300.01")), "more-than-paid");
    history.done(give_back(1, "2024-03-26", "300.00"));
    assert_eq!(history.case().grants[&grant(1)].state, GrantState::Returned);
    let line = history.case().balances.line(GRANT);
    assert_eq!((line.disallowed, line.disbursed), (eur("0.00"), eur("0.00")));
    assert_eq!(history.refused(allow(1)), "not-refused");
    assert_eq!(history.refused(give_back(1, "2024-03-27", "0.01")), "more-than-paid");
}

#[test]
fn a_payment_that_came_back_in_parts_is_returned_when_all_of_it_has() {
    let mut history = History::arrived(facts());
    history.done(pay(1, "2024-03-11", "615.00"));
    history.done(give_back(1, "2024-03-11", "600.00"));
    assert_eq!(history.case().grants[&grant(1)].state, GrantState::Paid);
    history.done(give_back(1, "2024-03-12", "15.00"));
    assert_eq!(history.case().grants[&grant(1)].state, GrantState::Returned);
    assert_eq!(history.figures(GRANT), "615.00 0.00 0.00 0.00 615.00");
    assert_eq!(history.refused(give_back(1, "2024-03-13", "0.01")), "more-than-paid");
}
