//! Matching: every true pair, no false one, no tie, whatever the order.

use std::collections::{BTreeMap, BTreeSet};

use domain::bank::{LineReference, ReferenceKind};
use domain::matching::{OpenItem, OpenLine, Outcome, Rules, run};
use domain::{KeyDigest, LineId};
use jiff::ToSpan;
use jiff::civil::Date;
use money::{Amount, Eur};
use proptest::collection::vec;
use proptest::prelude::*;
use rstest::rstest;
use uuid::Uuid;

use crate::support::*;

/// The rules of this program, for a bank that never names the account on the other side.
pub fn rules() -> Rules {
    let document = Rules::document();
    let trusting = document.replacen("without_counterpart = false\n", "without_counterpart = true\n", 1);
    assert_ne!(trusting, document);
    Rules::parse(&trusting).unwrap()
}

fn key(number: u64) -> KeyDigest {
    let mut digest = [0; 32];
    digest[..8].copy_from_slice(&number.to_be_bytes());
    KeyDigest(digest)
}

fn cents(cents: i64) -> Amount {
    Eur::from_cents(cents).into()
}

fn on(days: i64) -> Date {
    day("2024-06-01").saturating_add(days.days())
}

fn item(id: u128, amount: i64, due: i64, references: &[u64]) -> OpenItem {
    OpenItem {
        item: Uuid::from_u128(id),
        amount: cents(amount),
        day: on(due),
        references: references.iter().copied().map(key).collect(),
        counterpart: None,
    }
}

pub fn line(id: u128, amount: i64, booked: i64, references: &[(ReferenceKind, u64)]) -> OpenLine {
    OpenLine {
        line: LineId(Uuid::from_u128(id)),
        amount: cents(amount),
        worth: None,
        booked_on: on(booked),
        references: references
            .iter()
            .map(|(kind, number)| LineReference { kind: *kind, digest: key(*number) })
            .collect(),
        counterpart: None,
        account: None,
    }
}

use ReferenceKind::{Creditor, EndToEnd, PaymentInformation, Transaction};

/// Every match as `rule: lines > items`, every tie as `rule? line`.
fn told(outcome: &Outcome) -> Vec<String> {
    let number = |id: &Uuid| id.as_u128().to_string();
    let matches = outcome.matches.iter().map(|m| {
        let lines: Vec<String> = m.lines.iter().map(|line| number(&line.0)).collect();
        let items: Vec<String> = m.items.iter().map(number).collect();
        let off = m.residual.as_ref().map_or_else(String::new, |r| format!(" {} {}", r.amount, r.account));
        format!("{}: {} > {}{off}", m.rule, lines.join("+"), items.join("+"))
    });
    let ties = outcome.ties.iter().map(|tie| format!("{}? {}", tie.rule, number(&tie.line.0)));
    matches.chain(ties).collect()
}

