//! One pass over a file: reading it in chunks, deciding each row, counting what became of it.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use domain::PartnerCode;
use domain::ids::FileDigest;
use domain::ledger::ImportCounts;
use interchange::{Dialect, Layout, Record, RejectFile, RowError, Table};
use money::Eur;

use super::chunk::{Writing, Written};
use super::preview::Preview;
use super::row_report::{ROWS_TOLD_MAX, RowReport};
use super::{
    ERRORS_LISTED_MAX, ImportProgress, ImportRequest, Importer, Receipts, Refused, RowOutcome, TRIED_MAX,
};
use crate::error::AppError;
use crate::ledger::Ledger;
use crate::session::{Purpose, Session};

/// Rows decided and written together. Their digests land anywhere in their indexes: the more of them are written at a
/// time, the fewer pages are written twice. Others who write wait meanwhile, some tenths of a second.
const CHUNK_ROWS: usize = 4_000;
/// Rows looked at together where nothing is written: what is gathered of them is gone with the chunk.
const CHECKED_ROWS: usize = 100;

/// What a pass is told.
pub(super) struct Orders<'a> {
    /// The file, and how it is written.
    pub(super) request: &'a ImportRequest,
    /// Its name, without the folder.
    pub(super) name: &'a str,
    /// Its SHA-256.
    pub(super) sha256: [u8; 32],
    /// Find errors, show what would happen, or write.
    pub(super) purpose: Purpose,
    /// Rows to leave out.
    pub(super) skip: &'a HashSet<u64>,
    /// Where rows with errors go.
    pub(super) rejects: Option<&'a mut Rejects>,
    /// Who wants to know how far it has come.
    pub(super) progress: &'a dyn ImportProgress,
}

/// What became of the rows.
#[derive(Default)]
pub(super) struct Pass {
    pub(super) dialect: Option<Dialect>,
    pub(super) counts: ImportCounts,
    pub(super) refused: BTreeMap<String, (u64, Eur)>,
    /// The first errors.
    pub(super) errors: Vec<RowError>,
    /// Number of errors by rule, all of them.
    pub(super) rules: BTreeMap<&'static str, u64>,
    pub(super) bad_rows: HashSet<u64>,
    /// Rows that wait for an exchange rate.
    pub(super) waiting_for_rate: u64,
    /// Of those, fees of partners.
    pub(super) waiting_fees: u64,
    /// Rows whose day lies outside of the period of the template they stand in: how many, and the first of them.
    pub(super) outside_period: u64,
    pub(super) rows_outside: Vec<u64>,
    /// Rows that a dry run only checked.
    pub(super) only_checked: u64,
    /// Partners that were met for the first time.
    pub(super) partners: BTreeSet<PartnerCode>,
    /// Some rows were refused as commands: they may pass when the file is imported again.
    pub(super) waiting: bool,
    /// Which rows are told one by one.
    tells: Tells,
    /// These rows.
    pub(super) rows: Vec<RowReport>,
    /// Rows that would be told too if they were not so many.
    pub(super) rows_untold: u64,
    /// What is told of them beside.
    pub(super) preview: Option<Preview>,
}

/// Which rows are told one by one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Tells {
    /// None.
    #[default]
    Nothing,
    /// Those with errors: the others are only checked.
    Errors,
    /// All.
    Everything,
}

