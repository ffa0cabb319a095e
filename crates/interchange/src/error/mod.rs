//! What can be wrong with a file, and with one row of it.

mod echo;
mod file;
mod row;

pub use file::{FileError, FileProblem, QuotePlace, WrongHeader};
pub use row::RowError;

pub(crate) use echo::echo;
