//! Accounts at the bank, their statements, and the lines of these.

use std::collections::{HashMap, HashSet};

use ::bank::{AccountsProjection, LineRow, LinesProjection};
use domain::bank::{BankAccount, BankEvent, StatementKind};
use domain::{BankAccountCode, Event, KeyDigest, LineId, Recorded, TextId};
use event_log::StreamId;
use jiff::civil::Date;
use money::Currency;
use serde::Serialize;

use super::history::{HistoryItem, utc};
use crate::bank::unknown;
use crate::error::AppError;
use crate::ledger::{LEDGER_SUBJECT, Ledger};
use crate::texts::{AccountText, ERASED, LineText, ReasonText, StatementText};

/// One account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BankAccountItem {
    /// Its code.
    pub account: String,
    /// Its currency.
    pub currency: Currency,
    /// Its number, all but the end of it hidden.
    pub number: String,
    /// How many statements there are.
    pub statements: u64,
    /// The number of the last one.
    pub sequence: Option<u64>,
    /// The balance with which it closes.
    pub closing: Option<String>,
    /// Its last day, if it was closed.
    pub closed_on: Option<Date>,
    /// By whom.
    pub closed_by: String,
    /// When it was registered (UTC).
    pub opened_at: String,
    /// By whom.
    pub opened_by: String,
}

/// One statement or notification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BankStatementItem {
    /// Position at which it was imported.
    pub position: u64,
    /// The account.
    pub account: String,
    /// Statement or notification.
    pub kind: StatementKind,
    /// What the bank calls it.
    pub statement: String,
    /// Its number among those of the account.
    pub sequence: Option<u64>,
    /// The first day it is about.
    pub from: Option<Date>,
    /// The last day it is about.
    pub to: Option<Date>,
    /// The balance before its lines.
    pub opening: Option<String>,
    /// The balance after them.
    pub closing: Option<String>,
    /// In which currency.
    pub currency: Currency,
    /// How many lines it has.
    pub lines: u64,
    /// Why it follows although something before it is missing.
    pub gap_accepted: String,
    /// When it was imported (UTC).
    pub imported_at: String,
    /// By whom.
    pub imported_by: String,
    /// By what it is recognised; a notification is none.
    #[serde(skip)]
    pub(crate) key: Option<KeyDigest>,
}

/// Which lines are asked for.
#[derive(Debug, Clone, Default)]
pub struct BankLineFilter {
    /// Of this account.
    pub account: Option<BankAccountCode>,
    /// Booked from this day on.
    pub from: Option<Date>,
    /// Booked until this day.
    pub to: Option<Date>,
    /// Only those that are in no match.
    pub open: bool,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BankLineItem {
    /// Its number.
    pub line: u64,
    /// The account.
    pub account: String,
    /// The day it was booked.
    pub booked_on: Date,
    /// The day from which it counts for interest.
    pub value_on: Option<Date>,
    /// Above zero for money that came in.
    pub amount: String,
    /// In which currency.
    pub currency: Currency,
    /// What was ordered, in its own currency, where the bank exchanged it.
    pub ordered: Option<String>,
    /// That currency.
    pub ordered_currency: String,
    /// The bank's rate: `1 EUR = 11.4246`.
    pub rate: String,
    /// What a line in another currency is in euro, as the bank says.
    pub in_eur: Option<String>,
    /// Domain, family and subfamily of the kind of movement.
    pub code: String,
    /// It takes an earlier entry back.
    pub reversal: bool,
    /// It is a payment that came back: the code of the reason, or `yes`.
    pub returned: String,
    /// Whether a statement has it, or only a notification so far.
    pub source: StatementKind,
    /// Who is on the other side.
    pub name: String,
    /// The number of their account.
    pub counterpart: String,
    /// By what it can be recognised.
    pub references: String,
    /// What it is for, in words.
    pub remittance: String,
    /// The match that explains it; none of an open line.
    #[serde(rename = "match")]
    pub matching: Option<u64>,
}

impl Ledger {
    /// The accounts, in the order of their codes.
    pub async fn bank_accounts(&self) -> Result<Vec<BankAccountItem>, AppError> {
        let mut items = Vec::new();
        for (account, events) in self.accounts_and_events(None).await? {
            let opened = events.first();
            let text =
                self.reveal::<AccountText>(&[(LEDGER_SUBJECT, account.details)]).await?.pop().flatten();
            items.push(BankAccountItem {
                account: account.code.to_string(),
                currency: account.currency,
                number: text.map_or_else(|| ERASED.to_owned(), |text| crate::import::masked(&text.number)),
                statements: account.statements.len() as u64,
                sequence: account.last.and_then(|last| last.sequence),
                closing: account.last.map(|last| last.closing.to_string()),
                closed_on: account.closed.as_ref().map(|closed| closed.on),
                closed_by: account.closed.map_or_else(String::new, |closed| closed.by.to_string()),
                opened_at: opened.map_or_else(String::new, |event| utc(event.recorded_at)),
                opened_by: opened.map_or_else(String::new, |event| event.actor.clone()),
            });
        }
        Ok(items)
    }