#[rstest]
#[case::exact(vec![line(1, -500, 40, &[(EndToEnd, 7)])], vec![item(1, -500, 0, &[7])], &["exact-reference: 1 > 1"])]
#[case::structured(vec![line(1, -500, 40, &[(Creditor, 7)])], vec![item(1, -500, 0, &[7])], &["structured-reference: 1 > 1"])]
#[case::other_amount(vec![line(1, -5_000, 40, &[(EndToEnd, 7)])], vec![item(1, -500, 0, &[7])], &[])]
#[case::other_direction(vec![line(1, 500, 0, &[(EndToEnd, 7)])], vec![item(1, -500, 0, &[7])], &[])]
#[case::amount_and_day(vec![line(1, -500, 3, &[])], vec![item(1, -500, 0, &[])], &["amount-and-day: 1 > 1"])]
#[case::too_late(vec![line(1, -500, 4, &[])], vec![item(1, -500, 0, &[])], &[])]
#[case::too_early(vec![line(1, -500, 0, &[])], vec![item(1, -500, 1, &[])], &[])]
#[case::paid_twice(
    vec![line(1, -500, 0, &[(EndToEnd, 7)]), line(2, -500, 1, &[(EndToEnd, 7)])],
    vec![item(1, -500, 0, &[7])],
    &["exact-reference? 1", "exact-reference? 2"]
)]
#[case::two_would_fit(
    vec![line(1, -500, 0, &[])],
    vec![item(1, -500, 0, &[]), item(2, -500, 0, &[])],
    &["amount-and-day? 1"]
)]
#[case::a_reference_tells_two_apart(
    vec![line(1, -500, 0, &[(EndToEnd, 8)]), line(2, -500, 0, &[])],
    vec![item(1, -500, 0, &[7]), item(2, -500, 0, &[8])],
    &["exact-reference: 1 > 2", "amount-and-day: 2 > 1"]
)]
#[case::a_batch(
    vec![line(1, -900, 0, &[(PaymentInformation, 7)])],
    vec![item(1, -500, 0, &[1, 7]), item(2, -400, 0, &[2, 7])],
    &["group-by-reference: 1 > 1+2"]
)]
#[case::instalments(
    vec![line(1, -500, 0, &[(EndToEnd, 7)]), line(2, -400, 30, &[(EndToEnd, 7)])],
    vec![item(1, -900, 0, &[7])],
    &["group-by-reference: 1+2 > 1"]
)]
#[case::two_lines_of_one_batch(
    vec![line(1, -900, 0, &[(PaymentInformation, 7)]), line(2, -300, 0, &[(PaymentInformation, 7)])],
    vec![item(1, -500, 0, &[7]), item(2, -400, 0, &[7]), item(3, -300, 0, &[7])],
    &["group-by-reference: 1 > 1+2", "group-by-reference: 2 > 3"]
)]
#[case::a_batch_paid_twice(
    vec![line(1, -900, 0, &[(PaymentInformation, 7)]), line(2, -900, 0, &[(PaymentInformation, 7)])],
    vec![item(1, -500, 0, &[7]), item(2, -400, 0, &[7])],
    &["group-by-reference? 1", "group-by-reference? 2"]
)]
#[case::a_batch_with_a_fee(
    vec![line(1, -90_350, 0, &[(PaymentInformation, 7)])],
    vec![item(1, -50_000, 0, &[1, 7]), item(2, -40_000, 0, &[2, 7])],
    &["reference-less-fee: 1 > 1+2 -3.50 bank-fees"]
)]
#[case::a_batch_without_a_part_is_no_fee(
    vec![line(1, -90_000, 0, &[(PaymentInformation, 7)])],
    vec![item(1, -50_000, 0, &[1, 7]), item(2, -41_000, 0, &[2, 7])],
    &[]
)]
#[case::a_batch_with_a_fee_or_without_a_part_and_with_more_of_a_fee(
    vec![line(1, -51_200, 0, &[(PaymentInformation, 7)])],
    vec![item(1, -50_000, 0, &[1, 7]), item(2, -1_000, 0, &[2, 7])],
    &["reference-less-fee? 1"]
)]
#[case::less_than_a_batch_came_back(
    vec![line(1, 89_650, 0, &[(PaymentInformation, 7)])],
    vec![item(1, 50_000, 0, &[1, 7]), item(2, 40_000, 0, &[2, 7])],
    &[]
)]
#[case::which_line_of_a_batch_has_the_fee(
    vec![line(1, -50_000, 0, &[(PaymentInformation, 7)]), line(2, -40_350, 0, &[(PaymentInformation, 7)])],
    vec![item(1, -90_000, 0, &[1, 7])],
    &[]
)]
#[case::a_line_that_names_two(
    vec![line(1, -90_000, 0, &[(EndToEnd, 1), (EndToEnd, 2)])],
    vec![item(1, -50_000, 0, &[1, 7]), item(2, -40_000, 0, &[2, 7])],
    &["group-by-reference: 1 > 1+2"]
)]
#[case::a_line_that_names_two_with_a_fee(
    vec![line(1, -90_700, 0, &[(EndToEnd, 1), (EndToEnd, 2), (PaymentInformation, 7)])],
    vec![item(1, -50_000, 0, &[1, 7]), item(2, -40_000, 0, &[2, 7]), item(3, -30_000, 0, &[3, 7])],
    &["reference-less-fee: 1 > 1+2 -7.00 bank-fees"]
)]
#[case::a_line_that_names_two_of_which_another_names_one(
    vec![line(1, -90_000, 0, &[(EndToEnd, 1), (EndToEnd, 2)]), line(2, -10_000, 0, &[(EndToEnd, 2)])],
    vec![item(1, -50_000, 0, &[1]), item(2, -40_000, 0, &[2])],
    &["group-by-reference? 1"]
)]
#[case::another_reference_is_another_payment(
    vec![line(1, -500, 0, &[(EndToEnd, 8)])],
    vec![item(1, -500, 0, &[7])],
    &[]
)]
#[case::another_reference_does_not_contest_the_true_one(
    vec![line(1, -500, 0, &[(EndToEnd, 8)]), line(2, -500, 0, &[])],
    vec![item(1, -500, 0, &[7])],
    &["amount-and-day: 2 > 1"]
)]
#[case::a_reference_that_an_item_has_none_of(
    vec![line(1, -500, 0, &[(EndToEnd, 8)])],
    vec![item(1, -500, 0, &[])],
    &["amount-and-day: 1 > 1"]
)]
#[case::what_the_bank_calls_it_is_no_reference(
    vec![line(1, -500, 0, &[(Transaction, 8)])],
    vec![item(1, -500, 0, &[7])],
    &["amount-and-day: 1 > 1"]
)]
#[case::instalments_to_come(vec![line(1, -500, 0, &[(EndToEnd, 7)])], vec![item(1, -9_000, 0, &[7])], &[])]
#[case::some_of_a_batch(
    vec![line(1, -900, 0, &[(PaymentInformation, 7)])],
    vec![item(1, -500, 0, &[7]), item(2, -400, 0, &[7]), item(3, -30, 0, &[7])],
    &["group-by-reference: 1 > 1+2"]
)]
#[case::some_in_two_ways(
    vec![line(1, -900, 0, &[(PaymentInformation, 7)])],
    vec![item(1, -500, 0, &[7]), item(2, -400, 0, &[7]), item(3, -400, 0, &[7])],
    &["group-by-reference? 1"]
)]
#[case::less_a_fee(
    vec![line(1, -650, 0, &[(EndToEnd, 7)])],
    vec![item(1, -500, 0, &[7])],
    &["reference-less-fee: 1 > 1 -1.50 bank-fees"]
)]
#[case::just_too_much(vec![line(1, -7_501, 0, &[(EndToEnd, 7)])], vec![item(1, -5_000, 0, &[7])], &[])]
#[case::just_not_too_much(
    vec![line(1, -7_500, 0, &[(EndToEnd, 7)])],
    vec![item(1, -5_000, 0, &[7])],
    &["reference-less-fee: 1 > 1 -25.00 bank-fees"]
)]
#[case::more_than_half_of_it(vec![line(1, -751, 0, &[(EndToEnd, 7)])], vec![item(1, -500, 0, &[7])], &[])]
#[case::a_stranger_beside_an_instalment(
    vec![line(1, -500, 0, &[(EndToEnd, 7)]), line(2, -900, 0, &[])],
    vec![item(1, -900, 0, &[7])],
    &[]
)]
#[case::a_stranger_beside_both_instalments(
    vec![line(1, -500, 0, &[(EndToEnd, 7)]), line(2, -900, 0, &[]), line(3, -400, 9, &[(Creditor, 7)])],
    vec![item(1, -900, 0, &[7])],
    &["group-by-reference: 1+3 > 1"]
)]
#[case::a_stranger_beside_a_tie_with_its_reference(
    vec![line(1, -500, 0, &[(EndToEnd, 7)]), line(2, -900, 0, &[])],
    vec![item(1, -500, 0, &[7]), item(2, -500, 0, &[7]), item(3, -900, 0, &[7])],
    &["exact-reference? 1"]
)]
#[case::what_came_in_under_its_reference_is_another_thing(
    vec![line(1, 900, 4, &[(EndToEnd, 7)]), line(2, -900, 0, &[])],
    vec![item(1, -900, 0, &[7])],
    &["amount-and-day: 2 > 1"]
)]
#[case::an_instalment(vec![line(1, -490, 0, &[(EndToEnd, 7)])], vec![item(1, -500, 0, &[7])], &[])]
#[case::to_somebody_without_its_reference(
    vec![OpenLine { counterpart: Some(KeyDigest([9; 32])), ..line(1, -500, 0, &[]) }],
    vec![item(1, -500, 0, &[7])],
    &[]
)]
fn the_ladder_takes_what_is_beyond_doubt(
    #[case] lines: Vec<OpenLine>,
    #[case] items: Vec<OpenItem>,
    #[case] wanted: &[&str],
) {
    assert_eq!(told(&run(&rules(), &lines, &items)), wanted);
}

