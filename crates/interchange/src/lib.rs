//! Import files: bytes in, typed rows or row errors out.
//!
//! A [`Table`] streams one CSV file or Excel workbook as rows of one type ([`CaseRow`], [`GrantRow`], [`SpendRow`],
//! [`ReversalRow`]). What is wrong splits in two:
//!
//! - a [`FileError`] means that the file cannot be understood as a table of this kind (encoding, header,
//!   quotes, a limit); reading stops there;
//! - a [`RowError`] names row, column, value and rule of one thing that is wrong in one row; all of a row
//!   are reported together and reading goes on.
//!
//! Nothing is guessed: the delimiter is the one in the header, amounts follow the locale the caller declares,
//! dates are ISO 8601. Memory stays within a few [`MAX_RECORD_BYTES`], whatever the file, and the 16 MiB that the texts of
//! a workbook may have.
//!
//! [`read_rates`] reads a file of exchange rates, whichever of four forms it has.
//!
//! [`camt`] reads the statements of a bank.
//!
//! [`statement`] writes what a partner and finance agree on, [`pain`] what the bank is to pay.
//!
//! Whether a case exists, a receipt is known or a payment is allowed is decided elsewhere; such findings can
//! be reported as [`RowError`] too, and a [`RejectFile`] keeps the refused rows for correction.
//!
//! ```
//! use interchange::{GrantRow, Table};
//! use money::Locale;
//!
//! let file = "case_ref,paid_on,amount,currency,method,payment_ref\n\
//!             MV-1,2023-07-03,615.00,EUR,card,AG-1\n\
//!             MV-2,2023-02-30,615.00,EUR,card,AG-2\n";
//! let mut grants = Table::<GrantRow, _>::open("grants.csv", file.as_bytes(), Locale::Strict)?;
//!
//! let first = grants.next().ok_or("a row")??;
//! assert_eq!(first.parsed.map(|grant| grant.amount.to_string()), Ok("615.00".to_owned()));
//!
//! let second = grants.next().ok_or("a row")??;
//! let errors = second.parsed.err().ok_or("a refused row")?;
//! assert_eq!(
//!     errors[0].in_file("grants.csv").to_string(),
//!     "grants.csv row 3, column paid_on, value \"2023-02-30\": There is no such day in the calendar. (rule date.iso)"
//! );
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod books;
mod budget;
pub mod camt;
mod cell;
mod dialect;
mod error;
mod fields;
mod guard;
mod layout;
pub mod pain;
mod rates;
mod record;
mod reject;
mod rows;
mod scanner;
pub mod statement;
mod table;
mod template;
mod workbook;

pub use dialect::Dialect;
pub use error::{FileError, FileProblem, QuotePlace, RowError, WrongHeader};
pub use fields::Fields;
pub use guard::guarded;
pub use layout::Layout;
pub use rates::{RATE_FILE_BYTES_MAX, RateFile, RateForm, month_in_name, read_rates};
pub use record::{MAX_COLUMNS, MAX_RECORD_BYTES, MAX_ROWS};
pub use reject::{RejectError, RejectFile};
pub use rows::{CaseRow, GrantRow, HandoverRow, ReversalRow, SpendRow};
pub use table::{Record, Row, Table};
pub use template::{Template, TemplateCase, TemplateContent};
pub use workbook::{CellFault, SheetCell, Unreadable, WorkbookProblem};
