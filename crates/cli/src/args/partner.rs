//! `svala partner …` and `svala hold …`, with their help.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};
use domain::partner::{AccountNumber, BasisPoints, Bic, FeeState, Iban, Name};
use domain::{AgreementCode, PartnerCode, Period};
use jiff::civil::Date;
use money::Eur;
use rulebook::Country;

#[derive(Debug, Subcommand)]
pub enum PartnerCommand {
    /// All partners: agreements, payment details, holds, cases, and what they claimed.
    List,
    /// One partner in full.
    #[command(after_help = "Examples:\n  svala partner show caritas\n  svala partner show caritas --reveal")]
    Show {
        /// The partner's code.
        partner: PartnerCode,
        /// Show whole account numbers.
        #[arg(long)]
        reveal: bool,
    },
    /// Every event of a partner in words, with who and when; refused commands too.
    History {
        /// The partner's code.
        partner: PartnerCode,
    },
    /// Write the workbook (Excel) in which a partner reports what it delivered in a period.
    #[command(after_help = "\
It holds the partner's open cases, the categories in force, and a hidden sheet that says whose it is: filled in, it is
imported with `svala import spend FILE`.

Examples:
  svala partner template irara --period 2024-Q2 --out irara-2024-q2.xlsx
  svala partner template caritas --period 2024-06-10..2024-06-23 --out caritas.xlsx")]
    Template {
        /// The partner's code.
        partner: PartnerCode,
        /// When what is reported was delivered: 2024-Q2, 2024-05, 2024, or 2024-04-01..2024-06-30.
        #[arg(long)]
        period: Period,
        /// A new file to write it to.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// What a partner reported in a period, what was decided and what is owed, with the rows behind every figure.
    #[command(after_help = "\
A movement belongs to the day it was recorded, so a period that is over stays as it was stated. With --by delivery it shows
what was delivered in the period and what became of that, whenever it was reported and decided: without balances, which
such a period has not. The statement names the log position and root it was made at; --at gives it again, from the same
ledger, for ever. CSV holds the rows, JSON all.

Examples:
  svala partner statement caritas --period 2024-Q2
  svala partner statement caritas --period 2024-Q2 --by delivery
  svala partner statement caritas --period 2024-Q2 --format csv > rows.csv
  svala partner statement caritas --period 2024-Q2 --out caritas-2024-Q2.xlsx
  svala partner statement caritas --period 2024-Q2 --at 4711 --out caritas-2024-Q2.html")]
    Statement {
        /// The partner's code.
        partner: PartnerCode,
        /// The days it covers: 2024-Q2, 2024-05, 2024, or 2024-04-01..2024-06-30.
        #[arg(long)]
        period: Period,
        /// Whether the period is of the days on which things were recorded, or of the days of delivery.
        #[arg(long, value_enum, default_value_t = StatementBy::Record)]
        by: StatementBy,
        /// As the log stood at this position; as it stands now unless given.
        #[arg(long, value_name = "POSITION")]
        at: Option<u64>,
        /// A new file: .csv, .xlsx, or .html to print.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Register an organisation, or name one that an import met first.
    #[command(after_help = "Example:\n  svala partner register caritas --name \"Caritas Armenia\"")]
    Register {
        /// A code of your choice: a-z, 0-9 and dashes; the one that stands in import files.
        partner: PartnerCode,
        /// Its full name.
        #[arg(long)]
        name: Name,
    },
    /// Give a partner another full name.
    Rename {
        /// The partner's code.
        partner: PartnerCode,
        /// Its full name.
        #[arg(long)]
        name: Name,
    },
    /// Record a payment to a partner: for what is owed, or as an advance.
    #[command(after_help = "\
A payment reference of a partner is recorded once. The statement shows what was paid and what is still owed.

Examples:
  svala partner paid caritas --amount 12500.00 --on 2024-07-15 --reference RF71CARITAS2024Q2
  svala partner paid caritas --amount 5000.00 --on 2024-01-10 --reference ADV-2024-1 --advance")]
    Paid {
        /// The partner's code.
        partner: PartnerCode,
        /// How much, in EUR.
        #[arg(long)]
        amount: Eur,
        /// The day.
        #[arg(long, value_name = "DATE")]
        on: Date,
        /// The payment's reference; kept encrypted.
        #[arg(long)]
        reference: String,
        /// Paid in advance, settled by later claims.
        #[arg(long)]
        advance: bool,
        /// It was paid although a hold stops the partner's payments on that day.
        #[arg(long)]
        despite_hold: bool,
    },
    /// Record what a partner paid back: the rest of an advance, or more than was due to it.
    #[command(after_help = "\
No more comes back than was ever paid, and of advances than is open. The reference is what the partner gave: that of the
payment which it pays back, or one of its own, also the same each time; of one day and amount it is recorded once. The line of
the bank that brought it is matched by its reference, or by hand.

Example:
  svala partner repaid caritas --amount 380.00 --on 2024-12-20 --reference ADV-2024-1-REST --advance")]
    Repaid {
        /// The partner's code.
        partner: PartnerCode,
        /// How much, in EUR.
        #[arg(long)]
        amount: Eur,
        /// The day.
        #[arg(long, value_name = "DATE")]
        on: Date,
        /// What stands on it at the bank; kept encrypted.
        #[arg(long)]
        reference: String,
        /// Of what was paid in advance.
        #[arg(long)]
        advance: bool,
    },
    /// Take back a payment that `paid` recorded, because it was not made.
    #[command(after_help = "\
Where the bank has shown the payment, match the line that brings it back instead, or undo the match if that is wrong.
It stands in the statement of the day on which it is recorded, and is owed again. Its reference is free for another record.
Where a payment from here has taken it into account, the next one pays so much more.

Example:
  svala partner reverse-paid 1412 --reason \"recorded twice by mistake\"")]
    ReversePaid {
        /// The payment's number, as in the statement.
        payment: u64,
        /// Why; kept encrypted, shown in the history.
        #[arg(long)]
        reason: String,
    },
    /// Agreements: record one, end one, list them.
    #[command(subcommand)]
    Agreement(AgreementCommand),
    /// Where a partner is paid: propose it, approve it as a second person, or reject it.
    #[command(
        subcommand,
        after_help = "\
Details are kept encrypted. What is in force stays so until somebody else than the proposer approves the new ones, by the
number under which `svala partner show` shows them: if others were proposed meanwhile, nothing is approved.

Examples:
  svala partner payment-details propose caritas --iban \"AT61 1904 3002 3457 3201\" --holder \"Caritas Armenia\"
  svala partner payment-details propose irara --account 0012-44871 --bank \"Ethio Bank\" --holder IRARA
  svala partner show caritas --reveal
  svala partner payment-details approve caritas 1412
  svala partner payment-details reject irara --reason \"the letter of the bank is missing\""
    )]
    PaymentDetails(DetailsCommand),
    /// Fees that partners charge: list them, accept or refuse them.
    #[command(
        subcommand,
        after_help = "\
A fee is reported in a file of spend: category partner-fee, and an empty case_ref. It touches no person's cap.

