//! The connection stays open and nothing comes any more: nobody waits for ever.

use std::time::{Duration, Instant};

use event_log::{AppendOutcome, ProjectionStore, Store, StoreError};
use store_postgres::{Patience, PostgresStore};
use store_testing::contract::{Build, assert_as_told, command, meta, one, verify};
use store_testing::postgres::Database;

use crate::proxy::Proxy;
use crate::support::Ledger;

const PATIENCE: Patience = Patience {
    connecting: Duration::from_millis(500),
    answering: Duration::from_millis(500),
    migrating: Duration::from_millis(500),
};

/// What no test may take, and each would without a limit.
const FOR_EVER: Duration = Duration::from_secs(120);

async fn open(proxy: &Proxy) -> PostgresStore {
    PostgresStore::open_with(proxy.url(), PATIENCE).await.unwrap()
}

fn assert_says_what_to_do(error: StoreError) {
    let told = error.to_string();
    assert!(matches!(error, StoreError::Unreachable(_)), "{told}");
    for words in ["has said nothing for 500ms", "the network", "give the command again"] {
        assert!(told.contains(words), "{told}");
    }
}

/// An append whose connection falls silent is tried again as a whole, and written once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_append_that_is_not_answered_is_written_once() {
    let Some(ledger) = Ledger::new().await else { return };
    let proxy = Proxy::start(&ledger.database).await;
    let store = open(&proxy).await;
    let mut told = Vec::new();
    // Before the server has all of it, and after it has committed.
    for nth in [1, 3, 4, 6] {
        // With a connection that is there.
        one(&store, command(1_000 + nth).on(1_000 + nth, 0)).await;
        let append = command(nth).on(nth, 0).and(nth);
        proxy.silent_after(nth, false);
        let outcome = tokio::time::timeout(FOR_EVER, one(&store, append.clone())).await.unwrap();
        assert!(proxy.calm(), "{nth}: nothing was silent");
        let AppendOutcome::Appended { first, last } = outcome else { panic!("{nth}: {outcome:?}") };
        told.push((append.command_id, outcome));
        assert_eq!(one(&ledger.store, append).await, AppendOutcome::AlreadyDone { first, last });
    }
    assert_eq!(ledger.store.head().await.unwrap().position, told.len() as u64 * 3);
    assert_as_told(&ledger.store, &told).await;
    verify(&ledger.store).await.unwrap();
}

/// A program that stands still while it holds the head of the log holds nobody up for longer than they wait for a lock.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_writer_that_stands_still_lets_go_of_the_head() {
    let Some(ledger) = Ledger::new().await else { return };
    let proxy = Proxy::start(&ledger.database).await;
    let store = PostgresStore::open(proxy.url()).await.unwrap();
    // Its next batch is read under the lock, because this one was refused.
    one(&store, command(1).on(1, 0)).await;
    one(&store, command(2).on(1, 0)).await;
    // The lock is taken with the first message, and nothing comes after it.
    proxy.silent_after(2, false);
    let standing = tokio::spawn(async move { store.append(vec![command(3).on(3, 0)]).await });
    while !proxy.is_silent() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let held = Instant::now();
    let outcome = one(&ledger.store, command(4).on(4, 0)).await;
    assert!(matches!(outcome, AppendOutcome::Appended { .. }), "{outcome:?}");
    assert!(held.elapsed() > Duration::from_secs(5), "nobody held the head");
    standing.abort();
    verify(&ledger.store).await.unwrap();
}

/// Nobody answers any more, neither here nor on a new connection: the caller is told so, and the same command, once
/// the server is heard again, is written now or gets the answer that was not heard.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_stays_silent_is_unreachable_and_nothing_is_written_twice() {
    let Some(ledger) = Ledger::new().await else { return };
    let mut positions = 0;
    for nth in [1, 5] {
        let proxy = Proxy::start(&ledger.database).await;
        let store = open(&proxy).await;
        one(&store, command(100 + nth).on(100 + nth, 0)).await;
        proxy.silent_after(nth, true);
        let append = command(nth).on(nth, 0);
        let given_up = tokio::time::timeout(FOR_EVER, store.append(vec![append.clone()])).await.unwrap();
        assert_says_what_to_do(given_up.unwrap_err());
        proxy.calm();
        let again = one(&store, append).await;
        let written = |outcome| match outcome {
            AppendOutcome::Appended { first, .. } | AppendOutcome::AlreadyDone { first, .. } => first,
            other => panic!("{other:?}"),
        };
        positions += 2;
        assert_eq!(written(again), positions);
    }
    verify(&ledger.store).await.unwrap();
}

/// Looks, changes of read models, opening and closing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_asked_of_a_silent_server_ends() {
    let Some(ledger) = Ledger::new().await else { return };
    one(&ledger.store, command(1).on(1, 0)).await;
    let proxy = Proxy::start(&ledger.database).await;
    let store = open(&proxy).await;
    assert_eq!(store.head().await.unwrap().position, 1);
    // On this connection only: another one answers, sooner or later where the machine is busy.
    proxy.silent_after(1, false);
    let mut head = store.head().await;
    while let Err(StoreError::Unreachable(_)) = head {
        head = store.head().await;
    }
    assert_eq!(head.unwrap().position, 1);
    proxy.silent_after(1, true);
    let began = Instant::now();
    let answers = async {
        assert!(matches!(store.read_log(0, 9).await, Err(StoreError::Unreachable(_))));
        assert_says_what_to_do(store.start_generation("balances", 1).await.unwrap_err());
        assert_says_what_to_do(PostgresStore::open_with(proxy.url(), PATIENCE).await.unwrap_err());
        assert!(store.assertions().await.is_err());
        let _ = store.close().await;
    };
    tokio::time::timeout(FOR_EVER, answers).await.unwrap();
    assert!(began.elapsed() > PATIENCE.answering, "nothing was silent");
}

/// Making a ledger: its schema, and then its identity. Another try finds what the first one made.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_makes_a_ledger_on_a_silent_server_is_told() {
    let Some(database) = Database::create().await else { return };
    let proxy = Proxy::start(&database).await;
    // During the first connection, among its statements, and late, where the tables are made already.
    for nth in [2, 8, 20] {
        proxy.silent_after(nth, true);
        let made = PostgresStore::create_with(proxy.url(), meta(), PATIENCE);
        let told = match tokio::time::timeout(FOR_EVER, made).await.unwrap() {
            Ok(_) => panic!("made over a silent connection"),
            Err(error) => error,
        };
        assert_says_what_to_do(told);
        proxy.calm();
    }
    let patient = Patience { migrating: FOR_EVER, ..PATIENCE };
    let store = PostgresStore::create_with(proxy.url(), meta(), patient).await.unwrap();
    assert_eq!(store.head().await.unwrap().position, 0);
}
