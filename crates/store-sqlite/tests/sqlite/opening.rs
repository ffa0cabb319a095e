//! Creating and opening a ledger, and what refuses to open.

use std::fs;
use std::path::Path;

use event_log::{Store, StoreError};
use store_sqlite::SqliteStore;

use crate::support::Ledger;
use store_testing::contract::{Build, appended, command, meta, one, stream, verify};

fn files(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

async fn refusal(path: &Path) -> StoreError {
    SqliteStore::open(path).await.expect_err("must not open")
}

/// The reason why a ledger does not open after SQL was run on its file.
async fn unsafe_after(sql: &str) -> String {
    let ledger = Ledger::new().await;
    ledger.store.close().await.unwrap();
    ledger.sql(sql).await.unwrap();
    match refusal(&ledger.path()).await {
        StoreError::Unsafe(why) => why,
        other => panic!("{sql}: {other:?}"),
    }
}

#[tokio::test]
async fn a_ledger_survives_closing() {
    let ledger = Ledger::new().await;
    one(&ledger.store, command(1).on(1, 0).and(1)).await;
    let head = ledger.store.head().await.unwrap();
    ledger.store.close().await.unwrap();
    assert_eq!(files(ledger.folder.path()), ["svala.db"], "the write-ahead log is folded into the file");
    assert!(ledger.store.head().await.is_err());
    assert!(ledger.store.append(vec![command(2).on(2, 0)]).await.is_err());
    let again = ledger.open_again().await;
    assert_eq!(again.head().await.unwrap(), head);
    assert_eq!(again.meta().await.unwrap(), meta());
    assert_eq!(one(&again, command(2).on(1, 2)).await, appended(3, 3));
    verify(&again).await.unwrap();
}

#[tokio::test]
async fn opening_never_creates_a_file() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["svala.db", ":memory:", "file:svala.db?mode=memory", "no/such/folder/svala.db", "."] {
        assert!(matches!(refusal(&folder.path().join(name)).await, StoreError::NoLedger { .. }), "{name}");
    }
    fs::write(folder.path().join("empty"), "").unwrap();
    assert!(matches!(refusal(&folder.path().join("empty")).await, StoreError::NoLedger { .. }));
    fs::write(folder.path().join("text"), "not a database, but long enough to be read as one".repeat(99))
        .unwrap();
    assert!(matches!(refusal(&folder.path().join("text")).await, StoreError::Damaged(_)));
    assert_eq!(files(folder.path()), ["empty", "text"]);
}

#[tokio::test]
async fn an_existing_file_is_left_alone() {
    let ledger = Ledger::new().await;
    one(&ledger.store, command(1).on(1, 0)).await;
    let again = SqliteStore::create(&ledger.path(), meta()).await;
    assert!(matches!(again, Err(StoreError::AlreadyThere { .. })), "{again:?}");
    assert_eq!(ledger.store.head().await.unwrap().position, 1);

    let text = ledger.folder.path().join("text");
    fs::write(&text, "something else").unwrap();
    let over = SqliteStore::create(&text, meta()).await;
    assert!(matches!(over, Err(StoreError::AlreadyThere { .. })), "{over:?}");
    assert_eq!(fs::read_to_string(&text).unwrap(), "something else");
}

/// Red if the file were made by SQLite, which asks the umask.
#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_may_read_the_files() {
    use std::os::unix::fs::PermissionsExt;

    let ledger = Ledger::new().await;
    one(&ledger.store, command(1).on(1, 0)).await;
    assert_eq!(files(ledger.folder.path()), ["svala.db", "svala.db-shm", "svala.db-wal"]);
    for name in files(ledger.folder.path()) {
        let mode = fs::metadata(ledger.folder.path().join(&name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[tokio::test]
async fn a_creation_that_fails_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("svala.db");
    // The schema refuses the identity, which is written last.
    let broken = event_log::LedgerMeta { key_id: Vec::new(), ..meta() };
    let failed = SqliteStore::create(&path, broken).await;
    assert!(matches!(failed, Err(StoreError::Database(_))), "{failed:?}");
    assert!(files(folder.path()).is_empty(), "{:?}", files(folder.path()));
    SqliteStore::create(&path, meta()).await.unwrap();

    let nowhere = SqliteStore::create(&folder.path().join("no/folder/svala.db"), meta()).await;
    assert!(matches!(nowhere, Err(StoreError::Database(_))), "{nowhere:?}");
}

/// Killed between making the file and committing: what is left is no ledger, and does not stand in the way.
#[tokio::test]
async fn a_creation_that_was_killed_can_be_repeated() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("svala.db");
    fs::write(&path, "").unwrap();
    assert!(matches!(refusal(&path).await, StoreError::NoLedger { .. }));
    let store = SqliteStore::create(&path, meta()).await.unwrap();
    #[cfg(unix)]
    assert!(store.assertions().await.unwrap().iter().all(|(_, _, holds)| *holds));
    store.close().await.unwrap();
}

#[tokio::test]
async fn two_creations_at_once_make_one_ledger() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("svala.db");
    let (first, second) =
        tokio::join!(SqliteStore::create(&path, meta()), SqliteStore::create(&path, meta()));
    let lost = [&first, &second].into_iter().filter(|made| made.is_err()).count();
    assert_eq!(lost, 1, "{first:?} {second:?}");
    assert!([first, second].iter().any(|made| matches!(made, Err(StoreError::AlreadyThere { .. }))));
    verify(&SqliteStore::open(&path).await.unwrap()).await.unwrap();
}

