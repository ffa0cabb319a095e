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
            let revision = session.known(id)?.revision;
            let mut draft = session.draft(0, &request, revision);
            draft.by_person = true;
            let decided = work(&mut session, &mut draft)?;
            session.commit(draft);
            match session.flush().await?.pop().map(|(_, outcome)| outcome) {
                None | Some(AppendOutcome::Appended { .. } | AppendOutcome::AlreadyDone { .. }) => {
                    return decided.map_err(|refused| AppError::Refused(refused.refusal));
                }
                Some(AppendOutcome::Conflict(Conflict::Version { .. })) => {}
                Some(AppendOutcome::Conflict(Conflict::Key { scope, owner })) => {
                    let detail = format!("this {scope} is recorded already, at position {}", owner.position);
                    return Err(AppError::Refused(Refusal::new("already-recorded", detail)));
                }
                Some(AppendOutcome::Conflict(Conflict::Fingerprint)) => {
                    return Err(AppError::Store(event_log::StoreError::BadRequest(
                        "a command id was used twice".into(),
                    )));
                }
            }
        }
        Err(AppError::always_second())
    }
}
