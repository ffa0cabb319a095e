//! The command line, with its help.

mod bank;
mod books;
mod case;
mod claim;
mod exception;
mod import;
mod partner;
mod payment;
mod period;
mod reconcile;
mod report;

use std::path::PathBuf;

use app::Actor;
use clap::{ArgAction, Parser, Subcommand, ValueEnum};
use domain::PartnerCode;
use domain::rates::RateSource;
use jiff::civil::Date;
use money::{Currency, Eur};

pub use bank::{BankAccountCommand, BankCommand, LineNumbers, MatchCommand};
pub use books::{BooksCommand, BooksOf};
pub use case::{CaseCommand, OnDay, PlannedAmount};
pub use claim::{About, ClaimCommand};
pub use exception::ExceptionCommand;
pub use import::{ImportCommand, ImportFile};
pub use partner::{
    AgreementCommand, DetailsCommand, FeeCommand, HoldCommand, PartnerCommand, ScopeArgs, StatementBy,
};
pub use payment::{PaymentCommand, RecallCommand};
pub use period::{CheckHow, PeriodCommand};
pub use reconcile::ReconcileCommand;
pub use report::ReportCommand;

/// The event-sourced ledger for reintegration support.
#[derive(Debug, Parser)]
#[command(
    name = "svala",
    version,
    about,
    max_term_width = 110,
    arg_required_else_help = true,
    after_help = "\
Start here:
  svala demo                      an invented year, imported and summed up
  svala init                      a new ledger, svala.db with its key svala.key
  svala import cases cases.csv    then grants, spend and reversals
  svala balance                   what each person may spend, spent and has left

A case is named by its own reference (7K3M-9PQ4) or by the authority's (MV-2024-00017).

Exit codes: 0 done, 1 refused by a rule or a check, 2 wrong usage or input, 3 the ledger is damaged or unreachable."
)]
pub struct Args {
    /// The ledger's database: sqlite:FILE or postgres://USER@HOST/DATABASE.
    #[arg(
        long,
        global = true,
        env = "SVALA_LEDGER",
        default_value = "sqlite:svala.db",
        value_name = "URL",
        help_heading = "Ledger"
    )]
    pub ledger: String,

    /// The ledger's key file; beside the file of the database, or named like it, with the ending .key, unless given.
    #[arg(long, global = true, env = "SVALA_KEY_FILE", value_name = "FILE", help_heading = "Ledger")]
    pub key_file: Option<PathBuf>,

    /// The folder of checkpoints, outside the database; beside the key file, with the ending .checkpoints, unless given.
    #[arg(long, global = true, env = "SVALA_CHECKPOINTS", value_name = "FOLDER", help_heading = "Ledger")]
    pub checkpoints: Option<PathBuf>,

    /// Who gives the command; recorded on every event. Your user name unless given.
    #[arg(long, global = true, env = "SVALA_ACTOR", value_name = "NAME", help_heading = "Ledger")]
    pub actor: Option<Actor>,

    /// A rulebook (TOML) in place of the one in force; a command that writes adopts it first, if it may alone.
    #[arg(long, global = true, value_name = "FILE", help_heading = "Ledger")]
    pub rulebook: Option<PathBuf>,

    /// How listings are printed.
    #[arg(long, global = true, value_enum, default_value_t = Format::Table, help_heading = "Output")]
    pub format: Format,

    #[command(subcommand)]
    pub command: Command,
}

/// How listings are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Aligned columns, for people.
    Table,
    /// An array of objects, amounts as strings.
    Json,
    /// A header row, commas, points.
    Csv,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Create a ledger: its database, its key file, and the rulebook in force.
    #[command(after_help = "\
On PostgreSQL the database must be there, and the user must be allowed to create roles and a schema in it; later
commands need only a user who is a member of the role svala_append.

Examples:
  svala init
  svala --ledger sqlite:2024.db --rulebook rules-2024.toml init
  svala --ledger postgres://postgres@db.example/svala init")]
    Init,

    /// Bring a ledger's database up to date with this program (on a server as the schema's owner).
    #[command(
        after_help = "A file is brought up to date whenever it is opened.\n\nExamples:\n  svala --ledger postgres://postgres@db.example/svala migrate\n  svala --ledger postgres://postgres@db.example/svala migrate --restore-head"
    )]
    Migrate {
        /// Put the head of the log, which somebody moved by hand, where the events end.
        #[arg(long)]
        restore_head: bool,
    },

    /// Copy a ledger in a file as it is at this moment, while others go on writing.
    #[command(after_help = "\
