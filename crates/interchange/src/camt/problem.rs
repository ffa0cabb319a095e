//! What makes a bank statement unreadable.

use std::fmt;

use crate::error::echo;

/// Where in a file: which statement, and which entry of it, both counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatementPlace {
    /// The statement, or notification.
    pub statement: u64,
    /// The entry, or row, if it is about one.
    pub entry: Option<u64>,
}

impl fmt::Display for StatementPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "statement {}", self.statement)?;
        self.entry.map_or(Ok(()), |entry| write!(f, ", entry {entry}"))
    }
}

/// What is wrong with a file of bank statements. Names, accounts and texts are never shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StatementProblem {
    /// Another kind of file.
    #[error(
        "This is no bank statement: its first element is not the Document of a camt.053 or camt.054 message, version 02 or later. Get such a file from the bank, or import CSV with --mapping."
    )]
    NotCamt,
    /// A message of ISO 20022 of another kind.
    #[error("This is {message}, {advice}")]
    Other {
        /// Its name and version.
        message: Box<str>,
        /// What it is, and what to do, as a sentence for people.
        advice: &'static str,
    },
    /// A message without a statement in it.
    #[error("The message has no statement in it. Get the file anew from the bank.")]
    NoStatement,
    /// More than [`STATEMENT_FILE_BYTES_MAX`](super::STATEMENT_FILE_BYTES_MAX), or more lines or texts than are kept.
    #[error(
        "The file has more lines or longer texts than one import may have. Ask the bank for shorter periods."
    )]
    TooLarge,
    /// An element that is missing, doubled or says what cannot be.
    #[error("{place}, element {element}{}: {message}", .value.as_ref().map_or_else(String::new, |value| format!(", value \"{value}\"")))]
    Element {
        /// Where.
        place: StatementPlace,
        /// The element, below the statement.
        element: Box<str>,
        /// What stands there, cut; only of amounts, dates and codes.
        value: Option<Box<str>>,
        /// The stable id of the rule that was broken.
        rule: &'static str,
        /// The rule as a sentence for people.
        message: Box<str>,
    },
    /// A cell of a statement as CSV that says what cannot be, or a column that is missing.
    #[error("row {row}, column {column}{}: {message}", .value.as_ref().map_or_else(String::new, |value| format!(", value \"{value}\"")))]
    Cell {
        /// The row as a spreadsheet numbers it.
        row: u64,
        /// The column, as the mapping names it.
        column: Box<str>,
        /// What stands there, cut; only of amounts and dates.
        value: Option<Box<str>>,
        /// The stable id of the rule that was broken.
        rule: &'static str,
        /// The rule as a sentence for people.
        message: Box<str>,
    },
}

impl StatementProblem {
    /// Something wrong with an element.
    pub(super) fn element(
        place: StatementPlace,
        element: &str,
        rule: &'static str,
        message: impl Into<Box<str>>,
    ) -> Self {
        Self::Element { place, element: element.into(), value: None, rule, message: message.into() }
    }

    /// Something wrong with a cell.
    pub(super) fn cell(row: u64, column: &str, rule: &'static str, message: impl Into<Box<str>>) -> Self {
        Self::Cell { row, column: echo(column).into(), value: None, rule, message: message.into() }
    }

    /// A message without a statement: of another kind, or empty.
    pub(super) fn without_statement(message: &str) -> Self {
        let advice = match message.split('.').take(2).collect::<Vec<_>>().join(".").as_str() {
            "camt.053" | "camt.054" | "" => return Self::NoStatement,
            "camt.052" => {
                "a report of the day so far, whose entries may still change. Ask the bank for camt.053, the statement of whole days."
            }
            "pain.001" => {
                "an order of payments to the bank, such as `svala payment file` writes, and no statement. Get camt.053 from the bank."
            }
            "pain.002" => {
                "what the bank says of an order of payments, and no statement: `svala payment status` reads it. Get camt.053 from the bank for what it made."
            }
            _ => "another kind of message. A statement of the bank is camt.053, a notification camt.054.",
        };
        Self::Other { message: echo(message).into(), advice }
    }

    /// Nothing says in which currency the account is.
    pub fn no_currency(place: StatementPlace) -> Self {
        let message = "Neither the account nor a balance or an entry names its currency.";
        Self::element(place, "/Acct/Ccy", "statement.missing", message)
    }

    /// The same, with what stands there.
    pub(super) fn with_value(self, shown: &str) -> Self {
        match self {
            Self::Element { place, element, rule, message, .. } => {
                Self::Element { place, element, value: Some(echo(shown).into()), rule, message }
            }
            Self::Cell { row, column, rule, message, .. } => {
                Self::Cell { row, column, value: Some(echo(shown).into()), rule, message }
            }
            other => other,
        }
    }

    /// The stable id of the rule that was broken.
    pub fn rule(&self) -> &'static str {
        match self {
            Self::NotCamt | Self::Other { .. } => "statement.unknown-file",
            Self::NoStatement => "statement.none",
            Self::TooLarge => "file.too-large",
            Self::Element { rule, .. } | Self::Cell { rule, .. } => rule,
        }
    }
}
