//! SQLite: a file for the ledger, a file for the bare table, the same settings for both.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use event_log::{LedgerMeta, RecordedEvent, Store};
use sqlx::query::Query;
use sqlx::sqlite::{
    SqliteArguments, SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous,
};
use sqlx::{ConnectOptions, Connection, Sqlite};
use store_sqlite::SqliteStore;

use crate::Outcome;
use crate::database::{Bare, Database, PAGE, ROWS, Reader, command_id, commands};

const TABLES: &str = "
CREATE TABLE events (
    position        INTEGER PRIMARY KEY,
    stream_id       TEXT    NOT NULL,
    stream_version  INTEGER NOT NULL,
    event_type      TEXT    NOT NULL,
    schema_version  INTEGER NOT NULL,
    command_id      BLOB    NOT NULL,
    actor           TEXT    NOT NULL,
    recorded_at     INTEGER NOT NULL,
    body            TEXT    NOT NULL,
    leaf_hash       BLOB    NOT NULL,
    UNIQUE (stream_id, stream_version)
) STRICT;
CREATE TABLE commands (
    command_id      BLOB    PRIMARY KEY,
    fingerprint     BLOB    NOT NULL,
    first_position  INTEGER NOT NULL,
    last_position   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE unique_keys (
    scope      TEXT    NOT NULL,
    digest     BLOB    NOT NULL,
    stream_id  TEXT    NOT NULL,
    entity     BLOB    NOT NULL,
    position   INTEGER NOT NULL,
    PRIMARY KEY (scope, digest)
) STRICT, WITHOUT ROWID";

const INSERT: &str = "INSERT INTO events (position, stream_id, stream_version, event_type, schema_version,
    command_id, actor, recorded_at, body, leaf_hash) VALUES ";

/// One row as it is read.
type Row = (i64, String, i64, String, i64, Vec<u8>, String, i64, String, Vec<u8>);

/// Files in a folder.
pub struct Files {
    folder: PathBuf,
}

impl Files {
    /// Files in this folder.
    pub fn in_folder(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// The settings that the store gives to its own connections.
    fn options(&self, name: &str) -> SqliteConnectOptions {
        SqliteConnectOptions::new()
            .filename(self.folder.join(name))
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(Duration::from_secs(30))
            .foreign_keys(true)
            .pragma("temp_store", "MEMORY")
            .pragma("cache_size", "-32768")
            .pragma("wal_autocheckpoint", "4000")
            .row_buffer_size(1_024)
            .disable_statement_logging()
    }
}

#[async_trait]
impl Database for Files {
    async fn ledger(&self, meta: LedgerMeta) -> Outcome<Arc<dyn Store>> {
        Ok(Arc::new(SqliteStore::create(&self.folder.join("svala.db"), meta).await?))
    }

    fn address(&self) -> String {
        self.folder.join("svala.db").display().to_string()
    }

    async fn bare_table(&self) -> Outcome<Box<dyn Bare>> {
        let mut connection = self.options("bare.db").create_if_missing(true).connect().await?;
        sqlx::raw_sql(TABLES).execute(&mut connection).await?;
        Ok(Box::new(connection))
    }

    async fn bare(&self) -> Outcome<Box<dyn Bare>> {
        Ok(Box::new(self.options("bare.db").connect().await?))
    }

    async fn reader(&self) -> Outcome<Box<dyn Reader>> {
        Ok(Box::new(self.options("svala.db").read_only(true).connect().await?))
    }

    async fn settings(&self) -> Outcome<String> {
        let mut connection = self.options("bare.db").connect().await?;
        let version: String =
            sqlx::query_scalar("SELECT sqlite_version()").fetch_one(&mut connection).await?;
        let journal: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&mut connection).await?;
        let synchronous: i64 = sqlx::query_scalar("PRAGMA synchronous").fetch_one(&mut connection).await?;
        connection.close().await?;
        let synchronous = match synchronous {
            2 => "FULL",
            3 => "EXTRA",
            _ => "less than FULL",
        };
        Ok(format!("SQLite {version}, journal {journal}, synchronous {synchronous}"))
    }
}

#[async_trait]
impl Bare for SqliteConnection {
    async fn insert_alone(&mut self, event: &RecordedEvent) -> Outcome<()> {
        let sql = format!("{INSERT}(?,?,?,?,?,?,?,?,?,?)");
        bind(sqlx::query(sqlx::AssertSqlSafe(sql)), event)?.execute(self).await?;
        Ok(())
    }

