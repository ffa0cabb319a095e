//! A ledger as its log stood at a position, and nothing moves: for asking again what was answered then, and for answers
//! from several read models that belong together.
//!
//! It reads the log of another store up to there and writes nothing to it. Read models are filled in memory, and are gone
//! with it: anew for an earlier position, or, at the end of the log, from where those of the other store stand. Texts are
//! those that are kept now: what was erased since stays erased.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use uuid::Uuid;

use crate::decide::RecordedCommand;
use crate::envelope::{Hash, RecordedEvent, StreamId};
use crate::merkle::Frontier;
use crate::store::{
    Append, AppendOutcome, Head, KeyOwner, LedgerMeta, LiveRow, ProjectionState, ProjectionStore, SealedRun,
    SealedText, Store, StoreError,
};

/// Leaves read at a time.
const PAGE: u32 = 50_000;

/// The log of a store up to a position, with read models of its own.
#[derive(Debug)]
pub struct Past {
    inner: Arc<dyn Store>,
    head: Head,
    /// The read models of `inner` as they are at this moment count, as long as nothing else is held for them.
    has_rows: bool,
    generations: Mutex<BTreeMap<(String, u64), Generation>>,
}

/// One set of rows, in the order of their keys' bytes.
#[derive(Debug)]
struct Generation {
    state: ProjectionState,
    rows: BTreeMap<String, Vec<u8>>,
    /// `rows` are those that changed; the others are in the store.
    is_stored: bool,
}

impl Past {
    /// The log of `inner` up to and with a position.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] if the log ends before it; whatever reading the log may fail with.
    pub async fn of(inner: Arc<dyn Store>, position: u64) -> Result<Self, StoreError> {
        let mut frontier = Frontier::new();
        while frontier.size() < position {
            let left = u32::try_from(position - frontier.size()).unwrap_or(PAGE);
            let leaves = inner.leaf_hashes(frontier.size(), left.min(PAGE)).await?;
            if leaves.is_empty() {
                return Err(StoreError::Damaged(format!("the log ends before position {position}")));
            }
            leaves.into_iter().for_each(|leaf| frontier.push(leaf));
        }
        let head = Head { position, root: frontier.root(), frontier };
        Ok(Self { inner, head, has_rows: false, generations: Mutex::default() })
    }

    /// The store as it is at this moment, with its read models wherever they stand: what they have not seen is folded here.
    ///
    /// # Errors
    /// Whatever taking a snapshot may fail with.
    pub async fn now(store: &dyn Store) -> Result<Self, StoreError> {
        let inner = store.snapshot().await?;
        let head = inner.head().await?;
        Ok(Self { inner, head, has_rows: true, generations: Mutex::default() })
    }

    /// The generations that the store has of a projection, taken in once.
    async fn take_in(&self, name: &str) -> Result<(), StoreError> {
        if !self.has_rows || self.held().keys().any(|(known, _)| known == name) {
            return Ok(());
        }
        for state in self.inner.generations(name).await? {
            let key = (name.to_owned(), state.generation);
            let stored = Generation { state, rows: BTreeMap::new(), is_stored: true };
            self.held().entry(key).or_insert(stored);
        }
        Ok(())
    }

    /// Whether rows of a generation that are not held are in the store.
    async fn is_stored(&self, name: &str, generation: u64) -> Result<bool, StoreError> {
        self.take_in(name).await?;
        Ok(self.held().get(&(name.to_owned(), generation)).is_some_and(|found| found.is_stored))
    }

    /// A reader that panicked half way has changed nothing that others would miss.
    fn held(&self) -> MutexGuard<'_, BTreeMap<(String, u64), Generation>> {
        self.generations.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn unchangeable() -> StoreError {
    StoreError::BadRequest("the past is read, and neither changed nor checked".into())
}

#[async_trait]
impl Store for Past {
    async fn meta(&self) -> Result<LedgerMeta, StoreError> {
        self.inner.meta().await
    }

