//! Exceptions: what does not fit is found from what is there, and whoever answers for it is known.

use std::collections::BTreeMap;

use domain::exception::{
    Age, Clue, Direction, Exception, ExceptionCommand, ExceptionId, ExceptionKind, Facts, Known, Nameable,
    NotStated, Payment, RefusedGrant, SeenLine, Subject, Unsettled, derive,
};
use domain::grant::GrantReason;
use domain::matching::Tolerance;
use domain::reconciliation::{
    MatchedItem, MatchedLine, Named, NewMatch, ReconciliationEvent, Settled, decide,
};
use domain::{CaseId, GrantId, KeyDigest, LineId, PaymentId, Reconciliation, ReconciliationCommand, Refusal};
use money::{Amount, Eur};
use rstest::rstest;
use uuid::Uuid;

use crate::support::*;

fn cents(cents: i64) -> Amount {
    Eur::from_cents(cents).into()
}

fn key(number: u8) -> KeyDigest {
    KeyDigest([number; 32])
}

fn line_id(id: u128) -> LineId {
    LineId(Uuid::from_u128(id))
}

/// A line of -5.00 with reference 1.
fn seen() -> SeenLine {
    SeenLine {
        line: line_id(17),
        amount: cents(-500),
        booked_on: day("2024-06-03"),
        references: vec![key(1)],
        returned: false,
        tied: None,
        named: false,
        taken_back: false,
        taken_apart: false,
        told_after: false,
        suggested: None,
        near: false,
        elsewhere: false,
    }
}

fn known(known: Known, amount: i64) -> Nameable {
    let (references, name) = (vec![key(1), key(2)], "payment 12 to caritas".into());
    Nameable { references, known, amount: cents(amount), number: 12, name }
}

fn kinds(facts: &Facts) -> Vec<String> {
    derive(facts).iter().map(|found| found.id.kind.to_string()).collect()
}

/// A line that was notified and not stated is an exception until a statement has it; its money is not there to be written off.
#[test]
fn what_was_notified_and_not_stated_is_accepted_and_not_written_off() {
    let of = |matched| NotStated {
        line: line_id(17),
        amount: cents(-60_000),
        booked_on: day("2024-06-03"),
        matched,
    };
    let found = derive(&Facts { not_stated: vec![of(Some(4))], ..Facts::default() }).remove(0);
    assert_eq!(found.id.kind, ExceptionKind::NotifiedNotStated);
    assert_eq!((found.amount, found.direction()), (cents(-60_000), Direction::Out));
    assert!(found.why.ends_with("does not have it; match 4 holds it"), "{}", found.why);
    let (exception, amount, alone_max) = (found.id, found.amount, eur("50.00"));
    let account = "bank-fees".parse().unwrap();
    let wrong = ExceptionCommand::WriteOff {
        exception: exception.clone(),
        amount,
        account,
        alone_max,
        reason: text(1),
    };
    let mut state = Reconciliation::default();
    assert_eq!(codes(give(&mut state, "anna", wrong)), "not-stated");
    let accept = || ExceptionCommand::Accept {
        exception: exception.clone(),
        amount,
        alone_max,
        let_be_by: None,
        reason: text(1),
    };
    give(&mut state, "anna", accept()).unwrap();
    assert_eq!(
        codes(give(&mut state, "anna", accept())),
        "second-person-needed",
        "above the limit it takes two"
    );
    give(&mut state, "berit", accept()).unwrap();
}

