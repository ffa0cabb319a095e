//! Importing files: cases, grants, spend, reversals, exchange rates, statements of the bank.
//!
//! A file is read twice. The first pass checks every row against the ledger and the rows before it and finds every
//! error. Only a file without errors, or `--partial`, gets the second pass, which writes. So one bad row means that
//! nothing of the file is applied. A dry run decides every row exactly as the second pass would, and writes nothing.
//! Rows are written in batches; each row names itself, so an import that was cut short is simply repeated and goes on
//! where it stopped.

mod alikes;
mod bookings;
mod cases;
mod chunk;
mod entries;
mod fees;
mod folder;
mod grants;
mod pass;
mod preview;
mod rates;
mod record;
mod report;
mod reversals;
mod row_report;
mod rows;
mod shares;
mod spend;
mod statement_file;
mod statements;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use domain::ledger::ImportCounts;
use event_log::hex;
use interchange::{Row, RowError};
use money::{Eur, Locale};
use sha2::{Digest, Sha256};

use crate::error::AppError;
use crate::ledger::Ledger;
use crate::session::{Purpose, Session};

use pass::{Orders, Rejects};
pub(crate) use preview::Preview;
pub(crate) use record::IMPORT;

pub use cases::Cases;
pub use folder::ReceiptFolder;
pub use grants::Grants;
pub use rates::{MonthFrom, RatesFileReport, RatesReport, RatesRequest};
pub use record::{EarlierImport, ImportedFile};
pub use report::{ImportReport, Receipts};
pub use reversals::Reversals;
pub use row_report::{PersonReport, ROWS_TOLD_MAX, RowReport};
pub(crate) use rows::{named, part_digest, reversal_parts};
pub use spend::Spend;
pub use statement_file::CsvStatement;
pub(crate) use statement_file::Hashing;
pub(crate) use statements::masked;
pub use statements::{Only, StatementOutcome, StatementsReport, StatementsRequest};

/// Errors listed; the others are counted.
pub const ERRORS_LISTED_MAX: usize = 1_000;

/// A dry run decides rows about so many people, and only checks those after them: what it decides is written nowhere, so all of
/// it is held. A report of ten thousand rows is decided whole.
pub const TRIED_MAX: usize = ROWS_TOLD_MAX;

/// Why something that was written is not done yet.
const SECOND_PERSON: &str = "waits for a second person";

/// One kind of import file.
pub trait Importer: Sync {
    /// Its rows.
    type Row: Row + Send + Sync;

    /// Whether errors can only be found by deciding: when a row builds on what an earlier row of the file changed.
    const CHECKS_BY_DECIDING: bool = false;

    /// Whether whoever acts for a partner may import it.
    const BY_PARTNERS: bool = false;

    /// Loads into the session what these rows need.
    fn load(
        &self,
        session: &mut Session<'_>,
        rows: &[&Self::Row],
    ) -> impl Future<Output = Result<(), AppError>> + Send;

