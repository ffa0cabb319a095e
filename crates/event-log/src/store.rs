//! What a database must offer the ledger, and the requests it answers.
//!
//! Every implementation gives the same answers to the same requests; the tests of this trait are run against
//! each of them.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use uuid::Uuid;

use crate::decide::RecordedCommand;
use crate::envelope::{Hash, NewEvent, RecordedEvent, StreamId};
use crate::merkle::Frontier;

/// One decided command: its events are written all together or not at all.
#[derive(Debug, Clone)]
pub struct Append {
    /// Identifies the command across retries.
    pub command_id: Uuid,
    /// Keyed digest of the request, so that an id used again for another request is noticed.
    pub fingerprint: Hash,
    /// Who gave the command.
    pub actor: String,
    /// UTC microseconds since 1970.
    pub recorded_at: i64,
    /// The version each touched stream was decided on; 0 for a new stream.
    pub expected: Vec<(StreamId, u64)>,
    /// Earlier commands of the same batch that this one was decided on: unless they are written, neither is this. A
    /// version alone would not tell, where another writer makes the stream just as long.
    pub after: Vec<Uuid>,
    /// In order; each extends a stream named in `expected`.
    pub events: Vec<NewEvent>,
    /// Keys of people met for the first time.
    pub subject_keys: Vec<WrappedSubjectKey>,
    /// Encrypted texts the events refer to.
    pub texts: Vec<SealedText>,
}

/// A person's key, wrapped by the ledger's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrappedSubjectKey {
    /// The person (data subject).
    pub subject_id: Uuid,
    /// The wrapped key.
    pub wrapped: Vec<u8>,
}

/// A text that never enters an event: encrypted, and named in the event by the hash of its encrypted bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedText {
    /// SHA-256 of `bytes`.
    pub id: Hash,
    /// The person it is about, whose key opens it.
    pub subject_id: Uuid,
    /// Nonce and ciphertext.
    pub bytes: Vec<u8>,
}

/// What became of one command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AppendOutcome {
    /// Written now, at these positions.
    Appended {
        /// First position.
        first: u64,
        /// Last position.
        last: u64,
    },
    /// The same command was written before, at these positions; nothing was written now.
    AlreadyDone {
        /// First position.
        first: u64,
        /// Last position.
        last: u64,
    },
    /// Not written.
    Conflict(Conflict),
}

/// Why a command was not written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Conflict {
    /// Somebody else extended a stream first: load it again and decide again.
    Version {
        /// The stream.
        stream_id: StreamId,
        /// Version the decision was made on.
        expected: u64,
        /// Version it has.
        actual: u64,
    },
    /// A fact that may exist once is there already.
    Key {
        /// What kind of fact.
        scope: &'static str,
        /// Whose it is.
        owner: KeyOwner,
    },
    /// The command id was used before, for another request.
    Fingerprint,
}

/// To whom a unique fact belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyOwner {
    /// Stream of the event that reserved it.
    pub stream_id: StreamId,
    /// The thing inside that stream.
    pub entity: Uuid,
    /// Position of the event that reserved it.
    pub position: u64,
}

/// The head row: how long the log is and what it hashes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Last position; 0 for an empty log.
    pub position: u64,
    /// RFC 6962 root over all leaves.
    pub root: Hash,
    /// The tree's frontier.
    pub frontier: Frontier,
}

impl Head {
    /// The head of a log without events.
    pub fn empty() -> Self {
        let frontier = Frontier::new();
        Self { position: 0, root: frontier.root(), frontier }
    }
}

/// Who a ledger is, fixed when it is created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerMeta {
    /// Random identity of this ledger.
    pub ledger_id: Uuid,
    /// Public identifier of the key file it was created with.
    pub key_id: Vec<u8>,
    /// UTC microseconds.
    pub created_at: i64,
}

/// Why a database could not answer. Business refusals are never among these.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// No ledger there.
    #[error("there is no ledger at {place}: create one with `svala init`")]
    NoLedger {
        /// Where it was looked for.
        place: String,
    },
    /// A ledger is there already.
    #[error("there is a ledger at {place} already; nothing was changed")]
    AlreadyThere {
        /// Where.
        place: String,
    },
    /// The database is set up so that acknowledged data could be lost or changed.
    #[error("the database is not safe to use: {0}")]
    Unsafe(String),
    /// The server does not let this user in, or not do what was asked for; with what it said, and what is missing.
    #[error("the server refuses: {0}")]
    Denied(String),
    /// Others hold the database, or were first each time; with what the database said of it.
    #[error("the ledger is busy ({0}): other programs are writing to it; try again when they have finished")]
    Busy(String),
    /// The disk is full.
    #[error("the disk is full: nothing of this command was written; free some space and run it again")]
    Full,
    /// What is stored contradicts itself.
    #[error("the ledger is damaged: {0}")]
    Damaged(String),
    /// A request that breaks the contract of this trait: an error in the program.
    #[error("a request was not well formed: {0}")]
    BadRequest(String),
    /// The server does not answer, or refuses the connection.
    #[error(
        "the ledger is unreachable: {0}; when it is there again, give the command again: what was written already is recognised"
    )]
    Unreachable(String),
    /// Any other answer of the database.
    #[error("the database failed: {0}")]
    Database(String),
}

/// The append-only log with its keys and encrypted texts.
#[async_trait]
pub trait Store: ProjectionStore + fmt::Debug {
    /// Who this ledger is.
    async fn meta(&self) -> Result<LedgerMeta, StoreError>;

    /// The head row.
    async fn head(&self) -> Result<Head, StoreError>;

    /// Writes commands in one transaction, in order, each succeeding or failing alone; a later command sees
    /// what an earlier one of the same batch wrote. Answers with one outcome for each command.
    async fn append(&self, batch: Vec<Append>) -> Result<Vec<AppendOutcome>, StoreError>;

