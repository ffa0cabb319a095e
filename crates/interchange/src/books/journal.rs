//! Plain-text accounting: the same vouchers for programs that are not ours, which recompute every balance.

use std::fmt::Write;

use domain::books::{AccountKind, Chart, Entry};

use super::{BooksDocument, text, voucher_name};

/// A journal for hledger. Dimensions are tags: `hledger balance --pivot case` gives the balances of each case.
pub fn hledger(document: &BooksDocument<'_>) -> String {
    let mut journal = String::new();
    let BooksDocument { company, period, position, chart, .. } = document;
    let _ = writeln!(journal, "; {company}, {period}, log position {position}\n\ncommodity 1000.00 EUR\n");
    for account in chart.accounts() {
        let name = name(chart, &account.number, ["assets", "liabilities", "revenues", "expenses"]);
        let _ = writeln!(journal, "account {name}  ; {}", account.name);
    }
    for voucher in document.vouchers {
        let (day, called, about) = (voucher.day, voucher_name(voucher), text(voucher));
        let _ = writeln!(journal, "\n{day} * ({called}) {about}  ; position:{}", voucher.position);
        for entry in &voucher.entries {
            let account = name(chart, &entry.account, ["assets", "liabilities", "revenues", "expenses"]);
            let tags: Vec<String> = tags(entry).map(|(tag, code)| format!("{tag}:{code}")).collect();
            let _ = writeln!(journal, "    {account}  {} EUR  ; {}", entry.amount, tags.join(", "));
        }
    }
    journal
}

/// A ledger for beancount, with the dimensions as metadata of each posting.
pub fn beancount(document: &BooksDocument<'_>) -> String {
    let mut ledger = String::new();
    let BooksDocument { company, period, position, chart, .. } = document;
    let roots = ["Assets", "Liabilities", "Income", "Expenses"];
    let _ = writeln!(
        ledger,
        "; {company}, {period}, log position {position}\noption \"operating_currency\" \"EUR\"\n"
    );
    let first = document.vouchers.iter().map(|voucher| voucher.day).min().unwrap_or(period.first());
    for account in chart.accounts() {
        let _ = writeln!(ledger, "{first} open {} EUR", name(chart, &account.number, roots));
    }
    for voucher in document.vouchers {
        let (day, called, about) = (voucher.day, voucher_name(voucher), text(voucher));
        let _ = writeln!(ledger, "\n{day} * \"{called}\" \"{about}\"\n  position: {}", voucher.position);
        for entry in &voucher.entries {
            let _ = writeln!(ledger, "  {}  {} EUR", name(chart, &entry.account, roots), entry.amount);
            for (tag, code) in tags(entry) {
                let _ = writeln!(ledger, "    {tag}: \"{code}\"");
            }
        }
    }
    ledger
}

fn tags(entry: &Entry) -> impl Iterator<Item = (&'static str, &str)> {
    entry.objects.iter().map(|object| (object.of.code(), object.code.as_str()))
}

/// An account under the root of its kind.
fn name(chart: &Chart, number: &str, [asset, liability, income, expense]: [&str; 4]) -> String {
    let account = chart.accounts().iter().find(|account| account.number == number);
    let root = match account.map(|account| account.kind) {
        Some(AccountKind::Liability) => liability,
        Some(AccountKind::Income) => income,
        Some(AccountKind::Expense) => expense,
        Some(AccountKind::Asset) | None => asset,
    };
    format!("{root}:{number}")
}
