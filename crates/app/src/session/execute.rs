//! One command of a person, decided and written.

use domain::{CaseId, PartnerCode, Refusal};
use event_log::{AppendOutcome, Conflict};

use super::{Decided, Draft, Purpose, Session};
use crate::error::AppError;
use crate::ledger::{ATTEMPTS_MAX, Ledger};

impl Ledger {
    /// Decides and writes one command on a case, again from the start whenever somebody else wrote first.
    pub(crate) async fn execute(
        &self,
        id: CaseId,
        request: &[&str],
        work: impl Fn(&mut Session<'_>, &mut Draft) -> Result<Decided, AppError>,
    ) -> Result<(), AppError> {
        self.execute_with(id, None, request, work).await
    }

    /// The same for a command that also concerns a partner.
    pub(crate) async fn execute_with(
        &self,
        id: CaseId,
        partner: Option<&PartnerCode>,
        request: &[&str],
        work: impl Fn(&mut Session<'_>, &mut Draft) -> Result<Decided, AppError>,
    ) -> Result<(), AppError> {
        let name = id.to_string();
        let request: Vec<&str> = request.iter().copied().chain([name.as_str(), self.actor()]).collect();
        for _ in 0..ATTEMPTS_MAX {
            let mut session = Session::new(self, Purpose::Write);
            session.load_cases([id]).await?;
            session.load_partners(partner.cloned()).await?;
            if session.try_execute(id, &request, &work).await? {
                return Ok(());
            }
        }
        Err(AppError::always_second())
    }
}

impl Session<'_> {
    /// Decides and writes one command on a case that was loaded. `false` when somebody else wrote first: then nothing
    /// was written.
    pub(crate) async fn try_execute(
        &mut self,
        id: CaseId,
        request: &[&str],
        work: impl Fn(&mut Session<'_>, &mut Draft) -> Result<Decided, AppError>,
    ) -> Result<bool, AppError> {
        let revision = self.known(id)?.revision;
        let mut draft = self.draft(0, request, revision);
        draft.by_person = true;
        let decided = work(self, &mut draft)?;
        self.commit(draft);
        match self.flush().await?.pop().map(|(_, outcome)| outcome) {
            None | Some(AppendOutcome::Appended { .. } | AppendOutcome::AlreadyDone { .. }) => {
                decided.map(|()| true).map_err(|refused| AppError::Refused(refused.refusal))
            }
            Some(AppendOutcome::Conflict(Conflict::Version { .. })) => Ok(false),
            Some(AppendOutcome::Conflict(Conflict::Key { scope, owner })) => {
                let detail = format!("this {scope} is recorded already, at position {}", owner.position);
                Err(AppError::Refused(Refusal::new("already-recorded", detail)))
            }
            Some(AppendOutcome::Conflict(Conflict::Fingerprint)) => {
                Err(AppError::Store(event_log::StoreError::BadRequest("a command id was used twice".into())))
            }
        }
    }
}
