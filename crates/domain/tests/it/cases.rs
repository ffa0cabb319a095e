//! Filing, decision, return and closing.

use domain::case::{CaseEvent, Stage};
use domain::{Balances, Case};
use rstest::rstest;
use rulebook::{AsylumOutcome, Facts};

use crate::support::*;

#[rstest]
#[case::voluntary(facts(), "jrs.reintegration.voluntary 3000.00")]
#[case::forced(forced(facts()), "jrs.reintegration.forced 2000.00")]
#[case::forced_child(
    Facts { unaccompanied_child: true, ..forced(facts()) },
    "jrs.reintegration.unaccompanied-child 3000.00"
)]
#[case::voluntary_child(Facts { unaccompanied_child: true, ..facts() }, "jrs.reintegration.voluntary 3000.00")]
#[case::iraq_before_its_first_day(
    applied("2023-05-31", to("IQ", facts())),
    "jrs.reintegration.voluntary 3000.00"
)]
#[case::iraq_on_its_first_day(
    applied("2023-06-01", to("IQ", facts())),
    "jrs.reintegration.iraq-extended 5000.00"
)]
#[case::iraq_on_its_last_day(
    applied("2024-06-30", to("IQ", facts())),
    "jrs.reintegration.iraq-extended 5000.00"
)]
#[case::iraq_after_its_last_day(
    applied("2024-07-01", to("IQ", facts())),
    "jrs.reintegration.voluntary 3000.00"
)]
#[case::iraq_forced(applied("2024-06-30", forced(to("IQ", facts()))), "jrs.reintegration.forced 2000.00")]
fn approval_grants_what_the_application_date_gives(#[case] facts: Facts, #[case] expected: &str) {
    let mut history = History::new(facts.clone());
    let events = history.done(approve("2024-08-01"));
    let [CaseEvent::Approved(approved)] = events.as_slice() else { panic!("{events:?}") };
    let granted: Vec<String> =
        approved.entitlements.iter().map(|e| format!("{} {}", e.rule_id, e.cap)).collect();
    assert_eq!(granted, ["jrs.arrival-grant 615.00", expected]);
    assert_eq!((&approved.facts, approved.decided_by), (&facts, facts.handled_by));
    assert_eq!(approved.rulebook, rules().version());
    assert_eq!(history.case().stage, Stage::Approved);
    assert_eq!(history.case().balances.line(GRANT).cap, eur("615.00"));
}

#[rstest]
#[case::asylum_pending(Facts { asylum_outcome: AsylumOutcome::Pending, ..facts() }, "asylum-refused-or-withdrawn")]
#[case::asylum_granted(Facts { asylum_outcome: AsylumOutcome::Granted, ..facts() }, "asylum-refused-or-withdrawn")]
#[case::not_received(Facts { likely_received: false, ..facts() }, "likely-received")]
#[case::no_intention(Facts { intends_to_reestablish: false, ..facts() }, "intends-to-reestablish")]
#[case::abroad(Facts { in_sweden: false, ..facts() }, "in-sweden-when-applying")]
#[case::expelled(Facts { court_expulsion: true, ..facts() }, "not-court-expelled")]
#[case::elsewhere(to("SE", facts()), "destination-not-covered")]
#[case::forced_armenia(forced(to("AM", facts())), "forced-return-excluded")]
#[case::forced_mongolia(forced(to("MN", facts())), "forced-return-excluded")]
#[case::palestine(to("PS", facts()), "programme-paused")]
#[case::before_the_programme(applied("2021-12-31", facts()), "outside-programme")]
#[case::every_condition_at_once(
    Facts {
        asylum_outcome: AsylumOutcome::Pending,
        likely_received: false,
        intends_to_reestablish: false,
        in_sweden: false,
        court_expulsion: true,
        ..forced(to("AM", facts()))
    },
    "asylum-refused-or-withdrawn likely-received intends-to-reestablish in-sweden-when-applying \
     not-court-expelled forced-return-excluded"
)]
fn a_forbidden_approval_is_refused_with_every_condition(#[case] facts: Facts, #[case] ids: &str) {
    let mut history = History::new(facts.clone());
    assert_eq!(history.refused(approve("2024-08-01")), ids);
    assert_eq!(history.case().stage, Stage::Applied);
    assert_eq!(history.case().balances, Balances::default());
    // The authority may still reject, and the same conditions stand in the rejection.
    let events = history.done(reject("2024-08-01"));
    let [CaseEvent::Rejected(rejected)] = events.as_slice() else { panic!("{events:?}") };
    let failed: Vec<&str> = rejected.failed.iter().map(|f| f.id.as_str()).collect();
    assert_eq!(failed.join(" "), ids);
    assert_eq!(history.case().entitlement(SUPPORT), None);
}

