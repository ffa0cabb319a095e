//! The rows of the read models, each generation with its own checkpoint, and the sealed runs of events.
//!
//! Each change is one statement, and so one round trip and one transaction; only taking over as the live generation
//! needs several in order.

use std::collections::BTreeMap;

use event_log::crash::{crash_point, crash_point_inside_ahead};
use event_log::{LiveRow, ProjectionState, SealedRun, StoreError};
use sqlx::postgres::{PgArguments, PgConnection, PgRow, Postgres};
use sqlx::query::Query;
use sqlx::{Connection, Row};

use crate::columns::{get, in_places, number, number_u32, stored};
use crate::connection::{Role, Writer, pause};
use crate::errors::{
    Failed, attempts_used, damaged, is_collision, is_lost, is_unique_violation, store_error,
};
use crate::patience::answered;
use crate::readers::Readers;

/// How often a change is tried that collides with another program's or loses its connection.
const ATTEMPTS_MAX: u32 = 10;

/// Whether a change is worth another attempt, which is counted. All of them can be repeated: they say from where to
/// where.
fn again(error: &sqlx::Error, attempt: &mut u32) -> bool {
    *attempt += attempts_used(error, ATTEMPTS_MAX);
    *attempt < ATTEMPTS_MAX && (is_collision(error) || is_lost(error) || is_unique_violation(error))
}

/// Runs one statement on the writing connection.
async fn change<'q>(
    writer: &Writer,
    query: impl Fn() -> Query<'q, Postgres, PgArguments>,
) -> Result<Vec<PgRow>, StoreError> {
    let mut attempt = 0;
    loop {
        let tried = async {
            let mut held = writer.take().await?;
            let asked = async {
                if crash_point_inside_ahead() {
                    in_steps(&mut held.connection, query()).await
                } else {
                    query().fetch_all(&mut *held.connection).await
                }
            };
            let rows = answered(writer.patience.answering, asked).await??;
            crash_point("after-commit");
            held.give_back();
            Ok::<_, Failed>(rows)
        };
        match tried.await {
            Err(Failed::Query(error)) if again(&error, &mut attempt) => pause(attempt).await,
            other => return other.map_err(|failed| failed.told(Role::Append)),
        }
    }
}

/// What the statement does by itself, taken apart so that a test can end the program in between.
async fn in_steps(
    connection: &mut PgConnection,
    query: Query<'_, Postgres, PgArguments>,
) -> Result<Vec<PgRow>, sqlx::Error> {
    let mut transaction = connection.begin().await?;
    crash_point("in-transaction");
    let rows = query.fetch_all(&mut *transaction).await?;
    crash_point("before-commit");
    transaction.commit().await?;
    Ok(rows)
}

pub(crate) async fn generations(readers: &Readers, name: &str) -> Result<Vec<ProjectionState>, StoreError> {
    let sql = "SELECT generation, version, position, live, stopped FROM projections WHERE name = $1
         ORDER BY generation";
    let rows = readers.fetch(|| sqlx::query(sql).bind(name.to_owned())).await?;
    rows.iter().map(|row| state(row, 0)).collect()
}

/// `generation, version, position, live, stopped`, from column `first` on.
fn state(row: &PgRow, first: usize) -> Result<ProjectionState, StoreError> {
    Ok(ProjectionState {
        generation: number(row, first)?,
        version: number_u32(row, first + 1)?,
        position: number(row, first + 2)?,
        live: get(row, first + 3)?,
        stopped: get(row, first + 4)?,
    })
}

pub(crate) async fn start(writer: &Writer, name: &str, version: u32) -> Result<ProjectionState, StoreError> {
    let sql = "INSERT INTO projections (name, generation, version, position, live)
         SELECT $1, coalesce(max(generation), 0) + 1, $2, 0, false
         FROM projections WHERE name = $1
         RETURNING generation, version, position, live, stopped";
    let rows = change(writer, || sqlx::query(sql).bind(name.to_owned()).bind(i64::from(version))).await?;
    state(rows.first().ok_or_else(|| damaged("a new generation was not written"))?, 0)
}

pub(crate) async fn switch(
    writer: &Writer,
    name: &str,
    generation: u64,
    position: u64,
) -> Result<bool, StoreError> {
    let (generation, position) = (stored(generation)?, stored(position)?);
    let mut attempt = 0;
    loop {
        let tried = async {
            let mut held = writer.take().await?;
            let asked = take_over(&mut held.connection, name, generation, position);
            let switched = answered(writer.patience.answering, asked).await??;
            held.give_back();
            Ok::<_, Failed>(switched)
        };
        match tried.await {
            Err(Failed::Query(error)) if again(&error, &mut attempt) => pause(attempt).await,
            other => return other.map_err(|failed| failed.told(Role::Append)),
        }
    }
}

async fn take_over(
    connection: &mut PgConnection,
    name: &str,
    generation: i64,
    position: i64,
) -> Result<bool, sqlx::Error> {
    let mut transaction = connection.begin().await?;
    let there = "SELECT 1 FROM projections WHERE name = $1 AND generation = $2 AND position = $3 FOR UPDATE";
    let there = sqlx::query(there).bind(name).bind(generation).bind(position);
    if there.fetch_optional(&mut *transaction).await?.is_none() {
        transaction.rollback().await?;
        return Ok(false);
    }
    for sql in [
        "DELETE FROM projections WHERE name = $1 AND generation <> $2",
        "DELETE FROM projection_rows WHERE name = $1 AND generation <> $2",
        "UPDATE projections SET live = true WHERE name = $1 AND generation = $2",
    ] {
        crash_point("in-transaction");
        sqlx::query(sql).bind(name).bind(generation).execute(&mut *transaction).await?;
    }
    crash_point("before-commit");
    transaction.commit().await?;
    crash_point("after-commit");
    Ok(true)
}

