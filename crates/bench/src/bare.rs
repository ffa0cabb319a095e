//! The baselines: the same rows and bytes, through the same driver with the same settings, and nothing else.

use std::fmt;
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use event_log::RecordedEvent;
use serde::Serialize;
use sha2::{Digest, Sha256};
use sqlx::query::Query;
use sqlx::sqlite::{
    SqliteArguments, SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous,
};
use sqlx::{ConnectOptions, Connection, Sqlite};

use crate::Outcome;

/// The columns, types and indexes of the log, without its checks and triggers.
const TABLE: &str = "
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
) STRICT";

const INSERT: &str = "INSERT INTO events (position, stream_id, stream_version, event_type, schema_version,
    command_id, actor, recorded_at, body, leaf_hash) VALUES ";

/// Rows of one statement.
const ROWS: usize = 200;

/// Rows read at a time, as the read models do.
const PAGE: i64 = 5_000;

/// One row as it is read.
type Row = (i64, String, i64, String, i64, Vec<u8>, String, i64, String, Vec<u8>);

/// What the database is and how it keeps what it acknowledged.
#[derive(Debug, Serialize)]
pub struct Database {
    version: String,
    journal_mode: String,
    synchronous: i64,
}

impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let synchronous = match self.synchronous {
            2 => "FULL",
            3 => "EXTRA",
            _ => "less than FULL",
        };
        write!(
            f,
            "SQLite {}, journal {}, synchronous {synchronous}, for the ledger and its baselines",
            self.version, self.journal_mode
        )
    }
}

/// The settings that the store gives to its own connections.
fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .pragma("temp_store", "MEMORY")
        .pragma("cache_size", "-32768")
        .pragma("wal_autocheckpoint", "4000")
        .row_buffer_size(1_024)
        .disable_statement_logging()
}

/// A database with nothing but the table of events.
pub struct Bare {
    connection: SqliteConnection,
}

impl Bare {
    /// Creates it.
    pub async fn create(path: &Path) -> Outcome<Self> {
        let mut connection = options(path).create_if_missing(true).connect().await?;
        sqlx::query(TABLE).execute(&mut connection).await?;
        Ok(Self { connection })
    }

    /// What was asked for, as the database says it.
    pub async fn settings(&mut self) -> Outcome<Database> {
        let connection = &mut self.connection;
        Ok(Database {
            version: sqlx::query_scalar("SELECT sqlite_version()").fetch_one(&mut *connection).await?,
            journal_mode: sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&mut *connection).await?,
            synchronous: sqlx::query_scalar("PRAGMA synchronous").fetch_one(&mut *connection).await?,
        })
    }

    /// Inserts events, so many in one transaction, many in one statement.
    pub async fn insert(&mut self, events: &[RecordedEvent], in_one_transaction: usize) -> Outcome<Duration> {
        let full = format!("{INSERT}{}", vec!["(?,?,?,?,?,?,?,?,?,?)"; ROWS].join(","));
        let begun = Instant::now();
        for batch in events.chunks(in_one_transaction.max(1)) {
            let mut transaction = self.connection.begin().await?;
            for rows in batch.chunks(ROWS) {
                let some;
                let sql = if rows.len() == ROWS {
                    &full
                } else {
                    some = format!("{INSERT}{}", vec!["(?,?,?,?,?,?,?,?,?,?)"; rows.len()].join(","));
                    &some
                };
                let query = sqlx::query(sqlx::AssertSqlSafe(sql.as_str()));
                // A text that will not come again is not worth keeping.
                let query = rows.iter().try_fold(query.persistent(rows.len() == ROWS), bind)?;
                query.execute(&mut *transaction).await?;
            }
            transaction.commit().await?;
        }
        Ok(begun.elapsed())
    }

    /// Inserts one event in a transaction of its own: begin, insert, commit.
    pub async fn insert_one(&mut self, event: &RecordedEvent) -> Outcome<Duration> {
        let sql = format!("{INSERT}(?,?,?,?,?,?,?,?,?,?)");
        let begun = Instant::now();
        let mut transaction = self.connection.begin().await?;
        bind(sqlx::query(sqlx::AssertSqlSafe(sql)), event)?.execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(begun.elapsed())
    }

    /// Inserts one event by a statement that is a transaction of its own: the least there can be.
    pub async fn insert_alone(&mut self, event: &RecordedEvent) -> Outcome<Duration> {
        let sql = format!("{INSERT}(?,?,?,?,?,?,?,?,?,?)");
        let begun = Instant::now();
        bind(sqlx::query(sqlx::AssertSqlSafe(sql)), event)?.execute(&mut self.connection).await?;
        Ok(begun.elapsed())
    }

    /// Closes the file.
    pub async fn close(self) -> Outcome<()> {
        Ok(self.connection.close().await?)
    }
}

