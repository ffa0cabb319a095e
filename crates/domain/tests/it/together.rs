//! Random histories of a small ledger: families, fees, holds, plans, transfers and two people, one after the other.

use std::collections::BTreeMap;

use domain::case::CaseEvent;
use domain::duties::Duties;
use domain::partner::{FeeState, PartnerEvent};
use domain::{Case, Event, Holds, Partner, Recorded};
use money::Eur;
use proptest::prelude::*;

use crate::standing::{excuse, promises_no_more, stands, within_cap};
use crate::support::*;
use crate::world::{Act, PARTNERS, World, acts, books};

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases * 2, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_a_ledger_is_told_it_pays_within_caps_by_two_people_and_loses_no_cent(acts in acts()) {
        let limits = books().map(|book| (book.version().to_owned(), book.parameters().second_approval_from));
        let mut duties = Duties::under(limits.into());
        let mut world = World::new();
        for recorded in &world.log {
            prop_assert_eq!(duties.observe(recorded), []);
        }
        let mut excused: Vec<Vec<String>> = vec![Vec::new(); world.people.len()];
        for given in acts {
            let before = world.clone();
            let refused = world.give(&given).is_err();
            let new = &world.log[before.log.len()..];
            for recorded in new {
                prop_assert_eq!(duties.observe(recorded), [], "{:?}", recorded);
            }
            if refused {
                // Only the refusal itself came into the log, where the command was about a person.
                let kept = |r: &Recorded| matches!(&r.event, Event::Case(CaseEvent::CommandRefused(_)));
                prop_assert!(new.len() <= 1 && new.iter().all(kept), "{:?}", new);
                prop_assert_eq!((&world.partners, &world.holds), (&before.partners, &before.holds));
            }
            for (who, (was, is)) in before.people.iter().zip(&world.people).enumerate() {
                let (was, is) = (was.case(), is.case());
                if let Act::Family { people, .. } = &given.act {
                    // All of them, or none.
                    prop_assert_eq!(is.claims.len() > was.claims.len(), who < *people && !refused);
                }
                let mut balances = was.balances.clone();
                for recorded in new.iter().filter(|recorded| recorded.stream_id == is.id.stream()) {
                    let Event::Case(event) = &recorded.event else { continue };
                    let last = balances.clone();
                    balances.apply(event).unwrap();
                    excuse(&mut excused[who], &last, &balances, event);
                    if let CaseEvent::ClaimAccepted(e) = event {
                        let claim = &is.claims[&e.claim];
                        prop_assert!(within_cap(&balances.line(&e.budget_line)), "{:?} passed the cap", e);
                        prop_assert!(crate::support::who(&recorded.actor).may_decide().is_ok());
                        let limit = world.rules.parameters().second_approval_from;
                        let first = was.claims[&e.claim].proposed_by.as_ref();
                        let worth = claim.worth_of_receipt().unwrap();
                        if Some(worth) >= limit {
                            prop_assert!(first.is_some(), "{:?} takes two people", e);
                        }
                        prop_assert!(first.is_none_or(|first| first.as_str() != recorded.actor));
                    }
                }
                prop_assert_eq!(&balances, &is.balances);
                stands(is, &excused[who])?;
                if let Act::On(told, command) = &given.act && *told == who {
                    promises_no_more(&was.balances, &is.balances, command)?;
                }
            }
            for recorded in new {
                let Event::Partner(PartnerEvent::FeeReversed(e)) = &recorded.event else { continue };
                let (was, is) = (&before.partners, &world.partners);
                let code = partner(recorded.stream_id.id());
                let (was, is) = (&was[&code].fees[&e.fee], &is[&code].fees[&e.fee]);
                prop_assert_eq!(was.net().unwrap().checked_sub(e.eur), is.net());
                prop_assert!(!is.net().unwrap().is_negative());
                let first = was.reversal.as_ref().filter(|of| of.eur == e.eur).map(|of| of.proposed_by.as_str());
                if was.eur >= world.rules.parameters().second_approval_from {
                    prop_assert!(first.is_some(), "{:?} takes two people", e);
                }
                prop_assert!(first.is_none_or(|first| first != recorded.actor));
            }
            for recorded in new {
                let Event::Partner(PartnerEvent::FeeAccepted(e)) = &recorded.event else { continue };
                let code = partner(recorded.stream_id.id());
                prop_assert!(crate::support::who(&recorded.actor).may_decide().is_ok());
                let first = before.partners[&code].fees[&e.fee].proposed_by.as_ref();
                if Some(e.eur) >= world.rules.parameters().second_approval_from {
                    prop_assert!(first.is_some(), "{:?} takes two people", e);
                }
                prop_assert!(first.is_none_or(|first| first.as_str() != recorded.actor));
                prop_assert_eq!(world.partners[&code].fees[&e.fee].state, FeeState::Accepted);
            }
        }
        families_lose_no_cent(&world)?;
        from_the_log_alone(&world)?;
    }
}

/// The shares that were converted at one rate are worth what the whole receipt is worth.
fn families_lose_no_cent(world: &World) -> Result<(), TestCaseError> {
    let mut receipts: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for claim in world.people.iter().flat_map(|person| person.case().claims.values()) {
        if let Some(shared) = claim.shared {
            receipts.entry(shared.of).or_default().push(claim);
        }
    }
    for shares in receipts.values() {
        prop_assert_eq!(shares.len(), shares[0].shared.unwrap().parts as usize);
        if shares.iter().all(|share| share.eur.is_some() && share.quote() == shares[0].quote()) {
            let sum = Eur::sum(shares.iter().filter_map(|share| share.eur)).unwrap();
            prop_assert_eq!(Some(sum), shares[0].worth_of_receipt());
        }
    }
    Ok(())
}

/// The log is the truth: its events, read from their bytes, give the same people, partners and holds.
fn from_the_log_alone(world: &World) -> Result<(), TestCaseError> {
    let mut people: BTreeMap<String, Option<Case>> = BTreeMap::new();
    let mut partners: BTreeMap<String, Option<Partner>> = BTreeMap::new();
    let mut holds = Holds::default();
    for Recorded { stream_id, event, .. } in &world.log {
        let (name, version, body) = (event.event_type(), event.schema_version(), event.body().unwrap());
        match event {
            Event::Case(_) => {
                let event = CaseEvent::decode(name, version, body.as_bytes()).unwrap().unwrap();
                let case = people.entry(stream_id.to_string()).or_default();
                *case = Some(Case::evolve(case.take(), &event).unwrap());
            }
            Event::Partner(_) => {
                let event = PartnerEvent::decode(name, version, body.as_bytes()).unwrap().unwrap();
                let partner = partners.entry(stream_id.to_string()).or_default();
                *partner = Some(Partner::evolve(partner.take(), &event).unwrap());
            }
            Event::Hold(event) => holds.evolve(event).unwrap(),
            Event::Ledger(_)
            | Event::Rates(_)
            | Event::PaymentFile(_)
            | Event::Bank(_)
            | Event::Line(_)
            | Event::Reconciliation(_)
            | Event::Closing(_) => {}
        }
    }
    for person in &world.people {
        prop_assert_eq!(people[&person.case().id.stream().to_string()].as_ref(), Some(person.case()));
    }
    for code in PARTNERS {
        prop_assert_eq!(
            partners[&partner(code).stream().to_string()].as_ref(),
            world.partners.get(&partner(code))
        );
    }
    prop_assert_eq!(&holds, &world.holds);
    Ok(())
}
