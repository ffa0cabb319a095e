//! Requests that break the contract are refused before the database is touched.

use std::collections::HashSet;

use crate::envelope::NewEvent;
use crate::store::{Append, StoreError};

/// Largest version of a stream that can be expected: what is written on it still fits the integers of a database.
pub const VERSION_MAX: u64 = 1 << 62;
/// Largest body of one event, in bytes.
pub const BODY_BYTES_MAX: usize = 1 << 20;
/// Longest name of whoever gave a command, in bytes.
pub const ACTOR_BYTES_MAX: usize = 200;
/// Longest name of an event's type, in bytes.
pub const EVENT_TYPE_BYTES_MAX: usize = 80;
/// Longest name of a kind of unique fact, in bytes.
pub const SCOPE_BYTES_MAX: usize = 40;
/// Largest wrapped key of a person, in bytes.
pub const WRAPPED_KEY_BYTES_MAX: usize = 1_024;
/// Largest encrypted text, in bytes.
pub const SEALED_BYTES_MAX: usize = 1 << 20;

/// Checks everything that can be known without the database. The whole batch is refused: such a request is an
/// error in the program, not a conflict.
pub fn check(batch: &[Append]) -> Result<(), StoreError> {
    batch.iter().try_for_each(|append| {
        command(append)
            .map_err(|what| StoreError::BadRequest(format!("command {}: {what}", append.command_id)))
    })
}

fn command(append: &Append) -> Result<(), String> {
    let mut streams = HashSet::with_capacity(append.expected.len());
    for (stream_id, version) in &append.expected {
        if *version > VERSION_MAX {
            return Err(format!("version {version} is expected of stream {stream_id}: no stream is as long"));
        }
        if !streams.insert(stream_id) {
            return Err(format!("two versions are expected of stream {stream_id}"));
        }
    }
    if append.events.is_empty() {
        return Err("it has no events".into());
    }
    length("the actor", append.actor.len(), ACTOR_BYTES_MAX)?;
    let mut keys = HashSet::new();
    for event in &append.events {
        if !streams.contains(&event.stream_id) {
            return Err(format!(
                "an event extends stream {}, of which no version is expected",
                event.stream_id
            ));
        }
        body(event).map_err(|what| format!("{} of stream {}: {what}", event.event_type, event.stream_id))?;
        for key in &event.keys {
            if key.scope.is_empty()
                || key.scope.len() > SCOPE_BYTES_MAX
                || !key.scope.bytes().all(|c| c.is_ascii_lowercase() || c == b'-')
            {
                return Err(format!("a kind of unique fact is named by a-z and dashes, not {:?}", key.scope));
            }
            if !keys.insert((key.scope, key.digest)) {
                return Err(format!("it reserves the same {} twice", key.scope));
            }
        }
    }
    for key in &append.subject_keys {
        length("a wrapped key", key.wrapped.len(), WRAPPED_KEY_BYTES_MAX)?;
    }
    for text in &append.texts {
        length("an encrypted text", text.bytes.len(), SEALED_BYTES_MAX)?;
    }
    Ok(())
}

fn body(event: &NewEvent) -> Result<(), String> {
    length("the type's name", event.event_type.len(), EVENT_TYPE_BYTES_MAX)?;
    length("the body", event.body.as_bytes().len(), BODY_BYTES_MAX)
}

fn length(what: &str, bytes: usize, bytes_max: usize) -> Result<(), String> {
    match bytes {
        0 => Err(format!("{what} is empty")),
        _ if bytes > bytes_max => Err(format!("{what} has {bytes} bytes, more than {bytes_max}")),
        _ => Ok(()),
    }
}
