//! A receipt for a family: each person's share is a claim of its own, and no unit is lost.

use domain::claim::{ClaimState, ReceiptFile, Shared, Spend};
use domain::ids::FileDigest;
use domain::rates::{Quote, RateSource};
use domain::{CaseEvent, ClaimCommand};
use money::{Amount, Eur, Locale};
use proptest::prelude::*;

use crate::support::*;

fn amount(text: &str, code: &str) -> Amount {
    Amount::parse(text, code.parse().unwrap(), Locale::Strict).unwrap()
}

fn quote(rate: &str) -> Quote {
    let rate_date = day("2024-06-01");
    Quote { source: RateSource::InforEuro, rate_date, rate: rate.parse().unwrap(), version: 1 }
}

/// The shares of a receipt, as they are reported on each person's case.
fn shares(whole: Amount, parts: u32, quote: Option<Quote>) -> Vec<Spend> {
    let share = |part: u32| {
        let shared = Shared { of: claim(1), part, parts, whole };
        let amount = shared.amount().unwrap();
        Spend { amount, quote, shared: Some(shared), ..spend(u128::from(part), "2024-06-14", "1.00") }
    };
    (1..=parts).map(share).collect()
}

/// What each share was booked as, each on a case of its own.
fn booked(shares: &[Spend]) -> Vec<Eur> {
    let of = |share: &Spend| {
        let events = History::arrived(facts()).done(share.clone());
        match events.as_slice() {
            [CaseEvent::SpendReported(event)] => event.eur.unwrap(),
            other => panic!("{other:?}"),
        }
    };
    shares.iter().map(of).collect()
}

#[test]
fn a_thousand_over_three_people_is_shared_without_losing_a_cent() {
    let shares = shares(amount("1000.00", "EUR"), 3, None);
    assert_eq!(booked(&shares), [eur("333.34"), eur("333.33"), eur("333.33")]);
}

/// 1 000 000 ÷ 1385.7992 = 721.6053: the euros of the shares sum to what the whole receipt is worth, though each share by
/// itself would be 240.54.
#[test]
fn the_euros_of_the_shares_sum_to_the_conversion_of_the_whole() {
    let quote = quote("1385.7992");
    let shares = shares(amount("1000000.000", "IQD"), 3, Some(quote));
    assert_eq!(
        shares.iter().map(|share| share.amount.to_string()).collect::<Vec<_>>(),
        ["333333.334", "333333.333", "333333.333"]
    );
    let booked = booked(&shares);
    assert_eq!(booked, [eur("240.54"), eur("240.54"), eur("240.53")]);
    assert_eq!(Eur::sum(booked).unwrap(), eur("721.61"));
    let alone = shares[2].amount.convert(quote.rate).unwrap();
    assert_eq!(alone, eur("240.54"), "each converted for itself would give a cent too much");
}

#[test]
fn a_share_that_waited_for_its_rate_is_worth_its_share_of_the_whole() {
    let shares = shares(amount("1000000.000", "IQD"), 3, None);
    for (share, wanted) in shares.into_iter().zip(["240.54", "240.54", "240.53"]) {
        let mut history = History::arrived(facts());
        let id = share.claim;
        history.done(share);
        history.done(ClaimCommand::Convert { claim: id, quote: quote("1385.7992") });
        assert_eq!(history.case().claims[&id].eur, Some(eur(wanted)));
    }
}

#[test]
fn what_does_not_fit_one_person_is_disallowed_for_that_person() {
    let shares = shares(amount("9000.00", "EUR"), 2, None);
    let mut history = History::arrived(facts());
    history.done(shares[1].clone());
    history.done(accept(2));
    assert_eq!(history.figures(SUPPORT), "3000.00 3000.00 0.00 1500.00 0.00");
}

/// A limit on what one person decides is one on receipts: sharing does not bring a receipt below it.
#[test]
fn a_large_receipt_takes_two_people_also_when_it_is_shared() {
    for (whole, state) in [("1999.98", ClaimState::Accepted), ("2000.00", ClaimState::Proposed)] {
        let mut history = History::arrived_under(rules(), facts());
        history.done(shares(amount(whole, "EUR"), 3, None).remove(1));
        history.done(accept(2));
        assert_eq!(history.case().claims[&claim(2)].state, state, "{whole}");
    }
    let mut history = History::arrived_under(rules(), facts());
    history.done(shares(amount("2771598.400", "IQD"), 3, Some(quote("1385.7992"))).remove(2));
    history.done(accept(3));
    assert_eq!(history.case().claims[&claim(3)].state, ClaimState::Proposed);
}

