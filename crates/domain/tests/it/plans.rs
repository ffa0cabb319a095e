//! What is planned lowers what is available, and every movement is told.

use domain::case::CaseEvent;
use domain::claim::Spend;
use domain::plan::ReleaseReason;
use domain::{CaseCommand, ClaimCommand};
use money::Eur;
use proptest::prelude::*;
use rstest::rstest;

use crate::sequences::{dinars, quote};
use crate::support::*;

const HOUSING: &str = "temporary-housing";
const BUSINESS: &str = "business-start-up";

/// `committed pending disbursed available` of the line.
fn figures(history: &History) -> String {
    let line = history.case().balances.line(SUPPORT);
    format!("{} {} {} {}", line.committed, line.pending, line.disbursed, line.available().unwrap())
}

fn planned(history: &History) -> Vec<(String, String)> {
    let plan = history.case().plan.iter();
    plan.map(|(_, category, planned)| (category.to_owned(), planned.left.to_string())).collect()
}

#[test]
fn spend_draws_a_plan_down_and_what_is_disallowed_stands_in_it_again() {
    let mut history = History::arrived(facts());
    history.done(plan("2024-03-20", &[(HOUSING, "600.00"), (BUSINESS, "2000.00")]));
    assert_eq!(figures(&history), "2600.00 0.00 0.00 400.00");
    // Half of what was planned, then more than what is left of it.
    assert_eq!(names(&history.done(spend(1, "2024-04-01", "300.00"))), ["SpendReported", "PlanDrawn"]);
    assert_eq!(figures(&history), "2300.00 300.00 0.00 400.00");
    history.done(spend(2, "2024-04-02", "500.00"));
    assert_eq!(figures(&history), "2000.00 800.00 0.00 200.00");
    history.done(accept(1));
    assert_eq!(figures(&history), "2000.00 500.00 300.00 200.00");
    assert_eq!(names(&history.done(refuse(2))), ["ClaimRefused", "PlanRestored"]);
    assert_eq!(figures(&history), "2300.00 0.00 300.00 400.00");
    assert_eq!(names(&history.done(reopen(2))), ["ClaimReopened", "PlanDrawn"]);
    history.done(accept(2));
    history.done(by("bo", accept(2)));
    assert_eq!(figures(&history), "2000.00 0.00 800.00 200.00");
    assert_eq!(planned(&history), [(BUSINESS.to_owned(), "2000.00".to_owned())]);
    // Money that comes back is free: nobody plans it.
    history.done(reverse(1, "2024-05-01", "300.00"));
    assert_eq!(figures(&history), "2000.00 0.00 500.00 500.00");
}

/// The sum that is shown is the one that decides: where more is taken than there is, it comes to less than nothing.
#[test]
fn what_is_said_to_be_available_is_what_the_sum_comes_to() {
    let mut history = History::arrived(facts());
    history.done(spend(1, "2024-04-01", "1000.00"));
    let detail = |history: &mut History| {
        let refusal = history.give(plan("2024-03-20", &[(BUSINESS, "2000.01")])).unwrap_err();
        refusal.reasons[0].detail.clone()
    };
    let others = "estimated for claims that wait for their rate 0.00 − planned by others 0.00";
    assert_eq!(
        detail(&mut history),
        format!(
            "2000.01 is planned on {SUPPORT}, 2000.00 is available: cap 3000.00 − disbursed 0.00 − pending 1000.00 − {others}"
        )
    );
    history.done(spend(2, "2024-04-01", "2800.00"));
    assert_eq!(
        detail(&mut history),
        format!(
            "2000.01 is planned on {SUPPORT}, nothing is available: cap 3000.00 − disbursed 0.00 − pending 3800.00 − {others} comes to -800.00"
        )
    );
}

