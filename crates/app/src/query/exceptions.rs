//! What does not fit at the bank, with its age, who looks after it and what to do next.

use std::collections::{BTreeSet, HashMap};

use ::bank::{ExceptionRow, ExceptionsProjection};
use ::grants::GrantsProjection;
use domain::exception::{
    Age, Clue, Direction, Exception, ExceptionId, ExceptionKind, Resolution, Subject, derive,
};
use domain::matching::Rules;
use domain::{Actor, CaseId, GrantId, KeyDigest, TextId};
use jiff::civil::Date;
use money::{Eur, Locale};
use serde::Serialize;

use super::CaseName;
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
    /// Which way the money went, or would have.
    pub direction: Direction,
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
    /// `open`, who proposed to resolve it and how, or how it was resolved.
    pub state: String,
    /// Who answers for it.
    pub resolved_by: String,
    /// Since when (UTC).
    pub resolved_at: String,
    /// Why.
    pub reason: String,
    #[serde(skip)]
    written_off: bool,
    #[serde(skip)]
    proposed: bool,
}

impl ExceptionItem {
    /// Whether another person has yet to agree to how somebody would resolve it.
    pub fn is_proposed(&self) -> bool {
        self.proposed
    }

    /// Whether its line is booked where nothing else explains it.
    pub fn is_written_off(&self) -> bool {
        self.written_off
    }

    /// In euro as it stands on the account: below zero for money that went out. None in other currencies.
    pub fn eur(&self) -> Option<Eur> {
        let eur = Eur::parse(&self.amount, Locale::Strict).ok().filter(|_| self.currency == "EUR")?;
        let went_out = self.direction == Direction::Out;
        if eur.is_negative() == went_out { Some(eur) } else { eur.checked_neg().ok() }
    }
}

impl Ledger {
    /// What does not fit, the oldest first.
    pub async fn exceptions(&self, filter: &ExceptionFilter) -> Result<Vec<ExceptionItem>, AppError> {
        Ok(self.exceptions_and_certain(filter).await?.0)
    }

    /// The same, and the days of open lines that are no exceptions, because the rules are certain what they settle.
    pub async fn exceptions_and_certain(
        &self,
        filter: &ExceptionFilter,
    ) -> Result<(Vec<ExceptionItem>, Vec<Date>), AppError> {
        let looked = self.look_at_bank().await?;
        let rows = self.runner.all_rows::<ExceptionsProjection>().await?;
        let rows: HashMap<String, ExceptionRow> = rows.into_iter().collect();
        let (mut found, certain) = self.derived(&looked).await?;
        let resolved = |found: &Exception| {
            let row = rows.get(&found.id.key()).and_then(|row| row.resolved.as_ref());
            row.is_some_and(|resolved| resolved.amount == found.amount)
        };
        match filter.all {
            false => found.retain(|found| !resolved(found)),
            true => found.extend(written_off(&looked, rows.values())),
        }
        found.retain(|found| filter.kind.is_none_or(|kind| kind == found.id.kind));
        let called = self.called(&looked, found.iter().map(|found| &found.id)).await?;
        let rows_of = |found: &Exception| rows.get(&found.id.key());
        let texts = found.iter().filter_map(rows_of).flat_map(|row| {
            row.note.into_iter().chain(row.resolved.as_ref().map(|resolved| resolved.reason))
        });
        let reasons = self.reasons_of(texts).await?;
        let mut items = Vec::with_capacity(found.len());
        for found in &found {
            let item = called.item(found, rows_of(found), &reasons, self.today());
            let owned = filter.owner.as_ref().is_none_or(|owner| owner.as_str() == item.owner);
            if owned && filter.age.is_none_or(|age| age == item.age) {
                items.push(item);
            }
        }
        items.sort_by(|a, b| (a.since, &a.exception).cmp(&(b.since, &b.exception)));
        Ok((items, certain))
    }

    /// One exception that is there now, resolved or not.
    pub async fn exception(&self, name: &str) -> Result<ExceptionItem, AppError> {
        let all = self.exceptions(&ExceptionFilter { all: true, ..ExceptionFilter::default() }).await?;
        all.into_iter().find(|item| item.exception == name).ok_or_else(|| no_exception(name))
    }

    /// The exception with this name, among those that are there now.
    pub(crate) async fn find_exception(&self, name: &str) -> Result<Exception, AppError> {
        let looked = self.look_at_bank().await?;
        let (found, _) = self.derived(&looked).await?;
        let called = self.called(&looked, found.iter().map(|found| &found.id)).await?;
        let named = found.iter().find(|found| called.name(&found.id) == name);
        named.cloned().ok_or_else(|| no_exception(name))
    }

