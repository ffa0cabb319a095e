//! What is odd about claims and fees.

use domain::claim::{Alike, Benefit, ClaimState, FlagKind, Room, Sighted, flags};
use domain::ids::FileDigest;
use domain::partner::FeeState;
use domain::{CaseId, KeyDigest};
use proptest::prelude::*;
use rstest::rstest;
use uuid::Uuid;

use crate::support::*;

/// Education of a person in the Gambia.
fn benefit(case: u128, programme: &str) -> Benefit {
    let case = CaseId(Uuid::from_u128(case));
    Benefit {
        case,
        family: None,
        purpose: "education".into(),
        programme: programme.into(),
        country: "GM".parse().unwrap(),
        room: None,
        had_by: None,
    }
}

fn digest(number: u64) -> KeyDigest {
    KeyDigest([number as u8; 32])
}

/// What tells a receipt with this number, of a supplier of its own.
fn receipt(number: u64) -> Box<Alike> {
    Box::new(Alike { supplier: digest(100 + number), receipts: vec![digest(number)] })
}

fn sighted(number: u64, amount: &str) -> Sighted {
    Sighted {
        number,
        partner: partner("caritas"),
        benefit: Some(benefit(u128::from(number), "jrs")),
        category: "education".into(),
        outside_agreement: false,
        delivered_on: day("2024-04-01"),
        reported_on: day("2024-04-10"),
        amount: eur(amount).into(),
        eur: Some(eur(amount)),
        worth: Some(eur(amount)),
        counts: true,
        alike: Some(receipt(number)),
        receipt_sha256: None,
        file: Some(FileDigest([1; 32])),
    }
}

/// `number:kind` of every flag.
fn raised(claims: &[Sighted]) -> Vec<String> {
    let raised = flags(claims, rules().parameters());
    raised.iter().flat_map(|(n, flags)| flags.iter().map(move |f| format!("{n}:{}", f.kind))).collect()
}

#[rstest]
#[case("2024-06-30", &[])]
#[case("2024-07-01", &["1:late-report"])]
fn a_report_is_late_after_the_days_of_the_rulebook(#[case] reported_on: &str, #[case] expected: &[&str]) {
    assert_eq!(raised(&[Sighted { reported_on: day(reported_on), ..sighted(1, "10.00") }]), expected);
}

/// A day later may be that of a place further east; more than that has not happened yet.
#[rstest]
#[case("2024-03-31", &[])]
#[case("2024-03-30", &["1:future-day"])]
fn a_delivery_cannot_lie_after_its_report(#[case] reported_on: &str, #[case] expected: &[&str]) {
    assert_eq!(raised(&[Sighted { reported_on: day(reported_on), ..sighted(1, "10.00") }]), expected);
}

#[rstest]
#[case("1899.99", &[])]
#[case("1900.00", &["1:near-threshold"])]
#[case("1999.99", &["1:near-threshold"])]
#[case("2000.00", &[])]
fn just_below_the_limit_of_two_people(#[case] amount: &str, #[case] expected: &[&str]) {
    assert_eq!(raised(&[sighted(1, amount)]), expected);
}

/// A family's receipt is not smaller for being shared: neither where two people decide it, nor where it is just below.
#[test]
fn the_limit_of_two_people_looks_at_the_whole_receipt() {
    let share = |worth: &str| Sighted { worth: Some(eur(worth)), ..sighted(1, "650.00") };
    assert_eq!(raised(&[share("1950.00")]), ["1:near-threshold"]);
    let share = Sighted { worth: Some(eur("5850.00")), ..sighted(1, "1950.00") };
    assert_eq!(raised(&[share]), Vec::<String>::new());
}

#[test]
fn an_amount_is_odd_beside_what_the_partner_usually_claims_for_the_benefit() {
    let usual: Vec<Sighted> = (1..=5).map(|number| sighted(number, "100.00")).collect();
    let with = |odd: Sighted| usual.iter().cloned().chain([odd]).collect::<Vec<_>>();
    assert_eq!(raised(&with(sighted(9, "500.00"))), Vec::<String>::new());
    assert_eq!(raised(&with(sighted(9, "500.01"))), ["9:odd-amount"]);
    let of_another = Sighted { partner: partner("ettc"), ..sighted(9, "500.01") };
    assert_eq!(raised(&with(of_another)), Vec::<String>::new(), "another partner's usual is not this one's");
    assert_eq!(raised(&with(sighted(9, "500.01"))[1..]), Vec::<String>::new(), "four others tell nothing");
}

