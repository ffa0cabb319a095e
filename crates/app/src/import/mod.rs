//! Importing files: cases, grants, spend, reversals.
//!
//! A file is read twice. The first pass is a dry run over the whole file: it decides every row exactly as the
//! second one will and finds every error. Only a file without errors, or `--partial`, gets the second pass, which
//! writes. So one bad row means that nothing of the file is applied, and a dry run cannot promise anything else
//! than what happens. Rows are written in batches; each row names itself, so a run that was cut short is simply
//! repeated and goes on where it stopped.

mod cases;
mod grants;
mod reversals;
mod spend;

use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use domain::ids::FileDigest;
use domain::ledger::{FileImported, ImportCounts};
use domain::{CaseId, CaseReference, Event, TextId};
use event_log::{AppendOutcome, SealedText, UniqueKey, hex};
use interchange::{Dialect, Layout, Record, RejectFile, Row, RowError, Table};
use money::{Amount, Currency, Eur, Locale};
use serde::Serialize;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::error::AppError;
use crate::ledger::{ATTEMPTS_MAX, LEDGER_SUBJECT, Ledger};
use crate::session::{CASE_REFERENCE, EXTERNAL_REF, Owner, Session};
use crate::texts::FileText;

pub use cases::Cases;
pub use grants::Grants;
pub use reversals::Reversals;
pub use spend::Spend;

/// Rows decided and written together.
const CHUNK_ROWS: usize = 1_000;
/// Cases held in memory before they are forgotten and loaded again when needed.
const HELD_CASES_MAX: usize = 20_000;
/// Errors listed; the others are counted.
pub const ERRORS_LISTED_MAX: usize = 1_000;
/// Kind of unique fact: a file that was imported completely.
const IMPORT: &str = "import";

/// One kind of import file.
pub trait Importer: Sync {
    /// Its rows.
    type Row: Row + Send + Sync;

    /// Loads into the session what these rows need.
    fn load(
        &self,
        session: &mut Session<'_>,
        rows: &[&Self::Row],
    ) -> impl Future<Output = Result<(), AppError>> + Send;

    /// Decides one row against the session and puts its command into the batch, under the tag given.
    fn apply(&self, session: &mut Session<'_>, at: At, row: &Self::Row) -> Result<RowOutcome, AppError>;
}

/// Where a row stands.
#[derive(Debug, Clone, Copy)]
pub struct At {
    /// Its row in the file; the header is row 1.
    pub row: u64,
    /// Its tag in the batch.
    pub tag: usize,
}

impl At {
    /// An error in a column, with the value that stands there.
    fn error(
        self,
        column: &'static str,
        value: Option<&str>,
        rule: &'static str,
        message: impl Into<String>,
    ) -> RowError {
        let error = RowError::new(self.row, rule, message).in_column(column);
        match value {
            Some(value) => error.with_value(value),
            None => error,
        }
    }
}

/// What became of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowOutcome {
    /// Written, or would be; with what a business rule refused, if it did.
    Applied(Vec<Refused>),
    /// Known already.
    Recognised,
    /// Not usable: nothing of the file is applied, or the row goes to the reject file.
    Errors(Vec<RowError>),
}

/// A business rule's refusal: the row is kept, with its reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Reason code.
    pub reason: String,
    /// Amount that was refused, where there is one.
    pub amount: Option<Eur>,
}

/// How a file is to be imported.
#[derive(Debug, Clone)]
pub struct ImportRequest {
    /// The file.
    pub path: PathBuf,
    /// How amounts are written in it.
    pub locale: Locale,
    /// Decide everything, write nothing.
    pub dry_run: bool,
    /// Apply the good rows and put the others into a reject file.
    pub partial: bool,
    /// Where the reject file goes; beside the file by default.
    pub rejects: Option<PathBuf>,
}