The copy holds every event that was acknowledged. A copy of the file made otherwise may lack the newest, which stand in
the file beside it that ends in -wal. The key file and the checkpoints are not in it: keep them in another place. A ledger
on a server is backed up with pg_dump.

Examples:
  svala backup --out 2024-07-01.db
  svala --ledger sqlite:2024-07-01.db --key-file svala.key --checkpoints nowhere verify")]
    Backup {
        /// A file that is not there yet.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },

    /// Import a file of cases, grants, spend or reversals (CSV in UTF-8, or Excel .xlsx), of exchange rates, or of bank
    /// statements.
    #[command(
        subcommand,
        after_help = "\
All or nothing: one bad row, and nothing of the file is applied. A business refusal (over cap, wrong partner, …) is
no error: the row is kept, with its reason.

Examples:
  svala import cases cases.csv --dry-run
  svala import spend 2024-q2.csv --accept
  svala import spend irara-2024-q2.xlsx --receipts scans/ --dry-run
  svala import spend 2024-q2.csv --partial --locale sv"
    )]
    Import(ImportCommand),

    /// Cases: list them, show one, record what happened.
    #[command(
        subcommand,
        after_help = "Examples:\n  svala case list\n  svala case show MV-2024-00017\n  svala case change-mode 7K3M-9PQ4 forced --on 2024-05-02"
    )]
    Case(CaseCommand),

    /// Claims: list them, see what is odd, accept, query or refuse them, keep their receipts.
    #[command(
        subcommand,
        after_help = "\
From the rulebook's second_approval_from on it takes two people: the first `accept` proposes, another person's decides.
Who acts for a partner (--actor asha@caritas) decides nothing.

Examples:
  svala claim list --state reported
  svala claim accept --partner caritas --period 2024-Q2 --dry-run
  svala claim accept 1412 1415
  svala claim query 1412 --reason \"which of the two receipts is this?\"
  svala claim attach 1412 R-17.pdf
  svala claim receipt 1412 --out R-17.pdf
  svala claim reverse 1412 --amount 12.50 --on 2024-06-30 --reason \"goods returned\"
  svala claim refuse 1412 --reason \"receipt is for another person\""
    )]
    Claim(ClaimCommand),

    /// Reports of spend: each file that a partner reported in, and what has become of its rows.
    #[command(
        subcommand,
        after_help = "\
A report is a file that was imported with `svala import spend`. Its number stands in `svala claim list`; --report NUMBER
asks for its claims there, in `svala claim flags`, `svala claim accept` and `svala partner fee list`.

Examples:
  svala report list --partner caritas --period 2024-Q2
  svala report show 1520
  svala claim accept --report 1520 --dry-run"
    )]
    Report(ReportCommand),

    /// Arrival grants: list the payments, let a refused one count, record money that came back.
    #[command(
        subcommand,
        after_help = "Examples:\n  svala grant list\n  svala grant allow 214 --reason \"flight landed on a bank holiday\""
    )]
    Grant(GrantCommand),

    /// Partner organisations: register them, their agreements, where they are paid, what they charge; the workbooks in which they report; their statements.
    #[command(
        subcommand,
        after_help = "Examples:\n  svala partner template irara --period 2024-Q2 --out irara-2024-Q2.xlsx\n  svala partner list\n  svala partner register caritas --name \"Caritas Armenia\"\n  svala partner agreement sign caritas 2024-am --programme jrs --country AM --from 2024-01-01\n  svala partner show caritas\n  svala partner statement caritas --period 2024-Q2 --out caritas-2024-Q2.html"
    )]
    Partner(PartnerCommand),

    /// Payments to partners: see what is due, propose, approve, write the file for the bank.
    #[command(
        subcommand,
        after_help = "\
It takes three steps and two people: one proposes, another approves, and the file is written by somebody who did not
approve it.

Examples:
  svala payment due
  svala payment propose --partner caritas --period 2024-Q2 --dry-run
  svala payment approve 4711
  svala payment file --out 2024-07-15.xml --execute-on 2024-07-15 --debtor-name Migrationsverket \\
      --debtor-iban \"SE35 5000 0000 0549 1000 0003\"
  svala payment show 4711"
    )]
    Payment(PaymentCommand),

    /// The general ledger: vouchers, trial balance, files for accounting systems.
    #[command(
        subcommand,
        after_help = "\
Every event that moves money is a balanced voucher, booked on the day it was decided or the money moved, or, if that day's
period is closed, in the open one. How it is booked is data:
`svala books chart --document` prints it.

