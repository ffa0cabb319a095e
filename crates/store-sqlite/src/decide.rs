//! Which commands of a batch can be written, and what exactly is written of them. No database in here.

use std::collections::{HashMap, HashSet};

use event_log::{
    Append, AppendOutcome, Conflict, Frontier, Hash, Head, KeyOwner, RecordedEvent, SealedText, StreamId,
    UniqueKey, WrappedSubjectKey,
};
use uuid::Uuid;

/// What the ledger holds of the things a batch is about, read under the write lock.
///
/// Deciding keeps it up to date, so that a later command sees what an earlier one of the batch writes.
#[derive(Debug, Default)]
pub(crate) struct Known {
    pub(crate) position: u64,
    pub(crate) frontier: Frontier,
    pub(crate) commands: HashMap<Uuid, RecordedCommand>,
    pub(crate) versions: HashMap<StreamId, u64>,
    pub(crate) keys: HashMap<(&'static str, Hash), KeyOwner>,
}

/// A command that was written.
#[derive(Debug, Clone)]
pub(crate) struct RecordedCommand {
    pub(crate) id: Uuid,
    pub(crate) fingerprint: Hash,
    pub(crate) first: u64,
    pub(crate) last: u64,
}

/// A unique fact with its owner.
#[derive(Debug, Clone)]
pub(crate) struct ReservedKey {
    pub(crate) key: UniqueKey,
    pub(crate) owner: KeyOwner,
}

/// All rows a batch adds.
#[derive(Debug, Default)]
pub(crate) struct Written {
    pub(crate) events: Vec<RecordedEvent>,
    pub(crate) commands: Vec<RecordedCommand>,
    pub(crate) keys: Vec<ReservedKey>,
    pub(crate) subject_keys: Vec<WrappedSubjectKey>,
    pub(crate) texts: Vec<SealedText>,
}

/// Decides the commands in order; answers with one outcome for each.
pub(crate) fn decide(batch: Vec<Append>, known: &mut Known, written: &mut Written) -> Vec<AppendOutcome> {
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
    pub(crate) fn after(head: &Head) -> Self {
        Self { position: head.position, frontier: head.frontier.clone(), ..Self::default() }
    }

    /// The head as it is now.
    pub(crate) fn head(self) -> Head {
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
