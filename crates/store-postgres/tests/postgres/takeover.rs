//! A server that goes away and comes back, or another one in its place that may lack something.

use std::collections::BTreeSet;
use std::sync::Arc;

use event_log::{Head, ProjectionStore, Store, StoreError};
use sqlx::Connection;
use store_postgres::PostgresStore;
use store_testing::contract::{Build, appended, command, one, verify};

use crate::proxy::{From, Proxy};
use crate::support::{Ledger, set_on_database, sql, until};

/// A standby that was behind takes over: what this program was told is written is not there any more.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_lost_what_it_acknowledged_is_noticed() {
    let Some(ledger) = Ledger::new().await else { return };
    for id in 1..=3 {
        one(&ledger.store, command(id).on(id, 0)).await;
    }
    let behind = ledger.store.head().await.unwrap();
    one(&ledger.store, command(4).on(4, 0)).await;
    fall_back_to_3(&ledger, &behind).await;
    assert_notices_the_loss(&ledger.store).await;
    assert_eq!(ledger.store.head().await.unwrap().position, 3, "nothing was written");
}

/// By the time this program notices, others have written to the server that took over, further than it ever had.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_lost_what_it_acknowledged_and_went_on_is_noticed() {
    let Some(ledger) = Ledger::new().await else { return };
    for id in 1..=3 {
        one(&ledger.store, command(id).on(id, 0)).await;
    }
    let behind = ledger.store.head().await.unwrap();
    one(&ledger.store, command(4).on(4, 0)).await;
    fall_back_to_3(&ledger, &behind).await;
    let other = ledger.open_again().await;
    for id in 6..=9 {
        one(&other, command(id).on(id, 0)).await;
    }
    assert_notices_the_loss(&ledger.store).await;
    let read_model = ledger.store.start_generation("balances", 1).await;
    assert!(matches!(read_model, Err(StoreError::Damaged(_))), "{read_model:?}");
    assert_eq!(other.head().await.unwrap().position, 7, "nothing was written");
}

/// Others may write as much as they like where nothing was lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_comes_back_and_has_gone_on_is_gone_on_with() {
    let Some(ledger) = Ledger::new().await else { return };
    one(&ledger.store, command(1).on(1, 0)).await;
    for id in 2..=7 {
        one(&ledger.open_again().await, command(id).on(id, 0)).await;
    }
    cut_all(&ledger).await;
    assert_eq!(one(&ledger.store, command(8).on(8, 0)).await, appended(8, 8));
    verify(&ledger.store).await.unwrap();
}

/// Whatever server answers after a connection was lost keeps the promises, or nothing is written.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_comes_back_with_unsafe_settings_is_not_written_to() {
    let Some(ledger) = Ledger::new().await else { return };
    one(&ledger.store, command(1).on(1, 0)).await;
    set_on_database(&ledger, "synchronous_commit = off").await;
    one(&ledger.store, command(2).on(2, 0)).await;
    cut_all(&ledger).await;
    let refused = ledger.store.append(vec![command(3).on(3, 0)]).await;
    assert!(
        matches!(&refused, Err(StoreError::Unsafe(why)) if why.contains("synchronous_commit")),
        "{refused:?}"
    );
    let unsafe_now = ledger.store.assertions().await.unwrap().into_iter().filter(|a| !a.2).count();
    assert_eq!(unsafe_now, 1, "what is wrong can be looked at");
    assert_eq!(ledger.store.head().await.unwrap().position, 2);
}

/// Ends all connections to the database, as a server does that starts again.
async fn cut_all(ledger: &Ledger) {
    let mut connection = ledger.database.connect().await;
    let others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                  WHERE datname = current_database() AND pid <> pg_backend_pid()";
    sql(&mut connection, others).await;
    connection.close().await.unwrap();
}

/// The same where the answer was lost, and only the next attempt learned that it is written.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_only_a_second_attempt_learned_to_be_written_is_noticed_when_lost() {
    let Some(ledger) = Ledger::new().await else { return };
    let proxy = Proxy::start(&ledger.database).await;
    let store = PostgresStore::open(proxy.url()).await.unwrap();
    for id in 1..=3 {
        one(&store, command(id).on(id, 0)).await;
    }
    let behind = ledger.store.head().await.unwrap();
    // A statement the server knows is sent in four messages; after the fourth it is executed, and nobody hears of it.
    proxy.cut_after(4);
    assert_eq!(one(&store, command(4).on(4, 0)).await, appended(4, 4));
    assert_eq!(proxy.places().0, BTreeSet::from([(From::Store, "S".to_owned())]));
    fall_back_to_3(&ledger, &behind).await;
    assert_notices_the_loss(&store).await;
}

async fn assert_notices_the_loss(store: &PostgresStore) {
    let lost = store.append(vec![command(5).on(5, 0)]).await;
    assert!(matches!(&lost, Err(StoreError::Damaged(why)) if why.contains("up to position 4")), "{lost:?}");
}

/// Takes the fourth event away, with all that tells of it, and everybody's connections.
async fn fall_back_to_3(ledger: &Ledger, behind: &Head) {
    let mut connection = ledger.database.connect().await;
    let back = format!(
        "SET search_path = svala; SET session_replication_role = replica;
         DELETE FROM events WHERE position = 4; DELETE FROM commands WHERE first_position = 4;
         UPDATE log_head SET position = 3, root = '\\x{}', frontier = '\\x{}';
         SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid()",
        event_log::hex::encode(&behind.root),
        event_log::hex::encode(&behind.frontier.to_bytes())
    );
    sql(&mut connection, &back).await;
}

/// As many readers as there can be were at work when the server went away: the next one outlives all their connections.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_outlives_all_connections_of_the_pool() {
    const READERS: usize = 8;
    let Some(ledger) = Ledger::new().await else { return };
    one(&ledger.store, command(1).on(1, 0)).await;
    let (mut other, mut watch) = (ledger.database.connect().await, ledger.database.connect().await);
    // Nobody gets an answer before all have asked, so each has a connection of its own.
    sql(&mut other, "BEGIN; LOCK TABLE svala.log_head IN ACCESS EXCLUSIVE MODE").await;
    let store = Arc::new(ledger.open_again().await);
    let reads: Vec<_> = std::iter::repeat_with(|| {
        let store = store.clone();
        tokio::spawn(async move { store.head().await.unwrap().position })
    })
    .take(READERS)
    .collect();
    until(
        &mut watch,
        "SELECT count(*) = 8 FROM pg_locks WHERE relation = 'svala.log_head'::regclass AND NOT granted",
    )
    .await;
    sql(&mut other, "ROLLBACK").await;
    for read in reads {
        assert_eq!(read.await.unwrap(), 1);
    }
    cut_all(&ledger).await;
    assert_eq!(store.head().await.unwrap().position, 1);
}

/// Every connection of the server goes away: what comes next finds its way back, and nothing is written twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restarted_server_is_found_again() {
    let Some(ledger) = Ledger::new().await else { return };
    for id in 1..=20 {
        assert_eq!(one(&ledger.store, command(id).on(id, 0)).await, appended(id, id));
        cut_all(&ledger).await;
        if id % 2 == 0 {
            assert_eq!(ledger.store.head().await.unwrap().position, id);
        }
    }
}