    async fn insert_one(&mut self, event: &RecordedEvent) -> Outcome<()> {
        let mut transaction = self.begin().await?;
        transaction.insert_alone(event).await?;
        Ok(transaction.commit().await?)
    }

    async fn insert_many(&mut self, events: &[RecordedEvent]) -> Outcome<()> {
        let mut transaction = self.begin().await?;
        insert(&mut transaction, INSERT, 10, events, bind).await?;
        Ok(transaction.commit().await?)
    }

    async fn insert_all(&mut self, events: &[RecordedEvent]) -> Outcome<()> {
        let commands = commands(events);
        // Each command reserves the leaf of its first event, which is as random as any digest.
        let mut keys: Vec<&RecordedEvent> = commands.iter().map(|(first, _)| *first).collect();
        keys.sort_unstable_by_key(|event| event.leaf_hash);
        let mut transaction = self.begin().await?;
        insert(&mut transaction, INSERT, 10, events, bind).await?;
        insert(&mut transaction, "INSERT INTO commands VALUES ", 4, &commands, |query, (first, last)| {
            Ok(query
                .bind(command_id(first).as_bytes().to_vec())
                .bind(first.leaf_hash.to_vec())
                .bind(i64::try_from(first.position)?)
                .bind(i64::try_from(last.position)?))
        })
        .await?;
        insert(&mut transaction, "INSERT INTO unique_keys VALUES ", 5, &keys, |query, event| {
            Ok(query
                .bind("bench")
                .bind(event.leaf_hash.to_vec())
                .bind(event.stream_id.as_str().to_owned())
                .bind(event.command_id.as_bytes().to_vec())
                .bind(i64::try_from(event.position)?))
        })
        .await?;
        Ok(transaction.commit().await?)
    }
}

type Bound = Query<'static, Sqlite, SqliteArguments>;

/// Inserts rows, many by each statement.
async fn insert<T: Sync>(
    connection: &mut SqliteConnection,
    into: &str,
    columns: usize,
    rows: &[T],
    bind: impl Fn(Bound, &T) -> Outcome<Bound> + Send + Sync,
) -> Outcome<()> {
    let row = format!("({})", vec!["?"; columns].join(","));
    for rows in rows.chunks(ROWS) {
        let sql = format!("{into}{}", vec![row.as_str(); rows.len()].join(","));
        // A text that will not come again is not worth keeping.
        let query = sqlx::query(sqlx::AssertSqlSafe(sql)).persistent(rows.len() == ROWS);
        rows.iter().try_fold(query, &bind)?.execute(&mut *connection).await?;
    }
    Ok(())
}

fn bind(query: Bound, event: &RecordedEvent) -> Outcome<Bound> {
    Ok(query
        .bind(i64::try_from(event.position)?)
        .bind(event.stream_id.as_str().to_owned())
        .bind(i64::try_from(event.stream_version)?)
        .bind(event.event_type.clone())
        .bind(i64::from(event.schema_version))
        .bind(event.command_id.as_bytes().to_vec())
        .bind(event.actor.clone())
        .bind(event.recorded_at)
        .bind(String::from_utf8(event.body.clone())?)
        .bind(event.leaf_hash.to_vec()))
}

#[async_trait]
impl Reader for SqliteConnection {
    async fn page(&mut self, after: i64) -> Outcome<Option<i64>> {
        let page: Vec<Row> = sqlx::query_as(
            "SELECT position, stream_id, stream_version, event_type, schema_version, command_id, actor,
                recorded_at, body, leaf_hash
             FROM events WHERE position > ? ORDER BY position LIMIT ?",
        )
        .bind(after)
        .bind(PAGE)
        .fetch_all(self)
        .await?;
        Ok(std::hint::black_box(page).last().map(|(position, ..)| *position))
    }

    async fn row(&mut self, key: &str) -> Outcome<Option<Vec<u8>>> {
        Ok(sqlx::query_scalar(
            "SELECT row_value FROM projection_rows WHERE name = 'balances' AND generation = 1 AND row_key = ?",
        )
        .bind(key)
        .fetch_optional(self)
        .await?)
    }

    async fn stream(&mut self, stream_id: &str) -> Outcome<Vec<String>> {
        Ok(sqlx::query_scalar("SELECT body FROM events WHERE stream_id = ? ORDER BY stream_version")
            .bind(stream_id)
            .fetch_all(self)
            .await?)
    }
}
