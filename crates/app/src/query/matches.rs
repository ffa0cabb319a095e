//! Matches: which lines settle what, by which rule and by whom.

use std::collections::HashMap;

use ::bank::MatchRow;
use domain::bank::BankEvent;
use domain::exception::{ExceptionId, Subject};
use domain::reconciliation::ReconciliationEvent;
use domain::{Actor, Event, KeyDigest, LineId};
use serde::Serialize;

use super::history::{HistoryItem, utc};
use crate::error::AppError;
use crate::ledger::{LEDGER_SUBJECT, Ledger};
use crate::reconciliation::{Looked, how};
use crate::texts::{ERASED, ReasonText};

/// One match.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MatchItem {
    /// Its number.
    #[serde(rename = "match")]
    pub number: u64,
    /// When it was recorded (UTC).
    pub recorded_at: String,
    /// By whom.
    pub by: String,
    /// The rule that says so, or `by-hand`.
    pub rule: String,
    /// The numbers of the lines.
    pub lines: String,
    /// What they settle.
    pub items: String,
    /// What the lines come to.
    pub amount: String,
    /// In which currency.
    pub currency: String,
    /// What the lines are off.
    pub residual: Option<String>,
    /// Where that is booked.
    pub residual_account: String,
    /// In words.
    pub why: String,
    /// When it was taken back (UTC).
    pub undone_at: String,
    /// By whom.
    pub undone_by: String,
    /// Why.
    pub reason: String,
}

impl Ledger {
    /// Matches in the order in which they were recorded; those that were taken back only if asked for.
    pub async fn matches(&self, undone_too: bool) -> Result<Vec<MatchItem>, AppError> {
        let looked = self.look_at_bank().await?;
        let mut rows = self.match_rows().await?;
        rows.retain(|row| undone_too || row.undone.is_none());
        let reasons: Vec<_> =
            rows.iter().filter_map(|row| Some((LEDGER_SUBJECT, row.undone.as_ref()?.reason))).collect();
        let mut reasons = self.reveal::<ReasonText>(&reasons).await?.into_iter();
        let mut items = Vec::with_capacity(rows.len());
        for row in rows {
            let mut item = looked.match_item(&row);
            if let Some(undone) = &row.undone {
                (item.undone_at, item.undone_by) = (utc(undone.recorded_at), undone.by.to_string());
                let reason = reasons.next().flatten();
                item.reason = reason.map_or_else(|| ERASED.to_owned(), |text| text.reason);
            }
            items.push(item);
        }
        Ok(items)
    }

    /// Everything that happened to matches, in order; refused commands too.
    pub async fn match_history(&self) -> Result<Vec<HistoryItem>, AppError> {
        let looked = self.look_at_bank().await?;
        let (_, events) = self.reconciliation_and_events().await?;
        let own = |event: &Event| match event {
            Event::Reconciliation(event) => event.text().map(|text| (LEDGER_SUBJECT, text)),
            _ => None,
        };
        let wanted: Vec<_> = events.iter().filter_map(|recorded| own(&recorded.event)).collect();
        let mut texts = self.reveal::<ReasonText>(&wanted).await?.into_iter();
        let mut items = Vec::with_capacity(events.len());
        for recorded in events {
            let Event::Reconciliation(event) = &recorded.event else { continue };
            let text = match event.text() {
                Some(_) => texts.next().flatten().map_or_else(|| ERASED.to_owned(), |text| text.reason),
                None => String::new(),
            };
            items.push(HistoryItem {
                position: recorded.position,
                recorded_at: utc(recorded.recorded_at),
                actor: recorded.actor.clone(),
                event: event.event_type(),
                what: looked.in_words(event, &text),
            });
        }
        Ok(items)
    }

    /// The match in force of each line that has one, by number.
    pub(super) async fn matches_of_lines(&self) -> Result<HashMap<LineId, u64>, AppError> {
        let in_force = self.match_rows().await?.into_iter().filter(|row| row.undone.is_none());
        let lines = in_force.flat_map(|row| row.lines.into_iter().map(move |line| (line.line, row.number)));
        Ok(lines.collect())
    }

    /// The statement or notification with this number: the position of its import.
    pub(crate) async fn find_statement(&self, number: u64) -> Result<KeyDigest, AppError> {
        let recorded = match number.checked_sub(1) {
            Some(before) => self.store.read_log(before, 1).await?.pop(),
            None => None,
        };
        match recorded.map(|recorded| Event::decode_checked(&recorded)).transpose()? {
            Some(Event::Bank(BankEvent::StatementImported(e))) => Ok(e.statement),
            Some(Event::Bank(BankEvent::NotificationImported(e))) => Ok(e.statement),
            _ => Err(AppError::Usage(format!(
                "there is no statement {number}; `svala bank statements` shows all with their numbers (position)"
            ))),
        }
    }
}

