//! Spend in other currencies: converted once, or waiting for its rate.

use domain::case::CaseEvent;
use domain::claim::{ClaimReason, ClaimState, Spend};
use domain::rates::{Quote, RateSource};
use domain::{Case, ClaimCommand};
use money::{Amount, Locale};
use proptest::collection::btree_set;
use proptest::prelude::*;
use rstest::rstest;
use rulebook::Rulebook;

use crate::support::*;

fn amount(text: &str, code: &str) -> Amount {
    Amount::parse(text, code.parse().unwrap(), Locale::Strict).unwrap()
}

fn june(rate: &str) -> Quote {
    Quote {
        source: RateSource::InforEuro,
        rate_date: day("2024-06-01"),
        rate: rate.parse().unwrap(),
        version: 1,
    }
}

fn dinars(number: u128, text: &str, quote: Option<Quote>) -> Spend {
    Spend { amount: amount(text, "IQD"), quote, ..spend(number, "2024-06-14", "1.00") }
}

fn convert(number: u128, quote: Quote) -> ClaimCommand {
    ClaimCommand::Convert { claim: claim(number), quote }
}

fn state(history: &History, number: u128) -> ClaimState {
    history.case().claims[&claim(number)].state
}

#[test]
fn spend_is_converted_when_it_is_reported() {
    let mut history = History::arrived(facts());
    history.done(dinars(1, "1500000.000", Some(june("1385.7992"))));
    // 1 500 000 ÷ 1385.7992 = 1082.4079
    assert_eq!(history.figures(SUPPORT), "3000.00 0.00 1082.41 0.00 3000.00");
    history.done(accept(1));
    assert_eq!(history.figures(SUPPORT), "3000.00 1082.41 0.00 0.00 1917.59");
}

#[test]
fn without_its_rate_spend_waits_and_is_no_figure() {
    let mut history = History::arrived(facts());
    history.done(dinars(1, "1500000.000", None));
    assert_eq!(state(&history, 1), ClaimState::WaitingForRate);
    assert_eq!(history.figures(SUPPORT), "3000.00 0.00 0.00 0.00 3000.00");
    assert_eq!(history.refused(accept(1)), "waiting-for-rate");
    assert_eq!(history.refused(accept_by_name(1)), "waiting-for-rate");
    assert_eq!(history.refused(close("2025-01-01")), "claims-undecided");

    history.done(convert(1, june("1385.7992")));
    assert_eq!(state(&history, 1), ClaimState::Reported);
    assert_eq!(history.figures(SUPPORT), "3000.00 0.00 1082.41 0.00 3000.00");
    assert_eq!(history.refused(convert(1, june("1385.7992"))), "not-waiting");
    history.done(accept(1));
    assert_eq!(history.figures(SUPPORT), "3000.00 1082.41 0.00 0.00 1917.59");
}

/// The rule is fixed by the report: a rulebook that comes later changes nothing about it.
#[test]
fn a_rate_of_another_source_or_a_later_day_is_not_taken() {
    let mut history = History::arrived(facts());
    history.done(dinars(1, "1500000.000", None));
    let later = Quote { rate_date: day("2024-07-01"), ..june("1385.7992") };
    let daily = Quote { source: RateSource::Ecb, ..june("1385.7992") };
    for wrong in [later, daily] {
        assert_eq!(history.refused(convert(1, wrong)), "wrong-rate");
        assert_eq!(history.refused(dinars(2, "1.000", Some(wrong))), "wrong-rate");
    }
    assert_eq!(state(&history, 1), ClaimState::WaitingForRate);
}

