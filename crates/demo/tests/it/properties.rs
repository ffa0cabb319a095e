//! Any seed, any size.

use demo::{DemoYear, invent};
use proptest::prelude::*;

use crate::ledger;

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases / 5, ..ProptestConfig::default() })]

    #[test]
    fn every_row_of_every_year_can_be_imported(seed: u64, people in prop_oneof![Just(0), Just(1), Just(10), 0_usize..700]) {
        let files = ledger::read(&invent(seed, people));
        prop_assert_eq!(files.cases.len(), people);
        ledger::run(&files);
    }
}

#[test]
fn two_thousand_people_are_six_years_in_one() {
    let files = ledger::read(&invent(u64::MAX, 2_000));
    assert_eq!(files.cases.len(), 2_000);
    let reversals = ledger::run(&files).reversals;
    assert!(reversals.iter().filter(|outcome| **outcome == "not-accepted").count() >= 6);
}

#[test]
fn nobody_is_a_year_of_headers() {
    let DemoYear { cases, grants, spend, reversals } = invent(1, 0);
    for file in [cases, grants, spend, reversals] {
        assert_eq!(file.lines().count(), 1);
    }
}

/// What the benchmark and the large import use.
#[test]
fn twenty_thousand_people_are_a_hundred_thousand_receipts() {
    let rows = invent(7, 20_000).spend.lines().count();
    assert!((95_000..=110_000).contains(&rows), "{rows} rows");
}
