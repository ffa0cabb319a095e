//! Feeding the log to the projections.

use std::sync::Arc;

use domain::{DecodeError, FoldError, Recorded};
use event_log::{ProjectionState, Store, StoreError};
use serde::de::DeserializeOwned;

use crate::projection::{AnyProjection, Projection, Rows};

/// Events read from the log at a time.
const PAGE_EVENTS: u32 = 5_000;
/// Rows held in memory before they are written and forgotten.
const HELD_ROWS_MAX: usize = 50_000;
/// Rows read at a time when a projection is scanned.
pub(crate) const PAGE_ROWS: u32 = 5_000;
/// How often a catch-up starts again because another process moved the same checkpoint.
pub(crate) const ATTEMPTS_MAX: usize = 20;

/// Told how far a run has come: position reached, last position.
pub type Progress<'a> = &'a (dyn Fn(u64, u64) + Send + Sync);

/// Why the read models cannot answer.
#[derive(Debug, thiserror::Error)]
pub enum RunnerError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An event this program cannot read.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// A projection stands still before an event it cannot fold.
    #[error("the read model {name} stands still at position {position}: {why}")]
    Stopped {
        /// Projection.
        name: &'static str,
        /// The event that could not be folded.
        position: u64,
        /// Why.
        why: FoldError,
    },
    /// Other programs kept moving the checkpoints.
    #[error("other programs are updating the read models at the same time; try again")]
    Contended,
}

/// Keeps a set of projections up to date and reads their rows.
pub struct Runner {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) projections: Vec<Box<dyn AnyProjection>>,
}

/// One generation being filled.
pub(crate) struct Target<'a> {
    pub(crate) projection: &'a dyn AnyProjection,
    pub(crate) state: ProjectionState,
    rows: Box<dyn Rows>,
    /// Nothing is stored that is not held: absent rows need not be looked for.
    complete: bool,
    /// The event that could not be folded, and why.
    pub(crate) failed: Option<(u64, FoldError)>,
}

impl Runner {
    /// A runner of these projections over a store.
    pub fn new(store: Arc<dyn Store>, projections: Vec<Box<dyn AnyProjection>>) -> Self {
        Self { store, projections }
    }

