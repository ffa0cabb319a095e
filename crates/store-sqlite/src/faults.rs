//! Faults inside a transaction, provoked from within.

use std::time::Duration;

use event_log::{
    Append, AppendOutcome, Canonical, LedgerMeta, NewEvent, ProjectionStore, Store, StoreError, StreamId,
};
use sqlx::AssertSqlSafe;
use sqlx::ConnectOptions;
use tempfile::TempDir;
use uuid::Uuid;

use crate::SqliteStore;
use crate::connection::{Script, Writer, options, writer_options};

async fn ledger() -> (SqliteStore, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let meta = LedgerMeta { ledger_id: Uuid::nil(), key_id: vec![1], created_at: 0 };
    let store = SqliteStore::create(&folder.path().join("svala.db"), meta).await.unwrap();
    (store, folder)
}

/// A command with `events` events of a kilobyte.
fn command(id: u128, version: u64, events: u64) -> Append {
    let stream_id: StreamId = "case-1".parse().unwrap();
    let event = NewEvent {
        stream_id: stream_id.clone(),
        event_type: "Arrived",
        schema_version: 1,
        body: Canonical::of(&"x".repeat(1_000)).unwrap(),
        keys: Vec::new(),
    };
    Append {
        command_id: Uuid::from_u128(id),
        fingerprint: [0; 32],
        actor: "anna".into(),
        recorded_at: 0,
        expected: vec![(stream_id, version)],
        after: Vec::new(),
        events: (0..events).map(|_| event.clone()).collect(),
        subject_keys: Vec::new(),
        texts: Vec::new(),
    }
}

/// Sets something on the writing connection as it is now; a new connection does not have it.
async fn misconfigure(store: &SqliteStore, pragma: &str) {
    let mut writer = store.writer().take().await.unwrap();
    sqlx::query(AssertSqlSafe(format!("PRAGMA {pragma}"))).execute(writer.connection()).await.unwrap();
    writer.give_back();
}

/// SQLite rolls back by itself when the disk is full; the connection must not believe it is still inside.
#[tokio::test]
async fn a_full_disk_is_told_and_survived() {
    let (store, _folder) = ledger().await;
    store.append(vec![command(1, 0, 1)]).await.unwrap();
    let head = store.head().await.unwrap();
    misconfigure(&store, "max_page_count = 60").await;
    for events in [1_000, 900] {
        let full = store.append(vec![command(2, 1, events)]).await;
        assert!(matches!(full, Err(StoreError::Full)), "{full:?}");
        assert_eq!(store.head().await.unwrap(), head, "reads go on, and nothing was written");
        misconfigure(&store, "max_page_count = 60").await;
    }
    // There is space again.
    misconfigure(&store, "max_page_count = 100000").await;
    let outcomes = store.append(vec![command(2, 1, 1_000)]).await.unwrap();
    assert_eq!(outcomes, [AppendOutcome::Appended { first: 2, last: 1_001 }]);
}

#[tokio::test]
async fn a_dropped_transaction_leaves_nothing() {
    let (store, _folder) = ledger().await;
    let insert = || Script::new("INSERT INTO projections VALUES ('lost', 1, 1, 0, 1, NULL);");
    let (transaction, _) = store.writer().begin(insert()).await.unwrap();
    drop(transaction);
    assert_eq!(store.generations("lost").await.unwrap(), []);
    // The next transaction waits for the old connection to close, and begins anew.
    let (transaction, _) = store.writer().begin(insert()).await.unwrap();
    transaction.commit(Script::default()).await.unwrap();
    assert_eq!(store.generations("lost").await.unwrap().len(), 1);
}

#[tokio::test]
async fn an_error_rolls_back_what_came_before_it() {
    let (store, _folder) = ledger().await;
    let (mut transaction, _) = store.writer().begin(Script::default()).await.unwrap();
    transaction.run(Script::new("INSERT INTO projections VALUES ('lost', 1, 1, 0, 1, NULL);")).await.unwrap();
    let error =
        transaction.commit(Script::new("INSERT INTO projections VALUES ('lost', 1, 1, 0, 1, NULL);")).await;
    assert!(matches!(error, Err(StoreError::Database(_))), "{error:?}");
    assert_eq!(store.generations("lost").await.unwrap(), []);
    store.append(vec![command(1, 0, 1)]).await.unwrap();
}

/// The head moved between reading and writing, which the write lock forbids: nothing may be committed.
#[tokio::test]
async fn a_head_that_moved_is_never_overwritten() {
    let (store, _folder) = ledger().await;
    store.append(vec![command(1, 0, 3)]).await.unwrap();
    let head = store.head().await.unwrap();
    let at = |position| event_log::Head { position, ..head.clone() };
    let other = event_log::Head { root: [0; 32], ..head.clone() };
    for (before, after) in [(at(2), at(4)), (at(3), at(3)), (at(3), at(2)), (other, at(4))] {
        let (transaction, _) = store.writer().begin(Script::default()).await.unwrap();
        // An event past the head, so that moving it there would be right otherwise.
        let mut script = Script::new(
            "INSERT INTO events SELECT 4, stream_id, 4, event_type, schema_version, command_id, actor, recorded_at,
             body, leaf_hash FROM events WHERE position = 3;",
        );
        crate::append::move_head(&mut script, &before, &after).unwrap();
        let error = transaction.commit(script).await;
        assert!(error.is_err(), "from {before:?} to {after:?}");
        assert_eq!(store.head().await.unwrap(), head);
    }
}

#[tokio::test]
async fn somebody_elses_transaction_is_waited_for_and_then_reported() {
    let (store, _folder) = ledger().await;
    let impatient = writer_options(options(store.path())).busy_timeout(Duration::from_millis(20));
    let impatient = Writer::new(impatient.clone(), impatient.connect().await.unwrap());
    let (transaction, _) = store.writer().begin(Script::default()).await.unwrap();
    let busy = impatient.begin(Script::default()).await;
    let told = busy.unwrap_err().to_string();
    assert!(
        told.starts_with("the ledger is busy (database is locked)") && told.contains("try again"),
        "{told}"
    );
    transaction.rollback().await.unwrap();
    impatient.begin(Script::default()).await.unwrap().0.rollback().await.unwrap();
}

/// What the doctor says of a connection that could lose a commit.
#[tokio::test]
async fn unsafe_settings_of_the_writer_are_found() {
    let (store, _folder) = ledger().await;
    misconfigure(&store, "synchronous = NORMAL").await;
    misconfigure(&store, "foreign_keys = OFF").await;
    let mut writer = store.writer().take().await.unwrap();
    let settings = crate::assertions::settings(writer.connection()).await.unwrap();
    writer.give_back();
    let refused = crate::assertions::demand(&settings);
    assert!(matches!(&refused, Err(StoreError::Unsafe(why)) if why == "synchronous is 2 (full): found 1"));
    let wrong: Vec<_> =
        settings.iter().filter(|(_, _, holds)| !holds).map(|(what, _, _)| what.as_str()).collect();
    assert_eq!(wrong, ["synchronous is 2 (full)", "foreign_keys is 1 (on)"]);
}
