//! What is measured on: the ledger's own database, and bare tables beside it.

use std::sync::Arc;

use async_trait::async_trait;
use event_log::{LedgerMeta, RecordedEvent, Store};
use uuid::Uuid;

use crate::Outcome;

/// The id of the command that an event begins. What a batch's end cuts in two is two commands.
pub fn command_id(first: &RecordedEvent) -> Uuid {
    Uuid::from_u128(first.command_id.as_u128() ^ u128::from(first.position))
}

/// The first and the last event of each command among these.
pub fn commands(events: &[RecordedEvent]) -> Vec<(&RecordedEvent, &RecordedEvent)> {
    let mut commands: Vec<_> = events
        .chunk_by(|one, next| one.command_id == next.command_id)
        .filter_map(|events| Some((events.first()?, events.last()?)))
        .collect();
    // As the ledger writes them: neighbours in the index next to each other.
    commands.sort_unstable_by_key(|(first, _)| command_id(first));
    commands
}

/// Rows of one insert of many, where the database binds them one by one.
pub const ROWS: usize = 200;
/// Rows read at a time.
pub const PAGE: i64 = 5_000;

/// A database that a ledger can be in.
#[async_trait]
pub trait Database: Send + Sync {
    /// Makes an empty ledger.
    async fn ledger(&self, meta: LedgerMeta) -> Outcome<Arc<dyn Store>>;

    /// Where its ledger is: a file, or a URL.
    fn address(&self) -> String;

    /// Makes tables of events, commands and reserved facts with the columns, types and indexes of the log, without its
    /// checks and triggers, and connects to them.
    async fn bare_table(&self) -> Outcome<Box<dyn Bare>>;

    /// Another connection to that table.
    async fn bare(&self) -> Outcome<Box<dyn Bare>>;

    /// A connection to the tables of the ledger that only reads.
    async fn reader(&self) -> Outcome<Box<dyn Reader>>;

    /// The version, and how what was acknowledged is kept.
    async fn settings(&self) -> Outcome<String>;
}

/// Writing to the bare table, as simply as the driver lets one.
#[async_trait]
pub trait Bare: Send {
    /// One event by a statement that is a transaction of its own: the least there can be.
    async fn insert_alone(&mut self, event: &RecordedEvent) -> Outcome<()>;
    /// One event in a transaction: begin, insert, commit.
    async fn insert_one(&mut self, event: &RecordedEvent) -> Outcome<()>;
    /// Many events in one transaction, many by each statement.
    async fn insert_many(&mut self, events: &[RecordedEvent]) -> Outcome<()>;
    /// The same, with a row for each command and one for a fact that it reserves, as the log keeps them.
    async fn insert_all(&mut self, events: &[RecordedEvent]) -> Outcome<()>;
}

/// Reading the ledger's tables, as simply as the driver lets one.
#[async_trait]
pub trait Reader: Send {
    /// The next rows of the log after a position; answers with the last one's.
    async fn page(&mut self, after: i64) -> Outcome<Option<i64>>;
    /// The balances of a case.
    async fn row(&mut self, key: &str) -> Outcome<Option<Vec<u8>>>;
    /// The bodies of one stream.
    async fn stream(&mut self, stream_id: &str) -> Outcome<Vec<String>>;
}
