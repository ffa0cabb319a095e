//! Finds where cells and rows end, one byte at a time.
//!
//! The `csv` crate is not used for reading: it takes an unclosed quote at the end of a file and text after a
//! closing quote for cell content, hides blank lines (so that row numbers drift from those a spreadsheet
//! shows) and buffers a row without limit. Everything accepted here is read the same by that crate, which
//! the tests use as the second opinion.

use crate::record::{MAX_COLUMNS, MAX_RECORD_BYTES};

/// Where one cell lies in the bytes of its row, quotes included.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cell {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) quoted: bool,
}

/// What makes a row unreadable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    Nul,
    TextAfterQuote,
    TooLong,
    TooManyColumns,
}

/// Whether the row goes on after a byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Within,
    EndOfRow,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    CellStart,
    Plain,
    Quoted,
    /// After a quote inside a quoted cell: the end of the cell, or the first half of a doubled quote.
    QuoteClosed,
}

/// The row being read.
#[derive(Debug)]
pub(crate) struct Scanner {
    /// Unknown until the header has shown it.
    delimiter: Option<u8>,
    state: State,
    /// Where the current cell begins, and the line breaks in the row before it.
    start: usize,
    breaks_before: u64,
    raw: Vec<u8>,
    cells: Vec<Cell>,
    breaks: u64,
}

impl Scanner {
    pub(crate) fn new() -> Self {
        Self {
            delimiter: None,
            state: State::CellStart,
            start: 0,
            breaks_before: 0,
            raw: Vec::new(),
            cells: Vec::new(),
            breaks: 0,
        }
    }

    /// Takes one byte. Line ends (LF, CRLF, CR) end the row unless they are quoted, and are not kept.
    pub(crate) fn push(&mut self, byte: u8) -> Result<Step, Fault> {
        if byte == 0 {
            return Err(Fault::Nul);
        }
        let state = self.state;
        match state {
            State::Quoted if byte == b'"' => self.state = State::QuoteClosed,
            State::Quoted => self.count_break(byte),
            _ if matches!(byte, b'\n' | b'\r') => {
                self.end_cell();
                return Ok(Step::EndOfRow);
            }
            _ if self.delimits(byte) => {
                if self.cells.len() + 2 > MAX_COLUMNS {
                    return Err(Fault::TooManyColumns);
                }
                self.end_cell();
                self.start = self.raw.len() + 1;
                self.breaks_before = self.breaks;
                self.state = State::CellStart;
            }
            State::CellStart | State::QuoteClosed if byte == b'"' => self.state = State::Quoted,
            State::QuoteClosed => return Err(Fault::TextAfterQuote),
            State::CellStart | State::Plain => self.state = State::Plain,
        }
        if self.raw.len() == MAX_RECORD_BYTES {
            return Err(Fault::TooLong);
        }
        self.raw.push(byte);
        Ok(Step::Within)
    }

    /// Takes all bytes up to the next one that may mean something, and says how many; for speed only.
    pub(crate) fn push_plain(&mut self, bytes: &[u8]) -> usize {
        if !matches!(self.state, State::Plain | State::Quoted) {
            return 0;
        }
        let most = bytes.len().min(MAX_RECORD_BYTES - self.raw.len());
        let mut length = 0;
        while length < most && !matches!(bytes[length], 0 | b'"' | b'\n' | b'\r' | b',' | b';') {
            length += 1;
        }
        self.raw.extend_from_slice(&bytes[..length]);
        length
    }

    /// Ends the last row of a file that has no line end there; `EndOfRow` if there was such a row.
    pub(crate) fn finish(&mut self) -> Step {
        if self.raw.is_empty() {
            return Step::Within;
        }
        self.end_cell();
        Step::EndOfRow
    }

    /// Makes room for the next row.
    pub(crate) fn clear(&mut self) {
        self.raw.clear();
        self.cells.clear();
        self.start = 0;
        self.breaks_before = 0;
        self.breaks = 0;
        self.state = State::CellStart;
    }

    /// Whether a quote is open.
    pub(crate) fn in_quotes(&self) -> bool {
        self.state == State::Quoted
    }

    /// Column of the cell being read, from 1.
    pub(crate) fn column(&self) -> usize {
        self.cells.len() + 1
    }

    /// Line breaks in the row before the cell being read.
    pub(crate) fn breaks_before_cell(&self) -> u64 {
        self.breaks_before
    }

    /// Line breaks in the row so far. Only quoted ones can be inside.
    pub(crate) fn breaks(&self) -> u64 {
        self.breaks
    }

    /// The bytes of the row, without its line end.
    pub(crate) fn raw(&self) -> &[u8] {
        &self.raw
    }

    pub(crate) fn cells(&self) -> &[Cell] {
        &self.cells
    }

    /// The delimiter the header has shown; a header of one column leaves the comma.
    pub(crate) fn delimiter(&self) -> u8 {
        self.delimiter.unwrap_or(b',')
    }

    fn delimits(&mut self, byte: u8) -> bool {
        match self.delimiter {
            Some(delimiter) => byte == delimiter,
            // No column name holds either character, so the first one met is the delimiter.
            None if matches!(byte, b',' | b';') => {
                self.delimiter = Some(byte);
                true
            }
            None => false,
        }
    }

    /// LF, CRLF and CR each are one line break.
    fn count_break(&mut self, byte: u8) {
        if byte == b'\r' || (byte == b'\n' && self.raw.last() != Some(&b'\r')) {
            self.breaks += 1;
        }
    }

    fn end_cell(&mut self) {
        self.cells.push(Cell {
            start: self.start,
            end: self.raw.len(),
            quoted: self.state == State::QuoteClosed,
        });
    }
}
