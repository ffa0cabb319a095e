//! `svala payment …`, with its help.

use std::path::PathBuf;

use clap::{ArgGroup, Subcommand, ValueEnum};
use domain::partner::{Bic, Iban, Name, SenderNumber};
use domain::payment::{PainVersion, PaymentState};
use domain::{PartnerCode, Period};
use jiff::civil::Date;
use money::Eur;

#[derive(Debug, Subcommand)]
pub enum PaymentCommand {
    /// What each partner can be paid today: due, held, open advances, and what is under way.
    #[command(after_help = "\
Less than nothing in paid_outside or open_advance is owed to the partner as well: what a payment had taken into account
came back or was taken back. The next payment pays it, though nothing else is due.

Examples:
  svala payment due
  svala payment due --partner caritas")]
    Due {
        /// This partner only.
        #[arg(long)]
        partner: Option<PartnerCode>,
    },
    /// Propose to pay a partner what is due: accepted claims and fees, and arrival grants it paid out in cash.
    #[command(after_help = "\
Everything is paid once: what stands in a payment is in no other one until that is cancelled. What a hold stops is left
out; what came back after it was paid is taken off, and so are advances.

Examples:
  svala payment propose --partner caritas --period 2024-Q2 --dry-run
  svala payment propose --partner caritas --period 2024-Q2
  svala payment propose --partner irara --keep-advance
  svala payment propose --all --period 2024-Q2 --dry-run")]
    #[command(group = ArgGroup::new("whom").required(true).args(["partner", "all"]))]
    Propose {
        /// The partner.
        #[arg(long)]
        partner: Option<PartnerCode>,
        /// Every partner to which something is due: one payment each.
        #[arg(long)]
        all: bool,
        /// Only what was delivered in it: 2024-Q2, 2024-05, 2024, or 2024-04-01..2024-06-30; whatever is due unless given.
        #[arg(long)]
        period: Option<Period>,
        /// Pay the whole amount and leave advances open.
        #[arg(long)]
        keep_advance: bool,
        /// Show what would be proposed; write nothing.
        #[arg(long)]
        dry_run: bool,
    },
    /// Propose to pay a partner in advance; later payments settle it.
    #[command(
        after_help = "Example:\n  svala payment advance caritas 5000.00 --reason \"rent and staff until the first report\""
    )]
    Advance {
        /// The partner.
        partner: PartnerCode,
        /// How much, in EUR.
        amount: Eur,
        /// Why; kept encrypted, shown with the payment.
        #[arg(long)]
        reason: String,
    },
    /// Payments in the order in which they were proposed.
    List {
        /// To this partner.
        #[arg(long)]
        partner: Option<PartnerCode>,
        /// In this state: proposed, approved, settled, instructed, recalled, returned, cancelled.
        #[arg(long)]
        state: Option<PaymentState>,
        /// In this file.
        #[arg(long, value_name = "NUMBER")]
        file: Option<u64>,
    },
    /// One payment, opened down to claim and receipt. CSV holds the lines, JSON all.
    #[command(
        after_help = "Examples:\n  svala payment show 4711\n  svala payment show RF71P7K3M9PQ4XW2T --format csv"
    )]
    Show {
        /// Its number or reference.
        payment: String,
    },
    /// Approve payments that somebody else proposed, if they are still right.
    #[command(after_help = "Example:\n  svala payment approve 4711 4715")]
    Approve {
        /// Their numbers or references.
        #[arg(required = true)]
        payments: Vec<String>,
    },
    /// Take back a payment that is in no file; what it was to pay is due again.
    #[command(after_help = "Example:\n  svala payment cancel 4711 --reason \"the account changed\"")]
    Cancel {
        /// Its number or reference.
        payment: String,
        /// Why; kept encrypted, shown in the partner's history.
        #[arg(long)]
        reason: String,
    },
    /// Take back payments that stand in a file, before the bank makes them; another person agrees with the same command.
    #[command(
        after_help = "\
For a file that the bank rejected or never got, and for a payment in it that must not go. What it was to pay is due again
once another person has agreed; the file stays in the history with its SHA-256. Tell the bank as well: if it makes the
payment nevertheless, its line is an exception. What the bank has made already is not taken back, it comes back. Of a payment
that the bank made only in part (an open line with its reference is over less) what it made is recorded as paid, and the rest
is due again.

Examples:
  svala payment recall 4711 --reason \"the account is closed\"
  svala payment recall --file 3 --reason \"rejected by the bank, AM04\"
  svala payment recall list
  svala payment recall withdraw 4711 --reason \"the bank made it\"",
        args_conflicts_with_subcommands = true,
        subcommand_negates_reqs = true
    )]
    Recall {
        #[command(subcommand)]
        command: Option<RecallCommand>,
        /// Their numbers or references.
        #[arg(required_unless_present = "file", conflicts_with = "file")]
        payments: Vec<String>,
        /// All payments of this file.
        #[arg(long, value_name = "NUMBER")]
        file: Option<u64>,
        /// Why; kept encrypted, shown in the partner's history.
        #[arg(long, required = true)]
        reason: Option<String>,
    },
    /// Write approved payments into a file for the bank (pain.001); somebody else than who approved them does it.
    #[command(after_help = "\