#[rstest]
#[case::nothing_known(seen(), vec![], "no-match")]
#[case::another_amount(seen(), vec![known(Known::Open, -400)], "amount")]
#[case::other_direction(seen(), vec![known(Known::Open, 500)], "no-match")]
#[case::settled_already(seen(), vec![known(Known::Settled, -500)], "paid-twice")]
#[case::a_charge_of_what_is_settled(SeenLine { amount: cents(-35), ..seen() }, vec![known(Known::Settled, -500)], "amount")]
#[case::to_another_account(SeenLine { elsewhere: true, ..seen() }, vec![known(Known::Open, -500)], "paid-without-decision")]
#[case::to_another_account_beside_one_that_did_not(
    SeenLine { elsewhere: true, tied: Some(1), ..seen() }, vec![known(Known::Open, -500)], "paid-without-decision"
)]
#[case::taken_apart(SeenLine { taken_apart: true, ..seen() }, vec![known(Known::Open, -500)], "ambiguous")]
#[case::an_instalment_taken_apart(SeenLine { taken_apart: true, ..seen() }, vec![known(Known::Open, -900)], "ambiguous")]
#[case::taken_apart_and_in_doubt(SeenLine { taken_apart: true, tied: Some(2), ..seen() }, vec![known(Known::Open, -500)], "ambiguous")]
#[case::recorded_after_it(SeenLine { told_after: true, ..seen() }, vec![known(Known::Open, -500)], "ambiguous")]
#[case::in_no_file(seen(), vec![known(Known::NotMade, -500)], "paid-without-decision")]
#[case::another_line_wants_it(SeenLine { tied: Some(1), ..seen() }, vec![known(Known::Open, -500)], "paid-twice")]
#[case::two_would_fit(SeenLine { tied: Some(2), ..seen() }, vec![known(Known::Open, -500)], "ambiguous")]
#[case::taken_back(seen(), vec![known(Known::TakenBack, -500)], "paid-without-decision")]
#[case::paid_anew(seen(), vec![known(Known::PaidAnew, -500)], "paid-twice")]
#[case::two_lines_by_amount(SeenLine { tied: Some(1), references: vec![], ..seen() }, vec![], "ambiguous")]
#[case::another_day(SeenLine { suggested: Some(day("2024-06-20")), ..seen() }, vec![], "date")]
#[case::taken_back_by_a_line(SeenLine { taken_back: true, ..seen() }, vec![], "no-match")]
#[case::recalled_and_taken_back_by_a_line(SeenLine { taken_back: true, ..seen() }, vec![known(Known::TakenBack, -500)], "no-match")]
#[case::recorded_once(seen(), vec![known(Known::Unrecorded, -500)], "paid-without-decision")]
#[case::recorded_anew(seen(), vec![known(Known::Unrecorded, -500), known(Known::Open, -400)], "amount")]
#[case::recalled_and_recorded(seen(), vec![known(Known::TakenBack, -500), known(Known::Open, -400)], "amount")]
#[case::nothing_but_amount_and_day(SeenLine { suggested: Some(day("2024-06-02")), near: true, ..seen() }, vec![], "ambiguous")]
#[case::another_reference(SeenLine { suggested: Some(day("2024-06-03")), named: true, ..seen() }, vec![], "no-match")]
#[case::came_in(SeenLine { amount: cents(500), ..seen() }, vec![], "no-match")]
#[case::came_back(SeenLine { amount: cents(500), returned: true, ..seen() }, vec![], "returned")]
#[case::came_back_by_reference(SeenLine { amount: cents(500), ..seen() }, vec![known(Known::Settled, -500)], "returned")]
#[case::in_doubt_what_came_back(SeenLine { amount: cents(500), tied: Some(2), ..seen() }, vec![], "ambiguous")]
fn an_open_line_is_an_exception_of_one_kind(
    #[case] line: SeenLine,
    #[case] known: Vec<Nameable>,
    #[case] wanted: &str,
) {
    let facts = Facts { lines: vec![line.clone()], known, ..Facts::default() };
    let found = derive(&facts);
    assert_eq!(kinds(&facts), [wanted]);
    assert_eq!((found[0].amount, found[0].since), (line.amount, line.booked_on));
    let way = if line.amount.is_negative() { Direction::Out } else { Direction::In };
    assert_eq!(found[0].direction(), way);
}

