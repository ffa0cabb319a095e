//! Statements of the bank: a file is taken in as a whole or not at all, in one command.

use std::collections::HashSet;
use std::path::PathBuf;

use domain::bank::{Imported, Statement, StatementKind, plain_reference};
use domain::ids::FileDigest;
use domain::ledger::ImportCounts;
use domain::{BankAccountCode, KeyDigest, Refusal, TextId};
use event_log::{AppendOutcome, hex};
use interchange::camt::{BankStatement, StatementLine, StatementPlace, StatementProblem};
use interchange::{FileError, FileProblem};
use jiff::civil::Date;
use rulebook::FailedCondition;
use serde::Serialize;

use super::file_name;
use super::record::{EarlierImport, IMPORT};
use super::statement_file::{CsvStatement, read};
use crate::command::reason_text;
use crate::error::AppError;
use crate::ledger::{ATTEMPTS_MAX, Ledger};
use crate::session::{Draft, Purpose, Session};
use crate::texts::StatementText;

/// What a file of statements is recorded as.
const KIND: &str = "statement";

/// Which file is to be imported, and how.
#[derive(Debug, Clone)]
pub struct StatementsRequest {
    /// The file.
    pub path: PathBuf,
    /// How to read it, if it is CSV.
    pub csv: Option<CsvStatement>,
    /// Why a statement may follow although something before it is missing.
    pub accept_gap: Option<String>,
    /// Which statements of the file are taken.
    pub only: Only,
    /// Decide everything, write nothing.
    pub dry_run: bool,
}

/// Which statements of a file are taken; the others are left out, and may be imported later from the same file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Only {
    /// All of them: an account that is not registered refuses the file.
    #[default]
    All,
    /// Those of accounts that are registered.
    Known,
    /// Those of the account with this number.
    Number(String),
}

/// What an import of statements came to.
#[derive(Debug, Clone)]
pub struct StatementsReport {
    /// The file's name, without its folder.
    pub file: String,
    /// SHA-256 of the file.
    pub sha256: String,
    /// Each statement or notification in it that was taken.
    pub statements: Vec<StatementOutcome>,
    /// The ends of the numbers of accounts whose statements were left out, each with its currency.
    pub left_out: Vec<String>,
    /// Where this very file was imported before: nothing was done now.
    pub imported_before: Option<EarlierImport>,
    /// Something was written.
    pub written: bool,
}

/// What came of one statement.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StatementOutcome {
    /// The account.
    pub account: BankAccountCode,
    /// Statement or notification.
    pub kind: StatementKind,
    /// Its number among those of the account.
    pub sequence: Option<u64>,
    /// The last day it is about.
    pub to: Option<Date>,
    /// The balance before its lines.
    pub opening: Option<String>,
    /// The balance after them.
    pub closing: Option<String>,
    /// Its booked lines.
    pub lines: u64,
    /// Lines that were not known.
    pub new: u64,
    /// Lines that were known, from a notification or because the statement was.
    pub known: u64,
    /// Entries that are not booked and so are no money yet; they are left out.
    pub not_booked: u64,
    /// Entries whose transactions do not come to their amounts, and how much that is off: each is one line.
    pub unbroken: Vec<String>,
    /// The whole statement was imported before.
    pub imported_before: bool,
}

/// A statement of a file, with its account, its lines and what these are recognised by.
struct Found {
    account: BankAccountCode,
    statement: BankStatement,
    key: KeyDigest,
    lines: Vec<StatementLine>,
}

/// What becomes of a statement of a file.
enum Taken {
    /// It is taken.
    Known(Box<Found>),
    /// It is left out, as was asked for: whose it is.
    LeftOut(String),
    /// Its account is not registered, and so nothing of the file is taken: in words.
    Unknown(String),
}

/// Every account that is not registered, each once, and what can be done.
fn all_unknown(mut details: Vec<String>) -> Refusal {
    let account = |detail: &String| detail.split_once(": the account ").map(|(_, rest)| rest.to_owned());
    let mut seen = HashSet::new();
    details.retain(|detail| seen.insert(account(detail)));
    if let Some(last) = details.last_mut() {
        last.push_str("; --only-known takes the others");
    }
    Refusal {
        reasons: details
            .into_iter()
            .flat_map(|detail| Refusal::new("unknown-account", detail).reasons)
            .collect(),
    }
}

