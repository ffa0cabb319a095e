//! From a certain amount on it takes two people, and nobody decides who acts for a partner.

use domain::ClaimCommand;
use domain::case::CaseEvent;
use domain::claim::{ClaimState, Shared, Spend};
use rstest::rstest;

use crate::support::*;

/// A claim of Caritas for so much, under the rules that are in force.
fn claimed(amount: &str) -> History {
    let mut history = History::arrived_under(rules(), facts());
    history.done(spend(1, "2024-04-01", amount));
    history
}

fn state(history: &History) -> ClaimState {
    history.case().claims[&claim(1)].state
}

#[rstest]
#[case::below("1999.99", ClaimState::Accepted)]
#[case::at_the_limit("2000.00", ClaimState::Proposed)]
#[case::above("2999.00", ClaimState::Proposed)]
fn one_person_accepts_below_the_limit_and_proposes_from_there_on(
    #[case] amount: &str,
    #[case] expected: ClaimState,
) {
    let mut history = claimed(amount);
    history.done(accept(1));
    assert_eq!(state(&history), expected);
}

/// Everybody who may report, propose and agree, and what becomes of it: the whole table.
#[rstest]
#[case::two_of_finance("anna", "bo", "accepted")]
#[case::one_of_finance("anna", "anna", "second-person-needed")]
#[case::a_person_of_another_partner_proposes("omar@ettc", "bo", "acts-for-partner")]
#[case::a_person_of_another_partner_agrees("anna", "omar@ettc", "acts-for-partner")]
#[case::an_organisation_that_is_no_partner("omar@agency", "bo", "accepted")]
#[case::the_partner_proposes("caritas", "bo", "acts-for-partner")]
#[case::the_partners_person_proposes("asha@caritas", "bo", "acts-for-partner")]
#[case::the_partner_agrees("anna", "caritas", "acts-for-partner")]
#[case::the_partners_person_agrees("anna", "asha@caritas", "acts-for-partner")]
#[case::two_of_the_partner("asha@caritas", "omar@caritas", "acts-for-partner")]
#[case::one_of_the_partner("asha@caritas", "asha@caritas", "acts-for-partner")]
fn who_reports_proposes_and_agrees_are_three(
    #[case] first: &str,
    #[case] second: &str,
    #[case] expected: &str,
) {
    let mut history = claimed("2500.00");
    let steps = [by(first, accept_by_name(1)), by(second, accept_by_name(1))];
    let outcome = steps.into_iter().try_for_each(|step| history.give(step).map(|_| ()));
    match outcome {
        Ok(()) => assert_eq!(state(&history).code(), expected),
        Err(refusal) => {
            assert_eq!(refusal.codes(), expected);
            assert!(state(&history).is_open());
            assert!(history.case().balances.line(SUPPORT).disbursed.is_zero());
        }
    }
}

/// The partner's own people neither refuse, query nor take up what it claims, however small.
#[rstest]
#[case(refuse(1))]
#[case(query(1))]
#[case(accept(1))]
fn nobody_decides_what_they_reported(#[case] command: ClaimCommand) {
    for name in ["caritas", "asha@caritas"] {
        let mut history = claimed("10.00");
        assert_eq!(history.refused(by(name, command.clone())), "acts-for-partner");
    }
    let mut history = claimed("10.00");
    history.done(refuse(1));
    assert_eq!(history.refused(by("asha@caritas", reopen(1))), "acts-for-partner");
    history.done(by("caritas.staff", reopen(1)));
}

/// The second person decides on what is so by then, not on what the first saw.
#[test]
fn who_agrees_decides_anew() {
    let mut history = claimed("2500.00");
    history.done(spend(2, "2024-04-01", "1800.00"));
    history.done(by("anna", accept(1)));
    history.done(by("anna", accept(2)));
    let events = history.done(by("bo", accept(1)));
    let CaseEvent::ClaimAccepted(accepted) = &events[0] else { panic!("{events:?}") };
    assert_eq!((accepted.eligible, accepted.disallowed), (eur("1200.00"), eur("1300.00")));
}

