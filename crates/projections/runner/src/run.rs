//! Feeding the log to the projections.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::thread::available_parallelism;
use std::time::Duration;

use domain::{DecodeError, FoldError};
use event_log::{Head, LiveRow, ProjectionState, Store, StoreError, run};
use serde::de::DeserializeOwned;

use crate::fill::{Source, Target};
use crate::projection::{AnyProjection, Projection};

/// Rows held in memory before they are written and forgotten, all read models together.
const HELD_ROWS_MAX: usize = 100_000;
/// The same while all of them are rebuilt only to be compared: some 250 MiB.
const REBUILT_ROWS_MAX: usize = 250_000;
/// Rows read at a time when a projection is scanned.
pub(crate) const PAGE_ROWS: u32 = 5_000;
/// How often a catch-up starts again because another process moved the same checkpoint. Each time somebody got on, so
/// among as many processes everybody has their turn.
const ATTEMPTS_MAX: u64 = 200;
/// Longest pause before another attempt, in milliseconds: others get on meanwhile.
const PAUSE_MAX: u64 = 20;

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
    /// An event of a sealed run that this program cannot read: either so is the event of the log, or the run is not
    /// what it was made from.
    #[error(
        "the sealed run {number} (positions {} to {}) holds an event that cannot be read: {why}. Runs are derived from the log: if `svala verify` finds no other fault, make them anew with `svala replay --repair`",
        run::first(*.number), run::last(*.number)
    )]
    SealedRun {
        /// Which run.
        number: u64,
        /// The event.
        why: DecodeError,
    },
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
    /// A row that has no stored form.
    #[error("a row of the read model {name} cannot be written: {why}")]
    Unwritable {
        /// Projection.
        name: &'static str,
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
    pub(crate) projections: Vec<Arc<dyn AnyProjection>>,
    pub(crate) workers: usize,
    pub(crate) held_rows_max: usize,
    pub(crate) rebuilt_rows_max: usize,
    /// Runs before this one were sealed by this runner, or are not its business.
    pub(crate) sealed: Arc<AtomicU64>,
}

impl Runner {
    /// A runner of these projections over a store.
    pub fn new(store: Arc<dyn Store>, projections: Vec<Box<dyn AnyProjection>>) -> Self {
        let workers = available_parallelism().map_or(1, usize::from);
        let projections = projections.into_iter().map(Arc::from).collect();
        Self {
            store,
            projections,
            workers,
            held_rows_max: HELD_ROWS_MAX,
            rebuilt_rows_max: REBUILT_ROWS_MAX,
            sealed: Arc::default(),
        }
    }

    /// The same with so many threads that decode events, instead of as many as the machine has. What comes out does
    /// not depend on it.
    #[must_use]
    pub fn with_workers(self, workers: usize) -> Self {
        Self { workers: workers.max(1), ..self }
    }

    /// The same with another number of rows that are held in memory at most. What comes out does not depend on it.
    #[must_use]
    pub fn with_held_rows(self, held_rows_max: usize) -> Self {
        Self { held_rows_max, rebuilt_rows_max: held_rows_max, ..self }
    }

