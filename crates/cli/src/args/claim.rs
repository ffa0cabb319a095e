//! `svala claim …`, with its help.

use std::path::PathBuf;

use clap::Subcommand;
use domain::claim::ClaimState;
use domain::{PartnerCode, Period};
use jiff::civil::Date;
use money::{Currency, Eur};

#[derive(Debug, Subcommand)]
pub enum ClaimCommand {
    /// Claims in the order they were reported.
    List {
        /// Of this case.
        #[arg(long)]
        case: Option<String>,
        /// Of this partner.
        #[arg(long)]
        partner: Option<PartnerCode>,
        /// Delivered in this period: 2024-Q2, 2024-05, 2024, or 2024-04-01..2024-06-30.
        #[arg(long)]
        period: Option<Period>,
        /// In this state: waiting-for-rate, reported, proposed, queried, answered, accepted, cut, refused, reversed.
        #[arg(long)]
        state: Option<ClaimState>,
        /// Of the report with this number.
        #[arg(long, value_name = "NUMBER")]
        report: Option<u64>,
    },
    /// Everything about one claim: its receipt, rate and flags, who decided what and when, what was asked and answered, its
    /// payments and what came back. CSV holds the line of the list, JSON all.
    #[command(after_help = "Examples:\n  svala claim show 1412\n  svala claim show 1412 --format json")]
    Show {
        /// The claim's number.
        claim: u64,
    },
    /// What is odd about claims that count, each held against all others: look before you accept.
    Flags {
        /// Of this partner.
        #[arg(long)]
        partner: Option<PartnerCode>,
        /// Delivered in this period.
        #[arg(long)]
        period: Option<Period>,
        /// Of the report with this number.
        #[arg(long, value_name = "NUMBER")]
        report: Option<u64>,
        /// Also of claims that are decided.
        #[arg(long)]
        decided: bool,
    },
    /// What was asked about claims and fees, how long ago, and what was answered.
    Queries {
        /// Of this partner.
        #[arg(long)]
        partner: Option<PartnerCode>,
    },
    /// Accept claims: what fits under the cap counts, the rest is disallowed with a reason.
    #[command(after_help = "\
In bulk, claims that look like another one or are oddly large stay open (see `svala claim flags`): accept them by
number, or give --flagged-too. So do those that a rule queries. What you proposed stays proposed. What somebody else proposed
stays open too, as you may not have looked at it: name it, or give --agree (a dry run shows in agrees_to whom you agree with).
With --at-most finance accepts only a part: the rest is disallowed for your reason. Who agrees to a proposal agrees to its amount.

Examples:
  svala claim accept --partner caritas --period 2024-Q2 --dry-run
  svala claim accept --partner caritas --period 2024-Q2
  svala claim accept --report 1520
  svala claim accept --partner caritas --agree --dry-run
  svala claim accept 1412 1415
  svala claim accept 1412 --at-most 800.00 --reason \"the third month was not delivered\"")]
    Accept {
        /// The claims' numbers; a claim named like this is decided even where a bulk acceptance would leave it open.
        #[arg(required_unless_present_any = ["all", "partner", "case", "period", "report"], conflicts_with_all = ["all", "partner", "case", "period", "report", "flagged_too", "agree"])]
        claims: Vec<u64>,
        /// All claims not decided yet, in the order they were reported.
        #[arg(long)]
        all: bool,
        /// Those of this partner.
        #[arg(long)]
        partner: Option<PartnerCode>,
        /// Those of this case.
        #[arg(long)]
        case: Option<String>,
        /// Those delivered in this period.
        #[arg(long)]
        period: Option<Period>,
        /// Those of the report with this number.
        #[arg(long, value_name = "NUMBER")]
        report: Option<u64>,
        /// Also those that a flag holds back.
        #[arg(long)]
        flagged_too: bool,
        /// Also those that somebody else proposed to accept: agree to their proposals.
        #[arg(long)]
        agree: bool,
        /// Only claims as they stood at this position of the log, such as a dry run names: what was reported or has changed
        /// since (answered, proposed, converted, its receipt attached …) waits for another look.
        #[arg(long, value_name = "POSITION", conflicts_with = "claims")]
        up_to: Option<u64>,
        /// Accept no more than this of the one claim that is named, in EUR. Whoever agrees to such a proposal names the same.
        #[arg(long, value_name = "AMOUNT", conflicts_with_all = ["all", "partner", "case", "period"])]
        at_most: Option<Eur>,
        /// Why no more; kept encrypted, shown in the history. The words of whoever proposed it stand.
        #[arg(long, requires = "at_most")]
        reason: Option<String>,
        /// Show what would happen; write nothing.
        #[arg(long)]
        dry_run: bool,
    },
    /// Ask the partner about claims before deciding them.
    #[command(
        after_help = "Example:\n  svala claim query 1412 1415 --reason \"which course is this?\" --dry-run"
    )]
    Query {
        #[command(flatten)]
        about: About,
    },
    /// Record the partner's answer to a question.
    Answer {
        /// The claim's number.
        claim: u64,
        /// The answer; kept encrypted, shown in the history.
        #[arg(long)]
        text: String,
    },
    /// Take up refused claims again, because what they were refused for has changed; then decide them anew.
    #[command(
        after_help = "Example:\n  svala claim reopen 1412 1415 --reason \"the arrival was recorded late\""
    )]
    Reopen {
        #[command(flatten)]
        about: About,
    },
    /// Keep the file of a claim's receipt, encrypted, beside it.
    Attach {
        /// The claim's number.
        claim: u64,
        /// The file, at most 10 MiB.
        file: PathBuf,
    },
    /// Write the file of a claim's receipt to a new file.
    Receipt {
        /// The claim's number.
        claim: u64,
        /// The new file.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Record accepted spend that came back; it is free again under the cap. Of a family's receipt, by whose claim it was.
    #[command(after_help = "\
The reversal posts on its own day; nothing that was booked is changed. From the rulebook's second_approval_from on, counting
what came back of the claim before, it takes two people: the first proposes, and another one agrees by naming the same amount
and day. Many at once: `svala import reversals FILE`.

Examples:
  svala claim reverse 1412 --amount 250.00 --on 2024-09-02 --reason \"goods returned\"
  svala claim reverse 1412 --amount 346450.000 --currency IQD --on 2024-09-02 --reason \"goods returned\"")]
    Reverse {
        /// The claim's number.
        claim: u64,
        /// How much.
        #[arg(long)]
        amount: String,
        /// EUR, or the currency of the claim.
        #[arg(long, default_value = "EUR")]
        currency: Currency,
        /// The day on which it came back.
        #[arg(long, value_name = "DATE")]
        on: Date,
        /// Why; kept encrypted, shown in the history.
        #[arg(long)]
        reason: String,
    },
    /// Undo a reversal that was recorded by mistake: what it took back counts again, if it still fits under the cap.
    #[command(after_help = "\
