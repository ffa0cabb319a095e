//! The event log, its vault and the rows of the read models in one schema of a PostgreSQL database.
//!
//! One connection writes, several read. The schema, what its triggers refuse and what each role may do is in
//! `migrations/postgres`. The program acts as the role `svala_append`, whoever its user is: it can add to the log and
//! change nothing of it.
//!
//! Commands that wait at the same time are written together ([`event_log::group`]). Whoever appends holds the lock of
//! the one head row until the commit, in this process or any other, so positions are dense and become visible in order.

mod append;
mod assertions;
mod columns;
mod connection;
mod errors;
mod patience;
mod projections;
mod read;
mod readers;
mod schema;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use event_log::decide::RecordedCommand;
use event_log::group::GroupCommit;
use event_log::{
    Append, AppendOutcome, Hash, Head, KeyOwner, LedgerMeta, LiveRow, ProjectionState, ProjectionStore,
    RecordedEvent, SealedRun, SealedText, Store, StoreError, StreamId,
};
use sqlx::postgres::PgConnectOptions;
use uuid::Uuid;

use crate::connection::{Role, Writer};
use crate::errors::{code_of, error_as, is_refused, store_error};
pub use crate::patience::Patience;
use crate::patience::{answered, connect};
use crate::readers::Readers;

/// A ledger in a PostgreSQL database. Share it by reference; every method takes `&self`.
pub struct PostgresStore {
    options: PgConnectOptions,
    group: Arc<GroupCommit<Writer>>,
    readers: Readers,
    /// The readers see one moment, and the writer is another's.
    is_snapshot: bool,
}

impl PostgresStore {
    /// Makes roles, schema and tables in a database where they are missing, and no ledger in them. The user of the URL
    /// may create roles and a schema; where both are there, a member of `svala_owner` is enough.
    pub async fn prepare(url: &str) -> Result<(), StoreError> {
        Self::prepare_with(url, Patience::default()).await
    }

    /// As [`prepare`](Self::prepare), and waits so long for a server that says nothing.
    pub async fn prepare_with(url: &str, patience: Patience) -> Result<(), StoreError> {
        schema::prepare(&connection::parse(url)?, patience).await
    }

    /// Creates a ledger and opens it; see [`prepare`](Self::prepare) for who may. Where one is already, nothing is
    /// changed and the answer is [`StoreError::AlreadyThere`].
    pub async fn create(url: &str, meta: LedgerMeta) -> Result<Self, StoreError> {
        Self::create_with(url, meta, Patience::default()).await
    }

    /// As [`create`](Self::create), and waits so long for a server that says nothing.
    pub async fn create_with(url: &str, meta: LedgerMeta, patience: Patience) -> Result<Self, StoreError> {
        let options = connection::parse(url)?;
        schema::prepare(&options, patience).await?;
        schema::fill(&options, patience, &meta).await?;
        Self::open_with(url, patience).await
    }

    /// Opens an existing ledger. The user of the URL is a member of `svala_append`; one who only reads, of `svala_read`.
    ///
    /// Refuses with [`StoreError::NoLedger`] where no ledger is, with [`StoreError::Unreachable`] where no server
    /// answers, and with [`StoreError::Unsafe`] if acknowledged events could be lost or changed: an old server, no
    /// fsync, no synchronous commit, a trigger that is missing, rights to change the log, another schema.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        Self::open_with(url, Patience::default()).await
    }

    /// As [`open`](Self::open), and waits so long for a server that says nothing.
    pub async fn open_with(url: &str, patience: Patience) -> Result<Self, StoreError> {
        Self::open_if(url, patience, assertions::demand).await
    }

    /// Puts the head of the log where its events end, and answers with it; the user of the URL is a member of `svala_owner`.
    /// For a head that a hand moved: no event is added or lost by it, and a verification tells afterwards whether they are
    /// those that were acknowledged.
    pub async fn restore_head(url: &str) -> Result<Head, StoreError> {
        schema::restore_head(&connection::parse(url)?, Patience::default()).await
    }

    /// Whether a URL is one that a server can be reached by; says nothing of the server.
    pub fn understands(url: &str) -> bool {
        connection::parse(url).is_ok()
    }

    /// Opens an existing ledger to look at what is wrong with it: as [`open`](Self::open), but unsafe settings and
    /// missing triggers are left for [`Store::assertions`] to tell. Nothing should be written through it.
    pub async fn open_to_inspect(url: &str) -> Result<Self, StoreError> {
        Self::open_if(url, Patience::default(), |_| Ok(())).await
    }

    async fn open_if(
        url: &str,
        patience: Patience,
        demand: impl Fn(&[assertions::Assertion]) -> Result<(), StoreError>,
    ) -> Result<Self, StoreError> {
        let options = connection::parse(url)?;
        let reader = connect(&connection::acting_as(&options, Role::Read), patience).await;
        let mut reader = match reader {
            Ok(reader) => reader,
            Err(error) => return Err(no_reader(error, &options, patience).await),
        };
        let looked = async {
            schema::check(&mut reader, &options).await?;
            assertions::settings(&mut reader).await.map_err(store_error)
        };
        demand(&answered(patience.answering, looked).await.map_err(store_error)??)?;
        let readers = Readers::new(&options, patience).with(reader);
        let group = Arc::new(GroupCommit::new(Writer::new(&options, patience)));
        Ok(Self { group, readers, options, is_snapshot: false })
    }

    fn writer(&self) -> &Writer {
        self.group.writer()
    }
}

