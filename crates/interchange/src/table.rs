//! A file as a stream of typed rows.

use std::io::Read;
use std::iter::FusedIterator;
use std::marker::PhantomData;

use money::Locale;

use crate::record::{RawRecord, Records};
use crate::{Dialect, Fields, FileError, FileProblem, Layout, RowError};

/// One kind of import file.
pub trait Row: Sized {
    /// What the kind is called, such as `spend`.
    const KIND: &'static str;
    /// The columns, in the order in which the format lists them.
    const COLUMNS: &'static [&'static str];
    /// The column that a reject file of this kind adds. Another name only where `reason` is taken.
    const REJECT_COLUMN: &'static str = "reason";

    /// Reads one row. Whatever is wrong is noted in `fields`, all of it, not only the first; `None` if that
    /// leaves no row to return. A row with something noted counts as refused even if one is returned.
    fn read(fields: &mut Fields<'_>) -> Option<Self>;
}

/// A CSV file, read row by row. Iteration ends after the first [`FileError`].
#[derive(Debug)]
pub struct Table<R, Rd> {
    file: String,
    records: Records<Rd>,
    layout: Layout,
    locale: Locale,
    ended: bool,
    rows: PhantomData<fn() -> R>,
}

/// One row: its cells as they stand in the file, and what they mean or why they mean nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record<R> {
    /// The row as a spreadsheet numbers it: the header is row 1, blank rows count.
    pub row: u64,
    /// The cells in the order of the file, for the reject file; the reject column is left out.
    pub fields: Vec<String>,
    /// The typed row, or everything that is wrong with it.
    pub parsed: Result<R, Vec<RowError>>,
}

impl<R: Row, Rd: Read> Table<R, Rd> {
    /// Reads the header: finds the delimiter and checks the columns. `file` is the name used in errors;
    /// amounts are read as `locale` writes them.
    ///
    /// # Errors
    /// [`FileError`] if the file is no UTF-8 text, or its header is not that of the kind.
    pub fn open(file: &str, reader: Rd, locale: Locale) -> Result<Self, FileError> {
        let (records, layout) = open::<R, Rd>(reader).map_err(|problem| problem.in_file(file))?;
        Ok(Self { file: file.to_owned(), records, layout, locale, ended: false, rows: PhantomData })
    }

    /// How the file is written.
    pub fn dialect(&self) -> Dialect {
        self.layout.dialect()
    }

    /// The columns of the file in their order; what a reject file needs.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The name of the file, as given.
    pub fn file(&self) -> &str {
        &self.file
    }
}

impl<R: Row, Rd: Read> Iterator for Table<R, Rd> {
    type Item = Result<Record<R>, FileError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.ended {
            match self.records.next() {
                Ok(Some(raw)) => {
                    if let Some(record) = read(&raw, &self.layout, self.locale) {
                        return Some(Ok(record));
                    }
                }
                Ok(None) => self.ended = true,
                Err(problem) => {
                    self.ended = true;
                    return Some(Err(problem.in_file(&self.file)));
                }
            }
        }
        None
    }
}

impl<R: Row, Rd: Read> FusedIterator for Table<R, Rd> {}

fn open<R: Row, Rd: Read>(reader: Rd) -> Result<(Records<Rd>, Layout), FileProblem> {
    let mut records = Records::open(reader)?;
    let (row, header) = match records.next()? {
        Some(raw) => (raw.row, raw.fields()),
        None => return Err(FileProblem::Empty),
    };
    let layout = Layout::of::<R>(row, &header, records.dialect())?;
    Ok((records, layout))
}

/// `None` for a row of empty cells: spreadsheets write them below the table, and they report nothing.
fn read<R: Row>(raw: &RawRecord<'_>, layout: &Layout, locale: Locale) -> Option<Record<R>> {
    let row = raw.row;
    let mut fields = raw.fields();
    if fields.iter().all(String::is_empty) {
        return None;
    }
    if fields.len() != layout.width() {
        let message = format!("The row has {} cells, the header has {}.", fields.len(), layout.width());
        let parsed = Err(vec![RowError::new(row, RowError::WRONG_WIDTH, message)]);
        return Some(Record { row, fields, parsed });
    }
    layout.drop_reject_cell(&mut fields);
    let parsed = Fields::read(row, &fields, layout.columns(), locale);
    Some(Record { row, fields, parsed })
}
