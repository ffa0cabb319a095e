//! `svala period …`, with its help.

use std::path::PathBuf;

use clap::Subcommand;
use domain::Period;
use domain::closing::Check;

#[derive(Debug, Subcommand)]
pub enum PeriodCommand {
    /// What stands in the way of closing a period, and what is to be known of it; exit code 1 if it cannot be closed yet.
    #[command(after_help = "\
What is looked at: statements (of every account for every day, without a gap, and as the books have it), undecided (claims
and fees), waiting-for-rate, exceptions for which nobody answers, and, only to be listed, exceptions that somebody has
accepted, holds, and cut-off (what is about a day near the end and is booked on the other side of it; payments that the bank
shows on the other side, or not yet). Each that stops it says what to do next. Of exceptions money that went out is below
zero.

Examples:
  svala period check 2024-05
  svala period check 2024-05 --near 31 --format csv > may.csv")]
    Check {
        /// A month, a quarter or a year: 2024-05, 2024-Q2, 2024.
        period: Period,
        #[command(flatten)]
        how: CheckHow,
    },
    /// Close a period, once and for all: what is recorded later is booked in the open one, and names the old one.
    #[command(after_help = "\
Examples:
  svala period close 2024-05 --dry-run
  svala period close 2024-05
  svala period close 2024-05 --accept undecided --reason \"claims of irara wait for its answer\"")]
    Close {
        /// A month, a quarter or a year: 2024-05, 2024-Q2, 2024.
        period: Period,
        /// What may stay open: statements, undecided or waiting-for-rate; exceptions are resolved one by one. Give it again
        /// for each.
        #[arg(long, value_name = "CHECK", requires = "reason")]
        accept: Vec<Check>,
        /// Why it may.
        #[arg(long)]
        reason: Option<String>,
        /// Show what would be closed and close nothing; exit code 1 if it would be refused.
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        how: CheckHow,
    },
    /// The month pack, a workbook: summary, open matters, exceptions, what is under way, what was booked late, statements of all partners, trial
    /// balance, vouchers. Of a closed period as everything stood when it was closed.
    #[command(
        after_help = "Examples:\n  svala period pack 2024-05 --out may.xlsx --company Migrationsverket"
    )]
    Pack {
        /// A month, a quarter or a year: 2024-05, 2024-Q2, 2024.
        period: Period,
        /// The new file.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// Whose books they are; as the chart of accounts says unless given.
        #[arg(long, value_name = "NAME")]
        company: Option<String>,
        #[command(flatten)]
        how: CheckHow,
    },
    /// The closed periods, each booked again from the log and held to its digest; exit code 1 if one is not as it was.
    List {
        /// Another chart of accounts than the one in this program (TOML).
        #[arg(long, value_name = "FILE")]
        chart: Option<PathBuf>,
    },
    /// Every closing in words, with who and when; refused ones too.
    History,
}

#[derive(Debug, clap::Args)]
pub struct CheckHow {
    /// Days before and after the end in which to look for what is booked on the other side of it.
    #[arg(long, value_name = "DAYS", default_value_t = 10)]
    pub near: u16,
    /// Another chart of accounts than the one in this program (TOML).
    #[arg(long, value_name = "FILE")]
    pub chart: Option<PathBuf>,
}
