//! The columns of one file, as its header has them.

use crate::error::{FileProblem, WrongHeader, echo};
use crate::{Dialect, Row};

/// Most unknown columns that an error lists.
const UNKNOWN_LISTED_MAX: usize = 8;

/// How one file is laid out: its dialect and the order of its columns. A reject file repeats it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    dialect: Dialect,
    columns: Vec<&'static str>,
    reject_column: &'static str,
    /// Where the reject column of a corrected reject file stands.
    reject_at: Option<usize>,
}

impl Layout {
    /// Checks a header: every column of the kind once, in any order, no other. The reject column may be
    /// there too, so that a corrected reject file can be imported; its content is ignored.
    pub(crate) fn of<R: Row>(row: u64, header: &[String], dialect: Dialect) -> Result<Self, FileProblem> {
        let mut columns = Vec::with_capacity(header.len());
        let mut reject_at = None;
        let mut wrong =
            WrongHeader { kind: R::KIND, missing: Vec::new(), unknown: Vec::new(), doubled: Vec::new() };
        for (at, name) in header.iter().enumerate() {
            let seen = match R::COLUMNS.iter().find(|column| *column == name) {
                Some(column) if columns.contains(column) => Some(*column),
                Some(column) => {
                    columns.push(*column);
                    None
                }
                None if name != R::REJECT_COLUMN => {
                    wrong.unknown.push(echo(name));
                    None
                }
                None => reject_at.replace(at).map(|_| R::REJECT_COLUMN),
            };
            wrong.doubled.extend(seen.filter(|column| !wrong.doubled.contains(column)));
        }
        wrong.unknown.truncate(UNKNOWN_LISTED_MAX);
        if columns.is_empty() {
            // Most likely a file without a header: these are not names but the data of a person.
            wrong.unknown.clear();
        }
        wrong.missing.extend(R::COLUMNS.iter().filter(|column| !columns.contains(column)));
        if wrong.missing.is_empty() && wrong.unknown.is_empty() && wrong.doubled.is_empty() {
            Ok(Self { dialect, columns, reject_column: R::REJECT_COLUMN, reject_at })
        } else {
            Err(FileProblem::Header { row, header: wrong })
        }
    }

    /// How the file is written.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// The columns in the order of the file, without the reject column.
    pub fn columns(&self) -> &[&'static str] {
        &self.columns
    }

    /// The column in which a reject file of this kind says why a row was refused.
    pub fn reject_column(&self) -> &'static str {
        self.reject_column
    }

    /// The column that stands at a place of the file, from 0; none where the reject column stands.
    pub(crate) fn column_at(&self, at: usize) -> Option<&'static str> {
        match self.reject_at {
            Some(reject_at) if at == reject_at => None,
            Some(reject_at) if at > reject_at => self.columns.get(at - 1).copied(),
            _ => self.columns.get(at).copied(),
        }
    }

    /// How many cells a row has.
    pub(crate) fn width(&self) -> usize {
        self.columns.len() + usize::from(self.reject_at.is_some())
    }

    /// Takes the reject column out of a row of the right width.
    pub(crate) fn drop_reject_cell(&self, fields: &mut Vec<String>) {
        if let Some(at) = self.reject_at.filter(|at| *at < fields.len()) {
            fields.remove(at);
        }
    }
}
