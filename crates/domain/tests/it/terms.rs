//! What an agreement lets a partner charge.

use std::collections::BTreeMap;

use domain::partner::{Agreement, FeeTerms, UnderAgreement, over_terms};
use domain::{AgreementCode, FeeId, PartnerCommand};
use money::Eur;
use proptest::prelude::*;
use rstest::rstest;
use uuid::Uuid;

use crate::partners::{Given, Told, agreement, end, fee, sign};
use crate::support::*;

fn under(eligible: &str, cases: u64) -> UnderAgreement {
    UnderAgreement { eligible: eur(eligible), undecided: eur("0.00"), cases }
}

fn percent(points: u16) -> FeeTerms {
    FeeTerms::Percent(points.try_into().unwrap())
}

#[rstest]
#[case::none(percent(750), under("0.00", 9), "0.00")]
#[case::share(percent(750), under("1400.00", 9), "105.00")]
#[case::half_a_cent_is_a_cent(percent(750), under("0.20", 9), "0.02")]
#[case::less_is_none(percent(750), under("0.06", 9), "0.00")]
#[case::all(percent(10_000), under("0.01", 9), "0.01")]
#[case::cases(FeeTerms::PerCase(eur("45.00")), under("1.00", 3), "135.00")]
#[case::no_cases(FeeTerms::PerCase(eur("45.00")), under("1.00", 0), "0.00")]
fn what_may_be_charged(#[case] terms: FeeTerms, #[case] under: UnderAgreement, #[case] expected: &str) {
    assert_eq!(terms.allows(under), Ok(eur(expected)));
}

#[test]
fn what_is_no_amount_is_said() {
    assert!(FeeTerms::PerCase(Eur::MAX).allows(under("0.00", 2)).is_err());
    assert!(FeeTerms::PerCase(Eur::MAX).allows(under("0.00", u64::MAX)).is_err());
}

/// 5 % of so much for each agreement, by code.
type Spend = &'static [(&'static str, &'static str)];

fn five_percent(country: &str, from: &str, until: Option<&str>) -> Agreement {
    Agreement { fee: Some(percent(500)), ..agreement(&[country], from, until) }
}

/// What is said of each fee that is over, by its number.
fn over(told: &Told, spend: Spend) -> BTreeMap<u128, String> {
    let spend: BTreeMap<&str, &str> = spend.iter().copied().collect();
    let number = |fee: FeeId| fee.0.as_u128() as u64;
    let over = over_terms(told.partner(), number, |code| under(spend[code.as_str()], 0)).unwrap();
    over.into_iter().map(|(fee, over)| (fee.0.as_u128(), over.flag().detail)).collect()
}

fn charge(told: &mut Told, number: u128, on: &str, amount: &str) {
    told.done(PartnerCommand::ReportFee(fee(number, on, eur(amount).into())));
}

#[test]
fn a_fee_is_held_against_an_agreement_that_was_signed_after_it_was_reported() {
    let mut told = Told::registered();
    charge(&mut told, 1, "2024-03-31", "50.00");
    assert_eq!(over(&told, &[]), BTreeMap::new());
    told.done(sign("a", five_percent("JO", "2024-01-01", None)));
    charge(&mut told, 2, "2024-04-30", "50.00");
    let said = "with it 100.00 EUR are charged under agreement a, which allows 50.00: 5 % of eligible spend, which is 1000.00, 0.00 not decided";
    assert_eq!(over(&told, &[("a", "1000.00")]), [(2, said.to_owned())].into());
    // One that ended before a fee allows it nothing.
    told.done(Given(end("a", "2024-04-29"), who("finance")));
    assert_eq!(over(&told, &[("a", "1000.00")]), BTreeMap::new());
    assert!(told.partner().fee_agreement(day("2024-04-30")).is_none());
}

#[test]
fn fees_under_agreements_of_the_same_days_are_held_against_all_of_them() {
    let mut told = Told::registered();
    told.done(sign("jo", five_percent("JO", "2024-01-01", None)));
    told.done(sign("so", five_percent("SO", "2024-01-01", None)));
    charge(&mut told, 1, "2024-03-31", "50.00");
    charge(&mut told, 2, "2024-03-31", "30.00");
    const SPEND: Spend = &[("jo", "1000.00"), ("so", "600.00")];
    assert_eq!(over(&told, SPEND), BTreeMap::new());
    charge(&mut told, 3, "2024-04-30", "0.01");
    let said = "with it 80.01 EUR are charged under agreements jo, so, which allow 80.00 together: jo 5 % of eligible spend, which is 1000.00, 0.00 not decided; so 5 % of eligible spend, which is 600.00, 0.00 not decided";
    assert_eq!(over(&told, SPEND), [(3, said.to_owned())].into());
}