    /// At most `limit` events after a position, in order.
    async fn read_log(&self, after: u64, limit: u32) -> Result<Vec<RecordedEvent>, StoreError>;

    /// The leaf hashes of at most `limit` events after a position, in order.
    async fn leaf_hashes(&self, after: u64, limit: u32) -> Result<Vec<Hash>, StoreError>;

    /// At most `limit` sealed runs from run number `from` on (see [`crate::run`]), in order.
    async fn sealed_runs(&self, from: u64, limit: u32) -> Result<Vec<SealedRun>, StoreError>;

    /// Keeps sealed runs; a run that is there already stays as it is.
    async fn seal_runs(&self, runs: Vec<SealedRun>) -> Result<(), StoreError>;

    /// Removes all sealed runs, so that they are made anew from the log.
    async fn remove_sealed_runs(&self) -> Result<(), StoreError>;

    /// All events of some streams, ordered by stream and version.
    async fn read_streams(&self, streams: &[StreamId]) -> Result<Vec<RecordedEvent>, StoreError>;

    /// The owners of unique facts, in the order asked for.
    async fn find_keys(&self, scope: &str, digests: &[Hash]) -> Result<Vec<Option<KeyOwner>>, StoreError>;

    /// All unique facts in the order of their scope and digest, page by page, for verification.
    async fn scan_keys(
        &self,
        after: Option<(String, Hash)>,
        limit: u32,
    ) -> Result<Vec<(String, Hash, KeyOwner)>, StoreError>;

    /// All commands that were written, in the order of their ids, page by page, for verification.
    async fn scan_commands(
        &self,
        after: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<RecordedCommand>, StoreError>;

    /// The wrapped keys of people, in the order asked for; `None` where the key was destroyed or never made.
    async fn subject_keys(&self, subjects: &[Uuid]) -> Result<Vec<Option<Vec<u8>>>, StoreError>;

    /// Encrypted texts, in the order asked for; `None` where the text was erased.
    async fn texts(&self, ids: &[Hash]) -> Result<Vec<Option<SealedText>>, StoreError>;

    /// The assertions that must hold before this database is used, each as (what, found, holds).
    async fn assertions(&self) -> Result<Vec<(String, String, bool)>, StoreError>;

    /// The same store as it is at this moment, for reading: its log, its vault and its rows stay as they are until it is
    /// closed, whatever others write. What is written through it goes where it always went, and is not seen.
    async fn snapshot(&self) -> Result<Arc<dyn Store>, StoreError>;

    /// Waits for what is being read and written, then lets go of the database. Requests after that fail. What a
    /// [`snapshot`](Self::snapshot) was taken of stays open.
    async fn close(&self) -> Result<(), StoreError>;
}

/// Consecutive events packed into one value, for fast reading; derived from the log and never its truth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedRun {
    /// Run `n` holds the positions from `n × RUN_EVENTS + 1` to `(n + 1) × RUN_EVENTS`.
    pub number: u64,
    /// The packed events.
    pub packed: Vec<u8>,
}

/// How far one generation of a projection has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectionState {
    /// Which set of rows.
    pub generation: u64,
    /// Version of the fold that filled it.
    pub version: u32,
    /// Last position folded in.
    pub position: u64,
    /// Queries read the live generation.
    pub live: bool,
    /// An event that could not be folded: the projection stands still before it.
    pub stopped: Option<String>,
}

/// A row of the live generation, with what tells whether it is up to date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveRow {
    /// The live generation; `None` where there is none yet.
    pub live: Option<ProjectionState>,
    /// Last position of the log.
    pub head: u64,
    /// The row, if there is one.
    pub value: Option<Vec<u8>>,
}

/// Rows of the read models: a key and a value each, thrown away and rebuilt at will.
#[async_trait]
pub trait ProjectionStore: Send + Sync {
    /// All generations of a projection.
    async fn generations(&self, name: &str) -> Result<Vec<ProjectionState>, StoreError>;

    /// Starts an empty generation beside those that are there. It is not live, even if it is the first.
    async fn start_generation(&self, name: &str, version: u32) -> Result<ProjectionState, StoreError>;

    /// Makes a generation the live one if it stands exactly at `position`, and removes all others. Answers
    /// whether it did.
    async fn switch_generation(&self, name: &str, generation: u64, position: u64)
    -> Result<bool, StoreError>;

    /// Removes a generation that is not live.
    async fn drop_generation(&self, name: &str, generation: u64) -> Result<(), StoreError>;

    /// Writes rows and moves the checkpoint from `from` to `to` in one transaction. Answers `false`, and writes
    /// nothing, when the checkpoint is not at `from` (somebody else moved it).
    async fn write_rows(
        &self,
        name: &str,
        generation: u64,
        from: u64,
        to: u64,
        rows: &[(String, Vec<u8>)],
    ) -> Result<bool, StoreError>;

    /// Notes that a generation stands still, and why.
    async fn stop_generation(&self, name: &str, generation: u64, why: &str) -> Result<(), StoreError>;

    /// The values of some rows, in the order asked for.
    async fn rows(
        &self,
        name: &str,
        generation: u64,
        keys: &[String],
    ) -> Result<Vec<Option<Vec<u8>>>, StoreError>;

    /// One row of the live generation, its checkpoint and the head of the log, as of one moment.
    async fn live_row(&self, name: &str, key: &str) -> Result<LiveRow, StoreError>;

    /// At most `limit` rows after a key, in the order of their keys' bytes.
    async fn scan_rows(
        &self,
        name: &str,
        generation: u64,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<(String, Vec<u8>)>, StoreError>;
}
