//! One thing that is wrong in one row.

use std::fmt;

use super::echo::{echo, escaped};

/// One thing that is wrong in one row. Shown as `row 17, column amount, value "1e2": … (rule amount.exponent)`;
/// [`RowError::in_file`] puts the file name in front.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowError {
    /// The row as a spreadsheet numbers it: the header is row 1.
    pub row: u64,
    /// The column at fault, unless it is the row as a whole.
    pub column: Option<&'static str>,
    /// What stands there, escaped and cut. Only of structured columns (dates, amounts, codes): references and
    /// free text may identify a person and are located by row and column alone.
    pub value: Option<String>,
    /// The stable id of the rule that was broken.
    pub rule: &'static str,
    /// The rule as a sentence for people.
    pub message: String,
}

impl RowError {
    /// Rule: a row has as many cells as the header.
    pub(crate) const WRONG_WIDTH: &str = "row.cells";

    /// Something wrong with a row as a whole.
    pub fn new(row: u64, rule: &'static str, message: impl Into<String>) -> Self {
        Self { row, column: None, value: None, rule, message: message.into() }
    }

    /// Names the column at fault.
    #[must_use]
    pub fn in_column(self, column: &'static str) -> Self {
        Self { column: Some(column), ..self }
    }

    /// Shows what stands there, escaped and cut. Not for references and free text.
    #[must_use]
    pub fn with_value(self, value: &str) -> Self {
        Self { value: Some(echo(value)), ..self }
    }

    /// The error with the name of its file in front: `spend.csv row 17, …`.
    pub fn in_file(&self, file: &str) -> impl fmt::Display {
        let file = escaped(file);
        fmt::from_fn(move |f| write!(f, "{file} {self}"))
    }

    /// The error without its row, for the reason column of a reject file, where the row number of the first
    /// file would mislead.
    pub(crate) fn reason(&self) -> impl fmt::Display {
        fmt::from_fn(|f| {
            if let Some(column) = self.column {
                write!(f, "column {column}")?;
                if let Some(value) = &self.value {
                    write!(f, ", value \"{value}\"")?;
                }
                f.write_str(": ")?;
            }
            write!(f, "{} (rule {})", self.message, self.rule)
        })
    }
}

impl fmt::Display for RowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let separator = if self.column.is_some() { ", " } else { ": " };
        write!(f, "row {}{separator}{}", self.row, self.reason())
    }
}

impl std::error::Error for RowError {}
