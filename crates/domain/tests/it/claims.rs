//! Claims: what fits is taken, the rest is disallowed with the first reason that applies.

use domain::case::CaseEvent;
use domain::claim::{ClaimReason, ClaimState, QueryReason, Spend};
use rstest::rstest;
use rulebook::Facts;

use crate::support::*;

/// Which of the reasons apply at once; the first in the order of the codes is given.
#[rstest]
#[case::every_reason(true, true, true, true, true, "no-entitlement")]
#[case::no_entitlement(true, false, false, false, false, "no-entitlement")]
#[case::no_entitlement_over_cap(true, false, false, false, true, "no-entitlement")]
#[case::all_but_entitlement(false, true, true, true, true, "wrong-partner")]
#[case::wrong_partner(false, true, false, false, false, "wrong-partner")]
#[case::wrong_partner_over_cap(false, true, false, false, true, "wrong-partner")]
#[case::wrong_partner_before_arrival(false, true, false, true, false, "wrong-partner")]
#[case::all_but_partner(false, false, true, true, true, "not-arrived")]
#[case::not_arrived(false, false, true, false, false, "not-arrived")]
#[case::before_arrival_and_over_cap(false, false, false, true, true, "before-arrival")]
#[case::before_arrival(false, false, false, true, false, "before-arrival")]
#[case::over_cap(false, false, false, false, true, "over-cap")]
#[case::none(false, false, false, false, false, "")]
fn of_several_reasons_the_first_in_order_is_given(
    #[case] no_entitlement: bool,
    #[case] wrong_partner: bool,
    #[case] not_arrived: bool,
    #[case] before_arrival: bool,
    #[case] over_cap: bool,
    #[case] expected: &str,
) {
    let mut history = History::approved(facts());
    history.done(assign("caritas"));
    if over_cap {
        // The cap is used up by spend that was accepted while everything was in order.
        let mut used = History::arrived(facts());
        used.done(spend(9, "2024-04-01", "3000.00"));
        used.done(accept(9));
        history = used;
        if not_arrived {
            // An arrival is never taken back, so this history is put together by hand.
            history.case.as_mut().unwrap().arrived_on = None;
        }
    } else if !not_arrived {
        history.done(depart("2024-03-10"));
        history.done(arrive("2024-03-11"));
    }
    if no_entitlement {
        history.done(close("2024-05-01"));
    }
    let delivered_on = if before_arrival { "2024-03-10" } else { "2024-03-11" };
    let reporter = partner(if wrong_partner { "irara" } else { "caritas" });
    history.done(Spend { partner: reporter, ..spend(1, delivered_on, "10.00") });
    let events = history.done(accept(1));
    let given = match events.as_slice() {
        [CaseEvent::ClaimRefused(e)] => {
            assert_eq!((e.disallowed, e.details), (eur("10.00"), None));
            e.reason.code()
        }
        [CaseEvent::ClaimAccepted(e)] => {
            assert_eq!((e.eligible, e.disallowed, e.reason), (eur("10.00"), eur("0.00"), None));
            ""
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(given, expected);
}

#[test]
fn the_order_of_reasons_is_the_order_of_the_list() {
    let codes: Vec<&str> = ClaimReason::ALL.iter().map(|reason| reason.code()).collect();
    let order =
        ["no-entitlement", "wrong-partner", "not-arrived", "before-arrival", "over-cap", "by-finance"];
    assert_eq!(codes[..6], order);
    assert_eq!(codes[6..], ["worth-nothing"], "which no decision tests");
}

#[test]
fn a_case_without_a_partner_is_nobodys() {
    let mut history = History::approved(facts());
    for command in [depart("2024-03-10"), arrive("2024-03-11")] {
        history.done(command);
    }
    history.done(spend(1, "2024-04-01", "10.00"));
    assert!(
        matches!(history.done(accept(1)).as_slice(), [CaseEvent::ClaimRefused(e)] if e.reason == ClaimReason::WrongPartner)
    );
}

#[test]
fn a_budget_line_nobody_granted_has_no_entitlement() {
    let mut history = History::arrived(to("IQ", facts()));
    history.done(Spend { budget_line: "amira2-iraq".into(), ..spend(1, "2024-04-01", "10.00") });
    assert!(
        matches!(history.done(accept(1)).as_slice(), [CaseEvent::ClaimRefused(e)] if e.reason == ClaimReason::NoEntitlement)
    );
}

#[rstest]
#[case::exactly_the_cap(&["3000.00"], "accepted 3000.00 0.00")]
#[case::a_cent_over(&["3000.01"], "cut 3000.00 0.01")]
#[case::the_last_cent(&["2999.99", "0.01"], "accepted 0.01 0.00")]
#[case::a_cent_too_many(&["2999.99", "0.02"], "cut 0.01 0.01")]
#[case::nothing_left(&["3000.00", "0.01"], "refused 0.00 0.01")]
fn what_fits_under_the_cap_is_taken_and_the_rest_is_disallowed(#[case] amounts: &[&str], #[case] last: &str) {
    let mut history = History::arrived(facts());
    for (number, amount) in (1..).zip(amounts) {
        history.done(spend(number, "2024-04-01", amount));
        history.done(accept(number));
    }
    let claim = &history.case().claims[&claim(amounts.len() as u128)];
    assert_eq!(format!("{} {} {}", claim.state, claim.eligible, claim.disallowed), last);
    let expected = (!claim.disallowed.is_zero()).then_some(ClaimReason::OverCap);
    assert_eq!(claim.reason, expected);
    assert!(history.case().balances.line(SUPPORT).disbursed <= eur("3000.00"));
}

#[test]
fn a_decision_records_what_it_was_made_on() {
    let mut history = History::arrived(facts());
    history.done(spend(1, "2024-04-01", "100.00"));
    history.done(accept(1));
    history.done(spend(2, "2024-04-02", "50.00"));
    let events = history.done(accept(2));
    let [CaseEvent::ClaimAccepted(accepted)] = events.as_slice() else { panic!("{events:?}") };
    let basis = &accepted.basis;
    assert_eq!((basis.cap, basis.disbursed), (eur("3000.00"), eur("100.00")));
    assert_eq!(basis.rule_id.as_deref(), Some("jrs.reintegration.voluntary"));
    assert_eq!(
        (basis.partner.clone(), basis.arrived_on),
        (Some(partner("caritas")), Some(day("2024-03-11")))
    );
    assert_eq!(basis.rulebook, rules().version());
}

/// Twelve months after arrival on 11 March 2024 end with 11 March 2025.
#[rstest]
#[case::last_day("2025-03-11", false, ClaimState::Accepted)]
#[case::a_day_late("2025-03-12", false, ClaimState::Queried)]
#[case::a_day_late_by_name("2025-03-12", true, ClaimState::Accepted)]
fn late_use_is_queried_in_bulk_and_decided_by_name(
    #[case] delivered_on: &str,
    #[case] by_name: bool,
    #[case] state: ClaimState,
) {
    let mut history = History::arrived(facts());
    history.done(spend(1, delivered_on, "10.00"));
    let events = history.done(if by_name { accept_by_name(1) } else { accept(1) });
    assert_eq!(history.case().claims[&claim(1)].state, state);
    if state == ClaimState::Queried {
        assert!(
            matches!(events.as_slice(), [CaseEvent::ClaimQueried(e)] if e.reason == QueryReason::LateUse)
        );
        assert_eq!(history.figures(SUPPORT), "3000.00 0.00 10.00 0.00 3000.00");
        history.done(accept_by_name(1));
    }
    assert_eq!(history.figures(SUPPORT), "3000.00 10.00 0.00 0.00 2990.00");
}

/// 29 February plus twelve months is 28 February.
#[test]
fn the_package_of_a_leap_day_ends_on_the_last_day_of_february() {
    for (number, delivered_on, state) in
        [(1, "2025-02-28", ClaimState::Accepted), (2, "2025-03-01", ClaimState::Queried)]
    {
        let mut history = History::approved(facts());
        for command in [assign("caritas"), depart("2024-02-28"), arrive("2024-02-29")] {
            history.done(command);
        }
        history.done(spend(number, delivered_on, "10.00"));
        history.done(accept(number));
        assert_eq!(history.case().claims[&claim(number)].state, state, "{delivered_on}");
    }
}

#[test]
fn a_late_claim_that_is_refused_anyway_is_not_queried_first() {
    let mut history = History::arrived(facts());
    history.done(Spend { partner: partner("irara"), ..spend(1, "2026-01-01", "10.00") });
    history.done(accept(1));
    assert_eq!(history.case().claims[&claim(1)].state, ClaimState::Refused);
}

#[rstest]
#[case::reported(false)]
#[case::queried(true)]
fn finance_refuses_a_whole_claim_with_its_reason(#[case] late: bool) {
    let mut history = History::arrived(facts());
    history.done(spend(1, if late { "2025-04-01" } else { "2024-04-01" }, "10.00"));
    if late {
        history.done(accept(1));
    }
    let events = history.done(refuse(1));
    let [CaseEvent::ClaimRefused(refused)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((refused.reason, refused.details), (ClaimReason::ByFinance, Some(text(6))));
    assert_eq!(history.figures(SUPPORT), "3000.00 0.00 0.00 10.00 3000.00");
}

#[rstest]
#[case::accept_twice(accept(1).into(), "already-decided")]
#[case::accept_by_name_twice(accept_by_name(1).into(), "already-decided")]
#[case::refuse_after_acceptance(refuse(1).into(), "already-decided")]
#[case::reported_again(spend(1, "2024-04-01", "10.00").into(), "already-reported")]
#[case::accept_unknown(accept(7).into(), "unknown-claim")]
#[case::refuse_unknown(refuse(7).into(), "unknown-claim")]
#[case::reopen_unknown(reopen(7).into(), "unknown-claim")]
#[case::reopen_accepted(reopen(1).into(), "not-refused")]
#[case::reopen_reported(reopen(2).into(), "not-refused")]
#[case::reopen_queried(reopen(4).into(), "not-refused")]
#[case::reverse_unknown(reverse(7, "2024-05-01", "1.00").into(), "unknown-claim")]
#[case::reverse_undecided(reverse(2, "2024-05-01", "1.00").into(), "not-accepted")]
#[case::reverse_refused(reverse(3, "2024-05-01", "1.00").into(), "not-accepted")]
#[case::reverse_queried(reverse(4, "2025-05-01", "1.00").into(), "not-accepted")]
#[case::reverse_before_delivery(reverse(1, "2024-03-31", "1.00").into(), "reversal-before-delivery")]
#[case::reverse_too_much(reverse(1, "2024-05-01", "10.01").into(), "more-than-accepted")]
fn a_claim_command_out_of_its_time_is_refused(#[case] command: Command, #[case] ids: &str) {
    let mut history = History::arrived(facts());
    history.done(spend(1, "2024-04-01", "10.00"));
    history.done(accept(1));
    history.done(spend(2, "2024-04-01", "10.00"));
    history.done(spend(3, "2024-04-01", "10.00"));
    history.done(refuse(3));
    history.done(spend(4, "2025-04-01", "10.00"));
    history.done(accept(4));
    let (claims, balances) = (history.case().claims.clone(), history.case().balances.clone());
    assert_eq!(history.refused(command), ids);
    assert_eq!((&history.case().claims, &history.case().balances), (&claims, &balances));
}

#[test]
fn a_refused_claim_taken_up_again_is_decided_on_what_holds_now() {
    let mut history = History::approved(facts());
    history.done(assign("caritas"));
    history.done(spend(1, "2024-03-12", "3000.01"));
    history.done(accept(1));
    assert_eq!(history.case().claims[&claim(1)].reason, Some(ClaimReason::NotArrived));
    history.done(depart("2024-03-10"));
    history.done(arrive("2024-03-11"));
    history.done(reopen(1));
    let reopened = &history.case().claims[&claim(1)];
    assert_eq!((reopened.state, reopened.reason), (ClaimState::Reported, None));
    assert_eq!(history.figures(SUPPORT), "3000.00 0.00 3000.01 0.00 3000.00");
    assert_eq!(history.refused(close("2024-05-01")), "claims-undecided");
    history.done(accept(1));
    assert_eq!(history.figures(SUPPORT), "3000.00 3000.00 0.00 0.01 0.00");
    // Cut is not refused: what was disallowed for the cap stays so.
    assert_eq!(history.refused(reopen(1)), "not-refused");
}

#[test]
fn of_a_cut_claim_only_the_accepted_part_can_come_back() {
    let mut history = History::arrived(facts());
    history.done(spend(1, "2024-04-01", "3500.00"));
    history.done(accept(1));
    assert_eq!(history.refused(reverse(1, "2024-05-01", "3000.01")), "more-than-accepted");
    history.done(reverse(1, "2024-04-01", "1000.00"));
    assert_eq!(history.case().claims[&claim(1)].state, ClaimState::Cut);
    assert_eq!(history.figures(SUPPORT), "3000.00 2000.00 0.00 500.00 1000.00");
    assert_eq!(history.refused(reverse(1, "2024-05-01", "2000.01")), "more-than-accepted");
    history.done(reverse(1, "2024-05-01", "2000.00"));
    assert_eq!(history.case().claims[&claim(1)].state, ClaimState::Reversed);
    assert_eq!(history.refused(reverse(1, "2024-05-02", "0.01")), "more-than-accepted");
    // What came back can be spent again; what was disallowed stays so.
    history.done(spend(2, "2024-06-01", "3000.00"));
    history.done(accept(2));
    assert_eq!(history.figures(SUPPORT), "3000.00 3000.00 0.00 500.00 0.00");
}

/// Nothing that was reported is dropped, in whatever state the case is.
#[rstest]
#[case::applied(&[])]
#[case::rejected(&[reject("2024-02-20")])]
#[case::withdrawn(&[withdraw("2024-02-20")])]
#[case::closed(&[approve("2024-02-20"), close("2024-02-21")])]
fn spend_on_any_case_is_reported_and_then_refused(#[case] commands: &[domain::CaseCommand]) {
    let mut history = History::new(Facts { ..facts() });
    for command in commands {
        history.done(command.clone());
    }
    history.done(spend(1, "2024-04-01", "10.00"));
    assert_eq!(history.case().balances.line(SUPPORT).pending, eur("10.00"));
    history.done(accept(1));
    let line = history.case().balances.line(SUPPORT);
    assert_eq!((line.pending, line.disbursed, line.disallowed), (eur("0.00"), eur("0.00"), eur("10.00")));
    assert_eq!(history.case().claims[&claim(1)].reason, Some(ClaimReason::NoEntitlement));
}
