//! What is wrong with a workbook, or with one cell of it.

use std::fmt;

/// What makes a whole workbook unreadable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WorkbookProblem {
    /// A ZIP archive that holds something else.
    #[error(
        "The file is a ZIP archive, but no Excel workbook (.xlsx): {0}. Save it as .xlsx or as CSV UTF-8."
    )]
    NoWorkbook(&'static str),
    /// The archive is cut off, damaged, encrypted or contradicts itself.
    #[error("The workbook cannot be unpacked: {0}. Save it anew as .xlsx.")]
    Archive(&'static str),
    /// Larger than a file of this kind can be, or unpacked far larger than packed.
    #[error("The workbook is not read: {0}. Save it as CSV UTF-8, or split it.")]
    TooLarge(&'static str),
    /// A part that is no XML, or not what a workbook has there.
    #[error("The part {part} of the workbook is broken at byte {offset}: {what}. Save it anew as .xlsx.")]
    Part {
        /// Which part.
        part: &'static str,
        /// Where in it, unpacked.
        offset: u64,
        /// What is wrong there.
        what: &'static str,
    },
    /// Several sheets, and none of them has the name of the kind.
    #[error("The workbook has {visible} sheets, and none is called {kind}. Name the one to be imported so.")]
    WhichSheet {
        /// How many are visible.
        visible: usize,
        /// The kind of file that was expected, such as `spend`.
        kind: &'static str,
    },
    /// Cells that are merged: what stands in which column is then a guess.
    #[error("The cells {0} are merged. Unmerge them, and give each cell its value.")]
    Merged(String),
    /// A cell of the header whose text cannot be read.
    #[error("{0}")]
    Header(CellFault),
    /// A template of a version that this program does not know.
    #[error(
        "The workbook is a template of version {0}, which this program does not know. Ask for a new template."
    )]
    TemplateVersion(String),
    /// A template that does not say whose it is, and for when.
    #[error("The hidden sheet svala of the workbook is not as it was made: {0}. Ask for a new template.")]
    Template(&'static str),
}

impl WorkbookProblem {
    /// The stable id of the rule that was broken.
    pub fn rule(&self) -> &'static str {
        match self {
            Self::NoWorkbook(_) => "file.workbook",
            Self::Archive(_) => "workbook.archive",
            Self::TooLarge(_) => "workbook.too-large",
            Self::Part { .. } => "workbook.part",
            Self::WhichSheet { .. } => "workbook.which-sheet",
            Self::Merged(_) => "workbook.merged-cells",
            Self::Header(fault) => fault.what.rule(),
            Self::TemplateVersion(_) => "template.version",
            Self::Template(_) => "template.broken",
        }
    }
}

/// A cell by column and row, shown as a spreadsheet does: `C7`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SheetCell {
    /// Column, from 0.
    pub column: usize,
    /// Row, from 1.
    pub row: u64,
}

impl fmt::Display for SheetCell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", column_name(self.column), self.row)
    }
}

/// What a spreadsheet calls a column, from 0: `A` to `Z`, `AA` …
pub(crate) fn column_name(column: usize) -> String {
    let mut letters = Vec::new();
    let mut left = column + 1;
    while left > 0 {
        left -= 1;
        letters.push(char::from(b'A' + (left % 26) as u8));
        left /= 26;
    }
    letters.into_iter().rev().collect()
}

/// A cell that has no text: an error of its row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CellFault {
    /// Where.
    pub cell: SheetCell,
    /// Why.
    pub what: Unreadable,
}

impl fmt::Display for CellFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cell {} {}.", self.cell, self.what.sentence())
    }
}

/// Why a cell has no text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unreadable {
    /// A formula without the result that spreadsheet programs store beside it.
    Formula,
    /// The result of a formula is an error, such as `#N/A`.
    Error,
    /// A number with more digits than a spreadsheet keeps, or no number at all.
    Number,
    /// A date outside the calendar of spreadsheets, or with a time of day.
    Date,
}

impl Unreadable {
    pub(crate) fn rule(self) -> &'static str {
        match self {
            Self::Formula => "cell.formula",
            Self::Error => "cell.error",
            Self::Number => "cell.number",
            Self::Date => "cell.date",
        }
    }

    fn sentence(self) -> &'static str {
        match self {
            Self::Formula => {
                "has a formula without its result; open the workbook in a spreadsheet program and save it, or put the value there"
            }
            Self::Error => "has an error in the place of a value; correct its formula",
            Self::Number => {
                "has a number with more digits than spreadsheets keep; format the cell as text and type it anew"
            }
            Self::Date => {
                "has no date of the calendar, or one with a time of day; write the day as YYYY-MM-DD"
            }
        }
    }
}
