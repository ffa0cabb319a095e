//! What takes two people at the bank: to accept what is large, to let a statement be missing, and to match what has nothing
//! in common; and what a log says in which one person did it.

use std::collections::{BTreeMap, BTreeSet};

use domain::bank::{BankEvent, LineReference, ReferenceKind, StatementImported};
use domain::duties::Breach;
use domain::exception::{
    ExceptionCommand, ExceptionId, ExceptionKind, Facts, MissingStatement, Resolution, Subject, derive,
};
use domain::ids::FileDigest;
use domain::matching::{OpenItem, OpenLine, have_in_common};
use domain::reconciliation::{
    MatchedItem, MatchedLine, Named, NewMatch, ReconciliationEvent, Settled, decide,
};
use domain::{Event, KeyDigest, LineId, PaymentId, Reconciliation, ReconciliationCommand, Refusal};
use money::{Amount, Eur, Locale};
use proptest::prelude::*;
use rstest::rstest;
use uuid::Uuid;

use crate::duties::{Log, found};
use crate::support::*;

fn cents(cents: i64) -> Amount {
    Eur::from_cents(cents).into()
}

fn line_id(id: u128) -> LineId {
    LineId(Uuid::from_u128(id))
}

fn key(number: u8) -> KeyDigest {
    KeyDigest([number; 32])
}

fn overdrawn() -> ExceptionId {
    let case = domain::CaseId(Uuid::from_u128(1));
    let about = Subject::BudgetLine { case, budget_line: "reintegration".into() };
    ExceptionId { kind: ExceptionKind::Overdrawn, about }
}

fn missing() -> ExceptionId {
    let about = Subject::Statement { account: "payments".parse().unwrap(), statement: key(7) };
    ExceptionId { kind: ExceptionKind::StatementGap, about }
}

fn accept(exception: ExceptionId, amount: Amount, let_be_by: Option<&str>) -> ReconciliationCommand {
    ReconciliationCommand::Exception(ExceptionCommand::Accept {
        exception,
        amount,
        alone_max: eur("50.00"),
        let_be_by: let_be_by.map(actor),
        reason: text(1),
    })
}

fn decline(exception: ExceptionId) -> ReconciliationCommand {
    ReconciliationCommand::Exception(ExceptionCommand::Decline { exception, reason: text(2) })
}

/// A match by hand of one line with one payment, which have nothing in common if `apart`.
fn by_hand(line: u128, item: u128, amount: i64, apart: bool) -> ReconciliationCommand {
    let of = Settled::PaidOutside { partner: partner("caritas"), payment: PaymentId(Uuid::from_u128(item)) };
    ReconciliationCommand::Match(NewMatch {
        rule: "by-hand".into(),
        rules: "1".into(),
        why: String::new(),
        lines: vec![Named {
            name: format!("line {line}"),
            it: MatchedLine { line: line_id(line), amount: cents(amount) },
        }],
        worth: BTreeMap::new(),
        items: vec![Named { name: format!("payment {item}"), it: MatchedItem { of, amount: cents(amount) } }],
        tolerance: None,
        apart_max: apart.then(|| eur("50.00")),
    })
}

fn decline_match(line: u128) -> ReconciliationCommand {
    ReconciliationCommand::Decline { lines: BTreeSet::from([line_id(line)]), reason: text(3) }
}

/// Matches and exceptions, with the log of what was done to them.
#[derive(Default)]
struct Desk {
    state: Reconciliation,
    log: Log,
}

impl Desk {
    fn give(&mut self, by: &str, command: &ReconciliationCommand) -> Result<&'static str, Refusal> {
        let event = decide(&self.state, command, &who(by))?;
        self.state.evolve(&event, 1_717_416_000_000_000).unwrap();
        let name = event.event_type();
        self.log.push((domain::reconciliation::stream(), by.to_owned(), Event::Reconciliation(event)));
        Ok(name)
    }

    fn refused(&mut self, by: &str, command: &ReconciliationCommand) -> String {
        self.give(by, command).unwrap_err().codes()
    }
}

