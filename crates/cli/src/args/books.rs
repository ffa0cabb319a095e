//! `svala books …`, with its help.

use std::path::PathBuf;

use clap::Subcommand;
use domain::Period;

#[derive(Debug, Subcommand)]
pub enum BooksCommand {
    /// The vouchers: what was booked, debit and credit.
    Vouchers(BooksOf),
    /// What stands on each account.
    TrialBalance(BooksOf),
    /// Write the books to a file for other programs.
    #[command(after_help = "\
The ending names the form: .si (SIE 4I, for accounting systems), .journal (hledger), .beancount, .xlsx, .csv.

Examples:
  svala books export --period 2024-05 --out may.si --company \"Migrationsverket\"
  svala books export --out all.journal && hledger -f all.journal balance --pivot case")]
    Export {
        #[command(flatten)]
        of: BooksOf,
        /// The new file.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// Whose books they are.
        #[arg(long, default_value = "Svala")]
        company: String,
    },
    /// The chart of accounts, and how each kind of event is booked.
    Chart {
        /// Another chart than the one in this program (TOML).
        #[arg(long, value_name = "FILE")]
        chart: Option<PathBuf>,
        /// Print the document, as a beginning for your own.
        #[arg(long, conflicts_with = "chart")]
        document: bool,
    },
}

#[derive(Debug, clap::Args)]
pub struct BooksOf {
    /// Only of this period, by the day on which it is booked: 2024, 2024-Q2, 2024-05 or 2024-04-01..2024-06-30.
    #[arg(long)]
    pub period: Option<Period>,
    /// As the log stood at this position; as it stands unless given.
    #[arg(long, value_name = "POSITION")]
    pub at: Option<u64>,
    /// Another chart of accounts than the one in this program (TOML).
    #[arg(long, value_name = "FILE")]
    pub chart: Option<PathBuf>,
}