#[test]
fn euros_take_no_rate() {
    let mut history = History::arrived(facts());
    let events = history.done(Spend { quote: Some(june("1385.7992")), ..spend(1, "2024-06-14", "100.00") });
    let [CaseEvent::SpendReported(event)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((event.eur, &event.exchange), (Some(eur("100.00")), &None));
    assert_eq!(history.refused(convert(1, june("1385.7992"))), "not-waiting");
}

/// 0.005 EUR is rounded to a cent, and less is nothing that could be booked.
#[rstest]
#[case("5.000", Ok("0.01"))]
#[case("4.999", Err("worth-nothing"))]
#[case("15.000", Ok("0.02"))]
#[case("14.999", Ok("0.01"))]
fn a_conversion_is_rounded_once_half_up(#[case] given: &str, #[case] worth: Result<&str, &str>) {
    let mut history = History::arrived(facts());
    let report = dinars(1, given, Some(june("1000")));
    match worth {
        Ok(worth) => {
            history.done(report);
            assert_eq!(history.case().claims[&claim(1)].eur, Some(eur(worth)));
        }
        Err(reason) => assert_eq!(history.refused(report), reason),
    }
}

/// What waited for a rate that makes nothing of it is refused by that rate, and holds nothing back any more.
#[test]
fn what_is_worth_nothing_at_its_rate_waits_no_longer() {
    let mut history = History::arrived(facts());
    history.done(dinars(1, "4.999", None));
    history.done(convert(1, june("1000")));
    let refused = &history.case().claims[&claim(1)];
    assert_eq!((refused.state, refused.reason), (ClaimState::Refused, Some(ClaimReason::WorthNothing)));
    assert_eq!(history.figures(SUPPORT), "3000.00 0.00 0.00 0.00 3000.00");
    assert_eq!(history.refused(accept(1)), "already-decided");
}

#[test]
fn a_claim_that_waits_can_be_refused_and_taken_up_again_and_waits_again() {
    let mut history = History::arrived(facts());
    history.done(dinars(1, "4.999", None));
    history.done(refuse(1));
    assert_eq!(history.figures(SUPPORT), "3000.00 0.00 0.00 0.00 3000.00");
    assert_eq!(history.case().claims[&claim(1)].reason, Some(ClaimReason::ByFinance));
    assert_eq!(history.refused(convert(1, june("1"))), "not-waiting");
    history.done(reopen(1));
    assert_eq!(state(&history, 1), ClaimState::WaitingForRate);
    history.done(convert(1, june("1")));
    assert_eq!(history.figures(SUPPORT), "3000.00 0.00 5.00 0.00 3000.00");
}

fn give_dinars_back(number: u128, text: &str) -> ClaimCommand {
    match reverse(number, "2024-08-01", "1.00") {
        ClaimCommand::Reverse { claim, reversed_on, reversal_key, details, .. } => {
            let amount = amount(text, "IQD");
            ClaimCommand::Reverse { claim, amount, reversed_on, reversal_key, details }
        }
        other => other,
    }
}

#[test]
fn what_comes_back_takes_the_rate_of_its_claim() {
    let mut history = History::arrived(facts());
    history.done(dinars(1, "1500000.000", Some(june("1385.7992"))));
    history.done(accept(1));
    let events = history.done(give_dinars_back(1, "100000.000"));
    let [CaseEvent::BenefitReversed(event)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(event.amount, eur("72.16"));
    assert_eq!(event.original.unwrap().quote, june("1385.7992"));
    history.done(reverse(1, "2024-08-02", "10.25"));
    assert_eq!(history.figures(SUPPORT), "3000.00 1000.00 0.00 0.00 2000.00");
    history.done(give_dinars_back(1, "1385799.200"));
    assert_eq!(state(&history, 1), ClaimState::Reversed);
}

#[test]
fn another_currency_than_the_claims_is_not_reversed() {
    let mut history = History::arrived(facts());
    history.done(spend(1, "2024-06-14", "100.00"));
    history.done(accept(1));
    assert_eq!(history.refused(give_dinars_back(1, "1.000")), "reversal-currency");
}

#[test]
fn a_conversion_of_what_does_not_wait_is_damage() {
    let mut history = History::arrived(facts());
    history.done(dinars(1, "1500000.000", None));
    let converted = history.decide(&convert(1, june("1385.7992")).into()).unwrap().remove(0);
    let once = Case::evolve(history.case.clone(), &converted).unwrap();
    assert!(Case::evolve(Some(once), &converted).is_err());
    let mut other = History::arrived(facts());
    assert!(Case::evolve(other.case.clone(), &converted).is_err());
    other.done(spend(1, "2024-06-14", "1.00"));
    assert!(Case::evolve(other.case, &converted).is_err());
}

#[rstest]
#[case("inforeuro-month-of-delivery", RateSource::InforEuro, "2024-06-14")]
#[case("inforeuro-month-of-submission", RateSource::InforEuro, "2024-07-02")]
#[case("ecb-day-of-delivery", RateSource::Ecb, "2024-06-14")]
fn the_rulebook_says_which_rate(#[case] rule: &str, #[case] source: RateSource, #[case] asked: &str) {
    let document = rules().document().replace("\"inforeuro-month-of-delivery\"", &format!("\"{rule}\""));
    let book = Rulebook::parse(&document).unwrap();
    let report = Spend { reported_on: day("2024-07-02"), ..dinars(1, "1.000", None) };
    let history = History::arrived(facts());
    let command = ClaimCommand::Report(report.into());
    let events = domain::claim::decide(history.case(), &command, &who("finance"), &book).unwrap();
    let [CaseEvent::SpendReported(event)] = events.as_slice() else { panic!("{events:?}") };
    let exchange = event.exchange.as_ref().unwrap();
    assert_eq!((exchange.rule.code(), exchange.day), (rule, day(asked)));
    assert_eq!(domain::rates::source(exchange.rule), source);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// However it is cut, all that comes back is what was accepted, to the cent.
    #[test]
    fn parts_that_come_back_come_to_the_whole(cuts in btree_set(1_u32..1_500, 0..7)) {
        let mut history = History::arrived(facts());
        history.done(dinars(1, "1500000.000", Some(june("1385.7992"))));
        history.done(accept(1));
        let ends: Vec<u32> = cuts.into_iter().chain([1_500]).collect();
        let begins = std::iter::once(0).chain(ends.iter().copied());
        for (begin, end) in begins.zip(&ends) {
            history.done(give_dinars_back(1, &format!("{}000.000", end - begin)));
        }
        prop_assert_eq!(state(&history, 1), ClaimState::Reversed);
        prop_assert_eq!(history.figures(SUPPORT), "3000.00 0.00 0.00 0.00 3000.00");
    }
}

/// What comes back in dinars is agreed to in dinars: the same euros alone would be known by another key.
#[test]
fn two_people_take_back_what_was_given() {
    let mut history = History::arrived_under(rules(), facts());
    history.done(dinars(1, "4000000.000", Some(june("1385.7992"))));
    history.done(by("anna", accept(1)));
    history.done(by("bo", accept(1)));
    history.done(by("anna", give_dinars_back(1, "3000000.000")));
    let worth = history.case().claims[&claim(1)].reversal.as_ref().unwrap().eur.to_string();
    assert_eq!(history.refused(by("bo", reverse(1, "2024-08-01", &worth))), "proposed-otherwise");
    history.done(by("bo", give_dinars_back(1, "3000000.000")));
    assert_eq!(history.case().claims[&claim(1)].reversed.to_string(), worth);
}
