//! Feeding the log to the projections.

use std::sync::Arc;

use domain::{DecodeError, FoldError, Recorded};
use event_log::{ProjectionState, Store, StoreError};
use serde::de::DeserializeOwned;

use crate::digest::Digest;
use crate::projection::{AnyProjection, Projection, Rows};

/// Events read from the log at a time.
const PAGE_EVENTS: u32 = 5_000;
/// Rows held in memory before they are written and forgotten.
const HELD_ROWS_MAX: usize = 50_000;
/// Rows read at a time when a projection is scanned.
const PAGE_ROWS: u32 = 5_000;
/// How often a catch-up starts again because another process moved the same checkpoint.
const ATTEMPTS_MAX: usize = 20;

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

/// What a replay found for one projection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replayed {
    /// Projection.
    pub name: &'static str,
    /// Position the rebuilt rows stand at: the last of the log.
    pub position: u64,
    /// Position the live rows stand at.
    pub live_position: u64,
    /// Rows that the events give.
    pub rows: u64,
    /// Digest of the live rows, hexadecimal.
    pub live: String,
    /// Digest of the rebuilt rows, hexadecimal.
    pub rebuilt: String,
    /// Keys of rows that differ, the first few.
    pub differing: Vec<String>,
    /// Whether the rebuilt rows took the place of the live ones.
    pub switched: bool,
}

impl Replayed {
    /// Live and rebuilt rows are equal, byte for byte, at the same position.
    pub fn is_equal(&self) -> bool {
        self.live == self.rebuilt && self.live_position == self.position
    }
}

/// Keeps a set of projections up to date and reads their rows.
pub struct Runner {
    store: Arc<dyn Store>,
    projections: Vec<Box<dyn AnyProjection>>,
}

/// One generation being filled.
struct Target<'a> {
    projection: &'a dyn AnyProjection,
    state: ProjectionState,
    rows: Box<dyn Rows>,
    /// Nothing is stored that is not held: absent rows need not be looked for.
    complete: bool,
    failed: Option<RunnerError>,
}

impl Runner {
    /// A runner of these projections over a store.
    pub fn new(store: Arc<dyn Store>, projections: Vec<Box<dyn AnyProjection>>) -> Self {
        Self { store, projections }
    }

    /// Folds every event the live rows have not seen; rebuilds rows of another version. Answers with the position
    /// reached.
    pub async fn catch_up(&self, progress: Progress<'_>) -> Result<u64, RunnerError> {
        for _ in 0..ATTEMPTS_MAX {
            let head = self.store.head().await?.position;
            let mut targets = Vec::with_capacity(self.projections.len());
            for projection in &self.projections {
                let generations = self.store.generations(projection.name()).await?;
                let live = generations.iter().find(|g| g.live && g.version == projection.version());
                let state = match live {
                    Some(live) => live.clone(),
                    None => self.store.start_generation(projection.name(), projection.version()).await?,
                };
                if state.position > head {
                    let why = FoldError("its rows are ahead of the log: run `svala replay --repair`".into());
                    return Err(RunnerError::Stopped {
                        name: projection.name(),
                        position: state.position,
                        why,
                    });
                }
                if state.position < head || !state.live {
                    targets.push(Target::new(projection.as_ref(), state));
                }
            }
            if !self.fill(&mut targets, head, progress).await? {
                continue;
            }
            for target in targets {
                if let Some(failed) = target.failed {
                    return Err(failed);
                }
                if !target.state.live {
                    self.store
                        .switch_generation(target.projection.name(), target.state.generation, head)
                        .await?;
                }
            }
            return Ok(head);
        }
        Err(RunnerError::Contended)
    }

    /// Rebuilds every projection from position 1 beside its live rows and compares. Where they differ, `repair`
    /// puts the rebuilt rows in the place of the live ones.
    pub async fn replay(&self, repair: bool, progress: Progress<'_>) -> Result<Vec<Replayed>, RunnerError> {
        match self.catch_up(&|_, _| {}).await {
            // Rows that stand still are what a replay is for: they differ.
            Ok(_) | Err(RunnerError::Stopped { .. }) => {}
            Err(other) => return Err(other),
        }
        let position = self.store.head().await?.position;
        let mut targets = Vec::new();
        for projection in &self.projections {
            let state = self.store.start_generation(projection.name(), projection.version()).await?;
            targets.push(Target::new(projection.as_ref(), state));
        }
        if !self.fill(&mut targets, position, progress).await? {
            return Err(RunnerError::Contended);
        }
        let mut found = Vec::new();
        for target in targets {
            if let Some(failed) = target.failed {
                return Err(failed);
            }
            let (name, generation) = (target.projection.name(), target.state.generation);
            let live = self.live(name, target.projection.version()).await?;
            let mut replayed = self.compare(name, live.generation, generation).await?;
            (replayed.position, replayed.live_position) = (position, live.position);
            replayed.switched = repair
                && !replayed.is_equal()
                && self.store.switch_generation(name, generation, position).await?;
            if !replayed.switched {
                self.store.drop_generation(name, generation).await?;
            }
            found.push(replayed);
        }
        Ok(found)
    }

    /// Reads the rows of one key each, in the order asked for, from the live rows.
    pub async fn rows<P: Projection>(&self, keys: &[String]) -> Result<Vec<Option<P::Row>>, RunnerError> {
        let live = self.live(P::NAME, P::VERSION).await?;
        let stored = self.store.rows(P::NAME, live.generation, keys).await?;
        stored.iter().map(|bytes| bytes.as_deref().map(read::<P::Row>).transpose()).collect()
    }

