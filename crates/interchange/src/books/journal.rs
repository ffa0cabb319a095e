//! Plain-text accounting: the same vouchers for programs that are not ours, which recompute every balance.
//!
//! A journal begins with what stood on the accounts before its first voucher, so that what it comes to is the trial balance
//! of its period. The result of earlier years is on no account of the chart, and stands under equity.

use std::fmt::Write;

use domain::books::{AccountKind, Chart, Entry, RESULT_OF_EARLIER_YEARS};

use super::BooksDocument;

/// What hledger calls the roots of accounts: asset, liability, income, expense, equity.
const HLEDGER: [&str; 5] = ["assets", "liabilities", "revenues", "expenses", "equity:earlier-years"];
/// What beancount calls them.
const BEANCOUNT: [&str; 5] = ["Assets", "Liabilities", "Income", "Expenses", "Equity:Earlier-Years"];
/// The transaction of what stood on the accounts before.
const OPENING: &str = "Balances brought forward";

/// A journal for hledger. Dimensions are tags: `hledger balance --pivot case` gives the balances of each case.
pub fn hledger(document: &BooksDocument<'_>) -> String {
    let mut journal = String::new();
    let BooksDocument { company, period, position, chart, openings, .. } = document;
    let _ = writeln!(journal, "; {company}, {period}, log position {position}\n\ncommodity 1000.00 EUR\n");
    for account in chart.accounts() {
        let _ = writeln!(journal, "account {}  ; {}", name(chart, &account.number, HLEDGER), account.name);
    }
    let posting = |journal: &mut String, entry: &Entry| {
        let tags = tags(entry).map(|(tag, code)| format!("{tag}:{code}"));
        let words: Vec<String> = [entry.text.clone()].into_iter().chain(tags).collect();
        let account = name(chart, &entry.account, HLEDGER);
        let _ = writeln!(journal, "    {account}  {} EUR  ; {}", entry.amount, words.join(", "));
    };
    if !openings.is_empty() {
        let _ = writeln!(journal, "account {}  ; {RESULT_OF_EARLIER_YEARS}", name(chart, "", HLEDGER));
        let _ = writeln!(journal, "\n{} * {OPENING}", period.first());
        openings.iter().for_each(|entry| posting(&mut journal, entry));
    }
    for voucher in document.vouchers {
        let (day, called, text) = (voucher.day, voucher.name(), &voucher.text);
        let _ = writeln!(journal, "\n{day} * ({called}) {text}  ; position:{}", voucher.position);
        voucher.entries.iter().for_each(|entry| posting(&mut journal, entry));
    }
    journal
}

/// A ledger for beancount, with the dimensions as metadata of each posting.
pub fn beancount(document: &BooksDocument<'_>) -> String {
    let mut ledger = String::new();
    let BooksDocument { company, period, position, chart, openings, .. } = document;
    let first = period.first();
    let _ = writeln!(
        ledger,
        "; {company}, {period}, log position {position}\noption \"operating_currency\" \"EUR\"\n"
    );
    let numbers = chart.accounts().iter().map(|account| account.number.as_str());
    for number in numbers.chain((!openings.is_empty()).then_some("")) {
        let _ = writeln!(ledger, "{first} open {} EUR", name(chart, number, BEANCOUNT));
    }
    let posting = |ledger: &mut String, entry: &Entry| {
        let account = name(chart, &entry.account, BEANCOUNT);
        let _ = writeln!(ledger, "  {account}  {} EUR\n    text: \"{}\"", entry.amount, entry.text);
        for (tag, code) in tags(entry) {
            let _ = writeln!(ledger, "    {tag}: \"{code}\"");
        }
    };
    if !openings.is_empty() {
        let _ = writeln!(ledger, "\n{first} * \"{OPENING}\"");
        openings.iter().for_each(|entry| posting(&mut ledger, entry));
    }
    for voucher in document.vouchers {
        let (day, called, text) = (voucher.day, voucher.name(), &voucher.text);
        let _ = writeln!(ledger, "\n{day} * \"{called}\" \"{text}\"\n  position: {}", voucher.position);
        voucher.entries.iter().for_each(|entry| posting(&mut ledger, entry));
    }
    ledger
}

fn tags(entry: &Entry) -> impl Iterator<Item = (&'static str, &str)> {
    entry.objects.iter().map(|object| (object.of.code(), object.code.as_str()))
}

/// An account under the root of its kind; without a number the result of earlier years.
fn name(chart: &Chart, number: &str, [asset, liability, income, expense, earlier]: [&str; 5]) -> String {
    let root = match chart.account(number).map(|account| account.kind) {
        Some(AccountKind::Liability) => liability,
        Some(AccountKind::Income) => income,
        Some(AccountKind::Expense) => expense,
        Some(AccountKind::Asset) => asset,
        None => return earlier.to_owned(),
    };
    format!("{root}:{number}")
}
