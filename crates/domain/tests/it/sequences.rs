//! Random histories of one case.

use std::ops::Range;

use domain::case::{CaseCommand, CaseEvent, Decision};
use domain::claim::{ClaimState, Cut, Spend};
use domain::grant::PaymentMethod;
use domain::rates::{Quote, RateSource};
use domain::{Balances, Case, ClaimCommand, GrantCommand, KeyDigest};
use jiff::Span;
use jiff::civil::Date;
use money::{Amount, Eur, Locale, Rate};
use proptest::prelude::*;
use proptest::sample::select;
use rulebook::{Authority, Facts, ReturnMode};

use crate::standing::{excuse, promises_no_more, stands, within_cap};
use crate::support::*;

/// Days on which something in the rules changes, seen from the days around them.
const BORDERS: &[&str] = &[
    "2023-05-31",
    "2023-06-01",
    "2023-10-07",
    "2024-03-10",
    "2024-03-11",
    "2024-03-14",
    "2024-06-30",
    "2025-03-11",
];
const AMOUNTS: &[&str] = &[
    "0.01",
    "0.02",
    "14.99",
    "100.00",
    "614.99",
    "615.00",
    "615.01",
    "999.99",
    "1999.99",
    "2000.00",
    "2000.01",
    "2500.00",
    "2999.99",
    "3000.00",
    "3000.01",
    "5000.00",
    "90000000000000.00",
];

pub fn date() -> impl Strategy<Value = Date> {
    (select(BORDERS), -1_i64..=1).prop_map(|(border, days)| day(border) + Span::new().days(days))
}

pub fn amount() -> impl Strategy<Value = Eur> {
    select(AMOUNTS).prop_map(eur)
}

pub fn rate() -> impl Strategy<Value = Rate> {
    select(&["0.000000000001", "0.7483", "1", "1385.7992", "999999999999999"][..])
        .prop_map(|rate| rate.parse().unwrap())
}

/// The rate that the embedded rules ask for on a day.
pub fn quote(rate: Rate, on: Date) -> Quote {
    Quote { source: RateSource::InforEuro, rate_date: on.first_of_month(), rate, version: 1 }
}

pub fn dinars(sum: &str) -> Amount {
    Amount::parse(sum, "IQD".parse().unwrap(), Locale::Strict).unwrap()
}

/// Mostly a day after everything else, so that money may come back then.
fn late_date() -> impl Strategy<Value = Date> {
    prop_oneof![3 => Just(day("2025-09-01")), 1 => date()]
}

pub fn case_command() -> impl Strategy<Value = CaseCommand> {
    let decision = select(&[Decision::Approve, Decision::Reject][..]);
    let mode = select(ReturnMode::ALL);
    let authority = select(Authority::ALL);
    prop_oneof![
        2 => (decision, date()).prop_map(|(decision, decided_on)| CaseCommand::Decide { decision, decided_on }),
        1 => date().prop_map(|withdrawn_on| CaseCommand::Withdraw { withdrawn_on }),
        6 => (date(), mode, authority).prop_map(|(changed_on, return_mode, handled_by)| {
            CaseCommand::ChangeReturnMode { changed_on, return_mode, handled_by }
        }),
        2 => date().prop_map(|departed_on| CaseCommand::Depart { departed_on }),
        2 => date().prop_map(|arrived_on| CaseCommand::Arrive { arrived_on }),
        1 => select(&["caritas", "irara"][..]).prop_map(assign),
        2 => (select(&["caritas", "irara"][..]), date()).prop_map(|(code, day)| {
            CaseCommand::AssignPartner { partner: partner(code), assigned_on: Some(day), told_on: day }
        }),
        1 => date().prop_map(|closed_on| CaseCommand::Close { closed_on }),
        4 => plan_command(),
        1 => Just(file(facts())),
    ]
}

fn plan_command() -> impl Strategy<Value = CaseCommand> {
    let line = (select(&["temporary-housing", "education", "amira2-education"][..]), amount());
    let line = line.prop_map(|(category, amount)| (category.to_owned(), amount));
    let lines = prop::collection::vec(line, 0..3);
    (select(&["caritas", "irara"][..]), date(), lines).prop_map(|(code, agreed_on, lines)| {
        CaseCommand::AgreePlan { partner: partner(code), agreed_on, lines, told_on: agreed_on }
    })
}

