//! `svala case …`, with its help.

use std::path::PathBuf;
use std::str::FromStr;

use clap::Subcommand;
use domain::PartnerCode;
use jiff::civil::Date;
use money::Eur;
use rulebook::{Authority, ReturnMode};

#[derive(Debug, Subcommand)]
pub enum CaseCommand {
    /// All cases.
    List,
    /// One case: where it stands, its balances, grants and claims.
    Show {
        /// The case.
        case: String,
    },
    /// Record the authority's approval; refused, with every failed condition, if the rulebook forbids it.
    Approve(OnDay),
    /// Record the authority's rejection.
    Reject(OnDay),
    /// Record that the person withdrew the application.
    Withdraw(OnDay),
    /// Record that the return became forced, or voluntary again; assesses the entitlement anew.
    ChangeMode {
        /// The case.
        case: String,
        /// The new mode: voluntary or forced.
        mode: ReturnMode,
        /// The authority that now handles the return: police for forced, migration-agency for voluntary unless given.
        #[arg(long)]
        handled_by: Option<Authority>,
        /// The day of the change.
        #[arg(long, value_name = "DATE")]
        on: Date,
    },
    /// Give the case to a partner organisation, or hand it over to another.
    #[command(after_help = "\
A claim is accepted if the partner that reports it had the case on the day of the delivery. A case that has a partner is
handed over from a day on.

Examples:
  svala case assign MV-2024-00017 caritas
  svala case assign MV-2024-00017 irara --on 2024-06-01")]
    Assign {
        /// The case.
        case: String,
        /// The partner's code.
        partner: PartnerCode,
        /// The first day on which this partner has the case; from the beginning if not given.
        #[arg(long, value_name = "DATE")]
        on: Option<Date>,
    },
    /// Hand several cases over to another partner, from a day on: those named, those of a list, or all that a partner has.
    #[command(after_help = "\
A list is a CSV file or a workbook with the column case_ref; if one of its rows names no case, nothing is done. A case that a
rule refuses stays as it was, and stops none of the others: exit code 1.

Examples:
  svala case transfer irara --on 2024-06-01 --from caritas --all --dry-run
  svala case transfer irara --on 2024-06-01 --file cases-of-may.csv
  svala case transfer irara --on 2024-06-01 MV-2024-00017 MV-2024-00021")]
    Transfer {
        /// The code of the partner that takes them over.
        to: PartnerCode,
        /// The cases.
        #[arg(required_unless_present_any = ["file", "from"], conflicts_with_all = ["file", "from"])]
        cases: Vec<String>,
        /// The first day on which it has them.
        #[arg(long, value_name = "DATE")]
        on: Date,
        /// A file that lists them.
        #[arg(long, value_name = "FILE", conflicts_with = "from")]
        file: Option<PathBuf>,
        /// All open cases that this partner has on that day.
        #[arg(long, value_name = "PARTNER", requires = "all")]
        from: Option<PartnerCode>,
        /// Really all of them.
        #[arg(long, requires = "from")]
        all: bool,
        /// Show what would happen; write nothing.
        #[arg(long)]
        dry_run: bool,
    },
    /// Agree with the partner on what it is going to spend, in place of what it planned before.
    #[command(after_help = "\
What is planned is committed: it lowers what is available for other plans, never what may be disbursed. Spend of the
same partner and category draws it down; what is left is released when the case is closed, or once another partner has it.

Examples:
  svala case plan 7K3M-9PQ4 --partner caritas --line business-start-up=1500 --line temporary-housing=300 --on 2024-05-02
  svala case plan 7K3M-9PQ4 --partner caritas --on 2024-06-01      caritas plans nothing any more")]
    Plan {
        /// The case.
        case: String,
        /// The partner that has the case.
        #[arg(long)]
        partner: PartnerCode,
        /// A benefit category with its amount in EUR; may be given more than once.
        #[arg(long, value_name = "CATEGORY=AMOUNT")]
        line: Vec<PlannedAmount>,
        /// The day of the agreement.
        #[arg(long, value_name = "DATE")]
        on: Date,
    },
    /// Record the departure from Sweden.
    Depart(OnDay),
    /// Record the arrival home.
    Arrive(OnDay),
    /// Close the case: nothing more will be reported.
    Close(OnDay),
}

/// A planned benefit as it is typed: `business-start-up=1500.00`.
#[derive(Debug, Clone)]
pub struct PlannedAmount {
    /// Benefit category of the rulebook.
    pub category: String,
    /// In EUR.
    pub amount: Eur,
}

impl FromStr for PlannedAmount {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (category, amount) =
            text.split_once('=').ok_or("write CATEGORY=AMOUNT, such as business-start-up=1500.00")?;
        let amount = amount.parse().map_err(|error: money::ParseMoneyError| error.to_string())?;
        Ok(Self { category: category.to_owned(), amount })
    }
}

#[derive(Debug, clap::Args)]
pub struct OnDay {
    /// The case.
    pub case: String,
    /// The day.
    #[arg(long, value_name = "DATE")]
    pub on: Date,
}
