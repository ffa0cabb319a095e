//! Some rows of a file: decided, then written, and decided again where another writer came first.

use event_log::{AppendOutcome, StoreError};
use interchange::Record;
use tokio::task::JoinHandle;

use super::{At, Importer, RowOutcome, preview};
use crate::error::AppError;
use crate::ledger::{ATTEMPTS_MAX, Ledger};
use crate::session::Session;

/// Rows that were decided and are being written.
pub(super) struct Writing<R> {
    records: Vec<Record<R>>,
    outcomes: Vec<RowOutcome>,
    /// The row of each command.
    tags: Vec<usize>,
    written: JoinHandle<Result<Vec<AppendOutcome>, StoreError>>,
}

/// Rows that were written.
pub(super) struct Written<R> {
    pub(super) records: Vec<Record<R>>,
    pub(super) outcomes: Vec<RowOutcome>,
    /// Another writer came first: whatever was decided meanwhile rests on what is not so.
    pub(super) disturbed: bool,
}

/// A row that could be read, and where it stands.
fn readable<R>(records: &[Record<R>], tag: usize) -> Option<(At, &R)> {
    let record = &records[tag];
    record.parsed.as_ref().ok().map(|typed| (At { row: record.row, tag }, typed))
}

impl Ledger {
    /// Decides rows; their commands gather in the session.
    pub(super) async fn decide_chunk<I: Importer>(
        &self,
        importer: &I,
        session: &mut Session<'_>,
        records: &[Record<I::Row>],
    ) -> Result<Vec<RowOutcome>, AppError> {
        let mut outcomes: Vec<RowOutcome> = records
            .iter()
            .map(|record| RowOutcome::Errors(record.parsed.as_ref().err().cloned().unwrap_or_default()))
            .collect();
        let open: Vec<(At, &I::Row)> = (0..records.len()).filter_map(|tag| readable(records, tag)).collect();
        let (tried, others) = open.split_at(session.tries(open.iter().map(|(_, row)| I::people(row))));
        decide_rows(importer, session, tried, &mut outcomes).await?;
        if !others.is_empty() {
            session.only_check();
            decide_rows(importer, session, others, &mut outcomes).await?;
            for (at, _) in others {
                // Usable and new: what would become of it is not known.
                if let RowOutcome::Applied(_) | RowOutcome::WithoutRate { .. } = outcomes[at.tag] {
                    outcomes[at.tag] = RowOutcome::Checked;
                }
            }
        }
        Ok(outcomes)
    }

    /// Begins to write what was decided.
    pub(super) fn write_chunk<R>(
        &self,
        session: &mut Session<'_>,
        records: Vec<Record<R>>,
        outcomes: Vec<RowOutcome>,
    ) -> Writing<R> {
        let (tags, appends) = session.take_batch();
        let (store, writes) = (self.store.clone(), session.writes());
        let written = tokio::spawn(async move {
            match writes {
                true => store.append(appends).await,
                false => Ok(vec![AppendOutcome::Appended { first: 0, last: 0 }; appends.len()]),
            }
        });
        Writing { records, outcomes, tags, written }
    }

    /// Waits until rows are written; those that met another writer's change are decided and written again.
    pub(super) async fn finish_chunk<I: Importer>(
        &self,
        importer: &I,
        session: &mut Session<'_>,
        writing: Writing<I::Row>,
    ) -> Result<Written<I::Row>, AppError> {
        let Writing { records, mut outcomes, tags, written } = writing;
        let written = written.await.unwrap_or_else(|_| {
            Err(StoreError::Database("writing was broken off: import the file again to go on".into()))
        })?;
        if session.writes() {
            self.has_written(&written).await;
        }
        let disturbed = written.iter().any(|outcome| !matches!(outcome, AppendOutcome::Appended { .. }));
        if disturbed {
            session.discard();
        }
        let mut commands: Vec<(usize, AppendOutcome)> = tags.into_iter().zip(written).collect();
        for _ in 0..ATTEMPTS_MAX {
            let mut open: Vec<(At, &I::Row)> = Vec::new();
            for (tag, outcome) in commands {
                match outcome {
                    AppendOutcome::Appended { .. } => {}
                    AppendOutcome::AlreadyDone { .. } => outcomes[tag] = RowOutcome::Recognised,
                    AppendOutcome::Conflict(_) => open.extend(readable(&records, tag)),
                }
            }
            if open.is_empty() {
                return Ok(Written { records, outcomes, disturbed });
            }
            decide_rows(importer, session, &open, &mut outcomes).await?;
            commands = session.flush().await?;
        }
        Err(AppError::always_second())
    }
}

async fn decide_rows<I: Importer>(
    importer: &I,
    session: &mut Session<'_>,
    rows: &[(At, &I::Row)],
    outcomes: &mut [RowOutcome],
) -> Result<(), AppError> {
    let wanted: Vec<&I::Row> = rows.iter().map(|(_, row)| *row).collect();
    importer.load(session, &wanted).await?;
    for (at, row) in rows {
        let outcome = importer.apply(session, *at, row)?;
        session.end_row(!matches!(outcome, RowOutcome::Errors(_)));
        outcomes[at.tag] = outcome;
    }
    preview::tell_people(session)
}