Examples:
  svala books trial-balance --period 2024-05
  svala books account 2560 --period 2024-05 --partner caritas
  svala books vouchers --period 2024-05 --format csv
  svala books export --period 2024-05 --out may.si
  svala books chart"
    )]
    Books(BooksCommand),

    /// Closing of periods: what is open in one, close it for good, prove that the closed ones are as they were.
    #[command(
        subcommand,
        after_help = "Examples:\n  svala period check 2024-05\n  svala period close 2024-05 --dry-run\n  svala period close 2024-05\n  svala period list"
    )]
    Period(PeriodCommand),

    /// Holds: stop payments to a partner, in a country or of a programme, and let them go on.
    #[command(
        subcommand,
        after_help = "Examples:\n  svala hold place --partner irara --from 2024-05-01 --reason \"receipts are missing\"\n  svala hold list\n  svala hold release 1 --on 2024-07-01 --reason \"receipts are here\""
    )]
    Hold(HoldCommand),

    /// The bank: the authority's accounts, their statements, and the lines of these.
    #[command(
        subcommand,
        after_help = "Examples:\n  svala bank account add payments --iban \"SE35 5000 0000 0549 1000 0003\" --currency EUR\n  svala import statement june.xml\n  svala bank statements\n  svala bank lines --from 2024-06-01 --format csv > lines.csv"
    )]
    Bank(BankCommand),

    /// Exceptions: what does not fit at the bank, how old it is, who looks after it, and who answers for it.
    #[command(
        subcommand,
        after_help = "Examples:\n  svala exception list\n  svala exception assign no-match-4718 berit\n  svala exception resolve no-match-4718 --write-off bank-fees --reason \"the bank's yearly fee\""
    )]
    Exception(ExceptionCommand),

    /// Reconcile: what was granted, what was claimed of it with which receipt, and what the bank shows; of a case, a partner,
    /// a period or a line of the bank.
    #[command(
        subcommand,
        after_help = "\
Every figure is the sum of rows, and --open FIGURE shows them:

  entitled     caps of whole cases       not-claimed   of that, neither disbursed nor waiting for a decision
  reported     claims, fees, grants      no-receipt    of that, without the file of a receipt
  accepted     net of what came back     not-paid      of that, not paid
                                         not-accepted  paid beyond what is accepted
                                         unsettled     paid in advance or outside of the ledger, and not settled
  paid         net of what came back     not-seen      of that, shown by no line of the bank
                                         by-card       of that, paid by card
  seen         paid, and at the bank
  bank         lines, out above zero     difference, written-off, unexplained   of that, what is no payment
                                         explained   of that, what payments are

So accepted - not-paid + not-accepted + unsettled = paid, paid - not-seen - by-card = seen,
bank - difference - written-off - unexplained = explained, and over all days explained = seen. Each row names the lines
that show it, and `svala reconcile line` goes from a line back to what it paid for.

Examples:
  svala reconcile case MV-2024-00017
  svala reconcile partner caritas --period 2024-06
  svala reconcile partner caritas --period 2024-06 --open not-paid
  svala reconcile period 2024-06 --open unexplained --format csv > open-lines.csv
  svala reconcile line 4718"
    )]
    Reconcile(ReconcileCommand),

    /// Exchange rates: list them, show which applies.
    #[command(
        subcommand,
        after_help = "Examples:\n  svala rate list --source inforeuro --currency IQD --from 2024-01-01\n  svala rate show IQD 2024-06-14\n  svala rate show SEK 2024-06-30 --policy day"
    )]
    Rate(RateCommand),

    /// Balances per person and budget line.
    #[command(
        after_help = "Examples:\n  svala balance\n  svala balance MV-2024-00017\n  svala balance --format csv > balances.csv"
    )]
    Balance {
        /// One case; all if not given.
        case: Option<String>,
    },

    /// Every event of a case in words, with who and when.
    #[command(after_help = "Example:\n  svala history MV-2024-00017")]
    History {
        /// The case.
        case: String,
    },

    /// Why a case has its caps, and why each claim and payment counts as it does.
    #[command(after_help = "Example:\n  svala explain MV-2024-00017")]
    Explain {
        /// The case.
        case: String,
    },

    /// The ledger on one page: by programme and country, people near their cap, what was refused and why.
    Summary,

    /// Rebuild every balance and list from event 1 and compare with what is shown.
    #[command(after_help = "\
