//! Appending: lock the head, read what the batch is about, decide in memory, write everything in one statement, commit.
//!
//! While this process is the only one that writes, it knows the head from its last append. A batch is then written in
//! one round trip, by one statement that moves the head from exactly there and adds all rows, or does nothing.

use std::sync::atomic::Ordering;

use event_log::crash::{crash_point, crash_point_inside_ahead};
use event_log::decide::{Assumed, Known, RecordedCommand, Wanted, Written, decide, decide_assuming};
use event_log::group::WriteBatch;
use event_log::{Append, AppendOutcome, Head, StoreError, StreamId};
use sqlx::postgres::{PgConnection, PgRow};

use crate::columns::{get, hash, head, key_owner, number, place, stored};
use crate::connection::{Held, Role, Writer, pause};
use crate::errors::{Failed, attempts_used, damaged, is_collision, is_lost, is_unique_violation};
use crate::patience::answered;

/// How often a batch is tried when it collides with others or loses its connection: some eight seconds in all.
const ATTEMPTS_MAX: u32 = 10;

/// Whoever holds the head's lock is the only one who appends, in this process or any other.
const LOCK: &str = "BEGIN ISOLATION LEVEL READ COMMITTED; SELECT id FROM log_head WHERE id = 1 FOR UPDATE";

/// Everything a batch is about: the head, its commands, its streams' versions, its unique facts.
const READ: &str = "
SELECT 0, 0::bigint, position, root, frontier, NULL::text, NULL::uuid, NULL::bigint
FROM log_head WHERE id = 1
UNION ALL
SELECT 1, wanted.place, first_position, fingerprint, NULL, NULL,
       (SELECT one.command_id FROM events AS one, events AS other
        WHERE one.position = found.first_position AND other.position = found.last_position
          AND one.command_id = other.command_id),
       last_position
FROM unnest($1::uuid[]) WITH ORDINALITY AS wanted (id, place)
CROSS JOIN LATERAL (SELECT * FROM commands WHERE command_id = wanted.id OFFSET 0) AS found
UNION ALL
SELECT 2, wanted.place, (SELECT coalesce(max(stream_version), 0) FROM events WHERE stream_id = wanted.id),
       NULL, NULL, NULL, NULL, NULL
FROM unnest($2::text[]) WITH ORDINALITY AS wanted (id, place)
UNION ALL
SELECT 3, wanted.place, position, NULL, NULL, stream_id, entity, NULL
FROM unnest($3::text[], $4::bytea[]) WITH ORDINALITY AS wanted (scope, digest, place)
CROSS JOIN LATERAL
    (SELECT * FROM unique_keys WHERE scope = wanted.scope AND digest = wanted.digest OFFSET 0) AS found
";

/// Moves the head from the one the batch was decided on and adds all rows; does nothing if the head is not there any
/// more or a stream has another version than the batch expects.
const WRITE: &str = "
WITH moved AS (
    UPDATE log_head SET position = $1, root = $2, frontier = $3
    WHERE id = 1 AND position = $4 AND root = $5 AND NOT EXISTS (
        SELECT 1 FROM unnest($20::text[], $21::bigint[]) AS expected (id, version)
        WHERE version <> (SELECT coalesce(max(stream_version), 0) FROM events WHERE stream_id = expected.id)
    )
    RETURNING id
), new_events AS (
    INSERT INTO events (position, stream_id, stream_version, event_type, schema_version, command_id, actor,
                        recorded_at, body, leaf_hash)
    SELECT added.* FROM moved, unnest($6::bigint[], $7::text[], $8::bigint[], $9::text[], $10::bigint[], $11::uuid[],
                                      $12::text[], $13::bigint[], $14::text[], $15::bytea[]) AS added
), new_commands AS (
    INSERT INTO commands (command_id, fingerprint, first_position, last_position)
    SELECT added.* FROM moved, unnest($16::uuid[], $17::bytea[], $18::bigint[], $19::bigint[]) AS added
)";

