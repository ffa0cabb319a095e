//! The general ledger as files: SIE 4I for accounting systems, plain-text journals for independent programs, a workbook.
//!
//! All of them hold the same vouchers; none computes an amount.

mod journal;
mod pack;
mod pc8;
mod sie;
mod workbook;

use domain::Period;
use domain::books::{Chart, Entry, OrganisationNumber, TrialBalance, Voucher};

pub use journal::{beancount, hledger};
pub use pack::{PackDocument, month_pack};
pub use sie::{Sie, sie};
pub use workbook::books_workbook;

/// What is written.
#[derive(Debug, Clone, Copy)]
pub struct BooksDocument<'a> {
    /// Under which chart it was booked.
    pub chart: &'a Chart,
    /// The vouchers, in the order of the log.
    pub vouchers: &'a [Voucher],
    /// What stood on the accounts before them, by what it is about.
    pub openings: &'a [Entry],
    /// What they come to.
    pub trial: &'a TrialBalance,
    /// The days whose vouchers they are.
    pub period: Period,
    /// The position of the log they were made at.
    pub position: u64,
    /// Whose books they are.
    pub company: &'a str,
    /// Its organisation number, if that is known.
    pub organisation_number: Option<&'a OrganisationNumber>,
    /// The day on which the file is made.
    pub made_on: jiff::civil::Date,
}