/// What is to be done about a line depends on what became of the payment that it names.
#[rstest]
#[case::nothing_known(seen(), vec![], None)]
#[case::in_no_file(seen(), vec![known(Known::NotMade, -500)], Some(Clue::NotMade))]
#[case::recalled(seen(), vec![known(Known::TakenBack, -500)], Some(Clue::Recalled))]
#[case::recorded_by_mistake(seen(), vec![known(Known::Unrecorded, -500)], Some(Clue::Unrecorded))]
#[case::both_lines_are_there(SeenLine { taken_back: true, ..seen() }, vec![known(Known::TakenBack, -500)], Some(Clue::TakenBackByLine))]
#[case::the_other_of_them(
    SeenLine { amount: cents(500), taken_back: true, ..seen() }, vec![known(Known::TakenBack, -500)], Some(Clue::TakenBackByLine)
)]
#[case::came_in_for_what_was_recalled(SeenLine { amount: cents(500), ..seen() }, vec![known(Known::TakenBack, -500)], Some(Clue::Recalled))]
#[case::came_back_of_what_was_made(SeenLine { amount: cents(500), ..seen() }, vec![known(Known::Settled, -500)], None)]
#[case::made_anew_since(
    SeenLine { amount: cents(500), ..seen() }, vec![known(Known::Unrecorded, -500), known(Known::Settled, -500)], None
)]
#[case::all_but_a_charge_of_what_was_made(SeenLine { amount: cents(475), ..seen() }, vec![known(Known::Settled, -500)], None)]
#[case::less_than_what_was_made(SeenLine { amount: cents(474), ..seen() }, vec![known(Known::Settled, -500)], Some(Clue::BackInPart))]
#[case::less_of_what_no_line_shows(SeenLine { amount: cents(300), ..seen() }, vec![known(Known::Open, -500)], None)]
#[case::more_than_what_was_made(SeenLine { amount: cents(900), ..seen() }, vec![known(Known::Settled, -500)], None)]
fn what_became_of_the_payment_that_a_line_names_is_told(
    #[case] line: SeenLine,
    #[case] known: Vec<Nameable>,
    #[case] wanted: Option<Clue>,
) {
    let facts = Facts { lines: vec![line], known, may_be_off: eur("0.25"), ..Facts::default() };
    assert_eq!(derive(&facts)[0].clue, wanted);
}

/// Of a batch, whose reference each of its payments has, that is told which has the amount of the line, and else the first by
/// number: the kind is part of what an exception is called, and somebody may answer for it by that name.
#[rstest]
#[case::settled_of_that_amount(-500, Known::Settled, "paid-twice", "payment 14 to caritas")]
#[case::settled_of_other_amounts(-600, Known::Settled, "paid-twice", "payment 12 to caritas")]
#[case::open(-600, Known::Open, "amount", "payment 12 to caritas, which is over -3.00 EUR")]
#[case::came_in(500, Known::Settled, "returned", "payment 14 to caritas")]
#[case::came_in_of_no_amount(600, Known::Open, "returned", "payment 12 to caritas")]
fn what_is_said_of_a_line_that_names_a_batch_does_not_depend_on_any_order(
    #[case] amount: i64,
    #[case] state: Known,
    #[case] wanted: &str,
    #[case] told: &str,
) {
    let of = |number: u64, cents: i64| {
        let name = format!("payment {number} to caritas");
        Nameable { number, name, ..known(state, cents) }
    };
    let batch = [of(12, -300), of(13, -900), of(14, -500), of(15, -500)];
    for references in [[key(1), key(2)], [key(2), key(1)]] {
        let line = SeenLine { amount: cents(amount), references: references.to_vec(), ..seen() };
        for known in orders(&batch) {
            let found = derive(&Facts { lines: vec![line.clone()], known, ..Facts::default() });
            assert_eq!(found[0].id.kind.to_string(), wanted);
            assert!(found[0].why.contains(told), "{}", found[0].why);
        }
    }
}

/// All orders of some things.
fn orders<T: Clone>(things: &[T]) -> Vec<Vec<T>> {
    if things.is_empty() {
        return vec![Vec::new()];
    }
    let with = |at: usize| {
        let mut others = things.to_vec();
        let first = others.remove(at);
        orders(&others).into_iter().map(move |rest| std::iter::once(first.clone()).chain(rest).collect())
    };
    (0..things.len()).flat_map(with).collect()
}

#[test]
fn what_no_line_shows_is_an_exception_once_the_bank_has_told_of_later_days() {
    let about = Subject::Payment { partner: partner("caritas"), payment: PaymentId(Uuid::from_u128(1)) };
    let facts = |until: Option<&str>| Facts {
        unsettled: vec![Unsettled {
            about: about.clone(),
            amount: cents(-500),
            paid_on: day("2024-06-03"),
            told_until: until.map(day),
        }],
        ..Facts::default()
    };
    assert!(kinds(&facts(None)).is_empty(), "where no bank tells anything, nothing is missing");
    assert!(kinds(&facts(Some("2024-06-07"))).is_empty());
    assert_eq!(kinds(&facts(Some("2024-06-08"))), ["no-match"]);
}

