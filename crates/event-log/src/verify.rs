//! The one checker of a log: what an append promises is what verification demands.

use std::collections::HashMap;

use crate::canonical::is_canonical;
use crate::envelope::{Hash, RecordedEvent, StreamId};
use crate::hex;
use crate::merkle::Frontier;
use crate::store::{Head, StoreError};

/// What is read of streams must be of the log, as far as one read can see: every event between its first position and
/// its head, every stream from its first version on without a gap. An event elsewhere is under no root, so no hash and
/// no checkpoint speaks of it: nothing may be decided on it.
///
/// # Errors
/// [`StoreError::Damaged`], with the position.
pub fn are_of_the_log(events: &[RecordedEvent], head: u64) -> Result<(), StoreError> {
    let mut before: Option<&RecordedEvent> = None;
    for event in events {
        let RecordedEvent { position, stream_id, stream_version, .. } = event;
        if !(1..=head).contains(position) {
            return Err(StoreError::Damaged(format!(
                "position {position}, stream {stream_id}: the log ends at position {head}, this is no event of it; `svala verify` tells more"
            )));
        }
        let last = before.filter(|before| before.stream_id == *stream_id).map_or(0, |e| e.stream_version);
        if *stream_version != last + 1 {
            return Err(StoreError::Damaged(format!(
                "position {position}, stream {stream_id}: version {stream_version} is found after version {last}; `svala verify` tells more"
            )));
        }
        before = Some(event);
    }
    Ok(())
}

/// What is wrong with a log, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// A position is missing or stands twice.
    #[error(
        "position {expected} is missing: the next event stored is at position {found} (stream {stream_id})"
    )]
    Hole {
        /// Position that should have come.
        expected: u64,
        /// Position that came.
        found: u64,
        /// Stream of the event found.
        stream_id: StreamId,
    },
    /// A stream's versions do not follow each other.
    #[error("position {position}, stream {stream_id}: version {found} follows version {before}")]
    VersionGap {
        /// Where.
        position: u64,
        /// Which stream.
        stream_id: StreamId,
        /// Version before.
        before: u64,
        /// Version found.
        found: u64,
    },
    /// An event's bytes are not those that were recorded.
    #[error(
        "position {position}, stream {stream_id}: the event was altered after it was recorded (leaf hash {stored}, its bytes give {computed})"
    )]
    Altered {
        /// Where.
        position: u64,
        /// Which stream.
        stream_id: StreamId,
        /// Hash in the row, hexadecimal.
        stored: String,
        /// Hash of the row's fields, hexadecimal.
        computed: String,
    },
    /// A body is not in the one byte form it must have been stored in.
    #[error("position {position}, stream {stream_id}: the body is not canonical JSON")]
    NotCanonical {
        /// Where.
        position: u64,
        /// Which stream.
        stream_id: StreamId,
    },
    /// The log ends elsewhere than its head says.
    #[error("the head says {head} events, the log holds {log}: {}", if .log < .head { "events at the end were removed" } else { "events were added past the head" })]
    Length {
        /// Events according to the head.
        head: u64,
        /// Events found.
        log: u64,
    },
    /// All leaves are consistent, and their root is another than the head's.
    #[error("the root over all {size} events is {computed}, the head says {head}: the history was rewritten")]
    Root {
        /// Number of events.
        size: u64,
        /// Root in the head, hexadecimal.
        head: String,
        /// Root of the leaves, hexadecimal.
        computed: String,
    },
    /// The log agrees with its own head, and not with a checkpoint from before.
    #[error(
        "the history was rewritten between the positions {} and {until}: {checkpoint} has the root {root} over the first {until} events, those in the log give {computed}; {agreed}", .after + 1
    )]
    Rewritten {
        /// Last position that a checkpoint vouches for.
        after: u64,
        /// Number of events the first checkpoint that differs is about.
        until: u64,
        /// That checkpoint.
        checkpoint: String,
        /// Its root, hexadecimal.
        root: String,
        /// Root of the log at that size, hexadecimal.
        computed: String,
        /// What agrees still.
        agreed: String,
    },
    /// The log is shorter than a checkpoint from before.
    #[error(
        "the log ends at position {log}, but {checkpoint} knows {size} events: those after position {log} were removed, an older copy of the database was put in its place, or its file was copied without the newest (`svala backup` copies all of it)"
    )]
    Behind {
        /// Last position of the log.
        log: u64,
        /// Number of events the checkpoint is about.
        size: u64,
        /// The checkpoint.
        checkpoint: String,
    },
    /// The log is long enough, and its head does not follow from a checkpoint from before.
    #[error(
        "the log of {log} events does not continue what {checkpoint} knows of the first {size}: the history was rewritten; `svala verify` tells between which positions"
    )]
    NotContinued {
        /// Last position of the log.
        log: u64,
        /// Number of events the checkpoint is about.
        size: u64,
        /// The checkpoint.
        checkpoint: String,
    },
}

/// Checks a log from its first event to its last, in order.
#[derive(Debug, Default)]
pub struct Verifier {
    tree: Frontier,
    versions: HashMap<StreamId, u64>,
}

impl Verifier {
    /// A verifier before the first event.
    pub fn new() -> Self {
        Self::default()
    }

