//! Matches: everything once, by whom and when, taken back without a trace in what is open.

use std::collections::{BTreeMap, BTreeSet};

use domain::bank::{BankExchange, BankLineBooked, LineEvent, StatementKind};
use domain::books::{Chart, Journal, TrialBalance, Voucher};
use domain::closing::Closings;
use domain::ids::DifferenceAccount;
use domain::matching::{Match, OpenItem, OpenLine, Tolerance, run};
use domain::partner::{PaidFor, PartnerEvent, PartnerPaid};
use domain::reconciliation::{
    MatchedItem, MatchedLine, Named, NewMatch, ReconciliationEvent, Settled, decide,
};
use domain::{
    CaseId, Event, GrantId, KeyDigest, LineId, PaymentId, Reconciliation, ReconciliationCommand, Recorded,
    Refusal,
};
use event_log::StreamId;
use money::{Amount, Eur};
use proptest::collection::vec;
use proptest::prelude::*;
use rstest::rstest;
use uuid::Uuid;

use crate::matching::{Month, rules, story};
use crate::support::*;

const NOON: i64 = 1_717_416_000_000_000;

fn cents(cents: i64) -> Amount {
    Eur::from_cents(cents).into()
}

fn line(id: u128, amount: i64) -> Named<MatchedLine> {
    let it = MatchedLine { line: LineId(Uuid::from_u128(id)), amount: cents(amount) };
    Named { name: format!("line {id}"), it }
}

fn settled(id: u128) -> Settled {
    Settled::PaidOutside { partner: partner("caritas"), payment: PaymentId(Uuid::from_u128(id)) }
}

fn item(id: u128, amount: i64) -> Named<MatchedItem> {
    Named { name: format!("payment {id}"), it: MatchedItem { of: settled(id), amount: cents(amount) } }
}

fn matching(lines: Vec<Named<MatchedLine>>, items: Vec<Named<MatchedItem>>) -> ReconciliationCommand {
    let account: DifferenceAccount = "bank-fees".parse().unwrap();
    ReconciliationCommand::Match(NewMatch {
        rule: "by-hand".into(),
        rules: "1".into(),
        why: "somebody said so".into(),
        lines,
        worth: BTreeMap::new(),
        items,
        tolerance: Some(Tolerance { max: eur("5.00"), account }),
        apart_max: None,
    })
}

fn undo(number: u64) -> ReconciliationCommand {
    ReconciliationCommand::Undo { number, reason: text(1) }
}

/// Decides and applies at noon.
fn give(
    state: &mut Reconciliation,
    by: &str,
    command: &ReconciliationCommand,
) -> Result<ReconciliationEvent, Refusal> {
    let event = decide(state, command, &who(by))?;
    state.evolve(&event, NOON).unwrap();
    Ok(event)
}

/// Whoever comes second is told by whom and when, of lines as of what they settle.
#[test]
fn a_line_and_a_payment_are_matched_once_and_the_second_is_told_by_whom_and_when() {
    let mut state = Reconciliation::default();
    give(&mut state, "anna", &matching(vec![line(17, -500)], vec![item(4, -500)])).unwrap();
    let told = |refused: Refusal| refused.to_string();
    let wanted = "was matched by anna at 2024-06-03T12:00:00Z (match 1)";
    let refused = give(&mut state, "berit", &matching(vec![line(17, -500)], vec![item(5, -500)]));
    assert_eq!(told(refused.unwrap_err()), format!("already-matched: line 17 {wanted}"));
    let refused = give(&mut state, "berit", &matching(vec![line(18, -500)], vec![item(4, -500)]));
    assert_eq!(told(refused.unwrap_err()), format!("already-matched: payment 4 {wanted}"));

    give(&mut state, "berit", &undo(1)).unwrap();
    assert_eq!(give(&mut state, "anna", &undo(1)).unwrap_err().codes(), "already-undone");
    assert_eq!(give(&mut state, "anna", &undo(2)).unwrap_err().codes(), "unknown-match");
    give(&mut state, "anna", &matching(vec![line(18, -500)], vec![item(4, -500)])).unwrap();
    assert_eq!((state.next_number(), state.revision), (3, 3));
}

