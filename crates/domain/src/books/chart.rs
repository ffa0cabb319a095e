//! The chart of accounts and the postings, read from a document.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::company::Company;
use crate::grant::PaymentMethod;
use crate::ids::DifferenceAccount;

/// The document of this program.
const DEFAULT: &str = include_str!("chart.toml");
/// Longest account number, in digits.
const ACCOUNT_DIGITS_MAX: usize = 10;

rulebook::codes! {
    /// What an account holds.
    AccountKind {
        /// What is owned or owed to us (tillgång).
        Asset = "asset",
        /// What is owed to others (skuld).
        Liability = "liability",
        /// What was received (intäkt).
        Income = "income",
        /// What was used (kostnad).
        Expense = "expense",
    }
}

impl AccountKind {
    /// Whether an account begins with nothing each year.
    pub fn begins_anew(self) -> bool {
        matches!(self, Self::Income | Self::Expense)
    }
}

rulebook::codes! {
    /// What a dimension tells apart.
    DimensionOf {
        /// The partner organisation.
        Partner = "partner",
        /// The programme of the budget line.
        Programme = "programme",
        /// The case, by its own reference.
        Case = "case",
        /// The benefit category.
        Category = "category",
    }
}

rulebook::codes! {
    /// A kind of business event that moves money.
    MoneyKind {
        /// A claim was accepted: its eligible part.
        SpendAccepted = "spend-accepted",
        /// Accepted spend came back.
        SpendReversed = "spend-reversed",
        /// A fee was accepted.
        FeeAccepted = "fee-accepted",
        /// An accepted fee was taken back.
        FeeReversed = "fee-reversed",
        /// An arrival grant was paid.
        GrantPaid = "grant-paid",
        /// A grant was paid that does not count.
        GrantRefused = "grant-refused",
        /// Finance let a payment count that had not.
        GrantAllowed = "grant-allowed",
        /// A paid grant came back.
        GrantReturned = "grant-returned",
        /// A partner was paid in advance.
        AdvancePaid = "advance-paid",
        /// An advance that was paid outside of the ledger was taken back.
        AdvanceReversed = "advance-reversed",
        /// A partner was paid what it was owed, outside of the ledger.
        PartnerPaid = "partner-paid",
        /// Such a payment was taken back.
        PartnerPaidReversed = "partner-paid-reversed",
        /// A payment to a partner was written into a file for the bank.
        PaymentInstructed = "payment-instructed",
        /// An advance made up for what was owed.
        AdvanceSettled = "advance-settled",
        /// What stood on the bank's account before its first statement, or is missing between two of them.
        BankBalance = "bank-balance",
        /// The bank booked a line, which nothing explains yet.
        BankLine = "bank-line",
        /// Lines of the bank were matched with payments.
        PaymentMatched = "payment-matched",
        /// What such lines were off.
        Difference = "difference",
    }
}

/// An account (konto).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// Its number.
    pub number: String,
    /// What it is called.
    pub name: String,
    /// What it holds.
    pub kind: AccountKind,
}

/// A series of vouchers (verifikationsserie).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Series {
    /// Letters or digits.
    pub code: String,
    /// What it is called.
    pub name: String,
}

/// A dimension (dimension) of which a row names an object.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dimension {
    /// Its number in SIE 4.
    pub number: u16,
    /// What it is called.
    pub name: String,
    /// What it tells apart.
    pub of: DimensionOf,
}

/// How one kind of event is booked (kontering).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Posting {
    /// The kind of event.
    pub kind: MoneyKind,
    /// Only of this benefit category.
    pub category: Option<String>,
    /// Only under this programme.
    pub programme: Option<String>,
    /// Only of grants paid like this.
    pub method: Option<PaymentMethod>,
    /// Only of differences that are to be booked there.
    pub difference: Option<DifferenceAccount>,
    /// The series of its vouchers.
    pub series: String,
    /// The account that is debited.
    pub debit: String,
    /// The account that is credited.
    pub credit: String,
}

