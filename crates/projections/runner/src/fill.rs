//! Folding a part of the log into sets of rows.

use std::borrow::Cow;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use domain::{FoldError, Recorded};
use event_log::{Frontier, Head, ProjectionState, SealedRun, Store, StoreError, hex};

use crate::feed::{Page, Wanted, feed};
use crate::projection::{AnyProjection, Rows};
use crate::run::{Progress, Runner, RunnerError};

/// Runs written at a time.
const RUNS_SEALED: usize = 64;
/// Rows written at a time where that need not be all of them.
const ROWS_WRITTEN: usize = 20_000;

/// One set of rows being filled.
pub(crate) struct Target {
    pub(crate) projection: Arc<dyn AnyProjection>,
    /// How far it has come, as stored; the position also counts what is only held.
    pub(crate) state: ProjectionState,
    pub(crate) rows: Box<dyn Rows>,
    pub(crate) kept: Kept,
    /// Nothing is stored that is not held: absent rows need not be looked for.
    complete: bool,
    /// The event that could not be folded, and why.
    pub(crate) failed: Option<(u64, FoldError)>,
}

/// Where the rows of a target are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kept {
    /// In its generation.
    Stored,
    /// In memory; there is no generation yet. When they become too many, one is started.
    Held,
}

impl Target {
    /// A generation that is there.
    pub(crate) fn stored(projection: Arc<dyn AnyProjection>, state: ProjectionState) -> Self {
        let complete = state.position == 0;
        let rows = projection.rows();
        Self { projection, state, rows, kept: Kept::Stored, complete, failed: None }
    }

    /// Rows in memory, before the first event.
    pub(crate) fn held(projection: Arc<dyn AnyProjection>) -> Self {
        let version = projection.version();
        let state = ProjectionState { generation: 0, version, position: 0, live: false, stopped: None };
        Self { kept: Kept::Held, ..Self::stored(projection, state) }
    }
}

/// Where the events come from, and so what they are worth.
pub(crate) enum Source {
    /// Only the log itself.
    Log,
    /// Sealed runs as they are, where there are some.
    Runs,
    /// Sealed runs, with every event hashed: an error unless the root over all events is that of the head. Rows may be
    /// written before that is known, so no target is live; all stand where the tree ends.
    Checked { tree: Frontier, head: Head },
}

impl Source {
    /// The whole log up to the head.
    pub(crate) fn checked(head: &Head) -> Self {
        Self::Checked { tree: Frontier::new(), head: head.clone() }
    }
}

impl Runner {
    /// Feeds the log up to `until` to all targets in one pass. `false` when another process moved a checkpoint.
    pub(crate) async fn fill(
        &self,
        targets: &mut Vec<Target>,
        source: &mut Source,
        until: u64,
        progress: Progress<'_>,
    ) -> Result<bool, RunnerError> {
        let first = targets.iter().map(|target| target.state.position).min();
        let Some(position) = first.filter(|first| *first < until) else { return Ok(true) };
        let wanted = self.wanted(position, until, source);
        let held = targets.iter().any(|target| target.kept == Kept::Held);
        let filling = Filling {
            store: self.store.clone(),
            targets: std::mem::take(targets),
            source: std::mem::replace(source, Source::Log),
            until,
            held_rows_max: if held { self.rebuilt_rows_max } else { self.held_rows_max },
            unsealed: Vec::new(),
            sealed: self.sealed.clone(),
        };
        let filling = Arc::new(Mutex::new(filling));
        let mut pages = feed(self.store.clone(), self.workers, wanted, filling.clone());
        let ended = loop {
            match pages.next().await {
                Ok(Some(last)) => progress(last, until),
                Ok(None) => break Ok(true),
                Err(RunnerError::Contended) => break Ok(false),
                Err(other) => break Err(other),
            }
        };
        // After an error nothing more is folded, so nobody holds it for long.
        let mut filling = filling.lock().unwrap_or_else(PoisonError::into_inner);
        *targets = std::mem::take(&mut filling.targets);
        *source = std::mem::replace(&mut filling.source, Source::Log);
        ended
    }

