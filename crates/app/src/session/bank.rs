//! Accounts at the bank: loading them and the lines that are known, taking statements in.

use std::collections::{BTreeMap, HashMap, HashSet};

use ::bank::{AccountsProjection, LinesProjection};
use domain::bank::{
    self, BankAccount, BankEvent, BankLine, CloseAccount, Imported, KnownLines, LineEvent, OpenAccount,
    Statement,
};
use domain::{BankAccountCode, Event, KeyDigest, LineId, Refusal};
use event_log::{SealedText, StreamId, UniqueKey};
use jiff::civil::Date;

use super::{Draft, Session};
use crate::bank::unknown;
use crate::error::AppError;
use crate::ledger::Ledger;

/// Facts and streams asked for at once.
const PAGE: usize = 2_000;

/// An account as its stream has it; none if it was never opened.
#[derive(Default)]
pub(super) struct LoadedAccount {
    account: Option<BankAccount>,
    version: u64,
}

/// What is held of the bank.
#[derive(Default)]
pub(super) struct LoadedBank {
    accounts: BTreeMap<BankAccountCode, LoadedAccount>,
    lines: KnownLines,
    line_versions: HashMap<LineId, u64>,
    /// Lines that a statement of this session has confirmed.
    confirmed: HashSet<LineId>,
}

impl Ledger {
    /// Lines by their keys, those that are there, with the versions of their streams.
    pub(crate) async fn lines_by_key(&self, keys: &[KeyDigest]) -> Result<Vec<(BankLine, u64)>, AppError> {
        let mut found = Vec::new();
        for page in keys.chunks(PAGE) {
            let digests: Vec<_> = page.iter().map(|key| key.0).collect();
            let owners = self.store.find_keys(bank::BANK_LINE, &digests).await?;
            let mut streams: Vec<StreamId> =
                owners.into_iter().flatten().map(|owner| owner.stream_id).collect();
            streams.sort_unstable();
            streams.dedup();
            found.extend(self.lines_of(&streams).await?);
        }
        Ok(found)
    }

    /// These lines, those that are there, with the versions of their streams.
    pub(crate) async fn lines_named(&self, ids: &[LineId]) -> Result<Vec<(BankLine, u64)>, AppError> {
        let mut found = Vec::with_capacity(ids.len());
        for page in ids.chunks(PAGE) {
            let streams: Vec<StreamId> = page.iter().map(|line| line.stream()).collect();
            found.extend(self.lines_of(&streams).await?);
        }
        Ok(found)
    }

    /// The lines of these streams, in the order of the streams, with their versions: what is stated of them is recorded in it.
    async fn lines_of(&self, streams: &[StreamId]) -> Result<Vec<(BankLine, u64)>, AppError> {
        let mut lines: HashMap<StreamId, (Option<BankLine>, u64)> = HashMap::new();
        for recorded in self.store.read_streams(streams).await? {
            if let Event::Line(event) = Event::decode_checked(&recorded)? {
                let (line, version) = lines.entry(recorded.stream_id).or_default();
                *line = Some(BankLine::evolve(line.take(), &event)?);
                *version = recorded.stream_version;
            }
        }
        let found = streams.iter().filter_map(|stream| lines.remove(stream));
        Ok(found.filter_map(|(line, version)| Some((line?, version))).collect())
    }
}

