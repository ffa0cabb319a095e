//! What makes a whole file unreadable.

use std::fmt;
use std::io;

use super::echo::escaped;
use crate::camt::StatementProblem;
use crate::pain::StatusProblem;
use crate::rates::RATE_FILE_BYTES_MAX;
use crate::record::{MAX_COLUMNS, MAX_RECORD_BYTES, MAX_ROWS};
use crate::workbook::WorkbookProblem;

/// A file that cannot be read as a table of the kind asked for. Nothing after the problem has been looked at.
#[derive(Debug, thiserror::Error)]
#[error("{}: {problem} (rule {})", escaped(.file), .problem.rule())]
pub struct FileError {
    /// The name of the file, as the caller gave it.
    pub file: String,
    /// What is wrong with it.
    pub problem: FileProblem,
}

impl FileError {
    /// The stable id of the rule that was broken.
    pub fn rule(&self) -> &'static str {
        self.problem.rule()
    }
}

/// What is wrong with a file as a whole. Rows are numbered as a spreadsheet does, offsets count bytes from 0.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileProblem {
    /// The file has no header: it is empty or blank.
    #[error("The file is empty. It must begin with a header row.")]
    Empty,
    /// The file begins with a UTF-16 byte order mark.
    #[error("The file is UTF-16. Save it as CSV UTF-8.")]
    Utf16,
    /// The file is a ZIP archive, as Excel workbooks are, where a text is needed.
    #[error("The file is an Excel workbook or another ZIP archive. Save it as CSV UTF-8.")]
    Zip,
    /// An Excel workbook that cannot be read.
    #[error(transparent)]
    Workbook(#[from] WorkbookProblem),
    /// Bytes that are not UTF-8; most often an older Windows encoding.
    #[error("Byte {offset} of the file, in row {row}, is not UTF-8. Save it as CSV UTF-8.")]
    NotUtf8 {
        /// The row that holds the byte.
        row: u64,
        /// Where in the file it stands.
        offset: u64,
    },
    /// A NUL byte: no text file, or UTF-16 without its mark.
    #[error("Byte {offset} of the file, in row {row}, is NUL. This is no text file; save it as CSV UTF-8.")]
    Nul {
        /// The row that holds the byte.
        row: u64,
        /// Where in the file it stands.
        offset: u64,
    },
    /// Columns are missing, unknown or doubled.
    #[error("Row {row} {header}.")]
    Header {
        /// The row of the header; 1 unless blank lines stand before it.
        row: u64,
        /// The columns at fault.
        header: WrongHeader,
    },
    /// A quote that nothing closes before the end of the file.
    #[error("The quote in {0} is never closed. Close it, or double a quote that is part of the text.")]
    UnclosedQuote(QuotePlace),
    /// Text between a closing quote and the next delimiter: a quote is unclosed or not doubled.
    #[error(
        "The cell in {0} goes on after its closing quote. Close it, or double a quote that is part of the text."
    )]
    TextAfterQuote(QuotePlace),
    /// A row of more than [`MAX_RECORD_BYTES`].
    #[error("Row {row} is longer than {MAX_RECORD_BYTES} bytes{}.", open_quote_hint(.open_quote))]
    RowTooLong {
        /// The row.
        row: u64,
        /// The cell whose quote is still open there, the likely cause.
        open_quote: Option<QuotePlace>,
    },
    /// A row of more than [`MAX_COLUMNS`] cells.
    #[error("Row {row} has more than {MAX_COLUMNS} columns.")]
    TooManyColumns {
        /// The row.
        row: u64,
    },
    /// More than [`MAX_ROWS`] rows below the header.
    #[error("The file has more than {MAX_ROWS} rows. Split it.")]
    TooManyRows,
    /// A file of rates of more than [`RATE_FILE_BYTES_MAX`].
    #[error("The file is larger than {RATE_FILE_BYTES_MAX} bytes, which no file of exchange rates is.")]
    TooLarge,
    /// A file that is none of the four of rates.
    #[error(
        "This is no file of exchange rates: neither InforEuro (JSON) nor European Central Bank (CSV or XML). Check which file it is."
    )]
    NoRates,
    /// A file of rates that has none.
    #[error("The file holds no rates. Get it anew; of a month that is still to come nothing is published.")]
    WithoutRates,
    /// The table of a month does not say of which.
    #[error(
        "The InforEuro table does not say of which month it is. Name it with --month YYYY-MM, or call the file inforeuro-YYYY-MM.json."
    )]
    NoMonth,
    /// JSON that is cut off or broken.
    #[error("Line {line}, column {column} is no JSON. Get the file anew.")]
    Json {
        /// The line, from 1.
        line: usize,
        /// The character in it.
        column: usize,
    },
    /// XML that is broken, or has what no such file has.
    #[error("Byte {offset} of the file: {what}. Get the file anew.")]
    Xml {
        /// Where in the file.
        offset: u64,
        /// What is wrong there.
        what: &'static str,
    },
    /// A file of bank statements that cannot be read.
    #[error(transparent)]
    Statement(#[from] StatementProblem),
    /// A payment status report that cannot be read.
    #[error(transparent)]
    Status(#[from] StatusProblem),
    /// The file cannot be read.
    #[error("Row {row} cannot be read: {source}.")]
    Io {
        /// The row that was being read.
        row: u64,
        /// What the operating system says.
        source: io::Error,
    },
}

impl FileProblem {
    /// The stable id of the rule that was broken.
    pub fn rule(&self) -> &'static str {
        match self {
            Self::Empty => "file.empty",
            Self::Utf16 => "file.utf-16",
            Self::Zip => "file.workbook",
            Self::Workbook(problem) => problem.rule(),
            Self::NotUtf8 { .. } => "file.not-utf-8",
            Self::Nul { .. } => "file.nul",
            Self::Header { .. } => "file.header",
            Self::UnclosedQuote(_) => "file.unclosed-quote",
            Self::TextAfterQuote(_) => "file.text-after-quote",
            Self::RowTooLong { .. } => "file.row-too-long",
            Self::TooManyColumns { .. } => "file.too-many-columns",
            Self::TooManyRows => "file.too-many-rows",
            Self::TooLarge => "file.too-large",
            Self::NoRates => "rates.unknown-file",
            Self::WithoutRates => "rates.none",
            Self::NoMonth => "rates.month",
            Self::Json { .. } => "file.json",
            Self::Xml { .. } => "file.xml",
            Self::Statement(problem) => problem.rule(),
            Self::Status(problem) => problem.rule(),
            Self::Io { .. } => "file.io",
        }
    }

    pub(crate) fn in_file(self, file: &str) -> FileError {
        FileError { file: file.to_owned(), problem: self }
    }
}

