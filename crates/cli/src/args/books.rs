//! `svala books …`, with its help.

use std::path::PathBuf;

use clap::Subcommand;
use domain::books::OrganisationNumber;
use domain::{PartnerCode, Period};

#[derive(Debug, Subcommand)]
pub enum BooksCommand {
    /// The vouchers: what was booked, debit and credit.
    Vouchers(BooksOf),
    /// What stands on each account.
    TrialBalance(BooksOf),
    /// One account: what stood on it, every row with its voucher, what stands on it after each.
    #[command(after_help = "\
What it comes to is what `svala books trial-balance` says of the account; with a case, partner or programme it is what
their rows come to. A credit balance is negative. In CSV the first row is what stood on it before, the last one what it
comes to.

Examples:
  svala books account 2560 --period 2024-05
  svala books account 2560 --period 2024-04-01..2024-06-30 --partner caritas --format csv > caritas.csv
  svala books account 7710 --case MV-2024-00017")]
    Account {
        /// The account's number (`svala books trial-balance`).
        account: String,
        /// Only rows of this case.
        #[arg(long)]
        case: Option<String>,
        /// Only rows of this partner.
        #[arg(long)]
        partner: Option<PartnerCode>,
        /// Only rows under this programme.
        #[arg(long)]
        programme: Option<String>,
        #[command(flatten)]
        of: BooksOf,
    },
    /// Write the books to a file for other programs.
    #[command(after_help = "\
The ending names the form: .si (SIE 4I, for accounting systems), .journal (hledger), .beancount, .xlsx, .csv.

A SIE 4I file is of one year, and has vouchers and no balances. What the format asks for is always there (#FLAGGA, #PROGRAM, #FORMAT, #GEN,
#SIETYP, #FNAMN), and so are #RAR, #VALUTA, #KONTO, #KTYP, #DIM, #OBJEKT, #VER and #KSUMMA; #ORGNR is there where the
organisation number is known. Journals of one period begin with what stood on the accounts before it, so that they come
to its trial balance. As long as the period is not closed, more may be booked in it later.

Examples:
  svala books export --period 2024-05 --out may.si --company Migrationsverket --org-number 202100-2114
  svala books export --out all.journal && hledger -f all.journal balance --pivot case")]
    Export {
        #[command(flatten)]
        of: BooksOf,
        /// The new file.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// Whose books they are; as the chart of accounts says unless given.
        #[arg(long, value_name = "NAME")]
        company: Option<String>,
        /// Its organisation number, for SIE; as the chart of accounts says unless given.
        #[arg(long, value_name = "NUMBER")]
        org_number: Option<OrganisationNumber>,
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
