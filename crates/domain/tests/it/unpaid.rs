//! What is left to be paid.

use std::collections::BTreeMap;

use domain::payment::{Accepted, unpaid};
use money::Eur;
use proptest::prelude::*;
use rstest::rstest;

use crate::support::*;

fn accepted(of: u64, on: &str, amount: &str) -> Accepted<u64> {
    Accepted { of, on: day(on), eur: eur(amount) }
}

/// Three things, given in another order than that of their days; the second has a payment of its own.
#[rstest]
#[case::nothing("0.00", "3:30.00 1:100.00 2:20.00")]
#[case::a_part_of_the_oldest("10.00", "3:20.00 1:100.00 2:20.00")]
#[case::more_than_the_oldest("45.00", "3:0.00 1:85.00 2:20.00")]
#[case::more_than_all("200.00", "3:0.00 1:0.00 2:0.00")]
#[case::less_than_nothing("-5.00", "3:30.00 1:100.00 2:20.00")]
fn what_was_paid_for_none_is_taken_for_the_oldest(#[case] paid: &str, #[case] expected: &str) {
    let things = vec![
        accepted(1, "2024-04-01", "100.00"),
        accepted(2, "2024-05-01", "60.00"),
        accepted(3, "2024-03-01", "30.00"),
    ];
    let left = unpaid(things, &BTreeMap::from([(2, eur("40.00"))]), eur(paid)).unwrap();
    let left: Vec<String> = left.iter().map(|(of, eur)| format!("{of}:{eur}")).collect();
    assert_eq!(left.join(" "), expected);
}

/// Of what came back after it was paid less than nothing is left, which pays for nothing else.
#[test]
fn what_came_back_after_it_was_paid_pays_for_nothing_else() {
    let things = vec![accepted(1, "2024-04-01", "70.00"), accepted(2, "2024-05-01", "60.00")];
    let left = unpaid(things, &BTreeMap::from([(1, eur("100.00"))]), eur("10.00")).unwrap();
    assert_eq!(left, [(1, eur("-30.00")), (2, eur("50.00"))]);
}

proptest! {
    /// No cent is lost: what is left, what payments have and what was settled come to what was accepted; and as long as
    /// something is open, all that was paid is settled.
    #[test]
    fn what_is_left_and_what_was_paid_come_to_what_was_accepted(
        things in prop::collection::vec((0_i64..300, 0_i64..100_000, 0_i64..100_000), 0..20),
        paid in 0_i64..500_000,
    ) {
        let sum = |amounts: &mut dyn Iterator<Item = Eur>| Eur::sum(amounts).unwrap();
        let all: Vec<Accepted<usize>> = things.iter().enumerate().map(|(of, (after, cents, _))| {
            let on = day("2024-01-01") + jiff::Span::new().days(*after);
            Accepted { of, on, eur: Eur::from_cents(*cents) }
        }).collect();
        let taken: BTreeMap<usize, Eur> =
            things.iter().enumerate().map(|(of, (.., cents))| (of, Eur::from_cents(*cents))).collect();
        let left = unpaid(all.clone(), &taken, Eur::from_cents(paid)).unwrap();
        prop_assert_eq!(left.len(), all.len());
        let worth = sum(&mut all.iter().map(|thing| thing.eur));
        let rest = sum(&mut left.iter().map(|(_, eur)| *eur).chain(taken.values().copied()));
        let settled = worth.checked_sub(rest).unwrap();
        prop_assert!(!settled.is_negative() && settled <= Eur::from_cents(paid));
        if left.iter().any(|(_, eur)| *eur > Eur::ZERO) {
            prop_assert_eq!(settled, Eur::from_cents(paid));
        }
        // Whatever is younger than something that is open has nothing of it.
        let first_open = left.iter().position(|(_, eur)| *eur > Eur::ZERO).unwrap_or(left.len());
        for (of, eur) in left.iter().skip(first_open + 1) {
            prop_assert_eq!(all[*of].eur.checked_sub(taken[of]).unwrap(), *eur);
        }
    }
}