/// What a posting's conditions look at.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Seen<'a> {
    pub(super) category: Option<&'a str>,
    pub(super) programme: Option<&'a str>,
    pub(super) method: Option<PaymentMethod>,
    pub(super) difference: Option<&'a DifferenceAccount>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    version: String,
    title: String,
    currency: String,
    company: Option<Company>,
    #[serde(rename = "account")]
    accounts: Vec<Account>,
    #[serde(rename = "series")]
    series: Vec<Series>,
    #[serde(default, rename = "dimension")]
    dimensions: Vec<Dimension>,
    #[serde(rename = "posting")]
    postings: Vec<Posting>,
}

/// A chart of accounts that was checked: whatever is booked finds its accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chart {
    version: String,
    title: String,
    company: Option<Company>,
    accounts: Vec<Account>,
    series: Vec<Series>,
    dimensions: Vec<Dimension>,
    postings: Vec<Posting>,
}

/// One thing that is wrong with a chart.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ChartError(String);

/// All that is wrong with a chart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChartErrors(Vec<ChartError>);

impl fmt::Display for ChartErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&lines.join("\n"))
    }
}

impl std::error::Error for ChartErrors {}

/// An account that a chart does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no account {number} in the chart of accounts, which has {known}")]
pub struct UnknownAccount {
    number: String,
    known: String,
}

/// The name for differences that have no posting of their own.
pub const OTHER_DIFFERENCES: &str = "other-differences";

/// A name for differences that a chart does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name} is no name for differences in the chart of accounts, which has {known}")]
pub struct UnknownDifference {
    name: DifferenceAccount,
    known: String,
}

impl Chart {
    /// Reads and checks a document.
    ///
    /// # Errors
    /// [`ChartErrors`], every one that was found: a number twice, an account or series that is not there, a kind of
    /// event without a general posting, or text that is no such document.
    pub fn read(document: &str) -> Result<Self, ChartErrors> {
        let document: Document =
            toml::from_str(document).map_err(|error| ChartErrors(vec![ChartError(error.to_string())]))?;
        let errors = faults(&document);
        if !errors.is_empty() {
            return Err(ChartErrors(errors));
        }
        let Document { version, title, company, accounts, series, dimensions, postings, .. } = document;
        Ok(Self { version, title, company, accounts, series, dimensions, postings })
    }

    /// The chart of this program.
    ///
    /// # Errors
    /// [`ChartErrors`] never, as a test shows.
    pub fn standard() -> Result<Self, ChartErrors> {
        Self::read(DEFAULT)
    }

    /// The document of [`Chart::standard`], to copy and change.
    pub fn standard_document() -> &'static str {
        DEFAULT
    }

    /// Its version.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// What it is called.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// Whose books they are, if the document says it.
    pub fn company(&self) -> Option<&Company> {
        self.company.as_ref()
    }

    /// The account with this number.
    pub fn account(&self, number: &str) -> Option<&Account> {
        self.accounts.iter().find(|account| account.number == number)
    }

    /// That there is no account with this number, and which there are.
    pub(super) fn unknown(&self, number: &str) -> UnknownAccount {
        let known = self.accounts.iter().map(|account| format!("{} ({})", account.number, account.name));
        UnknownAccount { number: number.to_owned(), known: known.collect::<Vec<_>>().join(", ") }
    }

    /// The accounts, in the order of the document.
    pub fn accounts(&self) -> &[Account] {
        &self.accounts
    }

    /// The series, in the order of the document.
    pub fn series(&self) -> &[Series] {
        &self.series
    }

    /// The dimensions, in the order of the document.
    pub fn dimensions(&self) -> &[Dimension] {
        &self.dimensions
    }

    /// The postings, in the order in which they are tried.
    pub fn postings(&self) -> &[Posting] {
        &self.postings
    }

    /// The account on which a difference of this name is booked.
    ///
    /// # Errors
    /// [`UnknownDifference`] if no posting has this name; what was recorded under such a name is booked with the rest.
    pub fn difference(&self, name: &DifferenceAccount) -> Result<&str, UnknownDifference> {
        let postings = || self.postings.iter().filter(|posting| posting.kind == MoneyKind::Difference);
        let called = |posting: &Posting| {
            posting.difference.as_ref().map_or(OTHER_DIFFERENCES, DifferenceAccount::as_str).to_owned()
        };
        if let Some(posting) = postings().find(|posting| called(posting) == name.as_str()) {
            return Ok(&posting.credit);
        }
        let known = postings().map(|posting| {
            let of = self.account(&posting.credit).map_or("", |account| account.name.as_str());
            format!("{} ({} {of})", called(posting), posting.credit)
        });
        let known = known.collect::<Vec<_>>().join(", ");
        Err(UnknownDifference { name: name.clone(), known })
    }

    /// The posting of an event: the first one that fits. There is always one in a checked chart.
    pub(super) fn posting(&self, kind: MoneyKind, seen: Seen<'_>) -> Option<&Posting> {
        self.postings.iter().find(|posting| posting.kind == kind && posting.fits(seen))
    }
}

