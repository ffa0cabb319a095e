//! Holds: what they stop, and from when to when.

use domain::hold::{HoldEvent, Scope, decide};
use domain::{HoldCommand, Holds, PartnerCode};
use jiff::Span;
use proptest::prelude::*;
use proptest::sample::select;
use rstest::rstest;
use rulebook::Country;

use crate::support::*;

fn place(scope: Scope, from: &str) -> HoldCommand {
    HoldCommand::Place { scope, from: day(from), reason: text(1) }
}

fn release(hold: u64, on: &str) -> HoldCommand {
    HoldCommand::Release { hold, released_on: day(on), reason: text(2) }
}

fn of_partner(code: &str) -> Scope {
    Scope::Partner(partner(code))
}

fn country(code: &str) -> Country {
    code.parse().unwrap()
}

fn done(holds: &mut Holds, command: HoldCommand) -> HoldEvent {
    let event = decide(holds, &command, &who("finance"), rules()).unwrap();
    holds.evolve(&event).unwrap();
    event
}

#[rstest]
#[case::held_again(&[place(of_partner("irara"), "2024-05-01")], place(of_partner("irara"), "2024-06-01"), "already-held")]
#[case::no_such_country(&[], place(Scope::Country(country("SE")), "2024-05-01"), "unknown-country")]
#[case::no_such_programme(&[], place(Scope::Programme("jrs2".into()), "2024-05-01"), "unknown-programme")]
#[case::no_such_hold(&[], release(1, "2024-05-01"), "unknown-hold")]
#[case::released_before_it_begins(&[place(of_partner("irara"), "2024-05-01")], release(1, "2024-04-30"), "release-before-hold")]
#[case::released_twice(
    &[place(of_partner("irara"), "2024-05-01"), release(1, "2024-06-01")],
    release(1, "2024-06-02"),
    "already-released"
)]
fn a_hold_out_of_its_time_is_refused(
    #[case] before: &[HoldCommand],
    #[case] command: HoldCommand,
    #[case] id: &str,
) {
    let mut holds = Holds::default();
    for command in before {
        done(&mut holds, command.clone());
    }
    assert_eq!(decide(&holds, &command, &who("finance"), rules()).unwrap_err().codes(), id);
}

/// The day of the release is the first on which payments flow again.
#[test]
fn a_hold_stops_from_its_first_day_to_the_day_before_its_release() {
    let mut holds = Holds::default();
    done(&mut holds, place(of_partner("irara"), "2024-05-01"));
    let stopped = |holds: &Holds, code: &str, on: &str| {
        holds.stopping(&partner(code), country("ET"), "jrs", day(on)).map(|(number, _)| number)
    };
    assert_eq!(stopped(&holds, "irara", "2024-04-30"), None);
    assert_eq!(stopped(&holds, "irara", "2024-05-01"), Some(1));
    assert_eq!(stopped(&holds, "irara", "2100-01-01"), Some(1));
    assert_eq!(stopped(&holds, "caritas", "2024-05-01"), None);
    done(&mut holds, release(1, "2024-06-01"));
    assert_eq!(stopped(&holds, "irara", "2024-05-31"), Some(1));
    assert_eq!(stopped(&holds, "irara", "2024-06-01"), None);
    // What was released can be held again, under a number of its own.
    let again = done(&mut holds, place(of_partner("irara"), "2024-07-01"));
    assert!(matches!(again, HoldEvent::PaymentsHeld(e) if e.hold == 2));
}

#[test]
fn each_kind_of_hold_stops_what_it_names_and_nothing_else() {
    for (scope, expected) in [
        (of_partner("irara"), [true, true, false]),
        (Scope::Country(country("ET")), [true, false, true]),
        (Scope::Programme("jrs".into()), [true, false, true]),
    ] {
        let stops = |code: &str, where_: &str, programme: &str| {
            scope.covers(&partner(code), country(where_), programme)
        };
        let found =
            [stops("irara", "ET", "jrs"), stops("irara", "GM", "amira2"), stops("caritas", "ET", "jrs")];
        assert_eq!(found, expected, "{scope}");
    }
}

