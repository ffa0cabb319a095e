//! Reading the log, the vault and the unique facts, on connections that cannot write.

use event_log::decide::RecordedCommand;
use event_log::verify::are_of_the_log;
use event_log::{Hash, Head, KeyOwner, LedgerMeta, RecordedEvent, SealedText, StoreError, StreamId};
use uuid::Uuid;

use crate::columns::{
    EVENT_COLUMNS, event, event_columns, get, hash, head, in_places, key_owner, number, uuid,
};
use crate::errors::damaged;
use crate::readers::Readers;

pub(crate) async fn meta(readers: &Readers) -> Result<LedgerMeta, StoreError> {
    let rows = readers
        .fetch(|| sqlx::query("SELECT ledger_id, key_id, created_at FROM ledger WHERE id = 1"))
        .await?;
    let row = rows.first().ok_or_else(|| damaged("the ledger has no identity"))?;
    Ok(LedgerMeta { ledger_id: uuid(row, 0)?, key_id: get(row, 1)?, created_at: get(row, 2)? })
}

pub(crate) async fn read_head(readers: &Readers) -> Result<Head, StoreError> {
    let rows =
        readers.fetch(|| sqlx::query("SELECT position, root, frontier FROM log_head WHERE id = 1")).await?;
    head(rows.first().ok_or_else(|| damaged("the log has no head"))?, 0)
}

pub(crate) async fn log(readers: &Readers, after: u64, limit: u32) -> Result<Vec<RecordedEvent>, StoreError> {
    let Some(from) = first_after(after) else { return Ok(Vec::new()) };
    let sql =
        concat!("SELECT ", event_columns!(), " FROM events WHERE position >= $1 ORDER BY position LIMIT $2");
    let rows = readers.fetch(|| sqlx::query(sql).bind(from).bind(i64::from(limit))).await?;
    rows.iter().map(event).collect()
}

/// The smallest position that may come next. Before the first event comes whatever the table holds: what stands at a
/// position that no event can have must be seen by whoever reads the log from its start. Nothing comes after the largest
/// integer of the database.
fn first_after(after: u64) -> Option<i64> {
    if after == 0 { Some(i64::MIN) } else { i64::try_from(after).ok()?.checked_add(1) }
}

pub(crate) async fn leaf_hashes(readers: &Readers, after: u64, limit: u32) -> Result<Vec<Hash>, StoreError> {
    let Some(from) = first_after(after) else { return Ok(Vec::new()) };
    let sql = "SELECT leaf_hash FROM events WHERE position >= $1 ORDER BY position LIMIT $2";
    let rows = readers.fetch(|| sqlx::query(sql).bind(from).bind(i64::from(limit))).await?;
    rows.iter().map(|row| hash(row, 0)).collect()
}

pub(crate) async fn streams(
    readers: &Readers,
    streams: &[StreamId],
) -> Result<Vec<RecordedEvent>, StoreError> {
    let wanted: Vec<&str> = streams.iter().map(StreamId::as_str).collect();
    // OFFSET 0 keeps the planner on the index of each stream, whatever it believes of the table.
    let sql = concat!(
        "SELECT ",
        event_columns!(),
        ", (SELECT position FROM log_head WHERE id = 1)
         FROM unnest($1::text[]) AS wanted (id)
         CROSS JOIN LATERAL (SELECT * FROM events WHERE stream_id = wanted.id OFFSET 0) AS found"
    );
    let rows = readers.fetch(|| sqlx::query(sql).bind(wanted.clone())).await?;
    let Some(row) = rows.first() else { return Ok(Vec::new()) };
    let head = number(row, EVENT_COLUMNS)?;
    let mut events: Vec<RecordedEvent> = rows.iter().map(event).collect::<Result<_, _>>()?;
    events.sort_by(|a, b| (&a.stream_id, a.stream_version).cmp(&(&b.stream_id, b.stream_version)));
    events.dedup_by_key(|event| event.position);
    are_of_the_log(&events, head)?;
    Ok(events)
}