/// What an import came to.
#[derive(Debug, Clone)]
pub struct ImportReport {
    /// cases, grants, spend or reversals.
    pub kind: &'static str,
    /// The file's name, without its folder.
    pub file: String,
    /// SHA-256 of the file.
    pub sha256: String,
    /// Delimiter and byte order mark found.
    pub dialect: Option<Dialect>,
    /// What became of the rows.
    pub counts: ImportCounts,
    /// Reasons of business refusals: rows, and euro where there is an amount.
    pub refused: BTreeMap<String, (u64, Eur)>,
    /// The first errors, by row.
    pub errors: Vec<RowError>,
    /// All errors.
    pub errors_total: u64,
    /// Where this very file was imported before: nothing was done now.
    pub imported_before: Option<Earlier>,
    /// The rows left out, for correction.
    pub reject_file: Option<PathBuf>,
    /// Whether anything was written.
    pub written: bool,
}

/// An earlier import of the same file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Earlier {
    /// Position of its record.
    pub position: u64,
    /// When, UTC microseconds.
    pub recorded_at: i64,
    /// By whom.
    pub actor: String,
}

/// Told how far an import has come.
pub trait ImportProgress: Sync {
    /// Bytes read so far in a pass over the file (`writing` tells which), and the file's length.
    fn at(&self, writing: bool, bytes: u64, length: u64);
}

/// What a pass is for.
enum Mode<'a> {
    /// Find every error; put the rows that have one into the reject file, if there is to be one.
    Check(Option<&'a mut Rejects>),
    /// Write.
    Write,
}

/// The reject file, begun with the first row it gets.
struct Rejects {
    path: PathBuf,
    file: Option<RejectFile>,
}

impl Rejects {
    fn at(path: PathBuf) -> Self {
        Self { path, file: None }
    }

    fn push(&mut self, layout: &Layout, fields: &[String], errors: &[RowError]) -> Result<(), AppError> {
        let file = match &mut self.file {
            Some(file) => file,
            None => self
                .file
                .insert(RejectFile::create(&self.path, layout).map_err(|e| AppError::Usage(e.to_string()))?),
        };
        file.push(fields, errors).map_err(|e| AppError::Usage(e.to_string()))
    }

    fn finish(self) -> Result<Option<PathBuf>, AppError> {
        let Some(file) = self.file else { return Ok(None) };
        file.finish().map_err(|e| AppError::Usage(e.to_string()))?;
        Ok(Some(self.path))
    }
}

/// One pass over a file.
#[derive(Default)]
struct Pass {
    dialect: Option<Dialect>,
    counts: ImportCounts,
    refused: BTreeMap<String, (u64, Eur)>,
    errors: Vec<RowError>,
    errors_total: u64,
    bad_rows: HashSet<u64>,
    warnings: BTreeMap<&'static str, u64>,
}

impl Ledger {
    /// Imports a file.
    pub async fn import<I: Importer>(
        &self,
        importer: &I,
        request: &ImportRequest,
        progress: &dyn ImportProgress,
    ) -> Result<ImportReport, AppError> {
        let kind = <I::Row as Row>::KIND;
        let name =
            request.path.file_name().map_or_else(|| kind.to_owned(), |n| n.to_string_lossy().into_owned());
        let sha256 = file_digest(&request.path, &name)?;
        let import_key = self.digest(IMPORT, &[kind, &hex::encode(&sha256)]);
        let mut report = ImportReport {
            kind,
            file: name.clone(),
            sha256: hex::encode(&sha256),
            dialect: None,
            counts: ImportCounts::default(),
            refused: BTreeMap::new(),
            errors: Vec::new(),
            errors_total: 0,
            imported_before: self.imported_before(import_key).await?,
            reject_file: None,
            written: false,
        };
        if report.imported_before.is_some() {
            return Ok(report);
        }

        let writes = !request.dry_run;
        let mut rejects = (writes && request.partial).then(|| Rejects::at(reject_path(request)));
        let none = HashSet::new();
        let check =
            self.pass(importer, request, &name, Mode::Check(rejects.as_mut()), &none, progress).await?;
        if !writes || (check.errors_total > 0 && !request.partial) {
            report.take(check);
            return Ok(report);
        }

        if file_digest(&request.path, &name)? != sha256 {
            return Err(AppError::Usage(format!(
                "{name} was changed while it was being imported; nothing was applied"
            )));
        }
        // The rows left out are safe in their file before the others are written.
        report.reject_file = rejects.map(Rejects::finish).transpose()?.flatten();
        let mut done = self.pass(importer, request, &name, Mode::Write, &check.bad_rows, progress).await?;
        let ImportCounts { applied, refused, .. } = done.counts;
        let complete = check.errors_total == 0 && done.errors_total == 0;
        if complete || applied + refused > 0 {
            for error in check.errors.iter().chain(&done.errors) {
                *done.warnings.entry(error.rule).or_default() += 1;
            }
            self.record_import(kind, sha256, &name, &done, complete.then_some(import_key)).await?;
            report.written = true;
        }
        // The rows left out were found by the first pass, with their errors.
        done.counts.rejected += check.bad_rows.len() as u64;
        done.counts.rows += check.bad_rows.len() as u64;
        done.errors.splice(0..0, check.errors);
        done.errors_total += check.errors_total;
        report.take(done);
        Ok(report)
    }

