//! A file as a stream of typed rows.

use std::io::{Read, Seek, SeekFrom};
use std::iter::FusedIterator;
use std::marker::PhantomData;

use jiff::civil::Date;
use money::Locale;

use crate::record::Records;
use crate::template::Template;
use crate::workbook::{self, CellFault, Sheet, SheetRow, WorkbookProblem};
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

    /// The day that must lie in the period of a template, for the kinds that have templates.
    fn day(&self) -> Option<Date> {
        None
    }
}

/// A CSV file or a workbook, read row by row. Iteration ends after the first [`FileError`].
#[derive(Debug)]
pub struct Table<R, Rd: Read> {
    file: String,
    source: Source<Rd>,
    layout: Layout,
    locale: Locale,
    template: Option<Template>,
    ended: bool,
    rows: PhantomData<fn() -> R>,
}

/// Where rows come from.
#[derive(Debug)]
enum Source<Rd: Read> {
    Text(Box<Records<Rd>>),
    Sheet(Box<Sheet<Rd>>),
}

impl<Rd: Read> Source<Rd> {
    fn next(&mut self) -> Result<Option<SheetRow>, FileProblem> {
        match self {
            Self::Text(records) => {
                let raw = records.next()?;
                Ok(raw.map(|raw| SheetRow { row: raw.row, cells: raw.fields(), faults: Vec::new() }))
            }
            Self::Sheet(sheet) => sheet.next(),
        }
    }

    fn dialect(&self) -> Dialect {
        match self {
            Self::Text(records) => records.dialect(),
            Self::Sheet(_) => Dialect::OF_WORKBOOKS,
        }
    }
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
    /// Its day lies outside of the period of the template it stands in.
    pub outside_period: bool,
}

impl<R: Row, Rd: Read> Table<R, Rd> {
    /// Reads the header of a CSV file: finds the delimiter and checks the columns. `file` is the name used in errors;
    /// amounts are read as `locale` writes them.
    ///
    /// # Errors
    /// [`FileError`] if the file is no UTF-8 text, or its header is not that of the kind.
    pub fn open(file: &str, reader: Rd, locale: Locale) -> Result<Self, FileError> {
        let source = Records::open(reader).map(|records| Source::Text(Box::new(records)));
        source
            .and_then(|source| Self::begin(file, source, None, locale))
            .map_err(|problem| problem.in_file(file))
    }

    /// The same of a file that may also be an Excel workbook, which shows in its first bytes.
    ///
    /// # Errors
    /// [`FileError`] as [`Table::open`], and if a workbook cannot be read or is a template of an unknown version.
    pub fn open_file(file: &str, mut reader: Rd, locale: Locale) -> Result<Self, FileError>
    where
        Rd: Seek,
    {
        match begins_like_a_workbook(&mut reader) {
            Ok(false) => Self::open(file, reader, locale),
            Ok(true) => workbook::open(reader, R::KIND, locale)
                .and_then(|(sheet, template)| {
                    Self::begin(file, Source::Sheet(Box::new(sheet)), template, locale)
                })
                .map_err(|problem| problem.in_file(file)),
            Err(source) => Err(FileProblem::Io { row: 1, source }.in_file(file)),
        }
    }

    fn begin(
        file: &str,
        mut source: Source<Rd>,
        template: Option<Template>,
        locale: Locale,
    ) -> Result<Self, FileProblem> {
        let header = source.next()?.ok_or(FileProblem::Empty)?;
        if let Some(fault) = header.faults.first() {
            return Err(WorkbookProblem::Header(*fault).into());
        }
        let layout = Layout::of::<R>(header.row, &header.cells, source.dialect())?;
        let file = file.to_owned();
        Ok(Self { file, source, layout, locale, template, ended: false, rows: PhantomData })
    }

    /// How the file is written.
    pub fn dialect(&self) -> Dialect {
        self.layout.dialect()
    }

    /// The columns of the file in their order; what a reject file needs.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The template that the file is, if it is one.
    pub fn template(&self) -> Option<&Template> {
        self.template.as_ref()
    }

    /// The name of the file, as given.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// `None` for a row of empty cells: spreadsheets write them below the table, and they report nothing.
    fn read(&self, raw: SheetRow) -> Option<Record<R>> {
        let SheetRow { row, cells: mut fields, faults } = raw;
        if faults.is_empty() && fields.iter().all(String::is_empty) {
            return None;
        }
        let width = self.layout.width();
        // A sheet has no cells where nothing stands.
        if matches!(self.source, Source::Sheet(_)) && fields.len() < width {
            fields.resize(width, String::new());
        }
        if fields.len() != width {
            let message = format!("The row has {} cells, the header has {width}.", fields.len());
            let parsed = Err(vec![RowError::new(row, RowError::WRONG_WIDTH, message)]);
            return Some(Record { row, fields, parsed, outside_period: false });
        }
        self.layout.drop_reject_cell(&mut fields);
        let parsed = match self.unreadable(row, &faults) {
            errors if errors.is_empty() => {
                Fields::read::<R>(row, &fields, self.layout.columns(), self.locale, self.template.as_ref())
            }
            errors => Err(errors),
        };
        let day = parsed.as_ref().ok().and_then(R::day);
        let period = self.template.as_ref().map(|template| template.period);
        let outside_period = period.zip(day).is_some_and(|(period, day)| !period.contains(day));
        Some(Record { row, fields, parsed, outside_period })
    }

    fn unreadable(&self, row: u64, faults: &[CellFault]) -> Vec<RowError> {
        let errors = faults.iter().map(|fault| {
            let error = RowError::new(row, fault.what.rule(), fault.to_string());
            match self.layout.column_at(fault.cell.column) {
                Some(column) => error.in_column(column),
                None => error,
            }
        });
        errors.collect()
    }
}

impl<R: Row, Rd: Read> Iterator for Table<R, Rd> {
    type Item = Result<Record<R>, FileError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.ended {
            match self.source.next() {
                Ok(Some(raw)) => {
                    if let Some(record) = self.read(raw) {
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

/// Looks at the first bytes and goes back to them.
fn begins_like_a_workbook(reader: &mut (impl Read + Seek)) -> std::io::Result<bool> {
    let mut start = Vec::new();
    reader.by_ref().take(workbook::SIGNATURE.len() as u64).read_to_end(&mut start)?;
    reader.seek(SeekFrom::Start(0))?;
    Ok(start == workbook::SIGNATURE)
}