pub(crate) async fn drop_generation(writer: &Writer, name: &str, generation: u64) -> Result<(), StoreError> {
    let sql = "
        WITH gone AS (
            DELETE FROM projections WHERE name = $1 AND generation = $2 AND NOT live RETURNING generation
        ), gone_rows AS (
            DELETE FROM projection_rows USING gone
            WHERE name = $1 AND projection_rows.generation = gone.generation
        )
        SELECT live FROM projections WHERE name = $1 AND generation = $2";
    let number = stored(generation)?;
    let rows = change(writer, || sqlx::query(sql).bind(name.to_owned()).bind(number)).await?;
    // The statement sees the table as it was before: a live generation is one it has left alone.
    if rows.first().map(|row| row.try_get(0)).transpose().map_err(store_error)? == Some(true) {
        let why = format!("generation {generation} of {name} is live and cannot be removed");
        return Err(StoreError::BadRequest(why));
    }
    Ok(())
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
        let why = format!("the checkpoint of {name} cannot move back from {from} to {to}");
        return Err(StoreError::BadRequest(why));
    }
    let sql = "
        WITH moved AS (
            UPDATE projections SET position = $3, stopped = NULL
            WHERE name = $1 AND generation = $2 AND position = $4
            RETURNING name, generation
        ), new_rows AS (
            INSERT INTO projection_rows (name, generation, row_key, row_value)
            SELECT moved.name, moved.generation, added.* FROM moved, unnest($5::text[], $6::bytea[]) AS added
            ON CONFLICT (name, generation, row_key) DO UPDATE SET row_value = excluded.row_value
        )
        SELECT generation FROM moved";
    let (generation, from, to) = (stored(generation)?, stored(from)?, stored(to)?);
    // Of a key that comes twice the last value counts; the statement would refuse both.
    let rows: BTreeMap<&str, &[u8]> =
        rows.iter().map(|(key, value)| (key.as_str(), value.as_slice())).collect();
    let (keys, values): (Vec<&str>, Vec<&[u8]>) = rows.into_iter().unzip();
    let query = || {
        let query = sqlx::query(sql).bind(name.to_owned()).bind(generation).bind(to).bind(from);
        query.bind(keys.clone()).bind(values.clone())
    };
    Ok(!change(writer, query).await?.is_empty())
}

pub(crate) async fn stop(writer: &Writer, name: &str, generation: u64, why: &str) -> Result<(), StoreError> {
    let sql = "UPDATE projections SET stopped = $1 WHERE name = $2 AND generation = $3";
    let generation = stored(generation)?;
    change(writer, || sqlx::query(sql).bind(why.to_owned()).bind(name.to_owned()).bind(generation)).await?;
    Ok(())
}

pub(crate) async fn rows(
    readers: &Readers,
    name: &str,
    generation: u64,
    keys: &[String],
) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
    let sql = "SELECT wanted.place, row_value
         FROM unnest($3::text[]) WITH ORDINALITY AS wanted (row_key, place)
         CROSS JOIN LATERAL (
             SELECT row_value FROM projection_rows
             WHERE name = $1 AND generation = $2 AND row_key = wanted.row_key OFFSET 0
         ) AS found";
    let generation = stored(generation)?;
    let query = || sqlx::query(sql).bind(name.to_owned()).bind(generation).bind(keys.to_vec());
    let found = readers.fetch(query).await?;
    in_places(keys.len(), &found, |row| get(row, 1))
}

pub(crate) async fn live_row(readers: &Readers, name: &str, key: &str) -> Result<LiveRow, StoreError> {
    let sql = "
        SELECT log_head.position, live.generation, live.version, live.position, live.live, live.stopped, row_value
        FROM log_head
        LEFT JOIN projections AS live ON live.name = $1 AND live.live
        LEFT JOIN projection_rows
            ON projection_rows.name = $1 AND projection_rows.generation = live.generation AND row_key = $2
        WHERE log_head.id = 1";
    let rows = readers.fetch(|| sqlx::query(sql).bind(name.to_owned()).bind(key.to_owned())).await?;
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
    let sql = match after {
        None => {
            "SELECT row_key, row_value FROM projection_rows
             WHERE name = $1 AND generation = $2 AND $3 = '' ORDER BY row_key LIMIT $4"
        }
        Some(_) => {
            "SELECT row_key, row_value FROM projection_rows
             WHERE name = $1 AND generation = $2 AND row_key > $3 ORDER BY row_key LIMIT $4"
        }
    };
    let (generation, after) = (stored(generation)?, after.unwrap_or_default());
    let query = || {
        let query = sqlx::query(sql).bind(name.to_owned()).bind(generation);
        query.bind(after.to_owned()).bind(i64::from(limit))
    };
    readers.fetch(query).await?.iter().map(|row| Ok((get(row, 0)?, get(row, 1)?))).collect()
}

pub(crate) async fn seal_runs(writer: &Writer, runs: &[SealedRun]) -> Result<(), StoreError> {
    let sql = "INSERT INTO sealed_runs (run, packed) SELECT * FROM unnest($1::bigint[], $2::bytea[])
         ON CONFLICT DO NOTHING";
    let numbers: Vec<i64> = runs.iter().map(|run| stored(run.number)).collect::<Result<_, _>>()?;
    let packed: Vec<&[u8]> = runs.iter().map(|run| run.packed.as_slice()).collect();
    change(writer, || sqlx::query(sql).bind(numbers.clone()).bind(packed.clone())).await?;
    Ok(())
}

pub(crate) async fn remove_sealed_runs(writer: &Writer) -> Result<(), StoreError> {
    change(writer, || sqlx::query("DELETE FROM sealed_runs")).await?;
    Ok(())
}
