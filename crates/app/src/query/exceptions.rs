//! What does not fit at the bank, with its age, who looks after it and what to do next.

use std::collections::HashMap;

use ::bank::{ExceptionRow, ExceptionsProjection};
use ::cases::CasesProjection;
use ::grants::GrantsProjection;
use domain::Actor;
use domain::exception::{Age, Exception, ExceptionId, ExceptionKind, Resolution, Subject, derive};
use domain::matching::Rules;
use jiff::civil::Date;
use serde::Serialize;

use super::history::utc;
use crate::error::AppError;
use crate::ledger::{LEDGER_SUBJECT, Ledger};
use crate::reconciliation::{Looked, how};
use crate::texts::{ERASED, ReasonText};

/// Which exceptions to list; everything not given is not asked about.
#[derive(Debug, Clone, Default)]
pub struct ExceptionFilter {
    /// Of this kind.
    pub kind: Option<ExceptionKind>,
    /// Of this age.
    pub age: Option<Age>,
    /// Looked after by this person.
    pub owner: Option<Actor>,
    /// Those that somebody answers for too.
    pub all: bool,
}

/// One exception.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExceptionItem {
    /// Its name: kind and number of what it is about.
    pub exception: String,
    /// What does not fit.
    pub kind: ExceptionKind,
    /// What it is about, as people call it.
    pub about: String,
    /// How much; of a line as it stands on the account.
    pub amount: String,
    /// In which currency.
    pub currency: String,
    /// The day from which it is counted: of a line the day on which it was booked.
    pub since: Date,
    /// How old it is, in days.
    pub age: Age,
    /// In words.
    pub why: String,
    /// What to do next.
    pub next_step: &'static str,
    /// Who looks after it.
    pub owner: String,
    /// What is to be done, in somebody's words.
    pub note: String,
    /// `open`, who proposed to write it off, or how it was resolved.
    pub state: String,
    /// Who answers for it.
    pub resolved_by: String,
    /// Since when (UTC).
    pub resolved_at: String,
    /// Why.
    pub reason: String,
}

impl Ledger {
    /// What does not fit, the oldest first.
    pub async fn exceptions(&self, filter: &ExceptionFilter) -> Result<Vec<ExceptionItem>, AppError> {
        let looked = self.look_at_bank().await?;
        let rows = self.runner.all_rows::<ExceptionsProjection>().await?;
        let rows: HashMap<String, ExceptionRow> = rows.into_iter().collect();
        let mut found = self.derived(&looked).await?;
        let resolved = |found: &Exception| {
            let row = rows.get(&found.id.key()).and_then(|row| row.resolved.as_ref());
            row.is_some_and(|resolved| resolved.amount == found.amount)
        };
        match filter.all {
            false => found.retain(|found| !resolved(found)),
            true => found.extend(written_off(&looked, rows.values())),
        }
        let mut items = Vec::with_capacity(found.len());
        for found in found {
            if filter.kind.is_some_and(|kind| kind != found.id.kind) {
                continue;
            }
            let row = rows.get(&found.id.key());
            let item = self.exception_item(&looked, &found, row).await?;
            let owned = filter.owner.as_ref().is_none_or(|owner| owner.as_str() == item.owner);
            if owned && filter.age.is_none_or(|age| age == item.age) {
                items.push(item);
            }
        }
        items.sort_by(|a, b| (a.since, &a.exception).cmp(&(b.since, &b.exception)));
        Ok(items)
    }

    /// One exception that is there now, resolved or not.
    pub async fn exception(&self, name: &str) -> Result<ExceptionItem, AppError> {
        let all = self.exceptions(&ExceptionFilter { all: true, ..ExceptionFilter::default() }).await?;
        all.into_iter().find(|item| item.exception == name).ok_or_else(|| no_exception(name))
    }

    /// The exception with this name, among those that are there now.
    pub(crate) async fn find_exception(&self, name: &str) -> Result<Exception, AppError> {
        let looked = self.look_at_bank().await?;
        for found in self.derived(&looked).await? {
            if self.exception_name(&looked, &found.id).await? == name {
                return Ok(found);
            }
        }
        Err(no_exception(name))
    }

    /// What an exception is called: its kind, and the number or name of what it is about.
    pub(crate) async fn exception_name(&self, looked: &Looked, id: &ExceptionId) -> Result<String, AppError> {
        let kind = id.kind;
        Ok(match &id.about {
            Subject::Line { line } => {
                format!("{kind}-{}", looked.lines.get(line).map_or(0, |row| row.position))
            }
            Subject::Payment { payment, .. } => format!("{kind}-{}", looked.number(payment.0)),
            Subject::Grant { grant, .. } => {
                let row = self.runner.row::<GrantsProjection>(&grant.to_string()).await?;
                format!("{kind}-{}", row.map_or(0, |row| row.position))
            }
            Subject::BudgetLine { case, budget_line } => {
                let row = self.runner.row::<CasesProjection>(&case.to_string()).await?;
                format!("{kind}-{}-{budget_line}", row.map_or(0, |row| row.position))
            }
            Subject::Partner { partner } => format!("{kind}-{partner}"),
        })
    }

    async fn derived(&self, looked: &Looked) -> Result<Vec<Exception>, AppError> {
        let rules = Rules::embedded().map_err(|error| AppError::Usage(error.to_string()))?;
        Ok(derive(&self.exception_facts(looked, &rules).await?))
    }

