//! Which commands of a batch can be written, and what exactly is written of them: the same for every database.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use crate::envelope::{Hash, RecordedEvent, StreamId, UniqueKey};
use crate::merkle::Frontier;
use crate::store::{
    Append, AppendOutcome, Conflict, Head, KeyOwner, SealedText, StoreError, WrappedSubjectKey,
};

/// The things a batch is about: what a database must be asked before the batch can be decided. Commands and facts stand
/// in the order of their indexes, in which neighbours share a page.
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
        let mut wanted = Self {
            commands: batch.iter().map(|append| append.command_id).collect(),
            streams: named.filter(|stream_id| seen.insert(*stream_id)).cloned().collect(),
            keys: keys.map(|key| (key.scope, key.digest)).collect(),
        };
        wanted.commands.sort_unstable();
        wanted.keys.sort_unstable();
        wanted
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
#[derive(Debug, Clone, PartialEq, Eq)]
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

impl RecordedCommand {
    /// The record, if its first and last event are its own, as they must be: `writer` is the command that both were
    /// written by, if it is one. That a command was done is believed of its events and not of this row alone.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] if others stand at its positions, or none.
    pub fn held_against(self, writer: Option<Uuid>) -> Result<Self, StoreError> {
        if writer == Some(self.id) {
            return Ok(self);
        }
        let Self { id, first, last, .. } = self;
        Err(StoreError::Damaged(format!(
            "the record of command {id} says that it wrote the positions {first} to {last}, whose events are not its own"
        )))
    }
}

/// A unique fact with its owner.
#[derive(Debug, Clone)]
pub struct ReservedKey {
    /// The fact.
    pub key: UniqueKey,
    /// To whom it belongs.
    pub owner: KeyOwner,
}

/// All rows a batch adds. Whatever is not an event stands in the order of its index: digests and random ids land
/// anywhere in it, and rows that share a page are so written next to each other.
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
    written.commands.sort_by_key(|command| command.id);
    written
        .keys
        .sort_by(|one, other| (one.key.scope, &one.key.digest).cmp(&(other.key.scope, &other.key.digest)));
    // Stable: of two keys of one person the first one stays.
    written.subject_keys.sort_by_key(|key| key.subject_id);
    written.texts.sort_by_key(|text| text.id);
    outcomes
}

/// A batch that was decided without reading what it is about.
#[derive(Debug)]
pub struct Assumed {
    /// The version each stream was assumed to have, each once. Nothing may be written where one is another.
    pub versions: Vec<(StreamId, u64)>,
    /// One for each command.
    pub outcomes: Vec<AppendOutcome>,
    /// The rows it adds.
    pub written: Written,
    /// The head after it.
    pub after: Head,
}

/// Decides a batch as if the log ended at `before`, every stream had the version that is expected of it, and no command
/// or fact of the batch were there yet. Whoever writes it finds out whether that is so. `None` where not all of it would
/// be written: a conflict inside the batch is judged by what the ledger holds, not by what was assumed of it.
pub fn decide_assuming(batch: &[Append], before: &Head) -> Option<Assumed> {
    let mut known = Known::after(before);
    for (stream_id, version) in batch.iter().flat_map(|append| &append.expected) {
        known.versions.entry(stream_id.clone()).or_insert(*version);
    }
    let versions = known.versions.iter().map(|(stream_id, version)| (stream_id.clone(), *version)).collect();
    let mut written = Written::default();
    let outcomes = decide(batch.to_vec(), &mut known, &mut written);
    let all = outcomes.iter().all(|outcome| matches!(outcome, AppendOutcome::Appended { .. }));
    all.then(|| Assumed { versions, outcomes, written, after: known.head() })
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

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::{Canonical, NewEvent};

    /// A command of one event.
    pub(crate) fn on(id: u128, stream: &str, version: u64) -> Append {
        let stream_id: StreamId = stream.parse().unwrap();
        Append {
            command_id: Uuid::from_u128(id),
            fingerprint: [0; 32],
            actor: "anna".into(),
            recorded_at: 0,
            expected: vec![(stream_id.clone(), version)],
            after: Vec::new(),
            events: vec![NewEvent {
                stream_id,
                event_type: "Arrived",
                schema_version: 1,
                body: Canonical::of(&1).unwrap(),
                keys: Vec::new(),
            }],
            subject_keys: Vec::new(),
            texts: Vec::new(),
        }
    }

    #[test]
    fn what_is_assumed_comes_to_what_reading_comes_to_where_it_is_so() {
        let batch = [on(1, "case-1", 4), on(2, "case-2", 0), on(3, "case-1", 5)];
        let before = Head::empty();
        let assumed = decide_assuming(&batch, &before).unwrap();
        let versions: HashMap<StreamId, u64> = assumed.versions.into_iter().collect();
        assert_eq!(versions, [("case-1".parse().unwrap(), 4), ("case-2".parse().unwrap(), 0)].into());

        let (mut known, mut written) = (Known { versions, ..Known::after(&before) }, Written::default());
        assert_eq!(decide(batch.to_vec(), &mut known, &mut written), assumed.outcomes);
        assert_eq!((written.events, known.head()), (assumed.written.events, assumed.after));
    }

    #[test]
    fn a_batch_that_conflicts_with_itself_is_not_judged_by_what_was_assumed() {
        for second in [on(2, "case-1", 4), on(2, "case-1", 6), on(1, "case-1", 5)] {
            assert!(decide_assuming(&[on(1, "case-1", 4), second], &Head::empty()).is_none());
        }
    }
}
