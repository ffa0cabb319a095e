//! `svala exception …`, with its help.

use std::path::PathBuf;

use app::Actor;
use clap::{ArgGroup, Subcommand};
use domain::exception::{Age, ExceptionKind};
use domain::ids::DifferenceAccount;

#[derive(Debug, Subcommand)]
pub enum ExceptionCommand {
    /// What does not fit, the oldest first: each with its age, who looks after it and what to do next.
    #[command(after_help = "\
An exception is there as long as its reason is: match the line, decide or pay, and it is gone. What somebody answers for
is listed with --all. A line of which the rules are certain is none: `svala bank match` matches it. Amounts of lines and
payments are as they stand on the account; `direction` says of each which way its money went.

Kinds: no-match, ambiguous, date, amount, over-cap, overdrawn, paid-twice, paid-while-held, paid-without-decision,
returned, grant-outside-its-days, statement-gap. Ages, in days from the booking: 0-30, 31-60, 61-90, >90.

Examples:
  svala exception list
  svala exception list --age '>90' --format csv > old.csv
  svala exception list --kind no-match --owner anna")]
    List {
        /// Only of this kind.
        #[arg(long)]
        kind: Option<ExceptionKind>,
        /// Only of this age.
        #[arg(long, value_name = "DAYS")]
        age: Option<Age>,
        /// Only those that this person looks after.
        #[arg(long)]
        owner: Option<Actor>,
        /// Those that somebody answers for too.
        #[arg(long)]
        all: bool,
    },
    /// One exception, with everything that is known about it.
    #[command(after_help = "Example:\n  svala exception show no-match-4718")]
    Show {
        /// Its name.
        exception: String,
    },
    /// Have somebody look after an exception.
    #[command(
        after_help = "Example:\n  svala exception assign no-match-4718 berit --note \"asked the bank on Monday\""
    )]
    Assign {
        /// Its name.
        exception: String,
        /// Who looks after it: a user name.
        owner: Actor,
        /// What is to be done; kept encrypted.
        #[arg(long)]
        note: Option<String>,
    },
    /// Answer for an exception by name: accept it, or write its line off.
    #[command(
        group(ArgGroup::new("how").required(true).args(["accept", "write_off"])),
        after_help = "\
What is accepted is accepted for its amount: if it comes to more, it is open again. A line that is written off is booked
under a name for differences that the chart of accounts has (bank-fees, other-differences) and can be matched no more.
Above the limit of the rules of matching another person must give the same command, to accept as to write off. A missing
statement is accepted by another person than the one who took the next one in. A line in another currency than the
euro is not written off, as its account is not in these books: accept it, and book it where that account is.

Examples:
  svala exception resolve overdrawn-12-reintegration --accept --reason \"the return became forced, nothing is claimed back\"
  svala exception resolve no-match-4718 --write-off bank-fees --reason \"the bank's yearly fee\""
    )]
    Resolve {
        /// Its name.
        exception: String,
        /// It is as it should be.
        #[arg(long)]
        accept: bool,
        /// Book its line there.
        #[arg(long, value_name = "ACCOUNT")]
        write_off: Option<DifferenceAccount>,
        /// Rules of matching (TOML) in place of those in this program, for their limit.
        #[arg(long, value_name = "FILE")]
        rules: Option<PathBuf>,
        /// Another chart of accounts than the one in this program (TOML), for its names.
        #[arg(long, value_name = "FILE")]
        chart: Option<PathBuf>,
        /// Why; kept encrypted.
        #[arg(long)]
        reason: String,
    },
    /// Let nothing come of a proposal to accept an exception or write its line off: who proposed it withdraws it, anybody else refuses it.
    #[command(
        after_help = "Example:\n  svala exception decline no-match-4718 --reason \"it is a payment to IRARA\""
    )]
    Decline {
        /// Its name.
        exception: String,
        /// Why; kept encrypted.
        #[arg(long)]
        reason: String,
    },
    /// Take back how an exception was resolved: what was written off is open again.
    #[command(
        after_help = "Example:\n  svala exception reopen no-match-4718 --reason \"it was a payment after all\""
    )]
    Reopen {
        /// Its name.
        exception: String,
        /// Why; kept encrypted.
        #[arg(long)]
        reason: String,
    },
}
