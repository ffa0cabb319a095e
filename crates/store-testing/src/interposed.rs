//! A store that gives small pages, and lets something happen right before a call of its caller reaches the database.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use event_log::decide::RecordedCommand;
use event_log::{
    Append, AppendOutcome, Hash, Head, KeyOwner, LedgerMeta, LiveRow, ProjectionState, ProjectionStore,
    RecordedEvent, SealedRun, SealedText, Store, StoreError, StreamId,
};
use uuid::Uuid;

type Meanwhile = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Before which call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Before {
    /// [`Store::append`].
    Append,
    /// [`ProjectionStore::generations`].
    Generations,
    /// [`ProjectionStore::write_rows`].
    WriteRows,
    /// [`ProjectionStore::rows`] or [`ProjectionStore::scan_rows`].
    Rows,
    /// [`Store::scan_keys`].
    ScanKeys,
    /// [`ProjectionStore::start_generation`].
    StartGeneration,
}

/// A store seen through a wrapper in which time passes.
pub struct Interposed {
    inner: Arc<dyn Store>,
    page: u32,
    /// Its snapshots have the same.
    meanwhile: Arc<Mutex<Option<(Before, Meanwhile)>>>,
    read: Mutex<Vec<StreamId>>,
}

impl Interposed {
    /// The store as it is.
    pub fn new(inner: Arc<dyn Store>) -> Arc<Self> {
        Self::paged(inner, u32::MAX)
    }

    /// The store with pages of the log, of sealed runs and of rows that are at most this long.
    pub fn paged(inner: Arc<dyn Store>, page: u32) -> Arc<Self> {
        Arc::new(Self { inner, page, meanwhile: Arc::default(), read: Mutex::default() })
    }

    /// What happens, once, before the next call of this kind.
    pub fn meanwhile(&self, before: Before, work: impl Future<Output = ()> + Send + 'static) {
        *self.meanwhile.lock().unwrap_or_else(PoisonError::into_inner) = Some((before, Box::pin(work)));
    }

    /// The streams that were asked for since this was asked last, as often as they were.
    pub fn take_read(&self) -> Vec<StreamId> {
        std::mem::take(&mut self.read.lock().unwrap_or_else(PoisonError::into_inner))
    }

    async fn happen(&self, before: Before) {
        let work =
            self.meanwhile.lock().unwrap_or_else(PoisonError::into_inner).take_if(|(at, _)| *at == before);
        if let Some((_, work)) = work {
            work.await;
        }
    }
}

impl fmt::Debug for Interposed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Interposed")
    }
}

#[async_trait]
impl Store for Interposed {
    async fn meta(&self) -> Result<LedgerMeta, StoreError> {
        self.inner.meta().await
    }

    async fn head(&self) -> Result<Head, StoreError> {
        self.inner.head().await
    }

    async fn append(&self, batch: Vec<Append>) -> Result<Vec<AppendOutcome>, StoreError> {
        self.happen(Before::Append).await;
        self.inner.append(batch).await
    }

    async fn read_log(&self, after: u64, limit: u32) -> Result<Vec<RecordedEvent>, StoreError> {
        self.inner.read_log(after, limit.min(self.page)).await
    }

    async fn leaf_hashes(&self, after: u64, limit: u32) -> Result<Vec<Hash>, StoreError> {
        self.inner.leaf_hashes(after, limit).await
    }

    async fn sealed_runs(&self, from: u64, limit: u32) -> Result<Vec<SealedRun>, StoreError> {
        self.inner.sealed_runs(from, limit.min(self.page)).await
    }

    async fn seal_runs(&self, runs: Vec<SealedRun>) -> Result<(), StoreError> {
        self.inner.seal_runs(runs).await
    }

    async fn remove_sealed_runs(&self) -> Result<(), StoreError> {
        self.inner.remove_sealed_runs().await
    }

    async fn read_streams(&self, streams: &[StreamId]) -> Result<Vec<RecordedEvent>, StoreError> {
        self.read.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(streams);
        self.inner.read_streams(streams).await
    }

    async fn find_keys(&self, scope: &str, digests: &[Hash]) -> Result<Vec<Option<KeyOwner>>, StoreError> {
        self.inner.find_keys(scope, digests).await
    }

    async fn scan_keys(
        &self,
        after: Option<(String, Hash)>,
        limit: u32,
    ) -> Result<Vec<(String, Hash, KeyOwner)>, StoreError> {
        self.happen(Before::ScanKeys).await;
        self.inner.scan_keys(after, limit.min(self.page)).await
    }

    async fn scan_commands(
        &self,
        after: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<RecordedCommand>, StoreError> {
        self.inner.scan_commands(after, limit.min(self.page)).await
    }

    async fn subject_keys(&self, subjects: &[Uuid]) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        self.inner.subject_keys(subjects).await
    }

    async fn texts(&self, ids: &[Hash]) -> Result<Vec<Option<SealedText>>, StoreError> {
        self.inner.texts(ids).await
    }

    async fn assertions(&self) -> Result<Vec<(String, String, bool)>, StoreError> {
        self.inner.assertions().await
    }

    async fn snapshot(&self) -> Result<Arc<dyn Store>, StoreError> {
        let (inner, meanwhile) = (self.inner.snapshot().await?, self.meanwhile.clone());
        Ok(Arc::new(Self { inner, page: self.page, meanwhile, read: Mutex::default() }))
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.inner.close().await
    }
}

#[async_trait]
impl ProjectionStore for Interposed {
    async fn generations(&self, name: &str) -> Result<Vec<ProjectionState>, StoreError> {
        self.happen(Before::Generations).await;
        self.inner.generations(name).await
    }

    async fn start_generation(&self, name: &str, version: u32) -> Result<ProjectionState, StoreError> {
        self.happen(Before::StartGeneration).await;
        self.inner.start_generation(name, version).await
    }

    async fn switch_generation(
        &self,
        name: &str,
        generation: u64,
        position: u64,
    ) -> Result<bool, StoreError> {
        self.inner.switch_generation(name, generation, position).await
    }

    async fn drop_generation(&self, name: &str, generation: u64) -> Result<(), StoreError> {
        self.inner.drop_generation(name, generation).await
    }

    async fn write_rows(
        &self,
        name: &str,
        generation: u64,
        from: u64,
        to: u64,
        rows: &[(String, Vec<u8>)],
    ) -> Result<bool, StoreError> {
        self.happen(Before::WriteRows).await;
        self.inner.write_rows(name, generation, from, to, rows).await
    }

    async fn stop_generation(&self, name: &str, generation: u64, why: &str) -> Result<(), StoreError> {
        self.inner.stop_generation(name, generation, why).await
    }

    async fn rows(
        &self,
        name: &str,
        generation: u64,
        keys: &[String],
    ) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        self.happen(Before::Rows).await;
        self.inner.rows(name, generation, keys).await
    }

    async fn live_row(&self, name: &str, key: &str) -> Result<LiveRow, StoreError> {
        self.inner.live_row(name, key).await
    }

    async fn scan_rows(
        &self,
        name: &str,
        generation: u64,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        self.happen(Before::Rows).await;
        self.inner.scan_rows(name, generation, after, limit.min(self.page)).await
    }
}