fn bind<'q>(
    query: Query<'q, Sqlite, SqliteArguments>,
    event: &RecordedEvent,
) -> Outcome<Query<'q, Sqlite, SqliteArguments>> {
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

/// Reads of a ledger's own file, on a connection that cannot write.
pub struct Reader {
    connection: SqliteConnection,
}

impl Reader {
    /// Opens it.
    pub async fn open(path: &Path) -> Outcome<Self> {
        Ok(Self { connection: options(path).read_only(true).connect().await? })
    }

    /// Reads the whole log in pages.
    pub async fn log(&mut self) -> Outcome<Duration> {
        let begun = Instant::now();
        let mut after = 0;
        loop {
            let page: Vec<Row> = sqlx::query_as(
                "SELECT position, stream_id, stream_version, event_type, schema_version, command_id, actor,
                    recorded_at, body, leaf_hash
                 FROM events WHERE position > ? ORDER BY position LIMIT ?",
            )
            .bind(after)
            .bind(PAGE)
            .fetch_all(&mut self.connection)
            .await?;
            match black_box(&page).last() {
                Some((position, ..)) => after = *position,
                None => return Ok(begun.elapsed()),
            }
        }
    }

    /// Reads one row of the balances.
    pub async fn row(&mut self, key: &str) -> Outcome<Duration> {
        let begun = Instant::now();
        let row: Option<Vec<u8>> = sqlx::query_scalar(
            "SELECT row_value FROM projection_rows WHERE name = 'balances' AND generation = 1 AND row_key = ?",
        )
        .bind(key)
        .fetch_optional(&mut self.connection)
        .await?;
        let time = begun.elapsed();
        row.map(|_| time).ok_or_else(|| format!("case {key} has no balance").into())
    }

    /// Reads the bodies of one stream.
    pub async fn stream(&mut self, stream_id: &str) -> Outcome<Duration> {
        let begun = Instant::now();
        let bodies: Vec<String> =
            sqlx::query_scalar("SELECT body FROM events WHERE stream_id = ? ORDER BY stream_version")
                .bind(stream_id)
                .fetch_all(&mut self.connection)
                .await?;
        black_box(bodies);
        Ok(begun.elapsed())
    }

    /// Closes the file.
    pub async fn close(self) -> Outcome<()> {
        Ok(self.connection.close().await?)
    }
}

/// Reads the cells of CSV files with the bare crate, without looking at any.
pub fn read_csv(files: &[&Path]) -> Outcome<(u64, Duration)> {
    let begun = Instant::now();
    let (mut rows, mut record) = (0, csv::StringRecord::new());
    for file in files {
        let mut reader = csv::Reader::from_path(file)?;
        while reader.read_record(&mut record)? {
            rows += 1;
            black_box(&record);
        }
    }
    Ok((rows, begun.elapsed()))
}

/// Parses all bodies into values of no particular type.
pub fn parse_values(events: &[RecordedEvent]) -> Outcome<Duration> {
    let begun = Instant::now();
    for event in events {
        black_box(serde_json::from_slice::<serde_json::Value>(&event.body)?);
    }
    Ok(begun.elapsed())
}

/// Parses all bodies into the events they are.
pub fn parse_events(events: &[RecordedEvent]) -> Outcome<Duration> {
    let begun = Instant::now();
    for event in events {
        black_box(domain::Event::decode(event)?);
    }
    Ok(begun.elapsed())
}

/// Hashes as many bytes as each leaf of the tree covers.
pub fn hash(events: &[RecordedEvent]) -> Duration {
    /// What a leaf holds beside the texts: lengths, numbers, the command.
    const FIXED: usize = 5 + 8 * 4 + 8 + 8 + 4 + 16 + 8;
    let bytes: Vec<Vec<u8>> = events
        .iter()
        .map(|event| {
            let texts = event.stream_id.as_str().len() + event.event_type.len() + event.actor.len();
            let mut bytes = vec![0; FIXED + texts];
            bytes.extend_from_slice(&event.body);
            bytes
        })
        .collect();
    let begun = Instant::now();
    for bytes in &bytes {
        black_box(Sha256::digest(bytes));
    }
    begun.elapsed()
}