    /// Checks the next event: its position, its stream version, its bytes and its hash.
    pub fn check(&mut self, event: &RecordedEvent) -> Result<(), Damage> {
        self.check_examined(event, &event.computed_leaf_hash(), is_canonical(&event.body))
    }

    /// The same for an event of which `computed_leaf_hash` and `is_canonical` are known already.
    pub fn check_examined(
        &mut self,
        event: &RecordedEvent,
        computed: &Hash,
        canonical: bool,
    ) -> Result<(), Damage> {
        let expected = self.tree.size() + 1;
        let stream_id = || event.stream_id.clone();
        if event.position != expected {
            return Err(Damage::Hole { expected, found: event.position, stream_id: stream_id() });
        }
        let version = match self.versions.get_mut(&event.stream_id) {
            Some(version) => version,
            None => self.versions.entry(event.stream_id.clone()).or_default(),
        };
        if event.stream_version != *version + 1 {
            let (before, found) = (*version, event.stream_version);
            return Err(Damage::VersionGap {
                position: event.position,
                stream_id: stream_id(),
                before,
                found,
            });
        }
        *version = event.stream_version;
        if *computed != event.leaf_hash {
            return Err(Damage::Altered {
                position: event.position,
                stream_id: stream_id(),
                stored: hex::encode(&event.leaf_hash),
                computed: hex::encode(computed),
            });
        }
        if !canonical {
            return Err(Damage::NotCanonical { position: event.position, stream_id: stream_id() });
        }
        self.tree.push(event.leaf_hash);
        Ok(())
    }

    /// Compares the whole with the head row; returns the root.
    pub fn finish(self, head: &Head) -> Result<Hash, Damage> {
        let (size, computed) = (self.tree.size(), self.tree.root());
        if head.position != size {
            return Err(Damage::Length { head: head.position, log: size });
        }
        if head.root != computed || head.frontier != self.tree {
            let (head, computed) = (hex::encode(&head.root), hex::encode(&computed));
            return Err(Damage::Root { size, head, computed });
        }
        Ok(computed)
    }

    /// The tree over the events checked.
    pub fn tree(&self) -> &Frontier {
        &self.tree
    }

    /// Number of streams seen.
    pub fn streams(&self) -> usize {
        self.versions.len()
    }

    /// Number of events checked.
    pub fn events(&self) -> u64 {
        self.tree.size()
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn log(n: u64) -> (Vec<RecordedEvent>, Head) {
        let mut tree = Frontier::new();
        let events = (1..=n)
            .map(|position| {
                let mut event = RecordedEvent {
                    position,
                    stream_id: StreamId::new("case", position % 2).unwrap(),
                    stream_version: position.div_ceil(2),
                    event_type: "Arrived".into(),
                    schema_version: 1,
                    command_id: Uuid::from_u128(position.into()),
                    actor: "a".into(),
                    recorded_at: 0,
                    body: format!("{{\"n\":{position}}}").into_bytes(),
                    leaf_hash: [0; 32],
                };
                event.leaf_hash = event.computed_leaf_hash();
                tree.push(event.leaf_hash);
                event
            })
            .collect();
        let head = Head { position: n, root: tree.root(), frontier: tree };
        (events, head)
    }

    fn verify(events: &[RecordedEvent], head: &Head) -> Result<Hash, Damage> {
        let mut verifier = Verifier::new();
        events.iter().try_for_each(|event| verifier.check(event))?;
        verifier.finish(head)
    }

    #[test]
    fn an_untouched_log_passes() {
        let (events, head) = log(9);
        assert_eq!(verify(&events, &head), Ok(head.root));
    }

    #[test]
    fn each_kind_of_tampering_is_named() {
        let (good, head) = log(9);
        let rehash = |event: &mut RecordedEvent| event.leaf_hash = event.computed_leaf_hash();

        let mut events = good.clone();
        events[4].body = br#"{"n":6}"#.to_vec();
        assert!(matches!(verify(&events, &head), Err(Damage::Altered { position: 5, .. })));

        // With its own hash recomputed, the root still tells.
        rehash(&mut events[4]);
        assert!(matches!(verify(&events, &head), Err(Damage::Root { size: 9, .. })));

        let mut events = good.clone();
        events.remove(4);
        assert!(matches!(verify(&events, &head), Err(Damage::Hole { expected: 5, found: 6, .. })));

        let mut events = good.clone();
        events.pop();
        assert_eq!(verify(&events, &head), Err(Damage::Length { head: 9, log: 8 }));

        let mut events = good.clone();
        events[4].stream_version = 9;
        rehash(&mut events[4]);
        assert!(matches!(
            verify(&events, &head),
            Err(Damage::VersionGap { position: 5, before: 2, found: 9, .. })
        ));

        let mut events = good.clone();
        events[4].body = br#"{ "n":5}"#.to_vec();
        rehash(&mut events[4]);
        assert!(matches!(verify(&events, &head), Err(Damage::NotCanonical { position: 5, .. })));

        let mut events = good;
        events.swap(3, 4);
        assert!(matches!(verify(&events, &head), Err(Damage::Hole { expected: 4, found: 5, .. })));
    }
}