/// What can be under another agreement leaves the room of the only one that a later fee has.
#[test]
fn a_fee_takes_the_room_of_the_agreement_that_ends_first() {
    let mut told = Told::registered();
    told.done(sign("long", five_percent("JO", "2024-01-01", None)));
    told.done(sign("short", five_percent("SO", "2024-01-01", Some("2024-06-30"))));
    told.done(sign("later", five_percent("SO", "2025-01-01", None)));
    const SPEND: Spend = &[("long", "1000.00"), ("short", "1000.00"), ("later", "20.00")];
    charge(&mut told, 1, "2024-03-31", "60.00");
    charge(&mut told, 2, "2024-09-30", "40.00");
    assert_eq!(over(&told, SPEND), BTreeMap::new());
    charge(&mut told, 3, "2024-10-31", "0.01");
    let over_by_then = over(&told, SPEND);
    assert_eq!(over_by_then.keys().collect::<Vec<_>>(), [&3]);
    assert!(
        over_by_then[&3].starts_with(
            "with it 100.01 EUR are charged under agreements long, short, which allow 100.00 together:"
        ),
        "{over_by_then:?}"
    );
    // A later agreement has room of its own.
    charge(&mut told, 4, "2025-01-31", "1.00");
    assert_eq!(over(&told, SPEND).keys().collect::<Vec<_>>(), [&3]);
    charge(&mut told, 5, "2025-02-28", "0.01");
    assert_eq!(over(&told, SPEND).keys().collect::<Vec<_>>(), [&3, &5]);
}

/// An agreement: its first month, for how many more, and what it allows in cents.
type Allowed = (i8, i8, i64);

/// The agreements that are in force in a month.
fn in_force(agreements: &[Allowed], on: i8) -> Vec<usize> {
    let holds = |(from, months, _): Allowed| (from..=(from + months).min(12)).contains(&on);
    (0..agreements.len()).filter(|place| holds(agreements[*place])).collect()
}

/// The most of these fees that can be put under agreements: over all sets of agreements, the least of what such a set
/// allows with all fees that can be under another one.
fn most(agreements: &[Allowed], fees: &[(i8, i64)]) -> i64 {
    let bound = |set: u32| -> i64 {
        let holds = |place: &usize| set & (1 << place) != 0;
        let room: i64 = (0..agreements.len()).filter(holds).map(|place| agreements[place].2).sum();
        let others = fees.iter().filter(|(on, _)| !in_force(agreements, *on).iter().all(holds));
        room + others.map(|(_, cents)| cents).sum::<i64>()
    };
    (0..1 << agreements.len()).map(bound).min().unwrap()
}

proptest! {
    /// A fee is over exactly where no way of putting fees under agreements has room for it and those before it.
    #[test]
    fn over_is_what_no_way_of_charging_has_room_for(
        agreements in prop::collection::vec((1_i8..=12, 0_i8..12, 0_i64..40), 0..4),
        mut charged in prop::collection::vec((1_i8..=12, 1_i64..40), 1..7),
    ) {
        let mut told = Told::registered();
        let month = |month: i8| format!("2024-{month:02}-01");
        let mut spend = BTreeMap::new();
        for (place, (from, months, cents)) in agreements.iter().enumerate() {
            let (code, country) = (format!("a{place}"), ["JO", "SO", "MA", "ET"][place]);
            let terms = agreement(&[country], &month(*from), Some(&month((from + months).min(12))));
            told.done(sign(&code, Agreement { fee: Some(percent(10_000)), ..terms }));
            spend.insert(code, Eur::from_cents(*cents));
        }
        charged.sort_unstable();
        for (number, (on, cents)) in (1..).zip(&charged) {
            charge(&mut told, number, &month(*on), &Eur::from_cents(*cents).to_string());
        }
        let under = |code: &AgreementCode| {
            UnderAgreement { eligible: spend[code.as_str()], ..UnderAgreement::default() }
        };
        let found = over_terms(told.partner(), |fee| fee.0.as_u128() as u64, under).unwrap();
        for (number, (on, cents)) in charged.iter().enumerate() {
            let more = most(&agreements, &charged[..=number]) - most(&agreements, &charged[..number]);
            let over = found.get(&FeeId(Uuid::from_u128(number as u128 + 1)));
            let expected = more < *cents && !in_force(&agreements, *on).is_empty();
            prop_assert_eq!(over.is_some(), expected, "{} of {:?} under {:?}", number, charged, agreements);
            prop_assert!(over.is_none_or(|over| over.charged > over.allowed));
        }
    }

    /// More spend or more cases never allow less, and a share never more than the whole.
    #[test]
    fn more_allows_more(cents in 0_i64..i64::MAX / 2, more in 0_i64..1_000_000, points in 1_u16..=10_000, cases in 0_u64..1_000) {
        let spend = |cents| UnderAgreement { eligible: Eur::from_cents(cents), undecided: Eur::ZERO, cases };
        let (less, all) = (percent(points).allows(spend(cents)).unwrap(), percent(points).allows(spend(cents + more)).unwrap());
        prop_assert!(less <= all && less <= Eur::from_cents(cents));
        let per_case = FeeTerms::PerCase(Eur::from_cents(more));
        prop_assert_eq!(per_case.allows(spend(0)).unwrap().cents(), more * cases as i64);
    }
}