#[test]
fn what_no_agreement_covers_is_said_with_where_and_when() {
    let outside = Sighted { outside_agreement: true, ..sighted(1, "10.00") };
    assert_eq!(raised(&[outside.clone(), sighted(2, "10.00")]), ["1:outside-agreement"]);
    let flags = flags(&[outside], rules().parameters());
    assert_eq!(flags[&1][0].detail, "no agreement with caritas for jrs in GM on 2024-04-01");
    assert!(!flags[&1][0].kind.holds_back());
}

/// Both places are named, and at both.
#[test]
fn one_receipt_at_two_partners() {
    let alike = Some(Box::new(Alike { supplier: digest(9), receipts: vec![digest(9), digest(1)] }));
    let there = Sighted { partner: partner("ettc"), alike, ..sighted(2, "12.00") };
    let claims = [sighted(1, "10.00"), there.clone()];
    assert_eq!(raised(&claims), ["1:same-receipt", "2:same-receipt"]);
    let details = flags(&claims, rules().parameters());
    assert_eq!(details[&1][0].detail, "the same receipt: claim 2 of ettc under jrs");
    assert_eq!(details[&2][0].detail, "the same receipt: claim 1 of caritas under jrs");
    assert_eq!(raised(&[sighted(1, "10.00"), Sighted { counts: false, ..there }]), Vec::<String>::new());
    let not: Vec<_> = ClaimState::ALL.iter().copied().filter(|state| !state.counts()).collect();
    assert_eq!(not, [ClaimState::Refused, ClaimState::Reversed]);
}

#[test]
fn one_file_under_two_receipt_numbers() {
    let receipt_sha256 = Some(FileDigest([7; 32]));
    let claims = [
        Sighted { receipt_sha256, ..sighted(1, "10.00") },
        Sighted { receipt_sha256, ..sighted(2, "12.00") },
        sighted(3, "10.00"),
    ];
    assert_eq!(raised(&claims), ["1:same-receipt", "2:same-receipt"]);
}

/// The same receipt as that of the first, for another person.
fn part(number: u64, amount: &str) -> Sighted {
    Sighted { alike: Some(receipt(1)), ..sighted(number, amount) }
}

/// One cost of a family is one receipt on several people.
#[test]
fn the_shares_of_one_cost_are_not_flagged() {
    let share = |sighted: Sighted| {
        let benefit = sighted.benefit.map(|benefit| Benefit { family: Some(claim(1)), ..benefit });
        Sighted { benefit, worth: Some(eur("2600.00")), ..sighted }
    };
    assert_eq!(raised(&[share(part(1, "1300.00")), share(part(2, "1300.00"))]), Vec::<String>::new());
    // A row for somebody else with what a family shares already is another report of it.
    let flagged = ["1:same-receipt", "2:same-receipt"];
    assert_eq!(raised(&[share(part(1, "10.00")), part(2, "12.00")]), flagged);
}

/// So are its parts for several people, unless they are equal or come in other reports: then each may be the whole.
#[rstest]
#[case::parts(part(2, "12.00"), &[])]
#[case::equal(part(2, "10.00"), &["1:same-receipt", "2:same-receipt"])]
#[case::another_report(Sighted { file: None, ..part(2, "12.00") }, &["1:same-receipt", "2:same-receipt"])]
#[case::another_day(
    Sighted { delivered_on: day("2024-04-02"), ..part(2, "12.00") },
    &["1:same-receipt", "2:same-receipt"]
)]
#[case::the_same_person(
    Sighted { benefit: Some(benefit(1, "jrs")), ..part(2, "12.00") },
    &["1:same-receipt", "2:same-receipt"]
)]
fn the_parts_of_one_receipt(#[case] other: Sighted, #[case] expected: &[&str]) {
    assert_eq!(raised(&[part(1, "10.00"), other]), expected);
}

