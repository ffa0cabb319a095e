//! Columns of a row as the types of the log. A value of another shape is damage: nothing here wrote it.

use event_log::{Frontier, Hash, Head, KeyOwner, StoreError, StreamId};
use sqlx::sqlite::SqliteRow;
use sqlx::{Decode, Row, Sqlite};
use uuid::Uuid;

use crate::errors::{damaged, store_error};

/// Reads a column without asking for its declared type first; STRICT tables hold nothing else.
pub(crate) fn get<'r, T: Decode<'r, Sqlite>>(row: &'r SqliteRow, column: usize) -> Result<T, StoreError> {
    row.try_get_unchecked(column).map_err(store_error)
}

/// A position, version or count.
pub(crate) fn number(row: &SqliteRow, column: usize) -> Result<u64, StoreError> {
    let number: i64 = get(row, column)?;
    u64::try_from(number).map_err(|_| damaged(format!("a number that cannot be negative is {number}")))
}

pub(crate) fn number_u32(row: &SqliteRow, column: usize) -> Result<u32, StoreError> {
    let number: i64 = get(row, column)?;
    u32::try_from(number).map_err(|_| damaged(format!("a version is {number}")))
}

pub(crate) fn bytes<const N: usize>(row: &SqliteRow, column: usize) -> Result<[u8; N], StoreError> {
    let bytes: &[u8] = get(row, column)?;
    bytes.try_into().map_err(|_| damaged(format!("a value of {N} bytes has {}", bytes.len())))
}

pub(crate) fn uuid(row: &SqliteRow, column: usize) -> Result<Uuid, StoreError> {
    Ok(Uuid::from_bytes(bytes(row, column)?))
}

pub(crate) fn hash(row: &SqliteRow, column: usize) -> Result<Hash, StoreError> {
    bytes(row, column)
}

pub(crate) fn stream_id(row: &SqliteRow, column: usize) -> Result<StreamId, StoreError> {
    let text: String = get(row, column)?;
    StreamId::try_from(text).map_err(|e| damaged(e.to_string()))
}

/// `stream_id, entity, position`, from column `first` on.
pub(crate) fn key_owner(row: &SqliteRow, first: usize) -> Result<KeyOwner, StoreError> {
    Ok(KeyOwner {
        stream_id: stream_id(row, first)?,
        entity: uuid(row, first + 1)?,
        position: number(row, first + 2)?,
    })
}

/// `position, root, frontier`, from column `first` on.
pub(crate) fn head(row: &SqliteRow, first: usize) -> Result<Head, StoreError> {
    let position = number(row, first)?;
    let frontier = Frontier::from_bytes(position, get(row, first + 2)?)
        .map_err(|e| damaged(format!("the head of the log: {e}")))?;
    Ok(Head { position, root: hash(row, first + 1)?, frontier })
}

/// Puts each row at the place its first column names; places without a row stay `None`.
pub(crate) fn in_places<T>(
    length: usize,
    rows: &[SqliteRow],
    value: impl Fn(&SqliteRow) -> Result<T, StoreError>,
) -> Result<Vec<Option<T>>, StoreError> {
    let mut places: Vec<Option<T>> = std::iter::repeat_with(|| None).take(length).collect();
    for row in rows {
        let place = usize::try_from(number(row, 0)?).unwrap_or(usize::MAX);
        let slot =
            places.get_mut(place).ok_or_else(|| damaged("an answer to a question that was not asked"))?;
        *slot = Some(value(row)?);
    }
    Ok(places)
}
