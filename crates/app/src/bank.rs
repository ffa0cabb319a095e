//! Accounts of the authority at its bank.

use domain::bank::{BANK_ACCOUNT, OpenAccount, plain_reference};
use domain::{BankAccountCode, KeyDigest, Refusal};
use event_log::{AppendOutcome, Conflict};
use money::Currency;

use crate::error::AppError;
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
