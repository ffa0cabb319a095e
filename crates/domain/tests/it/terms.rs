//! What an agreement lets a partner charge.

use domain::partner::{FeeTerms, UnderAgreement};
use money::Eur;
use proptest::prelude::*;
use rstest::rstest;

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

proptest! {
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