    /// What was imported, in the order of the import; of one account or all.
    pub async fn bank_statements(
        &self,
        account: Option<&BankAccountCode>,
    ) -> Result<Vec<BankStatementItem>, AppError> {
        let mut items = Vec::new();
        for (account, events) in self.accounts_and_events(account).await? {
            for recorded in &events {
                items.extend(self.statement_item(&account, recorded).await?);
            }
        }
        items.sort_by_key(|item| item.position);
        Ok(items)
    }

    /// Everything that happened to an account, in order.
    pub async fn bank_history(&self, code: &BankAccountCode) -> Result<Vec<HistoryItem>, AppError> {
        let Some((account, events)) = self.accounts_and_events(Some(code)).await?.pop() else {
            return Err(unknown(code));
        };
        let mut items = Vec::with_capacity(events.len());
        for recorded in &events {
            let what = match self.statement_item(&account, recorded).await? {
                Some(item) => in_words(&item),
                None => self.of_account_in_words(&account, &recorded.event).await?,
            };
            items.push(HistoryItem {
                position: recorded.position,
                recorded_at: utc(recorded.recorded_at),
                actor: recorded.actor.clone(),
                event: recorded.event.event_type(),
                what,
            });
        }
        Ok(items)
    }

    /// What became of an account itself.
    async fn of_account_in_words(&self, account: &BankAccount, event: &Event) -> Result<String, AppError> {
        let Event::Bank(BankEvent::BankAccountClosed(e)) = event else {
            return Ok(format!("the account {} in {} was registered", account.code, account.currency));
        };
        let reason = self.reveal::<ReasonText>(&[(LEDGER_SUBJECT, e.reason)]).await?.pop().flatten();
        let reason = reason.map_or_else(|| ERASED.to_owned(), |text| text.reason);
        Ok(format!("the account {} was closed on {} by {}: {reason}", account.code, e.closed_on, e.by))
    }

    /// The accounts, each with its number as far as that was not erased.
    pub(crate) async fn accounts_and_numbers(&self) -> Result<Vec<(BankAccount, Option<String>)>, AppError> {
        let accounts = self.accounts_and_events(None).await?;
        let wanted: Vec<_> = accounts.iter().map(|(account, _)| (LEDGER_SUBJECT, account.details)).collect();
        let texts = self.reveal::<AccountText>(&wanted).await?;
        let number = |text: Option<AccountText>| text.map(|text| text.number);
        Ok(accounts.into_iter().zip(texts).map(|((account, _), text)| (account, number(text))).collect())
    }

    /// Lines in the order in which they were booked here.
    pub async fn bank_lines(&self, filter: &BankLineFilter) -> Result<Vec<BankLineItem>, AppError> {
        self.current().await?;
        let mut rows: Vec<LineRow> =
            self.runner.all_rows::<LinesProjection>().await?.into_iter().map(|(_, row)| row).collect();
        let matches = self.matches_of_lines().await?;
        let written_off: HashSet<LineId> = self.lines_written_off().await?.into_iter().collect();
        rows.retain(|row| {
            !(filter.open && (matches.contains_key(&row.line) || written_off.contains(&row.line)))
                && filter.account.as_ref().is_none_or(|account| row.account == *account)
                && filter.from.is_none_or(|from| row.booked_on >= from)
                && filter.to.is_none_or(|to| row.booked_on <= to)
        });
        rows.sort_by_key(|row| row.position);
        let wanted: Vec<_> = rows.iter().map(|row| (LEDGER_SUBJECT, row.details)).collect();
        let texts = self.reveal::<LineText>(&wanted).await?;
        let matching = |row: &LineRow| matches.get(&row.line).copied();
        Ok(rows.iter().zip(texts).map(|(row, text)| line_item(row, text, matching(row))).collect())
    }

    /// The events of all accounts.
    pub(super) async fn bank_events(&self) -> Result<Vec<Recorded>, AppError> {
        let accounts = self.accounts_and_events(None).await?;
        Ok(accounts.into_iter().flat_map(|(_, events)| events).collect())
    }

    /// The accounts with their events: one, or all.
    async fn accounts_and_events(
        &self,
        account: Option<&BankAccountCode>,
    ) -> Result<Vec<(BankAccount, Vec<Recorded>)>, AppError> {
        let codes = match account {
            Some(code) => vec![code.clone()],
            None => {
                self.current().await?;
                let rows = self.runner.all_rows::<AccountsProjection>().await?;
                rows.into_iter().map(|(_, row)| row.account).collect()
            }
        };
        let streams: Vec<StreamId> = codes.iter().map(BankAccountCode::stream).collect();
        let mut events: HashMap<StreamId, Vec<Recorded>> = HashMap::new();
        for recorded in self.store.read_streams(&streams).await? {
            let recorded = Recorded::decode_checked(recorded)?;
            events.entry(recorded.stream_id.clone()).or_default().push(recorded);
        }
        let mut accounts = Vec::with_capacity(codes.len());
        for (code, stream) in codes.iter().zip(&streams) {
            let events = events.remove(stream).unwrap_or_default();
            let mut account = None;
            for recorded in &events {
                if let Event::Bank(event) = &recorded.event {
                    account = Some(BankAccount::evolve(account, event)?);
                }
            }
            accounts.push((account.ok_or_else(|| unknown(code))?, events));
        }
        Ok(accounts)
    }

