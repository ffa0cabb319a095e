//! Statements of a bank: ISO 20022 camt.053, and camt.054 for notifications, version 02 and later; or CSV with a mapping.
//!
//! [`read_statements`] reads a message and says what it says ([`check_statements`] before it, so that a file that is refused
//! takes no memory); whether its figures add up is asked by
//! [`BankStatement::lines`], which breaks batches into their transactions, and then by the domain, which holds opening,
//! lines and closing against each other.
//!
//! The message is read element by element: no DOCTYPE, no entities of its own, elements at most so long and so deep, no
//! recursion. What is kept grows with the entries, of which there is a limit. Elements that are not named here are
//! passed over.

mod amount;
mod csv;
mod entry;
mod exchange;
mod fields;
mod lines;
mod mapping;
mod problem;
mod read;
mod statement;
mod transaction;
pub(crate) mod xml;

pub use csv::read_csv_statement;
pub use lines::StatementLine;
pub use mapping::{CsvMapping, MAPPING_BYTES_MAX, NotAMapping, StatedBalances};
pub use problem::{StatementPlace, StatementProblem};
pub use read::{LINES_MAX, TEXT_BYTES_KEPT_MAX, check_statements, read_statements};
pub use statement::{
    Balance, BankStatement, Entry, EntryStatus, Exchanged, Party, References, Transaction, TransactionCode,
};
pub use xml::STATEMENT_FILE_BYTES_MAX;