    async fn pass<I: Importer>(
        &self,
        importer: &I,
        request: &ImportRequest,
        name: &str,
        mut mode: Mode<'_>,
        skip: &HashSet<u64>,
        progress: &dyn ImportProgress,
    ) -> Result<Pass, AppError> {
        let file = File::open(&request.path).map_err(AppError::io(name))?;
        let length = file.metadata().map_err(AppError::io(name))?.len();
        let read = Arc::new(AtomicU64::new(0));
        let reader = Counting { inner: BufReader::new(file), read: read.clone() };
        let mut table = Table::<I::Row, _>::open(name, reader, request.locale)?;
        let mut pass = Pass { dialect: Some(table.dialect()), ..Pass::default() };
        let writing = matches!(mode, Mode::Write);
        let mut session = Session::new(self, !writing);
        let mut records: Vec<Record<I::Row>> = Vec::with_capacity(CHUNK_ROWS);
        loop {
            let record = table.next().transpose()?;
            let ended = record.is_none();
            records.extend(record.filter(|record| !skip.contains(&record.row)));
            if records.len() == CHUNK_ROWS || ended {
                let outcomes = self.chunk(importer, &mut session, &records).await?;
                for (record, outcome) in records.drain(..).zip(outcomes) {
                    if let (RowOutcome::Errors(errors), Mode::Check(Some(rejects))) = (&outcome, &mut mode) {
                        rejects.push(table.layout(), &record.fields, errors)?;
                    }
                    pass.count(outcome)?;
                }
                progress.at(writing, read.load(Ordering::Relaxed), length);
                // A dry run has nowhere to load its own decisions from, so it keeps them.
                if writing && session.held() > HELD_CASES_MAX {
                    session.forget();
                }
            }
            if ended {
                return Ok(pass);
            }
        }
    }

    /// Decides and writes some rows; those that met another writer's change are decided again.
    async fn chunk<I: Importer>(
        &self,
        importer: &I,
        session: &mut Session<'_>,
        records: &[Record<I::Row>],
    ) -> Result<Vec<RowOutcome>, AppError> {
        let unread = |record: &Record<I::Row>| {
            RowOutcome::Errors(record.parsed.as_ref().err().cloned().unwrap_or_default())
        };
        let mut outcomes: Vec<RowOutcome> = records.iter().map(unread).collect();
        let mut open: Vec<(usize, u64, &I::Row)> = Vec::with_capacity(records.len());
        for (tag, record) in records.iter().enumerate() {
            open.extend(record.parsed.as_ref().ok().map(|row| (tag, record.row, row)));
        }
        for _ in 0..ATTEMPTS_MAX {
            let wanted: Vec<&I::Row> = open.iter().map(|(.., row)| *row).collect();
            importer.load(session, &wanted).await?;
            for (tag, row, typed) in open.drain(..) {
                outcomes[tag] = importer.apply(session, At { row, tag }, typed)?;
            }
            for (tag, outcome) in session.flush().await? {
                match outcome {
                    AppendOutcome::Appended { .. } => {}
                    AppendOutcome::AlreadyDone { .. } => outcomes[tag] = RowOutcome::Recognised,
                    AppendOutcome::Conflict(_) => {
                        open.extend(
                            records[tag].parsed.as_ref().ok().map(|row| (tag, records[tag].row, row)),
                        );
                    }
                }
            }
            if open.is_empty() {
                return Ok(outcomes);
            }
        }
        Err(AppError::Store(event_log::StoreError::Busy))
    }