impl Ledger {
    pub(super) async fn pass<I: Importer>(
        &self,
        importer: &I,
        mut orders: Orders<'_>,
    ) -> Result<Pass, AppError> {
        let Orders { request, name, sha256, purpose, .. } = orders;
        let file = File::open(&request.path).map_err(AppError::io(name))?;
        let length = file.metadata().map_err(AppError::io(name))?.len();
        let read = Arc::new(AtomicU64::new(0));
        let reader = Counting { inner: BufReader::new(file), read: read.clone() };
        let mut table = Table::<I::Row, _>::open_file(name, reader, request.locale)?;
        let tells = match purpose {
            _ if !request.tell_rows => Tells::Nothing,
            Purpose::Check => Tells::Errors,
            Purpose::DryRun | Purpose::Write => Tells::Everything,
        };
        let mut pass = Pass { dialect: Some(table.dialect()), tells, ..Pass::default() };
        // Where errors are found by deciding, all is decided.
        let most = (purpose == Purpose::DryRun && !I::CHECKS_BY_DECIDING).then_some(TRIED_MAX);
        let mut session = Session::new(self, purpose)
            .of_file(FileDigest(sha256))
            .telling(tells == Tells::Everything)
            .trying(most);
        let chunk_rows = if purpose == Purpose::Write { CHUNK_ROWS } else { CHECKED_ROWS };
        let mut records: Vec<Record<I::Row>> = Vec::with_capacity(chunk_rows);
        let mut writing: Option<Writing<I::Row>> = None;
        loop {
            let record = table.next().transpose()?;
            let ended = record.is_none();
            records.extend(record.filter(|record| !orders.skip.contains(&record.row)));
            if records.len() < chunk_rows && !ended {
                continue;
            }
            // One chunk is decided while the one before it is being written.
            let chunk = std::mem::replace(&mut records, Vec::with_capacity(chunk_rows));
            let mut outcomes = self.decide_chunk(importer, &mut session, &chunk).await?;
            if let Some(before) = writing.take() {
                let written = self.finish_chunk(importer, &mut session, before).await?;
                if written.disturbed {
                    outcomes = self.decide_chunk(importer, &mut session, &chunk).await?;
                }
                pass.take(table.layout(), written, &mut orders.rejects)?;
            }
            let begun = self.write_chunk(&mut session, chunk, outcomes);
            if ended || session.is_full() {
                let written = self.finish_chunk(importer, &mut session, begun).await?;
                pass.take(table.layout(), written, &mut orders.rejects)?;
                session.make_room();
            } else {
                writing = Some(begun);
            }
            orders.progress.at(purpose == Purpose::Write, read.load(Ordering::Relaxed), length);
            if ended {
                pass.preview = session.take_preview();
                pass.partners = session.take_registered();
                return Ok(pass);
            }
        }
    }
}

impl Pass {
    /// Number of errors, listed or not.
    pub(super) fn errors_total(&self) -> u64 {
        self.rules.values().sum()
    }