#[test]
fn a_rejection_outside_the_rulebook_names_no_condition() {
    let mut history = History::new(facts());
    let events = history.done(reject("2024-02-20"));
    assert!(matches!(events.as_slice(), [CaseEvent::Rejected(rejected)] if rejected.failed.is_empty()));
}

#[test]
fn a_pause_stops_approvals_from_its_first_day_on() {
    let palestine = applied("2023-10-01", to("PS", facts()));
    assert_eq!(History::new(palestine.clone()).refused(approve("2023-10-07")), "programme-paused");
    let mut before = History::new(palestine);
    before.done(approve("2023-10-06"));
    // What was approved before the pause stands, also when the return changes during it.
    before.done(become_forced("2024-01-10"));
    assert_eq!(before.figures(SUPPORT), "2000.00 0.00 0.00 0.00 2000.00");
}

/// Commands, the last of which is refused, and the ids of the reasons.
#[rstest]
#[case::filed_twice(&[file(facts())], "already-filed")]
#[case::decided_twice(&[approve("2024-02-20"), approve("2024-02-21")], "already-decided")]
#[case::approved_after_rejection(&[reject("2024-02-20"), approve("2024-02-21")], "already-decided")]
#[case::rejected_after_approval(&[approve("2024-02-20"), reject("2024-02-21")], "already-decided")]
#[case::decided_after_withdrawal(&[withdraw("2024-02-20"), approve("2024-02-21")], "already-decided")]
#[case::decided_before_application(&[approve("2024-01-31")], "before-application")]
#[case::rejected_before_application(&[reject("2024-01-31")], "before-application")]
#[case::withdrawn_before_application(&[withdraw("2024-01-31")], "before-application")]
#[case::withdrawn_twice(&[withdraw("2024-02-20"), withdraw("2024-02-21")], "case-withdrawn")]
#[case::withdrawn_after_closing(&[close("2024-02-20"), withdraw("2024-02-21")], "case-closed")]
#[case::mode_before_application(&[become_forced("2024-01-31")], "before-application")]
#[case::mode_unchanged(&[become_voluntary("2024-02-02")], "no-change")]
#[case::mode_twice(&[become_forced("2024-02-02"), become_forced("2024-02-03")], "no-change")]
#[case::mode_after_withdrawal(&[withdraw("2024-02-20"), become_forced("2024-02-21")], "case-withdrawn")]
#[case::mode_after_closing(&[close("2024-02-20"), become_forced("2024-02-21")], "case-closed")]
#[case::departed_before_application(&[depart("2024-01-31")], "before-application")]
#[case::departed_twice(&[depart("2024-03-10"), depart("2024-03-10")], "already-departed")]
#[case::departed_after_closing(&[close("2024-02-20"), depart("2024-03-10")], "case-closed")]
#[case::arrived_without_departure(&[arrive("2024-03-11")], "not-departed")]
#[case::arrived_before_departure(&[depart("2024-03-10"), arrive("2024-03-09")], "arrival-before-departure")]
#[case::arrived_twice(&[depart("2024-03-10"), arrive("2024-03-11"), arrive("2024-03-12")], "already-arrived")]
#[case::arrived_after_withdrawal(&[depart("2024-03-10"), withdraw("2024-03-10"), arrive("2024-03-11")], "case-withdrawn")]
#[case::assigned_again(&[assign("caritas"), assign("caritas")], "no-change")]
#[case::assigned_to_another_without_a_day(&[assign("caritas"), assign("irara")], "transfer-without-day")]
#[case::handed_over_without_a_day(&[hand_over("caritas", "2024-03-01"), assign("irara")], "transfer-without-day")]
#[case::handed_over_before_the_application(&[assign("caritas"), hand_over("irara", "2024-01-31")], "before-application")]
#[case::handed_over_to_the_same(&[assign("caritas"), hand_over("caritas", "2024-03-01")], "no-change")]
#[case::handed_over_twice(&[hand_over("irara", "2024-03-01"), hand_over("irara", "2024-03-02")], "no-change")]
#[case::handed_over_after_closing(&[close("2024-02-20"), hand_over("caritas", "2024-02-20")], "case-closed")]
#[case::assigned_after_closing(&[close("2024-02-20"), assign("caritas")], "case-closed")]
#[case::closed_before_application(&[close("2024-01-31")], "before-application")]
#[case::closed_twice(&[close("2024-02-20"), close("2024-02-21")], "case-closed")]
#[case::closed_after_withdrawal(&[withdraw("2024-02-20"), close("2024-02-21")], "case-withdrawn")]
fn a_command_out_of_its_time_is_refused(#[case] commands: &[domain::CaseCommand], #[case] ids: &str) {
    let (last, before) = commands.split_last().unwrap();
    let mut history = History::new(facts());
    for command in before {
        history.done(command.clone());
    }
    let then = history.case().clone();
    assert_eq!(history.refused(last.clone()), ids);
    let kept = history.case().refused.last().unwrap();
    assert_eq!((kept.command.as_str(), kept.on), (last.name(), last.on()));
    // Nothing changed but the list of refusals.
    let now = Case { refused: then.refused.clone(), ..history.case().clone() };
    assert_eq!(now, then);
}

