//! Random histories of one case.

use std::collections::BTreeMap;

use domain::case::{CaseCommand, CaseEvent, Decision};
use domain::claim::{ClaimState, Spend};
use domain::grant::{GrantState, PaymentMethod};
use domain::rates::{Quote, RateSource};
use domain::{Balances, Case, ClaimCommand, GrantCommand, KeyDigest, Line};
use jiff::Span;
use jiff::civil::Date;
use money::{Amount, Eur, Locale, Rate};
use proptest::prelude::*;
use proptest::sample::select;
use rulebook::{Authority, Facts, ReturnMode};

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

fn date() -> impl Strategy<Value = Date> {
    (select(BORDERS), -1_i64..=1).prop_map(|(border, days)| day(border) + Span::new().days(days))
}

fn amount() -> impl Strategy<Value = Eur> {
    select(AMOUNTS).prop_map(eur)
}

fn rate() -> impl Strategy<Value = Rate> {
    select(&["0.000000000001", "0.7483", "1", "1385.7992", "999999999999999"][..])
        .prop_map(|rate| rate.parse().unwrap())
}

/// The rate that the embedded rules ask for on a day.
fn quote(rate: Rate, on: Date) -> Quote {
    Quote { source: RateSource::InforEuro, rate_date: on.first_of_month(), rate, version: 1 }
}

fn dinars(sum: &str) -> Amount {
    Amount::parse(sum, "IQD".parse().unwrap(), Locale::Strict).unwrap()
}

/// Mostly a day after everything else, so that money may come back then.
fn late_date() -> impl Strategy<Value = Date> {
    prop_oneof![3 => Just(day("2025-09-01")), 1 => date()]
}

fn case_command() -> impl Strategy<Value = CaseCommand> {
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
            CaseCommand::AssignPartner { partner: partner(code), assigned_on: Some(day) }
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
        CaseCommand::AgreePlan { partner: partner(code), agreed_on, lines }
    })
}

fn name() -> impl Strategy<Value = &'static str> {
    select(&["anna", "anna", "bo", "bo", "asha@caritas"][..])
}

fn claim_command() -> impl Strategy<Value = Command> {
    let report = (0_u128..8, select(&["caritas", "caritas", "irara"][..]), date(), amount(), 0_u8..12);
    let report = report.prop_map(|(number, code, delivered_on, sum, line)| {
        let budget_line = if line == 0 { "amira2-iraq".to_owned() } else { SUPPORT.to_owned() };
        let reported = spend(number, "2024-04-01", "1.00");
        let partner = partner(code);
        Spend { partner, delivered_on, amount: sum.into(), budget_line, ..reported }.into()
    });
    let sums = select(&["0.004", "0.005", "12345.678", "1500000.000", "99999999999999.999"][..]);
    let abroad =
        (0_u128..8, date(), sums, prop::option::of(rate())).prop_map(|(number, delivered_on, sum, rate)| {
            let reported = spend(number, "2024-04-01", "1.00");
            let quote = rate.map(|rate| quote(rate, delivered_on));
            Spend { delivered_on, reported_on: delivered_on, amount: dinars(sum), quote, ..reported }.into()
        });
    // Some are of a later day than the claim, which must be refused.
    let convert = (0_u128..8, date(), rate()).prop_map(|(number, on, rate)| {
        ClaimCommand::Convert { claim: claim(number), quote: quote(rate, on) }.into()
    });
    let back_abroad = (0_u128..8, select(&["0.001", "100.000", "12345.678"][..]), late_date());
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
    let accept = (0_u128..8, any::<bool>(), name()).prop_map(|(number, by_name, name)| {
        ClaimCommand::Accept { claim: claim(number), by_name, by: actor(name) }.into()
    });
    let asked = (0_u128..8, any::<bool>(), name())
        .prop_map(|(number, ask, name)| by(name, if ask { query(number) } else { answer(number) }).into());
    let reverse = (0_u128..8, amount(), late_date()).prop_map(|(number, amount, reversed_on)| {
        let (reversal_key, details) = (KeyDigest([7; 32]), text(7));
        ClaimCommand::Reverse {
            claim: claim(number),
            amount: amount.into(),
            reversed_on,
            reversal_key,
            details,
        }
        .into()
    });
    prop_oneof![4 => report, 4 => abroad, 4 => convert, 1 => back_abroad, 8 => accept, 2 => asked, 1 => (0_u128..8).prop_map(|number| refuse(number).into()),
        2 => (0_u128..8).prop_map(|number| reopen(number).into()), 3 => reverse]
}