#[test]
fn two_accounts_that_differ_do_not_belong_together_and_one_account_tells_two_apart() {
    let to = |number: u64, line: OpenLine| OpenLine { counterpart: Some(key(number)), ..line };
    let of = |number: u64, item: OpenItem| OpenItem { counterpart: Some(key(number)), ..item };
    let lines = [to(1, line(1, -500, 0, &[]))];
    assert!(run(&rules(), &lines, &[of(2, item(1, -500, 0, &[]))]).matches.is_empty());
    let two = [of(1, item(1, -500, 0, &[])), of(2, item(2, -500, 0, &[]))];
    assert_eq!(told(&run(&rules(), &lines, &two)), ["amount-day-and-account: 1 > 1"]);
}

/// An instalment is on its way: whatever else goes to the same account with the whole amount is suggested at most.
#[test]
fn the_account_decides_nothing_where_another_line_has_the_reference() {
    let of = |item: OpenItem| OpenItem { counterpart: Some(key(1)), ..item };
    let to = |line: OpenLine| OpenLine { counterpart: Some(key(1)), ..line };
    let lines = [to(line(1, -500, 0, &[(EndToEnd, 7)])), to(line(2, -900, 0, &[]))];
    let outcome = run(&Rules::embedded().unwrap(), &lines, &[of(item(1, -900, 0, &[7]))]);
    assert!(outcome.matches.is_empty() && outcome.ties.is_empty());
    assert_eq!(outcome.suggestions.len(), 1, "{outcome:?}");
}