From then on they count as paid and stand in no other file. The file is new, only its owner may read it, and its SHA-256
is in the ledger. The day of execution is today at the earliest and within 360 days; on a weekend or a holiday of the euro
area (TARGET) the bank settles on the next day that is none. --again writes a file that was made before, byte for byte.

Examples:
  svala payment file --out 2024-07-15.xml --execute-on 2024-07-15 --debtor-name Migrationsverket \\
      --debtor-iban \"SE35 5000 0000 0549 1000 0003\" --debtor-bic ESSESESS
  svala payment file --dry-run --execute-on 2024-07-15 --debtor-name Migrationsverket \\
      --debtor-iban \"SE35 5000 0000 0549 1000 0003\" --debtor-bic ESSESESS
  svala payment file 4711 4715 --out two.xml --pain 09 …
  svala payment file --again 3 --out copy.xml")]
    File {
        /// The payments' numbers or references; all that are approved and yours to pay unless given.
        #[arg(conflicts_with = "again")]
        payments: Vec<String>,
        /// A new file.
        #[arg(long, value_name = "FILE", required_unless_present = "dry_run")]
        out: Option<PathBuf>,
        /// The account that pays.
        #[arg(long, value_name = "IBAN", required_unless_present = "again", conflicts_with = "again")]
        debtor_iban: Option<Iban>,
        /// Its bank.
        #[arg(long, value_name = "BIC", conflicts_with = "again")]
        debtor_bic: Option<Bic>,
        /// The number under which the bank knows who sends it files, where it asks for one (`InitgPty/Id`).
        #[arg(long, value_name = "NUMBER", env = "SVALA_DEBTOR_ID")]
        debtor_id: Option<SenderNumber>,
        /// Its holder, as the bank writes it.
        #[arg(long, value_name = "NAME", required_unless_present = "again", conflicts_with = "again")]
        debtor_name: Option<Name>,
        /// The day on which the bank is to execute it.
        #[arg(long, value_name = "DATE", required_unless_present = "again", conflicts_with = "again")]
        execute_on: Option<Date>,
        /// The day may be more than 360 days ahead.
        #[arg(long, conflicts_with = "again")]
        far_ahead: bool,
        /// Show what would stand in the file, and what the bank would do with it; write nothing.
        #[arg(long, conflicts_with = "again")]
        dry_run: bool,
        /// The version of the message.
        #[arg(long, value_enum, default_value_t = Pain::V03, conflicts_with = "again")]
        pain: Pain,
        /// Write this file, made before, once more.
        #[arg(long, value_name = "NUMBER")]
        again: Option<u64>,
    },
    /// What the bank says of a file of payments: a payment status report (pain.002).
    #[command(after_help = "\
What was accepted is noted (`svala payment show`). What the bank rejected or cancelled is taken back with its reason, and what
it was to pay is due again; to pay it takes two people as ever. A report names the file by its MsgId and payments by their
EndToEndId; one that names anything else is refused as a whole. The same report again changes nothing. What a line shows as made
is not taken back. Where the bank goes on with what was taken back before, a warning says so: exit code 1.

Examples:
  svala payment status report.xml --dry-run
  svala payment status report.xml
  svala payment status report.xml --format csv")]
    Status {
        /// The file (XML).
        file: PathBuf,
        /// Show what it says and whether it would be taken in; write nothing.
        #[arg(long)]
        dry_run: bool,
    },
    /// Files made so far.
    Files,
    /// Every event of the files in words, with who and when; refused commands too.
    History,
}

#[derive(Debug, Subcommand)]
pub enum RecallCommand {
    /// Payments that one person wants to take back from their file, and that wait for another one.
    List,
    /// Do not take payments back after all: who wanted it withdraws it, anybody else refuses it.
    #[command(after_help = "Example:\n  svala payment recall withdraw 4711 --reason \"the bank made it\"")]
    Withdraw {
        /// Their numbers or references.
        #[arg(required = true)]
        payments: Vec<String>,
        /// Why; kept encrypted, shown in the partner's history.
        #[arg(long)]
        reason: String,
    },
}

/// The version of the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Pain {
    /// pain.001.001.03, which banks take everywhere.
    #[value(name = "03")]
    V03,
    /// pain.001.001.09.
    #[value(name = "09")]
    V09,
}

impl From<Pain> for PainVersion {
    fn from(version: Pain) -> Self {
        match version {
            Pain::V03 => Self::V03,
            Pain::V09 => Self::V09,
        }
    }
}