    /// Folds every event the live rows have not seen; rebuilds rows of another version. Answers with the position
    /// reached. A projection that meets an event it cannot fold stands still before it; the others go on, and the
    /// answer is the first such failure.
    pub async fn catch_up(&self, progress: Progress<'_>) -> Result<u64, RunnerError> {
        'attempts: for _ in 0..ATTEMPTS_MAX {
            let lives = self.lives().await?;
            // Read after the checkpoints, so that no checkpoint can be ahead of it unless something is wrong.
            let head = self.store.head().await?.position;
            let mut targets = Vec::with_capacity(self.projections.len());
            for (projection, live) in self.projections.iter().zip(lives) {
                let (name, version) = (projection.name(), projection.version());
                let state = match live.filter(|live| live.version == version) {
                    Some(live) if live.position > head => {
                        let why =
                            FoldError("its rows are ahead of the log: run `svala replay --repair`".into());
                        return Err(RunnerError::Stopped { name, position: live.position, why });
                    }
                    Some(live) if live.position == head => continue,
                    Some(live) => live,
                    None => self.store.start_generation(name, version).await?,
                };
                targets.push(Target::new(projection.as_ref(), state));
            }
            if !self.fill(&mut targets, head, progress).await? {
                continue;
            }
            let mut failure = None;
            for target in targets {
                let (name, generation) = (target.projection.name(), target.state.generation);
                match target.failed {
                    None if target.state.live => {}
                    None => {
                        self.store.switch_generation(name, generation, head).await?;
                    }
                    Some((position, why)) => {
                        if !self.stand_still(target.projection, &target.state, position, &why).await? {
                            continue 'attempts;
                        }
                        failure.get_or_insert(RunnerError::Stopped { name, position, why });
                    }
                }
            }
            return failure.map_or(Ok(head), Err);
        }
        Err(RunnerError::Contended)
    }

    /// Leaves a projection standing right before the event it cannot fold. `false` if another process moved it.
    async fn stand_still(
        &self,
        projection: &dyn AnyProjection,
        state: &ProjectionState,
        position: u64,
        why: &FoldError,
    ) -> Result<bool, RunnerError> {
        let (name, note) = (projection.name(), format!("position {position}: {why}"));
        let live = self.live_of(name).await?;
        match live {
            Some(live) if live.generation == state.generation => {
                // The rows in memory are spoilt by the attempt; what comes before it is folded again.
                let mut target = [Target::new(projection, live)];
                if !self.fill(&mut target, position - 1, &|_, _| {}).await? {
                    return Ok(false);
                }
                self.store.stop_generation(name, state.generation, &note).await?;
            }
            live => {
                self.store.drop_generation(name, state.generation).await?;
                if let Some(live) = live {
                    self.store.stop_generation(name, live.generation, &note).await?;
                }
            }
        }
        Ok(true)
    }

    /// Reads the rows of one key each, in the order asked for, from the live rows.
    pub async fn rows<P: Projection>(&self, keys: &[String]) -> Result<Vec<Option<P::Row>>, RunnerError> {
        for _ in 0..ATTEMPTS_MAX {
            let live = self.live(P::NAME, P::VERSION).await?;
            let stored = self.store.rows(P::NAME, live.generation, keys).await?;
            if self.is_still_live(P::NAME, &live).await? {
                return stored.iter().map(|bytes| bytes.as_deref().map(read::<P::Row>).transpose()).collect();
            }
        }
        Err(RunnerError::Contended)
    }

    /// Reads all live rows, in the order of their keys.
    pub async fn all_rows<P: Projection>(&self) -> Result<Vec<(String, P::Row)>, RunnerError> {
        for _ in 0..ATTEMPTS_MAX {
            let live = self.live(P::NAME, P::VERSION).await?;
            let mut rows = Vec::new();
            let mut after: Option<String> = None;
            loop {
                let page =
                    self.store.scan_rows(P::NAME, live.generation, after.as_deref(), PAGE_ROWS).await?;
                let Some((last, _)) = page.last() else { break };
                after = Some(last.clone());
                for (key, bytes) in page {
                    rows.push((key, read::<P::Row>(&bytes)?));
                }
            }
            if self.is_still_live(P::NAME, &live).await? {
                return Ok(rows);
            }
        }
        Err(RunnerError::Contended)
    }

    /// Whether rows that were just read were there to the end: those of a generation go when another takes its place.
    async fn is_still_live(&self, name: &str, live: &ProjectionState) -> Result<bool, RunnerError> {
        Ok(self.live_of(name).await?.is_some_and(|now| now.generation == live.generation))
    }

    /// The live generations and what stopped them, for `doctor`.
    pub async fn states(&self) -> Result<Vec<(&'static str, Option<ProjectionState>)>, RunnerError> {
        let names = self.projections.iter().map(|projection| projection.name());
        Ok(names.zip(self.lives().await?).collect())
    }

    /// The live generation of each projection, in their order.
    pub(crate) async fn lives(&self) -> Result<Vec<Option<ProjectionState>>, RunnerError> {
        let mut lives = Vec::with_capacity(self.projections.len());
        for projection in &self.projections {
            lives.push(self.live_of(projection.name()).await?);
        }
        Ok(lives)
    }

    async fn live_of(&self, name: &str) -> Result<Option<ProjectionState>, RunnerError> {
        Ok(self.store.generations(name).await?.into_iter().find(|generation| generation.live))
    }

    async fn live(&self, name: &str, version: u32) -> Result<ProjectionState, RunnerError> {
        let live = self.live_of(name).await?.filter(|live| live.version == version);
        live.ok_or_else(|| StoreError::Damaged(format!("the read model {name} has no live rows")).into())
    }

    /// Feeds the log up to `until` to all targets in one pass. `false` when another process moved a checkpoint.
    pub(crate) async fn fill(
        &self,
        targets: &mut [Target<'_>],
        until: u64,
        progress: Progress<'_>,
    ) -> Result<bool, RunnerError> {
        let Some(mut position) = targets.iter().map(|t| t.state.position).min() else { return Ok(true) };
        while position < until {
            let limit = u64::from(PAGE_EVENTS).min(until - position) as u32;
            let page = self.store.read_log(position, limit).await?;
            let Some(last) = page.last().map(|event| event.position) else {
                return Err(StoreError::Damaged(format!("position {} is missing", position + 1)).into());
            };
            let events = page.into_iter().map(Recorded::decode).collect::<Result<Vec<_>, _>>()?;
            for target in targets.iter_mut().filter(|t| t.failed.is_none()) {
                if !self.feed(target, &events).await? {
                    return Ok(false);
                }
                let full = target.rows.len() > HELD_ROWS_MAX;
                if (full || last == until) && !self.flush(target, last).await? {
                    return Ok(false);
                }
                if full {
                    target.complete = false;
                    target.rows.forget();
                }
            }
            position = last;
            progress(position, until);
        }
        Ok(true)
    }

    /// Folds events into a target. `false` when another process moved its checkpoint meanwhile.
    async fn feed(&self, target: &mut Target<'_>, events: &[Recorded]) -> Result<bool, RunnerError> {
        let (name, generation) = (target.projection.name(), target.state.generation);
        let fresh = || events.iter().filter(|event| event.position > target.state.position);
        if !target.complete {
            let mut missing: Vec<String> = fresh()
                .filter_map(|e| target.projection.key(e))
                .filter(|key| !target.rows.holds(key))
                .collect();
            missing.sort_unstable();
            missing.dedup();
            let stored = self.store.rows(name, generation, &missing).await?;
            for (key, bytes) in missing.into_iter().zip(stored) {
                if let Err(why) = target.rows.load(key, bytes.as_deref()) {
                    return self.stop(target, target.state.position + 1, why).await;
                }
            }
        }
        for event in fresh() {
            let Some(key) = target.projection.key(event) else { continue };
            if let Err(why) = target.rows.fold(key, event) {
                return self.stop(target, event.position, why).await;
            }
        }
        Ok(true)
    }

    /// Notes that a target cannot go on. `false` if its rows are only newer than its checkpoint was: another process
    /// has moved both, and nothing is wrong.
    async fn stop(
        &self,
        target: &mut Target<'_>,
        position: u64,
        why: FoldError,
    ) -> Result<bool, RunnerError> {
        let generations = self.store.generations(target.projection.name()).await?;
        let now = generations.iter().find(|g| g.generation == target.state.generation).map(|g| g.position);
        if now != Some(target.state.position) {
            return Ok(false);
        }
        target.failed = Some((position, why));
        Ok(true)
    }

    async fn flush(&self, target: &mut Target<'_>, to: u64) -> Result<bool, RunnerError> {
        if target.failed.is_some() || to <= target.state.position {
            return Ok(true);
        }
        let (name, generation, from) =
            (target.projection.name(), target.state.generation, target.state.position);
        let changed =
            target.rows.take_changed().map_err(|why| RunnerError::Stopped { name, position: to, why })?;
        target.state.position = to;
        Ok(self.store.write_rows(name, generation, from, to, &changed).await?)
    }
}

impl<'a> Target<'a> {
    pub(crate) fn new(projection: &'a dyn AnyProjection, state: ProjectionState) -> Self {
        let complete = state.position == 0;
        Self { projection, state, rows: projection.rows(), complete, failed: None }
    }
}

/// A live row that this program wrote must be readable by it.
fn read<R: DeserializeOwned>(bytes: &[u8]) -> Result<R, RunnerError> {
    serde_json::from_slice(bytes).map_err(|_| {
        StoreError::Damaged("a row of a read model cannot be read: run `svala replay --repair`".into()).into()
    })
}
