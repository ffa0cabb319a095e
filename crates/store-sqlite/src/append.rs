//! Appending: read what the batch is about, decide in memory, write all rows, commit. Two round trips for a small
//! batch, whatever it holds, and one for a single command that conflicts with nothing.

use std::sync::atomic::Ordering;

use event_log::decide::{Known, RecordedCommand, ReservedKey, Wanted, Written, decide, decide_assuming};
use event_log::{Append, AppendOutcome, Head, RecordedEvent, StoreError, hex};
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use crate::columns::{get, hash, head, key_owner, number};
use crate::connection::{Script, Writer, json_list};
use crate::errors::damaged;
use crate::insert::Table;

/// Everything a batch is about. Each list is one JSON text, so each query has one text for any number of things;
/// rows name the thing by its place in the list. The first column tells the four kinds of rows apart.
const READ: &str = "
SELECT 0, position, root, frontier FROM log_head WHERE id = 1;

SELECT 1, wanted.key, fingerprint, first_position, last_position,
       (SELECT one.command_id FROM events AS one, events AS other
        WHERE one.position = first_position AND other.position = last_position
          AND one.command_id = other.command_id)
FROM json_each(?) AS wanted CROSS JOIN commands ON command_id = unhex(wanted.value);

SELECT 2, wanted.key, (SELECT coalesce(max(stream_version), 0) FROM events WHERE stream_id = wanted.value)
FROM json_each(?) AS wanted;
";

/// Only for batches that reserve something.
const READ_KEYS: &str = "
SELECT 3, wanted.key, stream_id, entity, position
FROM json_each(?) AS wanted
CROSS JOIN unique_keys ON digest = unhex(substr(wanted.value, 1, 64)) AND scope = substr(wanted.value, 65);
";

const EVENTS: Table = Table {
    into: "INSERT INTO events (position, stream_id, stream_version, event_type, schema_version, command_id, actor,
           recorded_at, body, leaf_hash)",
    columns: 10,
    then: "",
};

const COMMANDS: Table = Table {
    into: "INSERT INTO commands (command_id, fingerprint, first_position, last_position)",
    columns: 4,
    then: "",
};

const KEYS: Table = Table {
    into: "INSERT INTO unique_keys (digest, scope, stream_id, entity, position)",
    columns: 5,
    then: "",
};

const SUBJECT_KEYS: Table = Table {
    into: "INSERT INTO vault_subjects (subject_id, wrapped_key)",
    columns: 2,
    then: "ON CONFLICT DO NOTHING",
};

const TEXTS: Table = Table {
    into: "INSERT INTO vault_texts (text_id, subject_id, sealed)",
    columns: 3,
    then: "ON CONFLICT DO NOTHING",
};

/// Moves the head from the one the batch was decided on. Had it moved meanwhile, the position would become NULL,
/// which its column refuses.
const MOVE_HEAD: &str = "
UPDATE log_head SET position = CASE WHEN position = ? AND root = ? THEN ? END, root = ?, frontier = ? WHERE id = 1;
";

/// Writes commands in one transaction; see [`event_log::Store::append`].
pub(crate) async fn append(writer: &Writer, batch: Vec<Append>) -> Result<Vec<AppendOutcome>, StoreError> {
    if let Some(outcomes) = without_reading(writer, &batch).await? {
        return Ok(outcomes);
    }
    let wanted = Wanted::of(&batch);
    let (mut transaction, rows) = writer.begin(questions(&wanted)?).await?;
    let (before, mut known) = answers(&wanted, &rows)?;
    drop(rows);

    let mut written = Written::default();
    let outcomes = decide(batch, &mut known, &mut written);
    let smooth = outcomes.iter().all(|outcome| matches!(outcome, AppendOutcome::Appended { .. }));
    writer.smooth.store(smooth, Ordering::Relaxed);
    if written.events.is_empty() {
        transaction.rollback().await?;
        return Ok(outcomes);
    }
    let after = known.head();
    transaction.head = Some(after.clone());
    transaction.commit(script(written, &before, &after)?).await?;
    Ok(outcomes)
}

/// Writes a small batch in one round trip, as if it conflicted with nothing and nobody else had written since this
/// connection last did. Where that is wrong the schema refuses a row (a position, version, command or key that is
/// there already, a head that moved), nothing is written, and the answer is `None`: the long way will tell.
async fn without_reading(
    writer: &Writer,
    batch: &[Append],
) -> Result<Option<Vec<AppendOutcome>>, StoreError> {
    const EVENTS_MAX: usize = 48;
    let events: usize = batch.iter().map(|append| append.events.len()).sum();
    if events > EVENTS_MAX || !writer.smooth.load(Ordering::Relaxed) {
        return Ok(None);
    }
    // The schema looks at the version of a stream only when an event extends it. Of few events only: every stream is held
    // against every event.
    let extends =
        |append: &Append, stream_id| append.events.iter().any(|event| &event.stream_id == stream_id);
    let plain = batch.iter().all(|append| append.expected.iter().all(|(id, _)| extends(append, id)));
    if !plain {
        return Ok(None);
    }
    let mut transaction = writer.take().await?;
    let Some(before) = transaction.head.take() else {
        transaction.give_back();
        return Ok(None);
    };
    let Some(assumed) = decide_assuming(batch, &before) else {
        transaction.give_back();
        return Ok(None);
    };
    let committed = transaction.commit_at_once(script(assumed.written, &before, &assumed.after)?).await?;
    transaction.head = committed.then_some(assumed.after);
    transaction.give_back();
    Ok(committed.then_some(assumed.outcomes))
}

