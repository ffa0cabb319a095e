//! What the events name outside of themselves: facts that may exist once, and the commands that wrote them.
//! Verification holds the tables of both against it.

use std::collections::HashMap;

use event_log::decide::RecordedCommand;
use event_log::{Hash, KeyOwner, RecordedEvent, StreamId};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// The unique facts that events name, by kind.
#[derive(Default)]
pub(crate) struct Facts {
    by_digest: HashMap<&'static str, HashMap<Hash, Fact>>,
    /// Those whose digest cannot be computed without the ledger's key.
    by_position: HashMap<&'static str, HashMap<u64, Owner>>,
}

/// Where a fact stands, and whose it is.
struct Fact {
    position: u64,
    owner: Owner,
}

/// A digest of a stream and of what the fact is about there: shorter than the two, and as hard to exchange.
type Owner = [u8; 16];

fn owner(stream_id: &StreamId, entity: Uuid) -> Owner {
    let digest: Hash = Sha256::new().chain_update(stream_id.as_str()).chain_update(entity).finalize().into();
    let mut owner = Owner::default();
    owner.copy_from_slice(&digest[..16]);
    owner
}

impl Facts {
    /// An event names a fact about an entity of its stream; `None` where its digest is not known.
    pub(crate) fn name(
        &mut self,
        position: u64,
        stream_id: &StreamId,
        scope: &'static str,
        digest: Option<Hash>,
        entity: Uuid,
    ) {
        let owner = owner(stream_id, entity);
        match digest {
            Some(digest) => {
                self.by_digest.entry(scope).or_default().insert(digest, Fact { position, owner });
            }
            None => {
                self.by_position.entry(scope).or_default().insert(position, owner);
            }
        }
    }

    /// A fact is reserved: what is wrong with that. Each counts once.
    pub(crate) fn reserved(&mut self, scope: &str, digest: &Hash, by: &KeyOwner) -> Result<(), String> {
        let position = by.position;
        let digested = self.by_digest.get_mut(scope).and_then(|facts| facts.remove(digest));
        let undigested = || {
            let owner = self.by_position.get_mut(scope)?.remove(&position)?;
            Some(Fact { position, owner })
        };
        match digested.or_else(undigested) {
            Some(fact) if fact.position == position && fact.owner == owner(&by.stream_id, by.entity) => {
                Ok(())
            }
            Some(fact) if fact.position == position => Err(format!(
                "position {position}: its unique {scope} is reserved for another stream or entry than the event names"
            )),
            _ => Err(format!(
                "a unique {scope} is reserved for position {position}, whose event does not name it"
            )),
        }
    }

    /// The first event whose fact is reserved by nobody. Facts of kind `erasable` may be gone with their person where
    /// nothing tells of them but their position.
    pub(crate) fn unreserved(&self, erasable: &str) -> Option<(&'static str, u64)> {
        let digested = self
            .by_digest
            .iter()
            .flat_map(|(scope, facts)| facts.values().map(move |fact| (*scope, fact.position)));
        let others = self.by_position.iter().filter(|(scope, _)| **scope != erasable);
        let others = others.flat_map(|(scope, facts)| facts.keys().map(move |position| (*scope, *position)));
        digested.chain(others).min_by_key(|(_, position)| *position)
    }
}

/// The commands that wrote the events, with their first and last positions.
#[derive(Default)]
pub(crate) struct Commands {
    written: Vec<(Uuid, u64, u64)>,
    /// Whether they stand in the order of their ids; else in that of their events.
    sorted: bool,
    /// Those before this one were found in the table.
    found: usize,
}

impl Commands {
    /// The next event.
    pub(crate) fn name(&mut self, event: &RecordedEvent) {
        match self.written.last_mut() {
            Some((id, _, last)) if *id == event.command_id => *last = event.position,
            _ => self.written.push((event.command_id, event.position, event.position)),
        }
    }

    /// A row of the table, in the order of their ids: what is wrong with it.
    pub(crate) fn recorded(&mut self, row: &RecordedCommand) -> Result<(), String> {
        self.sort();
        match self.written.get(self.found) {
            Some(written) if *written == (row.id, row.first, row.last) => {
                self.found += 1;
                Ok(())
            }
            Some((id, first, last)) if *id < row.id => Err(missing(*first, *last)),
            _ => Err(format!(
                "command {} is recorded with the positions {} to {}, which the log does not have of it: it would be taken for done",
                row.id, row.first, row.last
            )),
        }
    }

    /// The table ended: what is missing in it.
    pub(crate) fn ended(&mut self) -> Result<(), String> {
        self.sort();
        match self.written.get(self.found) {
            None => Ok(()),
            Some((_, first, last)) => Err(missing(*first, *last)),
        }
    }

    fn sort(&mut self) {
        if !std::mem::replace(&mut self.sorted, true) {
            self.written.sort_unstable();
        }
    }
}

fn missing(first: u64, last: u64) -> String {
    format!(
        "positions {first} to {last}: the record of their command is missing, so it could be written twice"
    )
}