impl Ledger {
    /// Imports a file of statements.
    pub async fn import_statements(&self, request: &StatementsRequest) -> Result<StatementsReport, AppError> {
        let name = file_name(&request.path, KIND);
        let (statements, sha256) = read(&request.path, &name, request.csv.as_ref())?;
        let import_key = self.digest(IMPORT, &[KIND, &hex::encode(&sha256)]);
        let mut report = StatementsReport {
            file: name,
            sha256: hex::encode(&sha256),
            statements: Vec::new(),
            left_out: Vec::new(),
            imported_before: self.imported_before(import_key).await?,
            written: false,
        };
        if report.imported_before.is_some() {
            return Ok(report);
        }
        let (mut read, mut unknown) = (Vec::with_capacity(statements.len()), Vec::new());
        for (number, statement) in (1..).zip(statements) {
            match self.statement_of(&report.file, number, statement, &request.only).await? {
                Taken::Known(found) => read.push(*found),
                Taken::LeftOut(account) => report.left_out.push(account),
                Taken::Unknown(reason) => unknown.push(reason),
            }
        }
        if !unknown.is_empty() {
            return Err(AppError::Refused(all_unknown(unknown)));
        }
        if read.is_empty() {
            let said = format!("{}: no statement in it is of an account that is asked for", report.file);
            return Err(AppError::Refused(Refusal::new("nothing-to-take", said)));
        }
        report.left_out.sort();
        report.left_out.dedup();
        report.statements = self.take_in(request, &report.file, &read, FileDigest(sha256)).await?;
        if request.dry_run {
            return Ok(report);
        }
        // Recorded last: whoever was cut short before imports the file again, and it is recognised.
        let count = |of: fn(&StatementOutcome) -> u64| report.statements.iter().map(of).sum();
        let counts = ImportCounts {
            rows: count(|statement| statement.lines),
            applied: count(|statement| statement.new),
            recognised: count(|statement| statement.known),
            ..ImportCounts::default()
        };
        let warnings = [
            ("statement.left-out", report.left_out.len() as u64),
            ("statement.not-booked", count(|statement| statement.not_booked)),
            ("statement.batch", count(|statement| statement.unbroken.len() as u64)),
        ];
        let warnings = warnings.into_iter().filter(|(_, times)| *times > 0).collect();
        // What was left out may be taken from the same file later.
        let import_key = Some(import_key).filter(|_| report.left_out.is_empty());
        self.record_import(KIND, sha256, &report.file, counts, &warnings, import_key).await?;
        report.written = true;
        self.checkpoint_what_is_written().await;
        Ok(report)
    }

    /// Finds the account of a statement, and breaks it into lines.
    async fn statement_of(
        &self,
        file: &str,
        number: u64,
        statement: BankStatement,
        only: &Only,
    ) -> Result<Taken, AppError> {
        let in_file = |problem: StatementProblem| {
            AppError::File(FileError { file: file.to_owned(), problem: FileProblem::Statement(problem) })
        };
        let currency = statement.account_currency().ok_or_else(|| {
            in_file(StatementProblem::no_currency(StatementPlace { statement: number, entry: None }))
        })?;
        let (shown, plain) = (masked(&statement.account), plain_reference(&statement.account));
        if matches!(only, Only::Number(wanted) if plain_reference(wanted) != plain) {
            return Ok(Taken::LeftOut(format!("{shown} in {currency}")));
        }
        let Some(account) = self.account_of(&statement.account, currency).await? else {
            if *only == Only::Known {
                return Ok(Taken::LeftOut(format!("{shown} in {currency}")));
            }
            let detail = format!(
                "{file}, statement {number}: the account {shown} in {currency} is not registered; if it is yours, `svala bank account add CODE --iban … --currency {currency}` registers it"
            );
            return Ok(Taken::Unknown(detail));
        };
        let lines = statement.lines(number).map_err(in_file)?;
        let key = self.statement_key(&account, &statement);
        Ok(Taken::Known(Box::new(Found { account, statement, key, lines })))
    }

