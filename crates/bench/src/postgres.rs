//! PostgreSQL: a database for the ledger and one for the bare table, on the same server.

use std::str::FromStr;
use std::sync::Arc;

use async_trait::async_trait;
use event_log::{LedgerMeta, RecordedEvent, Store};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Connection};
use store_postgres::PostgresStore;
use store_testing::postgres::Database as Own;
use uuid::Uuid;

use crate::Outcome;
use crate::database::{Bare, Database, PAGE, Reader, command_id, commands};

const TABLES: &str = r#"
CREATE TABLE events (
    position        BIGINT  PRIMARY KEY,
    stream_id       TEXT    COLLATE "C" NOT NULL,
    stream_version  BIGINT  NOT NULL,
    event_type      TEXT    COLLATE "C" NOT NULL,
    schema_version  BIGINT  NOT NULL,
    command_id      UUID    NOT NULL,
    actor           TEXT    COLLATE "C" NOT NULL,
    recorded_at     BIGINT  NOT NULL,
    body            TEXT    COLLATE "C" NOT NULL,
    leaf_hash       BYTEA   NOT NULL,
    UNIQUE (stream_id, stream_version)
);
CREATE TABLE commands (
    command_id      UUID    PRIMARY KEY,
    fingerprint     BYTEA   NOT NULL,
    first_position  BIGINT  NOT NULL,
    last_position   BIGINT  NOT NULL
);
CREATE TABLE unique_keys (
    scope      TEXT    COLLATE "C" NOT NULL,
    digest     BYTEA   NOT NULL,
    stream_id  TEXT    COLLATE "C" NOT NULL,
    entity     UUID    NOT NULL,
    position   BIGINT  NOT NULL,
    PRIMARY KEY (scope, digest)
)"#;

/// One row as it is read.
type Row = (i64, String, i64, String, i64, Uuid, String, i64, String, Vec<u8>);

/// Two databases, removed at the end.
pub struct Server {
    ledger: Own,
    bare: Own,
}

impl Server {
    /// Makes them on the server that the environment names; `None`, said aloud, where none is.
    pub async fn connect() -> Option<Self> {
        Some(Self { ledger: Own::create().await?, bare: Own::create().await? })
    }

    async fn to_bare(&self) -> Outcome<PgConnection> {
        Ok(PgConnectOptions::from_str(&self.bare.url())?.disable_statement_logging().connect().await?)
    }
}

#[async_trait]
impl Database for Server {
    async fn ledger(&self, meta: LedgerMeta) -> Outcome<Arc<dyn Store>> {
        Ok(Arc::new(PostgresStore::create(&self.ledger.url(), meta).await?))
    }

    fn address(&self) -> String {
        self.ledger.url()
    }

    async fn bare_table(&self) -> Outcome<Box<dyn Bare>> {
        let mut connection = self.to_bare().await?;
        sqlx::raw_sql(TABLES).execute(&mut connection).await?;
        Ok(Box::new(connection))
    }

    async fn bare(&self) -> Outcome<Box<dyn Bare>> {
        Ok(Box::new(self.to_bare().await?))
    }

    async fn reader(&self) -> Outcome<Box<dyn Reader>> {
        let options = PgConnectOptions::from_str(&self.ledger.url())?
            .options([("search_path", "svala"), ("role", "svala_read")])
            .disable_statement_logging();
        Ok(Box::new(options.connect().await?))
    }

    async fn settings(&self) -> Outcome<String> {
        let mut connection = self.to_bare().await?;
        let (version, fsync, synchronous, buffers): (String, String, String, String) = sqlx::query_as(
            "SELECT current_setting('server_version'), current_setting('fsync'),
                 current_setting('synchronous_commit'), current_setting('shared_buffers')",
        )
        .fetch_one(&mut connection)
        .await?;
        connection.close().await?;
        Ok(format!(
            "PostgreSQL {version}, fsync {fsync}, synchronous_commit {synchronous}, shared_buffers {buffers}"
        ))
    }
}

#[async_trait]
impl Bare for PgConnection {
    async fn insert_alone(&mut self, event: &RecordedEvent) -> Outcome<()> {
        sqlx::query("INSERT INTO events VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)")
            .bind(i64::try_from(event.position)?)
            .bind(event.stream_id.as_str())
            .bind(i64::try_from(event.stream_version)?)
            .bind(&event.event_type)
            .bind(i64::from(event.schema_version))
            .bind(event.command_id)
            .bind(&event.actor)
            .bind(event.recorded_at)
            .bind(str::from_utf8(&event.body)?)
            .bind(event.leaf_hash.as_slice())
            .execute(self)
            .await?;
        Ok(())
    }

