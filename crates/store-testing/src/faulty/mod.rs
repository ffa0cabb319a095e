//! A store between which and its caller things go wrong: answers get lost, requests arrive twice, reads are late.

mod projections;

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use event_log::decide::RecordedCommand;
use event_log::{
    Append, AppendOutcome, Conflict, Hash, Head, KeyOwner, LedgerMeta, RecordedEvent, SealedRun, SealedText,
    Store, StoreError, StreamId,
};
use uuid::Uuid;

use crate::contract::Random;

/// How often something goes wrong, in a hundred calls.
#[derive(Debug, Clone, Copy)]
pub struct Faults {
    /// An append that fails before anything is written.
    pub before: u64,
    /// An append that is written, and its caller is told that it failed.
    pub after: u64,
    /// An append that arrives twice; the caller gets one of the two answers.
    pub twice: u64,
    /// A look at streams or unique facts, on which decisions rest, that shows an earlier moment.
    pub stale: u64,
    /// A look at the head or the log that shows an earlier moment.
    pub behind: u64,
    /// A call that takes some milliseconds longer.
    pub late: u64,
    /// Each command that is written although its stream has moved on since it was decided: a store without the check
    /// of versions, for tests that must fail over it.
    pub unchecked: bool,
}

impl Faults {
    /// Nothing goes wrong.
    pub fn none() -> Self {
        Self { before: 0, after: 0, twice: 0, stale: 0, behind: 0, late: 0, unchecked: false }
    }

    /// Appends fail one way or the other nearly every second time; nothing shows an earlier moment.
    pub fn often() -> Self {
        Self { before: 15, after: 15, twice: 15, late: 5, ..Self::none() }
    }
}

/// How often something went wrong.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Happened {
    /// Failed before anything was written.
    pub before: u64,
    /// Written, and failed.
    pub after: u64,
    /// Arrived twice.
    pub twice: u64,
    /// Showed an earlier moment.
    pub stale: u64,
}

/// A store seen through a bad connection. The same seed and the same calls give the same faults.
pub struct Faulty {
    inner: Arc<dyn Store>,
    faults: Faults,
    calm: AtomicBool,
    state: Mutex<State>,
}

struct State {
    random: Random,
    happened: Happened,
    /// Heads seen, the last ones.
    moments: Vec<Head>,
    /// What callers were told.
    told: Vec<(Uuid, AppendOutcome)>,
}

/// Heads that are remembered: how far back a stale read looks.
const MOMENTS_MAX: usize = 8;

impl Faulty {
    /// A bad connection to this store.
    pub fn new(inner: Arc<dyn Store>, seed: u64, faults: Faults) -> Arc<Self> {
        let state = State {
            random: Random(seed),
            happened: Happened::default(),
            moments: Vec::new(),
            told: Vec::new(),
        };
        Arc::new(Self { inner, faults, calm: AtomicBool::new(false), state: Mutex::new(state) })
    }

    /// From now on everything works.
    pub fn calm(&self) {
        self.calm.store(true, Ordering::Relaxed);
    }

    /// What went wrong so far.
    pub fn happened(&self) -> Happened {
        self.state().happened
    }

    /// The outcomes callers were told so far, each with its command.
    pub fn told(&self) -> Vec<(Uuid, AppendOutcome)> {
        self.state().told.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Throws the dice: whether a thing happens that happens so often in a hundred calls.
    fn happens(&self, often: u64) -> bool {
        !self.calm.load(Ordering::Relaxed) && self.state().random.below(100) < often
    }

    fn broken(&self) -> StoreError {
        match self.state().random.below(2) {
            0 => StoreError::Unreachable("the connection was cut".into()),
            _ => StoreError::Database("the server was shut down".into()),
        }
    }

    async fn wait(&self) {
        if self.happens(self.faults.late) {
            let micros = self.state().random.below(4_000);
            tokio::time::sleep(Duration::from_micros(micros)).await;
        }
    }

    /// The head as it is, or the moment that a stale read shows instead.
    async fn moment(&self, often: u64) -> Result<(Head, bool), StoreError> {
        self.wait().await;
        let head = self.inner.head().await?;
        let stale = self.happens(often);
        let mut state = self.state();
        if stale && !state.moments.is_empty() {
            let among = state.moments.len() as u64;
            let earlier = usize::try_from(state.random.below(among)).unwrap_or(0);
            let earlier = state.moments[earlier].clone();
            state.happened.stale += 1;
            return Ok((earlier, true));
        }
        if state.moments.last() != Some(&head) {
            state.moments.push(head.clone());
        }
        if state.moments.len() > MOMENTS_MAX {
            state.moments.remove(0);
        }
        Ok((head, false))
    }

    /// Until which position a read sees events.
    async fn visible(&self, often: u64) -> Result<u64, StoreError> {
        Ok(match self.moment(often).await? {
            (head, true) => head.position,
            (_, false) => u64::MAX,
        })
    }

    /// Writes commands as if each had been decided on what its streams are now.
    async fn append_unchecked(&self, mut batch: Vec<Append>) -> Result<Vec<AppendOutcome>, StoreError> {
        loop {
            let streams: Vec<StreamId> =
                batch.iter().flat_map(|append| &append.expected).map(|(id, _)| id.clone()).collect();
            let mut versions: HashMap<StreamId, u64> = HashMap::new();
            for event in self.inner.read_streams(&streams).await? {
                versions.insert(event.stream_id, event.stream_version);
            }
            for append in &mut batch {
                append.after.clear();
                for (stream_id, expected) in &mut append.expected {
                    *expected = versions.get(stream_id).copied().unwrap_or(0);
                }
                for event in &append.events {
                    *versions.entry(event.stream_id.clone()).or_default() += 1;
                }
            }
            let outcomes = self.inner.append(batch.clone()).await?;
            let moved = |outcome: &_| matches!(outcome, AppendOutcome::Conflict(Conflict::Version { .. }));
            if !outcomes.iter().any(moved) {
                return Ok(outcomes);
            }
        }
    }
}

impl fmt::Debug for Faulty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Faulty").field("faults", &self.faults).finish_non_exhaustive()
    }
}