#[test]
fn one_refusal_ends_it_and_a_new_round_needs_two_again() {
    let mut history = claimed("2500.00");
    history.done(by("anna", accept(1)));
    history.done(by("anna", refuse(1)));
    assert_eq!(state(&history), ClaimState::Refused);
    assert_eq!(history.refused(by("bo", accept(1))), "already-decided");
    history.done(by("bo", reopen(1)));
    history.done(by("bo", accept(1)));
    assert_eq!(state(&history), ClaimState::Proposed, "who proposed before the refusal does not count");
    history.done(by("anna", accept(1)));
    assert_eq!(state(&history), ClaimState::Accepted);
}

/// Nobody overrides alone what somebody else refused, however small it is; what a rule refused one person takes up again.
#[test]
fn what_a_person_refused_is_accepted_by_two() {
    let mut history = claimed("10.00");
    history.done(by("anna", refuse(1)));
    history.done(by("bo", reopen(1)));
    history.done(by("bo", accept(1)));
    assert_eq!(state(&history), ClaimState::Proposed);
    assert_eq!(history.refused(by("bo", accept_by_name(1))), "second-person-needed");
    // Also in the next round.
    history.done(by("bo", refuse(1)));
    history.done(by("bo", reopen(1)));
    history.done(by("anna", accept(1)));
    assert_eq!(state(&history), ClaimState::Proposed);
    history.done(by("bo", accept(1)));
    assert_eq!(state(&history), ClaimState::Accepted);

    let mut history = History::approved_under(rules(), facts());
    history.done(assign("caritas"));
    history.done(spend(1, "2024-04-01", "10.00"));
    history.done(accept(1));
    history.done(depart("2024-03-01"));
    history.done(arrive("2024-03-10"));
    history.done(reopen(1));
    history.done(accept(1));
    assert_eq!(state(&history), ClaimState::Accepted);
}

/// The parts of one receipt are one receipt: of what was reported before, the next one is no smaller.
#[rstest]
#[case("99.99", ClaimState::Accepted)]
#[case("100.00", ClaimState::Proposed)]
fn the_limit_looks_at_the_parts_together(#[case] beside: &str, #[case] expected: ClaimState) {
    let mut history = History::arrived_under(rules(), facts());
    history.done(Spend { beside: Some(eur(beside).into()), ..spend(1, "2024-04-01", "1900.00") });
    history.done(accept(1));
    assert_eq!(state(&history), expected);
}

/// What a rule refuses takes one person, whatever the amount.
#[test]
fn what_a_rule_refuses_takes_one() {
    let mut history = History::approved_under(rules(), facts());
    history.done(assign("caritas"));
    history.done(spend(1, "2024-04-01", "2500.00"));
    let events = history.done(accept(1));
    assert_eq!(names(&events), ["ClaimRefused"]);
}

#[test]
fn a_question_waits_for_its_answer_and_is_then_decided_by_name() {
    let mut history = claimed("2500.00");
    assert_eq!(history.refused(answer(1)), "not-queried");
    history.done(by("anna", accept(1)));
    history.done(by("bo", query(1)));
    assert_eq!(state(&history), ClaimState::Queried);
    assert_eq!(history.case().claims[&claim(1)].proposed_by, None, "what was proposed lapses");
    assert_eq!(history.refused(query(1)), "already-queried");
    history.done(answer(1));
    assert_eq!(state(&history), ClaimState::Answered);
    assert_eq!(history.refused(answer(1)), "not-queried");
    history.done(by("bo", query(1)));
    history.done(answer(1));
    history.done(by("bo", accept_by_name(1)));
    assert_eq!(state(&history), ClaimState::Proposed);
    history.done(by("anna", accept_by_name(1)));
    assert_eq!(history.refused(query(1)), "already-decided");
}

/// One person with another rulebook cannot finish alone what they began.
#[test]
fn a_limit_that_is_raised_meanwhile_frees_nobody_from_the_second_person() {
    let mut history = claimed("2500.00");
    history.done(by("anna", accept(1)));
    history.rules = rules_of_one();
    assert_eq!(history.refused(by("anna", accept_by_name(1))), "second-person-needed");
    history.done(by("bo", accept(1)));
    assert_eq!(state(&history), ClaimState::Accepted);
}