#[test]
fn above_the_limit_two_people_accept_as_they_write_off() {
    let mut desk = Desk::default();
    let large = accept(overdrawn(), cents(5_001), None);
    assert_eq!(desk.give("anna", &large).unwrap(), "AcceptanceProposed");
    assert!(!desk.state.handling().get(&overdrawn()).unwrap().is_resolved(cents(5_001)));
    let said = desk.give("anna", &large).unwrap_err();
    assert_eq!(said.codes(), "second-person-needed");
    assert!(said.to_string().contains("anna proposed to accept it"), "{said}");
    // Of another amount nothing is proposed.
    assert_eq!(desk.give("berit", &accept(overdrawn(), cents(9_000), None)).unwrap(), "AcceptanceProposed");
    assert_eq!(desk.give("anna", &large).unwrap(), "AcceptanceProposed");
    assert_eq!(desk.give("berit", &large).unwrap(), "ExceptionResolved");
    assert!(desk.state.handling().get(&overdrawn()).unwrap().is_resolved(cents(5_001)));
    let Some((.., Event::Reconciliation(ReconciliationEvent::ExceptionResolved(done)))) = desk.log.last()
    else {
        panic!("another event")
    };
    assert_eq!((done.alone_max, &done.how), (Some(eur("50.00")), &Resolution::Accepted));
    assert_eq!(found(desk.log), []);
}

#[rstest]
#[case::withdrawn("anna")]
#[case::refused("berit")]
fn nothing_comes_of_an_acceptance_that_is_declined(#[case] by: &str) {
    let mut desk = Desk::default();
    let large = accept(overdrawn(), cents(5_001), None);
    assert_eq!(desk.refused(by, &decline(overdrawn())), "nothing-proposed");
    desk.give("anna", &large).unwrap();
    assert_eq!(desk.give(by, &decline(overdrawn())).unwrap(), "AcceptanceDeclined");
    assert_eq!(desk.give("berit", &large).unwrap(), "AcceptanceProposed");
    assert_eq!(desk.give("anna", &large).unwrap(), "ExceptionResolved");
    assert_eq!(found(desk.log), []);
}

/// Whoever agrees does what was proposed, and nothing else of the same line.
#[test]
fn to_accept_and_to_write_off_are_two_proposals() {
    let mut desk = Desk::default();
    let no_match = ExceptionId { kind: ExceptionKind::NoMatch, about: Subject::Line { line: line_id(17) } };
    let write_off = ReconciliationCommand::Exception(ExceptionCommand::WriteOff {
        exception: no_match.clone(),
        amount: cents(-6_000),
        account: "bank-fees".parse().unwrap(),
        alone_max: eur("50.00"),
        reason: text(1),
    });
    desk.give("anna", &write_off).unwrap();
    let said = desk.give("berit", &accept(no_match.clone(), cents(-6_000), None)).unwrap_err();
    assert_eq!(
        said.to_string(),
        "proposed-otherwise: anna proposed to write it off as bank-fees, not to accept it; `svala exception decline` refuses that"
    );
    desk.give("berit", &decline(no_match.clone())).unwrap();
    desk.give("berit", &accept(no_match, cents(-6_000), None)).unwrap();
    assert_eq!(desk.refused("anna", &write_off), "proposed-otherwise");
}

#[test]
fn at_the_limit_one_person_accepts_and_in_another_currency_never() {
    let mut desk = Desk::default();
    assert_eq!(desk.give("anna", &accept(overdrawn(), cents(5_000), None)).unwrap(), "ExceptionResolved");
    let dollar = Amount::parse("-1.00", "USD".parse().unwrap(), Locale::Strict).unwrap();
    let no_match = ExceptionId { kind: ExceptionKind::NoMatch, about: Subject::Line { line: line_id(18) } };
    assert_eq!(desk.give("anna", &accept(no_match, dollar, None)).unwrap(), "AcceptanceProposed");
    assert_eq!(found(desk.log), []);
}