    /// What the record of the import keeps as warnings: the number of each.
    pub(super) fn warnings(&self, receipts: &Receipts) -> BTreeMap<&'static str, u64> {
        let missing = receipts.missing.len() as u64;
        let more = [("template.outside-period", self.outside_period), ("receipt.missing", missing)];
        let mut warnings = self.rules.clone();
        warnings.extend(more.into_iter().filter(|(_, count)| *count > 0));
        warnings
    }

    /// Counts what became of a chunk; rows with errors go to the reject file.
    fn take<R>(
        &mut self,
        layout: &Layout,
        written: Written<R>,
        rejects: &mut Option<&mut Rejects>,
    ) -> Result<(), AppError> {
        for (record, outcome) in written.records.iter().zip(written.outcomes) {
            if let (RowOutcome::Errors(errors), Some(rejects)) = (&outcome, &mut *rejects) {
                rejects.push(layout, &record.fields, errors)?;
            }
            let usable = !matches!(outcome, RowOutcome::Errors(_));
            match self.tells {
                Tells::Nothing => {}
                Tells::Errors if usable => {}
                _ if self.rows.len() >= ROWS_TOLD_MAX => self.rows_untold += 1,
                _ => self.rows.push(RowReport::of(layout, record, &outcome)),
            }
            if record.outside_period && usable {
                self.outside_period += 1;
                let room = self.rows_outside.len() < ERRORS_LISTED_MAX;
                self.rows_outside.extend(room.then_some(record.row));
            }
            self.count(outcome)?;
        }
        Ok(())
    }

    fn count(&mut self, outcome: RowOutcome) -> Result<(), AppError> {
        self.counts.rows += 1;
        self.waiting |= matches!(outcome, RowOutcome::Waiting(_) | RowOutcome::Proposed(_));
        match outcome {
            RowOutcome::Applied(refused) if refused.is_empty() => self.counts.applied += 1,
            RowOutcome::Waiting(refused) if refused.is_empty() => self.counts.recognised += 1,
            RowOutcome::Applied(refused) | RowOutcome::Waiting(refused) => {
                self.counts.refused += 1;
                self.count_reasons(refused)?;
            }
            RowOutcome::Cut(refused) => {
                self.counts.cut += 1;
                self.count_reasons(refused)?;
            }
            RowOutcome::Proposed(amount) => {
                self.counts.proposed += 1;
                let reason = "second-person".to_owned();
                self.count_reasons(vec![Refused { reason, amount }])?;
            }
            RowOutcome::Undecided(why) => {
                self.counts.applied += 1;
                self.refused.entry(why.to_owned()).or_default().0 += 1;
            }
            RowOutcome::WithoutRate { fee } => {
                self.counts.applied += 1;
                self.count_waiting(fee);
            }
            RowOutcome::StillWithoutRate { fee } => {
                self.counts.recognised += 1;
                self.count_waiting(fee);
            }
            RowOutcome::Recognised => self.counts.recognised += 1,
            RowOutcome::Checked => self.only_checked += 1,
            RowOutcome::Errors(errors) => {
                self.counts.rejected += 1;
                for error in &errors {
                    *self.rules.entry(error.rule).or_default() += 1;
                    self.bad_rows.insert(error.row);
                }
                let room = ERRORS_LISTED_MAX.saturating_sub(self.errors.len());
                self.errors.extend(errors.into_iter().take(room));
            }
        }
        Ok(())
    }

    fn count_reasons(&mut self, refused: Vec<Refused>) -> Result<(), AppError> {
        for Refused { reason, amount } in refused {
            let (rows, sum) = self.refused.entry(reason).or_default();
            *rows += 1;
            *sum = sum.checked_add(amount.unwrap_or(Eur::ZERO)).map_err(domain::FoldError::from)?;
        }
        Ok(())
    }

    fn count_waiting(&mut self, fee: bool) {
        self.waiting_for_rate += 1;
        self.waiting_fees += u64::from(fee);
    }

    /// Adds the rows that an earlier pass found unusable, and why.
    pub(super) fn add_rejected(&mut self, check: Pass) {
        let rejected = check.bad_rows.len() as u64;
        self.counts.rejected += rejected;
        self.counts.rows += rejected;
        self.rows_untold += check.rows_untold;
        self.rows.extend(check.rows);
        self.rows.sort_by_key(|row| row.row);
        self.errors.splice(0..0, check.errors);
        for (rule, errors) in check.rules {
            *self.rules.entry(rule).or_default() += errors;
        }
    }
}

/// The reject file, begun with the first row it gets.
pub(super) struct Rejects {
    path: PathBuf,
    file: Option<RejectFile>,
}

impl Rejects {
    pub(super) fn at(path: PathBuf) -> Self {
        Self { path, file: None }
    }

    fn push(&mut self, layout: &Layout, fields: &[String], errors: &[RowError]) -> Result<(), AppError> {
        let failed = |error: interchange::RejectError| AppError::Usage(error.to_string());
        let file = match &mut self.file {
            Some(file) => file,
            None => self.file.insert(RejectFile::create(&self.path, layout).map_err(failed)?),
        };
        file.push(fields, errors).map_err(failed)
    }

    /// Makes the file durable; answers with its path if it got a row.
    pub(super) fn finish(self) -> Result<Option<PathBuf>, AppError> {
        let Some(file) = self.file else { return Ok(None) };
        file.finish().map_err(|error| AppError::Usage(format!("{error}; nothing was applied")))?;
        Ok(Some(self.path))
    }
}

/// Counts the bytes read, for progress.
struct Counting<R> {
    inner: R,
    read: Arc<AtomicU64>,
}

impl<R: Read> Read for Counting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.read.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }
}

impl<R: Seek> Seek for Counting<R> {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.inner.seek(to)
    }
}
