//! The event log, its vault and the rows of the read models in one SQLite file.
//!
//! One connection writes, always in `BEGIN IMMEDIATE` transactions; four others read at the same time (WAL). The
//! schema, and what its triggers refuse, is in `migrations/sqlite`.
//!
//! Commands that wait at the same time are written together ([`event_log::group`]). A batch takes two round trips to
//! the writing connection: one that begins and reads everything the batch is about, one that writes and commits.
//! Between them [`event_log::decide`] judges the batch in memory. A small batch that conflicts with nothing takes one.

mod append;
mod assertions;
mod backup;
mod columns;
mod connection;
mod create;
mod errors;
mod events;
#[cfg(test)]
mod faults;
mod insert;
mod projections;
mod read;
mod readers;
mod schema;
mod sealed_runs;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use event_log::decide::RecordedCommand;
use event_log::group::GroupCommit;
use event_log::{
    Append, AppendOutcome, Hash, Head, KeyOwner, LedgerMeta, LiveRow, ProjectionState, ProjectionStore,
    RecordedEvent, SealedRun, SealedText, Store, StoreError, StreamId,
};
use sqlx::ConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use uuid::Uuid;

use crate::connection::Writer;
use crate::errors::store_error;
use crate::readers::Readers;

/// How often a ledger on a full disk is tried to be opened alone, and the pause before each further attempt.
const ALONE_ATTEMPTS_MAX: u32 = 40;
const ALONE_PAUSE: Duration = Duration::from_millis(25);

/// A ledger in a SQLite file. Share it by reference; every method takes `&self`.
pub struct SqliteStore {
    path: PathBuf,
    group: Arc<GroupCommit<Writer>>,
    readers: Readers,
    /// The readers see one moment, and the writer is another's.
    is_snapshot: bool,
}

impl SqliteStore {
    /// Creates a ledger in a new file that only its owner may read, and opens it.
    ///
    /// A file that holds anything is refused with [`StoreError::AlreadyThere`] and not touched. If creating fails
    /// half way, no ledger is there and creating again works.
    pub async fn create(path: &Path, meta: LedgerMeta) -> Result<Self, StoreError> {
        create::create(&absolute(path)?, &meta).await?;
        Self::open(path).await
    }

    /// Opens an existing ledger and runs the migrations it does not have yet. Never creates a file.
    ///
    /// Refuses with [`StoreError::NoLedger`] where no ledger is, and with [`StoreError::Unsafe`] if acknowledged
    /// events could be lost or changed: an old SQLite, another journal mode, no full synchronisation, no foreign
    /// keys, a trigger that is missing or altered, a schema made by a newer program.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        Self::open_if(path, assertions::demand).await
    }

    /// Opens an existing ledger to look at what is wrong with it: as [`open`](Self::open), but unsafe settings and
    /// missing triggers are left for [`Store::assertions`] to tell. Nothing should be written through it.
    pub async fn open_to_inspect(path: &Path) -> Result<Self, StoreError> {
        Self::open_if(path, |_| Ok(())).await
    }

    async fn open_if(
        path: &Path,
        demand: impl Fn(&[assertions::Assertion]) -> Result<(), StoreError>,
    ) -> Result<Self, StoreError> {
        let path = absolute(path)?;
        let mut opened = Self::open_through(path.clone(), connection::options(&path), &demand).await;
        // No room for the file through which the programs that use the ledger know of each other. A program that has
        // the ledger alone does without, so that it can be read. The failed attempt may take a moment to let go.
        let mut attempts = if cfg!(unix) { ALONE_ATTEMPTS_MAX } else { 0 };
        while matches!(opened, Err(StoreError::Full)) && attempts > 0 {
            attempts -= 1;
            let alone = connection::options(&path).vfs("unix-excl");
            opened = Self::open_through(path.clone(), alone, &demand).await;
            if opened.is_err() {
                tokio::time::sleep(ALONE_PAUSE).await;
            }
        }
        opened
    }

    async fn open_through(
        path: PathBuf,
        options: SqliteConnectOptions,
        demand: impl Fn(&[assertions::Assertion]) -> Result<(), StoreError>,
    ) -> Result<Self, StoreError> {
        let no_ledger = || StoreError::NoLedger { place: path.display().to_string() };
        if !path.is_file() {
            return Err(no_ledger());
        }
        let readers = Readers::new(options.clone());
        let options = connection::writer_options(options);
        let mut connection = options.connect().await.map_err(store_error)?;
        if !schema::is_ledger(&mut connection).await? {
            return Err(no_ledger());
        }
        demand(&assertions::settings(&mut connection).await?)?;
        schema::migrate_existing(&mut connection).await?;
        demand(&[assertions::triggers(&mut connection).await?])?;
        let group = Arc::new(GroupCommit::new(Writer::new(options, connection)));
        Ok(Self { group, readers, path, is_snapshot: false })
    }

    /// Copies a ledger as of this moment into a new file that only its owner may read, while others go on writing.
    ///
    /// Refuses with [`StoreError::NoLedger`] where none is, and with [`StoreError::AlreadyThere`] where the copy's name is
    /// taken. After an error nothing of the copy stays.
    pub async fn back_up(path: &Path, out: &Path) -> Result<(), StoreError> {
        backup::copy(&absolute(path)?, &absolute(out)?).await
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn writer(&self) -> &Writer {
        self.group.writer()
    }
}

/// SQLite reads some names as other things (`:memory:`, `file:…`), but never an absolute path.
fn absolute(path: &Path) -> Result<PathBuf, StoreError> {
    std::path::absolute(path).map_err(|error| StoreError::Database(format!("{}: {error}", path.display())))
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").field("path", &self.path).finish_non_exhaustive()
    }
}

#[async_trait]
impl Store for SqliteStore {
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
        sealed_runs::read(&self.readers, from, limit).await
    }

    async fn seal_runs(&self, runs: Vec<SealedRun>) -> Result<(), StoreError> {
        sealed_runs::write(self.writer(), runs).await
    }

    async fn remove_sealed_runs(&self) -> Result<(), StoreError> {
        sealed_runs::remove(self.writer()).await
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
        let mut writer = self.writer().take().await?;
        let mut all = assertions::settings(writer.connection()).await?;
        all.push(assertions::triggers(writer.connection()).await?);
        writer.give_back();
        all.push(assertions::integrity_check(&self.readers).await?);
        all.push(assertions::permissions(&self.path)?);
        Ok(all)
    }

    async fn snapshot(&self) -> Result<Arc<dyn Store>, StoreError> {
        let readers = self.readers.at_one_moment();
        let snapshot =
            Self { path: self.path.clone(), group: self.group.clone(), readers, is_snapshot: true };
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
impl ProjectionStore for SqliteStore {
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
