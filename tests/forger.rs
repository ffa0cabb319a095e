//! What somebody can do who owns the database and knows every format, but not the key file: change the history and
//! make everything else in the database fit.

use std::collections::{BTreeMap, HashMap};

use event_log::{Frontier, RecordedEvent, hex};
use uuid::Uuid;

use crate::support::{Found, Ledger, either, zeros};

/// Beyond every position of a test.
const AWAY: u64 = 1_000_000;

/// Rewrites the history. Positions, stream versions, hashes, unique facts, commands and the head are made to fit what `change`
/// leaves; nothing inside the database is wrong afterwards.
pub fn rewrite(ledger: &Ledger, change: impl FnOnce(&mut Vec<RecordedEvent>)) {
    let mut events = events(ledger);
    change(&mut events);
    let (mut tree, mut versions) = (Frontier::new(), HashMap::new());
    let mut commands: BTreeMap<Uuid, (u64, u64)> = BTreeMap::new();
    let mut moved: BTreeMap<u64, u64> = BTreeMap::new();
    let mut script = vec!["DELETE FROM events; DELETE FROM sealed_runs".to_owned()];
    for (position, event) in (1..).zip(&mut events) {
        let version = versions.entry(event.stream_id.clone()).or_insert(0);
        *version += 1;
        moved.insert(event.position, position);
        (event.position, event.stream_version) = (position, *version);
        commands.entry(event.command_id).or_insert((position, position)).1 = position;
        event.leaf_hash = event.computed_leaf_hash();
        tree.push(event.leaf_hash);
        script.push(inserted(event, &position.to_string()));
    }
    // Via numbers out of the way, so that none is moved twice.
    for (before, after) in moved {
        script.push(format!("UPDATE unique_keys SET position = {after} + {AWAY} WHERE position = {before}"));
    }
    for (id, (first, last)) in commands {
        let id = either(bytes(id.as_bytes()), format!("'{id}'"));
        let nothing = zeros(32);
        script.push(format!("INSERT INTO commands VALUES ({id}, {nothing}, 1, 1) ON CONFLICT DO NOTHING"));
        script.push(format!(
            "UPDATE commands SET first_position = {first} + {AWAY}, last_position = {last} + {AWAY} WHERE command_id = {id}"
        ));
    }
    script.push(format!("DELETE FROM commands WHERE first_position < {AWAY}"));
    script.push(format!(
        "UPDATE commands SET first_position = first_position - {AWAY}, last_position = last_position - {AWAY}"
    ));
    script.push(format!("DELETE FROM unique_keys WHERE position < {AWAY}"));
    script.push(format!("UPDATE unique_keys SET position = position - {AWAY}"));
    script.push(format!(
        "UPDATE log_head SET position = {}, root = {}, frontier = {}",
        tree.size(),
        bytes(&tree.root()),
        bytes(&tree.to_bytes())
    ));
    ledger.alter_as_owner(&script.join(";\n"));
}

/// Adds an event at any position, also at one that no event can have, as the version after its stream's last; its hash
/// fits.
pub fn insert_at(ledger: &Ledger, position: i64, mut event: RecordedEvent) {
    let last = events(ledger).iter().filter(|of| of.stream_id == event.stream_id).count();
    event.stream_version = last as u64 + 1;
    event.position = u64::try_from(position).unwrap_or_default();
    event.leaf_hash = event.computed_leaf_hash();
    let unchecked = either(
        "PRAGMA ignore_check_constraints = ON",
        "ALTER TABLE events DROP CONSTRAINT events_position_check",
    );
    ledger.alter_as_owner(&format!("{unchecked}; {}", inserted(&event, &position.to_string())));
}

fn inserted(event: &RecordedEvent, position: &str) -> String {
    format!(
        "INSERT INTO events VALUES ({position}, '{}', {}, '{}', {}, {}, '{}', {}, {}, {})",
        event.stream_id,
        event.stream_version,
        event.event_type,
        event.schema_version,
        either(bytes(event.command_id.as_bytes()), format!("'{}'", event.command_id)),
        event.actor,
        event.recorded_at,
        either(
            format!("CAST({} AS TEXT)", bytes(&event.body)),
            format!("convert_from({}, 'UTF8')", bytes(&event.body))
        ),
        bytes(&event.leaf_hash),
    )
}

/// The log as it is stored.
pub fn events(ledger: &Ledger) -> Vec<RecordedEvent> {
    let number = |row: &Found, column| u64::try_from(row.get::<i64>(column)).unwrap();
    ledger.ask("SELECT * FROM events ORDER BY position", |row| RecordedEvent {
        position: number(&row, 0),
        stream_id: row.get::<String>(1).parse().unwrap(),
        stream_version: number(&row, 2),
        event_type: row.get(3),
        schema_version: u32::try_from(number(&row, 4)).unwrap(),
        command_id: Uuid::from_slice(&row.get::<Vec<u8>>(5)).unwrap(),
        actor: row.get(6),
        recorded_at: row.get(7),
        body: row.get::<String>(8).into_bytes(),
        leaf_hash: row.get::<Vec<u8>>(9).try_into().unwrap(),
    })
}

/// SQL for these bytes.
pub fn bytes(bytes: &[u8]) -> String {
    let digits = hex::encode(bytes);
    either(format!("x'{digits}'"), format!("'\\x{digits}'::bytea"))
}

/// Another digit at the first place of an amount.
pub fn raise(event: &mut RecordedEvent, from: &str, to: &str) {
    let body = String::from_utf8(event.body.clone()).unwrap();
    assert!(body.contains(from), "{body}");
    event.body = body.replacen(from, to, 1).into_bytes();
}
