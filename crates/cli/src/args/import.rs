//! `svala import …`, with its help.

use std::path::PathBuf;

use clap::Subcommand;
use domain::rates::Month;
use money::{Currency, Locale};

#[derive(Debug, Subcommand)]
pub enum ImportCommand {
    /// The authority's register of applications; a newer one may fill in what was empty.
    Cases(ImportFile),
    /// Payments of the arrival grant.
    Grants(ImportFile),
    /// What partners delivered, and claim.
    #[command(after_help = "\
Tells what becomes of each row and what is left for each person: a table of 20 rows, those to look at first; all with
--format csv, both with --format json. A dry run without --accept supposes that finance accepts the rows now, in the order
of the file; nobody has to be finance to look.

Examples:
  svala --actor asha@irara import spend 2024-q2.csv --dry-run
  svala import spend 2024-q2.csv --dry-run --format csv > rows.csv
  svala import spend irara-2024-q2.xlsx --receipts scans/ --accept")]
    Spend {
        #[command(flatten)]
        file: ImportFile,
        /// Decide the new claims too, in the order of the file.
        #[arg(long)]
        accept: bool,
        /// A folder with the receipts, each a file named by its receipt number (R-17.pdf): they are checked against the
        /// file and kept, encrypted.
        #[arg(long, value_name = "FOLDER")]
        receipts: Option<PathBuf>,
    },
    /// Accepted spend that came back.
    Reversals(ImportFile),
    /// Exchange rates of InforEuro (JSON) or the European Central Bank (CSV, XML); converts what waited for them.
    #[command(after_help = "\
All files or none. What kind of file it is shows in its content. InforEuro's table of a month does not say which: it
stands in the name (inforeuro-2024-06.json) or is given with --month.

Examples:
  svala import rates inforeuro-2024-*.json
  svala import rates june.json --month 2024-06 --dry-run
  svala import rates eurofxref-hist.csv
  svala import rates inforeuro-2024-07.json --allow-jump SLE")]
    Rates {
        /// The files, the oldest first.
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// The month of InforEuro's table, as YYYY-MM, where its name does not say it.
        #[arg(long, value_name = "MONTH")]
        month: Option<Month>,
        /// Let the rate of this currency jump, because it is right: a currency was replaced. May be given more than once.
        #[arg(long, value_name = "CURRENCY")]
        allow_jump: Vec<Currency>,
        /// Show what would happen; write nothing.
        #[arg(long)]
        dry_run: bool,
    },
    /// Statements of the bank: camt.053, or notifications camt.054 (XML); or CSV with a mapping.
    #[command(after_help = "\
The whole file or nothing. Of each statement opening and booked entries must come to closing, and it must continue the
one before it. A statement or line that is known already is recognised.

Examples:
  svala import statement june.xml --dry-run
  svala import statement june.xml
  svala import statement june.csv --mapping cash-desk.toml
  svala import statement all-accounts.xml --only-known
  svala import statement july.xml --accept-gap \"the account was with another bank in between\"")]
    Statement {
        /// The file.
        file: PathBuf,
        /// The file is CSV: what its columns mean (TOML, see docs/FORMATS.md).
        #[arg(long, value_name = "FILE")]
        mapping: Option<PathBuf>,
        /// The balance before the first row, where no column of the CSV has it.
        #[arg(long, value_name = "AMOUNT", requires = "mapping", allow_hyphen_values = true)]
        opening: Option<String>,
        /// The balance after the last row.
        #[arg(long, value_name = "AMOUNT", requires = "mapping", allow_hyphen_values = true)]
        closing: Option<String>,
        /// Let a statement follow although something before it is missing; the reason is kept, encrypted. What is missing is
        /// an exception until it comes, or another person accepts it (`svala exception list --kind statement-gap`).
        #[arg(long, value_name = "REASON")]
        accept_gap: Option<String>,
        /// Leave out the statements of accounts that are not registered; the same file may be imported again later.
        #[arg(long, conflicts_with = "account")]
        only_known: bool,
        /// Take only the statements of the account with this number, as the file has it.
        #[arg(long, value_name = "IBAN")]
        account: Option<String>,
        /// Show what would happen; write nothing.
        #[arg(long)]
        dry_run: bool,
    },
    /// The files imported so far.
    List,
}

#[derive(Debug, clap::Args)]
pub struct ImportFile {
    /// The file.
    pub file: PathBuf,
    /// Show what would happen; write nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Apply the good rows; put the others into a reject file, with the reason.
    #[arg(long)]
    pub partial: bool,
    /// Where the reject file goes; FILE.rejected.csv beside the file unless given. No other file is overwritten.
    #[arg(long, value_name = "FILE", requires = "partial")]
    pub rejects: Option<PathBuf>,
    /// How amounts are written: strict (3000.00) or sv (3 000,00).
    #[arg(long, default_value = "strict")]
    pub locale: Locale,
}
