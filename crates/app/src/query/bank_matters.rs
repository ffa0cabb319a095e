//! What is looked at about the bank before a period is closed: whether its statements tell of all days, whether the books
//! say what they say, and what was on its way when the period ended.

use std::collections::{BTreeMap, HashSet};

use ::bank::{LineRow, LinesProjection};
use domain::FoldError;
use domain::bank::StatementKind;
use domain::books::{Chart, MoneyKind, Voucher};
use domain::closing::Check;
use domain::exception::MissingStatement;
use domain::period::Period;
use jiff::ToSpan;
use jiff::civil::Date;
use money::{Amount, Currency, Eur, Locale};

use super::matters::Matter;
use super::{BankAccountItem, BankLineFilter, BankStatementItem};
use crate::error::AppError;
use crate::ledger::Ledger;

/// An account with its statements, in the order of their days.
struct Stated {
    account: BankAccountItem,
    statements: Vec<BankStatementItem>,
}

impl Ledger {
    /// What is missing between the statements of all accounts.
    pub(crate) async fn missing_statements(&self) -> Result<Vec<MissingStatement>, AppError> {
        Ok(self.accounts_stated().await?.iter().flat_map(Stated::gaps).collect())
    }

    /// The accounts with their statements.
    async fn accounts_stated(&self) -> Result<Vec<Stated>, AppError> {
        let mut of_account: BTreeMap<String, Vec<BankStatementItem>> = BTreeMap::new();
        for statement in self.bank_statements(None).await? {
            if statement.kind == StatementKind::Statement {
                of_account.entry(statement.account.clone()).or_default().push(statement);
            }
        }
        let mut accounts = Vec::new();
        for account in self.bank_accounts().await? {
            let statements = in_order(of_account.remove(&account.account).unwrap_or_default());
            accounts.push(Stated { account, statements });
        }
        accounts.sort_by(|a, b| a.account.account.cmp(&b.account.account));
        Ok(accounts)
    }

    /// Days of the period for which a statement is missing, and where the books and the statements differ.
    pub(super) async fn statements_in(
        &self,
        chart: &Chart,
        vouchers: &[Voucher],
        period: Period,
    ) -> Result<Vec<Matter>, AppError> {
        let mut matters = Vec::new();
        let accounts = self.accounts_stated().await?;
        for of in &accounts {
            matters.extend(of.days_without(period));
        }
        let under_way = account_of(chart, MoneyKind::PaymentMatched, |posting| &posting.credit);
        let moved = |voucher: &&Voucher| {
            period.contains(voucher.day) && voucher.entries.iter().any(|entry| entry.account == under_way)
        };
        if accounts.is_empty() && vouchers.iter().any(|voucher| moved(&voucher)) {
            let what = "money went through the bank, and none of its accounts is registered".to_owned();
            let next =
                "register it, and get its statements: svala bank account add, svala import statement FILE";
            matters.push(Matter { next_step: next.to_owned(), ..matter("the bank", None, what) });
        }
        matters.extend(self.books_and_bank(chart, vouchers, period, &accounts).await?);
        Ok(matters)
    }