/// A statement that was taken in although one before it is missing, by anna.
fn taken_in() -> (event_log::StreamId, String, Event) {
    let event = StatementImported {
        statement: key(7),
        sequence: Some(20),
        from: None,
        to: Some(day("2024-06-06")),
        opening: cents(74_000),
        closing: cents(74_300),
        lines: 1,
        not_stated: Vec::new(),
        file: FileDigest([1; 32]),
        gap_accepted: Some(text(4)),
        details: text(5),
    };
    let account: domain::BankAccountCode = "payments".parse().unwrap();
    (account.stream(), "anna".to_owned(), Event::Bank(BankEvent::from(event)))
}

/// However little it comes to: what came in may hide what went out.
#[rstest]
#[case::nothing(0)]
#[case::little(-700)]
#[case::much(-700_000)]
fn another_person_than_who_let_it_be_accepts_that_a_statement_is_missing(#[case] amount: i64) {
    let mut desk = Desk { log: vec![taken_in()], ..Desk::default() };
    let given = accept(missing(), cents(amount), Some("anna"));
    let said = desk.give("anna", &given).unwrap_err();
    assert_eq!(said.codes(), "second-person-needed");
    assert!(said.to_string().contains("when the next statement was taken in"), "{said}");
    assert_eq!(desk.give("berit", &given).unwrap(), "ExceptionResolved");
    assert_eq!(found(desk.log), []);
    // Where nobody let it be, one proposes it.
    let mut desk = Desk::default();
    let given = accept(missing(), cents(amount), None);
    assert_eq!(desk.give("anna", &given).unwrap(), "AcceptanceProposed");
    assert_eq!(desk.give("berit", &given).unwrap(), "ExceptionResolved");
    assert_eq!(found(desk.log), []);
}

#[test]
fn days_without_a_statement_are_an_exception_from_their_first_on() {
    let missing = MissingStatement {
        account: "payments".parse().unwrap(),
        until: day("2024-05-31"),
        from: day("2024-07-01"),
        next: key(7),
        amount: cents(-50_000),
        let_be_by: Some(actor("anna")),
    };
    let out = derive(&Facts { missing: vec![missing.clone()], ..Facts::default() });
    let told: Vec<_> = out.iter().map(|e| (e.id.clone(), e.since, e.direction().code())).collect();
    assert_eq!(told, [(self::missing(), day("2024-06-01"), "out")]);
    assert_eq!(
        out[0].why,
        "between the statement until 2024-05-31 and that from 2024-07-01 one is missing, over -500.00 EUR; anna took the next one in"
    );
    // Of one day there may be two.
    let same_day = MissingStatement { from: day("2024-05-31"), ..missing };
    assert_eq!(derive(&Facts { missing: vec![same_day], ..Facts::default() })[0].since, day("2024-05-31"));
}

#[test]
fn what_is_large_and_has_nothing_in_common_is_matched_by_two() {
    let mut desk = Desk::default();
    assert_eq!(desk.give("anna", &by_hand(1, 4, -5_000, true)).unwrap(), "PaymentMatched");
    let large = by_hand(17, 5, -5_001, true);
    assert_eq!(desk.give("anna", &large).unwrap(), "MatchProposed");
    assert!(desk.state.of_line(line_id(17)).is_none(), "nothing is matched yet");
    assert_eq!(desk.refused("anna", &large), "second-person-needed");
    assert_eq!(desk.refused("berit", &by_hand(17, 6, -5_001, true)), "proposed-otherwise");
    assert_eq!(desk.refused("berit", &decline_match(18)), "nothing-proposed");
    for by in ["anna", "berit"] {
        assert_eq!(desk.give(by, &decline_match(17)).unwrap(), "MatchDeclined");
        assert_eq!(desk.give("anna", &large).unwrap(), "MatchProposed");
    }
    assert_eq!(desk.give("berit", &large).unwrap(), "PaymentMatched");
    assert!(desk.state.proposed().is_empty());
    // What has something in common takes one, and a proposal about it is over.
    desk.give("anna", &by_hand(19, 7, -9_000, true)).unwrap();
    assert_eq!(desk.give("anna", &by_hand(19, 8, -9_000, false)).unwrap(), "PaymentMatched");
    assert!(desk.state.proposed().is_empty());
    assert_eq!(found(desk.log), []);
}