#[test]
fn an_amount_that_is_not_the_share_is_refused() {
    let share = shares(amount("1000.00", "EUR"), 3, None).remove(0);
    let shared = share.shared.unwrap();
    let mut history = History::arrived(facts());
    for wrong in [
        Spend { amount: amount("333.33", "EUR"), ..share.clone() },
        Spend { amount: amount("333.34", "USD"), ..share.clone() },
        Spend { shared: Some(Shared { part: 0, ..shared }), ..share.clone() },
        Spend { shared: Some(Shared { part: 4, ..shared }), ..share.clone() },
        Spend { shared: Some(Shared { parts: 0, ..shared }), ..share.clone() },
        Spend { shared: Some(Shared { parts: u32::MAX, ..shared }), ..share },
    ] {
        assert_eq!(history.refused(wrong), "wrong-share");
    }
}

#[test]
fn all_of_a_share_comes_back_as_what_was_booked_for_it() {
    let shares = shares(amount("1000000.000", "IQD"), 3, Some(quote("1385.7992")));
    let mut history = History::arrived(facts());
    history.done(shares[2].clone());
    history.done(accept(3));
    let back = ClaimCommand::Reverse {
        claim: claim(3),
        amount: shares[2].amount,
        reversed_on: day("2024-07-01"),
        reversal_key: domain::KeyDigest([7; 32]),
        details: text(7),
    };
    history.done(back);
    assert_eq!(history.figures(SUPPORT), "3000.00 0.00 0.00 0.00 3000.00");
}

fn file(digest: u8) -> ReceiptFile {
    ReceiptFile { pieces: vec![text(21), text(22)], sha256: FileDigest([digest; 32]), bytes: 2_000_000 }
}

fn attach(number: u128, file: ReceiptFile) -> ClaimCommand {
    ClaimCommand::Attach { claim: claim(number), file }
}

#[test]
fn a_claim_gets_the_receipt_that_was_reported_and_no_other() {
    let mut history = History::arrived(facts());
    history.done(Spend { receipt_sha256: Some(FileDigest([1; 32])), ..spend(1, "2024-06-14", "10.00") });
    history.done(spend(2, "2024-06-14", "10.00"));
    assert_eq!(history.refused(attach(1, file(2))), "another-receipt");
    assert_eq!(history.refused(attach(3, file(2))), "unknown-claim");
    history.done(attach(1, file(1)));
    history.done(attach(2, file(2)));
    assert_eq!(history.case().claims[&claim(2)].receipt, Some(file(2)));
    assert_eq!(history.refused(attach(2, file(2))), "receipt-attached");
    assert_eq!(history.refused(attach(2, file(3))), "receipt-attached");
}

/// A receipt moves no figure, and may come after the decision.
#[test]
fn a_receipt_may_come_after_the_claim_was_decided() {
    let mut history = History::arrived(facts());
    history.done(spend(1, "2024-06-14", "10.00"));
    history.done(accept(1));
    let before = history.figures(SUPPORT);
    history.done(attach(1, file(1)));
    assert_eq!(history.figures(SUPPORT), before);
}

proptest! {
    #[test]
    fn no_unit_and_no_cent_is_lost(minor in 1_000_u64..10_000_000_000, parts in 1_u32..=12, rate in 1_u64..2_000_000) {
        let whole = amount(&format!("{}.{:03}", minor / 1000, minor % 1000), "IQD");
        let quote = quote(&format!("{}.{:03}", rate / 1000 + 1, rate % 1000));
        let shares = shares(whole, parts, Some(quote));
        let sum: money::Decimal = shares.iter().map(|share| share.amount.value()).sum();
        prop_assert_eq!(sum, whole.value());
        let worth = whole.convert(quote.rate).unwrap();
        // Shares of less than a cent are refused; a whole of so many cents gives each at least one.
        if worth.cents() >= i64::from(parts) && worth <= eur("100000000.00") {
            let booked = booked(&shares);
            prop_assert_eq!(Eur::sum(booked.iter().copied()).unwrap(), worth);
            let (most, least) = (booked.iter().max().unwrap(), booked.iter().min().unwrap());
            prop_assert!(most.cents() - least.cents() <= 1);
        }
    }
}
