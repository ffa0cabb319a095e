//! The rows of the read models, each generation with its own checkpoint.

use event_log::{LiveRow, ProjectionState, StoreError};
use sqlx::sqlite::SqliteRow;

use crate::columns::{get, in_places, number, number_u32};
use crate::connection::{Script, Writer};
use crate::errors::damaged;
use crate::insert::{Table, size_for};
use crate::readers::Readers;

const ROWS: Table = Table {
    into: "INSERT INTO projection_rows (row_key, row_value, name, generation)",
    columns: 4,
    then: "ON CONFLICT (name, generation, row_key) DO UPDATE SET row_value = excluded.row_value",
};

pub(crate) async fn generations(readers: &Readers, name: &str) -> Result<Vec<ProjectionState>, StoreError> {
    let query = sqlx::query(
        "SELECT generation, version, position, live, stopped FROM projections WHERE name = ? ORDER BY generation",
    )
    .bind(name);
    let rows = readers.fetch(query).await?;
    rows.iter().map(|row| state(row, 0)).collect()
}

/// `generation, version, position, live, stopped`, from column `first` on.
fn state(row: &SqliteRow, first: usize) -> Result<ProjectionState, StoreError> {
    Ok(ProjectionState {
        generation: number(row, first)?,
        version: number_u32(row, first + 1)?,
        position: number(row, first + 2)?,
        live: get(row, first + 3)?,
        stopped: get(row, first + 4)?,
    })
}

pub(crate) async fn start(writer: &Writer, name: &str, version: u32) -> Result<ProjectionState, StoreError> {
    let mut script = Script::new(
        "INSERT INTO projections (name, generation, version, position, live)
         SELECT ?1, coalesce(max(generation), 0) + 1, ?2, 0, 0
         FROM projections WHERE name = ?1
         RETURNING generation, version, position, live, stopped;",
    );
    script.bind(name)?;
    script.bind(i64::from(version))?;
    let (transaction, rows) = writer.begin(script).await?;
    let started = rows
        .first()
        .map(|row| state(row, 0))
        .ok_or_else(|| damaged("a new generation was not written"))??;
    transaction.commit(Script::default()).await?;
    Ok(started)
}

pub(crate) async fn switch(
    writer: &Writer,
    name: &str,
    generation: u64,
    position: u64,
) -> Result<bool, StoreError> {
    let mut ready =
        Script::new("SELECT 1 FROM projections WHERE name = ? AND generation = ? AND position = ?;");
    ready.bind(name)?;
    ready.bind_number(generation)?;
    ready.bind_number(position)?;
    let (transaction, rows) = writer.begin(ready).await?;
    if rows.is_empty() {
        transaction.rollback().await?;
        return Ok(false);
    }
    // The old ones go first: at most one generation is live.
    let mut script = Script::new(
        "DELETE FROM projections WHERE name = ?1 AND generation <> ?2;
         DELETE FROM projection_rows WHERE name = ?1 AND generation <> ?2;
         UPDATE projections SET live = 1 WHERE name = ?1 AND generation = ?2;",
    );
    script.bind(name)?;
    script.bind_number(generation)?;
    transaction.commit(script).await?;
    Ok(true)
}

pub(crate) async fn drop_generation(writer: &Writer, name: &str, generation: u64) -> Result<(), StoreError> {
    let mut script = Script::new("SELECT live FROM projections WHERE name = ? AND generation = ?;");
    script.bind(name)?;
    script.bind_number(generation)?;
    let (transaction, rows) = writer.begin(script).await?;
    let live = rows.first().map(|row| get(row, 0)).transpose()?.unwrap_or(false);
    if live {
        transaction.rollback().await?;
        return Err(StoreError::BadRequest(format!(
            "generation {generation} of {name} is live and cannot be removed"
        )));
    }
    let mut script = Script::new(
        "DELETE FROM projections WHERE name = ?1 AND generation = ?2;
         DELETE FROM projection_rows WHERE name = ?1 AND generation = ?2;",
    );
    script.bind(name)?;
    script.bind_number(generation)?;
    transaction.commit(script).await
}

