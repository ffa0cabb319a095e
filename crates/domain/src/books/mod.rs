//! The general ledger (huvudbok): every event that moves money becomes one balanced voucher (verifikation).
//!
//! A pure fold of the log under a chart of accounts, which is data. A decision is booked on the day on which the ledger
//! recorded it, money on the day on which it moved: a correction stands in the period in which it was made (BFL 5:5), with
//! the number of what it corrects. What is recorded after its period was closed is booked in the open one, and names the
//! old one.
//! Vouchers are numbered within a series and a year in the order of the log, so their numbers have no gaps and are the
//! same for everybody who folds the same log under the same chart.

mod account;
mod bank;
mod chart;
mod company;
mod digest;
mod journal;
mod openings;
mod payments;
mod trial;
mod words;

pub use account::{AccountAsked, AccountError, AccountLedger, AccountRow};
pub use chart::{
    Account, AccountKind, Chart, ChartError, ChartErrors, Dimension, DimensionOf, MoneyKind,
    OTHER_DIFFERENCES, Posting, Series, UnknownAccount, UnknownDifference,
};
pub use company::{Company, NotAnOrganisationNumber, OrganisationNumber};
pub use digest::{digest, digest_of_entries};
pub use journal::{Entry, Journal, Object, Voucher};
pub use openings::openings;
pub use trial::{RESULT_OF_EARLIER_YEARS, TrialBalance, TrialLine};