#[rstest]
#[case::nothing(vec![], vec![item(1, -500)], "nothing-to-match")]
#[case::for_nothing(vec![line(1, -500)], vec![], "nothing-to-match")]
#[case::off_too_far(vec![line(1, -1_001)], vec![item(1, -500)], "does-not-add-up")]
#[case::other_direction(vec![line(1, 200)], vec![item(1, -200)], "does-not-add-up")]
#[case::through_zero(vec![line(1, 1)], vec![item(1, -200)], "does-not-add-up")]
#[case::line_twice(vec![line(1, -500), line(1, -500)], vec![item(1, -1_000)], "named-twice")]
#[case::item_twice(vec![line(1, -1_000)], vec![item(1, -500), item(1, -500)], "named-twice")]
fn what_does_not_belong_together_is_refused(
    #[case] lines: Vec<Named<MatchedLine>>,
    #[case] items: Vec<Named<MatchedItem>>,
    #[case] wanted: &str,
) {
    let refused = decide(&Reconciliation::default(), &matching(lines, items), &who("anna"));
    assert_eq!(refused.unwrap_err().codes(), wanted);
}

#[test]
fn what_is_off_within_the_rules_is_kept_with_its_account() {
    let mut state = Reconciliation::default();
    let command = matching(vec![line(1, -300), line(2, -700)], vec![item(1, -500)]);
    let ReconciliationEvent::PaymentMatched(matched) = give(&mut state, "anna", &command).unwrap() else {
        panic!("another event")
    };
    let residual = matched.residual.unwrap();
    assert_eq!((residual.amount, residual.account.as_str()), (cents(-500), "bank-fees"));
    let ReconciliationCommand::Match(new) = matching(vec![line(3, -501)], vec![item(2, -500)]) else {
        panic!("another command")
    };
    let strict = ReconciliationCommand::Match(NewMatch { tolerance: None, ..new });
    assert_eq!(give(&mut state, "anna", &strict).unwrap_err().codes(), "does-not-add-up");
}

#[test]
fn two_currencies_have_no_sum_and_a_tolerance_is_in_euro() {
    let in_dollars = |name: &str, amount: &str| {
        let amount = Amount::parse(amount, "USD".parse().unwrap(), money::Locale::Strict).unwrap();
        Named { name: name.into(), it: MatchedLine { line: LineId(Uuid::from_u128(1)), amount } }
    };
    let command = matching(vec![in_dollars("line 1", "-5.00")], vec![item(1, -500)]);
    let refused = decide(&Reconciliation::default(), &command, &who("anna"));
    assert_eq!(refused.unwrap_err().codes(), "two-currencies");
}