#[rstest]
#[case(approve("2024-02-20"))]
#[case(withdraw("2024-02-20"))]
#[case(become_forced("2024-02-20"))]
#[case(depart("2024-02-20"))]
#[case(arrive("2024-02-20"))]
#[case(assign("caritas"))]
#[case(hand_over("caritas", "2024-02-20"))]
#[case(close("2024-02-20"))]
fn nothing_happens_before_the_application(#[case] command: domain::CaseCommand) {
    let refusal = domain::case::decide(None, &command, &who("finance"), rules()).unwrap_err();
    assert_eq!(refusal.codes(), "no-application");
}

/// The day of each step may be the day of the step before it.
#[test]
fn a_whole_case_may_happen_on_one_day() {
    let mut history = History::new(facts());
    let today = "2024-02-01";
    for command in
        [approve(today), assign("caritas"), depart(today), arrive(today), become_forced(today), close(today)]
    {
        history.done(command);
    }
    let case = history.case();
    assert_eq!((case.stage, case.partner()), (Stage::Closed, Some(&partner("caritas"))));
    assert_eq!((case.departed_on, case.arrived_on), (Some(day(today)), Some(day(today))));
}

/// The person of a rejected application still travels.
#[test]
fn a_rejected_person_still_travels() {
    let mut history = History::new(facts());
    for command in
        [reject("2024-02-20"), become_forced("2024-02-21"), depart("2024-03-10"), arrive("2024-03-11")]
    {
        history.done(command);
    }
    assert_eq!(history.case().balances, Balances::default());
    assert_eq!(names(&history.done(close("2024-04-01"))), ["CaseClosed"]);
}

#[test]
fn a_changed_return_before_the_decision_adjusts_nothing() {
    let mut history = History::new(facts());
    assert_eq!(names(&history.done(become_forced("2024-02-10"))), ["ReturnModeChanged"]);
    history.done(approve("2024-02-20"));
    assert_eq!(history.figures(SUPPORT), "2000.00 0.00 0.00 0.00 2000.00");
    assert_eq!(history.case().filed_facts, facts());
    assert_eq!(history.case().facts, forced(facts()));
}

#[test]
fn forced_after_2500_paid_is_overdrawn_by_500_and_the_history_is_untouched() {
    let mut history = History::arrived(facts());
    history.done(spend(1, "2024-04-01", "2500.00"));
    history.done(accept(1));
    let (before, claims) = (history.events.clone(), history.case().claims.clone());
    let events = history.done(become_forced("2024-05-01"));
    assert_eq!(names(&events), ["ReturnModeChanged", "EntitlementAdjusted"]);
    assert_eq!(history.figures(SUPPORT), "2000.00 2500.00 0.00 0.00 -500.00");
    assert_eq!(history.case().balances.line(SUPPORT).available().unwrap(), eur("-500.00"));
    assert_eq!(history.events[..before.len()], before);
    assert_eq!(history.case().claims, claims);
    // Nothing more fits, and nothing is taken back.
    history.done(spend(2, "2024-05-02", "0.01"));
    assert!(
        matches!(history.done(accept(2)).as_slice(), [CaseEvent::ClaimRefused(e)] if e.reason.code() == "over-cap")
    );
    // Voluntary again: the old cap is back, and exactly what is left of it fits.
    history.done(become_voluntary("2024-06-01"));
    history.done(spend(3, "2024-06-02", "600.00"));
    history.done(accept(3));
    assert_eq!(history.figures(SUPPORT), "3000.00 3000.00 0.00 100.01 0.00");
}