/// What finance cuts off is disallowed for its reason, and what does not fit of the rest for the cap.
#[rstest]
#[case::finance_cuts("800.00", "0.00", "800.00", "by-finance", &[("by-finance", "200.00"), ("over-cap", "0.00")])]
#[case::the_cap_cuts_more("800.00", "2500.00", "500.00", "over-cap", &[("by-finance", "200.00"), ("over-cap", "300.00")])]
#[case::both_the_same("800.00", "2200.00", "800.00", "by-finance", &[("by-finance", "200.00"), ("over-cap", "0.00")])]
fn finance_accepts_a_part(
    #[case] at_most: &str,
    #[case] disbursed: &str,
    #[case] eligible: &str,
    #[case] reason: &str,
    #[case] parts: &[(&str, &str)],
) {
    let mut history = History::arrived(facts());
    if disbursed != "0.00" {
        history.done(spend(2, "2024-04-01", disbursed));
        history.done(accept(2));
    }
    history.done(spend(1, "2024-04-01", "1000.00"));
    let events = history.done(accept_at_most(1, at_most));
    let CaseEvent::ClaimAccepted(accepted) = &events[0] else { panic!("{events:?}") };
    assert_eq!((accepted.eligible, accepted.reason.map(|r| r.code())), (eur(eligible), Some(reason)));
    let found: Vec<_> = accepted.disallowed_for().unwrap().map(|(r, sum)| (r.code(), sum)).into();
    let parts: Vec<_> = parts.iter().map(|(r, sum)| (*r, eur(sum))).collect();
    assert_eq!(found, parts);
    assert_eq!(events[0].text(), Some(text(12)));
    assert_eq!(state(&history), ClaimState::Cut);
}

/// What is claimed counts for the second person, not what is accepted: what is cut off can be reported again.
#[rstest]
#[case::below("1999.99", "1000.00", ClaimState::Cut)]
#[case::at_the_limit("2000.00", "1000.00", ClaimState::Proposed)]
#[case::a_small_part("2600.00", "1.00", ClaimState::Proposed)]
fn two_people_for_what_is_claimed(#[case] amount: &str, #[case] at_most: &str, #[case] expected: ClaimState) {
    let mut history = claimed(amount);
    history.done(accept_at_most(1, at_most));
    assert_eq!(state(&history), expected);
}

#[test]
fn a_share_that_is_cut_leaves_the_receipt_large() {
    let mut history = History::arrived_under(rules(), facts());
    let shared = Shared { of: claim(1), part: 1, parts: 2, whole: eur("5000.00").into() };
    history.done(Spend { shared: Some(shared), ..spend(1, "2024-04-01", "2500.00") });
    history.done(accept_at_most(1, "1000.00"));
    assert_eq!(state(&history), ClaimState::Proposed, "the receipt is of 5000.00");
}

/// Whoever agrees names the amount that was proposed, or takes what the preview of a bulk acceptance shows; and agrees to
/// the words of the first.
#[test]
fn both_agree_to_the_same_amount() {
    for agreeing in [accept(1), accept_at_most(1, "2400.00")] {
        let mut history = claimed("2600.00");
        history.done(by("anna", accept_at_most(1, "2400.00")));
        for other in ["2399.99", "2500.00"] {
            assert_eq!(history.refused(by("bo", accept_at_most(1, other))), "proposed-otherwise");
        }
        assert_eq!(history.refused(by("bo", accept_by_name(1))), "proposed-otherwise", "that is all of it");
        assert_eq!(history.refused(by("anna", agreeing.clone())), "second-person-needed");
        let events = history.done(by("bo", agreeing));
        let CaseEvent::ClaimAccepted(accepted) = &events[0] else { panic!("{events:?}") };
        assert_eq!((accepted.eligible, accepted.disallowed), (eur("2400.00"), eur("200.00")));
        assert_eq!(accepted.cut.map(|cut| cut.at_most), Some(eur("2400.00")));
    }
    let mut history = claimed("2600.00");
    history.done(by("anna", accept(1)));
    assert_eq!(history.refused(by("bo", accept_at_most(1, "2400.00"))), "proposed-otherwise");
    // A question ends the proposal, and its amount with it.
    let mut history = claimed("2600.00");
    history.done(by("anna", accept_at_most(1, "2400.00")));
    history.done(by("bo", query(1)));
    history.done(answer(1));
    history.done(by("bo", accept_by_name(1)));
    assert_eq!(history.case().claims[&claim(1)].cut, None);
}