    async fn exception_item(
        &self,
        looked: &Looked,
        found: &Exception,
        row: Option<&ExceptionRow>,
    ) -> Result<ExceptionItem, AppError> {
        let mut item = ExceptionItem {
            exception: self.exception_name(looked, &found.id).await?,
            kind: found.id.kind,
            about: self.about(looked, &found.id.about).await?,
            amount: found.amount.to_string(),
            currency: found.amount.currency().to_string(),
            since: found.since,
            age: Age::on(self.today(), found.since),
            why: found.why.clone(),
            next_step: next_step(found.id.kind, &found.id.about),
            owner: String::new(),
            note: String::new(),
            state: "open".to_owned(),
            resolved_by: String::new(),
            resolved_at: String::new(),
            reason: String::new(),
        };
        let Some(row) = row else { return Ok(item) };
        item.owner = row.owner.as_ref().map(ToString::to_string).unwrap_or_default();
        if let Some(note) = row.note {
            item.note = self.reason_of(note).await?;
        }
        if let Some((by, account)) = &row.proposed {
            item.state = format!("{by} proposes to write it off as {account}");
        }
        if let Some(resolved) = row.resolved.as_ref().filter(|resolved| resolved.amount == found.amount) {
            item.state = how(&resolved.how);
            (item.resolved_by, item.resolved_at) = (resolved.by.to_string(), utc(resolved.recorded_at));
            item.reason = self.reason_of(resolved.reason).await?;
        }
        Ok(item)
    }

    async fn reason_of(&self, text: domain::TextId) -> Result<String, AppError> {
        let text = self.reveal::<ReasonText>(&[(LEDGER_SUBJECT, text)]).await?.pop().flatten();
        Ok(text.map_or_else(|| ERASED.to_owned(), |text| text.reason))
    }

    /// What an exception is about, as people call it.
    async fn about(&self, looked: &Looked, about: &Subject) -> Result<String, AppError> {
        Ok(match about {
            Subject::Line { line } => looked.lines.get(line).map_or_else(String::new, |row| {
                format!("line {} of {}, booked {}", row.position, row.account, row.booked_on)
            }),
            Subject::Payment { partner, payment } => {
                format!("payment {} to {partner}", looked.number(payment.0))
            }
            Subject::Grant { case, grant } => {
                let row = self.runner.row::<GrantsProjection>(&grant.to_string()).await?;
                let number = row.map_or(0, |row| row.position);
                format!("grant {number} of {}", self.external_ref(*case).await?)
            }
            Subject::BudgetLine { case, budget_line } => {
                format!("{budget_line} of {}", self.external_ref(*case).await?)
            }
            Subject::Partner { partner } => partner.to_string(),
        })
    }

    async fn external_ref(&self, case: domain::CaseId) -> Result<String, AppError> {
        let names = self.case_names(std::iter::once(case)).await?;
        Ok(names.get(&case).map_or_else(|| ERASED.to_owned(), |name| name.external_ref.clone()))
    }
}

/// Lines that are written off: they are no exceptions any more, and listed with all that was resolved.
fn written_off<'r>(looked: &Looked, rows: impl Iterator<Item = &'r ExceptionRow>) -> Vec<Exception> {
    let exception = |row: &ExceptionRow| {
        let resolved = row.resolved.as_ref()?;
        match (&row.id.about, &resolved.how) {
            (Subject::Line { line }, Resolution::WrittenOff { .. }) => Some(Exception {
                id: row.id.clone(),
                amount: resolved.amount,
                since: looked.lines.get(line)?.booked_on,
                why: how(&resolved.how),
            }),
            _ => None,
        }
    };
    rows.filter_map(exception).collect()
}

fn next_step(kind: ExceptionKind, about: &Subject) -> &'static str {
    match (kind, about) {
        (ExceptionKind::NoMatch, Subject::Line { .. }) => {
            "find out what it is: match it by hand, record what a partner paid back (svala partner repaid), or write it off"
        }
        (ExceptionKind::NoMatch, _) => "ask the bank whether it was executed, or match its line by hand",
        (ExceptionKind::Ambiguous, _) => "say which it is: svala bank match LINE ITEM",
        (ExceptionKind::Date | ExceptionKind::Amount, _) => {
            "look at both: match them by hand, or ask the bank"
        }
        (ExceptionKind::OverCap | ExceptionKind::GrantOutsideItsDays, _) => {
            "claim it back, or let it count with a reason: svala grant allow"
        }
        (ExceptionKind::Overdrawn, _) => "nothing is undone: accept it by name, or claim something back",
        (ExceptionKind::PaidTwice, _) => "claim the second payment back from who received it",
        (ExceptionKind::PaidWhileHeld, _) => {
            "find out who paid it and why; accept it by name, or claim it back"
        }
        (ExceptionKind::PaidWithoutDecision, Subject::Line { .. }) => {
            "claim it back, or record that the bank made it with the reference of the line: svala partner paid"
        }
        (ExceptionKind::PaidWithoutDecision, _) => "decide what it was paid for, or claim it back",
        (ExceptionKind::Returned, Subject::Line { .. }) => {
            "find the payment that came back: svala bank match LINE PAYMENT"
        }
        (ExceptionKind::Returned, _) => "check the account of the partner, and propose to pay again",
    }
}

fn no_exception(name: &str) -> AppError {
    AppError::Usage(format!(
        "there is no exception {name}; `svala exception list` shows all with their names"
    ))
}