    /// Decides all statements, each on what those before it brought, and writes them in one append.
    async fn take_in(
        &self,
        request: &StatementsRequest,
        file: &str,
        statements: &[Found],
        sha256: FileDigest,
    ) -> Result<Vec<StatementOutcome>, AppError> {
        let gap = request.accept_gap.as_deref().map(reason_text).transpose()?;
        let purpose = if request.dry_run { Purpose::DryRun } else { Purpose::Write };
        for _ in 0..ATTEMPTS_MAX {
            let mut session = Session::new(self, purpose);
            session.load_own_key().await?;
            session.load_partners([]).await?;
            session.by()?.may_decide()?;
            let mut revision = 0;
            let mut accounts: Vec<&BankAccountCode> = statements.iter().map(|read| &read.account).collect();
            accounts.sort();
            accounts.dedup();
            for account in &accounts {
                revision += session.load_bank_account(account).await?;
            }
            let (file_id, gap_reason) =
                (sha256.to_string(), request.accept_gap.as_deref().unwrap_or_default());
            // Of one file other accounts may be taken another time.
            let mut parts = vec![KIND, file_id.as_str(), gap_reason, self.actor()];
            parts.extend(accounts.iter().map(|account| account.as_str()));
            let mut draft = session.draft(0, &parts, revision);
            let mut outcomes = Vec::with_capacity(statements.len());
            for (number, read) in (1_u64..).zip(statements) {
                let reason = gap.as_ref().map(|reason| session.seal_apart(reason)).transpose()?;
                let outcome = session.statement(&mut draft, read, sha256, reason).await?;
                let place = |reason: FailedCondition| FailedCondition {
                    detail: format!("{file}, statement {number}: {}", reason.detail),
                    ..reason
                };
                outcomes.push(outcome.map_err(|refusal| {
                    AppError::Refused(Refusal { reasons: refusal.reasons.into_iter().map(place).collect() })
                })?);
            }
            session.commit(draft);
            match session.flush().await?.pop().map(|(_, outcome)| outcome) {
                None | Some(AppendOutcome::Appended { .. } | AppendOutcome::AlreadyDone { .. }) => {
                    return Ok(outcomes);
                }
                // Somebody else imported meanwhile: what is new is found out again.
                Some(AppendOutcome::Conflict(_)) => {}
            }
        }
        Err(AppError::always_second())
    }
}

impl Session<'_> {
    /// Decides one statement of a file.
    async fn statement(
        &mut self,
        draft: &mut Draft,
        read: &Found,
        file: FileDigest,
        gap_accepted: Option<event_log::SealedText>,
    ) -> Result<Result<StatementOutcome, Refusal>, AppError> {
        let Found { account, statement, key, lines } = read;
        let keys = self.ledger().line_keys(account, statement.kind, *key, lines)?;
        let shared: Vec<KeyDigest> = keys.iter().filter_map(|keys| keys.shared).collect();
        self.load_lines(&shared).await?;
        let named = StatementText { statement: statement.id.clone(), message: statement.message_id.clone() };
        let details = self.seal_apart(&named)?;
        let (balances, details_id) = ((statement.opening(), statement.closing()), TextId(details.id));
        let mut texts = Vec::with_capacity(lines.len() + 2);
        let gap = gap_accepted.as_ref().map(|sealed| TextId(sealed.id));
        texts.extend(gap_accepted);
        texts.push(details);
        let mut told = self.told_otherwise(account, statement.kind, lines, &keys).await?;
        let mut bookings = Vec::with_capacity(lines.len());
        for (line, keys) in lines.iter().zip(keys) {
            let (mut booking, sealed) = self.booking(line, keys)?;
            booking.told = told.get_mut(&line.entry).map(std::mem::take);
            bookings.push(booking);
            texts.push(sealed);
        }
        let command = Statement {
            statement: *key,
            kind: statement.kind,
            is_copy: statement.copy.is_some(),
            // A later page has the number of its statement: that it continues the one before, the balances tell.
            sequence: statement
                .electronic_sequence
                .or(statement.legal_sequence)
                .filter(|_| !statement.is_later_page()),
            from: statement.from.or(balances.0.and_then(|balance| balance.on)),
            to: statement.to.or(balances.1.and_then(|balance| balance.on)),
            opening: balances.0.map(|balance| balance.amount),
            closing: balances.1.map(|balance| balance.amount),
            lines: bookings,
            notified: match statement.kind {
                StatementKind::Statement => self.notified(account).await?,
                StatementKind::Notification => Vec::new(),
            },
            file,
            gap_accepted: gap,
            details: details_id,
        };
        let imported = match self.import_statement(draft, account, &command, texts)? {
            Ok(imported) => imported,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let total = lines.len() as u64;
        let (new, known, imported_before) = match imported {
            None => (0, total, true),
            Some(Imported { booked, known, .. }) => (booked, known, false),
        };
        Ok(Ok(StatementOutcome {
            account: account.clone(),
            kind: statement.kind,
            sequence: command.sequence,
            to: command.to,
            opening: command.opening.map(|amount| amount.to_string()),
            closing: command.closing.map(|amount| amount.to_string()),
            lines: total,
            new,
            known,
            not_booked: statement.not_booked(),
            unbroken: lines
                .iter()
                .filter_map(|line| line.unbroken.as_ref())
                .map(ToString::to_string)
                .collect(),
            imported_before,
        }))
    }
}

/// The end of an account's number.
pub(crate) fn masked(number: &str) -> String {
    let shown = number.char_indices().rev().nth(3).map_or(0, |(at, _)| at);
    format!("…{}", number.get(shown..).unwrap_or_default())
}
