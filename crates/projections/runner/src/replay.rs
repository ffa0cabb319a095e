//! Rebuilding every read model from position 1 and comparing it with what is shown.

use std::collections::VecDeque;

use event_log::{ProjectionState, StoreError};

use crate::digest::Digest;
use crate::run::{ATTEMPTS_MAX, PAGE_ROWS, Progress, Runner, RunnerError, Target};

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
    /// Rebuilds every projection from position 1 beside its live rows and compares. Where they differ, `repair`
    /// puts the rebuilt rows in the place of the live ones.
    pub async fn replay(&self, repair: bool, progress: Progress<'_>) -> Result<Vec<Replayed>, RunnerError> {
        // First, so that there are live rows to stand beside.
        self.catch_up_or_stand().await?;
        let mut targets = Vec::with_capacity(self.projections.len());
        for projection in &self.projections {
            let state = self.store.start_generation(projection.name(), projection.version()).await?;
            targets.push(Target::new(projection.as_ref(), state));
        }
        let found = self.replay_into(&mut targets, repair, progress).await;
        let switched =
            |name| found.iter().flatten().any(|replayed| replayed.name == name && replayed.switched);
        let lives = self.lives().await?;
        for (target, live) in targets.iter().zip(lives) {
            let (name, generation) = (target.projection.name(), target.state.generation);
            // Without any live rows, the ones just made were live from the start.
            if !switched(name) && live.is_some_and(|live| live.generation != generation) {
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
        targets: &mut [Target<'_>],
        repair: bool,
        progress: Progress<'_>,
    ) -> Result<Vec<Replayed>, RunnerError> {
        'attempts: for _ in 0..ATTEMPTS_MAX {
            self.catch_up_or_stand().await?;
            let head = self.store.head().await?.position;
            if !self.fill(targets, head, progress).await? {
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
                let standing = live.stopped.is_some() || live.position > head;
                let replayed = self.compare(name, &live, &target.state).await?;
                // Another process may be folding at this moment: only rows that hold still are compared.
                let now = self.store.generations(name).await?.into_iter().find(|g| g.live);
                if now.as_ref() != Some(&live) || (live.position != head && !standing) {
                    continue 'attempts;
                }
                found.push(replayed);
            }
            for replayed in found.iter_mut().filter(|replayed| repair && !replayed.is_equal()) {
                let target = targets.iter().find(|target| target.projection.name() == replayed.name);
                if let Some(Target { state, .. }) = target {
                    replayed.switched =
                        self.store.switch_generation(replayed.name, state.generation, state.position).await?;
                }
            }
            return Ok(found);
        }
        Err(RunnerError::Contended)
    }

    /// Holds live rows against rebuilt ones.
    async fn compare(
        &self,
        name: &'static str,
        live: &ProjectionState,
        rebuilt: &ProjectionState,
    ) -> Result<Replayed, RunnerError> {
        const SHOWN: usize = 10;
        let (mut live_digest, mut rebuilt_digest) = (Digest::default(), Digest::default());
        let mut differing = Vec::new();
        let mut note = |key: &str| {
            if differing.len() < SHOWN {
                differing.push(key.to_owned());
            }
        };
        let (mut left, mut right) = (Scan::new(live.generation), Scan::new(rebuilt.generation));
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
            position: rebuilt.position,
            live_position: live.position,
            rows: rebuilt_digest.rows(),
            live: live_digest.text(),
            rebuilt: rebuilt_digest.text(),
            differing,
            switched: false,
        })
    }
}

/// Walks the rows of one generation in the order of their keys, a page at a time.
struct Scan {
    generation: u64,
    page: VecDeque<(String, Vec<u8>)>,
    after: Option<String>,
    ended: bool,
}

impl Scan {
    fn new(generation: u64) -> Self {
        Self { generation, page: VecDeque::new(), after: None, ended: false }
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