#[test]
fn a_line_that_is_written_off_is_proposed_to_be_matched_no_more() {
    let mut desk = Desk::default();
    desk.give("anna", &by_hand(17, 5, -5_001, true)).unwrap();
    let write_off = ReconciliationCommand::Exception(ExceptionCommand::WriteOff {
        exception: ExceptionId { kind: ExceptionKind::NoMatch, about: Subject::Line { line: line_id(17) } },
        amount: cents(-5_001),
        account: "bank-fees".parse().unwrap(),
        alone_max: eur("60.00"),
        reason: text(1),
    });
    desk.give("berit", &write_off).unwrap();
    assert!(desk.state.proposed().is_empty());
}

/// What a log says in which one person did both halves, or nobody the first.
#[rstest]
#[case::accepting(vec![], accept(overdrawn(), cents(5_001), None))]
#[case::a_missing_statement(vec![taken_in()], accept(missing(), cents(-7), Some("anna")))]
#[case::matching(vec![], by_hand(17, 5, -5_001, true))]
fn whoever_did_alone_what_takes_two_is_found(#[case] log: Log, #[case] command: ReconciliationCommand) {
    let mut desk = Desk { log, ..Desk::default() };
    if desk.log.is_empty() {
        desk.give("anna", &command).unwrap();
    }
    desk.give("berit", &command).unwrap();
    assert_eq!(found(desk.log.clone()), []);
    let mut by_one = desk.log.clone();
    by_one.iter_mut().for_each(|(_, by, _)| *by = "anna".to_owned());
    assert_eq!(found(by_one), [Breach::SamePerson, Breach::AnotherName]);
    let last: Log = desk.log.into_iter().skip(1).collect();
    assert_eq!(found(last.clone()), [Breach::NoSecondPerson]);
    // So it was for one before a limit was kept.
    let mut before = last;
    for (.., event) in &mut before {
        match event {
            Event::Reconciliation(ReconciliationEvent::ExceptionResolved(e)) => e.alone_max = None,
            Event::Reconciliation(ReconciliationEvent::PaymentMatched(e)) => e.alone_max = None,
            _ => panic!("another event"),
        }
    }
    assert_eq!(found(before), []);
}

/// Two who want different amounts have not agreed.
#[test]
fn whoever_agrees_to_another_amount_is_found() {
    let mut desk = Desk::default();
    desk.give("anna", &accept(overdrawn(), cents(5_001), None)).unwrap();
    desk.give("berit", &accept(overdrawn(), cents(5_001), None)).unwrap();
    for (.., event) in &mut desk.log {
        if let Event::Reconciliation(ReconciliationEvent::ExceptionResolved(e)) = event {
            e.amount = cents(9_000);
        }
    }
    assert_eq!(found(desk.log), [Breach::NoSecondPerson]);
}

fn line(amount: i64, reference: Option<u8>, counterpart: Option<u8>) -> OpenLine {
    let reference =
        reference.map(|number| LineReference { kind: ReferenceKind::EndToEnd, digest: key(number) });
    OpenLine {
        line: line_id(u128::from(amount.unsigned_abs())),
        amount: cents(amount),
        worth: None,
        booked_on: day("2024-06-03"),
        references: reference.into_iter().collect(),
        counterpart: counterpart.map(key),
        account: None,
    }
}

fn item(amount: i64, reference: Option<u8>, counterpart: Option<u8>) -> OpenItem {
    OpenItem {
        item: Uuid::from_u128(u128::from(amount.unsigned_abs())),
        amount: cents(amount),
        day: day("2024-06-03"),
        references: reference.map(key).into_iter().collect(),
        counterpart: counterpart.map(key),
    }
}