    /// Reads all live rows, in the order of their keys.
    pub async fn all_rows<P: Projection>(&self) -> Result<Vec<(String, P::Row)>, RunnerError> {
        let live = self.live(P::NAME, P::VERSION).await?;
        let mut rows = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let page = self.store.scan_rows(P::NAME, live.generation, after.as_deref(), PAGE_ROWS).await?;
            let Some((last, _)) = page.last() else { return Ok(rows) };
            after = Some(last.clone());
            for (key, bytes) in page {
                rows.push((key, read::<P::Row>(&bytes)?));
            }
        }
    }

    /// The live generations and what stopped them, for `doctor`.
    pub async fn states(&self) -> Result<Vec<(&'static str, Option<ProjectionState>)>, RunnerError> {
        let mut states = Vec::new();
        for projection in &self.projections {
            let generations = self.store.generations(projection.name()).await?;
            states.push((projection.name(), generations.into_iter().find(|g| g.live)));
        }
        Ok(states)
    }

    async fn live(&self, name: &str, version: u32) -> Result<ProjectionState, RunnerError> {
        let generations = self.store.generations(name).await?;
        let live = generations.into_iter().find(|g| g.live && g.version == version);
        live.ok_or_else(|| StoreError::Damaged(format!("the read model {name} has no live rows")).into())
    }

    /// Feeds the log up to `until` to all targets in one pass. `false` when another process moved a checkpoint.
    async fn fill(
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
                    return self.stop(target, target.state.position, why).await;
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

    /// Stops a target before an event it cannot fold. `false` if its rows are only newer than its checkpoint was:
    /// another process has moved both, and nothing is wrong.
    async fn stop(
        &self,
        target: &mut Target<'_>,
        position: u64,
        why: FoldError,
    ) -> Result<bool, RunnerError> {
        let (name, generation) = (target.projection.name(), target.state.generation);
        let generations = self.store.generations(name).await?;
        let now = generations.iter().find(|g| g.generation == generation).map(|g| g.position);
        if now != Some(target.state.position) {
            return Ok(false);
        }
        self.store.stop_generation(name, generation, &format!("position {position}: {why}")).await?;
        target.failed = Some(RunnerError::Stopped { name, position, why });
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

    async fn compare(&self, name: &'static str, live: u64, rebuilt: u64) -> Result<Replayed, RunnerError> {
        const SHOWN: usize = 10;
        let (mut live_digest, mut rebuilt_digest) = (Digest::default(), Digest::default());
        let mut differing = Vec::new();
        let mut note = |key: &str| {
            if differing.len() < SHOWN {
                differing.push(key.to_owned());
            }
        };
        let (mut left, mut right) = (Scan::new(live), Scan::new(rebuilt));
        loop {
            let (a, b) = (left.peek(self, name).await?, right.peek(self, name).await?);
            let order = match (&a, &b) {
                (None, None) => break,
                (Some(_), None) => std::cmp::Ordering::Less,
                (None, Some(_)) => std::cmp::Ordering::Greater,
                (Some((a, _)), Some((b, _))) => a.cmp(b),
            };
            if let (Some((key, value)), true) = (&a, order.is_le()) {
                live_digest.add(key, value);
                if order.is_lt() || b.as_ref().is_some_and(|(_, other)| other != value) {
                    note(key);
                }
                left.next();
            }
            if let (Some((key, value)), true) = (&b, order.is_ge()) {
                rebuilt_digest.add(key, value);
                if order.is_gt() {
                    note(key);
                }
                right.next();
            }
        }
        Ok(Replayed {
            name,
            position: 0,
            live_position: 0,
            rows: rebuilt_digest.rows(),
            live: live_digest.text(),
            rebuilt: rebuilt_digest.text(),
            differing,
            switched: false,
        })
    }
}

impl<'a> Target<'a> {
    fn new(projection: &'a dyn AnyProjection, state: ProjectionState) -> Self {
        let complete = state.position == 0;
        Self { projection, state, rows: projection.rows(), complete, failed: None }
    }
}

/// Walks the rows of one generation in the order of their keys, a page at a time.
struct Scan {
    generation: u64,
    page: std::collections::VecDeque<(String, Vec<u8>)>,
    after: Option<String>,
    ended: bool,
}

impl Scan {
    fn new(generation: u64) -> Self {
        Self { generation, page: std::collections::VecDeque::new(), after: None, ended: false }
    }

    async fn peek(&mut self, runner: &Runner, name: &str) -> Result<Option<(String, Vec<u8>)>, RunnerError> {
        if self.page.is_empty() && !self.ended {
            let page =
                runner.store.scan_rows(name, self.generation, self.after.as_deref(), PAGE_ROWS).await?;
            self.ended = page.is_empty();
            self.after = page.last().map(|(key, _)| key.clone());
            self.page = page.into();
        }
        Ok(self.page.front().cloned())
    }

    fn next(&mut self) {
        self.page.pop_front();
    }
}

/// A live row that this program wrote must be readable by it.
fn read<R: DeserializeOwned>(bytes: &[u8]) -> Result<R, RunnerError> {
    serde_json::from_slice(bytes).map_err(|_| {
        StoreError::Damaged("a row of a read model cannot be read: run `svala replay --repair`".into()).into()
    })
}