    /// The account of the bank in the books, where it is not what the statements say on the last day.
    async fn books_and_bank(
        &self,
        chart: &Chart,
        vouchers: &[Voucher],
        period: Period,
        accounts: &[Stated],
    ) -> Result<Option<Matter>, AppError> {
        let last = period.last();
        let rows = self.runner.all_rows::<LinesProjection>().await?.into_iter().map(|(_, row)| row);
        let rows: Vec<LineRow> = rows.collect();
        let not_stated = self.not_stated(&rows).await?;
        let not_stated: HashSet<u64> =
            rows.iter().filter(|row| not_stated.contains(&row.line)).map(|row| row.position).collect();
        let mut stated = Eur::ZERO;
        for Stated { account, statements } in
            accounts.iter().filter(|of| of.account.currency == Currency::EUR)
        {
            let until = statements.iter().rev().find(|of| last_day(of).is_some_and(|to| to <= last));
            let closing = until.and_then(|of| euros(of.closing.as_deref(), of.currency)).unwrap_or_default();
            // Since then, lines of a statement that goes on beyond the period, and of notifications.
            let filter = BankLineFilter {
                account: account.account.parse().ok(),
                from: until.and_then(last_day).and_then(|to| to.tomorrow().ok()),
                to: Some(last),
                open: false,
            };
            let opening = match until {
                Some(_) => Eur::ZERO,
                None => {
                    let begun = statements.first().filter(|of| first_day(of).is_some_and(|day| day <= last));
                    begun.and_then(|of| euros(of.opening.as_deref(), of.currency)).unwrap_or_default()
                }
            };
            let lines = self.bank_lines(&filter).await?;
            let lines = lines.iter().filter(|line| !not_stated.contains(&line.line));
            let since = lines.filter_map(|line| euros(Some(&line.amount), line.currency));
            let since = Eur::sum(since.chain([closing, opening])).map_err(FoldError::from)?;
            stated = stated.checked_add(since).map_err(FoldError::from)?;
        }
        let number = account_of(chart, MoneyKind::BankLine, |posting| &posting.debit);
        // A line in another currency is booked with its match, and stands in no statement in euro.
        let lines = self.bank_lines(&BankLineFilter::default()).await?;
        let lines: HashSet<u64> = lines.iter().map(|line| line.line).collect();
        let in_euro = |of: &&Voucher| of.kind != MoneyKind::BankLine || lines.contains(&of.about);
        let until = vouchers.iter().filter(|voucher| voucher.day <= last);
        let entries = until.filter(in_euro).flat_map(|of| &of.entries);
        let booked = entries.filter(|entry| entry.account == number).map(|entry| entry.amount);
        let booked = Eur::sum(booked).map_err(FoldError::from)?;
        let off = booked.checked_sub(stated).map_err(FoldError::from)?;
        if off.is_zero() || accounts.is_empty() {
            return Ok(None);
        }
        let what =
            format!("account {number} stands at {booked}, and the bank says {stated}: {off} EUR too much");
        let next_step = format!(
            "find the line that no statement has, or that stands twice: svala books account {number} --period {period}"
        );
        Ok(Some(Matter { eur: Some(off), next_step, ..matter(number, Some(last), what) }))
    }

    /// What was paid on one side of the end of the period and booked by the bank on the other, or not yet.
    pub(super) async fn under_way(&self, period: Period, near: u16) -> Result<Vec<Matter>, AppError> {
        let last = period.last();
        let looked = self.look_at_bank().await?;
        let mut shown: BTreeMap<_, (u64, Date)> = BTreeMap::new();
        for row in self.match_rows().await?.into_iter().filter(|row| row.undone.is_none()) {
            let days = row.lines.iter().filter_map(|line| looked.lines.get(&line.line));
            if let Some(day) = days.map(|line| line.booked_on).max() {
                shown.extend(row.items.iter().map(|item| (item.of.clone(), (row.number, day))));
            }
        }
        let mut matters = Vec::new();
        let days = (last.saturating_sub(i64::from(near).days()), last.saturating_add(i64::from(near).days()));
        for item in looked.items.values() {
            let of_match = shown.get(&item.of).copied();
            // What could come back, and did not, is not on its way.
            if item.of.is_back() && of_match.is_none() {
                continue;
            }
            let day = item.open.day;
            let crosses = match of_match {
                Some((_, booked)) => (day <= last) != (booked <= last),
                None => day <= last,
            };
            if crosses && (days.0..=days.1).contains(&day) {
                let what = match of_match {
                    Some((number, booked)) => format!("booked by the bank on {booked} (match {number})"),
                    None => "no line of the bank shows it yet".to_owned(),
                };
                let eur = item.amount.to_eur_exact();
                let of = item.name.clone();
                let (check, stops, number) = (Check::CutOff, Check::CutOff.stops(), Some(item.number));
                let next_step = String::new();
                matters.push(Matter { check, stops, number, of, day: Some(day), eur, what, next_step });
            }
        }
        matters.sort_by(|a, b| (a.day, a.number, &a.of).cmp(&(b.day, b.number, &b.of)));
        Ok(matters)
    }
}

