//! Several connections at once, and callers that go away.

use std::sync::Arc;
use std::time::Duration;

use event_log::{AppendOutcome, ProjectionStore, Store};
use sqlx::Connection;

use crate::support::Ledger;
use store_testing::contract::{Build, Random, appended, command, one, stale, stream, verify};

/// Readers see the last commit while a transaction is open; writers wait for it and then see what it wrote.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_do_not_wait_for_a_writer() {
    let ledger = Ledger::new().await;
    one(&ledger.store, command(1).on(1, 0)).await;
    let head = ledger.store.head().await.unwrap();

    let other = ledger.open_again().await;
    let mut raw = ledger.raw().await;
    let mut open = raw.begin_with("BEGIN IMMEDIATE").await.unwrap();
    sqlx::query("INSERT INTO projections VALUES ('held', 1, 1, 0, 1, NULL)")
        .execute(&mut *open)
        .await
        .unwrap();

    let append = tokio::spawn(async move { one(&other, command(2).on(1, 1)).await });
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(!append.is_finished(), "a writer waits");
    assert_eq!(ledger.store.head().await.unwrap(), head);
    assert_eq!(ledger.store.read_log(0, 10).await.unwrap().len(), 1);
    assert_eq!(ledger.store.read_streams(&[stream(1)]).await.unwrap().len(), 1);
    assert_eq!(ledger.store.generations("held").await.unwrap(), []);

    open.commit().await.unwrap();
    assert_eq!(append.await.unwrap(), appended(2, 2));
    assert_eq!(ledger.store.generations("held").await.unwrap().len(), 1);
}

/// A caller may go away at any moment: what it was told stays, what it was not told is there or not, and the next
/// caller finds no trace of a half-done transaction.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_append_that_is_dropped_is_whole_or_absent() {
    let ledger = Ledger::new().await;
    let store = Arc::new(ledger.open_again().await);
    let mut random = Random(7);
    let (mut version, mut finished, mut dropped) = (0, 0, 0);
    for round in 0..150 {
        // 70 events of two streams: several statements, one of them full.
        let mut append = command(round).on(1, version).on(2, version);
        for _ in 0..34 {
            append = append.and(1).and(2);
        }
        let task = tokio::spawn({
            let (store, append) = (Arc::clone(&store), append.clone());
            async move { one(&*store, append).await }
        });
        tokio::time::sleep(Duration::from_micros(random.below(3_000))).await;
        task.abort();
        let told = task.await.ok();
        match &told {
            Some(outcome) => assert!(matches!(outcome, AppendOutcome::Appended { .. })),
            None => dropped += 1,
        }
        // The same command again: done before, if it was told so, and written now otherwise.
        let again = one(&*store, append).await;
        let done = matches!(again, AppendOutcome::AlreadyDone { .. });
        assert!(done || told.is_none(), "{again:?}");
        finished += u64::from(done);
        version += 35;
    }
    assert!(dropped > 10 && finished > 10, "both happened: {dropped} dropped, {finished} finished");
    assert_eq!(ledger.store.head().await.unwrap().position, 150 * 70);
    verify(&ledger.store).await.unwrap();
}

/// Many tasks on one store, and a second store beside it: everybody gets the outcome of their own command.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_tasks_get_their_own_outcomes() {
    let ledger = Ledger::new().await;
    let stores = [Arc::new(ledger.open_again().await), Arc::new(ledger.open_again().await)];
    let tasks: Vec<_> = (0..16)
        .map(|task| {
            let store = Arc::clone(&stores[task as usize % 2]);
            tokio::spawn(async move {
                for version in 0..20 {
                    let id = task * 100 + version;
                    let AppendOutcome::Appended { first, last } =
                        one(&*store, command(id).on(task, version * 2).and(task)).await
                    else {
                        panic!("nobody else writes to this stream")
                    };
                    let written = store.read_log(first - 1, 2).await.unwrap();
                    assert_eq!((written[0].command_id, written[1].position), (command(id).command_id, last));
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(ledger.store.head().await.unwrap().position, 640);
    verify(&ledger.store).await.unwrap();
}

/// A stale decision is refused also when the stream was extended by another process a moment ago.
#[tokio::test]
async fn another_process_is_noticed_at_once() {
    let ledger = Ledger::new().await;
    let other = ledger.open_again().await;
    for version in 0..5 {
        assert_eq!(
            one(&ledger.store, command(version * 2).on(1, version * 2)).await,
            appended(version * 2 + 1, version * 2 + 1)
        );
        assert_eq!(
            one(&other, command(100 + version).on(1, version * 2)).await,
            stale(1, version * 2, version * 2 + 1)
        );
        assert_eq!(
            one(&other, command(version * 2 + 1).on(1, version * 2 + 1)).await,
            appended(version * 2 + 2, version * 2 + 2)
        );
        let again = one(&ledger.store, command(version * 2 + 1).on(1, 0)).await;
        assert!(matches!(again, AppendOutcome::AlreadyDone { .. }), "{again:?}");
    }
    verify(&ledger.store).await.unwrap();
}