pub fn name() -> impl Strategy<Value = &'static str> {
    select(&["anna", "anna", "bo", "bo", "asha@caritas"][..])
}

/// About the claims with these numbers.
pub fn claim_command(numbers: Range<u128>) -> impl Strategy<Value = Command> {
    let number = || numbers.clone();
    let report = (number(), select(&["caritas", "caritas", "irara"][..]), date(), amount(), 0_u8..12);
    let report = report.prop_map(|(number, code, delivered_on, sum, line)| {
        let budget_line = if line == 0 { "amira2-iraq".to_owned() } else { SUPPORT.to_owned() };
        let reported = spend(number, "2024-04-01", "1.00");
        let partner = partner(code);
        Spend { partner, delivered_on, amount: sum.into(), budget_line, ..reported }.into()
    });
    let sums = select(&["0.004", "0.005", "12345.678", "1500000.000", "99999999999999.999"][..]);
    let abroad = (number(), date(), sums, prop::option::of(rate()), prop::option::of((date(), rate())))
        .prop_map(|(number, delivered_on, sum, rate, newest)| {
            let reported = spend(number, "2024-04-01", "1.00");
            let quoted = rate.map(|rate| quote(rate, delivered_on));
            // The newest rate may be of any day.
            let newest = newest.map(|(day, rate)| quote(rate, day));
            let reported = Spend { delivered_on, reported_on: delivered_on, newest, ..reported };
            Spend { amount: dinars(sum), quote: quoted, ..reported }.into()
        });
    // Some are of a later day than the claim, which must be refused.
    let convert = (number(), date(), rate()).prop_map(|(number, on, rate)| {
        ClaimCommand::Convert { claim: claim(number), quote: quote(rate, on) }.into()
    });
    let back_abroad = (number(), select(&["0.001", "100.000", "12345.678"][..]), late_date());
    let back_abroad = back_abroad.prop_map(|(number, sum, reversed_on)| {
        let (reversal_key, details) = (KeyDigest([8; 32]), text(7));
        ClaimCommand::Reverse {
            claim: claim(number),
            amount: dinars(sum),
            reversed_on,
            reversal_key,
            details,
        }
        .into()
    });
    let at_most = prop::option::weighted(0.3, amount());
    let accept = (number(), any::<bool>(), at_most, name()).prop_map(|(number, by_name, at_most, name)| {
        let cut = at_most.map(|at_most| Cut { at_most, details: text(12) });
        by(name, ClaimCommand::Accept { claim: claim(number), by_name, cut })
    });
    let asked = (number(), any::<bool>(), name())
        .prop_map(|(number, ask, name)| by(name, if ask { query(number) } else { answer(number) }));
    let back = (number(), amount(), late_date(), name());
    let reverse = back.prop_map(|(number, amount, reversed_on, name)| {
        let (reversal_key, details) = (KeyDigest([7; 32]), text(7));
        let (claim, amount) = (claim(number), amount.into());
        by(name, ClaimCommand::Reverse { claim, amount, reversed_on, reversal_key, details })
    });
    let dropped = (number(), name()).prop_map(|(number, name)| {
        by(name, ClaimCommand::DropReversal { claim: claim(number), details: text(7) })
    });
    let undone = (number(), select(&[7_u8, 8][..]), name()).prop_map(|(number, key, name)| {
        let (claim, reversal_key) = (claim(number), KeyDigest([key; 32]));
        by(name, ClaimCommand::UndoReversal { claim, reversal_key, details: text(7) })
    });
    let refused = (number(), name()).prop_map(|(number, name)| by(name, refuse(number)));
    let reopened = (number(), name()).prop_map(|(number, name)| by(name, reopen(number)));
    prop_oneof![4 => report, 4 => abroad, 4 => convert, 1 => back_abroad, 8 => accept, 2 => asked, 1 => refused, 2 => reopened, 4 => reverse, 2 => undone, 1 => dropped]
}

