//! Checkpoints: signed statements of how long the log is and what it hashes to, kept outside the database.
//!
//! They are written as the log grows ([`schedule`]), whatever grows it. A ledger that does not continue the newest one
//! is not opened: it was cut, rewritten, or is an older copy.

mod folder;
mod prove;
pub mod schedule;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use event_log::note::{Note, VerifierKey};
use event_log::watch::KnownCheckpoint;
use event_log::{Append, AppendOutcome, Checkpoint, Head};
use jiff::Timestamp;

pub use folder::{Folder, Kept, read, read_bounded};
use schedule::Last;

use crate::check::Finding;
use crate::error::AppError;
use crate::ledger::Ledger;

/// Leaf hashes read at a time.
const PAGE_LEAVES: u32 = 10_000;

/// Where checkpoints are kept, and how their failures are told. A checkpoint that cannot be written fails no command:
/// what was recorded is recorded.
#[derive(Clone)]
pub struct Checkpoints {
    folder: Folder,
    warn: Arc<dyn Fn(&str) + Send + Sync>,
    last: Arc<Mutex<Option<Last>>>,
}

impl fmt::Debug for Checkpoints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Checkpoints").field("folder", &self.folder).finish_non_exhaustive()
    }
}

impl Checkpoints {
    /// Checkpoints in this folder.
    pub fn new(folder: Folder, warn: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self { folder, warn: Arc::new(warn), last: Arc::default() }
    }

    /// Where they are kept.
    pub(crate) fn folder(&self) -> &Folder {
        &self.folder
    }

    /// Notes how far checkpoints have come, or were tried.
    fn note(&self, last: Option<Last>) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = last;
    }

    /// Whether a checkpoint is due; if so, the answer is given to this caller only.
    fn take_due(&self, size: u64, now: Timestamp) -> bool {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let due = schedule::is_due(*last, size, now);
        if due {
            *last = Some(Last { size, time: now });
        }
        due
    }
}

/// A checkpoint of the log as it is.
#[derive(Debug, Clone)]
pub struct Signed {
    /// What it says.
    pub checkpoint: Checkpoint,
    /// The same, signed.
    pub note: Note,
    /// Its file in the folder; `None` without a folder.
    pub file: Option<PathBuf>,
    /// Whether it was signed now; else it is the one that was in the folder, of as many events.
    pub is_new: bool,
}

impl Ledger {
    /// Writes commands, and a checkpoint if that is due then.
    pub(crate) async fn append(&self, batch: Vec<Append>) -> Result<Vec<AppendOutcome>, AppError> {
        let outcomes = self.store.append(batch).await?;
        self.has_written(&outcomes).await;
        Ok(outcomes)
    }

    /// Whoever has written commands tells it here, so that checkpoints follow the log.
    pub(crate) async fn has_written(&self, outcomes: &[AppendOutcome]) {
        let last = outcomes.iter().filter_map(|outcome| match outcome {
            AppendOutcome::Appended { last, .. } => Some(*last),
            _ => None,
        });
        if let (Some(last), Some(checkpoints)) = (last.max(), &self.checkpoints)
            && checkpoints.take_due(last, self.now())
        {
            self.checkpoint_what_is_written().await;
        }
    }

    /// Writes a checkpoint into the folder, if there is one and it has none of the log as it is. What goes wrong is
    /// told and fails nothing.
    pub(crate) async fn checkpoint_what_is_written(&self) {
        if let Some(checkpoints) = &self.checkpoints
            && let Err(error) = self.checkpoint().await
        {
            let told = match error {
                AppError::Damaged(damage) => {
                    format!("no checkpoint was written, the ledger is damaged: {damage}")
                }
                error => format!("no checkpoint was written, but what was recorded is safe: {error}"),
            };
            (checkpoints.warn)(&told);
        }
    }

    /// Signs a checkpoint of the log as it is, and writes it into the folder.
    ///
    /// # Errors
    /// [`AppError::Damaged`] if the log does not continue the newest checkpoint: two that contradict each other are
    /// never signed.
    pub async fn checkpoint(&self) -> Result<Signed, AppError> {
        // Before the head, which others may move on meanwhile, with a checkpoint of their own.
        let newest = self.newest_checkpoint()?;
        let head = self.store.head().await?;
        let time = self.now();
        if let Some(newest) = newest {
            self.continues(&newest, &head).await?;
        }
        let checkpoint = Checkpoint {
            origin: self.verifier_key.name().to_owned(),
            size: head.position,
            root: head.root,
            time: Some(time),
            frontier: Some(head.frontier),
        };
        let note = checkpoint.sign(&self.verifier_key, |text| self.key.sign_checkpoint(text));
        let Some(checkpoints) = &self.checkpoints else {
            return Ok(Signed { checkpoint, note, file: None, is_new: true });
        };
        checkpoints.note(Some(Last { size: checkpoint.size, time }));
        checkpoints.folder.write(checkpoint, note, &self.verifier_key)
    }

    /// The public key that checks this ledger's checkpoints and proofs.
    pub fn verifier_key(&self) -> &VerifierKey {
        &self.verifier_key
    }