    /// What people call what these exceptions are about.
    pub(crate) async fn called<'i>(
        &self,
        looked: &'i Looked,
        ids: impl Iterator<Item = &'i ExceptionId>,
    ) -> Result<Called<'i>, AppError> {
        let (mut grants, mut cases, mut accounts) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        for id in ids {
            match &id.about {
                Subject::Grant { case, grant } => {
                    grants.insert(grant.to_string());
                    cases.insert(*case);
                }
                Subject::BudgetLine { case, .. } => drop(cases.insert(*case)),
                Subject::Statement { account, .. } => drop(accounts.insert(account)),
                Subject::Line { .. } | Subject::Payment { .. } | Subject::Partner { .. } => {}
            }
        }
        let mut statements = HashMap::new();
        for account in accounts {
            let imported = self.bank_statements(Some(account)).await?.into_iter();
            statements.extend(imported.filter_map(|item| Some((item.key?, item.position))));
        }
        let keys: Vec<String> = grants.into_iter().collect();
        let rows = self.runner.rows::<GrantsProjection>(&keys).await?;
        let numbers = keys.into_iter().zip(rows).filter_map(|(key, row)| Some((key, row?.position)));
        let cases = self.case_names(cases.into_iter()).await?;
        Ok(Called { looked, grants: numbers.collect(), cases, statements })
    }

    async fn derived(&self, looked: &Looked) -> Result<(Vec<Exception>, Vec<Date>), AppError> {
        let rules = Rules::embedded().map_err(|error| AppError::Usage(error.to_string()))?;
        let rules = rules.under(&self.rulebook);
        let said = looked.said(&rules);
        let certain = said.matches.iter().flat_map(|finding| &finding.found.lines);
        let certain = certain.filter_map(|line| looked.lines.get(line)).map(|row| row.booked_on).collect();
        Ok((derive(&self.exception_facts(looked, &said, &rules).await?), certain))
    }

    /// What these texts say.
    async fn reasons_of(
        &self,
        texts: impl Iterator<Item = TextId>,
    ) -> Result<HashMap<TextId, String>, AppError> {
        let wanted: Vec<_> = texts.map(|text| (LEDGER_SUBJECT, text)).collect();
        let told = self.reveal::<ReasonText>(&wanted).await?.into_iter();
        let told = told.map(|text| text.map_or_else(|| ERASED.to_owned(), |text| text.reason));
        Ok(wanted.into_iter().map(|(_, text)| text).zip(told).collect())
    }
}

/// What people call what exceptions are about: looked up for all of them at once.
pub(crate) struct Called<'l> {
    looked: &'l Looked,
    /// The numbers of grants.
    grants: HashMap<String, u64>,
    cases: HashMap<CaseId, CaseName>,
    /// The numbers of statements.
    statements: HashMap<KeyDigest, u64>,
}

