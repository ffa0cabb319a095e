//! What can be asked of periods.

use jiff::civil::Date;
use money::Eur;

use super::event::{Check, Finding};
use crate::ids::{FileDigest, TextId};
use crate::period::Period;

/// Close a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClosePeriod {
    /// Which.
    pub period: Period,
    /// Today.
    pub on: Date,
    /// The position of the log up to which it was booked.
    pub position: u64,
    /// The first day on which anything was booked, if anything was.
    pub first_booked: Option<Date>,
    /// How many vouchers the period has.
    pub vouchers: u64,
    /// What they say.
    pub digest: FileDigest,
    /// The version of the chart under which it is booked.
    pub chart: String,
    /// What its entries say under that chart.
    pub entries: FileDigest,
    /// What all accounts come to: nothing, if the books are sound.
    pub difference: Eur,
    /// What the checks came to.
    pub findings: Vec<Finding>,
    /// Findings that need not stop it.
    pub accepted: Vec<Check>,
    /// Why they need not, in the vault.
    pub reason: Option<TextId>,
}

impl ClosePeriod {
    /// The command's name, as kept with a refusal.
    pub const NAME: &'static str = "close-period";
}