    /// Reads a checkpoint of this ledger from anywhere.
    pub fn read_checkpoint(&self, file: &Path) -> Result<KnownCheckpoint, AppError> {
        folder::read(file, &self.verifier_key).map_err(|why| {
            AppError::Usage(format!("{} is no checkpoint of this ledger: {why}", file.display()))
        })
    }

    /// Refuses a log that does not continue the newest checkpoint of the folder. What was written since the last
    /// program that noticed an hour pass is vouched for now: nobody may come to write more today.
    pub(crate) async fn hold_against_checkpoints(&self) -> Result<(), AppError> {
        let Some(checkpoints) = &self.checkpoints else { return Ok(()) };
        let newest = self.newest_checkpoint()?;
        let head = self.store.head().await?;
        let Some(newest) = newest else {
            if head.position > 0 {
                (checkpoints.warn)(&format!(
                    "the folder {} holds no checkpoint, so nothing tells whether the log was cut or rewritten: name the right folder with --checkpoints",
                    checkpoints.folder.path().display()
                ));
            }
            return Ok(());
        };
        checkpoints.note(last_of(&newest));
        self.continues(&newest, &head).await?;
        if checkpoints.take_due(head.position, self.now()) {
            self.checkpoint_what_is_written().await;
        }
        Ok(())
    }

    fn newest_checkpoint(&self) -> Result<Option<KnownCheckpoint>, AppError> {
        let newest = self.checkpoints.as_ref().map(|c| c.folder.newest(&self.verifier_key));
        Ok(newest.transpose()?.flatten())
    }

    /// The newest checkpoint of the folder, as it was signed.
    fn newest_signed(&self) -> Result<Option<Signed>, AppError> {
        let newest = self.checkpoints.as_ref().map(|c| c.folder.newest_signed(&self.verifier_key));
        Ok(newest.transpose()?.flatten())
    }

    /// The tree of the checkpoint, extended by the leaves after it, must be that of the head. This reads only what
    /// came after the checkpoint, and would notice any change before it that the head was made to fit.
    async fn continues(&self, known: &KnownCheckpoint, head: &Head) -> Result<(), AppError> {
        let Checkpoint { size, root, frontier, .. } = &known.checkpoint;
        if *size > head.position {
            return Err(known.is_ahead(head.position).into());
        }
        let continued = match frontier.clone() {
            Some(mut tree) => {
                while tree.size() < head.position {
                    let wanted = (head.position - tree.size()).min(PAGE_LEAVES.into());
                    let limit = u32::try_from(wanted).unwrap_or(PAGE_LEAVES);
                    let page = self.store.leaf_hashes(tree.size(), limit).await?;
                    if page.is_empty() {
                        break;
                    }
                    page.into_iter().for_each(|leaf| tree.push(leaf));
                }
                tree == head.frontier && tree.root() == head.root
            }
            // Only the whole log would tell.
            None => *size < head.position || *root == head.root,
        };
        if continued { Ok(()) } else { Err(known.is_not_continued(head.position).into()) }
    }

    /// The line of `doctor` about checkpoints.
    pub(crate) async fn checkpoint_finding(&self) -> Finding {
        let finding = |found: String, ok| Finding { check: "checkpoints".into(), found, ok };
        let Some(Checkpoints { folder, .. }) = &self.checkpoints else {
            return finding("none are kept".into(), false);
        };
        let place = folder.path().display();
        let (number, newest) = match (folder.list(), self.newest_checkpoint()) {
            (Ok(list), Ok(Some(newest))) => (list.len(), newest),
            (Ok(_), Ok(None)) => {
                return finding(format!("none in {place}: `svala checkpoint` writes one"), false);
            }
            (Err(error), _) | (_, Err(error)) => return finding(error.to_string(), false),
        };
        // Read after the folder: a checkpoint that was written meanwhile is not ahead of it.
        let head = match self.store.head().await {
            Ok(head) => head,
            Err(error) => return finding(error.to_string(), false),
        };
        if let Err(error) = self.continues(&newest, &head).await {
            return finding(error.to_string(), false);
        }
        let written = newest.checkpoint.time.map_or_else(String::new, |time| {
            format!(", of {time} ({} ago)", age(self.now().duration_since(time).as_secs()))
        });
        let found = format!(
            "{number} in {place}, the newest at position {} of {}{written}",
            newest.checkpoint.size, head.position
        );
        if let Some(problem) = folder.problem() {
            return finding(format!("{found}; {problem}"), false);
        }
        if schedule::is_due(last_of(&newest), head.position, self.now()) {
            return finding(format!("{found}: one is due, `svala checkpoint` writes it"), false);
        }
        finding(found, true)
    }

    /// Now, in whole seconds.
    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.environment.now().div_euclid(1_000_000)).unwrap_or_default()
    }
}

/// How far checkpoints have come with this one; `None` if it does not say when it was written.
fn last_of(newest: &KnownCheckpoint) -> Option<Last> {
    let Checkpoint { size, time, .. } = newest.checkpoint;
    time.map(|time| Last { size, time })
}

/// Seconds in the largest unit that fits.
fn age(seconds: i64) -> String {
    match seconds {
        ..120 => format!("{} s", seconds.max(0)),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}