/// What follows for a batch that reserves facts or brings texts.
const WRITE_KEYS: &str = ", new_keys AS (
    INSERT INTO unique_keys (scope, digest, stream_id, entity, position)
    SELECT added.* FROM moved, unnest($22::text[], $23::bytea[], $24::text[], $25::uuid[], $26::bigint[]) AS added
), new_subjects AS (
    INSERT INTO vault_subjects (subject_id, wrapped_key)
    SELECT added.* FROM moved, unnest($27::uuid[], $28::bytea[]) AS added
    ON CONFLICT DO NOTHING
), new_texts AS (
    INSERT INTO vault_texts (text_id, subject_id, sealed)
    SELECT added.* FROM moved, unnest($29::bytea[], $30::uuid[], $31::bytea[]) AS added
    ON CONFLICT DO NOTHING
)";

/// Answers with a row if the batch was written.
const MOVED: &str = " SELECT id FROM moved";

impl WriteBatch for Writer {
    /// A batch that collided with others, or whose answer was lost with its connection, is tried again as a whole: the
    /// ids of its commands tell what was written.
    async fn write_batch(&self, batch: Vec<Append>) -> Result<Vec<AppendOutcome>, StoreError> {
        let mut since = None;
        let mut attempt = 0;
        loop {
            // The head before what this attempt may have written.
            let mut tried = None;
            match append(self, &batch, &mut tried).await {
                Ok(outcomes) => {
                    return Ok(outcomes.into_iter().map(|outcome| ours(outcome, since)).collect());
                }
                Err(Failed::Query(error)) if is_collision(&error) || is_lost(&error) => {
                    // Only a lost answer may be to something that was written.
                    since = since.or(tried.filter(|_| is_lost(&error)));
                    attempt += attempts_used(&error, ATTEMPTS_MAX);
                    if attempt >= ATTEMPTS_MAX {
                        return Err(Failed::from(error).told(Role::Append));
                    }
                    pause(attempt).await;
                }
                Err(failed) => return Err(failed.told(Role::Append)),
            }
        }
    }
}

/// What an earlier attempt of this very call wrote was written now.
fn ours(outcome: AppendOutcome, since: Option<u64>) -> AppendOutcome {
    match (outcome, since) {
        (AppendOutcome::AlreadyDone { first, last }, Some(since)) if first > since => {
            AppendOutcome::Appended { first, last }
        }
        (outcome, _) => outcome,
    }
}

/// One attempt. `tried` becomes the head before a statement that may have written something.
async fn append(
    writer: &Writer,
    batch: &[Append],
    tried: &mut Option<u64>,
) -> Result<Vec<AppendOutcome>, Failed> {
    let mut held = writer.take().await?;
    let known = held.head.as_ref().map(|head| head.position);
    let asked = async {
        if writer.smooth.load(Ordering::Relaxed)
            && let Some(outcomes) = without_reading(writer, &mut held, batch, tried).await?
        {
            return Ok(outcomes);
        }
        under_lock(writer, &mut held, known, batch, tried).await
    };
    let outcomes = answered(writer.patience.answering, asked).await??;
    held.give_back();
    Ok(outcomes)
}