/// Why nobody can read: a server that does not know our roles has no ledger, nor has a database without our tables,
/// whatever its user may do elsewhere on the server.
async fn no_reader(error: sqlx::Error, options: &PgConnectOptions, patience: Patience) -> StoreError {
    let nothing_there = match code_of(&error).as_deref() {
        Some("22023") => true,
        Some("42501") => {
            let looked = async { schema::is_there(&mut connect(options, patience).await?).await };
            matches!(answered(patience.answering, looked).await, Ok(Ok(false)))
        }
        _ => false,
    };
    if nothing_there {
        StoreError::NoLedger { place: connection::place(options) }
    } else {
        error_as(Role::Read)(error)
    }
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStore")
            .field("place", &connection::place(&self.options))
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl Store for PostgresStore {
    async fn meta(&self) -> Result<LedgerMeta, StoreError> {
        read::meta(&self.readers).await
    }

    async fn head(&self) -> Result<Head, StoreError> {
        read::read_head(&self.readers).await
    }

    async fn append(&self, batch: Vec<Append>) -> Result<Vec<AppendOutcome>, StoreError> {
        self.group.append(batch).await
    }

    async fn read_log(&self, after: u64, limit: u32) -> Result<Vec<RecordedEvent>, StoreError> {
        read::log(&self.readers, after, limit).await
    }

    async fn leaf_hashes(&self, after: u64, limit: u32) -> Result<Vec<Hash>, StoreError> {
        read::leaf_hashes(&self.readers, after, limit).await
    }

    async fn sealed_runs(&self, from: u64, limit: u32) -> Result<Vec<SealedRun>, StoreError> {
        read::sealed_runs(&self.readers, from, limit).await
    }

    async fn seal_runs(&self, runs: Vec<SealedRun>) -> Result<(), StoreError> {
        projections::seal_runs(self.writer(), &runs).await
    }

    async fn remove_sealed_runs(&self) -> Result<(), StoreError> {
        projections::remove_sealed_runs(self.writer()).await
    }

    async fn read_streams(&self, streams: &[StreamId]) -> Result<Vec<RecordedEvent>, StoreError> {
        read::streams(&self.readers, streams).await
    }

    async fn find_keys(&self, scope: &str, digests: &[Hash]) -> Result<Vec<Option<KeyOwner>>, StoreError> {
        read::find_keys(&self.readers, scope, digests).await
    }

    async fn scan_keys(
        &self,
        after: Option<(String, Hash)>,
        limit: u32,
    ) -> Result<Vec<(String, Hash, KeyOwner)>, StoreError> {
        read::scan_keys(&self.readers, after, limit).await
    }

    async fn scan_commands(
        &self,
        after: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<RecordedCommand>, StoreError> {
        read::scan_commands(&self.readers, after, limit).await
    }

    async fn subject_keys(&self, subjects: &[Uuid]) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        read::subject_keys(&self.readers, subjects).await
    }

    async fn texts(&self, ids: &[Hash]) -> Result<Vec<Option<SealedText>>, StoreError> {
        read::texts(&self.readers, ids).await
    }

    async fn assertions(&self) -> Result<Vec<(String, String, bool)>, StoreError> {
        let Patience { answering, .. } = self.writer().patience;
        let settings = match self.writer().take_unasked().await {
            Ok(mut held) => answered(answering, assertions::settings(&mut held.connection)).await,
            // Whoever may only read is asked as a reader.
            Err(error) if is_refused(&error) => {
                let mut reader = self.readers.connect().await.map_err(store_error)?;
                answered(answering, assertions::settings(&mut reader)).await
            }
            Err(error) => Err(error),
        };
        settings.flatten().map_err(store_error)
    }

    async fn snapshot(&self) -> Result<Arc<dyn Store>, StoreError> {
        let (options, group) = (self.options.clone(), self.group.clone());
        let readers = Readers::at_one_moment(&options, self.writer().patience);
        let snapshot = Self { options, group, readers, is_snapshot: true };
        // The moment is that of the first query.
        snapshot.head().await?;
        Ok(Arc::new(snapshot))
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.readers.close().await;
        if self.is_snapshot { Ok(()) } else { self.writer().close().await }
    }
}

#[async_trait]
impl ProjectionStore for PostgresStore {
    async fn generations(&self, name: &str) -> Result<Vec<ProjectionState>, StoreError> {
        projections::generations(&self.readers, name).await
    }

    async fn start_generation(&self, name: &str, version: u32) -> Result<ProjectionState, StoreError> {
        projections::start(self.writer(), name, version).await
    }

    async fn switch_generation(
        &self,
        name: &str,
        generation: u64,
        position: u64,
    ) -> Result<bool, StoreError> {
        projections::switch(self.writer(), name, generation, position).await
    }

    async fn drop_generation(&self, name: &str, generation: u64) -> Result<(), StoreError> {
        projections::drop_generation(self.writer(), name, generation).await
    }

    async fn write_rows(
        &self,
        name: &str,
        generation: u64,
        from: u64,
        to: u64,
        rows: &[(String, Vec<u8>)],
    ) -> Result<bool, StoreError> {
        projections::write_rows(self.writer(), name, generation, from, to, rows).await
    }

    async fn stop_generation(&self, name: &str, generation: u64, why: &str) -> Result<(), StoreError> {
        projections::stop(self.writer(), name, generation, why).await
    }

    async fn rows(
        &self,
        name: &str,
        generation: u64,
        keys: &[String],
    ) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        projections::rows(&self.readers, name, generation, keys).await
    }

    async fn live_row(&self, name: &str, key: &str) -> Result<LiveRow, StoreError> {
        projections::live_row(&self.readers, name, key).await
    }

    async fn scan_rows(
        &self,
        name: &str,
        generation: u64,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        projections::scan_rows(&self.readers, name, generation, after, limit).await
    }
}