    /// Decides one row against the session and puts its command into the batch, under the tag given.
    fn apply(&self, session: &mut Session<'_>, at: At, row: &Self::Row) -> Result<RowOutcome, AppError>;

    /// How many people a row is about.
    fn people(_row: &Self::Row) -> usize {
        1
    }

    /// Whether it decides what it reports: before anything is read, whoever acts for a partner is told that they do not.
    fn decides(&self) -> bool {
        false
    }

    /// Whether there is something to do even where all rows are known.
    fn brings_more(&self) -> bool {
        false
    }

    /// Does what is to be done once the rows are written, or only says what it would be.
    fn finish(
        &self,
        _ledger: &Ledger,
        _writes: bool,
    ) -> impl Future<Output = Result<Receipts, AppError>> + Send {
        async { Ok(Receipts::default()) }
    }
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
    /// Written, or would be, and accepted in part; with what was disallowed of the rest.
    Cut(Vec<Refused>),
    /// Written, and left for somebody to decide: why.
    Undecided(&'static str),
    /// Written as a proposal: it is done once another person imports the same file. How much, in euro.
    Proposed(Option<Eur>),
    /// A command was refused and changed nothing: the same row may pass later. Empty where the very same refusal stands in
    /// the log already.
    Waiting(Vec<Refused>),
    /// Written, or would be; it waits for an exchange rate.
    WithoutRate {
        /// A fee of a partner, not spend on a person.
        fee: bool,
    },
    /// Known already, and still waiting for an exchange rate.
    StillWithoutRate {
        /// A fee of a partner, not spend on a person.
        fee: bool,
    },
    /// Known already.
    Recognised,
    /// Usable, in a dry run of so many rows that it was not decided.
    Checked,
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
    /// Tell what becomes of each row of spend, and what is left for whom.
    pub tell_rows: bool,
}

/// Told how far an import has come.
pub trait ImportProgress: Sync {
    /// Bytes read so far in a pass over the file (`writing` tells which), and the file's length.
    fn at(&self, writing: bool, bytes: u64, length: u64);
}

impl Ledger {
    /// Imports a file.
    pub async fn import<I: Importer>(
        &self,
        importer: &I,
        request: &ImportRequest,
        progress: &dyn ImportProgress,
    ) -> Result<ImportReport, AppError> {
        // A dry run says what would come of it.
        if !I::BY_PARTNERS || (importer.decides() && !request.dry_run) {
            self.may_decide().await?;
        }
        let kind = <I::Row as Row>::KIND;
        let name = file_name(&request.path, kind);
        // Before anything is read: the rejects of a file in its own place would be all that is left of it.
        if request.partial && is_same_file(&request.path, &reject_path(request)) {
            let message = format!(
                "the rows left out of {name} would be written over {name} itself: name another file with --rejects; nothing was applied"
            );
            return Err(AppError::Usage(message));
        }
        let sha256 = file_digest(&request.path, &name)?;
        let import_key = self.digest(IMPORT, &[kind, &hex::encode(&sha256)]);
        let mut report = ImportReport {
            kind,
            file: name.clone(),
            sha256: hex::encode(&sha256),
            dialect: None,
            counts: ImportCounts::default(),
            waiting_for_rate: 0,
            waiting_fees: 0,
            outside_period: 0,
            rows_outside: Vec::new(),
            only_checked: 0,
            partners: BTreeSet::new(),
            receipts: Receipts::default(),
            refused: BTreeMap::new(),
            errors: Vec::new(),
            errors_total: 0,
            imported_before: self.imported_before(import_key).await?,
            reject_file: None,
            written: false,
            rows: Vec::new(),
            rows_untold: 0,
            people: Vec::new(),
        };
        if report.imported_before.is_some() {
            if !importer.brings_more() {
                return Ok(report);
            }
            report.imported_before = None;
        }

        let purpose = if request.dry_run || I::CHECKS_BY_DECIDING { Purpose::DryRun } else { Purpose::Check };
        let mut rejects = (request.partial && !request.dry_run).then(|| Rejects::at(reject_path(request)));
        let none = HashSet::new();
        let orders = Orders {
            request,
            name: &name,
            sha256,
            purpose,
            skip: &none,
            rejects: rejects.as_mut(),
            progress,
        };
        let mut check = self.pass(importer, orders).await?;
        if request.dry_run || (check.errors_total() > 0 && !request.partial) {
            let preview = check.preview.take();
            report.take(check);
            self.tell_rows(&mut report, preview).await?;
            report.receipts = importer.finish(self, false).await?;
            return Ok(report);
        }

        if file_digest(&request.path, &name)? != sha256 {
            let message = format!("{name} was changed while it was being imported; nothing was applied");
            return Err(AppError::Usage(message));
        }
        // The rows left out are safe in their file before the others are written.
        report.reject_file = rejects.map(Rejects::finish).transpose()?.flatten();
        let purpose = Purpose::Write;
        let orders =
            Orders { request, name: &name, sha256, purpose, skip: &check.bad_rows, rejects: None, progress };
        let mut done = self.pass(importer, orders).await?;
        done.add_rejected(check);
        // Before the record of the import: if this is cut short, the same import again goes on.
        report.receipts = importer.finish(self, true).await?;
        // A file with rows that may pass later can be imported again.
        let complete = done.errors_total() == 0 && !done.waiting;
        let ImportCounts { applied, cut, proposed, refused, .. } = done.counts;
        if complete || applied + cut + proposed + refused > 0 {
            let key = complete.then_some(import_key);
            let warnings = done.warnings(&report.receipts);
            self.record_import(kind, sha256, &name, done.counts, &warnings, key).await?;
            report.written = true;
        }
        report.written |= report.receipts.attached > 0;
        if report.written {
            self.checkpoint_what_is_written().await;
        }
        let preview = done.preview.take();
        report.take(done);
        self.tell_rows(&mut report, preview).await?;
        // An import of rates may have been cut short: what it left waiting is converted, of whatever file.
        if report.waiting_for_rate > 0 {
            self.convert_waiting().await?;
            let claims = self.claims_waiting_for_rate().await?.len() as u64;
            let fees = self.fees_waiting_for_rate().await?.len() as u64;
            let of_file = report.waiting_for_rate - report.waiting_fees;
            report.waiting_fees = report.waiting_fees.min(fees);
            report.waiting_for_rate = of_file.min(claims) + report.waiting_fees;
        }
        Ok(report)
    }
}

/// The name of a file without its folder.
pub(crate) fn file_name(path: &Path, kind: &str) -> String {
    path.file_name().map_or_else(|| kind.to_owned(), |name| name.to_string_lossy().into_owned())
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

/// Whether two names lead to one file, by links too.
fn is_same_file(one: &Path, other: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let place = |path| std::fs::metadata(path).map(|file| (file.dev(), file.ino()));
        if let (Ok(one), Ok(other)) = (place(one), place(other)) {
            return one == other;
        }
    }
    matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}

/// `spend.csv` → `spend.rejected.csv`, beside it.
fn reject_path(request: &ImportRequest) -> PathBuf {
    request.rejects.clone().unwrap_or_else(|| request.path.with_extension("rejected.csv"))
}
