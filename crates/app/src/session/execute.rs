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
            match session.try_execute(id, &request, &work).await? {
                Executed::Now | Executed::Before => return Ok(()),
                Executed::Late => {}
            }
        }
        Err(AppError::always_second())
    }
}

/// What became of one attempt.
pub(crate) enum Executed {
    /// The command was written, if it had anything to write.
    Now,
    /// The same command was written before.
    Before,
    /// Somebody else wrote first, and nothing was written.
    Late,
}

impl Session<'_> {
    /// Decides and writes one command on a case that was loaded.
    pub(crate) async fn try_execute(
        &mut self,
        id: CaseId,
        request: &[&str],
        work: impl Fn(&mut Session<'_>, &mut Draft) -> Result<Decided, AppError>,
    ) -> Result<Executed, AppError> {
        let revision = self.known(id)?.revision;
        let mut draft = self.draft(0, request, revision);
        draft.by_person = true;
        let decided = work(self, &mut draft)?;
        self.commit(draft);
        let executed = match self.flush().await?.pop().map(|(_, outcome)| outcome) {
            None | Some(AppendOutcome::Appended { .. }) => Executed::Now,
            Some(AppendOutcome::AlreadyDone { .. }) => Executed::Before,
            Some(AppendOutcome::Conflict(Conflict::Version { .. })) => return Ok(Executed::Late),
            Some(AppendOutcome::Conflict(Conflict::Key { scope, owner })) => {
                let detail = format!("this {scope} is recorded already, at position {}", owner.position);
                return Err(AppError::Refused(Refusal::new("already-recorded", detail)));
            }
            Some(AppendOutcome::Conflict(Conflict::Fingerprint)) => {
                return Err(AppError::Store(event_log::StoreError::BadRequest(
                    "a command id was used twice".into(),
                )));
            }
        };
        decided.map(|()| executed).map_err(|refused| AppError::Refused(refused.refusal))
    }
}