/// About the grants with these numbers.
pub fn grant_command(numbers: Range<u128>) -> impl Strategy<Value = Command> {
    let number = || numbers.clone();
    let method = select(PaymentMethod::ALL);
    let pay = (number(), date(), amount(), method).prop_map(|(number, paid_on, amount, method)| {
        let (payment_key, details) = (KeyDigest([number as u8; 32]), text(8));
        let grant = grant(number);
        GrantCommand::Pay { grant, paid_on, amount, method, payment_key, details }.into()
    });
    let back = (number(), amount(), late_date()).prop_map(|(number, amount, returned_on)| {
        GrantCommand::Return { grant: grant(number), amount, returned_on, details: text(9) }.into()
    });
    prop_oneof![5 => pay, 2 => number().prop_map(|number| allow(number).into()), 3 => back]
}

/// A case as filed, or already at home, so that most commands find something to do.
fn start() -> impl Strategy<Value = History> {
    let countries = select(&["GM", "IQ", "AM", "PS", "SE"][..]);
    let modes = select(ReturnMode::ALL);
    (countries, modes, any::<bool>(), 0_u8..8, 0_u8..4).prop_map(
        |(country, mode, child, applied, at_home)| {
            let applied_on =
                if at_home == 0 { day(BORDERS[usize::from(applied)]) } else { day("2024-02-01") };
            let facts =
                Facts { applied_on, return_mode: mode, unaccompanied_child: child, ..to(country, facts()) };
            let mut history = History::under(rules(), facts);
            if at_home > 0 {
                for command in
                    [approve("2024-02-20"), assign("caritas"), depart("2024-03-10"), arrive("2024-03-11")]
                {
                    let _ = history.give(command);
                }
            }
            history
        },
    )
}