    async fn imported_before(&self, key: event_log::Hash) -> Result<Option<Earlier>, AppError> {
        let Some(owner) = self.store.find_keys(IMPORT, &[key]).await?.into_iter().flatten().next() else {
            return Ok(None);
        };
        let recorded = self.store.read_log(owner.position.saturating_sub(1), 1).await?.pop();
        Ok(recorded.map(|event| Earlier {
            position: event.position,
            recorded_at: event.recorded_at,
            actor: event.actor,
        }))
    }

    async fn record_import(
        &self,
        kind: &str,
        sha256: [u8; 32],
        name: &str,
        pass: &Pass,
        key: Option<event_log::Hash>,
    ) -> Result<(), AppError> {
        let bytes = event_log::canonical::to_bytes(&FileText { name: name.to_owned() })?;
        let sealed = self.own_key().await?.seal(LEDGER_SUBJECT.0, &bytes, &mut self.environment.entropy())?;
        let imported = FileImported {
            kind: kind.to_owned(),
            sha256: FileDigest(sha256),
            details: TextId(sealed.id),
            counts: pass.counts,
            warnings: pass.warnings.iter().map(|(rule, rows)| format!("{rule}: {rows}")).collect(),
        };
        let text = SealedText { id: sealed.id, subject_id: LEDGER_SUBJECT.0, bytes: sealed.bytes };
        let keys =
            key.map(|digest| UniqueKey { scope: IMPORT, digest, entity: Uuid::nil() }).into_iter().collect();
        self.append_own(imported.into(), keys, vec![text], Vec::new()).await?;
        Ok(())
    }

    /// All imports, in order.
    pub async fn imports(&self) -> Result<Vec<ImportedFile>, AppError> {
        let mut files = Vec::new();
        for recorded in self.own_events().await? {
            if let Event::Ledger(domain::ledger::LedgerEvent::FileImported(event)) = recorded.event {
                files.push((recorded.position, recorded.recorded_at, recorded.actor, event));
            }
        }
        let wanted: Vec<_> = files.iter().map(|(.., event)| (LEDGER_SUBJECT, event.details)).collect();
        let names = self.reveal::<FileText>(&wanted).await?;
        Ok(files
            .into_iter()
            .zip(names)
            .map(|((position, recorded_at, actor, event), name)| ImportedFile {
                position,
                recorded_at: crate::query::utc(recorded_at),
                actor,
                kind: event.kind,
                file: name.map_or_else(|| crate::texts::ERASED.to_owned(), |n| n.name),
                sha256: crate::ledger::digest_text(&event.sha256.0),
                counts: event.counts,
            })
            .collect())
    }
}

/// A file that was imported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ImportedFile {
    /// Position of its record.
    pub position: u64,
    /// When (UTC).
    pub recorded_at: String,
    /// By whom.
    pub actor: String,
    /// What it held.
    pub kind: String,
    /// Its name.
    pub file: String,
    /// Its SHA-256.
    pub sha256: String,
    /// What became of its rows.
    #[serde(flatten)]
    pub counts: ImportCounts,
}

impl Pass {
    fn count(&mut self, outcome: RowOutcome) -> Result<(), AppError> {
        match outcome {
            RowOutcome::Applied(refused) if refused.is_empty() => self.counts.applied += 1,
            RowOutcome::Applied(refused) => {
                self.counts.refused += 1;
                for Refused { reason, amount } in refused {
                    let (rows, sum) = self.refused.entry(reason).or_default();
                    *rows += 1;
                    *sum = sum.checked_add(amount.unwrap_or(Eur::ZERO)).map_err(domain::FoldError::from)?;
                }
            }
            RowOutcome::Recognised => self.counts.recognised += 1,
            RowOutcome::Errors(errors) => {
                self.reject(errors);
                return Ok(());
            }
        }
        self.counts.rows += 1;
        Ok(())
    }