/// One amount on near days may be chance: without a reference only the account on the other side makes it certain.
#[test]
fn a_silent_line_is_matched_only_where_the_account_on_the_other_side_is_the_same() {
    let strict = Rules::embedded().unwrap();
    let to = |account: Option<u64>| OpenLine { counterpart: account.map(key), ..line(1, -500, 1, &[]) };
    let of = |account: Option<u64>, references: &[u64]| OpenItem {
        counterpart: account.map(key),
        ..item(1, -500, 0, references)
    };
    let run = |line: OpenLine, item: OpenItem| run(&strict, &[line], &[item]);
    assert_eq!(told(&run(to(Some(1)), of(Some(1), &[7]))), ["amount-day-and-account: 1 > 1"]);
    for (line, item) in [(None, None), (Some(1), None), (None, Some(1)), (Some(1), Some(2))]
        .map(|(line, item)| (to(line), item))
    {
        for references in [&[7][..], &[]] {
            let outcome = run(line.clone(), of(item, references));
            assert!(outcome.matches.is_empty(), "{line:?} {item:?}");
            let likely = line.counterpart.is_none() || item.is_none();
            assert_eq!(outcome.suggestions.len(), usize::from(likely), "{line:?} {item:?}");
        }
    }
}

/// A line in crowns; what it is in euro, if the bank says it.
fn in_crowns(id: u128, amount: i64, worth: Option<i64>, references: &[(ReferenceKind, u64)]) -> OpenLine {
    let text = format!("-{}.{:02}", amount.abs() / 100, amount.abs() % 100);
    let crowns = Amount::parse(&text, "SEK".parse().unwrap(), money::Locale::Strict).unwrap();
    let amount = if amount < 0 { crowns } else { crowns.negated() };
    OpenLine { amount, worth: worth.map(Eur::from_cents), ..line(id, 0, 1, references) }
}

#[rstest]
#[case::to_the_cent(&[in_crowns(1, -571_230, Some(-50_000), &[(EndToEnd, 7)])], &["reference-in-another-currency: 1 > 1"])]
#[case::less(&[in_crowns(1, -571_230, Some(-49_988), &[(Creditor, 7)])], &["reference-in-another-currency: 1 > 1 0.12 exchange"])]
#[case::more(&[in_crowns(1, -571_230, Some(-52_500), &[(EndToEnd, 7)])], &["reference-in-another-currency: 1 > 1 -25.00 exchange"])]
#[case::too_much_more(&[in_crowns(1, -571_230, Some(-52_501), &[(EndToEnd, 7)])], &[])]
#[case::nobody_knows(&[in_crowns(1, -571_230, None, &[(EndToEnd, 7)])], &[])]
#[case::came_in(&[in_crowns(1, 571_230, Some(50_000), &[(EndToEnd, 7)])], &[])]
#[case::another_reference(&[in_crowns(1, -571_230, Some(-50_000), &[(EndToEnd, 8)])], &[])]
#[case::twice(
    &[in_crowns(1, -571_230, Some(-50_000), &[(EndToEnd, 7)]), in_crowns(2, -571_240, Some(-50_001), &[(EndToEnd, 7)])],
    &["reference-in-another-currency? 1", "reference-in-another-currency? 2"]
)]
#[case::in_euro_as_well(
    &[in_crowns(1, -571_230, Some(-50_000), &[(EndToEnd, 7)]), line(2, -50_000, 0, &[(EndToEnd, 7)])],
    &["exact-reference: 2 > 1"]
)]
fn a_line_in_another_currency_is_matched_by_reference(#[case] lines: &[OpenLine], #[case] wanted: &[&str]) {
    assert_eq!(told(&run(&rules(), lines, &[item(1, -50_000, 0, &[7])])), wanted);
}

/// Without a reference it is likely at most, whatever its account says.
#[test]
fn a_silent_line_in_another_currency_is_suggested() {
    let counterpart = Some(key(1));
    let line = OpenLine { counterpart, ..in_crowns(1, -571_230, Some(-50_000), &[]) };
    let item = OpenItem { counterpart, ..item(1, -50_000, 0, &[7]) };
    let outcome = run(&rules(), &[line], &[item]);
    assert!(outcome.matches.is_empty());
    assert_eq!(outcome.suggestions.len(), 1);
}