Examples:
  svala partner fee list --state reported
  svala partner fee flags
  svala partner fee accept 1412 1415
  svala partner fee refuse 1418 --reason \"charged twice\"
  svala partner fee reverse 1412 --reason \"charged under the wrong agreement\""
    )]
    Fee(FeeCommand),
}

/// Which days a statement's period is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum StatementBy {
    /// The days on which things were recorded.
    Record,
    /// The days of delivery.
    Delivery,
}

#[derive(Debug, Subcommand)]
pub enum AgreementCommand {
    /// Record an agreement that was signed; refused if another is for the same programme, country and days.
    #[command(after_help = "\
Examples:
  svala partner agreement sign caritas 2024-am --programme jrs --country AM --from 2024-01-01 --until 2024-12-31
  svala partner agreement sign irara 2024 --programme jrs --country ET --country SO --from 2024-01-01 --fee-percent 7.5")]
    Sign {
        /// The partner's code.
        partner: PartnerCode,
        /// A code for the agreement: a-z, 0-9 and dashes.
        agreement: AgreementCode,
        /// The programme of the rulebook.
        #[arg(long)]
        programme: String,
        /// A country the partner delivers in; may be given more than once.
        #[arg(long = "country", value_name = "COUNTRY", required = true)]
        countries: Vec<Country>,
        /// The first day in force.
        #[arg(long, value_name = "DATE")]
        from: Date,
        /// The last day in force; open if not given.
        #[arg(long, value_name = "DATE")]
        until: Option<Date>,
        /// The partner may charge this share of eligible spend, in percent.
        #[arg(long, value_name = "PERCENT", conflicts_with = "fee_per_case")]
        fee_percent: Option<BasisPoints>,
        /// The partner may charge this amount for each case, in EUR.
        #[arg(long, value_name = "AMOUNT")]
        fee_per_case: Option<Eur>,
    },
    /// End an agreement earlier than it would.
    #[command(after_help = "Example:\n  svala partner agreement end caritas 2024-am --on 2024-09-30")]
    End {
        /// The partner's code.
        partner: PartnerCode,
        /// The agreement's code.
        agreement: AgreementCode,
        /// Its last day in force.
        #[arg(long, value_name = "DATE")]
        on: Date,
    },
    /// Agreements, of one partner or of all.
    List {
        /// The partner's code.
        partner: Option<PartnerCode>,
    },
}