#[test]
fn forced_to_armenia_after_approval_ends_the_entitlement() {
    let mut history = History::arrived(to("AM", facts()));
    history.done(spend(1, "2024-04-01", "1000.00"));
    history.done(accept(1));
    let events = history.done(become_forced("2024-05-01"));
    let [_, CaseEvent::EntitlementAdjusted(adjusted)] = events.as_slice() else { panic!("{events:?}") };
    assert!(adjusted.entitlements.is_empty());
    assert_eq!(adjusted.failed.iter().map(|f| f.id.as_str()).collect::<Vec<_>>(), ["forced-return-excluded"]);
    assert_eq!(history.figures(SUPPORT), "0.00 1000.00 0.00 0.00 -1000.00");
    assert_eq!(history.figures(GRANT), "0.00 0.00 0.00 0.00 0.00");
    let line = history.case().balances.line(SUPPORT);
    assert_eq!(line.rule_id.as_deref(), Some("forced-return-excluded"));
    history.done(spend(2, "2024-05-02", "1.00"));
    assert!(
        matches!(history.done(accept(2)).as_slice(), [CaseEvent::ClaimRefused(e)] if e.reason.code() == "no-entitlement")
    );
    // The spend of before can still come back, and a voluntary return brings the entitlement back.
    history.done(reverse(1, "2024-05-03", "1000.00"));
    history.done(become_voluntary("2024-06-01"));
    assert_eq!(history.figures(SUPPORT), "3000.00 0.00 0.00 1.00 3000.00");
}

#[test]
fn a_withdrawal_ends_what_was_granted_and_is_refused_once_money_went_out() {
    let mut history = History::arrived(facts());
    history.done(spend(1, "2024-04-01", "10.00"));
    history.done(accept(1));
    assert_eq!(history.refused(withdraw("2024-04-02")), "already-disbursed");
    history.done(reverse(1, "2024-04-03", "10.00"));
    history.done(withdraw("2024-04-04"));
    assert_eq!(history.case().stage, Stage::Withdrawn);
    assert_eq!(history.case().entitlement(SUPPORT), None);
    let line = history.case().balances.line(SUPPORT);
    assert_eq!((line.cap, line.rule_id.as_deref()), (eur("0.00"), Some("application-withdrawn")));
}

#[test]
fn a_paid_grant_alone_forbids_the_withdrawal() {
    let mut history = History::arrived(facts());
    history.done(pay(1, "2024-03-11", "615.00"));
    assert_eq!(history.refused(withdraw("2024-04-02")), "already-disbursed");
}

#[test]
fn a_case_with_undecided_claims_cannot_be_closed() {
    let mut history = History::arrived(facts());
    history.done(spend(1, "2024-04-01", "10.00"));
    history.done(spend(2, "2025-04-01", "10.00"));
    history.done(accept(2));
    assert_eq!(history.refused(close("2024-05-01")), "claims-undecided");
    history.done(accept(1));
    // A queried claim is undecided too.
    assert_eq!(history.refused(close("2024-05-01")), "claims-undecided");
    history.done(refuse(2));
    history.done(close("2024-05-01"));
    // A closed case keeps its cap, and takes no more money.
    assert_eq!(history.figures(SUPPORT), "3000.00 10.00 0.00 10.00 2990.00");
    history.done(spend(3, "2024-04-01", "10.00"));
    assert!(
        matches!(history.done(accept(3)).as_slice(), [CaseEvent::ClaimRefused(e)] if e.reason.code() == "no-entitlement")
    );
}

#[test]
fn the_same_refusal_for_the_same_reason_is_kept_once() {
    let mut history = History::new(facts());
    for _ in 0..3 {
        assert_eq!(history.refused(arrive("2024-03-11")), "not-departed");
    }
    assert_eq!(history.case().refused.len(), 1);
    assert_eq!(history.case().revision, 1);
    history.done(assign("caritas"));
    assert_eq!(history.refused(arrive("2024-03-11")), "not-departed");
    assert_eq!((history.case().refused.len(), history.case().revision), (1, 2));
    // The same command refused for another reason is another refusal.
    history.done(depart("2024-03-12"));
    assert_eq!(history.refused(arrive("2024-03-11")), "arrival-before-departure");
    assert_eq!(names(&history.events).iter().filter(|name| **name == "CommandRefused").count(), 2);
}