/// A generation that moves on no longer stands still, so the note of why it stood is removed.
pub(crate) async fn write_rows(
    writer: &Writer,
    name: &str,
    generation: u64,
    from: u64,
    to: u64,
    rows: &[(String, Vec<u8>)],
) -> Result<bool, StoreError> {
    if to < from {
        return Err(StoreError::BadRequest(format!(
            "the checkpoint of {name} cannot move back from {from} to {to}"
        )));
    }
    let mut script = Script::new(
        "UPDATE projections SET position = ?, stopped = NULL
         WHERE name = ? AND generation = ? AND position = ? RETURNING 1;",
    );
    script.bind_number(to)?;
    script.bind(name)?;
    script.bind_number(generation)?;
    script.bind_number(from)?;
    let (transaction, moved) = writer.begin(script).await?;
    if moved.is_empty() {
        transaction.rollback().await?;
        return Ok(false);
    }
    let mut script = Script::default();
    ROWS.insert(&mut script, rows.iter().collect(), |script, (key, value)| {
        script.bind(key.as_str())?;
        script.bind(value.as_slice())?;
        script.bind(name)?;
        script.bind_number(generation)
    })?;
    transaction.commit(script).await?;
    Ok(true)
}

pub(crate) async fn stop(writer: &Writer, name: &str, generation: u64, why: &str) -> Result<(), StoreError> {
    let mut script = Script::new("UPDATE projections SET stopped = ? WHERE name = ? AND generation = ?;");
    script.bind(why)?;
    script.bind(name)?;
    script.bind_number(generation)?;
    let (transaction, _) = writer.begin(script).await?;
    transaction.commit(Script::default()).await
}

pub(crate) async fn rows(
    readers: &Readers,
    name: &str,
    generation: u64,
    keys: &[String],
) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
    let size = size_for(keys.len());
    let mut values = Vec::with_capacity(keys.len());
    for chunk in keys.chunks(size) {
        // A key that is missing at the end is NULL and equals no row's.
        let wanted: Vec<String> = (0..size).map(|place| format!("({place},?)")).collect();
        let mut script = Script::new(&format!(
            "SELECT wanted.column1, row_value FROM (VALUES {}) AS wanted
             CROSS JOIN projection_rows ON row_key = wanted.column2 AND name = ? AND generation = ?",
            wanted.join(",")
        ));
        for place in 0..size {
            script.bind(chunk.get(place).map(String::as_str))?;
        }
        script.bind(name)?;
        script.bind_number(generation)?;
        let found = script.fetch(readers).await?;
        values.extend(in_places(chunk.len(), &found, |row| get(row, 1))?);
    }
    Ok(values)
}

pub(crate) async fn live_row(readers: &Readers, name: &str, key: &str) -> Result<LiveRow, StoreError> {
    let query = sqlx::query(
        "SELECT log_head.position, live.generation, live.version, live.position, live.live, live.stopped, row_value
         FROM log_head
         LEFT JOIN projections AS live ON live.name = ?1 AND live.live = 1
         LEFT JOIN projection_rows
             ON projection_rows.name = ?1 AND projection_rows.generation = live.generation AND row_key = ?2
         WHERE log_head.id = 1",
    )
    .bind(name)
    .bind(key);
    let rows = readers.fetch(query).await?;
    let row = rows.first().ok_or_else(|| damaged("the log has no head"))?;
    let live = match get::<Option<i64>>(row, 1)? {
        None => None,
        Some(_) => Some(state(row, 1)?),
    };
    Ok(LiveRow { live, head: number(row, 0)?, value: get(row, 6)? })
}

pub(crate) async fn scan_rows(
    readers: &Readers,
    name: &str,
    generation: u64,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
    let mut script = Script::new(match after {
        None => {
            "SELECT row_key, row_value FROM projection_rows
             WHERE name = ? AND generation = ? ORDER BY row_key LIMIT ?"
        }
        Some(_) => {
            "SELECT row_key, row_value FROM projection_rows
             WHERE name = ? AND generation = ? AND row_key > ? ORDER BY row_key LIMIT ?"
        }
    });
    script.bind(name)?;
    script.bind_number(generation)?;
    if let Some(after) = after {
        script.bind(after)?;
    }
    script.bind(i64::from(limit))?;
    script.fetch(readers).await?.iter().map(|row| Ok((get(row, 0)?, get(row, 1)?))).collect()
}