Exit code 3 when they differ; --repair then puts the rebuilt rows in place. The log is read from its sealed runs; every
event is hashed, and the root must be that of the log.")]
    Replay {
        /// Where they differ, put the rebuilt rows in place; make the sealed runs anew.
        #[arg(long)]
        repair: bool,
        /// Faster: do not hash the events of the sealed runs.
        #[arg(long, conflicts_with = "repair")]
        trust_runs: bool,
    },

    /// Check that nothing was altered or left out: positions, versions, hashes, root, receipts, checkpoints.
    #[command(after_help = "\
Exit code 3 when something is wrong, with the position and stream. The checkpoints in the folder are always compared;
one that was kept elsewhere since tells also what somebody with access to the folder did.

An auditor does not need the ledger's key file, which opens every text and signs checkpoints: with the public key
(`svala checkpoint --public-key`) everything is checked but what only that key opens.

A proof made by `svala prove` is checked with the public key alone, without the ledger; exit code 1 when it does not
hold.

Examples:
  svala verify
  svala verify --checkpoint /media/archive/000000004711.checkpoint
  svala verify --verifier-key ledger.vkey --checkpoint march.checkpoint
  svala verify --proof event-50.tlog-proof --verifier-key ledger.vkey
  svala verify --proof since-march.txt --checkpoint march.checkpoint --verifier-key ledger.vkey")]
    Verify {
        /// A checkpoint of this ledger that was kept elsewhere; may be given more than once.
        #[arg(long, value_name = "FILE")]
        checkpoint: Vec<PathBuf>,
        /// A proof to check, in place of the ledger; one of continuation with the --checkpoint that it continues.
        #[arg(long, value_name = "FILE")]
        proof: Option<PathBuf>,
        /// The public key, or a file with it: checks a proof (that of the checkpoint folder unless given), or the ledger
        /// without its key file.
        #[arg(long, value_name = "KEY")]
        verifier_key: Option<String>,
    },

    /// Separation of duties: list wherever somebody decided what they reported, agreed to what they proposed, or paid what
    /// they approved.
    #[command(after_help = "\
Looks at who gave each command, through the whole log. Exit code 1 when there is a violation.

Examples:
  svala duties
  svala duties --format csv > violations.csv")]
    Duties,

    /// Prove that an event is in the ledger, or that the ledger continues an older checkpoint.
    #[command(after_help = "\
A proof is a text that anybody can check with the public key (`svala checkpoint --public-key`), without the ledger:
`svala verify --proof FILE`. It shows the whole event, but nothing that is kept encrypted beside it.

Examples:
  svala prove 50 --out event-50.tlog-proof
  svala prove --since march.checkpoint --out since-march.txt")]
    Prove {
        /// The event's position (see `svala history`).
        #[arg(required_unless_present = "since", conflicts_with = "since")]
        position: Option<u64>,
        /// The older checkpoint.
        #[arg(long, value_name = "FILE")]
        since: Option<PathBuf>,
        /// A new file to write the proof to.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },

    /// Sign a statement of how long the log is and what it hashes to, and print it.
    #[command(after_help = "\
Checkpoints are written into the folder by themselves, as the log grows. Whoever holds one can tell whether the ledger
still has the history it had then: give them away.

Examples:
  svala checkpoint
  svala checkpoint --out /media/archive/       under its own name, in that folder
  svala checkpoint --public-key                the key that checks signatures")]
    Checkpoint {
        /// A new file to write it to, or a folder.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// Print the public key instead, as NAME+ID+KEY (C2SP).
        #[arg(long, conflicts_with = "out")]
        public_key: bool,
    },

    /// The rules: show them, check a file, bring one into force.
    #[command(
        subcommand,
        after_help = "Examples:\n  svala rulebook show\n  svala rulebook show jrs.reintegration.iraq-extended\n  svala rulebook check rules-2025.toml\n  svala rulebook adopt rules-2025.toml"
    )]
    Rulebook(RulebookCommand),

    /// Check the installation: database settings, key file, read models.
    Doctor,

    /// Create a ledger with an invented year, import it, and show the summary.
    #[command(after_help = "Examples:\n  svala demo\n  svala demo --into ./demo --people 2000 --seed 7")]
    Demo {
        /// The folder to create it in; a new temporary one if not given.
        #[arg(long, value_name = "FOLDER")]
        into: Option<PathBuf>,
        /// Another number invents another year.
        #[arg(long, default_value_t = demo::SEED)]
        seed: u64,
        /// How many people.
        #[arg(long, default_value_t = demo::PEOPLE, value_name = "NUMBER")]
        people: usize,
    },
}

