//! The rows that were refused, in a file that can be corrected and imported again.

use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::dialect::BYTE_ORDER_MARK;
use crate::{Layout, RowError};

/// Most characters of a reason; a row with more errors than that is not corrected from one cell.
const REASON_CHARACTERS_MAX: usize = 2000;

/// Writes refused rows with the header, delimiter and byte order mark of their file, plus a column that says
/// why. That column is ignored when the corrected file is imported.
///
/// Cells are written exactly as they stood, also those that a spreadsheet may take for a formula: an
/// apostrophe in front would change the data on its way back in. The file is input to be corrected, not an
/// export. It appears under its name only once complete, replaces nothing, and on Unix only its owner
/// may read it; dropped before [`RejectFile::finish`] it leaves nothing behind.
pub struct RejectFile {
    path: PathBuf,
    width: usize,
    writer: csv::Writer<BufWriter<NamedTempFile>>,
    rows: u64,
}

/// A reject file that cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum RejectError {
    /// Something else has its name: perhaps an older one, in which somebody corrects rows.
    #[error(
        "{} is there already and is not overwritten: somebody may be correcting rows in it. Move it away, or name another file with --rejects",
        .path.display()
    )]
    Taken {
        /// Where it was to be.
        path: PathBuf,
    },
    /// The disk is full or fails.
    #[error("the reject file {} cannot be written: {source}", .path.display())]
    Io {
        /// Where it was to be.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
}

impl RejectFile {
    /// Begins a reject file for rows of the file that has this layout.
    ///
    /// # Errors
    /// [`RejectError`] if the folder is not there or may not be written.
    pub fn create(path: &Path, layout: &Layout) -> Result<Self, RejectError> {
        begin(path, layout)
            .map(|writer| Self { path: path.to_owned(), width: layout.columns().len(), writer, rows: 0 })
            .map_err(|source| RejectError::Io { path: path.to_owned(), source })
    }

    /// Writes one refused row: the fields of its [`Record`](crate::Record) and what is wrong with it.
    ///
    /// # Errors
    /// [`RejectError`] if the disk is full or fails.
    pub fn push(&mut self, fields: &[String], errors: &[RowError]) -> Result<(), RejectError> {
        self.rows += 1;
        let misfit = errors.iter().any(|error| error.rule == RowError::WRONG_WIDTH);
        self.write(fields, misfit, &reason(errors)).map_err(|error| self.error(error.into()))
    }

    /// Makes the file durable and moves it to its place. Returns how many rows it has. One that stands there already with
    /// the very same content, because the same rows were refused before, stays as it is.
    ///
    /// # Errors
    /// [`RejectError`] if the disk is full or fails, or the name is taken by anything else.
    pub fn finish(self) -> Result<u64, RejectError> {
        let Self { path, writer, rows, .. } = self;
        match complete(writer, &path) {
            Ok(true) => Ok(rows),
            Ok(false) => Err(RejectError::Taken { path }),
            Err(source) => Err(RejectError::Io { path, source }),
        }
    }

    fn write(&mut self, fields: &[String], misfit: bool, reason: &str) -> csv::Result<()> {
        for field in fields {
            self.writer.write_field(field)?;
        }
        // A row that had too few or too many cells must not come to fit by the reason cell: its cells would
        // be read under the wrong columns.
        if misfit && fields.len() == self.width {
            self.writer.write_field("")?;
        }
        self.writer.write_field(reason)?;
        self.writer.write_record(None::<&[u8]>)
    }

    fn error(&self, source: io::Error) -> RejectError {
        RejectError::Io { path: self.path.clone(), source }
    }
}

impl fmt::Debug for RejectFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RejectFile")
            .field("path", &self.path)
            .field("rows", &self.rows)
            .finish_non_exhaustive()
    }
}

fn begin(path: &Path, layout: &Layout) -> io::Result<csv::Writer<BufWriter<NamedTempFile>>> {
    // In the same folder, or the move to the final name would not be atomic. Created with mode 0600.
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = BufWriter::new(NamedTempFile::new_in(folder)?);
    if layout.dialect().byte_order_mark {
        file.write_all(BYTE_ORDER_MARK)?;
    }
    let mut writer = csv::WriterBuilder::new()
        .delimiter(layout.dialect().delimiter)
        .terminator(csv::Terminator::CRLF)
        // Rows with a wrong number of cells are kept as they are.
        .flexible(true)
        .from_writer(file);
    writer.write_record(layout.columns().iter().chain([&layout.reject_column()]))?;
    Ok(writer)
}

/// Answers whether the file stands in its place.
fn complete(writer: csv::Writer<BufWriter<NamedTempFile>>, path: &Path) -> io::Result<bool> {
    let buffer = writer.into_inner().map_err(|error| error.into_error())?;
    let file = buffer.into_inner().map_err(|error| error.into_error())?;
    file.as_file().sync_all()?;
    match file.persist_noclobber(path) {
        Ok(_) => Ok(true),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {
            have_same(error.file.path(), path)
        }
        Err(error) => Err(error.error),
    }
}

/// Whether two files have the same content; what is no file that can be read has another.
fn have_same(one: &Path, other: &Path) -> io::Result<bool> {
    let mut ours = BufReader::new(File::open(one)?);
    let Ok(theirs) = File::open(other) else { return Ok(false) };
    let mut theirs = BufReader::new(theirs);
    loop {
        let (our, Ok(their)) = (ours.fill_buf()?, theirs.fill_buf()) else { return Ok(false) };
        let length = our.len().min(their.len());
        if our[..length] != their[..length] || (length == 0 && our.len() != their.len()) {
            return Ok(false);
        }
        if length == 0 {
            return Ok(true);
        }
        ours.consume(length);
        theirs.consume(length);
    }
}

fn reason(errors: &[RowError]) -> String {
    let all: Vec<String> = errors.iter().map(|error| error.reason().to_string()).collect();
    all.join("; ").chars().take(REASON_CHARACTERS_MAX).collect()
}