    fn wanted(&self, after: u64, until: u64, source: &Source) -> Wanted {
        use event_log::run::{first, last, number_of};
        let (hash, runs) = (matches!(source, Source::Checked { .. }), !matches!(source, Source::Log));
        if runs {
            return Wanted { after, until, runs, hash, seal_from: 0 };
        }
        // A run that is complete by now is read from its beginning, so that it can be sealed.
        let seal_from = self.sealed.load(Ordering::Relaxed);
        let number = number_of(after + 1);
        let seal = number >= seal_from && last(number) <= until;
        let after = if seal { first(number) - 1 } else { after };
        Wanted { after, until, runs, hash, seal_from }
    }
}

/// What is done with the pages, one after the other.
pub(crate) struct Filling {
    store: Arc<dyn Store>,
    targets: Vec<Target>,
    source: Source,
    until: u64,
    held_rows_max: usize,
    unsealed: Vec<SealedRun>,
    sealed: Arc<AtomicU64>,
}

impl Filling {
    /// Folds a page into all targets.
    ///
    /// # Errors
    /// [`RunnerError::Contended`] when another process moved a checkpoint.
    pub(crate) async fn take(&mut self, page: Page) -> Result<u64, RunnerError> {
        let Page { events, last, leaves, unsealed } = page;
        let ended = last == self.until;
        if let Source::Checked { tree, head } = &mut self.source {
            leaves.into_iter().for_each(|leaf| tree.push(leaf));
            if ended {
                same_root(tree, head)?;
            }
        }
        self.unsealed.extend(unsealed);
        if self.unsealed.len() >= RUNS_SEALED || ended {
            self.seal().await?;
        }
        let mut targets = std::mem::take(&mut self.targets);
        let done = self.fold_all(&mut targets, &events, last).await;
        self.targets = targets;
        done.map(|()| last)
    }

    async fn fold_all(
        &self,
        targets: &mut [Target],
        events: &[Recorded],
        last: u64,
    ) -> Result<(), RunnerError> {
        for target in targets.iter_mut().filter(|target| target.failed.is_none()) {
            self.fold(target, events).await?;
        }
        self.make_room(targets, last).await?;
        if last == self.until {
            for target in targets.iter_mut().filter(|target| target.failed.is_none()) {
                self.flush(target, last).await?;
            }
        }
        Ok(())
    }

    /// Writes and forgets rows when too many are held, those of the largest target first: they are many because each is
    /// seldom asked for again, while a small target is asked for all its rows all the time.
    async fn make_room(&self, targets: &mut [Target], to: u64) -> Result<(), RunnerError> {
        let mut held = targets.iter().map(|target| target.rows.len()).sum::<usize>();
        if held <= self.held_rows_max {
            return Ok(());
        }
        let mut largest: Vec<_> = targets.iter_mut().filter(|target| target.failed.is_none()).collect();
        largest.sort_unstable_by_key(|target| std::cmp::Reverse(target.rows.len()));
        for target in largest {
            if held <= self.held_rows_max / 2 {
                break;
            }
            held -= target.rows.len();
            self.write_and_forget(target, to).await?;
        }
        Ok(())
    }

    async fn seal(&mut self) -> Result<(), RunnerError> {
        let Some(last) = self.unsealed.last().map(|run| run.number) else { return Ok(()) };
        self.store.seal_runs(std::mem::take(&mut self.unsealed)).await?;
        self.sealed.fetch_max(last + 1, Ordering::Relaxed);
        Ok(())
    }

