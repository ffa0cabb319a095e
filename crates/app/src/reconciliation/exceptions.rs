//! What people do about exceptions.

use domain::exception::{Exception, ExceptionCommand, ExceptionId, Handled, Resolution, Subject};
use domain::ids::DifferenceAccount;
use domain::matching::Rules;
use domain::{Actor, ReconciliationCommand, TextId};

use crate::command::reason_text;
use crate::error::AppError;
use crate::ledger::Ledger;
use crate::session::{About, Draft, Session};

/// How an exception is to be resolved.
#[derive(Debug, Clone)]
pub struct ResolveAsked {
    /// Where its line is booked; none where it is as it should be.
    pub write_off: Option<DifferenceAccount>,
    /// The rules, which say up to which amount one person is enough.
    pub rules: Rules,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resolved {
    /// It is resolved.
    Done,
    /// Another person must agree.
    Proposed,
}

impl Ledger {
    /// Has somebody look after an exception.
    pub async fn assign_exception(
        &self,
        name: &str,
        owner: &Actor,
        note: Option<&str>,
    ) -> Result<(), AppError> {
        let found = self.find_exception(name).await?;
        let text = note.map(reason_text).transpose()?;
        let words = format!("{name} {owner}");
        let request = ["assign-exception", words.as_str(), note.unwrap_or_default()];
        self.about_exception(&request, |session, draft| {
            let note = text.as_ref().map(|text| session.seal_own(draft, text)).transpose()?;
            let (exception, owner) = (found.id.clone(), owner.clone());
            Ok(ExceptionCommand::Assign { exception, owner, note })
        })
        .await
    }

    /// Resolves an exception: by name, with a reason.
    pub async fn resolve_exception(
        &self,
        name: &str,
        asked: &ResolveAsked,
        reason: &str,
    ) -> Result<Resolved, AppError> {
        let Exception { id, amount, .. } = self.find_exception(name).await?;
        let text = reason_text(reason)?;
        let ResolveAsked { write_off, rules } = asked;
        let how = write_off.as_ref().map_or_else(String::new, ToString::to_string);
        let words = format!("{name} {amount} {how} {}", rules.version);
        let alone_max = rules.under(&self.rulebook).write_off_alone_max;
        let let_be_by = self.let_be_by(&id.about).await?;
        self.about_exception(&["resolve-exception", &words, reason], |session, draft| {
            let (exception, reason): (_, TextId) = (id.clone(), session.seal_own(draft, &text)?);
            Ok(match write_off.clone() {
                None => {
                    let let_be_by = let_be_by.clone();
                    ExceptionCommand::Accept { exception, amount, alone_max, let_be_by, reason }
                }
                Some(account) => ExceptionCommand::WriteOff { exception, amount, account, alone_max, reason },
            })
        })
        .await?;
        let (reconciliation, _) = self.reconciliation_and_events().await?;
        let done = reconciliation.handling().get(&id).is_some_and(|handled| handled.is_resolved(amount));
        Ok(if done { Resolved::Done } else { Resolved::Proposed })
    }

    /// Who took the statement in that an exception is about, although one before it is missing.
    async fn let_be_by(&self, about: &Subject) -> Result<Option<Actor>, AppError> {
        let Subject::Statement { statement, .. } = about else { return Ok(None) };
        let missing = self.missing_statements().await?.into_iter().find(|of| of.next == *statement);
        Ok(missing.and_then(|of| of.let_be_by))
    }

    /// Lets nothing come of a proposal to accept an exception or write its line off: who proposed it withdraws it, anybody
    /// else refuses it.
    pub async fn decline_resolution(&self, name: &str, reason: &str) -> Result<(), AppError> {
        let Some(id) = self.handled_exception(name, |handled| handled.proposed.is_some()).await? else {
            return Err(AppError::Usage(format!(
                "nobody proposes to resolve {name}; `svala exception list` shows what is proposed"
            )));
        };
        let text = reason_text(reason)?;
        self.about_exception(&["decline-resolution", name, reason], |session, draft| {
            let (exception, reason) = (id.clone(), session.seal_own(draft, &text)?);
            Ok(ExceptionCommand::Decline { exception, reason })
        })
        .await
    }

    /// Takes back how an exception was resolved; a line that was written off is open again.
    pub async fn reopen_exception(&self, name: &str, reason: &str) -> Result<(), AppError> {
        let Some(id) = self.handled_exception(name, |handled| handled.resolved.is_some()).await? else {
            return Err(AppError::Usage(format!(
                "nobody has resolved {name}; `svala exception list --all` shows all that was"
            )));
        };
        let text = reason_text(reason)?;
        self.about_exception(&["reopen-exception", name, reason], |session, draft| {
            let (exception, reason) = (id.clone(), session.seal_own(draft, &text)?);
            Ok(ExceptionCommand::Reopen { exception, reason })
        })
        .await
    }

    /// The exception with this name about which something was done; it may be none any more.
    async fn handled_exception(
        &self,
        name: &str,
        wanted: impl Fn(&Handled) -> bool,
    ) -> Result<Option<ExceptionId>, AppError> {
        let (reconciliation, _) = self.reconciliation_and_events().await?;
        let looked = self.look_at_bank().await?;
        let handled = reconciliation.handling().iter().filter(|(_, handled)| wanted(handled));
        let handled: Vec<_> = handled.map(|(id, _)| id).collect();
        let called = self.called(&looked, handled.iter().copied()).await?;
        Ok(handled.into_iter().rfind(|id| called.name(id) == name).cloned())
    }

    async fn about_exception(
        &self,
        request: &[&str],
        command: impl Fn(&Session<'_>, &mut Draft) -> Result<ExceptionCommand, AppError>,
    ) -> Result<(), AppError> {
        self.execute_about(About::Reconciliation(Vec::new()), request, |session, draft| {
            let command = command(session, draft)?;
            session.on_reconciliation(draft, &ReconciliationCommand::Exception(command))
        })
        .await
    }
}

/// How it was resolved, as it stands in listings.
pub(crate) fn how(resolution: &Resolution) -> String {
    match resolution {
        Resolution::Accepted => "accepted".to_owned(),
        Resolution::WrittenOff { account } => format!("written off as {account}"),
    }
}