fn commands() -> impl Strategy<Value = Vec<Command>> {
    let command = prop_oneof![3 => case_command().prop_map(Command::from), 6 => claim_command(0..8), 3 => grant_command(0..5)];
    prop::collection::vec(command, 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases * 3, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_order_of_commands_pays_over_a_cap_or_loses_a_cent(start in start(), commands in commands()) {
        let mut history = start;
        let mut excused = Vec::new();
        for command in commands {
            let before = history.clone();
            let decided = history.give(command.clone());
            let (was, now) = (before.case(), history.case());
            match decided {
                Err(refusal) => {
                    prop_assert!(!refusal.reasons.is_empty());
                    let same = Case { refused: was.refused.clone(), ..now.clone() };
                    prop_assert_eq!(&same, was, "a refused command changed something");
                    prop_assert!(history.events.len() <= before.events.len() + 1);
                    // The same refusal with other figures is not kept again.
                    let ids = |reasons: &[rulebook::FailedCondition]| -> Vec<String> {
                        reasons.iter().map(|reason| reason.id.clone()).collect()
                    };
                    prop_assert!(now.refused.iter().any(|kept| ids(&kept.reasons) == ids(&refusal.reasons)));
                    continue;
                }
                Ok(events) => {
                    prop_assert!(!events.is_empty(), "{:?} was accepted without an event", command);
                    let mut balances = was.balances.clone();
                    for event in &events {
                        let last = balances.clone();
                        balances.apply(event).unwrap();
                        excuse(&mut excused, &last, &balances, event);
                        match event {
                            CaseEvent::ClaimAccepted(e) => {
                                // Whoever reports it had the case on the day of the delivery.
                                let accepted = &now.claims[&e.claim];
                                prop_assert_eq!(now.partner_on(accepted.delivered_on), Some(&accepted.partner));
                                prop_assert_eq!(e.basis.partner.as_ref(), Some(&accepted.partner));
                                prop_assert!(within_cap(&balances.line(&e.budget_line)), "{:?} passed the cap", e);
                                prop_assert!(!e.eligible.is_zero());
                                prop_assert_eq!(e.reason.is_some(), !e.disallowed.is_zero());
                                let proposed_by = &was.claims[&e.claim].proposed_by;
                                let claimed = e.eligible.checked_add(e.disallowed).unwrap();
                                let by = command.given().1;
                                prop_assert!(by.may_decide().is_ok());
                                let at_most = e.cut.map(|cut| cut.at_most);
                                prop_assert!(at_most.is_none_or(|at_most| e.eligible <= at_most && at_most < claimed));
                                if proposed_by.is_some() {
                                    prop_assert_eq!(e.cut, was.claims[&e.claim].cut, "both agree to the same");
                                }
                                let parts = e.disallowed_for().unwrap();
                                prop_assert_eq!(Eur::sum(parts.map(|(_, eur)| eur)), Ok(e.disallowed));
                                if at_most.or(Some(claimed)) >= rules().parameters().second_approval_from {
                                    prop_assert!(proposed_by.as_ref().is_some_and(|first| first != by.actor()));
                                }
                            }
                            CaseEvent::BenefitReversed(e) => {
                                let claim = &was.claims[&e.claim];
                                let altogether = claim.reversed.checked_add(e.amount).unwrap();
                                let by = command.given().1;
                                prop_assert!(by.may_decide().is_ok());
                                if Some(altogether) >= rules().parameters().second_approval_from {
                                    let proposed = claim.reversal.as_ref().unwrap();
                                    prop_assert_eq!((proposed.eur, proposed.on), (e.amount, Some(e.reversed_on)));
                                    prop_assert!(proposed.proposed_by != *by.actor());
                                }
                            }
                            CaseEvent::BenefitReversalUndone(e) => {
                                let claim = &was.claims[&e.claim];
                                let by = command.given().1;
                                prop_assert!(by.may_decide().is_ok());
                                prop_assert!(within_cap(&balances.line(&e.budget_line)), "{:?} passed the cap", e);
                                if claim.by_two || claim.worth_of_receipt() >= rules().parameters().second_approval_from {
                                    let proposed = claim.undoing.as_ref().unwrap();
                                    prop_assert!(proposed.key == e.reversal_key && proposed.proposed_by != *by.actor());
                                }
                            }
                            CaseEvent::PlanAgreed(e) => {
                                for planned in &e.lines {
                                    let mut waiting = was.claims.values().filter(|claim| {
                                        claim.budget_line == planned.budget_line && claim.state == ClaimState::WaitingForRate
                                    });
                                    let free = was.plan.iter().filter(|(whose, ..)| **whose == e.partner);
                                    let free = Eur::sum(free.map(|(.., planned)| planned.left)).unwrap();
                                    let all = waiting.all(|claim| claim.estimate.is_some());
                                    prop_assert!(all || planned.amount <= free || !events[0].event_type().starts_with("PlanAgreed"), "{:?} promises what nobody knows", e);
                                    let available = balances.line(&planned.budget_line).available().unwrap();
                                    prop_assert!(!available.is_negative(), "{:?} promises too much", e);
                                }
                            }
                            CaseEvent::ArrivalGrantPaid(e) => {
                                prop_assert!(within_cap(&balances.line(&e.budget_line)), "{:?} passed the cap", e);
                            }
                            _ => {}
                        }
                    }
                    prop_assert_eq!(&balances, &now.balances);
                    promises_no_more(&was.balances, &now.balances, &command)?;
                    prop_assert!(now.revision == was.revision + events.len() as u64 && now.refused == was.refused);
                }
            }
            stands(now, &excused)?;
        }
        // The log is the truth: its events alone give the same case and the same balances, also from bytes.
        let mut balances = Balances::default();
        history.events.iter().for_each(|event| balances.apply(event).unwrap());
        prop_assert_eq!(&balances, &history.case().balances);
        let read: Vec<CaseEvent> = history.events.iter().map(|event| {
            let body = event.body().unwrap();
            CaseEvent::decode(event.event_type(), event.schema_version(), body.as_bytes()).unwrap().unwrap()
        }).collect();
        prop_assert_eq!(&read, &history.events);
        prop_assert_eq!(Case::fold(&read).unwrap(), history.case);
    }

    #[test]
    fn the_same_command_on_the_same_case_decides_the_same(start in start(), commands in commands()) {
        let mut history = start;
        for command in commands {
            prop_assert_eq!(history.decide(&command), history.decide(&command));
            let _ = history.give(command);
        }
    }

    /// An event that does not follow from its history is refused by the fold, never half applied or a panic.
    #[test]
    fn a_history_out_of_order_is_refused_or_folds_to_sane_figures(
        start in start(),
        commands in commands(),
        order in any::<prop::sample::Index>(),
        drop in any::<bool>(),
    ) {
        let mut history = start;
        for command in commands {
            let _ = history.give(command);
        }
        let mut events = history.events;
        let at = order.index(events.len());
        if drop {
            events.remove(at);
        } else {
            events.rotate_left(at);
        }
        if let Ok(Some(case)) = Case::fold(&events) {
            for (_, line) in case.balances.iter() {
                prop_assert!(!line.pending.is_negative() && !line.disbursed.is_negative());
            }
        }
    }
}