#[test]
fn payments_grants_and_balances_are_exceptions_by_what_is_wrong_with_them() {
    let (case, grant) = (CaseId(Uuid::from_u128(1)), |id| GrantId(Uuid::from_u128(id)));
    let refused = |id, reason| RefusedGrant {
        case,
        grant: grant(id),
        amount: eur("615.00"),
        paid_on: day("2024-06-01"),
        reason,
    };
    let paid = |id, came_back_on: Option<&str>, held_by| Payment {
        partner: partner("caritas"),
        payment: PaymentId(Uuid::from_u128(id)),
        total: eur("5.00"),
        day: day("2024-06-02"),
        came_back_on: came_back_on.map(day),
        held_by,
    };
    let facts = Facts {
        grants: vec![
            refused(1, GrantReason::NoEntitlement),
            refused(2, GrantReason::NotArrived),
            refused(3, GrantReason::BeforeArrival),
            refused(4, GrantReason::AfterGrantDays),
            refused(5, GrantReason::OverCap),
        ],
        payments: vec![paid(6, Some("2024-06-05"), None), paid(7, None, Some(1)), paid(8, None, None)],
        beyond_due: vec![(partner("irara"), eur("1.00"), day("2024-06-03"))],
        overdrawn: vec![(case, "reintegration".into(), eur("500.00"), day("2024-06-04"))],
        ..Facts::default()
    };
    let told: Vec<String> = derive(&facts).iter().map(|e| format!("{} {}", e.since, e.id.kind)).collect();
    assert_eq!(
        told,
        [
            "2024-06-01 over-cap",
            "2024-06-01 paid-without-decision",
            "2024-06-01 paid-without-decision",
            "2024-06-01 grant-outside-its-days",
            "2024-06-01 grant-outside-its-days",
            "2024-06-02 paid-while-held",
            "2024-06-03 paid-without-decision",
            "2024-06-04 overdrawn",
            "2024-06-05 returned",
        ]
    );
}

#[rstest]
#[case("2024-06-03", "0-30")]
#[case("2024-06-10", "0-30")]
#[case("2024-05-04", "0-30")]
#[case("2024-05-03", "31-60")]
#[case("2024-04-04", "31-60")]
#[case("2024-04-03", "61-90")]
#[case("2024-03-05", "61-90")]
#[case("2024-03-04", ">90")]
#[case("1999-01-01", ">90")]
fn age_is_counted_in_days(#[case] since: &str, #[case] wanted: &str) {
    assert_eq!(Age::on(day("2024-06-03"), day(since)).code(), wanted);
}

fn no_match() -> ExceptionId {
    ExceptionId { kind: ExceptionKind::NoMatch, about: Subject::Line { line: line_id(17) } }
}

fn write_off(amount: i64, account: &str) -> ExceptionCommand {
    ExceptionCommand::WriteOff {
        exception: no_match(),
        amount: cents(amount),
        account: account.parse().unwrap(),
        alone_max: eur("50.00"),
        reason: text(1),
    }
}

fn accept(exception: ExceptionId, amount: i64) -> ExceptionCommand {
    let alone_max = eur("1000.00");
    ExceptionCommand::Accept { exception, amount: cents(amount), alone_max, let_be_by: None, reason: text(1) }
}

fn reopen() -> ExceptionCommand {
    ExceptionCommand::Reopen { exception: no_match(), reason: text(2) }
}

fn give(
    state: &mut Reconciliation,
    by: &str,
    command: ExceptionCommand,
) -> Result<ReconciliationEvent, Refusal> {
    apply(state, by, &ReconciliationCommand::Exception(command))
}

fn apply(
    state: &mut Reconciliation,
    by: &str,
    command: &ReconciliationCommand,
) -> Result<ReconciliationEvent, Refusal> {
    let event = decide(state, command, &who(by))?;
    state.evolve(&event, 1_717_416_000_000_000).unwrap();
    Ok(event)
}

fn codes(outcome: Result<ReconciliationEvent, Refusal>) -> String {
    outcome.unwrap_err().codes()
}