#[derive(Debug, Subcommand)]
pub enum GrantCommand {
    /// Payments in the order they were recorded.
    List {
        /// Of this case.
        #[arg(long)]
        case: Option<String>,
    },
    /// Who has come home and not received the arrival grant, or not all of it; who waits longest first.
    #[command(after_help = "\
A partner pays the grant out in cash and is paid back with `svala payment propose`, or it is paid by bank; either is
recorded with `svala import grants`. Here is what is left of it, the last day on which it is paid without a reason from
finance, and the hold that stops it.

Examples:
  svala grant due --partner irara
  svala grant due --on 2024-05-14 --format csv")]
    Due {
        /// Of the cases that this partner has.
        #[arg(long, value_name = "PARTNER")]
        partner: Option<PartnerCode>,
        /// As of this day instead of today.
        #[arg(long, value_name = "DATE")]
        on: Option<Date>,
    },
    /// Let a refused payment count, with finance's reason.
    Allow {
        /// The payment's number.
        grant: u64,
        /// Why; kept encrypted, shown in the history.
        #[arg(long)]
        reason: String,
    },
    /// Record money that came back.
    Return {
        /// The payment's number.
        grant: u64,
        /// How much, in EUR.
        #[arg(long)]
        amount: Eur,
        /// The day.
        #[arg(long, value_name = "DATE")]
        on: Date,
        /// Why; kept encrypted, shown in the history. Tells apart two returns of the same amount on one day.
        #[arg(long)]
        reason: String,
    },
}

#[derive(Debug, Subcommand)]
pub enum RateCommand {
    /// The rates in force, by source, currency and day.
    #[command(after_help = "\
Examples:
  svala rate list --source inforeuro --currency IQD --from 2024-01-01
  svala rate list --currency IQD --all-versions")]
    List {
        /// Of this source: inforeuro, ecb.
        #[arg(long)]
        source: Option<RateSource>,
        /// Of this currency.
        #[arg(long)]
        currency: Option<Currency>,
        /// From this day on.
        #[arg(long, value_name = "DATE")]
        from: Option<Date>,
        /// Until this day.
        #[arg(long, value_name = "DATE")]
        to: Option<Date>,
        /// Also the values that were corrected since, which earlier conversions may have used.
        #[arg(long)]
        all_versions: bool,
    },
    /// Which rate applies to a currency on a day, and where it comes from; exit code 1 if it is not published.
    Show {
        /// The currency.
        currency: Currency,
        /// The day.
        date: Date,
        /// InforEuro's rate of the month, or the European Central Bank's of the day; what the rulebook says unless given.
        #[arg(long, value_enum)]
        policy: Option<RatePolicy>,
    },
}

/// Whose rate is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RatePolicy {
    /// InforEuro's rate of the month.
    Month,
    /// The European Central Bank's rate of the day.
    Day,
}

#[derive(Debug, Subcommand)]
pub enum RulebookCommand {
    /// All rules, or one in full with its source.
    Show {
        /// One rule.
        id: Option<String>,
        /// Print the rulebook's document (TOML), as a beginning for your own.
        #[arg(long, conflicts_with = "id", action = ArgAction::SetTrue)]
        document: bool,
    },
    /// Check a rulebook file; the one in force if not given.
    Check {
        /// The file (TOML).
        file: Option<PathBuf>,
    },
    /// Bring a rulebook into force for decisions from now on; the one in this program if not given.
    #[command(after_help = "\
Where the one in force asks for two people (second_approval_from), two people change it: the first proposes, another one gives
the same file.

Examples:
  svala rulebook adopt rules-2025.toml
  svala --actor berit rulebook adopt rules-2025.toml")]
    Adopt {
        /// The file (TOML).
        file: Option<PathBuf>,
    },
}