    /// Folds every event the live rows have not seen; rebuilds rows of another version. Answers with the position
    /// reached. A projection that meets an event it cannot fold stands still before it; the others go on, and the
    /// answer is the first such failure.
    pub async fn catch_up(&self, progress: Progress<'_>) -> Result<u64, RunnerError> {
        'attempts: for attempt in 0..ATTEMPTS_MAX {
            pause(attempt).await;
            let lives = self.lives().await?;
            // Read after the checkpoints, so that no checkpoint can be ahead of it unless something is wrong.
            let head = self.store.head().await?;
            let (mut targets, mut missing) = (Vec::new(), Vec::new());
            for (projection, live) in self.projections.iter().zip(lives) {
                match live.filter(|live| live.version == projection.version()) {
                    Some(live) if live.position > head.position => {
                        let (name, position) = (projection.name(), live.position);
                        let why =
                            FoldError("its rows are ahead of the log: run `svala replay --repair`".into());
                        return Err(RunnerError::Stopped { name, position, why });
                    }
                    Some(live) if live.position == head.position => {}
                    Some(live) => targets.push(Target::stored(projection.clone(), live)),
                    None => missing.push(projection.clone()),
                }
            }
            // Rows that are shown are written before the end is reached, so they rest on the log alone.
            if !self.fill(&mut targets, &mut Source::Log, head.position, progress).await? {
                continue;
            }
            match self.build(missing, &head, progress).await? {
                Some(built) => targets.extend(built),
                None => continue,
            }
            let mut failure = None;
            for target in targets {
                let (name, ProjectionState { generation, live, .. }) =
                    (target.projection.name(), target.state.clone());
                match target.failed {
                    None if live => {}
                    None => {
                        if !self.store.switch_generation(name, generation, head.position).await? {
                            continue 'attempts;
                        }
                    }
                    Some((position, why)) => {
                        if !self.stand_still(&target.projection, &target.state, position, &why).await? {
                            continue 'attempts;
                        }
                        failure.get_or_insert(RunnerError::Stopped { name, position, why });
                    }
                }
            }
            return failure.map_or(Ok(head.position), Err);
        }
        Err(RunnerError::Contended)
    }

    /// Puts rows that are made from the first event on in the place of the live ones of these projections, wherever those
    /// stand: for rows that are known to be wrong and never hold still. What came meanwhile is folded by the next
    /// catch-up.
    ///
    /// # Errors
    /// [`RunnerError::Stopped`] before an event that cannot be folded; [`RunnerError::Contended`] if others kept removing
    /// the new rows.
    pub async fn rebuild(&self, names: &[&str], progress: Progress<'_>) -> Result<(), RunnerError> {
        let mut left: Vec<_> = self.projections.clone();
        left.retain(|projection| names.contains(&projection.name()));
        for attempt in 0..ATTEMPTS_MAX {
            if left.is_empty() {
                return Ok(());
            }
            pause(attempt).await;
            let head = self.store.head().await?;
            for target in self.build(left.clone(), &head, progress).await?.unwrap_or_default() {
                let name = target.projection.name();
                if let Some((position, why)) = target.failed {
                    return Err(RunnerError::Stopped { name, position, why });
                }
                if self.store.switch_generation(name, target.state.generation, head.position).await? {
                    left.retain(|projection| projection.name() != name);
                }
            }
        }
        Err(RunnerError::Contended)
    }

    /// Fills a new generation of each of these projections from the first event on. Every event is hashed, and none of
    /// the generations is live before the events turned out to be those of the head. `None` when another process
    /// removed one.
    async fn build(
        &self,
        projections: Vec<Arc<dyn AnyProjection>>,
        head: &Head,
        progress: Progress<'_>,
    ) -> Result<Option<Vec<Target>>, RunnerError> {
        let (mut targets, mut started) = (Vec::new(), Vec::new());
        for projection in projections {
            let state = self.store.start_generation(projection.name(), projection.version()).await?;
            started.push((projection.name(), state.generation));
            targets.push(Target::stored(projection, state));
        }
        let filled = self.fill(&mut targets, &mut Source::checked(head), head.position, progress).await;
        if let Ok(true) = filled {
            return Ok(Some(targets));
        }
        // Nobody goes on with them. One that another process removed may have its number given again and be live by
        // now: it is another's then, and that it cannot be removed is as it should be.
        let mut dropped = Ok(());
        for (name, generation) in started {
            dropped = dropped.and(match self.store.drop_generation(name, generation).await {
                Err(StoreError::BadRequest(_)) => Ok(()),
                other => other,
            });
        }
        filled?;
        dropped?;
        Ok(None)
    }

    /// Leaves a projection standing right before the event it cannot fold. `false` if another process moved it.
    async fn stand_still(
        &self,
        projection: &Arc<dyn AnyProjection>,
        state: &ProjectionState,
        position: u64,
        why: &FoldError,
    ) -> Result<bool, RunnerError> {
        let (name, note) = (projection.name(), format!("position {position}: {why}"));
        let live = self.live_of(name).await?;
        let standing = match live {
            // Another version of the rows goes on answering as far as it has come.
            Some(live) if live.generation != state.generation => {
                self.store.drop_generation(name, state.generation).await?;
                live.generation
            }
            // The rows in memory are spoilt by the attempt; what comes before it is folded again.
            live => {
                let state = live.unwrap_or_else(|| state.clone());
                let (generation, until) = (state.generation, position - 1);
                let is_live = state.live;
                let mut target = vec![Target::stored(projection.clone(), state)];
                if !self.fill(&mut target, &mut Source::Log, until, &|_, _| {}).await?
                    || (!is_live && !self.store.switch_generation(name, generation, until).await?)
                {
                    return Ok(false);
                }
                generation
            }
        };
        self.store.stop_generation(name, standing, &note).await?;
        Ok(true)
    }

    /// Reads one row as of the end of the log. Where it is up to date, that is one question to the database; where it
    /// is not, all read models are caught up first.
    pub async fn row<P: Projection>(&self, key: &str) -> Result<Option<P::Row>, RunnerError> {
        for attempt in 0..ATTEMPTS_MAX {
            pause(attempt).await;
            let LiveRow { live, head, value } = self.store.live_row(P::NAME, key).await?;
            if live.is_some_and(|live| live.version == P::VERSION && live.position == head) {
                return value.as_deref().map(read::<P::Row>).transpose();
            }
            match self.catch_up(&|_, _| {}).await {
                // Another read model stands still; this one went on.
                Err(RunnerError::Stopped { name, .. }) if name != P::NAME => {}
                other => other.map(|_| ())?,
            }
        }
        Err(RunnerError::Contended)
    }

    /// Reads the rows of one key each, in the order asked for, from the live rows.
    pub async fn rows<P: Projection>(&self, keys: &[String]) -> Result<Vec<Option<P::Row>>, RunnerError> {
        for attempt in 0..ATTEMPTS_MAX {
            pause(attempt).await;
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
        for attempt in 0..ATTEMPTS_MAX {
            pause(attempt).await;
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
}

/// A live row that this program wrote must be readable by it.
fn read<R: DeserializeOwned>(bytes: &[u8]) -> Result<R, RunnerError> {
    serde_json::from_slice(bytes).map_err(|_| {
        StoreError::Damaged("a row of a read model cannot be read: run `svala replay --repair`".into()).into()
    })
}

/// Waits before another attempt, the longer the more there were.
async fn pause(attempt: u64) {
    if attempt > 0 {
        tokio::time::sleep(Duration::from_millis(attempt.min(PAUSE_MAX))).await;
    }
}