/// A line in crowns settles a payment in euro by what the bank says it is: the books hold it from its match on, the rest is an
/// exchange difference, and nothing is left of it once it is undone.
#[test]
fn a_line_in_another_currency_settles_a_payment_and_stands_in_the_books() {
    let crowns = Amount::parse("-5712.30", "SEK".parse().unwrap(), money::Locale::Strict).unwrap();
    let id = LineId(Uuid::from_u128(1));
    let line = Named { name: "line 1".into(), it: MatchedLine { line: id, amount: crowns } };
    let ReconciliationCommand::Match(new) = matching(vec![line], vec![item(1, -50_000)]) else {
        panic!("another command")
    };
    let mut state = Reconciliation::default();
    let unknown = ReconciliationCommand::Match(new.clone());
    let refused = give(&mut state, "anna", &unknown).unwrap_err().to_string();
    assert!(refused.contains("line 1 is in SEK, what it would settle in EUR"), "{refused}");
    let tolerance = rules().tolerance(true);
    assert_eq!(tolerance.as_ref().map(|of| of.account.as_str()), Some("exchange"));
    let worth = |cents: i64| BTreeMap::from([(id, Eur::from_cents(cents))]);
    let new = NewMatch { tolerance, ..new };
    let far = ReconciliationCommand::Match(NewMatch { worth: worth(-52_501), ..new.clone() });
    assert_eq!(give(&mut state, "anna", &far).unwrap_err().codes(), "does-not-add-up");
    let near = ReconciliationCommand::Match(NewMatch { worth: worth(-50_012), ..new });
    let matched = give(&mut state, "anna", &near).unwrap();

    let (chart, closings) = (Chart::standard().unwrap(), Closings::default());
    let mut journal = Journal::under(&chart, &closings);
    let exchange = BankExchange { eur: Some(Eur::from_cents(-50_012)), ..BankExchange::default() };
    let digest = KeyDigest([1; 32]);
    let booked = BankLineBooked {
        line: id,
        account: "crowns".parse().unwrap(),
        statement: digest,
        kind: StatementKind::Statement,
        ordinal: 1,
        booked_on: day("2024-06-03"),
        value_on: None,
        amount: crowns,
        line_key: digest,
        exchange: Some(Box::new(exchange)),
        references: Vec::new(),
        code: Vec::new(),
        reversal: false,
        returned: false,
        return_reason: None,
        details: text(4),
    };
    let paid = PartnerPaid {
        payment: PaymentId(Uuid::from_u128(1)),
        paid_for: PaidFor::Claims,
        amount: eur("500.00"),
        paid_on: day("2024-06-02"),
        payment_key: digest,
        details: text(5),
    };
    let mut made = recorded(1, matched.clone());
    (made.stream_id, made.event) =
        (partner("caritas").stream(), Event::Partner(PartnerEvent::PartnerPaid(paid)));
    journal.book(&made).unwrap();
    let mut line = recorded(1, matched.clone());
    (line.stream_id, line.event) = (id.stream(), Event::Line(LineEvent::BankLineBooked(booked)));
    assert!(journal.book(&line).unwrap().is_empty(), "what it settles is not known yet");
    let mut sums: BTreeMap<String, Eur> = BTreeMap::new();
    let mut book = |event: ReconciliationEvent, position: u64| {
        let vouchers = journal.book(&recorded(position, event)).unwrap();
        for voucher in &vouchers {
            assert_eq!(sum(std::slice::from_ref(voucher)), Eur::ZERO);
        }
        for entry in vouchers.iter().flat_map(|voucher| &voucher.entries) {
            let of = sums.entry(entry.account.clone()).or_default();
            *of = of.checked_add(entry.amount).unwrap();
        }
        sums.iter()
            .filter(|(_, sum)| !sum.is_zero())
            .map(|(of, sum)| format!("{of} {sum}"))
            .collect::<Vec<_>>()
    };
    assert_eq!(book(matched, 2), ["1930 -500.12", "1935 500.00", "6640 0.12"]);
    assert!(book(give(&mut state, "anna", &undo(1)).unwrap(), 3).is_empty());
}

#[test]
fn nobody_matches_or_frees_what_is_paid_to_the_partner_for_which_they_act() {
    let mut state = Reconciliation::default();
    let command = matching(vec![line(1, -500)], vec![item(1, -500)]);
    assert_eq!(give(&mut state, "asha@caritas", &command).unwrap_err().codes(), "acts-for-partner");
    give(&mut state, "anna", &command).unwrap();
    assert_eq!(give(&mut state, "caritas", &undo(1)).unwrap_err().codes(), "acts-for-partner");
}