impl Called<'_> {
    /// What an exception is called: its kind, and the number or name of what it is about.
    pub(crate) fn name(&self, id: &ExceptionId) -> String {
        let kind = id.kind;
        match &id.about {
            Subject::Line { line } => {
                format!("{kind}-{}", self.looked.lines.get(line).map_or(0, |row| row.position))
            }
            Subject::Payment { payment, .. } => format!("{kind}-{}", self.looked.number(payment.0)),
            Subject::Grant { grant, .. } => format!("{kind}-{}", self.grant(grant)),
            Subject::BudgetLine { case, budget_line } => {
                format!("{kind}-{}-{budget_line}", self.cases.get(case).map_or(0, |name| name.row.position))
            }
            Subject::Partner { partner } => format!("{kind}-{partner}"),
            Subject::Statement { statement, .. } => format!("{kind}-{}", self.statement(statement)),
        }
    }

    /// What it is about.
    fn about(&self, about: &Subject) -> String {
        match about {
            Subject::Line { line } => self.looked.lines.get(line).map_or_else(String::new, |row| {
                format!("line {} of {}, booked {}", row.position, row.account, row.booked_on)
            }),
            Subject::Payment { partner, payment } => {
                format!("payment {} to {partner}", self.looked.number(payment.0))
            }
            Subject::Grant { case, grant } => {
                format!("grant {} of {}", self.grant(grant), self.external_ref(case))
            }
            Subject::BudgetLine { case, budget_line } => {
                format!("{budget_line} of {}", self.external_ref(case))
            }
            Subject::Partner { partner } => partner.to_string(),
            Subject::Statement { account, statement } => {
                format!("statement {} of {account}", self.statement(statement))
            }
        }
    }

    fn statement(&self, statement: &KeyDigest) -> u64 {
        self.statements.get(statement).copied().unwrap_or_default()
    }

    fn grant(&self, grant: &GrantId) -> u64 {
        self.grants.get(&grant.to_string()).copied().unwrap_or_default()
    }

    fn external_ref(&self, case: &CaseId) -> &str {
        self.cases.get(case).map_or(ERASED, |name| name.external_ref.as_str())
    }

    fn item(
        &self,
        found: &Exception,
        row: Option<&ExceptionRow>,
        reasons: &HashMap<TextId, String>,
        today: Date,
    ) -> ExceptionItem {
        let mut item = ExceptionItem {
            exception: self.name(&found.id),
            kind: found.id.kind,
            about: self.about(&found.id.about),
            amount: found.amount.to_string(),
            currency: found.amount.currency().to_string(),
            since: found.since,
            age: Age::on(today, found.since),
            why: found.why.clone(),
            direction: found.direction(),
            next_step: next_step(found),
            owner: String::new(),
            note: String::new(),
            state: "open".to_owned(),
            resolved_by: String::new(),
            resolved_at: String::new(),
            reason: String::new(),
            written_off: false,
            proposed: false,
        };
        let Some(row) = row else { return item };
        let reason = |text: TextId| reasons.get(&text).cloned().unwrap_or_default();
        item.owner = row.owner.as_ref().map(ToString::to_string).unwrap_or_default();
        item.note = row.note.map(reason).unwrap_or_default();
        if let Some(proposed) = row.proposed.as_ref().filter(|proposed| proposed.amount == found.amount) {
            item.state = format!("{} proposes to {}", proposed.by, proposed.how.in_words());
            item.proposed = true;
        }
        if let Some(resolved) = row.resolved.as_ref().filter(|resolved| resolved.amount == found.amount) {
            (item.state, item.proposed) = (how(&resolved.how), false);
            item.written_off = matches!(resolved.how, Resolution::WrittenOff { .. });
            (item.resolved_by, item.resolved_at) = (resolved.by.to_string(), utc(resolved.recorded_at));
            item.reason = reason(resolved.reason);
        }
        item
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
                clue: None,
            }),
            _ => None,
        }
    };
    rows.filter_map(exception).collect()
}

fn next_step(found: &Exception) -> &'static str {
    let went_out = found.direction() == Direction::Out;
    match (found.clue, went_out) {
        (Some(Clue::TakenBackByLine), _) => {
            return "match both lines with each other: svala bank match LINE,LINE";
        }
        (Some(Clue::BackInPart), _) => {
            return "record what came back under the reference of the payment, so that it is due again: svala partner repaid PARTNER --amount EUR --on DAY --reference RF... (with --advance if it was an advance; of a grant svala grant return); then svala bank match";
        }
        (Some(_), false) => {
            return "nothing is to come back of it: match it with the line that went out (svala bank match LINE,LINE), or find out who paid it and why";
        }
        (Some(Clue::Recalled), true) => {
            return "the bank made it all the same: record it with the reference of the line (svala partner paid), or claim it back";
        }
        (Some(Clue::Unrecorded), true) => {
            return "the bank made it after all: record it again with the reference of the line (svala partner paid), or claim it back";
        }
        (Some(Clue::InPart), true) => {
            return "ask the bank for the rest; if it never comes, two people take the payment back (svala payment recall), which records what was made: what is left is due again";
        }
        (Some(Clue::NotMade), true) => {
            return "find out who gave it to the bank: claim it back, or cancel the payment (svala payment cancel), record what was paid under a reference of your own (svala partner paid) and match the line with that";
        }
        (None, _) => {}
    }
    match (found.id.kind, &found.id.about) {
        (ExceptionKind::NoMatch, Subject::Line { .. }) if went_out => {
            "find out what it is: match it by hand, record what was paid (svala partner paid), or write it off"
        }
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
            "find out whose account it is: claim it back, or match it by hand (svala bank match LINE PAYMENT), which takes two people where it is large"
        }
        (ExceptionKind::PaidWithoutDecision, _) => "decide what it was paid for, or claim it back",
        (ExceptionKind::Returned, Subject::Line { .. }) => {
            "find the payment that came back: svala bank match LINE PAYMENT"
        }
        (ExceptionKind::StatementGap, _) => {
            "get the statement from the bank: svala import statement FILE; where it never comes, another person than who took the next one in accepts it by name"
        }
        (ExceptionKind::NotifiedNotStated, _) => {
            "match the line that the statement has instead (take apart the match of this one first: svala bank unmatch MATCH), and ask the bank; if it never comes, accept it by name"
        }
        (ExceptionKind::Returned, _) => "check the account of the partner, and propose to pay again",
    }
}

fn no_exception(name: &str) -> AppError {
    AppError::Usage(format!(
        "there is no exception {name}; `svala exception list` shows all with their names"
    ))
}