pub(crate) async fn find_keys(
    readers: &Readers,
    scope: &str,
    digests: &[Hash],
) -> Result<Vec<Option<KeyOwner>>, StoreError> {
    let wanted: Vec<&[u8]> = digests.iter().map(|digest| digest.as_slice()).collect();
    let sql = "SELECT wanted.place, stream_id, entity, position
         FROM unnest($2::bytea[]) WITH ORDINALITY AS wanted (digest, place)
         CROSS JOIN LATERAL
             (SELECT * FROM unique_keys WHERE scope = $1 AND digest = wanted.digest OFFSET 0) AS found";
    let rows = readers.fetch(|| sqlx::query(sql).bind(scope.to_owned()).bind(wanted.clone())).await?;
    in_places(digests.len(), &rows, |row| key_owner(row, [1, 2, 3]))
}

pub(crate) async fn scan_keys(
    readers: &Readers,
    after: Option<(String, Hash)>,
    limit: u32,
) -> Result<Vec<(String, Hash, KeyOwner)>, StoreError> {
    // No scope is empty, so everything comes after an empty one.
    let (scope, digest) = after.map_or_else(Default::default, |(scope, digest)| (scope, digest.to_vec()));
    let sql = "SELECT scope, digest, stream_id, entity, position
         FROM unique_keys WHERE (scope, digest) > ($1, $2) ORDER BY scope, digest LIMIT $3";
    let rows = readers
        .fetch(|| sqlx::query(sql).bind(scope.clone()).bind(digest.clone()).bind(i64::from(limit)))
        .await?;
    rows.iter().map(|row| Ok((get(row, 0)?, hash(row, 1)?, key_owner(row, [2, 3, 4])?))).collect()
}

pub(crate) async fn scan_commands(
    readers: &Readers,
    after: Option<Uuid>,
    limit: u32,
) -> Result<Vec<RecordedCommand>, StoreError> {
    // The nil id is before all others, and nobody's: ids are digests.
    let after = after.unwrap_or_default();
    let sql = "SELECT command_id, fingerprint, first_position, last_position
         FROM commands WHERE command_id > $1 ORDER BY command_id LIMIT $2";
    let rows = readers.fetch(|| sqlx::query(sql).bind(after).bind(i64::from(limit))).await?;
    let command = |row| {
        let (id, fingerprint) = (uuid(row, 0)?, hash(row, 1)?);
        Ok(RecordedCommand { id, fingerprint, first: number(row, 2)?, last: number(row, 3)? })
    };
    rows.iter().map(command).collect()
}

pub(crate) async fn subject_keys(
    readers: &Readers,
    subjects: &[Uuid],
) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
    let sql = "SELECT wanted.place, wrapped_key
         FROM unnest($1::uuid[]) WITH ORDINALITY AS wanted (id, place)
         CROSS JOIN LATERAL (SELECT * FROM vault_subjects WHERE subject_id = wanted.id OFFSET 0) AS found";
    let rows = readers.fetch(|| sqlx::query(sql).bind(subjects.to_vec())).await?;
    in_places(subjects.len(), &rows, |row| get(row, 1))
}

pub(crate) async fn texts(readers: &Readers, ids: &[Hash]) -> Result<Vec<Option<SealedText>>, StoreError> {
    let wanted: Vec<&[u8]> = ids.iter().map(|id| id.as_slice()).collect();
    let sql = "SELECT wanted.place, text_id, subject_id, sealed
         FROM unnest($1::bytea[]) WITH ORDINALITY AS wanted (id, place)
         CROSS JOIN LATERAL (SELECT * FROM vault_texts WHERE text_id = wanted.id OFFSET 0) AS found";
    let rows = readers.fetch(|| sqlx::query(sql).bind(wanted.clone())).await?;
    in_places(ids.len(), &rows, |row| {
        Ok(SealedText { id: hash(row, 1)?, subject_id: uuid(row, 2)?, bytes: get(row, 3)? })
    })
}

/// The sealed runs from one on.
pub(crate) async fn sealed_runs(
    readers: &Readers,
    from: u64,
    limit: u32,
) -> Result<Vec<event_log::SealedRun>, StoreError> {
    let Ok(from) = i64::try_from(from) else { return Ok(Vec::new()) };
    let sql = "SELECT run, packed FROM sealed_runs WHERE run >= $1 ORDER BY run LIMIT $2";
    let rows = readers.fetch(|| sqlx::query(sql).bind(from).bind(i64::from(limit))).await?;
    rows.iter()
        .map(|row| Ok(event_log::SealedRun { number: number(row, 0)?, packed: get(row, 1)? }))
        .collect()
}
