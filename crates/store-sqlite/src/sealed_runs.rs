//! Sealed runs of events, for reading the whole log fast.

use event_log::{SealedRun, StoreError};

use crate::columns::{get, number};
use crate::connection::{Script, Writer};
use crate::insert::Table;
use crate::readers::Readers;

const RUNS: Table =
    Table { into: "INSERT INTO sealed_runs (run, packed)", columns: 2, then: "ON CONFLICT DO NOTHING" };

pub(crate) async fn read(readers: &Readers, from: u64, limit: u32) -> Result<Vec<SealedRun>, StoreError> {
    let mut script = Script::new("SELECT run, packed FROM sealed_runs WHERE run >= ? ORDER BY run LIMIT ?;");
    script.bind_number(from)?;
    script.bind(i64::from(limit))?;
    let rows = script.fetch(readers).await?;
    rows.iter().map(|row| Ok(SealedRun { number: number(row, 0)?, packed: get(row, 1)? })).collect()
}

pub(crate) async fn write(writer: &Writer, runs: Vec<SealedRun>) -> Result<(), StoreError> {
    let (transaction, _) = writer.begin(Script::default()).await?;
    let mut script = Script::default();
    RUNS.insert(&mut script, runs, |script, run| {
        script.bind_number(run.number)?;
        script.bind(run.packed)
    })?;
    transaction.commit(script).await
}

pub(crate) async fn remove(writer: &Writer) -> Result<(), StoreError> {
    let (transaction, _) = writer.begin(Script::new("DELETE FROM sealed_runs;")).await?;
    transaction.commit(Script::default()).await
}