    /// The statement or notification that an event brought, if it did.
    async fn statement_item(
        &self,
        account: &BankAccount,
        recorded: &Recorded,
    ) -> Result<Option<BankStatementItem>, AppError> {
        let empty = |kind, lines| BankStatementItem {
            position: recorded.position,
            account: account.code.to_string(),
            kind,
            statement: ERASED.to_owned(),
            sequence: None,
            from: None,
            to: None,
            opening: None,
            closing: None,
            currency: account.currency,
            lines,
            gap_accepted: String::new(),
            imported_at: utc(recorded.recorded_at),
            imported_by: recorded.actor.clone(),
            key: None,
        };
        let (mut item, details, gap) = match &recorded.event {
            Event::Bank(BankEvent::StatementImported(e)) => {
                let item = BankStatementItem {
                    sequence: e.sequence,
                    from: e.from,
                    to: e.to,
                    opening: Some(e.opening.to_string()),
                    closing: Some(e.closing.to_string()),
                    key: Some(e.statement),
                    ..empty(StatementKind::Statement, e.lines)
                };
                (item, e.details, e.gap_accepted)
            }
            Event::Bank(BankEvent::NotificationImported(e)) => {
                (empty(StatementKind::Notification, e.lines), e.details, None)
            }
            _ => return Ok(None),
        };
        let owned = |text: TextId| (LEDGER_SUBJECT, text);
        if let Some(text) = self.reveal::<StatementText>(&[owned(details)]).await?.pop().flatten() {
            item.statement = text.statement;
        }
        if let Some(gap) = gap {
            let reason = self.reveal::<ReasonText>(&[owned(gap)]).await?.pop().flatten();
            item.gap_accepted = reason.map_or_else(|| ERASED.to_owned(), |text| text.reason);
        }
        Ok(Some(item))
    }
}

fn line_item(row: &LineRow, text: Option<LineText>, matching: Option<u64>) -> BankLineItem {
    let erased = || Some(ERASED.to_owned());
    let (name, counterpart, references, remittance) = match text {
        Some(text) => {
            let mut references: Vec<String> =
                text.references.into_iter().map(|(_, plain)| plain).chain(text.bank_reference).collect();
            references.dedup();
            let words = text.remittance.into_iter().chain(text.information).collect::<Vec<_>>();
            (text.name, text.account, references.join(" "), words.join(" / "))
        }
        None => (erased(), erased(), ERASED.to_owned(), ERASED.to_owned()),
    };
    let exchange = row.exchange.unwrap_or_default();
    BankLineItem {
        line: row.position,
        account: row.account.to_string(),
        booked_on: row.booked_on,
        value_on: row.value_on,
        amount: row.amount.to_string(),
        currency: row.amount.currency(),
        ordered: exchange.ordered.map(|ordered| ordered.to_string()),
        ordered_currency: exchange.ordered.map_or_else(String::new, |ordered| ordered.currency().to_string()),
        rate: exchange.rate.map_or_else(String::new, |rate| format!("1 {} = {}", rate.unit, rate.rate)),
        in_eur: exchange.eur.map(|eur| eur.to_string()),
        code: row.code.iter().map(ToString::to_string).collect::<Vec<_>>().join("-"),
        reversal: row.reversal,
        returned: match (row.returned, row.return_reason) {
            (true, Some(reason)) => reason.to_string(),
            (true, None) => "yes".to_owned(),
            (false, _) => String::new(),
        },
        source: if row.stated { StatementKind::Statement } else { StatementKind::Notification },
        name: name.unwrap_or_default(),
        counterpart: counterpart.unwrap_or_default(),
        references,
        remittance,
        matching,
    }
}

fn in_words(item: &BankStatementItem) -> String {
    let number = item.sequence.map_or_else(String::new, |number| format!(" number {number}"));
    let days = match (item.from, item.to) {
        (Some(from), Some(to)) => format!(", {from} to {to}"),
        _ => String::new(),
    };
    let balances = match (&item.opening, &item.closing) {
        (Some(opening), Some(closing)) => format!(", from {opening} to {closing} {}", item.currency),
        _ => String::new(),
    };
    let gap = match item.gap_accepted.as_str() {
        "" => String::new(),
        reason => format!("; something before it is missing: {reason}"),
    };
    format!("{}{number} {} imported{days}{balances}, {} lines{gap}", item.kind, item.statement, item.lines)
}
