//! The figures of a statement are sums of its movements, in whatever order they came.

use domain::Period;
use domain::statement::{Movement, MovementKind, totals};
use money::Eur;
use proptest::prelude::*;
use proptest::sample::select;

use crate::support::day;

fn movement() -> impl Strategy<Value = Movement> {
    let reasons = select(&["over-cap", "wrong-partner", "not-arrived"][..]);
    (1_u64..1_000, 0_i64..400, select(MovementKind::ALL), 1_i64..1_000_000, reasons).prop_map(
        |(position, after, kind, cents, reason)| Movement {
            position,
            day: day("2024-01-01") + jiff::Span::new().days(after),
            kind,
            eur: Eur::from_cents(cents),
            reason: (kind == MovementKind::Disallowed).then_some(reason),
            about: position,
        },
    )
}

proptest! {
    #[test]
    fn what_is_at_the_end_is_what_was_before_and_what_moved(moved in prop::collection::vec(movement(), 0..60)) {
        let mut owed_after_the_last = Eur::ZERO;
        let mut undecided_after_the_last = Eur::ZERO;
        for quarter in ["2024-Q1", "2024-Q2", "2024-Q3", "2024-Q4", "2025"] {
            let period: Period = quarter.parse().unwrap();
            let t = totals(&moved, period).unwrap();
            let sum = |kind| Eur::sum(moved.iter().filter(|m| m.kind == kind && period.contains(m.day)).map(|m| m.eur)).unwrap();
            prop_assert_eq!(t.reported, sum(MovementKind::Reported));
            prop_assert_eq!(t.eligible, sum(MovementKind::Eligible));
            prop_assert_eq!(t.disallowed().unwrap(), sum(MovementKind::Disallowed));
            prop_assert_eq!(t.reversed, sum(MovementKind::Reversed));
            prop_assert_eq!(
                (t.fees, t.advances, t.paid),
                (sum(MovementKind::Fee), sum(MovementKind::Advance), sum(MovementKind::Paid))
            );
            prop_assert_eq!((t.owed_before, t.undecided_before), (owed_after_the_last, undecided_after_the_last));
            prop_assert_eq!((t.grants, t.grants_back), (sum(MovementKind::Grant), sum(MovementKind::GrantBack)));
            let cents = |eur: Eur| eur.cents();
            prop_assert_eq!(cents(t.owed), cents(t.owed_before) + cents(t.eligible) + cents(t.fees) + cents(t.grants)
                - cents(t.grants_back) - cents(t.reversed) - cents(t.advances) - cents(t.paid));
            prop_assert_eq!(
                cents(t.undecided),
                cents(t.undecided_before) + cents(t.reported) + cents(t.reopened)
                    - cents(t.eligible) - cents(t.disallowed().unwrap())
            );
            (owed_after_the_last, undecided_after_the_last) = (t.owed, t.undecided);
        }
    }
}