/// A match of line 17 with a payment.
fn matching() -> ReconciliationCommand {
    let of = Settled::PaidOutside { partner: partner("caritas"), payment: PaymentId(Uuid::from_u128(4)) };
    ReconciliationCommand::Match(NewMatch {
        rule: "by-hand".into(),
        rules: "1".into(),
        why: String::new(),
        lines: vec![Named {
            name: "line 17".into(),
            it: MatchedLine { line: line_id(17), amount: cents(-500) },
        }],
        worth: BTreeMap::new(),
        items: vec![Named { name: "payment 4".into(), it: MatchedItem { of, amount: cents(-500) } }],
        tolerance: None::<Tolerance>,
        apart_max: None,
    })
}

/// What is written off is explained, and what is matched cannot be written off.
#[test]
fn a_line_is_matched_or_written_off_and_never_both() {
    let mut state = Reconciliation::default();
    give(&mut state, "anna", write_off(-500, "bank-fees")).unwrap();
    let told = apply(&mut state, "berit", &matching()).unwrap_err().to_string();
    assert_eq!(told, "already-written-off: line 17 was written off by anna at 2024-06-03T12:00:00Z");
    assert_eq!(codes(give(&mut state, "berit", write_off(-500, "bank-fees"))), "already-resolved");
    give(&mut state, "berit", reopen()).unwrap();
    assert_eq!(codes(give(&mut state, "berit", reopen())), "not-resolved");
    apply(&mut state, "berit", &matching()).unwrap();
    assert_eq!(codes(give(&mut state, "anna", write_off(-500, "bank-fees"))), "already-matched");
    assert_eq!(codes(give(&mut state, "anna", accept(no_match(), -500))), "already-matched");
    apply(&mut state, "anna", &ReconciliationCommand::Undo { number: 1, reason: text(3) }).unwrap();
    give(&mut state, "anna", write_off(-500, "bank-fees")).unwrap();
}

/// Another kind of the same line does not free it.
#[test]
fn a_line_that_is_written_off_under_one_kind_is_under_every_other() {
    let mut state = Reconciliation::default();
    give(&mut state, "anna", write_off(-500, "bank-fees")).unwrap();
    let date = ExceptionId { kind: ExceptionKind::Date, ..no_match() };
    assert_eq!(codes(give(&mut state, "berit", accept(date, -500))), "already-written-off");
}

/// What was accepted as one kind and written off as another is explained, whatever becomes of the first.
#[test]
fn reopening_another_kind_frees_no_line() {
    let mut state = Reconciliation::default();
    let date = ExceptionId { kind: ExceptionKind::Date, ..no_match() };
    give(&mut state, "anna", accept(date.clone(), -500)).unwrap();
    give(&mut state, "anna", write_off(-500, "bank-fees")).unwrap();
    give(&mut state, "anna", ExceptionCommand::Reopen { exception: date, reason: text(2) }).unwrap();
    assert_eq!(apply(&mut state, "berit", &matching()).unwrap_err().codes(), "already-written-off");
}

#[test]
fn above_the_limit_two_people_write_off_to_the_same_account() {
    let mut state = Reconciliation::default();
    let proposed = give(&mut state, "anna", write_off(-5_001, "bank-fees")).unwrap();
    assert_eq!(proposed.event_type(), "WriteOffProposed");
    apply(&mut state, "clara", &matching()).unwrap();
    apply(&mut state, "clara", &ReconciliationCommand::Undo { number: 1, reason: text(3) }).unwrap();
    assert_eq!(codes(give(&mut state, "anna", write_off(-5_001, "bank-fees"))), "second-person-needed");
    assert_eq!(codes(give(&mut state, "berit", write_off(-5_001, "interest"))), "proposed-otherwise");
    let done = give(&mut state, "berit", write_off(-5_001, "bank-fees")).unwrap();
    assert_eq!(done.event_type(), "ExceptionResolved");
    // Opened again it takes two again.
    give(&mut state, "berit", reopen()).unwrap();
    let again = give(&mut state, "berit", write_off(-5_001, "bank-fees")).unwrap();
    assert_eq!(again.event_type(), "WriteOffProposed");
}