/// Where a quoted cell begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuotePlace {
    /// The row as a spreadsheet numbers it.
    pub row: u64,
    /// The line as a text editor numbers it, which differs once a quoted cell holds a line break.
    pub line: u64,
    /// The column, from 1.
    pub column: usize,
}

impl fmt::Display for QuotePlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "row {} (line {}), column {}", self.row, self.line, self.column)
    }
}

fn open_quote_hint(quote: &Option<QuotePlace>) -> String {
    quote.map_or_else(String::new, |quote| {
        format!("; the quote that opens column {} is not closed", quote.column)
    })
}

/// The columns that make a header wrong. At least one list is not empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongHeader {
    /// The kind of file that was expected, such as `spend`.
    pub kind: &'static str,
    /// Columns that are not there.
    pub missing: Vec<&'static str>,
    /// Columns that the kind does not have, escaped and cut, the first few of them. Empty if no column is known:
    /// then the row is no header, and may identify a person.
    pub unknown: Vec<String>,
    /// Columns that stand there more than once.
    pub doubled: Vec<&'static str>,
}

impl fmt::Display for WrongHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "is not the header of a {} file", self.kind)?;
        if !self.missing.is_empty() {
            write!(f, "; missing: {}", self.missing.join(", "))?;
        }
        if !self.unknown.is_empty() {
            write!(f, "; unknown: \"{}\"", self.unknown.join("\", \""))?;
        }
        if !self.doubled.is_empty() {
            write!(f, "; more than once: {}", self.doubled.join(", "))?;
        }
        Ok(())
    }
}
