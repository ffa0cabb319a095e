//! `svala reconcile …`, with its help.

use app::query::Figure;
use clap::Subcommand;
use domain::{PartnerCode, Period};

#[derive(Debug, Subcommand)]
pub enum ReconcileCommand {
    /// One case: its caps, every claim and grant with its receipt, the payments of each and the lines of the bank.
    #[command(
        after_help = "Examples:\n  svala reconcile case MV-2024-00017\n  svala reconcile case MV-2024-00017 --open not-paid"
    )]
    Case {
        /// The case.
        case: String,
        /// Only the rows into which a figure opens.
        #[arg(long, value_name = "FIGURE")]
        open: Option<Figure>,
    },
    /// One partner: by case what it reported, what was accepted, paid and seen at the bank; its fees and advances.
    #[command(after_help = "\
With a period: what was delivered, charged and paid in those days, with what became of it since; entitlements are those
of whole cases. What was paid in advance or outside of the ledger is for no case and stands by itself.

Examples:
  svala reconcile partner caritas
  svala reconcile partner caritas --period 2024-06
  svala reconcile partner caritas --period 2024-06 --open accepted --format csv > accepted.csv")]
    Partner {
        /// The partner's code.
        partner: PartnerCode,
        /// Its days: 2024-Q2, 2024-05, 2024, or 2024-04-01..2024-06-30; all unless given.
        #[arg(long)]
        period: Option<Period>,
        /// Only the rows into which a figure opens.
        #[arg(long, value_name = "FIGURE")]
        open: Option<Figure>,
    },
    /// One period: by partner what was delivered, charged and paid out in it, and the lines of the bank booked in it.
    #[command(after_help = "\
A line of the bank may pay for another period, and what is paid late is seen late: over all days, `bank` less what is no
payment is `seen`; within a period each of them stands on its own day.

Examples:
  svala reconcile period 2024-06
  svala reconcile period 2024-06 --open bank
  svala reconcile period 2024-06 --open not-seen --format csv > under-way.csv")]
    Period {
        /// A month, a quarter, a year or some days: 2024-05, 2024-Q2, 2024, 2024-04-01..2024-06-30.
        period: Period,
        /// Only the rows into which a figure opens.
        #[arg(long, value_name = "FIGURE")]
        open: Option<Figure>,
    },
    /// One line of the bank, back to the payments it settles, their claims with receipts, and what was granted.
    #[command(after_help = "Example:\n  svala reconcile line 4718")]
    Line {
        /// The line's number (`svala bank lines`).
        line: u64,
        /// Only the rows into which a figure opens.
        #[arg(long, value_name = "FIGURE")]
        open: Option<Figure>,
    },
}