#[derive(Debug, Subcommand)]
pub enum DetailsCommand {
    /// Propose where a partner is to be paid.
    #[command(after_help = "\
Examples:
  svala partner payment-details propose caritas --iban \"AT61 1904 3002 3457 3201\" --holder \"Caritas Austria\"
  svala partner payment-details propose ircs --iban \"IQ98 NBIQ 8501 2345 6789 012\" --bic NBIQIQBA --holder IRCS
  svala partner payment-details propose irara --account 0012-44871 --bank \"Bank of Addis\" \\
      --bank-town \"Addis Ababa\" --bank-country ET --holder IRARA
  svala partner payment-details propose ircs --iban \"IQ98 NBIQ 8501 2345 6789 012\" --bic NBIQIQBA \\
      --holder \"جمعية الهلال الأحمر العراقي\" --latin-name \"Iraqi Red Crescent Society\"")]
    Propose {
        /// The partner's code.
        partner: PartnerCode,
        /// The account's international number.
        #[arg(long, required_unless_present = "account", conflicts_with_all = ["account", "bank"])]
        iban: Option<Iban>,
        /// The bank's code (BIC): needed outside of SEPA.
        #[arg(long)]
        bic: Option<Bic>,
        /// The account's number in a country without IBAN.
        #[arg(long, requires = "bank")]
        account: Option<AccountNumber>,
        /// The bank of that account.
        #[arg(long, requires = "account")]
        bank: Option<Name>,
        /// The town in which that bank is; with its country in place of --bic.
        #[arg(long, requires_all = ["account", "bank_country"])]
        bank_town: Option<Name>,
        /// The country in which that bank is, two letters.
        #[arg(long, requires_all = ["account", "bank_town"])]
        bank_country: Option<Country>,
        /// Who holds the account.
        #[arg(long)]
        holder: Name,
        /// The same in Latin letters, as its bank writes it: needed where the name has letters that no bank takes.
        #[arg(long, value_name = "NAME")]
        latin_name: Option<Name>,
    },
    /// Bring what another person proposed into force.
    Approve {
        /// The partner's code.
        partner: PartnerCode,
        /// The number of the proposal you looked at, as in `svala partner show`.
        number: u64,
    },
    /// Drop what was proposed.
    Reject {
        /// The partner's code.
        partner: PartnerCode,
        /// The number of the proposal you looked at, as in `svala partner show`; whatever is proposed unless given.
        number: Option<u64>,
        /// Why; kept encrypted, shown in the history.
        #[arg(long)]
        reason: String,
    },
}