#[rstest]
#[case("2600.00", "nothing-cut")]
#[case("2600.01", "nothing-cut")]
#[case("0.00", "not-positive")]
#[case("-1.00", "not-positive")]
fn what_cuts_nothing_or_leaves_nothing_is_refused(#[case] at_most: &str, #[case] expected: &str) {
    assert_eq!(claimed("2600.00").refused(accept_at_most(1, at_most)), expected);
}

/// What finance disallows stands in the plan again, like all that is disallowed.
#[test]
fn what_is_cut_off_is_planned_again() {
    let mut history = History::arrived(facts());
    history.done(plan("2024-03-20", &[("temporary-housing", "900.00")]));
    history.done(spend(1, "2024-04-01", "900.00"));
    history.done(accept_at_most(1, "700.00"));
    assert_eq!(history.case().balances.line(SUPPORT).committed, eur("200.00"));
}

/// Accepted spend of 3000.00, in one claim.
fn accepted() -> History {
    let mut history = claimed("3000.00");
    for name in ["anna", "bo"] {
        history.done(by(name, accept_by_name(1)));
    }
    history
}

fn drop_reversal() -> ClaimCommand {
    ClaimCommand::DropReversal { claim: claim(1), details: text(7) }
}

/// What came back takes two people once it comes to the limit, in whole or in small parts; whoever agrees names the amount
/// and the day.
#[rstest]
#[case::below(&["1999.99"], "BenefitReversed")]
#[case::at_the_limit(&["2000.00"], "BenefitReversalProposed")]
#[case::in_parts(&["1000.00", "999.99", "0.01"], "BenefitReversalProposed")]
fn much_of_a_claim_is_taken_back_by_two_people(#[case] parts: &[&str], #[case] expected: &str) {
    let mut history = accepted();
    let (last, before) = parts.split_last().unwrap();
    for amount in before {
        let events = history.done(by("anna", reverse(1, "2024-06-01", amount)));
        assert_eq!(names(&events), ["BenefitReversed"]);
    }
    let figures = history.figures(SUPPORT);
    let events = history.done(by("anna", reverse(1, "2024-06-01", last)));
    assert_eq!(names(&events), [expected]);
    if expected == "BenefitReversed" {
        return;
    }
    assert_eq!(history.figures(SUPPORT), figures, "a proposal moves nothing");
    assert_eq!(history.refused(by("anna", reverse(1, "2024-06-01", last))), "second-person-needed");
    for other in [reverse(1, "2024-06-02", last), reverse(1, "2024-06-01", "0.02")] {
        assert_eq!(history.refused(by("bo", other)), "proposed-otherwise");
    }
    let events = history.done(by("bo", reverse(1, "2024-06-01", last)));
    let [CaseEvent::BenefitReversed(reversed)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((reversed.amount, reversed.rulebook.as_deref()), (eur(last), Some(rules().version())));
    assert_eq!(history.case().claims[&claim(1)].reversal, None);
}

/// Of a receipt that three people share, as much could come back from each.
#[test]
fn a_share_counts_as_often_as_the_receipt_has_shares() {
    for (amount, expected) in [("666.66", "BenefitReversed"), ("666.67", "BenefitReversalProposed")] {
        let mut history = History::arrived_under(rules(), facts());
        let shared = Shared { of: claim(1), part: 1, parts: 3, whole: eur("3000.00").into() };
        history.done(Spend { shared: Some(shared), ..spend(1, "2024-04-01", "1000.00") });
        for name in ["anna", "bo"] {
            history.done(by(name, accept_by_name(1)));
        }
        let events = history.done(by("anna", reverse(1, "2024-06-01", amount)));
        assert_eq!(names(&events), [expected], "{amount}");
    }
}

/// What was taken back by mistake counts again in whole, once; what is worth so much that two accepted it, two undo.
#[rstest]
#[case::small("1999.99", &["anna"])]
#[case::large("2000.00", &["anna", "bo"])]
fn a_reversal_is_undone_by_as_many_as_accepted_it(#[case] claimed_for: &str, #[case] people: &[&str]) {
    let mut history = claimed(claimed_for);
    for name in people {
        history.done(by(name, accept_by_name(1)));
    }
    let accepted = history.figures(SUPPORT);
    assert_eq!(history.refused(by("anna", undo_reversal(1))), "not-reversed");
    history.done(by("anna", reverse(1, "2024-06-01", "10.00")));
    assert_eq!(history.refused(by("asha@caritas", undo_reversal(1))), "acts-for-partner");
    let reversed = history.figures(SUPPORT);
    let (last, first) = people.split_last().unwrap();
    for name in first {
        assert_eq!(names(&history.done(by(name, undo_reversal(1)))), ["BenefitReversalUndoProposed"]);
        assert_eq!(history.figures(SUPPORT), reversed, "a proposal moves nothing");
        assert_eq!(history.refused(by(name, undo_reversal(1))), "second-person-needed");
        let more = reverse(1, "2024-06-02", "10.00");
        assert_eq!(history.refused(by("bo", more)), "proposed-otherwise");
    }
    let events = history.done(by(last, undo_reversal(1)));
    assert_eq!(names(&events), ["BenefitReversalUndone"]);
    assert_eq!(history.figures(SUPPORT), accepted);
    let claim = &history.case().claims[&claim(1)];
    assert_eq!((claim.state, claim.reversed), (ClaimState::Accepted, eur("0.00")));
    assert_eq!(history.refused(by("bo", undo_reversal(1))), "not-reversed");
}

/// Somebody else may have got meanwhile what came free; then it does not fit any more.
#[test]
fn what_no_longer_fits_the_cap_stays_taken_back() {
    let mut history = History::arrived(facts());
    for (number, amount) in [(1, "1500.00"), (2, "1000.00")] {
        history.done(spend(number, "2024-04-01", amount));
        history.done(by("anna", accept_by_name(number)));
        if number == 1 {
            history.done(by("anna", reverse(1, "2024-06-01", "1500.00")));
        }
    }
    let room = history.case().balances.line(SUPPORT).remaining().unwrap();
    history.done(spend(3, "2024-04-01", &room.checked_sub(eur("1499.99")).unwrap().to_string()));
    history.done(by("anna", accept_by_name(3)));
    assert_eq!(history.case().claims[&claim(1)].state, ClaimState::Reversed);
    let refusal = history.decide(&by("anna", undo_reversal(1))).unwrap_err();
    assert_eq!(refusal.codes(), "over-cap");
    let told = &refusal.reasons[0].detail;
    assert!(told.contains("1500.00 does not fit") && told.contains("1499.99 are left"), "{told}");
    history.done(by("anna", reverse(2, "2024-06-01", "0.01")));
    history.done(by("anna", undo_reversal(1)));
    assert_eq!(history.case().balances.line(SUPPORT).remaining().unwrap(), eur("0.00"));
}

/// Of two proposals about one claim the first is decided first.
#[test]
fn nothing_is_undone_while_somebody_would_take_back_more() {
    let mut history = accepted();
    history.done(by("anna", reverse(1, "2024-06-01", "10.00")));
    history.done(by("anna", reverse(1, "2024-06-02", "2500.00")));
    assert_eq!(history.refused(by("bo", undo_reversal(1))), "proposed-otherwise");
    history.done(by("bo", drop_reversal()));
    history.done(by("anna", undo_reversal(1)));
    history.done(by("bo", drop_reversal()));
    assert_eq!(names(&history.done(by("bo", undo_reversal(1)))), ["BenefitReversalUndoProposed"]);
    assert_eq!(names(&history.done(by("anna", undo_reversal(1)))), ["BenefitReversalUndone"]);
}

#[test]
fn a_proposed_reversal_ends_with_one_refusal() {
    for ending in ["anna", "bo"] {
        let mut history = accepted();
        assert_eq!(history.refused(by("anna", drop_reversal())), "nothing-proposed");
        history.done(by("anna", reverse(1, "2024-06-01", "2500.00")));
        assert_eq!(history.refused(by("asha@caritas", drop_reversal())), "acts-for-partner");
        history.done(by(ending, drop_reversal()));
        let events = history.done(by("bo", reverse(1, "2024-06-01", "2500.00")));
        assert_eq!(names(&events), ["BenefitReversalProposed"], "the first proposal is forgotten");
        assert_eq!(
            names(&history.done(by("anna", reverse(1, "2024-06-01", "2500.00")))),
            ["BenefitReversed"]
        );
    }
}