impl Stated {
    /// Days of the period before the first statement and after the last one.
    fn days_without(&self, period: Period) -> Vec<Matter> {
        let account = &self.account.account;
        // An account that was closed has no statement of the days after.
        let until = self.account.closed_on.map_or(period.last(), |on| on.min(period.last()));
        if until < period.first() {
            return Vec::new();
        }
        let first = self.statements.iter().filter_map(first_day).min();
        let last = self.statements.iter().filter_map(last_day).max();
        let (Some(first), Some(last)) = (first, last) else {
            return vec![matter(account, None, "there is no statement".to_owned())];
        };
        let mut matters = Vec::new();
        if first > period.first() {
            let what = format!("the first statement begins on {first}: nothing tells of the days before");
            matters.push(matter(account, Some(first), what));
        }
        if last < until {
            matters.push(matter(account, Some(last), format!("the last statement ends on {last}")));
        }
        matters
    }

    /// What is missing between statements, where somebody took one in all the same.
    fn gaps(&self) -> Vec<MissingStatement> {
        if self.statements.iter().all(|of| of.gap_accepted.is_empty()) {
            return Vec::new();
        }
        let pairs = self.statements.iter().zip(self.statements.iter().skip(1));
        let gap = |(one, next): (&BankStatementItem, &BankStatementItem)| {
            let (until, from) = (last_day(one)?, first_day(next)?);
            let missing = amount(next.opening.as_deref(), next.currency)?
                .checked_add(amount(one.closing.as_deref(), one.currency)?.negated())
                .ok()?;
            let skips = one.sequence.zip(next.sequence).is_some_and(|(one, next)| next > one + 1);
            let is_gap = missing != Amount::zero(missing.currency()) || skips;
            let let_be_by = (!next.gap_accepted.is_empty()).then(|| next.imported_by.parse().ok()).flatten();
            let account = self.account.account.parse().ok()?;
            let next = next.key.filter(|_| is_gap)?;
            Some(MissingStatement { account, until, from, next, amount: missing, let_be_by })
        };
        pairs.filter_map(gap).collect()
    }
}

fn matter(of: &str, day: Option<Date>, what: String) -> Matter {
    Matter {
        check: Check::Statements,
        stops: Check::Statements.stops(),
        number: None,
        of: of.to_owned(),
        day,
        eur: None,
        what,
        next_step: "get the statement from the bank: svala import statement FILE".to_owned(),
    }
}

/// The account that a kind of event debits or credits.
fn account_of<'c>(
    chart: &'c Chart,
    kind: MoneyKind,
    side: impl Fn(&'c domain::books::Posting) -> &'c String,
) -> &'c str {
    chart.postings().iter().find(|posting| posting.kind == kind).map_or("", |posting| side(posting).as_str())
}

fn first_day(statement: &BankStatementItem) -> Option<Date> {
    statement.from.or(statement.to)
}

fn last_day(statement: &BankStatementItem) -> Option<Date> {
    statement.to.or(statement.from)
}

fn amount(text: Option<&str>, currency: Currency) -> Option<Amount> {
    Amount::parse(text?, currency, Locale::Strict).ok()
}

fn euros(text: Option<&str>, currency: Currency) -> Option<Eur> {
    amount(text, currency)?.to_eur_exact()
}

/// One after the other, as the bank made them: a later page of a statement has no number and follows the one before it.
fn in_order(mut statements: Vec<BankStatementItem>) -> Vec<BankStatementItem> {
    statements.sort_by_key(|of| of.position);
    let mut number = None;
    let mut numbered: Vec<_> = statements
        .into_iter()
        .map(|of| {
            number = of.sequence.or(number);
            (first_day(&of), last_day(&of), number, of)
        })
        .collect();
    // Of exports that overlap only what came after the one before was taken in: it stands where it ends.
    numbered.sort_by_key(|(first, last, number, of)| (*last, *first, *number, of.position));
    numbered.into_iter().map(|(.., of)| of).collect()
}