The whole reversal is undone, as an event of today; what was booked stays, and the new voucher names it. A claim whose receipt
is worth the rulebook's second_approval_from or more takes two people, as accepting it did: the first proposes, and another one
agrees by the same command. `svala claim show` has the numbers of its reversals in its history.

Examples:
  svala claim undo-reversal 1412 --reason \"the goods were never returned\"
  svala claim undo-reversal 1412 --reversal 1530 --reason \"booked for the wrong receipt\"")]
    UndoReversal {
        /// The claim's number.
        claim: u64,
        /// The number of the reversal; needed where there are several.
        #[arg(long, value_name = "NUMBER")]
        reversal: Option<u64>,
        /// Why; kept encrypted, shown in the history.
        #[arg(long)]
        reason: String,
    },
    /// End what somebody proposed to take back of a claim, or to undo: by whoever proposed it, or by somebody who refuses it.
    #[command(after_help = "Example:\n  svala claim drop-reversal 1412 --reason \"the goods were kept\"")]
    DropReversal {
        /// The claim's number.
        claim: u64,
        /// Why; kept encrypted, shown in the history.
        #[arg(long)]
        reason: String,
    },
    /// Refuse claims, with a reason.
    #[command(
        after_help = "Example:\n  svala claim refuse 1412 1415 --reason \"the receipts are of another person\""
    )]
    Refuse {
        #[command(flatten)]
        about: About,
    },
}

/// Which claims, and what is said of them.
#[derive(Debug, clap::Args)]
pub struct About {
    /// The claims' numbers. One that is refused stops none of the others.
    #[arg(required = true)]
    pub claims: Vec<u64>,
    /// The words, for all of them; kept encrypted, shown in the history.
    #[arg(long)]
    pub reason: String,
    /// Show what would happen; write nothing.
    #[arg(long)]
    pub dry_run: bool,
}
