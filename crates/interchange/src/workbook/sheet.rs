//! The rows of one sheet, read one at a time.

use std::io::Read;

use money::Locale;

use super::fault::{CellFault, SheetCell, Unreadable, WorkbookProblem};
use super::number;
use super::strings::{Strings, Text};
use super::styles::Styles;
use super::xml::{Element, Node, Place, Xml};
use crate::error::FileProblem;
use crate::record::{MAX_COLUMNS, MAX_RECORD_BYTES, MAX_ROWS};

/// Rows and columns of the largest sheet there can be: XFD1048576 is its last cell.
const SHEET_ROWS: u64 = 1 << 20;
const SHEET_COLUMNS: usize = 1 << 14;

/// What cells mean beyond what stands in them.
#[derive(Debug, Default)]
pub(crate) struct Meanings {
    pub(crate) strings: Strings,
    pub(crate) styles: Styles,
    /// Days are counted from 1904.
    pub(crate) from_1904: bool,
}

/// A sheet being read.
#[derive(Debug)]
pub(crate) struct Sheet<Rd: Read> {
    xml: Xml<Rd>,
    meanings: Meanings,
    decimal_comma: bool,
    row: u64,
}

/// One row with anything in it.
#[derive(Debug, Default)]
pub(crate) struct SheetRow {
    /// Its number, from 1.
    pub(crate) row: u64,
    /// Its cells up to the last with anything in it.
    pub(crate) cells: Vec<String>,
    /// Cells that have no text, by column.
    pub(crate) faults: Vec<CellFault>,
}

impl<Rd: Read> Sheet<Rd> {
    /// Numbers are written as `locale` has them, so that they are read like those of a CSV file.
    pub(crate) fn new(xml: Xml<Rd>, meanings: Meanings, locale: Locale) -> Self {
        Self { xml, meanings, decimal_comma: locale == Locale::Sv, row: 0 }
    }

    /// What the cells of other sheets mean too.
    pub(crate) fn into_meanings(self) -> Meanings {
        self.meanings
    }

    /// The next row with anything in it. Merged cells stand at the end of a sheet, so they are found there.
    pub(crate) fn next(&mut self) -> Result<Option<SheetRow>, FileProblem> {
        loop {
            match self.xml.next()? {
                Node::Open(element) if element.name() == "row" => {
                    let number = element.number("r")?.unwrap_or(self.row + 1);
                    if number <= self.row || number > SHEET_ROWS {
                        return Err(element.wrong("the rows are not in their order"));
                    }
                    self.row = number;
                    let row = self.read_row()?;
                    if row.cells.is_empty() && row.faults.is_empty() {
                        continue;
                    }
                    // The header is one row more.
                    return if number > MAX_ROWS + 1 { Err(FileProblem::TooManyRows) } else { Ok(Some(row)) };
                }
                Node::Open(element) if element.name() == "mergeCell" => {
                    let cells = element.attribute("ref")?.unwrap_or_default();
                    let cells = cells.chars().filter(|c| c.is_ascii_alphanumeric() || *c == ':').take(21);
                    return Err(WorkbookProblem::Merged(cells.collect()).into());
                }
                Node::End => return Ok(None),
                _ => {}
            }
        }
    }

    fn read_row(&mut self) -> Result<SheetRow, FileProblem> {
        let mut row = SheetRow { row: self.row, ..SheetRow::default() };
        let (mut column, mut length) = (0, 0);
        loop {
            let mut cell = match self.xml.next()? {
                Node::Open(element) if element.name() == "c" => {
                    let cell = Cell::begin(&element, self.row, column)?;
                    column = cell.column + 1;
                    cell
                }
                Node::Close(end) if end.local_name().into_inner() == "row" => return Ok(row),
                Node::End => return Err(self.xml.place().wrong("a row has no end")),
                _ => continue,
            };
            let place = self.xml.place();
            cell.read(&mut self.xml, self.row)?;
            let Some(text) = cell.text(&self.meanings, self.decimal_comma, place)? else { continue };
            if cell.column >= MAX_COLUMNS {
                return Err(FileProblem::TooManyColumns { row: self.row });
            }
            row.cells.resize(cell.column, String::new());
            match text {
                Ok(text) => {
                    length += text.len();
                    row.cells.push(text);
                }
                Err(what) => {
                    row.cells.push(String::new());
                    row.faults
                        .push(CellFault { cell: SheetCell { column: cell.column, row: self.row }, what });
                }
            }
            if length > MAX_RECORD_BYTES {
                return Err(FileProblem::RowTooLong { row: self.row, open_quote: None });
            }
        }
    }
}

