//! `svala bank …`, with its help.

use std::num::ParseIntError;
use std::path::PathBuf;
use std::str::FromStr;

use clap::Subcommand;
use domain::BankAccountCode;
use domain::partner::{AccountNumber, Iban};
use jiff::civil::Date;
use money::Currency;

#[derive(Debug, Subcommand)]
pub enum BankCommand {
    /// The authority's accounts: register them, close them, list them.
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
        after_help = "What a line paid for: svala reconcile line NUMBER\n\nExamples:\n  svala bank lines --from 2024-06-01 --to 2024-06-30\n  svala bank lines --account payments --format csv > lines.csv"
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
        /// Only those that no match explains.
        #[arg(long)]
        open: bool,
    },
    /// Match lines with the payments they settle: by the rules, whatever they are certain of, or by hand.
    #[command(
        args_conflicts_with_subcommands = true,
        after_help = "\
Without a line the rules match all open lines of which they are certain, all at once or none. A tie is never matched:
somebody decides, and names the line and what it settles. Lines alone come to nothing: the bank's error and its
correction, or a transfer between accounts of ours. Payments and grants are named by number or reference; a line
of money that came in is matched with what came back, and what that was to pay is due again. Lines and what they settle
must come to the same, but for what the rules tolerate. What has nothing in common (no reference, account or amount, or
another account than the one that was approved) is matched by two people where it is large: one proposes it, and another
gives the same command.

Examples:
  svala bank match --dry-run
  svala bank match --statement 4711
  svala bank match 4718 RF71P7K3M9PQ4XW2T
  svala bank match 4718,4720 4690 --dry-run
  svala bank match 4731,4735
  svala bank match list"
    )]
    Match {
        #[command(subcommand)]
        command: Option<MatchCommand>,
        /// A line's number, or several separated by commas; without it the rules say what belongs together.
        #[arg(value_name = "LINE")]
        lines: Option<LineNumbers>,
        /// What they settle: numbers or references of payments and grants; without any the lines come to nothing.
        items: Vec<String>,
        /// Only lines of the statement with this number (`svala bank statements`: position).
        #[arg(long, value_name = "NUMBER", conflicts_with = "lines")]
        statement: Option<u64>,
        /// Rules (TOML) in place of those in this program.
        #[arg(long, value_name = "FILE")]
        rules: Option<PathBuf>,
        /// Another chart of accounts than the one in this program (TOML), for the names in these rules.
        #[arg(long, value_name = "FILE", requires = "rules")]
        chart: Option<PathBuf>,
        /// Show what would be matched, and record nothing.
        #[arg(long)]
        dry_run: bool,
    },
    /// Take a match back: its lines and what they settled are open again. History keeps both.
    #[command(after_help = "Example:\n  svala bank unmatch 12 --reason \"it was the payment of May\"")]
    Unmatch {
        /// The match's number.
        matching: u64,
        /// Why; kept encrypted, shown with the match.
        #[arg(long)]
        reason: String,
    },
    /// Which payments the lines settle, by the rules of matching: what is beyond doubt, what is in doubt, what is likely.
    #[command(after_help = "\
Payments are those in files for the bank, those recorded with `svala partner paid`, and arrival grants paid by bank.
Nothing is recorded. Each rule takes what it can tell beyond doubt; where two would fit it is a tie, which somebody
decides. What somebody proposed to match, and another person must agree to, stands below.

Examples:
  svala bank proposals
  svala bank proposals --format csv > proposals.csv
  svala bank proposals --rules matching.toml")]
    Proposals {
        /// Rules (TOML) in place of those in this program.
        #[arg(long, value_name = "FILE", conflicts_with = "show_rules")]
        rules: Option<PathBuf>,
        /// Another chart of accounts than the one in this program (TOML), for the names in these rules.
        #[arg(long, value_name = "FILE", requires = "rules")]
        chart: Option<PathBuf>,
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

/// Numbers of lines, separated by commas.
#[derive(Debug, Clone)]
pub struct LineNumbers(pub Vec<u64>);

impl FromStr for LineNumbers {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, ParseIntError> {
        text.split(',').map(|number| number.trim().parse()).collect::<Result<_, _>>().map(Self)
    }
}

#[derive(Debug, Subcommand)]
pub enum MatchCommand {
    /// Matches in the order in which they were recorded.
    #[command(
        after_help = "Examples:\n  svala bank match list\n  svala bank match list --undone --format json"
    )]
    List {
        /// Those that were taken back too.
        #[arg(long)]
        undone: bool,
    },
    /// Let nothing come of a proposal to match lines: who proposed it withdraws it, anybody else refuses it.
    #[command(
        after_help = "Example:\n  svala bank match decline 4718,4720 --reason \"it is a payment to IRARA\""
    )]
    Decline {
        /// The lines' numbers, separated by commas.
        #[arg(value_name = "LINE")]
        lines: LineNumbers,
        /// Why; kept encrypted.
        #[arg(long)]
        reason: String,
    },
    /// Every match and what became of it in words, with who and when; refused commands too.
    History,
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
    /// Close an account of which everything is known: later statements are refused, and it pays no file any more.
    #[command(after_help = "\
Where it has statements, the last one closes with nothing left; all its lines stand in a statement, and each is matched or
written off. One that has none is closed on your word. A statement of days until then may still be imported.

Example:
  svala bank account close cash-desk --on 2024-12-31 --reason \"the desk was closed\"")]
    Close {
        /// The account's code.
        account: BankAccountCode,
        /// Its last day.
        #[arg(long, value_name = "DATE")]
        on: Date,
        /// Why; kept encrypted, shown in the account's history.
        #[arg(long)]
        reason: String,
    },
    /// All accounts, with the last balance that is known.
    List,
}