    fn reject(&mut self, errors: Vec<RowError>) {
        self.counts.rows += 1;
        self.counts.rejected += 1;
        self.errors_total += errors.len() as u64;
        if let Some(first) = errors.first() {
            self.bad_rows.insert(first.row);
        }
        let room = ERRORS_LISTED_MAX.saturating_sub(self.errors.len());
        self.errors.extend(errors.into_iter().take(room));
    }
}

impl ImportReport {
    fn take(&mut self, mut pass: Pass) {
        pass.errors.sort_by_key(|error| error.row);
        self.dialect = pass.dialect;
        self.counts = pass.counts;
        self.refused = pass.refused;
        self.errors = pass.errors;
        self.errors_total = pass.errors_total;
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

fn file_digest(path: &Path, name: &str) -> Result<[u8; 32], AppError> {
    let mut file = File::open(path).map_err(AppError::io(format!("{name} cannot be opened")))?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match file.read(&mut buffer).map_err(AppError::io(format!("{name} cannot be read")))? {
            0 => return Ok(hash.finalize().into()),
            n => hash.update(&buffer[..n]),
        }
    }
}

/// `spend.csv` → `spend.rejected.csv`, beside it.
fn reject_path(request: &ImportRequest) -> PathBuf {
    request.rejects.clone().unwrap_or_else(|| request.path.with_extension("rejected.csv"))
}

/// Loads the cases that rows name, and those that own the unique facts given.
async fn load_cases<'r>(
    session: &mut Session<'_>,
    names: impl Iterator<Item = &'r str>,
    scope: &'static str,
    facts: &[event_log::Hash],
) -> Result<(), AppError> {
    let ledger = session.ledger();
    let (mut external, mut own) = (Vec::new(), Vec::new());
    for name in names {
        external.push(ledger.digest(EXTERNAL_REF, &[name]));
        if let Ok(reference) = name.parse::<CaseReference>() {
            own.push(ledger.digest(CASE_REFERENCE, &[reference.as_str()]));
        }
    }
    session.load_keys(EXTERNAL_REF, &external).await?;
    session.load_keys(CASE_REFERENCE, &own).await?;
    let named = [(EXTERNAL_REF, external.as_slice()), (CASE_REFERENCE, own.as_slice()), (scope, facts)];
    let cases: Vec<CaseId> = named
        .iter()
        .flat_map(|(scope, digests)| digests.iter().filter_map(|digest| session.owner(scope, *digest)))
        .filter_map(Owner::case)
        .collect();
    session.load_cases(cases).await
}

/// The case a row names: by the authority's key, or by the case's own reference.
fn case_of(session: &Session<'_>, name: &str) -> Option<CaseId> {
    let ledger = session.ledger();
    let external = session.owner(EXTERNAL_REF, ledger.digest(EXTERNAL_REF, &[name]));
    let owner = external.or_else(|| {
        let reference = name.parse::<CaseReference>().ok()?;
        session.owner(CASE_REFERENCE, ledger.digest(CASE_REFERENCE, &[reference.as_str()]))
    });
    owner.and_then(Owner::case)
}

fn unknown_case(at: At) -> RowError {
    at.error(
        "case_ref",
        None,
        "case.unknown",
        "no case has this reference: import its case first, or correct the reference",
    )
}

/// The amount in euro, as long as only euro can be booked.
fn in_euro(at: At, amount: &Amount) -> Result<Eur, RowError> {
    let currency = amount.currency();
    if currency != Currency::EUR {
        let message = "only amounts in EUR can be booked for now: give the amount in EUR";
        return Err(at.error("currency", Some(currency.code()), "currency.not-eur", message));
    }
    amount.to_eur_exact().ok_or_else(|| {
        at.error(
            "amount",
            Some(&amount.to_string()),
            "amount.too-large",
            "the amount is larger than the ledger can hold",
        )
    })
}