/// One cell as it stands in the XML.
struct Cell {
    column: usize,
    kind: Option<String>,
    style: u64,
    formula: bool,
    value: Option<String>,
    inline: Text,
}

impl Cell {
    fn begin(element: &Element<'_>, row: u64, column_min: usize) -> Result<Self, FileProblem> {
        let column = match element.attribute("r")? {
            Some(place) => column_of(&place, row).ok_or_else(|| element.wrong("a cell is in another row"))?,
            None => column_min,
        };
        if column < column_min || column >= SHEET_COLUMNS {
            return Err(element.wrong("the cells are not in their order"));
        }
        Ok(Self {
            column,
            kind: element.attribute("t")?,
            style: element.number("s")?.unwrap_or_default(),
            formula: false,
            value: None,
            inline: Text::default(),
        })
    }

    /// Reads up to the end of the cell.
    fn read<Rd: Read>(&mut self, xml: &mut Xml<Rd>, row: u64) -> Result<(), FileProblem> {
        let mut in_value = false;
        loop {
            match xml.next()? {
                Node::Open(element) => match element.name() {
                    "f" => self.formula = true,
                    "v" => {
                        in_value = true;
                        self.value.get_or_insert_default();
                    }
                    name => self.inline.open(name),
                },
                Node::Text(text) if in_value => self.value.get_or_insert_default().push_str(&text),
                Node::Text(text) => self.inline.push(&text),
                Node::Close(end) => match end.local_name().into_inner() {
                    "c" => return Ok(()),
                    "v" => in_value = false,
                    name => self.inline.close(name),
                },
                Node::Nothing => {}
                Node::End => return Err(xml.place().wrong("a cell has no end")),
            }
            if self.value.as_ref().map_or(0, String::len) + self.inline.len() > MAX_RECORD_BYTES {
                return Err(FileProblem::RowTooLong { row, open_quote: None });
            }
        }
    }

    /// What stands in the cell; `None` for nothing.
    fn text(
        &mut self,
        meanings: &Meanings,
        decimal_comma: bool,
        place: Place,
    ) -> Result<Option<Result<String, Unreadable>>, FileProblem> {
        let inline = self.inline.take();
        let value = match (self.value.take(), self.kind.as_deref()) {
            (_, Some("inlineStr")) => inline,
            (Some(value), _) => value,
            (None, _) if self.formula => return Ok(Some(Err(Unreadable::Formula))),
            (None, _) => return Ok(None),
        };
        Ok(Some(match self.kind.as_deref() {
            // Some programs write an empty value where they have not computed it; that of an empty text says `str`.
            kind if self.formula && value.is_empty() && kind != Some("str") => Err(Unreadable::Formula),
            Some("s") => {
                let text = value.trim().parse().ok().and_then(|number| meanings.strings.get(number));
                Ok(text.ok_or_else(|| place.wrong("a cell has a text that is not there"))?.to_owned())
            }
            Some("b") => match value.trim() {
                "1" | "true" => Ok("yes".to_owned()),
                _ => Ok("no".to_owned()),
            },
            Some("e") => Err(Unreadable::Error),
            Some("str" | "d" | "inlineStr") => Ok(value),
            _ if value.is_empty() => return Ok(None),
            _ if meanings.styles.shows_a_day(self.style) => {
                number::day(&value, meanings.from_1904).map(|day| day.to_string())
            }
            _ => number::decimal(&value)
                .map(|number| if decimal_comma { number.replace('.', ",") } else { number }),
        })
        .filter(|text| !matches!(text, Ok(text) if text.is_empty())))
    }
}

/// The column, from 0, of a cell such as `C7`, if it is in this row.
fn column_of(place: &str, row: u64) -> Option<usize> {
    let digits = place.find(|c: char| c.is_ascii_digit())?;
    let (letters, number) = place.split_at(digits);
    if letters.is_empty() || letters.len() > 3 || number.parse() != Ok(row) {
        return None;
    }
    let digit = |letter: u8| letter.is_ascii_uppercase().then(|| usize::from(letter - b'A') + 1);
    letters.bytes().try_fold(0, |column, letter| Some(column * 26 + digit(letter)?)).map(|column| column - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_named_as_a_spreadsheet_names_them() {
        for (name, column, row) in
            [("A1", 0, 1), ("Z9", 25, 9), ("AA10", 26, 10), ("BL7", 63, 7), ("XFD1048576", 16_383, 1_048_576)]
        {
            assert_eq!(column_of(name, row), Some(column));
            assert_eq!(SheetCell { column, row }.to_string(), name);
        }
        for name in ["", "1", "A", "a1", "A2", "ABCD1", "A1A", "$A$1", "Å1", "A-1"] {
            assert_eq!(column_of(name, 1), None, "{name}");
        }
    }
}
