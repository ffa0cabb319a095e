//! Columns of a row as the types of the log. A value of another shape is damage: nothing here wrote it.

use event_log::{Frontier, Hash, Head, KeyOwner, RecordedEvent, StoreError, StreamId};
use sqlx::postgres::{PgRow, Postgres};
use sqlx::{Decode, Row};
use uuid::Uuid;

use crate::errors::{damaged, store_error};

/// Reads a column without asking for its declared type first; the schema allows nothing else.
pub(crate) fn get<'r, T: Decode<'r, Postgres>>(row: &'r PgRow, column: usize) -> Result<T, StoreError> {
    row.try_get_unchecked(column).map_err(store_error)
}

/// A position, version or count.
pub(crate) fn number(row: &PgRow, column: usize) -> Result<u64, StoreError> {
    let number: i64 = get(row, column)?;
    u64::try_from(number).map_err(|_| damaged(format!("a number that cannot be negative is {number}")))
}

pub(crate) fn number_u32(row: &PgRow, column: usize) -> Result<u32, StoreError> {
    let number: i64 = get(row, column)?;
    u32::try_from(number).map_err(|_| damaged(format!("a version is {number}")))
}

pub(crate) fn hash(row: &PgRow, column: usize) -> Result<Hash, StoreError> {
    let bytes: &[u8] = get(row, column)?;
    bytes.try_into().map_err(|_| damaged(format!("a hash of 32 bytes has {}", bytes.len())))
}

pub(crate) fn uuid(row: &PgRow, column: usize) -> Result<Uuid, StoreError> {
    get(row, column)
}

pub(crate) fn stream_id(row: &PgRow, column: usize) -> Result<StreamId, StoreError> {
    let text: String = get(row, column)?;
    StreamId::try_from(text).map_err(|e| damaged(e.to_string()))
}

/// `stream_id, entity, position`, in these columns.
pub(crate) fn key_owner(row: &PgRow, columns: [usize; 3]) -> Result<KeyOwner, StoreError> {
    let [stream, entity, position] = columns;
    Ok(KeyOwner {
        stream_id: stream_id(row, stream)?,
        entity: uuid(row, entity)?,
        position: number(row, position)?,
    })
}

/// `position, root, frontier`, from column `first` on.
pub(crate) fn head(row: &PgRow, first: usize) -> Result<Head, StoreError> {
    let position = number(row, first)?;
    let frontier = Frontier::from_bytes(position, get(row, first + 2)?)
        .map_err(|e| damaged(format!("the head of the log: {e}; where somebody moved it by hand, `svala migrate --restore-head` puts it where the events end")))?;
    Ok(Head { position, root: hash(row, first + 1)?, frontier })
}

/// The columns that [`event`] reads.
macro_rules! event_columns {
    () => {
        "position, stream_id, stream_version, event_type, schema_version, command_id, actor, recorded_at, body,
         leaf_hash"
    };
}
pub(crate) use event_columns;

/// How many they are.
pub(crate) const EVENT_COLUMNS: usize = 10;

/// An event. What is not even an event any more is named by its position, as verification names the rest.
pub(crate) fn event(row: &PgRow) -> Result<RecordedEvent, StoreError> {
    let position = number(row, 0)?;
    let read = || {
        Ok(RecordedEvent {
            position,
            stream_id: stream_id(row, 1)?,
            stream_version: number(row, 2)?,
            event_type: get(row, 3)?,
            schema_version: number_u32(row, 4)?,
            command_id: uuid(row, 5)?,
            actor: get(row, 6)?,
            recorded_at: get(row, 7)?,
            body: get::<&[u8]>(row, 8)?.to_vec(),
            leaf_hash: hash(row, 9)?,
        })
    };
    read().map_err(|error| match error {
        StoreError::Damaged(what) => damaged(format!("position {position}: {what}")),
        other => other,
    })
}

/// Puts each row at the place its first column names, counted from 1; places without a row stay `None`.
pub(crate) fn in_places<T>(
    length: usize,
    rows: &[PgRow],
    value: impl Fn(&PgRow) -> Result<T, StoreError>,
) -> Result<Vec<Option<T>>, StoreError> {
    let mut places: Vec<Option<T>> = std::iter::repeat_with(|| None).take(length).collect();
    for row in rows {
        let slot = place(row, 0)?.and_then(|place| places.get_mut(place));
        *slot.ok_or_else(|| damaged("an answer to a question that was not asked"))? = Some(value(row)?);
    }
    Ok(places)
}

/// A place that the database counts from 1, as an index.
pub(crate) fn place(row: &PgRow, column: usize) -> Result<Option<usize>, StoreError> {
    Ok(usize::try_from(number(row, column)?).ok().and_then(|place| place.checked_sub(1)))
}

/// A number as the database stores it.
pub(crate) fn stored(number: u64) -> Result<i64, StoreError> {
    i64::try_from(number)
        .map_err(|_| StoreError::BadRequest(format!("{number} is beyond the numbers a ledger can hold")))
}