#[tokio::test]
async fn unsafe_settings_refuse_to_open() {
    let why = unsafe_after("PRAGMA journal_mode = DELETE").await;
    assert_eq!(why, "journal_mode is wal: found delete");
    let why = unsafe_after("DROP TRIGGER events_no_update").await;
    assert_eq!(why, "triggers guard the log: found missing or altered: events_no_update");
    // A trigger of the same name that does nothing is no trigger.
    let why = unsafe_after(
        "DROP TRIGGER commands_no_delete; DROP TRIGGER events_no_delete;
         CREATE TRIGGER events_no_delete BEFORE DELETE ON events BEGIN SELECT 1; END",
    )
    .await;
    assert_eq!(why, "triggers guard the log: found missing or altered: commands_no_delete, events_no_delete");
}

/// A ledger that a newer program has migrated, and one whose migration is not ours.
#[tokio::test]
async fn a_schema_this_program_does_not_know_refuses_to_open() {
    let why = unsafe_after(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES (9999, 'later', 1, x'00', 0)",
    )
    .await;
    assert!(why.contains("migration 9999") && why.contains("newer program"), "{why}");
    let why = unsafe_after("UPDATE _sqlx_migrations SET checksum = x'00'").await;
    assert_eq!(why, "migration 1 is not the one its schema was made with");
}

#[tokio::test]
async fn the_doctor_finds_what_is_wrong() {
    let ledger = Ledger::new().await;
    let all = ledger.store.assertions().await.unwrap();
    let what: Vec<_> = all.iter().map(|(what, _, holds)| (what.as_str(), *holds)).collect();
    assert_eq!(
        what,
        [
            ("SQLite is 3.51.3 or newer", true),
            ("journal_mode is wal", true),
            ("synchronous is 2 (full)", true),
            ("foreign_keys is 1 (on)", true),
            ("triggers guard the log", true),
            ("integrity_check is ok", true),
            ("file mode is 0600", true),
        ]
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(ledger.path(), fs::Permissions::from_mode(0o644)).unwrap();
    }
    ledger.sql("DROP TRIGGER log_head_no_delete").await.unwrap();
    let all = ledger.store.assertions().await.unwrap();
    let wrong: Vec<_> =
        all.iter().filter(|(_, _, holds)| !holds).map(|(_, found, _)| found.as_str()).collect();
    assert_eq!(wrong, ["missing or altered: log_head_no_delete", "0644"]);
}

/// A stream is found by an index, of which no hash speaks.
#[tokio::test]
async fn the_doctor_finds_an_index_that_is_not_that_of_its_table() {
    let ledger = Ledger::new().await;
    one(&ledger.store, command(1).on(1, 0).and(1)).await;
    // The index of a copy of the table in which one event is another stream's.
    ledger
        .sql(
            "PRAGMA writable_schema = ON;
             CREATE TABLE twin (position INTEGER PRIMARY KEY, stream_id TEXT NOT NULL, stream_version INTEGER NOT NULL,
                                UNIQUE (stream_id, stream_version));
             INSERT INTO twin SELECT position, CASE position WHEN 2 THEN 'case-none' ELSE stream_id END, stream_version
             FROM events;
             CREATE TEMP TABLE roots AS SELECT name, rootpage FROM sqlite_schema WHERE name LIKE 'sqlite_autoindex_%_1';
             UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM roots WHERE name = 'sqlite_autoindex_twin_1')
             WHERE name = 'sqlite_autoindex_events_1';
             UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM roots WHERE name = 'sqlite_autoindex_events_1')
             WHERE name = 'sqlite_autoindex_twin_1'",
        )
        .await
        .unwrap();
    let store = ledger.open_again().await;
    assert_eq!(store.read_log(0, 9).await.unwrap().len(), 2);
    assert_eq!(store.read_streams(&[stream(1)]).await.unwrap().len(), 1, "the index hides an event");
    let wrong: Vec<_> = store.assertions().await.unwrap().into_iter().filter(|(.., holds)| !holds).collect();
    assert!(
        matches!(wrong.as_slice(), [(what, found, _)] if what == "integrity_check is ok" && found.contains("index")),
        "{wrong:?}"
    );
}
