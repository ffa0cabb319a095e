//! `svala bank …`, with its help.

use std::path::PathBuf;

use clap::Subcommand;
use domain::BankAccountCode;
use domain::partner::{AccountNumber, Iban};
use jiff::civil::Date;
use money::Currency;

#[derive(Debug, Subcommand)]
pub enum BankCommand {
    /// The authority's accounts: register them, list them.
    #[command(
        subcommand,
        after_help = "Examples:\n  svala bank account add payments --iban \"SE35 5000 0000 0549 1000 0003\" --currency EUR\n  svala bank account add cash-desk --number 0012-44871 --currency EUR\n  svala bank account list"
    )]
    Account(BankAccountCommand),
    /// Statements and notifications in the order of their import.
    #[command(
        after_help = "Examples:\n  svala bank statements\n  svala bank statements --account payments --format json"
    )]
    Statements {
        /// Of this account.
        #[arg(long)]
        account: Option<BankAccountCode>,
    },
    /// Lines of statements in the order of their import: above zero for money that came in.
    #[command(
        after_help = "Examples:\n  svala bank lines --from 2024-06-01 --to 2024-06-30\n  svala bank lines --account payments --format csv > lines.csv"
    )]
    Lines {
        /// Of this account.
        #[arg(long)]
        account: Option<BankAccountCode>,
        /// Booked from this day on.
        #[arg(long, value_name = "DATE")]
        from: Option<Date>,
        /// Booked until this day.
        #[arg(long, value_name = "DATE")]
        to: Option<Date>,
    },
    /// Which payments the lines settle, by the rules of matching: what is beyond doubt, what is in doubt, what is likely.
    #[command(after_help = "\
Payments are those in files for the bank, those recorded with `svala partner paid`, and arrival grants paid by bank.
Nothing is recorded. Each rule takes what it can tell beyond doubt; where two would fit it is a tie, which somebody
decides.

Examples:
  svala bank proposals
  svala bank proposals --format csv > proposals.csv
  svala bank proposals --rules matching.toml")]
    Proposals {
        /// Rules (TOML) in place of those in this program.
        #[arg(long, value_name = "FILE", conflicts_with = "show_rules")]
        rules: Option<PathBuf>,
        /// Print the rules in this program (TOML), as a beginning for your own.
        #[arg(long)]
        show_rules: bool,
    },
    /// Every event of an account in words, with who and when.
    History {
        /// The account's code.
        account: BankAccountCode,
    },
}

#[derive(Debug, Subcommand)]
pub enum BankAccountCommand {
    /// Register an account, so that its statements can be imported.
    Add {
        /// A code of your choice: a-z, 0-9 and dashes.
        account: BankAccountCode,
        /// The account's IBAN; kept encrypted.
        #[arg(long, required_unless_present = "number", conflicts_with = "number")]
        iban: Option<Iban>,
        /// The account's number as the bank's files have it, where that is no IBAN; kept encrypted.
        #[arg(long)]
        number: Option<AccountNumber>,
        /// The account's currency.
        #[arg(long)]
        currency: Currency,
    },
    /// All accounts, with the last balance that is known.
    List,
}
