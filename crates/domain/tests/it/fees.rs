//! Fees: asked about, refused, taken up again, and who may do so.

use domain::duties::Breach;
use domain::ids::FileDigest;
use domain::ledger::RulebookAdopted;
use domain::partner::{
    FeeAccepted, FeeAnswered, FeeProposed, FeeQueried, FeeRefused, FeeReopened, FeeReported, FeeState,
    PartnerEvent,
};
use domain::{Event, FeeId, KeyDigest, PartnerCommand};
use rstest::rstest;
use uuid::Uuid;

use crate::duties::{Log, found, met};
use crate::partners::{Given, Told, accept_fee, fee, refuse_fee, register};
use crate::support::*;

fn reopen_fee(number: u128, name: &str) -> Given {
    Given(PartnerCommand::ReopenFee { fee: FeeId(Uuid::from_u128(number)), reason: text(6) }, who(name))
}

fn query_fee(number: u128, name: &str) -> Given {
    Given(PartnerCommand::QueryFee { fee: FeeId(Uuid::from_u128(number)), details: text(6) }, who(name))
}

fn answer_fee(number: u128, name: &str) -> Given {
    Given(PartnerCommand::AnswerFee { fee: FeeId(Uuid::from_u128(number)), details: text(6) }, who(name))
}

/// A question ends what was proposed; the partner's people answer it and no others', and then it is decided.
#[test]
fn a_fee_is_asked_about_and_answered() {
    let mut told = Told(None);
    told.done(register("Caritas"));
    told.done(PartnerCommand::ReportFee(fee(1, "2024-04-01", eur("2000.00").into())));
    assert_eq!(told.refused(answer_fee(1, "asha@caritas")), "not-queried");
    assert_eq!(told.refused(query_fee(1, "asha@caritas")), "acts-for-partner");
    told.done(accept_fee(1, "anna"));
    told.done(query_fee(1, "bo"));
    let state = |told: &Told| {
        let fee = &told.partner().fees[&FeeId(Uuid::from_u128(1))];
        (fee.state, fee.proposed_by.clone())
    };
    assert_eq!(state(&told), (FeeState::Queried, None), "nobody knows yet what the answer is");
    assert_eq!(told.refused(query_fee(1, "anna")), "already-queried");
    assert_eq!(told.refused(answer_fee(1, "omar@ettc")), "acts-for-partner");
    told.done(answer_fee(1, "asha@caritas"));
    assert_eq!(state(&told), (FeeState::Answered, None));
    told.done(query_fee(1, "anna"));
    for name in ["anna", "bo"] {
        told.done(accept_fee(1, name));
    }
    assert_eq!(state(&told).0, FeeState::Accepted);
    assert_eq!(told.refused(query_fee(1, "anna")), "already-decided");
}

/// What somebody refused is accepted by two, however small it is, and whoever proposed it before starts anew.
#[test]
fn a_refused_fee_is_taken_up_again_and_accepted_by_two() {
    let mut told = Told(None);
    told.done(register("Caritas"));
    for (number, amount) in [(1, "10.00"), (2, "2000.00")] {
        told.done(PartnerCommand::ReportFee(fee(number, "2024-04-01", eur(amount).into())));
        assert_eq!(told.refused(reopen_fee(number, "anna")), "not-refused");
        if number == 2 {
            told.done(accept_fee(number, "anna"));
        }
        told.done(refuse_fee(number, "bo"));
        assert_eq!(told.refused(accept_fee(number, "anna")), "already-decided");
        assert_eq!(told.refused(reopen_fee(number, "asha@caritas")), "acts-for-partner");
        told.done(reopen_fee(number, "anna"));
        let names = |events: Vec<PartnerEvent>| events[0].event_type();
        assert_eq!(names(told.done(accept_fee(number, "anna"))), "FeeProposed");
        assert_eq!(told.refused(accept_fee(number, "anna")), "second-person-needed");
        assert_eq!(names(told.done(accept_fee(number, "bo"))), "FeeAccepted");
    }
}

/// Whoever accepts alone a fee that somebody had refused is found, however small it is; a question ends the first one's say.
#[rstest]
#[case::two(&["FeeProposed anna", "FeeAccepted bo"], &[])]
#[case::one(&["FeeAccepted bo"], &[Breach::NoSecondPerson])]
#[case::one_twice(&["FeeProposed bo", "FeeAccepted bo"], &[Breach::SamePerson])]
#[case::asked_in_between(&["FeeProposed anna", "FeeQueried bo", "FeeAccepted bo"], &[Breach::NoSecondPerson])]
#[case::answered_by_its_partner(&["FeeQueried bo", "FeeAnswered asha@caritas", "FeeProposed anna", "FeeAccepted bo"], &[])]
#[case::asked_by_its_partner(&["FeeQueried asha@caritas", "FeeProposed anna", "FeeAccepted bo"], &[Breach::ActsForPartner])]
fn who_overrides_the_refusal_of_a_fee_alone_is_found(#[case] steps: &[&str], #[case] expected: &[Breach]) {
    let version = rules().version().to_owned();
    let adopted =
        RulebookAdopted { version: version.clone(), sha256: FileDigest([0; 32]), document: String::new() };
    let mut log: Log =
        vec![(domain::ledger::stream(), "anna".to_owned(), Event::Ledger(adopted.into())), met("caritas")];
    let fee = FeeId(Uuid::from_u128(1));
    for step in ["FeeReported asha@caritas", "FeeRefused anna", "FeeReopened bo"].iter().chain(steps) {
        let (what, name) = step.split_once(' ').unwrap();
        let event: PartnerEvent = match what {
            "FeeReported" => FeeReported {
                fee,
                agreement: None,
                charged_on: day("2024-04-01"),
                amount: eur("10.00").into(),
                exchange: None,
                eur: Some(eur("10.00")),
                receipt_key: KeyDigest([1; 32]),
                receipt_sha256: None,
                details: text(5),
                file: None,
            }
            .into(),
            "FeeRefused" => FeeRefused { fee, reason: text(6) }.into(),
            "FeeReopened" => FeeReopened { fee, reason: text(6) }.into(),
            "FeeQueried" => FeeQueried { fee, details: text(6) }.into(),
            "FeeAnswered" => FeeAnswered { fee, details: text(6) }.into(),
            "FeeProposed" => FeeProposed {
                fee,
                proposed_by: actor(name),
                second_approval_from: eur("2000.00"),
                rulebook: version.clone(),
            }
            .into(),
            _ => FeeAccepted { fee, eur: eur("10.00") }.into(),
        };
        log.push((partner("caritas").stream(), name.to_owned(), Event::Partner(event)));
    }
    assert_eq!(found(log), expected);
}