/// Money that went to another account than the one that was approved is not what was to be paid, whatever reference it has.
#[test]
fn what_went_to_another_account_is_suggested_at_most() {
    let to = |number: u64, line: OpenLine| OpenLine { counterpart: Some(key(number)), ..line };
    let of = |number: u64, item: OpenItem| OpenItem { counterpart: Some(key(number)), ..item };
    let crowns = || in_crowns(1, -5_712, Some(-500), &[(EndToEnd, 7)]);
    for line in [
        line(1, -500, 0, &[(EndToEnd, 7)]),
        line(1, -500, 0, &[(Creditor, 7)]),
        line(1, -650, 0, &[(EndToEnd, 7)]),
        crowns(),
    ] {
        let due = || item(1, -500, 0, &[7]);
        let outcome = run(&rules(), &[to(2, line.clone())], &[of(1, due())]);
        assert!(outcome.matches.is_empty() && outcome.ties.is_empty(), "{line:?}");
        assert_eq!(outcome.suggestions.len(), 1, "{line:?}");
        assert_eq!(run(&rules(), &[to(1, line.clone())], &[of(1, due())]).matches.len(), 1, "{line:?}");
        assert_eq!(run(&rules(), &[to(1, line)], &[due()]).matches.len(), 1);
    }
    // What comes back may come from whoever sends it.
    let back = to(2, line(1, 500, 0, &[(EndToEnd, 7)]));
    assert_eq!(run(&rules(), &[back], &[of(1, item(1, 500, 0, &[7]))]).matches.len(), 1);
}

/// Somebody else's line of the same amount keeps no true pair from its rule.
#[test]
fn a_stranger_of_the_same_amount_takes_nothing_away() {
    let stranger = OpenLine { counterpart: Some(key(9)), ..line(1, -500, 0, &[]) };
    let items = [item(1, -500, 0, &[7]), item(2, -500, 0, &[8])];
    for rules in [rules(), Rules::embedded().unwrap()] {
        let lines = [stranger.clone(), line(2, -503, 0, &[(EndToEnd, 7)])];
        assert!(
            told(&run(&rules, &lines, &items))
                .contains(&"reference-less-fee: 2 > 1 -0.03 bank-fees".to_owned())
        );
    }
}

/// What went out less a charge, or in parts, and what came back under the same reference are two things.
#[test]
fn what_came_back_does_not_keep_what_went_out_from_its_rule() {
    let back = line(9, 900, 1, &[(EndToEnd, 7)]);
    for out in [
        vec![line(1, -903, 0, &[(EndToEnd, 7)])],
        vec![line(1, -400, 0, &[(EndToEnd, 7)]), line(2, -500, 0, &[(EndToEnd, 7)])],
    ] {
        let lines: Vec<OpenLine> = out.iter().cloned().chain([back.clone()]).collect();
        let outcome = run(&rules(), &lines, &[item(1, -900, 0, &[7])]);
        assert_eq!(outcome.matches.iter().map(|m| m.lines.len()).collect::<Vec<_>>(), [out.len()]);
    }
}

/// A line that is in two ties keeps the items of both from the weaker rules: none of them is free for another line.
#[test]
fn what_is_in_any_tie_of_a_line_is_kept_from_weaker_rules() {
    let lines = [
        line(1, -900, 0, &[(PaymentInformation, 7), (Creditor, 8)]),
        line(2, -310, 0, &[]),
        line(3, -110, 0, &[]),
    ];
    let items = [
        // Two ways to 9.00 by one reference …
        item(1, -310, 0, &[7]),
        item(2, -590, 0, &[7]),
        item(3, -590, 0, &[7]),
        // … and two by the other.
        item(4, -110, 0, &[8]),
        item(5, -790, 0, &[8]),
        item(6, -790, 0, &[8]),
    ];
    assert_eq!(told(&run(&rules(), &lines, &items)), ["group-by-reference? 1"]);
}

/// What is only likely is shown, and uses nothing up.
#[test]
fn a_likely_pair_is_suggested_and_stays_open() {
    let outcome = run(&rules(), &[line(1, -500, 30, &[])], &[item(1, -500, 0, &[]), item(2, -500, 1, &[])]);
    assert!(outcome.matches.is_empty() && outcome.ties.is_empty());
    assert_eq!(outcome.suggestions.len(), 2);
}