    async fn head(&self) -> Result<Head, StoreError> {
        Ok(self.head.clone())
    }

    async fn append(&self, _: Vec<Append>) -> Result<Vec<AppendOutcome>, StoreError> {
        Err(unchangeable())
    }

    async fn read_log(&self, after: u64, limit: u32) -> Result<Vec<RecordedEvent>, StoreError> {
        let left = self.head.position.saturating_sub(after);
        match u32::try_from(left).unwrap_or(limit).min(limit) {
            0 => Ok(Vec::new()),
            limit => self.inner.read_log(after, limit).await,
        }
    }

    async fn leaf_hashes(&self, after: u64, limit: u32) -> Result<Vec<Hash>, StoreError> {
        let left = self.head.position.saturating_sub(after);
        match u32::try_from(left).unwrap_or(limit).min(limit) {
            0 => Ok(Vec::new()),
            limit => self.inner.leaf_hashes(after, limit).await,
        }
    }

    async fn sealed_runs(&self, from: u64, limit: u32) -> Result<Vec<SealedRun>, StoreError> {
        if self.has_rows { self.inner.sealed_runs(from, limit).await } else { Ok(Vec::new()) }
    }

    async fn seal_runs(&self, _: Vec<SealedRun>) -> Result<(), StoreError> {
        Ok(())
    }

    async fn remove_sealed_runs(&self) -> Result<(), StoreError> {
        Ok(())
    }

    async fn read_streams(&self, streams: &[StreamId]) -> Result<Vec<RecordedEvent>, StoreError> {
        let mut events = self.inner.read_streams(streams).await?;
        events.retain(|event| event.position <= self.head.position);
        Ok(events)
    }

    async fn find_keys(&self, scope: &str, digests: &[Hash]) -> Result<Vec<Option<KeyOwner>>, StoreError> {
        let owners = self.inner.find_keys(scope, digests).await?;
        let then = |owner: &KeyOwner| owner.position <= self.head.position;
        Ok(owners.into_iter().map(|owner| owner.filter(then)).collect())
    }

    async fn scan_keys(
        &self,
        after: Option<(String, Hash)>,
        limit: u32,
    ) -> Result<Vec<(String, Hash, KeyOwner)>, StoreError> {
        // A page without those of later events could be empty before the end.
        if self.has_rows { self.inner.scan_keys(after, limit).await } else { Err(unchangeable()) }
    }

