//! What can be asked about rates.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use money::{Currency, Rate};

use crate::ids::FileDigest;

/// Publish what a file of rates says.
#[derive(Debug, Clone, PartialEq)]
pub struct Publish {
    /// By day; a rate of a month stands under its first day.
    pub tables: BTreeMap<Date, BTreeMap<Currency, Rate>>,
    /// Currencies that may jump.
    pub allow_jumps: BTreeSet<Currency>,
    /// SHA-256 of the file.
    pub file: FileDigest,
}