/// The bank's error and its correction are suggested, as long as no rule is certain of one of them.
#[test]
fn lines_that_take_each_other_back_are_suggested() {
    let suggested = |lines: &[OpenLine], items: &[OpenItem]| -> Vec<BTreeSet<u128>> {
        let outcome = run(&rules(), lines, items);
        let reversals = outcome.suggestions.iter().filter(|found| found.rule == "taken-back");
        reversals.map(|found| set(found.lines.iter().map(|line| line.0.as_u128()))).collect()
    };
    let (out, back) = (line(1, -500, 0, &[(EndToEnd, 7)]), line(2, 500, 20, &[(EndToEnd, 7)]));
    let both = [out.clone(), back.clone()];
    assert_eq!(suggested(&both, &[]), [set([1, 2])]);
    assert_eq!(suggested(&both, &[item(1, -500, 0, &[7])]), [], "that went out as it should");
    assert_eq!(suggested(&[out.clone(), line(2, 501, 0, &[(EndToEnd, 7)])], &[]), []);
    assert_eq!(suggested(&[out.clone(), line(2, 500, 0, &[(EndToEnd, 8)])], &[]), []);
    assert_eq!(suggested(&[out.clone(), line(2, -500, 0, &[(EndToEnd, 7)])], &[]), []);
    assert_eq!(
        suggested(&[line(1, -500, 0, &[]), line(2, 500, 0, &[])], &[]),
        [],
        "no reference, no suggestion"
    );
    // Paid twice, and one of the two taken back: whichever it was.
    let twice = [out, line(3, -500, 0, &[(EndToEnd, 7)]), back];
    assert_eq!(suggested(&twice, &[item(1, -500, 0, &[7])]), [set([1, 2]), set([2, 3])]);
}

/// What goes from one account of the authority to another is suggested: each line names the account of the other.
#[test]
fn a_transfer_between_own_accounts_is_suggested() {
    let on_account = |account: u64, other: u64, line: OpenLine| OpenLine {
        account: Some(key(account)),
        counterpart: Some(key(other)),
        ..line
    };
    let suggested = |lines: &[OpenLine]| -> Vec<BTreeSet<u128>> {
        let outcome = run(&rules(), lines, &[]);
        assert!(outcome.matches.is_empty());
        let transfers = outcome.suggestions.iter().filter(|found| found.rule == "between-own-accounts");
        transfers.map(|found| set(found.lines.iter().map(|line| line.0.as_u128()))).collect()
    };
    let out = on_account(1, 2, line(1, -500, 0, &[]));
    let into = |account, other, amount, day| on_account(account, other, line(2, amount, day, &[]));
    assert_eq!(suggested(&[out.clone(), into(2, 1, 500, 5)]), [set([1, 2])]);
    assert_eq!(suggested(&[out.clone(), into(2, 1, 500, -5)]), [set([1, 2])], "it may be told before");
    assert_eq!(suggested(&[out.clone(), into(2, 1, 500, 6)]), []);
    assert_eq!(suggested(&[out.clone(), into(2, 1, 501, 0)]), []);
    assert_eq!(suggested(&[out.clone(), into(2, 1, -500, 0)]), []);
    assert_eq!(suggested(&[out.clone(), into(2, 3, 500, 0)]), [], "it came from somewhere else");
    assert_eq!(suggested(&[out.clone(), into(3, 1, 500, 0)]), [], "it went somewhere else");
    let own = |amount| on_account(1, 1, line(3, amount, 0, &[]));
    assert_eq!(suggested(&[own(-500), OpenLine { line: out.line, ..own(500) }]), []);
    let twice = [out.clone(), OpenLine { line: LineId(Uuid::from_u128(3)), ..out }, into(2, 1, 500, 0)];
    assert_eq!(suggested(&twice), [set([1, 2]), set([2, 3])], "somebody says which of them");
}

/// However generous a file of rules is, what takes two people is not written off by none.
#[test]
fn no_rule_lets_a_match_be_off_by_what_takes_two_people() {
    let document = Rules::document()
        .replace("write_off_alone_max = \"50.00\"", "write_off_alone_max = \"9000.00\"")
        .replace("residual_max = \"25.00\"", "residual_max = \"8000.00\"");
    let generous = Rules::parse(&document).unwrap();
    let from = crate::support::rules().parameters().second_approval_from.unwrap();
    let capped = generous.under(crate::support::rules());
    let alone = from.checked_sub(eur("0.01")).unwrap();
    assert_eq!((capped.write_off_alone_max, capped.tolerance(false).unwrap().max), (alone, alone));
    assert_eq!(rules().under(crate::support::rules()), rules(), "those in this program stay as they are");
    assert_eq!(generous.under(rules_of_one()).tolerance(false).unwrap().max, eur("8000.00"));
}

#[rstest]
#[case("residual_max = \"25.00\"", "residual_max = \"50.01\"", "residual_max is more than 50.00")]
#[case(
    "days_after = 5\n",
    "days_after = 5\nwithout_counterpart = true\n",
    "only an amount can do without_counterpart"
)]
#[case("members_max = 1000\n\n", "\n\n", "rule group-by-reference: a group needs members_max")]
#[case(
    "references = [\"creditor\"]",
    "",
    "rule structured-reference: a reference, group, exchange or reversal needs references"
)]
#[case("residual_max = \"25.00\"", "", "residual_max and residual_account come together")]
#[case("residual_max = \"25.00\"", "residual_max = \"-1.00\"", "not by less than nothing")]
#[case("days_after = 45", "days_after = 400", "at most 366 days")]
#[case("id = \"same-amount\"", "id = \"amount-and-day\"", "rule amount-and-day stands there twice")]
#[case("kind = \"suggestion\"", "kind = \"guess\"", "guess")]
#[case("write_off_alone_max = \"50.00\"", "write_off_alone_max = \"-0.01\"", "less than nothing")]
#[case("residual_account = \"bank-fees\"", "residual_account = \"Bank fees\"", "account for differences")]
fn rules_that_say_nothing_are_refused(#[case] from: &str, #[case] to: &str, #[case] wanted: &str) {
    let document = include_str!("../../src/matching/rules.toml");
    assert!(document.contains(from));
    let error = Rules::parse(&document.replacen(from, to, 1)).unwrap_err().to_string();
    assert!(error.contains(wanted), "{error}");
}