#[async_trait]
impl Store for Faulty {
    async fn append(&self, batch: Vec<Append>) -> Result<Vec<AppendOutcome>, StoreError> {
        if self.faults.unchecked {
            return self.append_unchecked(batch).await;
        }
        self.wait().await;
        if self.happens(self.faults.before) {
            self.state().happened.before += 1;
            return Err(self.broken());
        }
        let ids: Vec<Uuid> = batch.iter().map(|append| append.command_id).collect();
        let twice = self.happens(self.faults.twice);
        let mut outcomes = self.inner.append(batch.clone()).await?;
        if twice {
            self.state().happened.twice += 1;
            self.wait().await;
            let second = self.inner.append(batch).await?;
            if self.happens(50) {
                outcomes = second;
            }
        }
        if self.happens(self.faults.after) {
            self.state().happened.after += 1;
            return Err(self.broken());
        }
        self.state().told.extend(ids.into_iter().zip(outcomes.iter().cloned()));
        Ok(outcomes)
    }

    async fn head(&self) -> Result<Head, StoreError> {
        Ok(self.moment(self.faults.behind).await?.0)
    }

    async fn read_log(&self, after: u64, limit: u32) -> Result<Vec<RecordedEvent>, StoreError> {
        let visible = self.visible(self.faults.behind).await?;
        let mut events = self.inner.read_log(after, limit).await?;
        events.retain(|event| event.position <= visible);
        Ok(events)
    }

    async fn read_streams(&self, streams: &[StreamId]) -> Result<Vec<RecordedEvent>, StoreError> {
        let visible = self.visible(self.faults.stale).await?;
        let mut events = self.inner.read_streams(streams).await?;
        events.retain(|event| event.position <= visible);
        Ok(events)
    }

    async fn find_keys(&self, scope: &str, digests: &[Hash]) -> Result<Vec<Option<KeyOwner>>, StoreError> {
        let visible = self.visible(self.faults.stale).await?;
        let owners = self.inner.find_keys(scope, digests).await?;
        Ok(owners.into_iter().map(|owner| owner.filter(|owner| owner.position <= visible)).collect())
    }

    async fn meta(&self) -> Result<LedgerMeta, StoreError> {
        self.inner.meta().await
    }

    async fn leaf_hashes(&self, after: u64, limit: u32) -> Result<Vec<Hash>, StoreError> {
        self.inner.leaf_hashes(after, limit).await
    }

    async fn sealed_runs(&self, from: u64, limit: u32) -> Result<Vec<SealedRun>, StoreError> {
        self.inner.sealed_runs(from, limit).await
    }

    async fn seal_runs(&self, runs: Vec<SealedRun>) -> Result<(), StoreError> {
        self.inner.seal_runs(runs).await
    }

    async fn remove_sealed_runs(&self) -> Result<(), StoreError> {
        self.inner.remove_sealed_runs().await
    }

    async fn scan_keys(
        &self,
        after: Option<(String, Hash)>,
        limit: u32,
    ) -> Result<Vec<(String, Hash, KeyOwner)>, StoreError> {
        self.inner.scan_keys(after, limit).await
    }

    async fn scan_commands(
        &self,
        after: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<RecordedCommand>, StoreError> {
        self.inner.scan_commands(after, limit).await
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

    /// Nothing goes wrong with what stands still.
    async fn snapshot(&self) -> Result<Arc<dyn Store>, StoreError> {
        self.inner.snapshot().await
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.inner.close().await
    }
}