impl Looked {
    fn match_item(&self, row: &MatchRow) -> MatchItem {
        let mut amounts = row.lines.iter().map(|line| line.amount);
        let first = amounts.next();
        let sum = first.and_then(|first| amounts.try_fold(first, |sum, amount| sum.checked_add(amount).ok()));
        let account = row.residual.as_ref().map(|residual| residual.account.to_string());
        MatchItem {
            number: row.number,
            recorded_at: utc(row.recorded_at),
            by: row.by.to_string(),
            rule: row.rule.clone(),
            lines: self.numbers(row.lines.iter().map(|line| line.line)),
            items: self.settled(row.items.iter().map(|item| &item.of)),
            amount: sum.map_or_else(String::new, |sum| sum.to_string()),
            currency: first.map_or_else(String::new, |first| first.currency().to_string()),
            residual: row.residual.as_ref().map(|residual| residual.amount.to_string()),
            residual_account: account.unwrap_or_default(),
            why: row.why.clone(),
            undone_at: String::new(),
            undone_by: String::new(),
            reason: String::new(),
        }
    }

    /// An exception by its kind and what it is about, as far as the bank's side knows it.
    fn called(&self, id: &ExceptionId) -> String {
        let kind = id.kind;
        match &id.about {
            Subject::Line { line } => format!("{kind} of line {}", self.numbers(std::iter::once(*line))),
            Subject::Payment { partner, payment } => {
                format!("{kind} of payment {} to {partner}", self.number(payment.0))
            }
            Subject::Grant { grant, .. } => format!("{kind} of grant {grant}"),
            Subject::BudgetLine { case, budget_line } => format!("{kind} of {budget_line} of case {case}"),
            Subject::Partner { partner } => format!("{kind} of {partner}"),
            Subject::Statement { account, .. } => format!("{kind} of {account}"),
        }
    }

    fn in_words(&self, event: &ReconciliationEvent, text: &str) -> String {
        match event {
            ReconciliationEvent::PaymentMatched(e) => {
                let off = e.residual.as_ref().map_or_else(String::new, |residual| {
                    let (amount, currency) = (residual.amount, residual.amount.currency());
                    format!("; {amount} {currency} off, booked as {}", residual.account)
                });
                format!(
                    "match {} by {}: line {} with {}{off} ({}: {})",
                    e.number,
                    e.by,
                    self.numbers(e.lines.iter().map(|line| line.line)),
                    self.settled(e.items.iter().map(|item| &item.of)),
                    e.rule,
                    e.why
                )
            }
            ReconciliationEvent::MatchProposed(e) => format!(
                "{} proposes to match line {} with {}, which have nothing in common, or only what was recorded after the line had come; above {} EUR another person must agree",
                e.by,
                self.numbers(e.lines.iter().map(|line| line.line)),
                self.settled(e.items.iter().map(|item| &item.of)),
                e.alone_max
            ),
            ReconciliationEvent::MatchDeclined(e) => format!(
                "{}, to match line {}: {text}",
                declined(&e.by, &e.proposed_by),
                self.numbers(e.lines.iter().copied())
            ),
            ReconciliationEvent::MatchUndone(e) => {
                format!("match {} taken back by {}: {text}", e.number, e.by)
            }
            ReconciliationEvent::ExceptionAssigned(e) => {
                format!("{} looked after by {}, says {}: {text}", self.called(&e.exception), e.owner, e.by)
            }
            ReconciliationEvent::WriteOffProposed(e) => format!(
                "{}: {} proposes to write off {} {} as {}, above {} EUR another person must agree: {text}",
                self.called(&e.exception),
                e.by,
                e.amount,
                e.amount.currency(),
                e.account,
                e.alone_max
            ),
            ReconciliationEvent::WriteOffDeclined(e) => format!(
                "{}: {}, to write it off: {text}",
                self.called(&e.exception),
                declined(&e.by, &e.proposed_by)
            ),
            ReconciliationEvent::AcceptanceProposed(e) => format!(
                "{}: {} proposes to accept {} {}, above {} EUR another person must agree: {text}",
                self.called(&e.exception),
                e.by,
                e.amount,
                e.amount.currency(),
                e.alone_max
            ),
            ReconciliationEvent::AcceptanceDeclined(e) => format!(
                "{}: {}, to accept it: {text}",
                self.called(&e.exception),
                declined(&e.by, &e.proposed_by)
            ),
            ReconciliationEvent::ExceptionResolved(e) => format!(
                "{} of {} {} {} by {}: {text}",
                self.called(&e.exception),
                e.amount,
                e.amount.currency(),
                how(&e.how),
                e.by
            ),
            ReconciliationEvent::ExceptionReopened(e) => {
                format!("{} opened again by {}: {text}", self.called(&e.exception), e.by)
            }
            ReconciliationEvent::ReconciliationCommandRefused(e) => {
                super::partner_history::refused(&e.command, &e.reasons)
            }
        }
    }
}

/// Who let nothing come of whose proposal.
fn declined(by: &Actor, proposed_by: &Actor) -> String {
    match by == proposed_by {
        true => format!("{by} withdraws the proposal"),
        false => format!("{by} refuses what {proposed_by} proposed"),
    }
}