    async fn insert_one(&mut self, event: &RecordedEvent) -> Outcome<()> {
        let mut transaction = self.begin().await?;
        transaction.insert_alone(event).await?;
        Ok(transaction.commit().await?)
    }

    async fn insert_many(&mut self, events: &[RecordedEvent]) -> Outcome<()> {
        let bodies = events.iter().map(|event| str::from_utf8(&event.body)).collect::<Result<Vec<_>, _>>()?;
        sqlx::query(
            "INSERT INTO events SELECT * FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::text[], $5::bigint[],
                 $6::uuid[], $7::text[], $8::bigint[], $9::text[], $10::bytea[])",
        )
        .bind(all(events, |event| event.position.cast_signed()))
        .bind(all(events, |event| event.stream_id.as_str().to_owned()))
        .bind(all(events, |event| event.stream_version.cast_signed()))
        .bind(all(events, |event| event.event_type.clone()))
        .bind(all(events, |event| i64::from(event.schema_version)))
        .bind(all(events, |event| event.command_id))
        .bind(all(events, |event| event.actor.clone()))
        .bind(all(events, |event| event.recorded_at))
        .bind(bodies)
        .bind(all(events, |event| event.leaf_hash.to_vec()))
        .execute(self)
        .await?;
        Ok(())
    }

    async fn insert_all(&mut self, events: &[RecordedEvent]) -> Outcome<()> {
        let commands = commands(events);
        // Each command reserves the leaf of its first event, which is as random as any digest.
        let mut keys: Vec<&RecordedEvent> = commands.iter().map(|(first, _)| *first).collect();
        keys.sort_unstable_by_key(|event| event.leaf_hash);
        let mut transaction = self.begin().await?;
        transaction.insert_many(events).await?;
        sqlx::query(
            "INSERT INTO commands SELECT * FROM unnest($1::uuid[], $2::bytea[], $3::bigint[], $4::bigint[])",
        )
        .bind(all(&commands, |(first, _)| command_id(first)))
        .bind(all(&commands, |(first, _)| first.leaf_hash.to_vec()))
        .bind(all(&commands, |(first, _)| first.position.cast_signed()))
        .bind(all(&commands, |(_, last)| last.position.cast_signed()))
        .execute(&mut *transaction)
        .await?;
        sqlx::query(
            "INSERT INTO unique_keys
             SELECT 'bench', * FROM unnest($1::bytea[], $2::text[], $3::uuid[], $4::bigint[])",
        )
        .bind(all(&keys, |event| event.leaf_hash.to_vec()))
        .bind(all(&keys, |event| event.stream_id.as_str().to_owned()))
        .bind(all(&keys, |event| event.command_id))
        .bind(all(&keys, |event| event.position.cast_signed()))
        .execute(&mut *transaction)
        .await?;
        Ok(transaction.commit().await?)
    }
}

fn all<R, T>(rows: &[R], one: impl Fn(&R) -> T) -> Vec<T> {
    rows.iter().map(one).collect()
}

#[async_trait]
impl Reader for PgConnection {
    async fn page(&mut self, after: i64) -> Outcome<Option<i64>> {
        let page: Vec<Row> = sqlx::query_as(
            "SELECT position, stream_id, stream_version, event_type, schema_version, command_id, actor,
                 recorded_at, body, leaf_hash
             FROM events WHERE position > $1 ORDER BY position LIMIT $2",
        )
        .bind(after)
        .bind(PAGE)
        .fetch_all(self)
        .await?;
        Ok(std::hint::black_box(page).last().map(|(position, ..)| *position))
    }

    async fn row(&mut self, key: &str) -> Outcome<Option<Vec<u8>>> {
        Ok(sqlx::query_scalar(
            "SELECT row_value FROM projection_rows WHERE name = 'balances' AND generation = 1 AND row_key = $1",
        )
        .bind(key)
        .fetch_optional(self)
        .await?)
    }

    async fn stream(&mut self, stream_id: &str) -> Outcome<Vec<String>> {
        Ok(sqlx::query_scalar("SELECT body FROM events WHERE stream_id = $1 ORDER BY stream_version")
            .bind(stream_id)
            .fetch_all(self)
            .await?)
    }
}