fn grant_command() -> impl Strategy<Value = Command> {
    let pay = (0_u128..5, date(), amount()).prop_map(|(number, paid_on, amount)| {
        let (payment_key, details) = (KeyDigest([number as u8; 32]), text(8));
        let (grant, method) = (grant(number), PaymentMethod::Card);
        GrantCommand::Pay { grant, paid_on, amount, method, payment_key, details }.into()
    });
    let back = (0_u128..5, amount(), late_date()).prop_map(|(number, amount, returned_on)| {
        GrantCommand::Return { grant: grant(number), amount, returned_on, details: text(9) }.into()
    });
    prop_oneof![5 => pay, 2 => (0_u128..5).prop_map(|number| allow(number).into()), 3 => back]
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
    let command =
        prop_oneof![3 => case_command().prop_map(Command::from), 6 => claim_command(), 3 => grant_command()];
    prop::collection::vec(command, 1..60)
}

/// What the claims and payments add up to, line by line, counted without looking at a single event.
fn counted(case: &Case) -> BTreeMap<String, (Eur, Eur, Eur)> {
    let mut lines: BTreeMap<String, (Eur, Eur, Eur)> = BTreeMap::new();
    let add = |sum: &mut Eur, amount: Eur| *sum = sum.checked_add(amount).unwrap();
    for claim in case.claims.values() {
        let (pending, disbursed, disallowed) = lines.entry(claim.budget_line.clone()).or_default();
        if claim.is_open() {
            add(pending, claim.eur.unwrap_or(Eur::ZERO));
        }
        add(disbursed, claim.eligible.checked_sub(claim.reversed).unwrap());
        add(disallowed, claim.disallowed);
    }
    for grant in case.grants.values() {
        let (_, disbursed, disallowed) = lines.entry(GRANT.to_owned()).or_default();
        match grant.state {
            GrantState::Refused => add(disallowed, grant.amount),
            GrantState::Paid | GrantState::Allowed | GrantState::Returned => {
                add(disbursed, grant.amount.checked_sub(grant.returned).unwrap());
            }
        }
    }
    lines
}

/// Lines that may stand over their cap: it was lowered below what was paid, or finance allowed a payment.
fn excuse(excused: &mut Vec<String>, before: &Balances, after: &Balances, event: &CaseEvent) {
    if let CaseEvent::ArrivalGrantAllowed(e) = event {
        excused.push(e.budget_line.clone());
    }
    for (name, line) in after.iter() {
        if line.cap < before.line(name).cap {
            excused.push(name.to_owned());
        }
    }
}

fn within_cap(line: &Line) -> bool {
    line.disbursed <= line.cap
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
                                let Command::Claim(ClaimCommand::Accept { by, .. }) = &command else { panic!() };
                                prop_assert!(!by.acts_for(&was.claims[&e.claim].partner));
                                if Some(claimed) >= rules().parameters().second_approval_from {
                                    prop_assert!(proposed_by.as_ref().is_some_and(|first| first != by));
                                }
                            }
                            CaseEvent::PlanAgreed(e) => {
                                for planned in &e.lines {
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
                    prop_assert!(now.revision == was.revision + events.len() as u64 && now.refused == was.refused);
                }
            }
            for (name, line) in now.balances.iter() {
                prop_assert!(!line.pending.is_negative() && !line.disbursed.is_negative());
                prop_assert!(!line.disallowed.is_negative());
                let left = now.plan.iter().filter(|(.., planned)| planned.budget_line == name);
                prop_assert_eq!(Eur::sum(left.map(|(.., planned)| planned.left)).unwrap(), line.committed);
                prop_assert!(within_cap(line) || excused.iter().any(|e| e == name), "{} is over its cap: {:?}", name, line);
            }
            for (name, (pending, disbursed, disallowed)) in counted(now) {
                let line = now.balances.line(&name);
                prop_assert_eq!((line.pending, line.disbursed, line.disallowed), (pending, disbursed, disallowed));
            }
            for claim in now.claims.values() {
                let decided = claim.eligible.checked_add(claim.disallowed).unwrap();
                prop_assert_eq!(decided, if claim.is_open() { Eur::ZERO } else { claim.eur.unwrap_or(Eur::ZERO) });
                prop_assert!(!claim.reversed.is_negative() && claim.reversed <= claim.eligible);
                prop_assert!(!claim.drawn.is_negative() && claim.drawn <= claim.eur.unwrap_or(Eur::ZERO));
                prop_assert_eq!(claim.proposed_by.is_some() && claim.is_open(), claim.state == ClaimState::Proposed);
                // Euros are those of the receipt, or of its rate; without a rate there are none, and nothing is decided.
                let worth = match (claim.amount.to_eur_exact(), claim.quote()) {
                    (Some(eur), _) => Some(eur),
                    (None, quote) => quote.map(|quote| claim.amount.convert(quote.rate).unwrap()),
                };
                prop_assert_eq!(claim.eur, worth);
                if claim.eur.is_none() {
                    let states = [ClaimState::WaitingForRate, ClaimState::Refused];
                    prop_assert!(states.contains(&claim.state) && decided.is_zero());
                }
                let all_back = !claim.eligible.is_zero() && claim.reversed == claim.eligible;
                prop_assert_eq!(claim.state == ClaimState::Reversed, all_back);
            }
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