impl Session<'_> {
    /// Loads an account, unless it is held; answers with the version of its stream.
    pub async fn load_bank_account(&mut self, code: &BankAccountCode) -> Result<u64, AppError> {
        if !self.bank.accounts.contains_key(code) {
            let mut loaded = LoadedAccount::default();
            for recorded in self.ledger.store.read_streams(&[code.stream()]).await? {
                if let Event::Bank(event) = Event::decode_checked(&recorded)? {
                    loaded.account = Some(BankAccount::evolve(loaded.account.take(), &event)?);
                    loaded.version = recorded.stream_version;
                }
            }
            self.bank.accounts.insert(code.clone(), loaded);
        }
        Ok(self.bank.accounts.get(code).map_or(0, |loaded| loaded.version))
    }

    /// Loads all accounts, and the files of payments: what lines and items there are can change only with them.
    pub(crate) async fn load_all_of_bank(&mut self) -> Result<(), AppError> {
        for (_, row) in self.ledger.runner.all_rows::<AccountsProjection>().await? {
            self.load_bank_account(&row.account).await?;
        }
        self.load_payment_files().await?;
        Ok(())
    }

    /// Has a command written only if no statement was imported and no file of payments made since they were loaded.
    pub(crate) fn rest_on_bank(&self, draft: &mut Draft) {
        self.rest_on_accounts(draft);
        self.rest_on_payment_files(draft);
    }

    /// Has a command written only if no statement was imported since the accounts were loaded.
    pub(crate) fn rest_on_accounts(&self, draft: &mut Draft) {
        let accounts = self.bank.accounts.iter();
        draft.read.extend(accounts.map(|(code, loaded)| (code.stream(), loaded.version)));
    }

    /// An account that was loaded or opened in this session.
    pub fn bank_account(&self, code: &BankAccountCode) -> Option<&BankAccount> {
        self.bank.accounts.get(code).and_then(|loaded| loaded.account.as_ref())
    }

    /// Loads the lines that have these keys.
    pub async fn load_lines(&mut self, keys: &[KeyDigest]) -> Result<(), AppError> {
        for (line, version) in self.ledger.lines_by_key(keys).await? {
            self.bank.lines.insert(&line);
            self.bank.line_versions.insert(line.booked.line, version);
        }
        Ok(())
    }

    /// Whether a line with this key was loaded.
    pub fn line_is_known(&self, key: KeyDigest) -> bool {
        self.bank.lines.get(key).is_some()
    }

    /// Loads lines; answers with their keys.
    pub async fn load_lines_named(&mut self, ids: &[LineId]) -> Result<Vec<KeyDigest>, AppError> {
        let mut keys = Vec::with_capacity(ids.len());
        for (line, version) in self.ledger.lines_named(ids).await? {
            keys.push(line.booked.line_key);
            self.bank.lines.insert(&line);
            self.bank.line_versions.insert(line.booked.line, version);
        }
        Ok(keys)
    }

    /// Lines of an account that only notifications have told of, with their days.
    pub async fn notified(&self, code: &BankAccountCode) -> Result<Vec<(LineId, Date)>, AppError> {
        if self.bank_account(code).is_none_or(|account| account.notifications.is_empty()) {
            return Ok(Vec::new());
        }
        self.ledger.current().await?;
        let rows = self.ledger.runner.all_rows::<LinesProjection>().await?.into_iter().map(|(_, row)| row);
        let mut rows: Vec<_> = rows
            .filter(|row| row.account == *code && !row.stated && !self.bank.confirmed.contains(&row.line))
            .collect();
        rows.sort_by_key(|row| row.position);
        Ok(rows.into_iter().map(|row| (row.line, row.booked_on)).collect())
    }

    /// Opens an account, which was loaded.
    pub fn open_bank_account(
        &mut self,
        draft: &mut Draft,
        command: &OpenAccount,
    ) -> Result<Result<(), Refusal>, AppError> {
        match bank::open(self.bank_account(&command.account), command) {
            Ok(event) => Ok(Ok(self.record_bank(draft, &command.account, event)?)),
            Err(refusal) => Ok(Err(refusal)),
        }
    }

    /// Closes an account, which was loaded.
    pub fn close_bank_account(
        &mut self,
        draft: &mut Draft,
        code: &BankAccountCode,
        command: &CloseAccount,
    ) -> Result<Result<(), Refusal>, AppError> {
        let account = self.bank_account(code).ok_or_else(|| unknown(code))?;
        match bank::close(account, command, &self.by()?) {
            Ok(event) => Ok(Ok(self.record_bank(draft, code, event)?)),
            Err(refusal) => Ok(Err(refusal)),
        }
    }

    /// Takes a statement of an account in; account and lines were loaded. Of its sealed texts only those are kept that
    /// an event names: lines that are known already have theirs.
    pub fn import_statement(
        &mut self,
        draft: &mut Draft,
        code: &BankAccountCode,
        statement: &Statement,
        texts: Vec<SealedText>,
    ) -> Result<Result<Option<Imported>, Refusal>, AppError> {
        let loaded = self.bank.accounts.get(code).and_then(|loaded| loaded.account.as_ref());
        let account = loaded.ok_or_else(|| AppError::Usage(format!("there is no account {code}")))?;
        let imported = match bank::import(account, statement, &mut self.bank.lines) {
            Ok(imported) => imported,
            Err(refusal) => return Ok(Err(refusal)),
        };
        if let Some(Imported { event, lines, .. }) = &imported {
            let mut named: HashSet<_> = event.texts().map(|text| text.0).collect();
            for (line, event) in lines {
                named.extend(event.text().map(|text| text.0));
                self.record_line(draft, *line, event)?;
            }
            self.record_bank(draft, code, event.clone())?;
            draft.texts.extend(texts.into_iter().filter(|text| named.contains(&text.id)));
        }
        Ok(Ok(imported))
    }

    fn record_bank(
        &mut self,
        draft: &mut Draft,
        code: &BankAccountCode,
        event: BankEvent,
    ) -> Result<(), AppError> {
        let keys =
            event.unique_fact().map(|(scope, digest, entity)| UniqueKey { scope, digest: digest.0, entity });
        let keys = keys.into_iter().collect();
        let loaded = self.bank.accounts.entry(code.clone()).or_default();
        loaded.account = Some(BankAccount::evolve(loaded.account.take(), &event)?);
        let before = loaded.version;
        loaded.version += 1;
        draft.push(code.stream(), before, &Event::Bank(event), keys)
    }

    fn record_line(&mut self, draft: &mut Draft, line: LineId, event: &LineEvent) -> Result<(), AppError> {
        let key = |(scope, digest, entity): (_, KeyDigest, _)| UniqueKey { scope, digest: digest.0, entity };
        let keys = event.unique_fact().map(key).into_iter().collect();
        if let LineEvent::BankLineStated(_) = event {
            self.bank.confirmed.insert(line);
        }
        let version = self.bank.line_versions.entry(line).or_default();
        let before = *version;
        *version += 1;
        draft.push(line.stream(), before, &Event::Line(event.clone()), keys)
    }
}