/// The bank's error and its correction: two lines that come to nothing settle nothing else, and are open again once that is
/// taken back. In the books nothing is left to be explained.
#[test]
fn lines_that_take_each_other_back_are_matched_with_each_other() {
    let mut state = Reconciliation::default();
    let against = |lines: Vec<Named<MatchedLine>>| matching(lines, vec![]);
    let refused = give(&mut state, "anna", &against(vec![line(1, -500), line(2, 499)])).unwrap_err();
    assert_eq!(refused.codes(), "does-not-add-up", "to the cent, whatever the rules tolerate");
    let refused = give(&mut state, "anna", &against(vec![line(1, -500), line(1, -500)])).unwrap_err();
    assert!(refused.codes().contains("named-twice"), "{refused}");
    let matched = give(&mut state, "anna", &against(vec![line(1, -500), line(2, 500)])).unwrap();
    let refused = give(&mut state, "berit", &matching(vec![line(2, 500)], vec![item(1, 500)])).unwrap_err();
    assert_eq!(refused.codes(), "already-matched");
    let (chart, closings) = (Chart::standard().unwrap(), Closings::default());
    let mut journal = Journal::under(&chart, &closings);
    assert!(
        journal.book(&recorded(1, matched)).unwrap().is_empty(),
        "both stand on the account of such lines"
    );
    let undone = give(&mut state, "berit", &undo(1)).unwrap();
    assert!(journal.book(&recorded(2, undone)).unwrap().is_empty());
    give(&mut state, "berit", &matching(vec![line(2, 500)], vec![item(1, 500)])).unwrap();

    let in_dollars = |id: u128, amount: &str| {
        let amount = Amount::parse(amount, "USD".parse().unwrap(), money::Locale::Strict).unwrap();
        Named { name: "a line".into(), it: MatchedLine { line: LineId(Uuid::from_u128(id)), amount } }
    };
    let ReconciliationCommand::Match(apart) = against(vec![line(6, -501), line(7, 501)]) else {
        panic!("another command")
    };
    let apart =
        |most: &str| ReconciliationCommand::Match(NewMatch { apart_max: Some(eur(most)), ..apart.clone() });
    assert_eq!(give(&mut state, "anna", &apart("5.00")).unwrap_err().codes(), "nothing-in-common");
    give(&mut state, "anna", &apart("5.01")).unwrap();
    give(&mut state, "anna", &against(vec![in_dollars(8, "-5.00"), in_dollars(9, "5.00")])).unwrap();
}

/// A payment that went out and came back is settled by two lines.
#[test]
fn a_payment_and_its_way_back_are_two_things() {
    let (case, grant) = (CaseId(Uuid::from_u128(1)), GrantId(Uuid::from_u128(2)));
    let of = |of: Settled, amount: i64| Named {
        name: "grant 2".into(),
        it: MatchedItem { of, amount: cents(amount) },
    };
    let mut state = Reconciliation::default();
    let paid = of(Settled::Grant { case, grant }, -500);
    give(&mut state, "anna", &matching(vec![line(1, -500)], vec![paid])).unwrap();
    let back = |nth: u64, amount: i64| of(Settled::GrantBack { case, grant, nth }, amount);
    give(&mut state, "anna", &matching(vec![line(2, 300)], vec![back(1, 300)])).unwrap();
    // What came back later came with another line.
    give(&mut state, "anna", &matching(vec![line(3, 200)], vec![back(2, 200)])).unwrap();
    let again = give(&mut state, "anna", &matching(vec![line(4, 200)], vec![back(2, 200)]));
    assert_eq!(again.unwrap_err().codes(), "already-matched");
    assert!(state.of_item(&Settled::Grant { case, grant }).is_some_and(|known| known.matched.number == 1));
    for (nth, number) in [(1, 2), (2, 3)] {
        let known = state.of_item(&Settled::GrantBack { case, grant, nth });
        assert_eq!(known.map(|known| known.matched.number), Some(number));
    }
    let keys = [1, 2].map(|nth| Settled::GrantBack { case, grant, nth }.key());
    assert_ne!(keys[0], keys[1], "or the rules could not tell them apart");
}

/// Lines and items that are in no match.
fn open(state: &Reconciliation, ids: std::ops::Range<u128>) -> (BTreeSet<u128>, BTreeSet<u128>) {
    let line_is_open = |id: &u128| state.of_line(LineId(Uuid::from_u128(*id))).is_none();
    let item_is_open = |id: &u128| state.of_item(&settled(*id)).is_none();
    (ids.clone().filter(line_is_open).collect(), ids.filter(item_is_open).collect())
}

