//! What is odd about some claims is the same, whether they are looked at alone or with all others.

use std::collections::BTreeMap;

use domain::claim::Flag;

use crate::races::with_people;
use crate::support::*;

/// The same receipt at another partner, in another case, for a family; the same purpose twice; an amount that is not usual.
#[test]
fn the_flags_of_what_was_reported_last_are_those_among_all() {
    many_threads().block_on(async {
        let book = with_people().await;
        book.register("irara").await;
        let usual: Vec<String> = (0..12)
            .map(|n| {
                receipt(
                    "caritas",
                    &format!("MV-{}", n % 4 + 1),
                    n,
                    &format!("2024-04-{:02}", n + 1),
                    "100.00",
                )
            })
            .collect();
        book.import(Kind::Spend, "usual.csv", &usual).await;
        let shared = receipt("caritas", "MV-1 + MV-2", 40, "2024-05-01", "90.00");
        book.import(Kind::Spend, "family.csv", &[shared]).await;
        let odd = [
            receipt("irara", "MV-3", 2, "2024-04-03", "100.00"),
            receipt("irara", "MV-4", 40, "2024-05-01", "45.00"),
            receipt("irara", "MV-1", 60, "2024-04-06", "100.00"),
            receipt("caritas", "MV-2", 61, "2024-05-06", "2900.00"),
            receipt("caritas", "MV-2", 62, "2024-07-01", "15.00"),
        ];
        book.import(Kind::Spend, "odd.csv", &odd).await;
        let fee = "irara,,partner-fee,2024-04-01,100.00,EUR,Caritas,F-1,,".to_owned();
        book.import(Kind::Spend, "fee.csv", &[fee]).await;
        let all = book.ledger.flags().await.unwrap();
        assert!(all.len() > 6, "{all:?}");
        let head = book.ledger.store().head().await.unwrap().position;
        for after in 0..=head {
            let wanted: BTreeMap<u64, Vec<Flag>> =
                all.range(after + 1..).map(|(n, f)| (*n, f.clone())).collect();
            assert_eq!(book.ledger.flags_after(after, |_| true).await.unwrap(), wanted, "after {after}");
        }
    });
}