/// Whoever divides a purchase cannot bring it below what takes two people without being seen.
#[test]
fn receipts_that_reach_the_limit_together_are_held_back() {
    let of_one_supplier = |number: u64, amount: &str, on: &str| {
        let alike = Some(Box::new(Alike { supplier: digest(200), receipts: vec![digest(number)] }));
        let benefit = Some(benefit(7, "jrs"));
        Sighted { alike, benefit, delivered_on: day(on), ..sighted(number, amount) }
    };
    let three = [
        of_one_supplier(1, "1001.00", "2024-04-01"),
        of_one_supplier(2, "599.00", "2024-04-05"),
        of_one_supplier(3, "400.00", "2024-04-08"),
    ];
    assert_eq!(raised(&three), ["1:split-purchase", "2:split-purchase", "3:split-purchase"]);
    assert_eq!(raised(&three[..2]), Vec::<String>::new());
    let raised_on = flags(&three, rules().parameters());
    assert_eq!(
        raised_on[&1][0].detail,
        "3 receipts of one supplier for the same person within 7 days: 2000.00 EUR; from 2000.00 on two people decide"
    );
    assert!(raised_on[&1][0].kind.holds_back());
    let later = Sighted { delivered_on: day("2024-04-09"), ..three[2].clone() };
    assert_eq!(raised(&[three[0].clone(), three[1].clone(), later]), Vec::<String>::new());
    let of_another = Sighted { benefit: Some(benefit(8, "jrs")), ..three[2].clone() };
    assert_eq!(raised(&[three[0].clone(), three[1].clone(), of_another]), Vec::<String>::new());
    let fees = three.map(|claim| Sighted { benefit: None, ..claim });
    assert_eq!(raised(&fees).len(), 3, "fees of one supplier");
}

/// What is larger than all a person may get is a slip of whoever wrote it, and not cut to the cap unseen.
#[rstest]
#[case("3000.01", "3000.00", &["1:far-over-cap"])]
#[case("3000.00", "3000.00", &[])]
#[case("200.01", "100.00", &["1:over-what-is-left"])]
#[case("200.00", "100.00", &[])]
#[case("200.00", "0.00", &[])]
fn far_more_than_there_is(#[case] amount: &str, #[case] left: &str, #[case] expected: &[&str]) {
    let room = Some(Room { cap: eur("3000.00"), left: eur(left) });
    let benefit = Some(Benefit { room, ..benefit(1, "jrs") });
    assert_eq!(raised(&[Sighted { benefit, worth: None, ..sighted(1, amount) }]), expected);
    assert!(FlagKind::FarOverCap.holds_back() && !FlagKind::OverWhatIsLeft.holds_back());
}

#[test]
fn who_had_the_case_is_said_where_another_partner_reports() {
    let benefit = Some(Benefit { had_by: Some(partner("ettc")), ..benefit(1, "jrs") });
    let flags = flags(&[Sighted { benefit, ..sighted(1, "10.00") }], rules().parameters());
    assert_eq!(flags[&1][0].detail, "ettc had the case on 2024-04-01, and caritas reports");
}

/// A file of lines that are all alike is no more work, and says no more of each, than one with few.
#[test]
fn ten_thousand_equal_lines_are_looked_at_in_no_time() {
    let same = |number: u64| Sighted {
        benefit: Some(benefit(1, "jrs")),
        alike: Some(receipt(1)),
        ..sighted(number, "1.00")
    };
    let claims: Vec<Sighted> = (1..=10_000).map(same).collect();
    let begun = std::time::Instant::now();
    let flags = flags(&claims, rules().parameters());
    assert!(begun.elapsed().as_secs() < 10, "{:?}", begun.elapsed());
    assert_eq!(flags.len(), 10_000);
    assert!(
        flags.values().flatten().all(|flag| flag.detail.len() < 300 && flag.detail.ends_with("and more")
            || flag.kind == FlagKind::SplitPurchase)
    );
}

/// The same amount in the currency of the receipt is the same thing too, whatever rate it was converted at.
#[test]
fn the_same_dinars_at_another_rate() {
    let dinars = "142319.180";
    let amount = money::Amount::parse(dinars, "IQD".parse().unwrap(), money::Locale::Strict).unwrap();
    let benefit = || Some(benefit(1, "jrs"));
    let claims = [
        Sighted { amount, benefit: benefit(), ..sighted(1, "100.00") },
        Sighted { amount, benefit: benefit(), eur: None, worth: None, ..sighted(2, "142.32") },
    ];
    assert_eq!(raised(&claims), ["1:same-purpose", "2:same-purpose"]);
}