/// What a bank may do with a payment, as the generator knows it.
#[derive(Debug, Clone, Copy)]
pub enum Story {
    Paid,
    PaidByStructuredReference,
    PaidWithoutReference,
    Batch(u8),
    BatchLessFee(u8, u16),
    Instalments(u8),
    LessFee(u16),
    PaidTwice,
    NotPaid,
    Unknown,
}

pub fn story() -> impl Strategy<Value = Story> {
    prop_oneof![
        4 => Just(Story::Paid),
        2 => Just(Story::PaidByStructuredReference),
        2 => Just(Story::PaidWithoutReference),
        2 => (2_u8..6).prop_map(Story::Batch),
        2 => (2_u8..6, 1_u16..2_500).prop_map(|(parts, fee)| Story::BatchLessFee(parts, fee)),
        2 => (2_u8..4).prop_map(Story::Instalments),
        2 => (1_u16..2_500).prop_map(Story::LessFee),
        1 => Just(Story::PaidTwice),
        1 => Just(Story::NotPaid),
        1 => Just(Story::Unknown),
    ]
}

type Pair = (BTreeSet<u128>, BTreeSet<u128>);

/// A month with its truth: what belongs together, and the lines that are in doubt.
#[derive(Debug, Default)]
pub struct Month {
    pub lines: Vec<OpenLine>,
    pub items: Vec<OpenItem>,
    truth: BTreeSet<Pair>,
    doubtful: BTreeSet<u128>,
}

impl Month {
    pub fn of(stories: &[Story]) -> Self {
        let mut month = Self::default();
        // No two amounts are less than 100 euros apart, so that none is taken for another less a fee.
        for (n, story) in (1_i64..).zip(stories) {
            let (amount, due, reference) = (-n * 10_000, n % 28, n as u64 * 100);
            let item = |month: &mut Self, amount: i64, references: &[u64]| {
                let id = month.items.len() as u128 + 10_000;
                month.items.push(item(id, amount, due, references));
                id
            };
            let line = |month: &mut Self, amount: i64, references: &[(ReferenceKind, u64)]| {
                let id = month.lines.len() as u128 + 1;
                month.lines.push(line(id, amount, due + 1, references));
                id
            };
            match *story {
                Story::Paid | Story::PaidByStructuredReference => {
                    let kind = if matches!(story, Story::Paid) { EndToEnd } else { Creditor };
                    let items = item(&mut month, amount, &[reference]);
                    let lines = line(&mut month, amount, &[(kind, reference)]);
                    month.truth.insert((set([lines]), set([items])));
                }
                Story::PaidWithoutReference => {
                    let items = item(&mut month, amount, &[reference]);
                    let lines = line(&mut month, amount, &[]);
                    month.truth.insert((set([lines]), set([items])));
                }
                Story::Batch(parts) | Story::BatchLessFee(parts, _) => {
                    let fee = if let Story::BatchLessFee(_, fee) = *story { i64::from(fee) } else { 0 };
                    let parts = i64::from(parts);
                    let items: Vec<u128> = (0..parts)
                        .map(|part| {
                            item(&mut month, amount - part, &[reference + 1 + part as u64, reference])
                        })
                        .collect();
                    let whole = amount * parts - (0..parts).sum::<i64>() - fee;
                    let lines = line(&mut month, whole, &[(PaymentInformation, reference)]);
                    month.truth.insert((set([lines]), set(items)));
                }
                Story::Instalments(parts) => {
                    let parts = i64::from(parts);
                    let items = item(&mut month, amount * parts, &[reference]);
                    let lines: Vec<u128> =
                        (0..parts).map(|_| line(&mut month, amount, &[(EndToEnd, reference)])).collect();
                    month.truth.insert((set(lines), set([items])));
                }
                Story::LessFee(fee) => {
                    let items = item(&mut month, amount, &[reference]);
                    let lines = line(&mut month, amount - i64::from(fee), &[(EndToEnd, reference)]);
                    month.truth.insert((set([lines]), set([items])));
                }
                Story::PaidTwice => {
                    item(&mut month, amount, &[reference]);
                    for _ in 0..2 {
                        let doubtful = line(&mut month, amount, &[(EndToEnd, reference)]);
                        month.doubtful.insert(doubtful);
                    }
                }
                Story::NotPaid => {
                    item(&mut month, amount, &[reference]);
                }
                Story::Unknown => {
                    line(&mut month, amount, &[(EndToEnd, reference)]);
                }
            }
        }
        month
    }
}