#[test]
fn no_more_is_planned_than_is_available() {
    let mut history = History::arrived(facts());
    history.done(spend(1, "2024-04-01", "1000.00"));
    assert_eq!(history.refused(plan("2024-03-20", &[(BUSINESS, "2000.01")])), "over-available");
    history.done(plan("2024-03-20", &[(BUSINESS, "2000.00")]));
    // Whoever takes over finds what the first one had promised, and neither can promise the same euros again.
    let events = history.done(hand_over("irara", "2024-04-01"));
    assert_eq!(names(&events), ["PlanReleased", "PartnerAssigned"]);
    let other = |amount: &str| domain::CaseCommand::AgreePlan {
        partner: partner("irara"),
        agreed_on: day("2024-04-01"),
        told_on: day("2024-04-01"),
        lines: vec![(BUSINESS.to_owned(), eur(amount))],
    };
    assert_eq!(history.refused(other("2000.01")), "over-available");
    history.done(other("1500.00"));
    assert_eq!(history.refused(plan("2024-04-01", &[])), "wrong-partner");
    assert_eq!(history.refused(plan("2024-03-31", &[(BUSINESS, "500.01")])), "over-available");
    history.done(plan("2024-03-31", &[(BUSINESS, "500.00")]));
    assert_eq!(figures(&history), "2000.00 1000.00 0.00 0.00");
    // Told once the case has passed on, a plan for a day before would set euros aside for nobody.
    let told = |lines: &[(&str, &str)]| match plan("2024-03-31", lines) {
        domain::CaseCommand::AgreePlan { partner, agreed_on, lines, .. } => {
            domain::CaseCommand::AgreePlan { partner, agreed_on, lines, told_on: day("2024-04-01") }
        }
        other => other,
    };
    assert_eq!(history.refused(told(&[(BUSINESS, "1.00")])), "wrong-partner");
    history.done(told(&[]));
    assert_eq!(figures(&history), "1500.00 1000.00 0.00 500.00");
}

#[test]
fn a_new_plan_takes_the_place_of_the_old_one() {
    let mut history = History::arrived(facts());
    history.done(plan("2024-03-20", &[(HOUSING, "600.00")]));
    history.done(spend(1, "2024-04-01", "200.00"));
    let events = history.done(plan("2024-04-02", &[(BUSINESS, "2800.00")]));
    assert_eq!(names(&events), ["PlanReleased", "PlanAgreed"]);
    assert_eq!(figures(&history), "2800.00 200.00 0.00 0.00");
    assert_eq!(names(&history.done(refuse(1))), ["ClaimRefused"], "it drew on a plan that is no more");
    assert_eq!(history.refused(plan("2024-04-03", &[(BUSINESS, "2800.00")])), "no-change");
    history.done(plan("2024-04-03", &[]));
    assert_eq!(figures(&history), "0.00 0.00 0.00 3000.00");
    assert_eq!(history.refused(plan("2024-04-03", &[])), "no-change");
}

#[test]
fn what_is_left_is_released_when_the_case_ends() {
    let mut history = History::arrived(facts());
    history.done(plan("2024-03-20", &[(HOUSING, "600.00"), (BUSINESS, "1.00")]));
    let events = history.clone().done(close("2024-05-01"));
    assert_eq!(names(&events), ["PlanReleased", "PlanReleased", "CaseClosed"]);
    history.done(spend(1, "2024-04-01", "100.00"));
    let events = history.done(withdraw("2024-05-01"));
    let CaseEvent::PlanReleased(released) = &events[0] else { panic!("{events:?}") };
    assert_eq!(released.reason, ReleaseReason::ApplicationWithdrawn);
    assert_eq!(
        names(&history.done(refuse(1))),
        ["ClaimRefused"],
        "nothing is planned for whom nothing is granted"
    );
    assert!(history.case().balances.line(SUPPORT).committed.is_zero());
}

#[test]
fn a_plan_is_made_of_benefits_that_are_granted() {
    let mut history = History::arrived(facts());
    for (lines, reason) in [
        (&[("gold", "1.00")][..], "unknown-category"),
        (&[("amira2-education", "1.00")], "no-entitlement"),
        (&[(HOUSING, "1.00"), (HOUSING, "2.00")], "category-twice"),
        (&[(HOUSING, "0.00")], "not-positive"),
        (&[(HOUSING, "-1.00")], "not-positive"),
    ] {
        assert_eq!(history.refused(plan("2024-03-20", lines)), reason);
    }
    let mut unassigned = History::approved(facts());
    assert_eq!(unassigned.refused(plan("2024-03-20", &[(HOUSING, "1.00")])), "wrong-partner");
}

