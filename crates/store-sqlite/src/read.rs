//! Reading the log, the vault and the unique facts, on connections that cannot write.

use event_log::decide::RecordedCommand;
use event_log::verify::are_of_the_log;
use event_log::{Hash, Head, KeyOwner, LedgerMeta, RecordedEvent, SealedText, StoreError, StreamId, hex};
use uuid::Uuid;

use crate::columns::{bytes, get, hash, head, in_places, key_owner, number, uuid};
use crate::connection::json_list;
use crate::errors::damaged;
use crate::events::{event, select_events};
use crate::readers::Readers;

pub(crate) async fn meta(readers: &Readers) -> Result<LedgerMeta, StoreError> {
    let query = sqlx::query("SELECT ledger_id, key_id, created_at FROM ledger WHERE id = 1");
    let rows = readers.fetch(query).await?;
    let row = rows.first().ok_or_else(|| damaged("the ledger has no identity"))?;
    Ok(LedgerMeta { ledger_id: uuid(row, 0)?, key_id: get(row, 1)?, created_at: get(row, 2)? })
}

pub(crate) async fn read_head(readers: &Readers) -> Result<Head, StoreError> {
    let query = sqlx::query("SELECT position, root, frontier FROM log_head WHERE id = 1");
    let rows = readers.fetch(query).await?;
    let row = rows.first().ok_or_else(|| damaged("the log has no head"))?;
    head(row, 0)
}

pub(crate) async fn log(readers: &Readers, after: u64, limit: u32) -> Result<Vec<RecordedEvent>, StoreError> {
    let Some(from) = first_after(after) else { return Ok(Vec::new()) };
    let query = sqlx::query(concat!(select_events!(), "WHERE position >= ? ORDER BY position LIMIT ?"))
        .bind(from)
        .bind(i64::from(limit));
    let rows = readers.fetch(query).await?;
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
    // One value, because each row costs more than the hash it carries.
    let query = sqlx::query(
        "SELECT coalesce(group_concat(lower(hex(leaf_hash)), '' ORDER BY position), '')
         FROM (SELECT position, leaf_hash FROM events WHERE position >= ? ORDER BY position LIMIT ?)",
    )
    .bind(from)
    .bind(i64::from(limit));
    let rows = readers.fetch(query).await?;
    let row = rows.first().ok_or_else(|| damaged("a question without an answer"))?;
    let joined: &str = get(row, 0)?;
    let (digits, rest) = joined.as_bytes().as_chunks::<64>();
    let hashes: Option<Vec<Hash>> = digits.iter().map(|one| hex::decode(str::from_utf8(one).ok()?)).collect();
    hashes.filter(|_| rest.is_empty()).ok_or_else(|| damaged("a leaf hash has another length than 32 bytes"))
}

pub(crate) async fn streams(
    readers: &Readers,
    streams: &[StreamId],
) -> Result<Vec<RecordedEvent>, StoreError> {
    let query = sqlx::query(concat!(
        select_events!(", (SELECT position FROM log_head WHERE id = 1)"),
        "WHERE stream_id IN (SELECT value FROM json_each(?)) ORDER BY stream_id, stream_version"
    ))
    .bind(json_list(streams));
    let rows = readers.fetch(query).await?;
    let Some(row) = rows.first() else { return Ok(Vec::new()) };
    let head = number(row, 1)?;
    let events: Vec<RecordedEvent> = rows.iter().map(event).collect::<Result<_, _>>()?;
    are_of_the_log(&events, head)?;
    Ok(events)
}

pub(crate) async fn find_keys(
    readers: &Readers,
    scope: &str,
    digests: &[Hash],
) -> Result<Vec<Option<KeyOwner>>, StoreError> {
    let query = sqlx::query(
        "SELECT wanted.key, stream_id, entity, position
         FROM json_each(?) AS wanted CROSS JOIN unique_keys ON scope = ? AND digest = unhex(wanted.value)",
    )
    .bind(json_list(digests.iter().map(|digest| hex::encode(digest))))
    .bind(scope);
    let rows = readers.fetch(query).await?;
    in_places(digests.len(), &rows, |row| key_owner(row, 1))
}

pub(crate) async fn scan_keys(
    readers: &Readers,
    after: Option<(String, Hash)>,
    limit: u32,
) -> Result<Vec<(String, Hash, KeyOwner)>, StoreError> {
    // No scope is empty, so everything comes after an empty one.
    let (scope, digest) = after.map_or_else(Default::default, |(scope, digest)| (scope, digest.to_vec()));
    let query = sqlx::query(
        "SELECT scope, digest, stream_id, entity, position
         FROM unique_keys WHERE (scope, digest) > (?, ?) ORDER BY scope, digest LIMIT ?",
    )
    .bind(scope)
    .bind(digest)
    .bind(i64::from(limit));
    let rows = readers.fetch(query).await?;
    rows.iter().map(|row| Ok((get(row, 0)?, hash(row, 1)?, key_owner(row, 2)?))).collect()
}

pub(crate) async fn scan_commands(
    readers: &Readers,
    after: Option<Uuid>,
    limit: u32,
) -> Result<Vec<RecordedCommand>, StoreError> {
    // No bytes at all come before any id.
    let after = after.map_or_else(Vec::new, |id| id.as_bytes().to_vec());
    let query = sqlx::query(
        "SELECT command_id, fingerprint, first_position, last_position
         FROM commands WHERE command_id > ? ORDER BY command_id LIMIT ?",
    )
    .bind(after)
    .bind(i64::from(limit));
    let rows = readers.fetch(query).await?;
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
    let query = sqlx::query(
        "SELECT wanted.key, wrapped_key
         FROM json_each(?) AS wanted CROSS JOIN vault_subjects ON subject_id = unhex(wanted.value)",
    )
    .bind(json_list(subjects.iter().map(|subject| hex::encode(subject.as_bytes()))));
    let rows = readers.fetch(query).await?;
    in_places(subjects.len(), &rows, |row| get(row, 1))
}

pub(crate) async fn texts(readers: &Readers, ids: &[Hash]) -> Result<Vec<Option<SealedText>>, StoreError> {
    let query = sqlx::query(
        "SELECT wanted.key, text_id, subject_id, sealed
         FROM json_each(?) AS wanted CROSS JOIN vault_texts ON text_id = unhex(wanted.value)",
    )
    .bind(json_list(ids.iter().map(|id| hex::encode(id))));
    let rows = readers.fetch(query).await?;
    in_places(ids.len(), &rows, |row| {
        Ok(SealedText { id: bytes(row, 1)?, subject_id: uuid(row, 2)?, bytes: get(row, 3)? })
    })
}
