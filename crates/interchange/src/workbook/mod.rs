//! Excel workbooks (XLSX): the rows of one sheet, as text, one row at a time.
//!
//! A workbook is a ZIP archive of XML parts. Nothing of it is read as a whole but the texts that sheets share, which are
//! limited; sizes and counts that a file claims are never believed, only checked. Numbers are taken digit by digit from
//! the XML, never through a binary float (see [`number`]).

mod archive;
mod book;
mod fault;
mod money;
mod number;
mod sheet;
mod strings;
mod styles;
mod xml;

pub use fault::{CellFault, SheetCell, Unreadable, WorkbookProblem};

pub(crate) use archive::SIGNATURE;
pub(crate) use book::open;
pub(crate) use fault::column_name;
pub(crate) use money::{bold_and_money, money_cell};
pub(crate) use sheet::{Sheet, SheetRow};