proptest! {
    /// What one partner plans and spends never makes more than the cap promised, in whatever order.
    #[test]
    fn a_plan_that_is_agreed_fits(cents in prop::collection::vec((1_i64..200_000, 1_i64..200_000, any::<bool>()), 1..12)) {
        let mut history = History::arrived(facts());
        for (number, (planned, spent, accepted)) in cents.into_iter().enumerate() {
            let planned = money::Eur::from_cents(planned).to_string();
            if history.give(plan("2024-03-20", &[(HOUSING, planned.as_str())])).is_ok() {
                let line = history.case().balances.line(SUPPORT);
                prop_assert!(!line.available().unwrap().is_negative());
            }
            let number = number as u128;
            history.done(spend(number, "2024-04-01", &money::Eur::from_cents(spent).to_string()));
            history.done(if accepted { accept(number) } else { refuse(number) });
            let left = history.case().plan.iter().map(|(.., planned)| planned.left);
            let line = history.case().balances.line(SUPPORT);
            prop_assert_eq!(money::Eur::sum(left).unwrap(), line.committed);
            prop_assert!(line.disbursed <= line.cap);
        }
    }
}

/// A transfer that is told late ends where the next one begins, so whoever has the case since keeps what it planned.
#[test]
fn a_transfer_that_is_told_late_takes_no_plan_from_the_last_partner() {
    let mut history = History::arrived(facts());
    history.done(hand_over("irara", "2024-06-01"));
    history.done(domain::CaseCommand::AgreePlan {
        partner: partner("irara"),
        agreed_on: day("2024-06-01"),
        told_on: day("2024-06-01"),
        lines: vec![(BUSINESS.to_owned(), eur("2000.00"))],
    });
    assert_eq!(names(&history.done(hand_over("ettc", "2024-05-01"))), ["PartnerAssigned"]);
    assert_eq!(figures(&history), "2000.00 0.00 0.00 1000.00");
    assert_eq!(names(&history.done(hand_over("caritas", "2024-07-01"))), ["PlanReleased", "PartnerAssigned"]);
    assert_eq!(figures(&history), "0.00 0.00 0.00 3000.00");
}

/// `committed` of the line, and who plans it.
fn committed(history: &History) -> String {
    let whose: Vec<String> = history.case().plan.iter().map(|(whose, ..)| whose.to_string()).collect();
    format!("{} {}", history.case().balances.line(SUPPORT).committed, whose.join(" "))
}

/// Until the day of the transfer the old partner delivers, and keeps what it promised; from then on it is nobody's, and
/// whatever is told first releases it.
#[test]
fn a_transfer_that_is_told_before_its_day_releases_nothing_before_it() {
    let mut history = History::arrived(facts());
    history.done(plan("2024-03-20", &[(HOUSING, "600.00"), (BUSINESS, "2000.00")]));
    let events = history.done(hand_over_told("irara", "2024-06-01", "2024-05-01"));
    assert_eq!(names(&events), ["PartnerAssigned"]);
    assert_eq!(committed(&history), "2600.00 caritas caritas");
    let other = |told_on: &str, amount: &str| domain::CaseCommand::AgreePlan {
        partner: partner("irara"),
        agreed_on: day("2024-06-01"),
        told_on: day(told_on),
        lines: vec![(BUSINESS.to_owned(), eur(amount))],
    };
    assert_eq!(history.refused(other("2024-05-31", "400.01")), "over-available");
    assert_eq!(names(&history.clone().done(other("2024-05-31", "400.00"))), ["PlanAgreed"]);
    history.done(spend(1, "2024-05-31", "100.00"));
    assert_eq!(committed(&history), "2500.00 caritas caritas");

    let mut by_a_plan = history.clone();
    let events = by_a_plan.done(other("2024-06-01", "2900.00"));
    assert_eq!(names(&events), ["PlanReleased", "PlanReleased", "PlanAgreed"]);
    let CaseEvent::PlanReleased(released) = &events[0] else { panic!("{events:?}") };
    assert_eq!(released.reason, ReleaseReason::Transferred);
    assert_eq!(committed(&by_a_plan), "2900.00 irara");

    // Late spend of the old partner draws on nothing that is promised.
    let late = domain::claim::Spend { reported_on: day("2024-06-01"), ..spend(2, "2024-05-31", "50.00") };
    let events = history.done(late);
    assert_eq!(names(&events), ["SpendReported", "PlanReleased", "PlanReleased"]);
    assert_eq!(figures(&history), "0.00 150.00 0.00 2850.00");
}

/// 1 000 000.000 IQD, in a claim of Caritas whose rate is still to come; at the newest rate worth what is said.
fn waiting(number: u128, newest: Option<&str>) -> Spend {
    let newest = newest.map(|rate| quote(rate.parse().unwrap(), day("2024-03-01")));
    Spend { amount: dinars("1000000.000"), newest, ..spend(number, "2024-04-01", "1.00") }
}

