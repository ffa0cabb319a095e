//! `svala report …`, with its help.

use clap::Subcommand;
use domain::{PartnerCode, Period};

#[derive(Debug, Subcommand)]
pub enum ReportCommand {
    /// Reports in the order in which they were imported, with what has become of each.
    List {
        /// With something of this partner.
        #[arg(long)]
        partner: Option<PartnerCode>,
        /// With something delivered in this period: 2024-Q2, 2024-05, 2024, or 2024-04-01..2024-06-30.
        #[arg(long)]
        period: Option<Period>,
    },
    /// One report: who imported it and when, what its claims and fees come to, what is disallowed and why, what is odd.
    #[command(
        after_help = "Its rows: `svala claim list --report NUMBER`.\n\nExample:\n  svala report show 1520"
    )]
    Show {
        /// The report's number.
        report: u64,
    },
}
