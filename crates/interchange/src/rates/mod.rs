//! Files of exchange rates: InforEuro (the European Commission) as JSON, the European Central Bank as CSV or XML.
//!
//! Every form gives units of a currency for one euro. Numbers are read from their text, digit by digit; none of them
//! is ever a binary float. A file is read into memory, so its size is limited.

mod ecb_csv;
mod ecb_xml;
mod gathered;
mod inforeuro;

use std::collections::BTreeMap;
use std::io::Read;
use std::str;

use domain::rates::{Month, RateSource};
use jiff::civil::Date;
use money::{Currency, Rate};

use crate::dialect;
use crate::{FileError, FileProblem, RowError};
use gathered::Gathered;

/// Largest file of rates, in bytes: twice the ECB's whole history as XML.
pub const RATE_FILE_BYTES_MAX: u64 = 16 << 20;
/// Errors kept; the others are counted.
const ERRORS_KEPT_MAX: usize = 1_000;

/// Which of the forms a file has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RateForm {
    /// InforEuro's table of one month, one entry for each country (JSON).
    InforEuroMonth,
    /// InforEuro's rates of one currency over many months (JSON).
    InforEuroHistory,
    /// The ECB's reference rates, one row for each day (CSV).
    EcbCsv,
    /// The ECB's reference rates (XML).
    EcbXml,
}

impl RateForm {
    /// Whose rates it holds.
    pub fn source(self) -> RateSource {
        match self {
            Self::InforEuroMonth | Self::InforEuroHistory => RateSource::InforEuro,
            Self::EcbCsv | Self::EcbXml => RateSource::Ecb,
        }
    }
}

/// What a file of rates says.
#[derive(Debug, Clone, PartialEq)]
pub struct RateFile {
    /// Which form it has.
    pub form: RateForm,
    /// The rates by day; those of a month under its first day. The euro itself is left out.
    pub tables: BTreeMap<Date, BTreeMap<Currency, Rate>>,
    /// Codes that ISO 4217 does not have or nobody pays in, and how often they stood in the file: nothing can be reported
    /// in them, so they are passed over.
    pub passed_over: BTreeMap<String, u64>,
    /// What is wrong, the first errors of it. The row is that of a table, or the number of the entry, from 1.
    pub errors: Vec<RowError>,
    /// All errors.
    pub errors_total: u64,
}

/// Reads a file of rates, whichever form it has. `month` is that of an InforEuro table, which does not say it itself.
///
/// # Errors
/// [`FileError`] if the file is none of the forms, or broken, or too large. What is wrong with single rates stands in
/// [`RateFile::errors`].
pub fn read_rates(file: &str, reader: impl Read, month: Option<Month>) -> Result<RateFile, FileError> {
    read(reader, month).map_err(|problem| problem.in_file(file))
}

/// The month in a name such as `inforeuro-2024-06.json`.
pub fn month_in_name(file: &str) -> Option<Month> {
    let file = file.to_ascii_lowercase();
    file.strip_prefix("inforeuro-")?.strip_suffix(".json")?.parse().ok()
}

fn read(mut reader: impl Read, month: Option<Month>) -> Result<RateFile, FileProblem> {
    let mut bytes = dialect::open(&mut reader)?.text;
    let io = |source| FileProblem::Io { row: 1, source };
    // One byte more tells a file that is too large from one that just fits.
    reader.take(RATE_FILE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(io)?;
    if bytes.len() as u64 > RATE_FILE_BYTES_MAX {
        return Err(FileProblem::TooLarge);
    }
    let text = str::from_utf8(&bytes)
        .map_err(|error| FileProblem::NotUtf8 { row: 1, offset: error.valid_up_to() as u64 })?;
    let mut gathered = Gathered::default();
    let form = match text.trim_start().as_bytes() {
        [] => return Err(FileProblem::Empty),
        [b'[', ..] => inforeuro::read(text, month, &mut gathered)?,
        [b'<', ..] => ecb_xml::read(text, &mut gathered)?,
        start if start.starts_with(b"Date") => ecb_csv::read(text, &mut gathered)?,
        _ => return Err(FileProblem::NoRates),
    };
    Ok(gathered.into_file(form))
}
