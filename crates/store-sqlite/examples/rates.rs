//! Rates of appending and reading beside the same rows through bare statements, in one run.
//!
//! `cargo run --release -p store-sqlite --example rates [FOLDER]`

use std::error::Error;
use std::path::Path;
use std::time::{Duration, Instant};

use event_log::{Append, Hash, LedgerMeta, NewEvent, ProjectionStore, Store, StreamId, UniqueKey};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions};
use store_sqlite::SqliteStore;
use uuid::Uuid;

const SINGLE: u64 = 5_000;
const BULK: u64 = 120_000;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = match std::env::args().nth(1) {
        Some(parent) => tempfile::tempdir_in(parent)?,
        None => tempfile::tempdir()?,
    };
    let mut bare = bare(&folder.path().join("bare.db")).await?;
    let before = Instant::now();
    for id in 0..SINGLE {
        bare_insert(&mut bare, id..id + 1).await?;
    }
    let bare_single = show("bare insert + commit", SINGLE, before.elapsed(), None);
    let before = Instant::now();
    for id in (SINGLE..SINGLE + BULK).step_by(200) {
        bare_insert(&mut bare, id..id + 200).await?;
    }
    let bare_bulk = show("bare insert of 200 rows + commit", BULK, before.elapsed(), None);

    let meta = LedgerMeta { ledger_id: Uuid::nil(), key_id: vec![1], created_at: 0 };
    let store = SqliteStore::create(&folder.path().join("svala.db"), meta).await?;
    let before = Instant::now();
    for id in 0..SINGLE {
        store.append(vec![command(id)?]).await?;
    }
    show("append, batches of 1", SINGLE, before.elapsed(), Some(bare_single));
    let before = Instant::now();
    for first in (SINGLE..SINGLE + BULK).step_by(1_000) {
        store.append((first..first + 1_000).map(command).collect::<Result<_, _>>()?).await?;
    }
    show("append, batches of 1 000", BULK, before.elapsed(), Some(bare_bulk));

    let (mut after, before) = (0, Instant::now());
    loop {
        let page = store.read_log(after, 5_000).await?;
        let Some(last) = page.last() else { break };
        after = last.position;
    }
    show("read_log, pages of 5 000", after, before.elapsed(), None);

    let before = Instant::now();
    for id in 0..SINGLE {
        store.read_streams(&[stream(id)?]).await?;
    }
    show("read_streams, one stream", SINGLE, before.elapsed(), None);
    store.start_generation("balances", 1).await?;
    let rows: Vec<_> = (0..SINGLE).map(|id| (format!("case-{id}"), vec![0; 100])).collect();
    let before = Instant::now();
    store.write_rows("balances", 1, 0, 1, &rows).await?;
    show("write_rows", SINGLE, before.elapsed(), None);
    let before = Instant::now();
    for id in 0..SINGLE {
        store.rows("balances", 1, &[format!("case-{id}")]).await?;
    }
    show("rows, one row", SINGLE, before.elapsed(), None);
    store.close().await?;
    let before = Instant::now();
    let store = SqliteStore::open(store.path()).await?;
    show("open", 1, before.elapsed(), None);
    store.close().await?;
    Ok(())
}

fn show(what: &str, count: u64, elapsed: Duration, baseline: Option<u128>) -> u128 {
    let rate = u128::from(count) * 1_000_000 / elapsed.as_micros().max(1);
    let ratio = baseline.map_or(String::new(), |bare| format!("  {} % of bare", rate * 100 / bare));
    println!("{what:<34} {rate:>9} per s{ratio}");
    rate
}

fn stream(id: u64) -> Result<StreamId, event_log::envelope::BadStreamId> {
    // About twelve events for each person.
    StreamId::new("case", Uuid::from_u128(u128::from(id / 12)))
}

fn digest(id: u64) -> Hash {
    // Spread over the index like a real digest.
    let mut digest = [0; 32];
    digest[..8].copy_from_slice(&id.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
    digest[8..16].copy_from_slice(&id.to_be_bytes());
    digest
}

fn body(id: u64) -> String {
    format!(
        r#"{{"amount":"{id}.00","category":"housing","claim":"{}","currency":"EUR","delivered_on":"2024-05-11","description":"{}","filler":"{}","partner":"partner-caritas","receipt":"R-{id}","supplier":"supplier-77"}}"#,
        Uuid::from_u128(id.into()),
        "0123456789abcdef".repeat(4),
        "x".repeat(40)
    )
}

fn command(id: u64) -> Result<Append, event_log::envelope::BadStreamId> {
    let stream_id = stream(id)?;
    Ok(Append {
        command_id: Uuid::from_u128(id.into()),
        fingerprint: digest(id),
        actor: "anna".into(),
        recorded_at: 1_700_000_000_000_000,
        expected: vec![(stream_id.clone(), id % 12)],
        events: vec![NewEvent {
            stream_id,
            event_type: "SpendReported",
            schema_version: 1,
            body: body(id).into_bytes(),
            // Every third event is a receipt.
            keys: id
                .is_multiple_of(3)
                .then(|| UniqueKey { scope: "receipt", digest: digest(id), entity: Uuid::nil() })
                .into_iter()
                .collect(),
        }],
        subject_keys: Vec::new(),
        texts: Vec::new(),
    })
}

/// The same rows with the same indexes and durability, without order, checks, hashes and keys.
async fn bare(path: &Path) -> Result<SqliteConnection, sqlx::Error> {
    let mut connection = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .connect()
        .await?;
    sqlx::raw_sql(
        "CREATE TABLE events (position INTEGER PRIMARY KEY, stream_id TEXT NOT NULL, stream_version INTEGER NOT NULL,
             event_type TEXT NOT NULL, schema_version INTEGER NOT NULL, command_id BLOB NOT NULL, actor TEXT NOT NULL,
             recorded_at INTEGER NOT NULL, body TEXT NOT NULL, leaf_hash BLOB NOT NULL,
             UNIQUE (stream_id, stream_version)) STRICT;
         CREATE UNIQUE INDEX one_command ON events (command_id);",
    )
    .execute(&mut connection)
    .await?;
    Ok(connection)
}

async fn bare_insert(
    connection: &mut SqliteConnection,
    ids: std::ops::Range<u64>,
) -> Result<(), Box<dyn Error>> {
    let rows = vec!["(?,?,?,?,?,?,?,?,?,?)"; usize::try_from(ids.end - ids.start)?].join(",");
    let mut query = sqlx::query(AssertSqlSafe(format!("INSERT INTO events VALUES {rows}")));
    for id in ids {
        query = query
            .bind(i64::try_from(id + 1)?)
            .bind(String::from(stream(id)?))
            .bind(i64::try_from(id % 12 + 1)?)
            .bind("SpendReported")
            .bind(1)
            .bind(Uuid::from_u128(id.into()).as_bytes().to_vec())
            .bind("anna")
            .bind(1_700_000_000_000_000_i64)
            .bind(body(id))
            .bind(digest(id).to_vec());
    }
    query.execute(connection).await?;
    Ok(())
}