/// Whoever proposed it thinks better of it, or another person does: then it can be proposed anew, to another account.
#[rstest]
#[case::withdrawn("anna")]
#[case::refused("berit")]
fn nothing_comes_of_a_proposal_that_is_declined(#[case] by: &str) {
    let decline = || ExceptionCommand::Decline { exception: no_match(), reason: text(7) };
    let mut state = Reconciliation::default();
    assert_eq!(codes(give(&mut state, by, decline())), "nothing-proposed");
    give(&mut state, "anna", write_off(-5_001, "bank-fees")).unwrap();
    let ReconciliationEvent::WriteOffDeclined(declined) = give(&mut state, by, decline()).unwrap() else {
        panic!("another event")
    };
    assert_eq!((declined.proposed_by, declined.by), (actor("anna"), actor(by)));
    assert_eq!(codes(give(&mut state, by, decline())), "nothing-proposed");
    let again = give(&mut state, "anna", write_off(-5_001, "interest")).unwrap();
    assert_eq!(again.event_type(), "WriteOffProposed");
    give(&mut state, "berit", write_off(-5_001, "interest")).unwrap();
    assert_eq!(codes(give(&mut state, by, decline())), "nothing-proposed", "it was decided");
    assert_eq!(codes(give(&mut Reconciliation::default(), "asha@caritas", decline())), "acts-for-partner");
}

#[test]
fn at_the_limit_one_person_is_enough_and_only_euros_are_written_off() {
    let mut state = Reconciliation::default();
    let done = give(&mut state, "anna", write_off(5_000, "interest")).unwrap();
    assert_eq!(done.event_type(), "ExceptionResolved");
    let dollars = Amount::parse("1.00", "USD".parse().unwrap(), money::Locale::Strict).unwrap();
    let in_dollars = ExceptionCommand::WriteOff {
        exception: ExceptionId { about: Subject::Line { line: line_id(18) }, ..no_match() },
        amount: dollars,
        account: "interest".parse().unwrap(),
        alone_max: eur("50.00"),
        reason: text(1),
    };
    let refused = give(&mut state, "anna", in_dollars).unwrap_err();
    assert_eq!(refused.codes(), "not-in-euro");
    assert!(refused.to_string().contains("the line is in USD"), "{refused}");
}

/// Accepted is accepted for what it was: if it comes to more, it is open again.
#[test]
fn what_is_accepted_is_accepted_for_its_amount() {
    let about = Subject::BudgetLine { case: CaseId(Uuid::from_u128(1)), budget_line: "reintegration".into() };
    let overdrawn = ExceptionId { kind: ExceptionKind::Overdrawn, about };
    let mut state = Reconciliation::default();
    give(&mut state, "anna", accept(overdrawn.clone(), 50_000)).unwrap();
    let handled = state.handling().get(&overdrawn).unwrap();
    assert!(handled.is_resolved(cents(50_000)) && !handled.is_resolved(cents(60_000)));
    assert_eq!(codes(give(&mut state, "berit", accept(overdrawn.clone(), 50_000))), "already-resolved");
    give(&mut state, "berit", accept(overdrawn.clone(), 60_000)).unwrap();
    let not_a_line = ExceptionCommand::WriteOff {
        exception: overdrawn,
        amount: cents(70_000),
        account: "interest".parse().unwrap(),
        alone_max: eur("50.00"),
        reason: text(1),
    };
    assert_eq!(codes(give(&mut state, "berit", not_a_line)), "not-a-line");
}

#[test]
fn somebody_looks_after_it_but_nobody_answers_for_their_own_partner() {
    let mut state = Reconciliation::default();
    let assign =
        |owner: &str, note| ExceptionCommand::Assign { exception: no_match(), owner: actor(owner), note };
    give(&mut state, "anna", assign("berit", None)).unwrap();
    assert_eq!(codes(give(&mut state, "anna", assign("berit", None))), "no-change");
    give(&mut state, "anna", assign("berit", Some(text(4)))).unwrap();
    give(&mut state, "anna", assign("clara", None)).unwrap();
    assert_eq!(state.handling().get(&no_match()).unwrap().owner, Some(actor("clara")));
    let beyond = Exception {
        id: ExceptionId {
            kind: ExceptionKind::PaidWithoutDecision,
            about: Subject::Partner { partner: partner("caritas") },
        },
        amount: cents(1),
        since: day("2024-06-03"),
        why: String::new(),
        clue: None,
    };
    assert_eq!(beyond.direction(), Direction::Out);
    assert_eq!(codes(give(&mut state, "asha@caritas", accept(beyond.id, 1))), "acts-for-partner");
}