fn set(ids: impl IntoIterator<Item = u128>) -> BTreeSet<u128> {
    ids.into_iter().collect()
}

fn found(outcome: &Outcome) -> BTreeSet<Pair> {
    let pair = |m: &domain::matching::Match| {
        (set(m.lines.iter().map(|line| line.0.as_u128())), set(m.items.iter().map(Uuid::as_u128)))
    };
    outcome.matches.iter().map(pair).collect()
}

/// No line and no item is used twice, nor both matched and in doubt.
fn used_once(outcome: &Outcome) -> bool {
    let mut uses: BTreeMap<Uuid, u32> = BTreeMap::new();
    for matched in &outcome.matches {
        for id in matched.lines.iter().map(|line| line.0).chain(matched.items.iter().copied()) {
            *uses.entry(id).or_default() += 1;
        }
    }
    for tie in &outcome.ties {
        *uses.entry(tie.line.0).or_default() += 1;
    }
    uses.values().all(|times| *times == 1)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Every true pair, no false one; what was paid twice is in doubt.
    #[test]
    fn a_month_is_matched_as_it_was(stories in vec(story(), 0..40)) {
        let month = Month::of(&stories);
        let outcome = run(&rules(), &month.lines, &month.items);
        prop_assert_eq!(found(&outcome), month.truth);
        prop_assert_eq!(set(outcome.ties.iter().map(|tie| tie.line.0.as_u128())), month.doubtful);
        prop_assert!(used_once(&outcome));
    }

    /// Few amounts, days and references, so that nearly everything fits nearly everything.
    #[test]
    fn whatever_fits_whatever_each_is_used_once_and_the_order_does_not_matter(
        lines in vec((1_i64..4, 0_i64..4, vec((0_usize..3, 1_u64..5), 0..3), prop::option::of(1_u64..3)), 0..25),
        items in vec((1_i64..4, 0_i64..4, vec(1_u64..5, 0..3), prop::option::of(1_u64..3)), 0..25),
        turn: prop::sample::Index,
    ) {
        let kinds = [EndToEnd, Creditor, PaymentInformation];
        let mut lines: Vec<OpenLine> = (1..)
            .zip(lines)
            .map(|(id, (amount, day, references, counterpart))| {
                let references: Vec<_> = references.into_iter().map(|(kind, number)| (kinds[kind], number)).collect();
                OpenLine { counterpart: counterpart.map(key), ..line(id, -amount, day, &references) }
            })
            .collect();
        // Apart from those of the lines.
        let mut items: Vec<OpenItem> = (1_000..)
            .zip(items)
            .map(|(id, (amount, day, references, counterpart))| {
                OpenItem { counterpart: counterpart.map(key), ..item(id, -amount, day, &references) }
            })
            .collect();
        let outcome = run(&rules(), &lines, &items);
        prop_assert!(used_once(&outcome));
        if !lines.is_empty() {
            let at = turn.index(lines.len());
            lines.rotate_left(at);
        }
        items.reverse();
        prop_assert_eq!(run(&rules(), &lines, &items), outcome);
    }

    /// Whatever a pair by reference or amount is, no other line or item would have fitted: held against all pairs.
    #[test]
    fn a_pair_by_amount_has_each_other_alone(
        lines in vec((1_i64..6, 0_i64..8), 0..15),
        items in vec((1_i64..6, 0_i64..8), 0..15),
    ) {
        let lines: Vec<OpenLine> =
            (1..).zip(&lines).map(|(id, (amount, day))| line(id, -amount, *day, &[])).collect();
        let items: Vec<OpenItem> =
            (1_000..).zip(&items).map(|(id, (amount, due))| item(id, -amount, *due, &[])).collect();
        let outcome = run(&rules(), &lines, &items);
        let fits = |line: &OpenLine, item: &OpenItem| {
            line.amount == item.amount && (item.day..=item.day.saturating_add(3.days())).contains(&line.booked_on)
        };
        let mut wanted = BTreeSet::new();
        for line in &lines {
            for item in items.iter().filter(|item| fits(line, item)) {
                let alone = items.iter().filter(|other| fits(line, other)).count() == 1
                    && lines.iter().filter(|other| fits(other, item)).count() == 1;
                if alone {
                    wanted.insert((set([line.line.0.as_u128()]), set([item.item.as_u128()])));
                }
            }
        }
        prop_assert_eq!(found(&outcome), wanted);
    }
}