    /// Folds events into a target.
    async fn fold(&self, target: &mut Target, events: &[Recorded]) -> Result<(), RunnerError> {
        let (name, generation) = (target.projection.name(), target.state.generation);
        let from = target.state.position;
        let fresh = || events.iter().filter(|event| event.position > from);
        if !target.complete {
            let mut missing: Vec<String> = fresh()
                .filter_map(|e| target.projection.key(e))
                .filter(|key| !target.rows.holds(key))
                .map(Cow::into_owned)
                .collect();
            missing.sort_unstable();
            missing.dedup();
            let stored = self.store.rows(name, generation, &missing).await?;
            for (key, bytes) in missing.into_iter().zip(stored) {
                if let Err(why) = target.rows.load(key, bytes.as_deref()) {
                    return self.stop(target, from + 1, why).await;
                }
            }
        }
        for event in fresh() {
            let Some(key) = target.projection.key(event) else { continue };
            if let Err(why) = target.rows.fold(key, event) {
                return self.stop(target, event.position, why).await;
            }
        }
        Ok(())
    }

    /// Notes that a target cannot go on; unless its rows are only newer than its checkpoint was, because another
    /// process has moved both: then nothing is wrong.
    async fn stop(&self, target: &mut Target, position: u64, why: FoldError) -> Result<(), RunnerError> {
        if target.kept == Kept::Stored {
            let generations = self.store.generations(target.projection.name()).await?;
            let now =
                generations.iter().find(|g| g.generation == target.state.generation).map(|g| g.position);
            if now != Some(target.state.position) {
                return Err(RunnerError::Contended);
            }
        }
        target.failed = Some((position, why));
        Ok(())
    }

    /// Writes all rows of a target and forgets them, into a generation of their own if there is none yet.
    async fn write_and_forget(&self, target: &mut Target, to: u64) -> Result<(), RunnerError> {
        if target.kept == Kept::Held {
            let (name, version) = (target.projection.name(), target.projection.version());
            target.state = self.store.start_generation(name, version).await?;
            target.kept = Kept::Stored;
        }
        self.flush(target, to).await?;
        target.complete = false;
        target.rows.forget();
        Ok(())
    }

    /// Writes the changed rows of a target and moves its checkpoint. Rows that are only held stay so.
    async fn flush(&self, target: &mut Target, to: u64) -> Result<(), RunnerError> {
        if target.kept == Kept::Held {
            target.state.position = to.max(target.state.position);
            return Ok(());
        }
        target.write(self.store.as_ref(), to, self.held_rows_max).await
    }
}

impl Target {
    /// Writes the changed rows into the generation and moves its checkpoint there.
    ///
    /// Rows that are shown move in one transaction with their checkpoint. Those that nobody reads yet are written in
    /// several, which need less memory: a generation that was not finished is never gone on with.
    ///
    /// # Errors
    /// [`RunnerError::Contended`] when another process moved the checkpoint.
    pub(crate) async fn write(
        &mut self,
        store: &dyn Store,
        to: u64,
        held_rows_max: usize,
    ) -> Result<(), RunnerError> {
        let (name, generation, from) = (self.projection.name(), self.state.generation, self.state.position);
        if to <= from {
            return Ok(());
        }
        let at_once = if self.state.live { usize::MAX } else { held_rows_max.clamp(1, ROWS_WRITTEN) };
        self.state.position = to;
        loop {
            let rows =
                self.rows.take_changed(at_once).map_err(|why| RunnerError::Unwritable { name, why })?;
            let last = rows.len() < at_once;
            if !store.write_rows(name, generation, from, if last { to } else { from }, &rows).await? {
                return Err(RunnerError::Contended);
            }
            if last {
                return Ok(());
            }
        }
    }
}

/// The events read must be those the head stands for, wherever they were read.
fn same_root(tree: &Frontier, head: &Head) -> Result<(), StoreError> {
    let root = tree.root();
    if root == head.root {
        return Ok(());
    }
    Err(StoreError::Damaged(format!(
        "the root over all {} events read is {}, the head says {}: `svala verify` names what was altered; if it finds only a sealed run, `svala replay --repair` makes the runs anew",
        tree.size(),
        hex::encode(&root),
        hex::encode(&head.root)
    )))
}
