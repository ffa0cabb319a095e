//! Who acts for a partner, whichever, decides nothing: every command, and every event of a log.

use std::collections::BTreeMap;

use domain::duties::{Breach, Duties};
use domain::partner::PartnerRegistered;
use domain::{By, Event, Recorded};
use rstest::rstest;
use uuid::Uuid;

use crate::support::*;

/// One that is approved, home and with Caritas; claim 1 is reported, 2 accepted, 3 refused; grant 1 is paid, 2 refused.
fn history() -> History {
    let mut history = History::arrived(facts());
    for (number, delivered_on) in [(1, "2024-04-01"), (2, "2024-04-01"), (3, "2024-03-01")] {
        history.done(spend(number, delivered_on, "100.00"));
    }
    history.done(accept(2));
    // Before the arrival.
    history.done(accept(3));
    history.done(pay(1, "2024-03-12", "600.00"));
    history.done(pay(2, "2024-03-12", "100.00"));
    history
}

#[rstest]
#[case(become_forced("2024-05-01").into())]
#[case(withdraw("2024-05-01").into())]
#[case(hand_over("irara", "2024-05-01").into())]
#[case(close("2024-05-01").into())]
#[case(accept(1).into())]
#[case(accept_at_most(1, "50.00").into())]
#[case(refuse(1).into())]
#[case(query(1).into())]
#[case(reopen(3).into())]
#[case(reverse(2, "2024-05-01", "1.00").into())]
#[case(pay(3, "2024-03-12", "1.00").into())]
#[case(allow(2).into())]
#[case(give_back(1, "2024-05-01", "1.00").into())]
fn no_person_of_a_partner_decides(#[case] command: Command) {
    let mut history = history();
    for name in ["caritas", "asha@caritas", "omar@ettc"] {
        assert_eq!(history.refused(by(name, command.clone())), "acts-for-partner", "{name}");
    }
}

#[rstest]
#[case(approve("2024-02-20"))]
#[case(reject("2024-02-20"))]
#[case(depart("2024-02-20"))]
#[case(arrive("2024-02-20"))]
#[case(assign("irara"))]
fn nor_do_they_decide_a_case(#[case] command: domain::CaseCommand) {
    assert_eq!(History::new(facts()).refused(by("omar@ettc", command)), "acts-for-partner");
}

/// They report, answer, attach and plan; and plan for nobody else.
#[test]
fn what_a_partner_says_its_people_say() {
    let mut history = history();
    history.done(query(1));
    history.done(by("asha@caritas", answer(1)));
    history.done(by("asha@caritas", Command::from(spend(9, "2024-04-01", "1.00"))));
    let planned = plan("2024-04-01", &[("temporary-housing", "10.00")]);
    assert_eq!(history.refused(by("omar@ettc", planned.clone())), "acts-for-partner");
    history.done(by("asha@caritas", planned));
}

/// Whether a name names a partner shows the log: before it is registered, and where it never is, it does not.
#[test]
fn an_organisation_is_a_partner_once_it_is_registered() {
    let of = |name: &str, known: bool| By::of(actor(name), |_| known).may_decide().is_ok();
    for name in [
        "caritas",
        "asha@caritas",
        "a@b@caritas",
        "Asha@Caritas",
        "asha@caritas@",
        "asha@caritas.",
        "caritas-",
        "_caritas",
        "asha@-caritas",
    ] {
        assert_eq!((of(name, true), of(name, false)), (false, true), "{name}");
    }
    for name in ["anna.b", "asha@migration.example"] {
        assert!(of(name, true), "{name} names no code");
    }
}

/// What the commands refuse is found in a log in which it happened all the same.
#[test]
fn every_decision_of_a_partners_person_is_found_in_the_log() {
    let mut history = history();
    history.done(query(1));
    history.done(answer(1));
    history.done(plan("2024-04-01", &[("temporary-housing", "10.00")]));
    history.done(allow(2));
    history.done(give_back(1, "2024-05-01", "1.00"));
    history.done(reverse(2, "2024-05-01", "1.00"));
    history.done(accept_by_name(1));
    history.done(reopen(3));
    history.done(accept(3));
    history.done(become_forced("2024-06-01"));
    history.done(close("2024-07-01"));
    let stream = history.case().id.stream();
    let registered = PartnerRegistered { partner: partner("ettc") };
    let mut log = vec![(partner("ettc").stream(), Event::Partner(registered.into()))];
    log.extend(history.events.iter().map(|event| (stream.clone(), Event::Case(event.clone()))));
    let (mut found, mut free) = (Vec::new(), Vec::new());
    for forged in 1..log.len() {
        let mut duties = Duties::under(BTreeMap::new());
        let mut breaches = Vec::new();
        for (position, (stream_id, event)) in log.iter().enumerate() {
            let actor = if position == forged { "omar@ettc" } else { "anna" };
            breaches.extend(duties.observe(&Recorded {
                position: position as u64 + 1,
                stream_id: stream_id.clone(),
                stream_version: 1,
                command_id: Uuid::nil(),
                actor: actor.to_owned(),
                recorded_at: 0,
                event: event.clone(),
            }));
        }
        let name = log[forged].1.event_type();
        match breaches.as_slice() {
            [] => free.push(name),
            [violation] => {
                assert_eq!(
                    (violation.breach, violation.actor.as_str()),
                    (Breach::ActsForPartner, "omar@ettc")
                );
                found.push(name);
            }
            other => panic!("{other:?}"),
        }
    }
    free.sort_unstable();
    free.dedup();
    assert_eq!(
        free,
        ["ClaimAnswered", "PlanAgreed", "PlanDrawn", "PlanReleased", "PlanRestored", "SpendReported"]
    );
    for decided in
        ["Approved", "PartnerAssigned", "ClaimAccepted", "ClaimRefused", "ClaimReopened", "BenefitReversed"]
    {
        assert!(found.contains(&decided), "{decided}");
    }
    for decided in
        ["ClaimQueried", "ArrivalGrantPaid", "ArrivalGrantAllowed", "ArrivalGrantReturned", "CaseClosed"]
    {
        assert!(found.contains(&decided), "{decided}");
    }
}