fn questions(wanted: &Wanted) -> Result<Script, StoreError> {
    let mut script = Script::new(READ);
    script.bind(json_list(wanted.commands.iter().map(|id| hex::encode(id.as_bytes()))))?;
    script.bind(json_list(&wanted.streams))?;
    if !wanted.keys.is_empty() {
        script.push(READ_KEYS);
        script.bind(json_list(wanted.keys.iter().map(|(scope, digest)| hex::encode(digest) + scope)))?;
    }
    Ok(script)
}

fn answers(wanted: &Wanted, rows: &[SqliteRow]) -> Result<(Head, Known), StoreError> {
    let (first, rows) = rows.split_first().ok_or_else(|| damaged("the log has no head"))?;
    if get::<i64>(first, 0)? != 0 {
        return Err(damaged("the log has no head"));
    }
    let before = head(first, 1)?;
    let mut known = Known::after(&before);
    for row in rows {
        let place = usize::try_from(number(row, 1)?).unwrap_or(usize::MAX);
        let beyond = || damaged("an answer to a question that was not asked");
        match get::<i64>(row, 0)? {
            1 => {
                let id = *wanted.commands.get(place).ok_or_else(beyond)?;
                let (fingerprint, first, last) = (hash(row, 2)?, number(row, 3)?, number(row, 4)?);
                let command = RecordedCommand { id, fingerprint, first, last };
                let writer = get::<Option<&[u8]>>(row, 5)?.and_then(|bytes| Uuid::from_slice(bytes).ok());
                known.commands.insert(id, command.held_against(writer)?);
            }
            2 => {
                let stream_id = wanted.streams.get(place).ok_or_else(beyond)?.clone();
                known.versions.insert(stream_id, number(row, 2)?);
            }
            _ => {
                let key = *wanted.keys.get(place).ok_or_else(beyond)?;
                known.keys.insert(key, key_owner(row, 2)?);
            }
        }
    }
    Ok((before, known))
}

/// Adds all rows and moves the head.
fn script(written: Written, before: &Head, after: &Head) -> Result<Script, StoreError> {
    let Written { events, commands, keys, subject_keys, texts } = written;
    let mut script = Script::default();
    EVENTS.insert(&mut script, events, bind_event)?;
    COMMANDS.insert(&mut script, commands, |script, command| {
        script.bind(command.id.as_bytes().to_vec())?;
        script.bind(command.fingerprint.to_vec())?;
        script.bind_number(command.first)?;
        script.bind_number(command.last)
    })?;
    KEYS.insert(&mut script, keys, |script, ReservedKey { key, owner }| {
        script.bind(key.digest.to_vec())?;
        script.bind(key.scope)?;
        script.bind(String::from(owner.stream_id))?;
        script.bind(owner.entity.as_bytes().to_vec())?;
        script.bind_number(owner.position)
    })?;
    SUBJECT_KEYS.insert(&mut script, subject_keys, |script, key| {
        script.bind(key.subject_id.as_bytes().to_vec())?;
        script.bind(key.wrapped)
    })?;
    TEXTS.insert(&mut script, texts, |script, text| {
        script.bind(text.id.to_vec())?;
        script.bind(text.subject_id.as_bytes().to_vec())?;
        script.bind(text.bytes)
    })?;
    move_head(&mut script, before, after)?;
    Ok(script)
}

pub(crate) fn move_head(script: &mut Script, before: &Head, after: &Head) -> Result<(), StoreError> {
    script.push(MOVE_HEAD);
    script.bind_number(before.position)?;
    script.bind(before.root.to_vec())?;
    script.bind_number(after.position)?;
    script.bind(after.root.to_vec())?;
    script.bind(after.frontier.to_bytes())
}

fn bind_event(script: &mut Script, event: RecordedEvent) -> Result<(), StoreError> {
    let body = String::from_utf8(event.body).map_err(|e| StoreError::BadRequest(e.to_string()))?;
    script.bind_number(event.position)?;
    script.bind(String::from(event.stream_id))?;
    script.bind_number(event.stream_version)?;
    script.bind(event.event_type)?;
    script.bind(i64::from(event.schema_version))?;
    script.bind(event.command_id.as_bytes().to_vec())?;
    script.bind(event.actor)?;
    script.bind(event.recorded_at)?;
    script.bind(body)?;
    script.bind(event.leaf_hash.to_vec())
}