    async fn scan_commands(
        &self,
        after: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<RecordedCommand>, StoreError> {
        if self.has_rows { self.inner.scan_commands(after, limit).await } else { Err(unchangeable()) }
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

    /// Nobody needs a moment of a moment.
    async fn snapshot(&self) -> Result<Arc<dyn Store>, StoreError> {
        Err(unchangeable())
    }

    /// The other store stays open; a snapshot of it was made here.
    async fn close(&self) -> Result<(), StoreError> {
        if self.has_rows { self.inner.close().await } else { Ok(()) }
    }
}

#[async_trait]
impl ProjectionStore for Past {
    async fn generations(&self, name: &str) -> Result<Vec<ProjectionState>, StoreError> {
        self.take_in(name).await?;
        let held = self.held();
        let of_name = held.iter().filter(|((known, _), _)| known == name);
        Ok(of_name.map(|(_, generation)| generation.state.clone()).collect())
    }

    async fn start_generation(&self, name: &str, version: u32) -> Result<ProjectionState, StoreError> {
        self.take_in(name).await?;
        let mut held = self.held();
        let last = held.keys().filter(|(known, _)| known == name).map(|(_, number)| *number).max();
        let generation = last.unwrap_or_default() + 1;
        let state = ProjectionState { generation, version, position: 0, live: false, stopped: None };
        let empty = Generation { state: state.clone(), rows: BTreeMap::new(), is_stored: false };
        held.insert((name.to_owned(), generation), empty);
        Ok(state)
    }

    async fn switch_generation(
        &self,
        name: &str,
        generation: u64,
        position: u64,
    ) -> Result<bool, StoreError> {
        self.take_in(name).await?;
        let mut held = self.held();
        match held.get_mut(&(name.to_owned(), generation)) {
            Some(wanted) if wanted.state.position == position => wanted.state.live = true,
            _ => return Ok(false),
        }
        held.retain(|(known, number), _| known != name || *number == generation);
        Ok(true)
    }

    async fn drop_generation(&self, name: &str, generation: u64) -> Result<(), StoreError> {
        self.take_in(name).await?;
        let mut held = self.held();
        let key = (name.to_owned(), generation);
        if held.get(&key).is_some_and(|found| found.state.live) {
            return Err(StoreError::BadRequest(format!("generation {generation} of {name} is live")));
        }
        held.remove(&key);
        Ok(())
    }

    async fn write_rows(
        &self,
        name: &str,
        generation: u64,
        from: u64,
        to: u64,
        rows: &[(String, Vec<u8>)],
    ) -> Result<bool, StoreError> {
        if to < from {
            return Err(StoreError::BadRequest(format!("a checkpoint goes from {from} back to {to}")));
        }
        self.take_in(name).await?;
        let mut held = self.held();
        let Some(found) = held.get_mut(&(name.to_owned(), generation)) else { return Ok(false) };
        if found.state.position != from {
            return Ok(false);
        }
        (found.state.position, found.state.stopped) = (to, None);
        found.rows.extend(rows.iter().cloned());
        Ok(true)
    }

    async fn stop_generation(&self, name: &str, generation: u64, why: &str) -> Result<(), StoreError> {
        self.take_in(name).await?;
        let mut held = self.held();
        if let Some(found) = held.get_mut(&(name.to_owned(), generation)) {
            found.state.stopped = Some(why.to_owned());
        }
        Ok(())
    }

    async fn rows(
        &self,
        name: &str,
        generation: u64,
        keys: &[String],
    ) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        let mut found: Vec<Option<Vec<u8>>> = {
            let held = self.held();
            let rows = held.get(&(name.to_owned(), generation)).map(|found| &found.rows);
            keys.iter().map(|key| rows.and_then(|rows| rows.get(key)).cloned()).collect()
        };
        if self.is_stored(name, generation).await? {
            let missing = || found.iter().zip(keys).filter(|(value, _)| value.is_none());
            let wanted: Vec<String> = missing().map(|(_, key)| key.clone()).collect();
            let stored = self.inner.rows(name, generation, &wanted).await?;
            for (value, stored) in found.iter_mut().filter(|value| value.is_none()).zip(stored) {
                *value = stored;
            }
        }
        Ok(found)
    }

    async fn live_row(&self, name: &str, key: &str) -> Result<LiveRow, StoreError> {
        let live = self.generations(name).await?.into_iter().find(|generation| generation.live);
        let value = match &live {
            None => None,
            Some(live) => self.rows(name, live.generation, &[key.to_owned()]).await?.pop().flatten(),
        };
        Ok(LiveRow { live, head: self.head.position, value })
    }

    async fn scan_rows(
        &self,
        name: &str,
        generation: u64,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        let stored = match self.is_stored(name, generation).await? {
            true => self.inner.scan_rows(name, generation, after, limit).await?,
            false => Vec::new(),
        };
        // Behind a page that is full there may be more: rows that are held count up to its last key.
        let end = stored.last().filter(|_| stored.len() == limit as usize).map(|(key, _)| key.as_str());
        let first = after.map_or(Bound::Unbounded, Bound::Excluded);
        let mut rows: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        if let Some(found) = self.held().get(&(name.to_owned(), generation)) {
            let changed = found.rows.range::<str, _>((first, end.map_or(Bound::Unbounded, Bound::Included)));
            rows.extend(changed.map(|(key, value)| (key.clone(), value.clone())));
        }
        for (key, value) in stored {
            rows.entry(key).or_insert(value);
        }
        Ok(rows.into_iter().take(limit as usize).collect())
    }
}