/// Locks the head, reads, decides and writes. `at` is where this connection last left the head.
async fn under_lock(
    writer: &Writer,
    held: &mut Held<'_>,
    at: Option<u64>,
    batch: &[Append],
    tried: &mut Option<u64>,
) -> Result<Vec<AppendOutcome>, Failed> {
    held.head = None;
    let connection = &mut *held.connection;
    sqlx::raw_sql(LOCK).execute(&mut *connection).await?;
    let (before, mut known) = read(connection, &Wanted::of(batch)).await?;
    writer.has_lost(&before)?;

    let mut written = Written::default();
    let outcomes = decide(batch.to_vec(), &mut known, &mut written);
    // Also what was written before is refused by the schema when it comes again without reading. And while others write,
    // the head would have moved once more, and everything be sent twice.
    let smooth = outcomes.iter().all(|outcome| matches!(outcome, AppendOutcome::Appended { .. }));
    let alone = at.is_none_or(|at| at == before.position);
    writer.smooth.store(smooth && alone, Ordering::Relaxed);
    if written.events.is_empty() {
        sqlx::raw_sql("ROLLBACK").execute(&mut *connection).await?;
        // What an attempt wrote whose answer was lost is acknowledged by this one.
        writer.has_written(&before);
        held.head = Some(before);
        return Ok(outcomes);
    }
    let after = known.head();
    crash_point("in-transaction");
    *tried = Some(before.position);
    match write(connection, &[], &written, &before, &after).await {
        Ok(true) => {}
        Ok(false) => return Err(damaged("the head of the log moved under its lock").into()),
        // What was read a moment ago, under the same lock, says that all of it is new.
        Err(Failed::Query(error)) if is_unique_violation(&error) => {
            let what = "there is an event or a command beyond the head of the log; `svala verify` tells more";
            return Err(damaged(what).into());
        }
        Err(failed) => return Err(failed),
    }
    crash_point("before-commit");
    sqlx::raw_sql("COMMIT").execute(&mut *connection).await?;
    crash_point("after-commit");
    writer.has_written(&after);
    held.head = Some(after);
    Ok(outcomes)
}

/// Writes a batch as if it conflicted with nothing and nobody else had written since this connection last did. Where
/// that is wrong, the statement does nothing or a key of the schema refuses it, and the answer is `None`: the long way
/// will tell.
async fn without_reading(
    writer: &Writer,
    held: &mut Held<'_>,
    batch: &[Append],
    tried: &mut Option<u64>,
) -> Result<Option<Vec<AppendOutcome>>, Failed> {
    let before = held.head.take().filter(|_| !crash_point_inside_ahead());
    let Some(before) = before else { return Ok(None) };
    let Some(assumed) = decide_assuming(batch, &before) else { return Ok(None) };
    *tried = Some(before.position);
    let Assumed { versions, outcomes, written, after } = assumed;
    match write(&mut held.connection, &versions, &written, &before, &after).await {
        Ok(true) => {
            crash_point("after-commit");
            writer.has_written(&after);
            held.head = Some(after);
            Ok(Some(outcomes))
        }
        Ok(false) => {
            *tried = None;
            Ok(None)
        }
        Err(Failed::Query(error)) if is_unique_violation(&error) => {
            *tried = None;
            Ok(None)
        }
        Err(failed) => Err(failed),
    }
}

async fn read(connection: &mut PgConnection, wanted: &Wanted) -> Result<(Head, Known), Failed> {
    let streams: Vec<&str> = wanted.streams.iter().map(|stream_id| stream_id.as_str()).collect();
    let scopes: Vec<&str> = wanted.keys.iter().map(|(scope, _)| *scope).collect();
    let digests: Vec<&[u8]> = wanted.keys.iter().map(|(_, digest)| digest.as_slice()).collect();
    let rows = sqlx::query(READ)
        .bind(&wanted.commands)
        .bind(streams)
        .bind(scopes)
        .bind(digests)
        .fetch_all(connection)
        .await?;
    Ok(answers(wanted, &rows)?)
}

fn answers(wanted: &Wanted, rows: &[PgRow]) -> Result<(Head, Known), StoreError> {
    let mut before = None;
    let mut known = Known::default();
    for row in rows {
        let beyond = || damaged("an answer to a question that was not asked");
        let asked = place(row, 1)?;
        match get::<i32>(row, 0)? {
            0 => before = Some(head(row, 2)?),
            1 => {
                let id = *asked.and_then(|place| wanted.commands.get(place)).ok_or_else(beyond)?;
                let (first, fingerprint, last) = (number(row, 2)?, hash(row, 3)?, number(row, 7)?);
                let command = RecordedCommand { id, fingerprint, first, last };
                known.commands.insert(id, command.held_against(get(row, 6)?)?);
            }
            2 => {
                let stream_id = asked.and_then(|place| wanted.streams.get(place)).ok_or_else(beyond)?;
                known.versions.insert(stream_id.clone(), number(row, 2)?);
            }
            _ => {
                let key = *asked.and_then(|place| wanted.keys.get(place)).ok_or_else(beyond)?;
                known.keys.insert(key, key_owner(row, [5, 6, 2])?);
            }
        }
    }
    let before = before.ok_or_else(|| damaged("the log has no head"))?;
    Ok((before.clone(), Known { position: before.position, frontier: before.frontier, ..known }))
}