#[derive(Debug, Subcommand)]
pub enum FeeCommand {
    /// Fees in the order they were reported.
    List {
        /// Of this partner.
        #[arg(long)]
        partner: Option<PartnerCode>,
        /// In this state: waiting-for-rate, reported, proposed, queried, answered, accepted, refused, reversed.
        #[arg(long)]
        state: Option<FeeState>,
        /// Of the report with this number.
        #[arg(long, value_name = "NUMBER")]
        report: Option<u64>,
    },
    /// What is odd about fees that count, each held against all others and all claims: look before you accept.
    Flags {
        /// Of this partner.
        #[arg(long)]
        partner: Option<PartnerCode>,
        /// Also of fees that are decided.
        #[arg(long)]
        decided: bool,
    },
    /// Accept fees.
    Accept {
        /// The fees' numbers.
        #[arg(required = true)]
        fees: Vec<u64>,
    },
    /// Take back a fee that was accepted, or a part of it: it is not owed, or came back. Of a large one, another person agrees.
    #[command(after_help = "\
The reversal stands in the statement of the day on which it is recorded; nothing that was booked is changed. What was paid
already is taken off the next payment. From the rulebook's second_approval_from on, counting what was taken back of the fee
before, it takes two people: the first proposes, and another one agrees by naming the same amount.

Examples:
  svala partner fee reverse 1412 --reason \"charged under the wrong agreement\"
  svala partner fee reverse 1412 --amount 75.00 --reason \"one case too many\"")]
    Reverse {
        /// The fee's number.
        fee: u64,
        /// How much of it, in EUR; all that is left if not given.
        #[arg(long)]
        amount: Option<Eur>,
        /// Why; kept encrypted, shown in the history.
        #[arg(long)]
        reason: String,
    },
    /// End what somebody proposed to take back of a fee: by whoever proposed it, or by somebody who refuses it.
    #[command(
        after_help = "Example:\n  svala partner fee drop-reversal 1412 --reason \"it was charged rightly\""
    )]
    DropReversal {
        /// The fee's number.
        fee: u64,
        /// Why; kept encrypted, shown in the history.
        #[arg(long)]
        reason: String,
    },
    /// Keep the file of a fee's receipt, encrypted, beside it.
    Attach {
        /// The fee's number.
        fee: u64,
        /// The file, at most 10 MiB.
        file: PathBuf,
    },
    /// Write the file of a fee's receipt to a new file.
    Receipt {
        /// The fee's number.
        fee: u64,
        /// The new file.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Ask the partner about fees before deciding them; `svala claim queries` lists what is open, with that of claims.
    #[command(after_help = "Example:\n  svala partner fee query 1412 --reason \"which cases is it for?\"")]
    Query {
        /// The fees' numbers.
        #[arg(required = true)]
        fees: Vec<u64>,
        /// The question; kept encrypted, shown in the history.
        #[arg(long)]
        reason: String,
    },
    /// Record the partner's answer to a question.
    #[command(after_help = "Example:\n  svala partner fee answer 1412 --text \"for the cases of May\"")]
    Answer {
        /// The fee's number.
        fee: u64,
        /// The answer; kept encrypted, shown in the history.
        #[arg(long)]
        text: String,
    },
    /// Refuse fees, with a reason.
    #[command(after_help = "Example:\n  svala partner fee refuse 1412 1415 --reason \"not agreed\"")]
    Refuse {
        /// The fees' numbers.
        #[arg(required = true)]
        fees: Vec<u64>,
        /// Why; kept encrypted, shown in the history.
        #[arg(long)]
        reason: String,
    },
    /// Take up refused fees again, because what they were refused for has changed; then two people accept them anew.
    #[command(
        after_help = "Example:\n  svala partner fee reopen 1412 --reason \"the agreement came by post\""
    )]
    Reopen {
        /// The fees' numbers.
        #[arg(required = true)]
        fees: Vec<u64>,
        /// Why; kept encrypted, shown in the history.
        #[arg(long)]
        reason: String,
    },
}

#[derive(Debug, Subcommand)]
pub enum HoldCommand {
    /// Stop payments to a partner, in a country or of a programme. Claims go on being reported and decided.
    #[command(after_help = "\
Examples:
  svala hold place --partner irara --from 2019-01-15 --reason \"invoices could not be accounted for\"
  svala hold place --country SO --from 2024-05-01 --reason \"the bank there is closed\"")]
    Place {
        #[command(flatten)]
        scope: ScopeArgs,
        /// The first day on which nothing is paid.
        #[arg(long, value_name = "DATE")]
        from: Date,
        /// Why; kept encrypted, shown in the list.
        #[arg(long)]
        reason: String,
    },
    /// Let payments go on.
    #[command(
        after_help = "Example:\n  svala hold release 1 --on 2019-11-04 --reason \"all invoices are accounted for\""
    )]
    Release {
        /// The hold's number.
        hold: u64,
        /// The first day on which it stops nothing.
        #[arg(long, value_name = "DATE")]
        on: Date,
        /// Why; kept encrypted, shown in the list.
        #[arg(long)]
        reason: String,
    },
    /// Open holds, each with the accepted claims in its scope that are not paid, whenever they were delivered. Fees and
    /// grants that wait with their partner are not counted.
    List {
        /// Released ones too.
        #[arg(long)]
        all: bool,
    },
    /// Every event of the holds in words, with who and when; refused commands too.
    History,
}

/// Whose payments.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub struct ScopeArgs {
    /// Those to this partner.
    #[arg(long)]
    pub partner: Option<PartnerCode>,
    /// Those for people who returned to this country.
    #[arg(long)]
    pub country: Option<Country>,
    /// Those of this programme of the rulebook.
    #[arg(long)]
    pub programme: Option<String>,
}
