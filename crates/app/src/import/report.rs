//! What an import came to.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use domain::PartnerCode;
use domain::ledger::ImportCounts;
use interchange::{Dialect, RowError};
use money::Eur;

use super::pass::Pass;
use super::record::EarlierImport;
use super::row_report::{PersonReport, RowReport};

/// What an import came to.
#[derive(Debug, Clone)]
pub struct ImportReport {
    /// cases, grants, spend or reversals.
    pub kind: &'static str,
    /// The file's name, without its folder.
    pub file: String,
    /// SHA-256 of the file.
    pub sha256: String,
    /// Delimiter and byte order mark found.
    pub dialect: Option<Dialect>,
    /// What became of the rows.
    pub counts: ImportCounts,
    /// Rows that wait for an exchange rate.
    pub waiting_for_rate: u64,
    /// Of those, fees of partners.
    pub waiting_fees: u64,
    /// Rows delivered outside of the period of the template they stand in: kept all the same.
    pub outside_period: u64,
    /// The first of them.
    pub rows_outside: Vec<u64>,
    /// Rows that a dry run only checked, because it had decided enough before; the counts have them among the rows alone.
    pub only_checked: u64,
    /// Partners that were met for the first time, and registered.
    pub partners: BTreeSet<PartnerCode>,
    /// Files of receipts that came with it.
    pub receipts: Receipts,
    /// Reasons of business refusals: rows, and euro where there is an amount.
    pub refused: BTreeMap<String, (u64, Eur)>,
    /// The first errors, by row.
    pub errors: Vec<RowError>,
    /// All errors.
    pub errors_total: u64,
    /// Where this very file was imported before: nothing was done now.
    pub imported_before: Option<EarlierImport>,
    /// The rows left out, for correction.
    pub reject_file: Option<PathBuf>,
    /// Whether anything was written.
    pub written: bool,
    /// The rows, one by one, if that was asked for; of a file that was stopped those with errors.
    pub rows: Vec<RowReport>,
    /// Rows that would be told too if they were not so many.
    pub rows_untold: u64,
    /// What is left for the people the rows are about, if that was asked for.
    pub people: Vec<PersonReport>,
}

/// Files of receipts that came with a file of spend.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Receipts {
    /// How many were put into the vault, or would be.
    pub attached: u64,
    /// Rows whose receipt has no file.
    pub missing: BTreeSet<u64>,
}

impl ImportReport {
    /// Takes over what became of the rows.
    pub(super) fn take(&mut self, mut pass: Pass) {
        pass.errors.sort_by_key(|error| error.row);
        self.errors_total = pass.errors_total();
        self.dialect = pass.dialect;
        self.counts = pass.counts;
        self.waiting_for_rate = pass.waiting_for_rate;
        self.waiting_fees = pass.waiting_fees;
        self.outside_period = pass.outside_period;
        self.rows_outside = pass.rows_outside;
        self.only_checked = pass.only_checked;
        self.partners = pass.partners;
        self.refused = pass.refused;
        self.errors = pass.errors;
        self.rows = pass.rows;
        self.rows_untold = pass.rows_untold;
    }
}