/// Writes everything, if the head is still `before` and the streams have the versions expected; answers whether it did.
async fn write(
    connection: &mut PgConnection,
    expected: &[(StreamId, u64)],
    written: &Written,
    before: &Head,
    after: &Head,
) -> Result<bool, Failed> {
    let Written { events, commands, keys, subject_keys, texts } = written;
    let numbers =
        |numbers: &mut dyn Iterator<Item = u64>| numbers.map(stored).collect::<Result<Vec<i64>, _>>();
    let bodies: Result<Vec<&str>, _> = events.iter().map(|event| str::from_utf8(&event.body)).collect();
    let bodies = bodies.map_err(|error| StoreError::BadRequest(error.to_string()))?;
    let plain = keys.is_empty() && subject_keys.is_empty() && texts.is_empty();
    let sql = if plain { [WRITE, "", MOVED].concat() } else { [WRITE, WRITE_KEYS, MOVED].concat() };
    let mut query = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(stored(after.position)?)
        .bind(after.root.as_slice())
        .bind(after.frontier.to_bytes())
        .bind(stored(before.position)?)
        .bind(before.root.as_slice())
        .bind(numbers(&mut events.iter().map(|event| event.position))?)
        .bind(events.iter().map(|event| event.stream_id.as_str()).collect::<Vec<_>>())
        .bind(numbers(&mut events.iter().map(|event| event.stream_version))?)
        .bind(events.iter().map(|event| event.event_type.as_str()).collect::<Vec<_>>())
        .bind(events.iter().map(|event| i64::from(event.schema_version)).collect::<Vec<_>>())
        .bind(events.iter().map(|event| event.command_id).collect::<Vec<_>>())
        .bind(events.iter().map(|event| event.actor.as_str()).collect::<Vec<_>>())
        .bind(events.iter().map(|event| event.recorded_at).collect::<Vec<_>>())
        .bind(bodies)
        .bind(events.iter().map(|event| event.leaf_hash.as_slice()).collect::<Vec<_>>())
        .bind(commands.iter().map(|command| command.id).collect::<Vec<_>>())
        .bind(commands.iter().map(|command| command.fingerprint.as_slice()).collect::<Vec<_>>())
        .bind(numbers(&mut commands.iter().map(|command| command.first))?)
        .bind(numbers(&mut commands.iter().map(|command| command.last))?)
        .bind(expected.iter().map(|(stream_id, _)| stream_id.as_str()).collect::<Vec<_>>())
        .bind(numbers(&mut expected.iter().map(|(_, version)| *version))?);
    if !plain {
        query = query
            .bind(keys.iter().map(|reserved| reserved.key.scope).collect::<Vec<_>>())
            .bind(keys.iter().map(|reserved| reserved.key.digest.as_slice()).collect::<Vec<_>>())
            .bind(keys.iter().map(|reserved| reserved.owner.stream_id.as_str()).collect::<Vec<_>>())
            .bind(keys.iter().map(|reserved| reserved.owner.entity).collect::<Vec<_>>())
            .bind(numbers(&mut keys.iter().map(|reserved| reserved.owner.position))?)
            .bind(subject_keys.iter().map(|key| key.subject_id).collect::<Vec<_>>())
            .bind(subject_keys.iter().map(|key| key.wrapped.as_slice()).collect::<Vec<_>>())
            .bind(texts.iter().map(|text| text.id.as_slice()).collect::<Vec<_>>())
            .bind(texts.iter().map(|text| text.subject_id).collect::<Vec<_>>())
            .bind(texts.iter().map(|text| text.bytes.as_slice()).collect::<Vec<_>>());
    }
    Ok(query.fetch_optional(connection).await?.is_some())
}
