//! Rebuilding every read model from position 1 and comparing it with what is shown.

use event_log::{Head, ProjectionState, StoreError};

use crate::compare::{Side, compare};
use crate::fill::{Kept, Source, Target};
use crate::run::{Progress, Runner, RunnerError};

/// How often rows are compared that another process moves meanwhile. Each time costs as much as the first.
const COMPARED_MAX: usize = 5;

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

impl Runner {
    /// Rebuilds every projection from position 1 and compares it with its live rows. Every event is hashed on the way:
    /// the answer rests on the events whose root is that of the head. Where rows differ, `repair` puts the rebuilt rows
    /// in the place of the live ones; it also makes the sealed runs anew.
    pub async fn replay(&self, repair: bool, progress: Progress<'_>) -> Result<Vec<Replayed>, RunnerError> {
        if repair {
            self.store.remove_sealed_runs().await?;
        }
        self.replay_from(Source::checked(&Head::empty()), repair, progress).await
    }

    /// The same without hashing and without repairing: faster, and only as good as the sealed runs are.
    pub async fn replay_trusting_runs(&self, progress: Progress<'_>) -> Result<Vec<Replayed>, RunnerError> {
        self.replay_from(Source::Runs, false, progress).await
    }

    async fn replay_from(
        &self,
        source: Source,
        repair: bool,
        progress: Progress<'_>,
    ) -> Result<Vec<Replayed>, RunnerError> {
        // First, so that there are live rows to compare with.
        self.catch_up_or_stand().await?;
        let mut targets: Vec<_> = self.projections.iter().cloned().map(Target::held).collect();
        let found = self.replay_into(&mut targets, source, repair, progress).await;
        for target in targets.iter().filter(|target| target.kept == Kept::Stored) {
            let (name, generation) = (target.projection.name(), target.state.generation);
            let all = self.store.generations(name).await?;
            if all.iter().any(|one| one.generation == generation && !one.live) {
                self.store.drop_generation(name, generation).await?;
            }
        }
        found
    }

    /// Rows that stand still are what a replay is for: they differ.
    async fn catch_up_or_stand(&self) -> Result<(), RunnerError> {
        match self.catch_up(&|_, _| {}).await {
            Ok(_) | Err(RunnerError::Stopped { .. }) => Ok(()),
            Err(other) => Err(other),
        }
    }

    async fn replay_into(
        &self,
        targets: &mut Vec<Target>,
        mut source: Source,
        repair: bool,
        progress: Progress<'_>,
    ) -> Result<Vec<Replayed>, RunnerError> {
        'attempts: for _ in 0..COMPARED_MAX {
            self.catch_up_or_stand().await?;
            let head = self.store.head().await?;
            if let Source::Checked { head: until, .. } = &mut source {
                until.clone_from(&head);
            }
            if !self.fill(targets, &mut source, head.position, progress).await? {
                return Err(RunnerError::Contended);
            }
            let mut found = Vec::with_capacity(targets.len());
            for (target, live) in targets.iter_mut().zip(self.lives().await?) {
                let name = target.projection.name();
                if let Some((position, why)) = target.failed.take() {
                    return Err(RunnerError::Stopped { name, position, why });
                }
                let live = live
                    .ok_or_else(|| StoreError::Damaged(format!("the read model {name} has no live rows")))?;
                let standing = live.stopped.is_some() || live.position > head.position;
                let replayed = self.compare(&live, target).await?;
                // Another process may be folding at this moment: only rows that hold still are compared.
                let now = self.store.generations(name).await?.into_iter().find(|g| g.live);
                if now.as_ref() != Some(&live) || (live.position != head.position && !standing) {
                    continue 'attempts;
                }
                found.push(replayed);
            }
            for (target, replayed) in targets.iter_mut().zip(&mut found) {
                if repair && !replayed.is_equal() {
                    self.store_rows(target).await?;
                    let ProjectionState { generation, position, .. } = target.state;
                    replayed.switched =
                        self.store.switch_generation(replayed.name, generation, position).await?;
                }
            }
            return Ok(found);
        }
        Err(RunnerError::Contended)
    }

    /// Writes rows that are only in memory into a generation of their own.
    async fn store_rows(&self, target: &mut Target) -> Result<(), RunnerError> {
        if target.kept == Kept::Stored {
            return Ok(());
        }
        let (name, to) = (target.projection.name(), target.state.position);
        target.state = self.store.start_generation(name, target.projection.version()).await?;
        target.kept = Kept::Stored;
        target.write(self.store.as_ref(), to, self.rebuilt_rows_max).await
    }

    /// Holds live rows against rebuilt ones.
    async fn compare(&self, live: &ProjectionState, target: &mut Target) -> Result<Replayed, RunnerError> {
        let name = target.projection.name();
        let stored = |generation| Side::stored(self.store.clone(), name, generation);
        let live_rows = stored(live.generation);
        let rebuilt = match target.kept {
            Kept::Stored => stored(target.state.generation),
            // Lent to the task that writes them.
            Kept::Held => Side::held(name, std::mem::replace(&mut target.rows, target.projection.rows())),
        };
        let found = compare(live_rows, rebuilt).await?;
        if let Some(rows) = found.held {
            target.rows = rows;
        }
        Ok(Replayed {
            name,
            position: target.state.position,
            live_position: live.position,
            rows: found.rebuilt.rows(),
            live: found.live.text(),
            rebuilt: found.rebuilt.text(),
            differing: found.differing,
            switched: false,
        })
    }
}
