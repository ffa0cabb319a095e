//! Over bad connections: what is tried until it works is done once, and nothing else is.

use std::sync::Arc;

use app::{AppError, Ledger, StartUp};
use event_log::StoreError;
use projection_runner::RunnerError;
use proptest::prelude::*;
use store_testing::contract::assert_as_told;
use store_testing::{Faults, Faulty, Happened};

use crate::homes::{Home, PostgresHome, SqliteHome};
use crate::steps::{Step, steps, take};
use crate::support::*;

/// Whether the same command again may work: the connection was bad, or what was seen was not the latest.
fn may_pass(error: &AppError) -> bool {
    match error {
        AppError::Store(error) | AppError::Runner(RunnerError::Store(error)) => {
            matches!(error, StoreError::Unreachable(_) | StoreError::Database(_) | StoreError::Busy(_))
                || matches!(error, StoreError::Damaged(what) if what.ends_with(" is missing"))
        }
        AppError::Runner(RunnerError::Stopped { why, .. }) => why.to_string().contains("ahead of the log"),
        AppError::Runner(RunnerError::Contended) => true,
        _ => false,
    }
}

/// Takes a step again and again until it is done or refused.
async fn insist<P: Home>(ledger: &Ledger, book: &Book<P>, index: usize, step: &Step) {
    for _ in 0..100 {
        match take(ledger, book.folder.path(), index, step).await {
            Ok(()) => return,
            Err(error) if may_pass(&error) => {}
            Err(fault) => panic!("{step:?}: {fault:?}"),
        }
    }
    panic!("{step:?} never worked");
}

/// A ledger behind a bad connection.
async fn behind<P: Home>(book: &Book<P>, seed: u64, faults: Faults) -> (Ledger, Arc<Faulty>) {
    let store = Faulty::new(book.home.open().await, seed, faults);
    loop {
        // A bad connection is a reason to warn that no checkpoint could be written.
        let start = StartUp { checkpoints: None, ..start(store.clone(), seed, book.folder.path()) };
        match Ledger::open(start).await {
            Ok(ledger) => return (ledger, store),
            Err(error) => assert!(matches!(error, AppError::Store(StoreError::Damaged(_))), "{error:?}"),
        }
    }
}

/// The same commands, each given until it is answered, come to the same figures as without any fault.
async fn alone<P: Home>(steps: &[Step], seed: u64) {
    let Some(bad) = Book::<P>::made(1).await else { return };
    let good = Book::new().await;
    let (ledger, store) = behind(&bad, seed, Faults::often()).await;
    for (index, step) in steps.iter().enumerate() {
        take(&good.ledger, good.folder.path(), index, step).await.unwrap();
        insist(&ledger, &bad, index, step).await;
    }
    let Happened { before, after, twice, .. } = store.happened();
    assert!(before + after + twice > 0);
    assert_as_told(&**bad.ledger.store(), &store.told()).await;
    bad.sound().await;
    assert_eq!(bad.balances().await, good.balances().await);
    assert_eq!(bad.claim_outcomes().await, good.claim_outcomes().await);
}

/// Two people at once, who also see what is no longer so: decisions that rest on it are made again.
async fn together<P: Home>(hands: [Vec<Step>; 2], seed: u64) {
    let Some(book) = Book::<P>::made(1).await.map(Arc::new) else { return };
    let mut at_work = Vec::new();
    for (hand, steps) in hands.into_iter().enumerate() {
        let faults = Faults { stale: 20, behind: 10, ..Faults::often() };
        let (ledger, store) = behind(&book, seed.wrapping_add(hand as u64), faults).await;
        let book = book.clone();
        at_work.push(tokio::spawn(async move {
            for (index, step) in steps.iter().enumerate() {
                insist(&ledger, &book, hand * 1_000 + index, step).await;
            }
            store
        }));
    }
    for hand in at_work {
        let store = hand.await.unwrap();
        assert!(store.happened().stale > 0);
        assert_as_told(&**book.ledger.store(), &store.told()).await;
    }
    book.sound().await;
}

/// One case of so many that other properties are tested with.
fn one_in(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases: ProptestConfig::default().cases / cases,
        failure_persistence: None,
        max_shrink_iters: 64,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(one_in(32))]

    #[test]
    fn what_is_tried_until_it_works_is_done_once(steps in steps(), seed in any::<u64>()) {
        many_threads().block_on(alone::<SqliteHome>(&steps, seed));
    }

    #[test]
    fn two_people_behind_bad_connections_never_harm_the_ledger(mine in steps(), yours in steps(), seed in any::<u64>()) {
        many_threads().block_on(together::<SqliteHome>([mine, yours], seed));
    }
}

proptest! {
    #![proptest_config(one_in(128))]

    #[test]
    fn what_is_tried_on_postgres_until_it_works_is_done_once(steps in steps(), seed in any::<u64>()) {
        many_threads().block_on(alone::<PostgresHome>(&steps, seed));
    }

    #[test]
    fn two_people_on_postgres_behind_bad_connections_never_harm_it(mine in steps(), yours in steps(), seed in any::<u64>()) {
        many_threads().block_on(together::<PostgresHome>([mine, yours], seed));
    }
}
