//! Accounts of the authority at its bank.

use ::bank::{LineRow, LinesProjection};
use domain::bank::{BANK_ACCOUNT, CloseAccount, OpenAccount, plain_reference};
use domain::{BankAccountCode, KeyDigest, Refusal};
use event_log::{AppendOutcome, Conflict};
use jiff::civil::Date;
use money::Currency;

use crate::command::reason_text;
use crate::error::AppError;
use crate::import::masked;
use crate::ledger::{ATTEMPTS_MAX, Ledger};
use crate::session::{Purpose, Session};
use crate::texts::AccountText;

impl Ledger {
    /// Registers an account, so that its statements can be imported. A number with its currency is one account.
    pub async fn open_bank_account(
        &self,
        code: BankAccountCode,
        number: &str,
        currency: Currency,
    ) -> Result<(), AppError> {
        let number_key = self.account_key(number, currency);
        let request = ["open-account", code.as_str(), &number_key.to_string(), self.actor()];
        for _ in 0..ATTEMPTS_MAX {
            let mut session = Session::new(self, Purpose::Write);
            session.load_own_key().await?;
            session.load_partners([]).await?;
            session.by()?.may_decide()?;
            let version = session.load_bank_account(&code).await?;
            let mut draft = session.draft(0, &request, version);
            let text = AccountText { number: number.to_owned() };
            let details = session.seal_own(&mut draft, &text)?;
            let command = OpenAccount { account: code.clone(), currency, number_key, details };
            session.open_bank_account(&mut draft, &command)??;
            session.commit(draft);
            match session.flush().await?.pop().map(|(_, outcome)| outcome) {
                None | Some(AppendOutcome::Appended { .. } | AppendOutcome::AlreadyDone { .. }) => {
                    return Ok(());
                }
                Some(AppendOutcome::Conflict(Conflict::Key { owner, .. })) => {
                    let detail =
                        format!("this number is that of the account {} already", owner.stream_id.id());
                    return Err(AppError::Refused(Refusal::new("account-number-used", detail)));
                }
                Some(AppendOutcome::Conflict(_)) => {}
            }
        }
        Err(AppError::always_second())
    }

    /// Closes an account of which everything is known and explained: later statements are refused, and it pays no file.
    pub async fn close_bank_account(
        &self,
        code: &BankAccountCode,
        closed_on: Date,
        reason: &str,
    ) -> Result<(), AppError> {
        let text = reason_text(reason)?;
        let day = closed_on.to_string();
        let request = ["close-account", code.as_str(), &day, reason, self.actor()];
        for _ in 0..ATTEMPTS_MAX {
            let mut session = Session::new(self, Purpose::Write);
            session.load_own_key().await?;
            let version = session.load_bank_account(code).await?;
            let revision = version + session.load_reconciliation().await?;
            self.current().await?;
            let rows = self.runner.all_rows::<LinesProjection>().await?.into_iter().map(|(_, row)| row);
            let mut draft = session.draft(0, &request, revision);
            let (mut open_lines, mut not_stated) = (0, 0);
            // Of what the statements of its day do not have, somebody answers as an exception.
            let missed = session.bank_account(code).map(|account| account.not_stated.clone());
            let is_missed = |row: &LineRow| {
                !row.stated && missed.as_ref().is_some_and(|missed| missed.contains(&row.line))
            };
            for row in rows.filter(|row| row.account == *code && !is_missed(row)) {
                open_lines += u64::from(session.is_unexplained(&mut draft, row.line)?);
                not_stated += u64::from(!row.stated);
            }
            let reason = session.seal_own(&mut draft, &text)?;
            let today = self.today();
            let command = CloseAccount { closed_on, today, open_lines, not_stated, reason };
            session.close_bank_account(&mut draft, code, &command)??;
            session.commit(draft);
            match session.flush().await?.pop().map(|(_, outcome)| outcome) {
                None | Some(AppendOutcome::Appended { .. } | AppendOutcome::AlreadyDone { .. }) => {
                    return Ok(());
                }
                Some(AppendOutcome::Conflict(_)) => {}
            }
        }
        Err(AppError::always_second())
    }

    /// The registered account that has a number, in whatever currency, if it is open on a day.
    ///
    /// # Errors
    /// A refusal that names those that are.
    pub(crate) async fn open_account_with(&self, number: &str, day: Date) -> Result<(), AppError> {
        let (mut known, mut ended, wanted) = (Vec::new(), None, plain_reference(number));
        for (account, number) in self.accounts_and_numbers().await? {
            let is_open = account.closed.as_ref().is_none_or(|closed| day <= closed.on);
            let number = number.unwrap_or_default();
            if plain_reference(&number) == wanted {
                if is_open {
                    return Ok(());
                }
                let on = account.closed.map_or(day, |closed| closed.on);
                let detail = format!(
                    "the account {} ({}) was closed on {on}: it pays nothing any more",
                    account.code,
                    masked(&number)
                );
                ended = Some(Refusal::new("account-closed", detail));
            }
            known.extend(
                is_open.then(|| format!("{} ({} in {})", account.code, masked(&number), account.currency)),
            );
        }
        if let Some(ended) = ended {
            return Err(AppError::Refused(ended));
        }
        let known = if known.is_empty() {
            "none is registered yet".to_owned()
        } else {
            format!("registered are {}", known.join(", "))
        };
        let detail = format!(
            "the account {} is no account of the authority here: {known}; `svala bank account add CODE --iban … --currency …` registers it",
            masked(number)
        );
        Err(AppError::Refused(Refusal::new("unknown-account", detail)))
    }

    /// The keyed digest of an account's number and currency.
    pub(crate) fn account_key(&self, number: &str, currency: Currency) -> KeyDigest {
        self.key_digest(BANK_ACCOUNT, &[&plain_reference(number), currency.code()])
    }

    /// The account with this number and currency, if it is registered.
    pub(crate) async fn account_of(
        &self,
        number: &str,
        currency: Currency,
    ) -> Result<Option<BankAccountCode>, AppError> {
        let key = self.account_key(number, currency);
        let owner = self.store.find_keys(BANK_ACCOUNT, &[key.0]).await?.into_iter().flatten().next();
        Ok(owner.and_then(|owner| owner.stream_id.id().parse().ok()))
    }
}

/// Nobody has registered this account.
pub(crate) fn unknown(code: &BankAccountCode) -> AppError {
    AppError::Usage(format!(
        "there is no account {code}; `svala bank account list` shows all, `svala bank account add` adds one"
    ))
}
