//! Appending in bulk: the events of the import, decided already, written to an empty log in batches as large as those
//! of the bare insert. Beside each row of the baseline there are its place in the order, its hash in the tree, a row
//! for each command and one reserved fact of each command.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use event_log::{Append, AppendOutcome, NewEvent, RecordedEvent, Store, UniqueKey};

use crate::Outcome;
use crate::database::command_id;

/// How long it takes to append a log's events in batches of so many.
pub async fn append(store: &Arc<dyn Store>, log: &[RecordedEvent], in_one: usize) -> Outcome<Duration> {
    let mut types = HashMap::new();
    let mut time = Duration::ZERO;
    for events in log.chunks(in_one) {
        let batch = commands(events, &mut types)?;
        let begun = Instant::now();
        let outcomes = store.append(batch).await?;
        time += begun.elapsed();
        if let Some(other) = outcomes.iter().find(|o| !matches!(o, AppendOutcome::Appended { .. })) {
            return Err(format!("an append came to {other:?}").into());
        }
    }
    Ok(time)
}

/// The commands that wrote these events; what a batch's end cuts in two is two commands.
fn commands(events: &[RecordedEvent], types: &mut HashMap<String, &'static str>) -> Outcome<Vec<Append>> {
    events
        .chunk_by(|one, next| one.command_id == next.command_id)
        .map(|events| {
            let first = events.first().ok_or("a command has no events")?;
            let mut append = Append {
                command_id: command_id(first),
                fingerprint: first.leaf_hash,
                actor: first.actor.clone(),
                recorded_at: first.recorded_at,
                expected: Vec::new(),
                after: Vec::new(),
                events: Vec::with_capacity(events.len()),
                subject_keys: Vec::new(),
                texts: Vec::new(),
            };
            for event in events {
                if append.expected.iter().all(|(stream_id, _)| *stream_id != event.stream_id) {
                    append.expected.push((event.stream_id.clone(), event.stream_version - 1));
                }
                // As many names as there are types: kept for as long as the program runs.
                let event_type =
                    *types.entry(event.event_type.clone()).or_insert_with_key(|name| name.clone().leak());
                append.events.push(NewEvent {
                    stream_id: event.stream_id.clone(),
                    event_type,
                    schema_version: event.schema_version,
                    body: event.body.clone().try_into()?,
                    keys: Vec::new(),
                });
            }
            let key = UniqueKey { scope: "bench", digest: first.leaf_hash, entity: first.command_id };
            append.events.iter_mut().take(1).for_each(|event| event.keys.push(key.clone()));
            Ok(append)
        })
        .collect()
}
