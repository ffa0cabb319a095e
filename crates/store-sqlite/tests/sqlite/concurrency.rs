//! Readers beside a writer.

use std::sync::Arc;
use std::time::Duration;

use event_log::{ProjectionStore, Store};
use sqlx::Connection;

use crate::support::Ledger;
use store_testing::contract::{Build, appended, command, one, stream};

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

/// Transactions in the write-ahead log: frames that end one carry the size of the database after it
/// (https://www.sqlite.org/fileformat2.html#the_write_ahead_log).
fn commits(ledger: &Ledger) -> usize {
    let log = std::fs::read(ledger.path().with_extension("db-wal")).unwrap();
    let page = u32::from_be_bytes(log[8..12].try_into().unwrap()) as usize;
    log[32..].chunks_exact(24 + page).filter(|frame| frame[4..8] != [0; 4]).count()
}

/// What waits while another program writes is one transaction, not one each.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_is_one_transaction() {
    let ledger = Ledger::new().await;
    one(&ledger.store, command(1).on(1, 0)).await;
    let mut raw = ledger.raw().await;
    let open = raw.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let before = commits(&ledger);
    let store = Arc::new(ledger.open_again().await);
    let waiting: Vec<_> = (2..34)
        .map(|id| {
            let store = store.clone();
            tokio::spawn(async move { one(&*store, command(id).on(id, 0)).await })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(100)).await;
    open.rollback().await.unwrap();
    for caller in waiting {
        caller.await.unwrap();
    }
    assert_eq!(ledger.store.head().await.unwrap().position, 33);
    let made = commits(&ledger) - before;
    assert!((1..=4).contains(&made), "32 commands in {made} transactions");
}