#[rstest]
#[case::twins("2024-04-28", "10.00", "jrs", &["1:same-purpose", "2:same-purpose"])]
#[case::the_next_month("2024-04-29", "10.00", "jrs", &[])]
#[case::another_amount("2024-04-01", "10.01", "jrs", &[])]
#[case::under_another_programme("2024-12-01", "99.00", "amira2", &["1:same-purpose", "2:same-purpose"])]
fn the_same_purpose_twice(
    #[case] delivered_on: &str,
    #[case] amount: &str,
    #[case] programme: &str,
    #[case] expected: &[&str],
) {
    let first = sighted(1, "10.00");
    let second = Sighted {
        benefit: Some(benefit(1, programme)),
        delivered_on: day(delivered_on),
        reported_on: day(delivered_on),
        ..sighted(2, amount)
    };
    assert_eq!(raised(&[first, second]), expected);
}

fn fee(number: u64, amount: &str) -> Sighted {
    Sighted { benefit: None, category: "partner-fee".into(), ..sighted(number, amount) }
}

/// Fees are late, just below the limit and outside of every agreement like claims.
#[test]
fn a_fee_is_flagged_like_a_claim() {
    let late = Sighted { reported_on: day("2024-07-01"), ..fee(1, "10.00") };
    assert_eq!(raised(&[late]), ["1:late-report"]);
    assert_eq!(raised(&[fee(1, "1900.00"), fee(2, "2000.00")]), ["1:near-threshold"]);
    let outside = Sighted { outside_agreement: true, ..fee(1, "10.00") };
    assert_eq!(raised(std::slice::from_ref(&outside)), ["1:outside-agreement"]);
    let flags = flags(&[outside], rules().parameters());
    assert_eq!(flags[&1][0].detail, "no agreement with caritas has fees on 2024-04-01");
}

/// What is usual for fees the partner's fees tell, and no claims.
#[test]
fn a_fee_is_odd_beside_what_the_partner_usually_charges() {
    let usual: Vec<Sighted> = (1..=5).map(|number| fee(number, "100.00")).collect();
    let with = |odd: Sighted| usual.iter().cloned().chain([odd]).collect::<Vec<_>>();
    assert_eq!(raised(&with(fee(9, "500.00"))), Vec::<String>::new());
    assert_eq!(raised(&with(fee(9, "500.01"))), ["9:odd-amount"]);
    assert_eq!(raised(&with(sighted(9, "500.01"))), Vec::<String>::new());
    let detail = &flags(&with(fee(9, "500.01")), rules().parameters())[&9][0].detail;
    assert_eq!(detail, "500.01 EUR, where caritas usually charges 100.00 for this");
}

/// One receipt as a fee and as spend, or as the fee of two partners; the same amount twice is nothing of itself.
#[test]
fn the_receipt_of_a_fee_is_seen_wherever_it_stands() {
    let claim = part(2, "10.00");
    let raised_on = flags(&[fee(1, "10.00"), claim], rules().parameters());
    assert_eq!(raised_on[&1][0].detail, "the same receipt: claim 2 of caritas under jrs");
    assert_eq!(raised_on[&2][0].detail, "the same receipt: fee 1 of caritas");
    let there = Sighted { alike: Some(receipt(1)), partner: partner("ettc"), ..fee(2, "12.00") };
    assert_eq!(raised(&[fee(1, "10.00"), there]), ["1:same-receipt", "2:same-receipt"]);
    assert_eq!(raised(&[fee(1, "10.00"), fee(2, "10.00")]), Vec::<String>::new());
    let not: Vec<_> = FeeState::ALL.iter().copied().filter(|state| !state.counts()).collect();
    assert_eq!(not, [FeeState::Refused, FeeState::Reversed]);
}

proptest! {
    /// The order in which claims are looked at raises no other flag.
    #[test]
    fn the_order_tells_nothing(amounts in prop::collection::vec(1_i64..300_000, 2..20), by in 0_usize..20) {
        let claims: Vec<Sighted> = amounts.iter().enumerate().map(|(n, cents)| {
            let alike = Some(receipt(n as u64 / 2));
            let benefit = (n % 5 != 4).then(|| benefit(n as u128 % 3, "jrs"));
            let partner = partner(if n % 2 == 0 { "caritas" } else { "ettc" });
            Sighted { alike, benefit, partner, ..sighted(n as u64, &money::Eur::from_cents(*cents).to_string()) }
        }).collect();
        let mut turned = claims.clone();
        turned.rotate_left(by % claims.len());
        prop_assert_eq!(flags(&claims, rules().parameters()), flags(&turned, rules().parameters()));
    }
}