/// What a person or the rules do.
#[derive(Debug, Clone)]
enum Act {
    Match(BTreeSet<usize>, BTreeSet<usize>),
    Undo(u64),
}

fn act() -> impl Strategy<Value = Act> {
    let some = || proptest::collection::btree_set(0_usize..8, 1..3);
    prop_oneof![3 => (some(), some()).prop_map(|(lines, items)| Act::Match(lines, items)), 1 => (1_u64..8).prop_map(Act::Undo)]
}

/// The matches that the rules find, as commands.
fn commands(found: &[Match], lines: &[OpenLine], items: &[OpenItem]) -> Vec<ReconciliationCommand> {
    let rules = rules();
    let command = |found: &Match| {
        let of_lines = lines.iter().filter(|line| found.lines.contains(&line.line));
        let of_items = items.iter().filter(|item| found.items.contains(&item.item));
        let payment = |id: Uuid| Settled::PaidOutside { partner: partner("caritas"), payment: PaymentId(id) };
        ReconciliationCommand::Match(NewMatch {
            rule: found.rule.clone(),
            rules: rules.version.clone(),
            why: found.why.clone(),
            lines: of_lines
                .map(|line| Named {
                    name: String::new(),
                    it: MatchedLine { line: line.line, amount: line.amount },
                })
                .collect(),
            worth: BTreeMap::new(),
            items: of_items
                .map(|item| Named {
                    name: String::new(),
                    it: MatchedItem { of: payment(item.item), amount: item.amount },
                })
                .collect(),
            tolerance: rules
                .rules
                .iter()
                .find(|rule| rule.id == found.rule)
                .and_then(|rule| rule.tolerance()),
            apart_max: None,
        })
    };
    found.iter().map(command).collect()
}

fn recorded(position: u64, event: ReconciliationEvent) -> Recorded {
    in_stream(position, domain::reconciliation::stream(), Event::Reconciliation(event))
}

fn in_stream(position: u64, stream_id: StreamId, event: Event) -> Recorded {
    Recorded {
        position,
        stream_id,
        stream_version: position,
        command_id: Uuid::nil(),
        actor: "anna".into(),
        recorded_at: NOON,
        event,
    }
}

/// That an item was paid outside of the ledger.
fn paid(position: u64, item: &OpenItem) -> Recorded {
    let event = PartnerPaid {
        payment: PaymentId(item.item),
        paid_for: PaidFor::Claims,
        amount: item.amount.negated().to_eur_exact().unwrap(),
        paid_on: item.day,
        payment_key: KeyDigest([0; 32]),
        details: text(1),
    };
    in_stream(position, partner("caritas").stream(), Event::Partner(PartnerEvent::PartnerPaid(event)))
}