fn converted(number: u128, rate: &str) -> ClaimCommand {
    ClaimCommand::Convert { claim: claim(number), quote: quote(rate.parse().unwrap(), day("2024-04-01")) }
}

fn line(history: &History) -> [Eur; 4] {
    let line = history.case().balances.line(SUPPORT);
    [line.committed, line.pending, line.estimated, line.available().unwrap()]
}

/// Nobody else can promise the euros that a claim will take once its rate is there.
#[test]
fn a_claim_that_waits_for_its_rate_holds_back_an_estimate() {
    let mut history = History::arrived(facts());
    history.done(hand_over("irara", "2024-04-15"));
    let events = history.done(waiting(1, Some("500")));
    assert_eq!(names(&events), ["SpendReported", "SpendEstimated"]);
    assert_eq!(line(&history), ["0.00", "0.00", "2000.00", "1000.00"].map(eur));
    let planned = |amount: &str| {
        let lines = vec![("education".to_owned(), eur(amount))];
        let agreed_on = day("2024-05-01");
        CaseCommand::AgreePlan { partner: partner("irara"), agreed_on, lines, told_on: agreed_on }
    };
    assert_eq!(history.refused(planned("1000.01")), "over-available");
    history.done(planned("1000.00"));
    // The rate makes it another sum; what was planned stays.
    let events = history.done(converted(1, "625"));
    assert_eq!(names(&events), ["EstimateReleased", "ClaimConverted"]);
    assert_eq!(line(&history), ["1000.00", "1600.00", "0.00", "400.00"].map(eur));
}

#[test]
fn an_estimate_ends_with_a_refusal_and_comes_back_when_that_is_taken_back() {
    let mut history = History::arrived(facts());
    history.done(plan("2024-03-20", &[("temporary-housing", "1500.00")]));
    history.done(waiting(1, Some("500")));
    let held_back = ["0.00", "0.00", "2000.00", "1000.00"].map(eur);
    assert_eq!(line(&history), held_back, "it draws on the plan like any claim");
    let events = history.done(refuse(1));
    assert_eq!(names(&events), ["EstimateReleased", "ClaimRefused", "PlanRestored"]);
    assert_eq!(line(&history), ["1500.00", "0.00", "0.00", "1500.00"].map(eur));
    history.done(reopen(1));
    assert_eq!(line(&history), held_back);
    assert_eq!(names(&history.done(refuse(1))).len(), 3);
}

/// What the plan gave for an estimate is what it gives for the claim: more or less, as the rate says.
#[rstest]
#[case::more("400", "2500.00", ["0.00", "2500.00", "0.00", "500.00"])]
#[case::as_much("500", "2000.00", ["200.00", "2000.00", "0.00", "800.00"])]
#[case::less("1000", "1000.00", ["1200.00", "1000.00", "0.00", "800.00"])]
fn the_plan_follows_the_rate(#[case] rate: &str, #[case] eur_now: &str, #[case] figures: [&str; 4]) {
    let mut history = History::arrived(facts());
    history.done(plan("2024-03-20", &[("temporary-housing", "2200.00")]));
    history.done(waiting(1, Some("500")));
    assert_eq!(line(&history), ["200.00", "0.00", "2000.00", "800.00"].map(eur));
    history.done(converted(1, rate));
    assert_eq!(history.case().claims[&claim(1)].eur, Some(eur(eur_now)));
    assert_eq!(line(&history), figures.map(eur));
}

/// Where no rate of a currency is known, nobody can say what is left: no more is planned until it is.
#[test]
fn no_plan_is_agreed_while_nobody_can_say_what_is_left() {
    let mut history = History::arrived(facts());
    history.done(plan("2024-03-20", &[("education", "300.00")]));
    assert_eq!(names(&history.done(waiting(1, None))), ["SpendReported"]);
    assert_eq!(history.refused(plan("2024-05-01", &[("education", "300.01")])), "waits-for-rate");
    history.done(plan("2024-05-01", &[("education", "299.00")]));
    history.done(converted(1, "500"));
    history.done(plan("2024-05-01", &[("education", "1000.00")]));
    assert_eq!(line(&history), ["1000.00", "2000.00", "0.00", "0.00"].map(eur));
}
