//! The rows of a file as cells of text, before anything is known about their columns.

use std::io::{BufRead, BufReader, Chain, Cursor, ErrorKind, Read};
use std::str;

use crate::dialect::{self, Dialect};
use crate::error::{FileProblem, QuotePlace};
use crate::scanner::{Cell, Fault, Scanner, Step};

/// Most bytes one row may have; the longest valid row stays well below.
pub const MAX_RECORD_BYTES: usize = 64 * 1024;
/// Most cells one row may have.
pub const MAX_COLUMNS: usize = 64;
/// Most rows below the header, blank ones included.
pub const MAX_ROWS: u64 = 1_000_000;

/// The input with the first bytes, which were read ahead, put back.
type Input<Rd> = BufReader<Chain<Cursor<Vec<u8>>, Rd>>;

/// Reads row after row; holds one row at a time.
#[derive(Debug)]
pub(crate) struct Records<Rd> {
    input: Input<Rd>,
    scanner: Scanner,
    byte_order_mark: bool,
    /// Bytes taken from the file so far.
    offset: u64,
    /// Where the row being read begins: number in a spreadsheet, line in an editor (they differ after a
    /// quoted line break), byte in the file.
    row: u64,
    line: u64,
    row_offset: u64,
    /// A CR ended the last row: an LF that follows belongs to the same line end.
    after_cr: bool,
}

/// One row that is not blank.
#[derive(Debug)]
pub(crate) struct RawRecord<'a> {
    /// The number a spreadsheet shows for it.
    pub(crate) row: u64,
    text: &'a str,
    cells: &'a [Cell],
}

impl<Rd: Read> Records<Rd> {
    pub(crate) fn open(mut reader: Rd) -> Result<Self, FileProblem> {
        let opening = dialect::open(&mut reader)?;
        let offset = if opening.byte_order_mark { dialect::BYTE_ORDER_MARK.len() as u64 } else { 0 };
        Ok(Self {
            input: BufReader::new(Cursor::new(opening.text).chain(reader)),
            scanner: Scanner::new(),
            byte_order_mark: opening.byte_order_mark,
            offset,
            row: 0,
            line: 1,
            row_offset: offset,
            after_cr: false,
        })
    }

    /// How the file is written; right once the header has been read.
    pub(crate) fn dialect(&self) -> Dialect {
        Dialect { delimiter: self.scanner.delimiter(), byte_order_mark: self.byte_order_mark }
    }

    /// The next row with anything in it, or `None` at the end. A blank line counts as a row but is passed over.
    pub(crate) fn next(&mut self) -> Result<Option<RawRecord<'_>>, FileProblem> {
        loop {
            self.start_row();
            if !self.read_row()? {
                return Ok(None);
            }
            // The header is one row more. Checked before blank lines are passed over: even they must end.
            if self.row > MAX_ROWS + 1 {
                return Err(FileProblem::TooManyRows);
            }
            if !self.scanner.raw().is_empty() {
                break;
            }
        }
        match str::from_utf8(self.scanner.raw()) {
            Ok(text) => Ok(Some(RawRecord { row: self.row, text, cells: self.scanner.cells() })),
            Err(error) => Err(FileProblem::NotUtf8 {
                row: self.row,
                offset: self.row_offset + error.valid_up_to() as u64,
            }),
        }
    }

    fn start_row(&mut self) {
        if self.row > 0 {
            self.line += 1 + self.scanner.breaks();
        }
        self.row += 1;
        self.row_offset = self.offset;
        self.scanner.clear();
    }

    /// Reads up to the end of the row; false if there is none left.
    fn read_row(&mut self) -> Result<bool, FileProblem> {
        loop {
            let buffer = match self.input.fill_buf() {
                Ok(buffer) => buffer,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(source) => return Err(FileProblem::Io { row: self.row, source }),
            };
            if buffer.is_empty() {
                return match self.quote_place() {
                    Some(quote) => Err(FileProblem::UnclosedQuote(quote)),
                    None => Ok(self.scanner.finish() == Step::EndOfRow),
                };
            }
            let mut used = 0;
            let mut outcome = Ok(Step::Within);
            while used < buffer.len() && outcome == Ok(Step::Within) {
                let byte = buffer[used];
                used += 1;
                if std::mem::take(&mut self.after_cr) && byte == b'\n' {
                    self.row_offset += 1;
                    continue;
                }
                outcome = self.scanner.push(byte);
                self.after_cr = byte == b'\r' && outcome == Ok(Step::EndOfRow);
                if outcome == Ok(Step::Within) {
                    used += self.scanner.push_plain(&buffer[used..]);
                }
            }
            self.input.consume(used);
            self.offset += used as u64;
            match outcome {
                Ok(Step::Within) => {}
                Ok(Step::EndOfRow) => return Ok(true),
                Err(fault) => return Err(self.problem(fault)),
            }
        }
    }

    fn problem(&self, fault: Fault) -> FileProblem {
        let row = self.row;
        match fault {
            // The byte at fault is the last one taken.
            Fault::Nul => FileProblem::Nul { row, offset: self.offset - 1 },
            Fault::TextAfterQuote => FileProblem::TextAfterQuote(self.cell_place()),
            Fault::TooLong => FileProblem::RowTooLong { row, open_quote: self.quote_place() },
            Fault::TooManyColumns => FileProblem::TooManyColumns { row },
        }
    }

    fn quote_place(&self) -> Option<QuotePlace> {
        self.scanner.in_quotes().then(|| self.cell_place())
    }

    fn cell_place(&self) -> QuotePlace {
        QuotePlace {
            row: self.row,
            line: self.line + self.scanner.breaks_before_cell(),
            column: self.scanner.column(),
        }
    }
}

impl RawRecord<'_> {
    /// The content of the cells: without the quotes around them, doubled quotes halved.
    pub(crate) fn fields(&self) -> Vec<String> {
        self.cells.iter().map(|cell| self.field(cell)).collect()
    }

    fn field(&self, cell: &Cell) -> String {
        // The ends lie at ASCII characters, so the range always is one; a default instead of a panic.
        let text = self.text.get(cell.start..cell.end).unwrap_or_default();
        match text.strip_prefix('"').and_then(|inner| inner.strip_suffix('"')) {
            Some(inner) if cell.quoted => inner.replace("\"\"", "\""),
            _ => text.to_owned(),
        }
    }
}