#[rstest]
#[case::nothing(vec![line(-7_000, None, None)], vec![item(-7_010, None, None)], false)]
#[case::the_amount(vec![line(-7_000, None, None)], vec![item(-7_000, None, None)], true)]
#[case::a_reference(vec![line(-7_000, Some(1), None)], vec![item(-7_010, Some(1), None)], true)]
#[case::another_reference(vec![line(-7_000, Some(1), None)], vec![item(-7_010, Some(2), None)], false)]
#[case::the_account(vec![line(-7_000, None, Some(1))], vec![item(-7_010, None, Some(1))], true)]
#[case::another_account(vec![line(-7_000, Some(1), Some(1))], vec![item(-7_000, Some(1), Some(2))], false)]
#[case::an_account_that_one_does_not_know(vec![line(-7_000, Some(1), Some(1))], vec![item(-7_010, Some(1), None)], true)]
#[case::one_of_two_items(vec![line(-7_000, Some(1), None)], vec![item(-6_000, Some(1), None), item(-1_000, None, None)], false)]
#[case::both_items(vec![line(-7_000, Some(1), None)], vec![item(-6_000, Some(1), None), item(-1_000, Some(1), None)], true)]
#[case::one_of_two_lines(vec![line(-6_000, Some(1), None), line(-1_000, None, None)], vec![item(-7_000, Some(1), None)], false)]
fn what_lines_and_items_have_in_common(
    #[case] lines: Vec<OpenLine>,
    #[case] items: Vec<OpenItem>,
    #[case] wanted: bool,
) {
    let (lines, items): (Vec<_>, Vec<_>) = (lines.iter().collect(), items.iter().collect());
    assert_eq!(have_in_common(&lines, &items), wanted);
}

/// What a person does at the desk.
#[derive(Debug, Clone)]
enum Act {
    Accept(bool, i64),
    Match(u128, u128, i64, bool),
    Decline(bool, u128),
    Undo(u64),
}

fn act() -> impl Strategy<Value = Act> {
    let amount = prop_oneof![Just(-4_000_i64), Just(-5_001), Just(-80_000)];
    prop_oneof![
        3 => (any::<bool>(), amount.clone()).prop_map(|(gap, amount)| Act::Accept(gap, amount)),
        4 => (1_u128..4, 1_u128..4, amount, any::<bool>()).prop_map(|(l, i, amount, apart)| Act::Match(l, i, amount, apart)),
        1 => (any::<bool>(), 1_u128..4).prop_map(|(gap, line)| Act::Decline(gap, line)),
        1 => (1_u64..5).prop_map(Act::Undo),
    ]
}

proptest! {
    /// Whatever people do in whatever order: what is decided is never found as done by one, and nothing large that has
    /// nothing in common is in force that two have not agreed to.
    #[test]
    fn what_was_decided_is_never_a_breach(acts in proptest::collection::vec((0_usize..3, act()), 0..40)) {
        let mut desk = Desk { log: vec![taken_in()], ..Desk::default() };
        let reopen = |exception: ExceptionId| {
            ReconciliationCommand::Exception(ExceptionCommand::Reopen { exception, reason: text(6) })
        };
        for (person, act) in acts {
            let by = ["anna", "berit", "clara"][person];
            let command = match act {
                Act::Accept(true, amount) => accept(missing(), cents(amount), Some("anna")),
                Act::Accept(false, amount) => accept(overdrawn(), cents(amount), None),
                Act::Match(line, item, amount, apart) => by_hand(line, item, amount, apart),
                Act::Decline(true, _) => decline(overdrawn()),
                Act::Decline(false, line) => decline_match(line),
                Act::Undo(4) => reopen(overdrawn()),
                Act::Undo(number) => ReconciliationCommand::Undo { number, reason: text(6) },
            };
            drop(desk.give(by, &command));
        }
        for known in desk.state.iter() {
            let matched = &known.matched;
            let large = matched.lines.iter().any(|of| of.amount.value() < cents(-5_000).value());
            if matched.alone_max.is_some() && large {
                let first = desk.log.iter().any(|(_, by, event)| matches!(event, Event::Reconciliation(ReconciliationEvent::MatchProposed(e)) if e.is_of(&matched.lines, &matched.items) && *by != matched.by.to_string()));
                prop_assert!(first, "{matched:?}");
            }
        }
        prop_assert_eq!(found(desk.log), []);
    }
}
