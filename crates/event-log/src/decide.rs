//! Which commands of a batch can be written, and what exactly is written of them: the same for every database.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use crate::envelope::{Hash, RecordedEvent, StreamId, UniqueKey};
use crate::merkle::Frontier;
use crate::store::{Append, AppendOutcome, Conflict, Head, KeyOwner, SealedText, WrappedSubjectKey};

/// The things a batch is about: what a database must be asked before the batch can be decided.
#[derive(Debug, Default)]
pub struct Wanted {
    /// Commands that may have been written before.
    pub commands: Vec<Uuid>,
    /// Streams whose versions count, each once.
    pub streams: Vec<StreamId>,
    /// Facts that may be reserved.
    pub keys: Vec<(&'static str, Hash)>,
}

impl Wanted {
    /// What this batch is about.
    pub fn of(batch: &[Append]) -> Self {
        let mut seen = HashSet::new();
        let named = batch.iter().flat_map(|append| &append.expected).map(|(stream_id, _)| stream_id);
        let keys = batch.iter().flat_map(|append| &append.events).flat_map(|event| &event.keys);
        Self {
            commands: batch.iter().map(|append| append.command_id).collect(),
            streams: named.filter(|stream_id| seen.insert(*stream_id)).cloned().collect(),
            keys: keys.map(|key| (key.scope, key.digest)).collect(),
        }
    }
}

/// What the ledger holds of the things a batch is about, read under the write lock.
///
/// Deciding keeps it up to date, so that a later command sees what an earlier one of the batch writes.
#[derive(Debug, Default)]
pub struct Known {
    /// Last position of the log.
    pub position: u64,
    /// The tree over all leaves.
    pub frontier: Frontier,
    /// Commands of the batch that were written before.
    pub commands: HashMap<Uuid, RecordedCommand>,
    /// Versions of the streams the batch names; a stream that is not here has none.
    pub versions: HashMap<StreamId, u64>,
    /// Facts of the batch that are reserved.
    pub keys: HashMap<(&'static str, Hash), KeyOwner>,
}

/// A command that was written.
#[derive(Debug, Clone)]
pub struct RecordedCommand {
    /// Identifies it across retries.
    pub id: Uuid,
    /// Keyed digest of its request.
    pub fingerprint: Hash,
    /// Position of its first event.
    pub first: u64,
    /// Position of its last event.
    pub last: u64,
}

/// A unique fact with its owner.
#[derive(Debug, Clone)]
pub struct ReservedKey {
    /// The fact.
    pub key: UniqueKey,
    /// To whom it belongs.
    pub owner: KeyOwner,
}

/// All rows a batch adds.
#[derive(Debug, Default)]
pub struct Written {
    /// Events, in order.
    pub events: Vec<RecordedEvent>,
    /// Commands.
    pub commands: Vec<RecordedCommand>,
    /// Unique facts.
    pub keys: Vec<ReservedKey>,
    /// Keys of people; one that is there already stays.
    pub subject_keys: Vec<WrappedSubjectKey>,
    /// Encrypted texts; one that is there already stays.
    pub texts: Vec<SealedText>,
}

/// Decides the commands in order; answers with one outcome for each.
pub fn decide(batch: Vec<Append>, known: &mut Known, written: &mut Written) -> Vec<AppendOutcome> {
    let mut written_now: HashSet<Uuid> = HashSet::new();
    let mut outcomes = Vec::with_capacity(batch.len());
    for append in batch {
        let unfounded = || {
            let missing = append.after.iter().any(|id| !written_now.contains(id));
            let (stream_id, expected) = append.expected.first().filter(|_| missing)?.clone();
            let actual = known.version(&stream_id);
            Some(AppendOutcome::Conflict(Conflict::Version { stream_id, expected, actual }))
        };
        outcomes.push(match known.answer(&append).or_else(unfounded) {
            Some(answer) => answer,
            None => {
                written_now.insert(append.command_id);
                known.write(append, written)
            }
        });
    }
    outcomes
}

impl Known {
    /// A log of which only the head is known.
    pub fn after(head: &Head) -> Self {
        Self { position: head.position, frontier: head.frontier.clone(), ..Self::default() }
    }

    /// The head as it is now.
    pub fn head(self) -> Head {
        Head { position: self.position, root: self.frontier.root(), frontier: self.frontier }
    }

    /// The outcome of a command that writes nothing.
    fn answer(&self, append: &Append) -> Option<AppendOutcome> {
        if let Some(done) = self.commands.get(&append.command_id) {
            return Some(if done.fingerprint == append.fingerprint {
                AppendOutcome::AlreadyDone { first: done.first, last: done.last }
            } else {
                AppendOutcome::Conflict(Conflict::Fingerprint)
            });
        }
        let version = append.expected.iter().find_map(|(stream_id, expected)| {
            let (expected, actual) = (*expected, self.version(stream_id));
            (actual != expected).then(|| Conflict::Version { stream_id: stream_id.clone(), expected, actual })
        });
        let key = || {
            append.events.iter().flat_map(|event| &event.keys).find_map(|key| {
                let owner = self.keys.get(&(key.scope, key.digest))?.clone();
                Some(Conflict::Key { scope: key.scope, owner })
            })
        };
        version.or_else(key).map(AppendOutcome::Conflict)
    }

    fn version(&self, stream_id: &StreamId) -> u64 {
        self.versions.get(stream_id).copied().unwrap_or(0)
    }

    /// Gives the events their places, and the tree their leaves.
    fn write(&mut self, append: Append, written: &mut Written) -> AppendOutcome {
        let Append { command_id, fingerprint, actor, recorded_at, events, subject_keys, texts, .. } = append;
        let first = self.position + 1;
        for event in events {
            self.position += 1;
            let version = self.versions.entry(event.stream_id.clone()).or_default();
            *version += 1;
            for key in event.keys {
                let owner = KeyOwner {
                    stream_id: event.stream_id.clone(),
                    entity: key.entity,
                    position: self.position,
                };
                self.keys.insert((key.scope, key.digest), owner.clone());
                written.keys.push(ReservedKey { key, owner });
            }
            let mut recorded = RecordedEvent {
                position: self.position,
                stream_id: event.stream_id,
                stream_version: *version,
                event_type: event.event_type.to_owned(),
                schema_version: event.schema_version,
                command_id,
                actor: actor.clone(),
                recorded_at,
                body: event.body.into_bytes(),
                leaf_hash: [0; 32],
            };
            recorded.leaf_hash = recorded.computed_leaf_hash();
            self.frontier.push(recorded.leaf_hash);
            written.events.push(recorded);
        }
        let last = self.position;
        let command = RecordedCommand { id: command_id, fingerprint, first, last };
        self.commands.insert(command_id, command.clone());
        written.commands.push(command);
        written.subject_keys.extend(subject_keys);
        written.texts.extend(texts);
        AppendOutcome::Appended { first, last }
    }
}