fn scope() -> impl Strategy<Value = Scope> {
    prop_oneof![
        select(&["irara", "caritas"][..]).prop_map(of_partner),
        select(&["ET", "GM", "SE"][..]).prop_map(|code| Scope::Country(country(code))),
        select(&["jrs", "amira2", "nothing"][..]).prop_map(|id| Scope::Programme(id.to_owned())),
    ]
}

fn command() -> impl Strategy<Value = HoldCommand> {
    let on = || (0_i64..20).prop_map(|days| day("2024-05-01") + Span::new().days(days));
    prop_oneof![
        3 => (scope(), on()).prop_map(|(scope, from)| HoldCommand::Place { scope, from, reason: text(1) }),
        2 => (1_u64..6, on()).prop_map(|(hold, released_on)| {
            HoldCommand::Release { hold, released_on, reason: text(2) }
        }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// In any order of commands: a payment is stopped on a day exactly if some accepted command began a hold of its
    /// partner, country or programme by then, and none ended that hold by then. The fold takes what was decided.
    #[test]
    fn a_payment_is_stopped_exactly_while_a_hold_is_open(
        commands in prop::collection::vec(command(), 0..24),
        code in select(&["irara", "caritas"][..]),
        destination in select(&["ET", "GM"][..]),
        programme in select(&["jrs", "amira2"][..]),
        asked in 0_i64..22,
    ) {
        let asked = day("2024-04-30") + Span::new().days(asked);
        let (code, destination): (PartnerCode, Country) = (partner(code), country(destination));
        let mut holds = Holds::default();
        let mut accepted: Vec<HoldEvent> = Vec::new();
        for command in commands {
            let before = holds.clone();
            match decide(&holds, &command, &who("finance"), rules()) {
                Ok(event) => {
                    holds.evolve(&event).unwrap();
                    prop_assert_eq!(holds.revision, before.revision + 1);
                    accepted.push(event);
                }
                Err(refusal) => prop_assert!(!refusal.reasons.is_empty()),
            }
        }
        let released = |number: u64| accepted.iter().find_map(|event| match event {
            HoldEvent::PaymentsReleased(e) if e.hold == number => Some(e.released_on),
            _ => None,
        });
        let expected = accepted.iter().any(|event| match event {
            HoldEvent::PaymentsHeld(e) => {
                let named = match &e.scope {
                    Scope::Partner(held) => *held == code,
                    Scope::Country(held) => *held == destination,
                    Scope::Programme(held) => held == programme,
                };
                named && e.from <= asked && released(e.hold).is_none_or(|day| asked < day)
            }
            _ => false,
        });
        prop_assert_eq!(holds.stopping(&code, destination, programme, asked).is_some(), expected);
        // Never two open holds of the same thing.
        for (number, hold) in holds.iter().filter(|(_, hold)| hold.released_on.is_none()) {
            let twins = holds.iter().filter(|(_, twin)| twin.released_on.is_none() && twin.scope == hold.scope);
            prop_assert_eq!(twins.map(|(number, _)| number).collect::<Vec<_>>(), vec![number]);
        }
    }
}

/// Nobody who acts for a partner stops or frees payments: of that partner, of another, or of a country.
#[test]
fn a_partner_lifts_no_hold() {
    let mut holds = Holds::default();
    let place = HoldCommand::Place {
        scope: Scope::Partner(partner("caritas")),
        from: day("2024-01-01"),
        reason: text(1),
    };
    let own = who("asha@caritas");
    assert_eq!(decide(&holds, &place, &own, rules()).unwrap_err().codes(), "acts-for-partner");
    holds.evolve(&decide(&holds, &place, &who("anna"), rules()).unwrap()).unwrap();
    let release = HoldCommand::Release { hold: 1, released_on: day("2024-02-01"), reason: text(1) };
    assert_eq!(decide(&holds, &release, &own, rules()).unwrap_err().codes(), "acts-for-partner");
    assert_eq!(decide(&holds, &release, &who("omar@ettc"), rules()).unwrap_err().codes(), "acts-for-partner");
    assert!(
        decide(&holds, &release, &who("omar@agency"), rules()).is_ok(),
        "no partner of this name is known"
    );
    let country =
        HoldCommand::Place { scope: Scope::Country(country("SO")), from: day("2024-01-01"), reason: text(1) };
    assert_eq!(decide(&holds, &country, &own, rules()).unwrap_err().codes(), "acts-for-partner");
}
