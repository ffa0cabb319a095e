//! A ledger as its log stood at a position: for asking again what was answered then.
//!
//! It reads the log of another store up to there and writes nothing to it. Read models are filled anew, in memory, and are
//! gone with it. Texts are those that are kept now: what was erased since stays erased.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use uuid::Uuid;

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
    generations: Mutex<BTreeMap<(String, u64), Generation>>,
}

/// One set of rows, in the order of their keys' bytes.
#[derive(Debug)]
struct Generation {
    state: ProjectionState,
    rows: BTreeMap<String, Vec<u8>>,
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
        Ok(Self { inner, head, generations: Mutex::default() })
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

    async fn sealed_runs(&self, _: u64, _: u32) -> Result<Vec<SealedRun>, StoreError> {
        Ok(Vec::new())
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
        _: Option<(String, Hash)>,
        _: u32,
    ) -> Result<Vec<(String, Hash, KeyOwner)>, StoreError> {
        Err(unchangeable())
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

    /// The other store stays open.
    async fn close(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

#[async_trait]
impl ProjectionStore for Past {
    async fn generations(&self, name: &str) -> Result<Vec<ProjectionState>, StoreError> {
        let held = self.held();
        let of_name = held.iter().filter(|((known, _), _)| known == name);
        Ok(of_name.map(|(_, generation)| generation.state.clone()).collect())
    }

    async fn start_generation(&self, name: &str, version: u32) -> Result<ProjectionState, StoreError> {
        let mut held = self.held();
        let last = held.keys().filter(|(known, _)| known == name).map(|(_, number)| *number).max();
        let generation = last.unwrap_or_default() + 1;
        let state = ProjectionState { generation, version, position: 0, live: false, stopped: None };
        let empty = Generation { state: state.clone(), rows: BTreeMap::new() };
        held.insert((name.to_owned(), generation), empty);
        Ok(state)
    }

    async fn switch_generation(
        &self,
        name: &str,
        generation: u64,
        position: u64,
    ) -> Result<bool, StoreError> {
        let mut held = self.held();
        match held.get_mut(&(name.to_owned(), generation)) {
            Some(wanted) if wanted.state.position == position => wanted.state.live = true,
            _ => return Ok(false),
        }
        held.retain(|(known, number), _| known != name || *number == generation);
        Ok(true)
    }

    async fn drop_generation(&self, name: &str, generation: u64) -> Result<(), StoreError> {
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
        let held = self.held();
        let rows = held.get(&(name.to_owned(), generation)).map(|found| &found.rows);
        Ok(keys.iter().map(|key| rows.and_then(|rows| rows.get(key)).cloned()).collect())
    }

    async fn live_row(&self, name: &str, key: &str) -> Result<LiveRow, StoreError> {
        let held = self.held();
        let live = held.iter().find(|((known, _), found)| known == name && found.state.live);
        Ok(LiveRow {
            live: live.map(|(_, found)| found.state.clone()),
            head: self.head.position,
            value: live.and_then(|(_, found)| found.rows.get(key)).cloned(),
        })
    }

    async fn scan_rows(
        &self,
        name: &str,
        generation: u64,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        let held = self.held();
        let Some(found) = held.get(&(name.to_owned(), generation)) else { return Ok(Vec::new()) };
        let first = after.map_or(Bound::Unbounded, Bound::Excluded);
        let rows = found.rows.range::<str, _>((first, Bound::Unbounded));
        Ok(rows.take(limit as usize).map(|(key, value)| (key.clone(), value.clone())).collect())
    }
}