impl Posting {
    fn fits(&self, seen: Seen<'_>) -> bool {
        let same = |wanted: &Option<String>, found| wanted.is_none() || wanted.as_deref() == found;
        same(&self.category, seen.category)
            && same(&self.programme, seen.programme)
            && (self.method.is_none() || self.method == seen.method)
            && (self.difference.is_none() || self.difference.as_ref() == seen.difference)
    }

    fn is_general(&self) -> bool {
        self.category.is_none()
            && self.programme.is_none()
            && self.method.is_none()
            && self.difference.is_none()
    }
}

fn faults(document: &Document) -> Vec<ChartError> {
    let mut errors = Vec::new();
    let mut report = |wrong: bool, message: String| {
        if wrong {
            errors.push(ChartError(message));
        }
    };
    report(
        document.currency != "EUR",
        format!("the currency is {}: the ledger's amounts are in EUR", document.currency),
    );
    let mut accounts = BTreeSet::new();
    for account in &document.accounts {
        let number = &account.number;
        let digits = number.bytes().all(|b| b.is_ascii_digit());
        report(
            !digits || number.is_empty() || number.len() > ACCOUNT_DIGITS_MAX,
            format!("account {number:?}: a number is 1 to {ACCOUNT_DIGITS_MAX} digits"),
        );
        report(!accounts.insert(number.as_str()), format!("account {number} is there twice"));
    }
    let mut series = BTreeSet::new();
    for Series { code, .. } in &document.series {
        let plain = !code.is_empty() && code.bytes().all(|b| b.is_ascii_alphanumeric());
        report(!plain, format!("series {code:?}: a code is letters and digits"));
        report(!series.insert(code.as_str()), format!("series {code} is there twice"));
    }
    let (mut numbers, mut meanings) = (BTreeSet::new(), BTreeSet::new());
    for Dimension { number, of, .. } in &document.dimensions {
        report(!numbers.insert(number), format!("dimension {number} is there twice"));
        report(!meanings.insert(of), format!("two dimensions are of {of}"));
    }
    for (place, posting) in (1..).zip(&document.postings) {
        let kind = posting.kind;
        for account in [&posting.debit, &posting.credit] {
            let missing = !accounts.contains(account.as_str());
            report(missing, format!("posting {place} ({kind}): there is no account {account}"));
        }
        let same = posting.debit == posting.credit;
        report(same, format!("posting {place} ({kind}) debits and credits the same account"));
        let missing = !series.contains(posting.series.as_str());
        report(missing, format!("posting {place} ({kind}): there is no series {}", posting.series));
    }
    for kind in MoneyKind::ALL {
        let general = document.postings.iter().any(|posting| posting.kind == *kind && posting.is_general());
        report(!general, format!("there is no posting for {kind} without conditions"));
    }
    errors
}