fn sum(vouchers: &[Voucher]) -> Eur {
    Eur::sum(vouchers.iter().flat_map(|voucher| &voucher.entries).map(|entry| entry.amount)).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is tried: everything is in one match at most, and what is undone is open as it was.
    #[test]
    fn everything_is_matched_once_and_undo_gives_back_what_was_open(acts in vec(act(), 0..40)) {
        let amount = |place: usize| -((place as i64 % 3) + 1) * 1_000;
        let mut state = Reconciliation::default();
        let mut log = Vec::new();
        for act in acts {
            let before = open(&state, 0..8);
            let command = match act {
                Act::Match(lines, items) => matching(
                    lines.into_iter().map(|place| line(place as u128, amount(place))).collect(),
                    items.into_iter().map(|place| item(place as u128, amount(place))).collect(),
                ),
                Act::Undo(number) => undo(number),
            };
            let Ok(event) = give(&mut state, "anna", &command) else {
                prop_assert_eq!(open(&state, 0..8), before, "a refusal changes nothing");
                continue;
            };
            log.push(event.clone());
            let after = open(&state, 0..8);
            match event {
                ReconciliationEvent::PaymentMatched(e) => {
                    let sum = |amounts: Vec<Amount>| amounts.iter().map(|a| a.value().mantissa()).sum::<i128>();
                    prop_assert_eq!(sum(e.lines.iter().map(|l| l.amount).collect()), sum(e.items.iter().map(|i| i.amount).collect()));
                    prop_assert_eq!(before.0.len() - after.0.len(), e.lines.len());
                    prop_assert_eq!(before.1.len() - after.1.len(), e.items.len());
                    // Taken back at once it is as if it had never been.
                    let mut other = state.clone();
                    give(&mut other, "berit", &undo(e.number)).unwrap();
                    prop_assert_eq!(open(&other, 0..8), before);
                }
                ReconciliationEvent::MatchUndone(e) => {
                    let known = &state.get(e.number).unwrap().matched;
                    prop_assert_eq!(after.0.len() - before.0.len(), known.lines.len());
                    prop_assert_eq!(after.1.len() - before.1.len(), known.items.len());
                }
                _ => prop_assert!(false, "nobody wrote it"),
            }
        }
        let mut again = Reconciliation::default();
        for event in &log {
            again.evolve(event, NOON).unwrap();
        }
        prop_assert_eq!(again, state, "the log is the truth");
    }

    /// A month as the rules match it: every match can be recorded; what is left finds nothing more; and taken back, in
    /// whatever order, the rules find the same again. All the while every voucher comes to nothing.
    #[test]
    fn a_month_is_recorded_taken_back_and_found_again(
        stories in vec(story(), 0..30),
        turn: prop::sample::Index,
    ) {
        let month = Month::of(&stories);
        let outcome = run(&rules(), &month.lines, &month.items);
        let chart = Chart::standard().unwrap();
        let closings = Closings::default();
        let mut journal = Journal::under(&chart, &closings);
        let (mut state, mut vouchers, mut position) = (Reconciliation::default(), Vec::new(), 0);
        for item in &month.items {
            position += 1;
            journal.book(&paid(position, item)).unwrap();
        }
        let mut book = |event: ReconciliationEvent| {
            position += 1;
            journal.book(&recorded(position, event)).unwrap()
        };
        for command in commands(&outcome.matches, &month.lines, &month.items) {
            vouchers.extend(book(give(&mut state, "anna", &command).unwrap()));
        }
        let used = |id: Uuid| Settled::PaidOutside { partner: partner("caritas"), payment: PaymentId(id) };
        let left_lines: Vec<_> =
            month.lines.iter().filter(|line| state.of_line(line.line).is_none()).cloned().collect();
        let left_items: Vec<_> =
            month.items.iter().filter(|item| state.of_item(&used(item.item)).is_none()).cloned().collect();
        let rest = run(&rules(), &left_lines, &left_items);
        prop_assert!(rest.matches.is_empty(), "{:?}", rest.matches);
        prop_assert_eq!(&rest.ties, &outcome.ties);

        let mut numbers: Vec<u64> = (1..state.next_number()).collect();
        if !numbers.is_empty() {
            let at = turn.index(numbers.len());
            numbers.rotate_left(at);
        }
        for number in numbers {
            vouchers.extend(book(give(&mut state, "berit", &undo(number)).unwrap()));
        }
        let lines = month.lines.iter().filter(|line| state.of_line(line.line).is_none()).count();
        let items = month.items.iter().filter(|item| state.of_item(&used(item.item)).is_none()).count();
        prop_assert_eq!((lines, items), (month.lines.len(), month.items.len()));
        for command in commands(&outcome.matches, &month.lines, &month.items) {
            give(&mut state, "anna", &command).unwrap();
        }
        prop_assert!(vouchers.iter().all(|voucher| sum(std::slice::from_ref(voucher)).is_zero()));
        let trial = TrialBalance::of(&chart, &vouchers, None).unwrap();
        prop_assert!(trial.lines.iter().all(|line| line.closing.is_zero()), "all was taken back");
    }
}
