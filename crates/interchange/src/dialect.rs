//! How a file is written, found out from its first bytes and its header.

use std::io::{self, Read};

use crate::{FileProblem, workbook};

/// How a CSV file is written: what a reject file repeats so that the same program opens both alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dialect {
    /// `,` or `;`: whichever of the two stands first in the header.
    pub delimiter: u8,
    /// Whether the file begins with the UTF-8 byte order mark.
    pub byte_order_mark: bool,
}

impl Dialect {
    /// That of a reject file for rows of a workbook: what a spreadsheet program opens as UTF-8.
    pub(crate) const OF_WORKBOOKS: Self = Self { delimiter: b',', byte_order_mark: true };
}

/// The UTF-8 byte order mark, which Excel writes and needs in order to read UTF-8.
pub(crate) const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Longest of the signatures below.
const SIGNATURE_BYTES_MAX: u64 = 4;

/// The first bytes of a file, after they were looked at.
pub(crate) struct Opening {
    /// Bytes that were read and belong to the text.
    pub(crate) text: Vec<u8>,
    pub(crate) byte_order_mark: bool,
}

/// Reads the first bytes: takes the byte order mark off, refuses what is recognisably no UTF-8 text.
pub(crate) fn open(reader: &mut impl Read) -> Result<Opening, FileProblem> {
    let mut text = Vec::new();
    read_start(reader, &mut text).map_err(|source| FileProblem::Io { row: 1, source })?;
    if text.starts_with(b"\xFF\xFE") || text.starts_with(b"\xFE\xFF") {
        return Err(FileProblem::Utf16);
    }
    if text.starts_with(workbook::SIGNATURE) {
        return Err(FileProblem::Zip);
    }
    let byte_order_mark = text.starts_with(BYTE_ORDER_MARK);
    if byte_order_mark {
        text.drain(..BYTE_ORDER_MARK.len());
    }
    Ok(Opening { text, byte_order_mark })
}

/// A reader may hand out one byte at a time; `read_to_end` asks until it has all or the file ends.
fn read_start(reader: &mut impl Read, text: &mut Vec<u8>) -> io::Result<usize> {
    reader.by_ref().take(SIGNATURE_BYTES_MAX).read_to_end(text)
}
