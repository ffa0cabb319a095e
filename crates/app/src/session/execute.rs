//! One command of a person, decided and written.

use domain::{CaseId, PartnerCode, Refusal, SubjectId, TextId};
use event_log::{AppendOutcome, Conflict};

use super::{Decided, Draft, Purpose, Session};
use crate::error::AppError;
use crate::ledger::{ATTEMPTS_MAX, Ledger};
use crate::texts::ReasonText;

/// What a command is about: what must be loaded, and which changes make the same request another command.
#[derive(Debug, Clone)]
pub(crate) enum About {
    /// A case, and perhaps a partner.
    Case(CaseId, Option<PartnerCode>),
    /// A partner.
    Partner(PartnerCode),
    /// The holds, and perhaps a partner.
    Holds(Option<PartnerCode>),
    /// The closed periods.
    Periods,
    /// What a partner is paid: for these cases, as far as no hold stops it.
    Payment(PartnerCode, Vec<CaseId>),
    /// A file of payments to these partners, for these cases.
    PaymentFile(Vec<PartnerCode>, Vec<CaseId>),
    /// Payments to a partner that the bank may have made.
    Made(PartnerCode),
    /// What lines of the bank settle: payments to these partners among other things.
    Reconciliation(Vec<PartnerCode>),
}

/// The reason given, and what is like the thing asked for in all but its reason, each with its own.
pub(crate) type Said<'a, T> =
    (&'a ReasonText, &'a (dyn Fn(&Session<'_>) -> Vec<(T, (SubjectId, TextId))> + Sync));

/// Whether a command that was given again was written before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repeated<T> {
    /// It was not: it is written now.
    Nothing,
    /// The same one was written.
    Command,
    /// Another one with the same words was.
    Words(T),
}

impl Ledger {
    /// Decides and writes one command on a case, again from the start whenever somebody else wrote first.
    pub(crate) async fn execute(
        &self,
        id: CaseId,
        request: &[&str],
        work: impl Fn(&mut Session<'_>, &mut Draft) -> Result<Decided, AppError>,
    ) -> Result<(), AppError> {
        self.execute_about(About::Case(id, None), request, work).await
    }

    /// The same for a command about anything.
    pub(crate) async fn execute_about(
        &self,
        about: About,
        request: &[&str],
        work: impl Fn(&mut Session<'_>, &mut Draft) -> Result<Decided, AppError>,
    ) -> Result<(), AppError> {
        self.execute_unless_said(about, request, None::<Said<'_, ()>>, work).await.map(|_| ())
    }

    /// The same, unless it was said before: for what can rightly be asked for more than once, so that only its own words
    /// tell whether somebody repeats it whose answer got lost.
    pub(crate) async fn execute_unless_said<T: Copy>(
        &self,
        about: About,
        request: &[&str],
        said: Option<Said<'_, T>>,
        work: impl Fn(&mut Session<'_>, &mut Draft) -> Result<Decided, AppError>,
    ) -> Result<Repeated<T>, AppError> {
        let name = match &about {
            About::Case(id, _) => id.to_string(),
            About::Partner(code) => code.to_string(),
            About::Holds(_) => domain::hold::stream().to_string(),
            About::Periods => domain::closing::stream().to_string(),
            About::Payment(code, _) | About::Made(code) => format!("payments of {code}"),
            About::PaymentFile(..) => domain::payment::stream().to_string(),
            About::Reconciliation(_) => domain::reconciliation::stream().to_string(),
        };
        let request: Vec<&str> = request.iter().copied().chain([name.as_str(), self.actor()]).collect();
        for _ in 0..ATTEMPTS_MAX {
            let mut session = Session::new(self, Purpose::Write);
            let revision = session.load_about(&about).await?;
            if let Some((words, alike)) = said {
                let alike = alike(&session);
                let texts: Vec<_> = alike.iter().map(|(_, text)| *text).collect();
                if let Some((found, _)) = self.with_reason(&texts, words).await?.and_then(|at| alike.get(at))
                {
                    return Ok(Repeated::Words(*found));
                }
            }
            match session.try_at(revision, &request, &work).await? {
                Executed::Now => return Ok(Repeated::Nothing),
                Executed::Before => return Ok(Repeated::Command),
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
    /// Loads what a command is about; answers with how often it has changed.
    pub(crate) async fn load_about(&mut self, about: &About) -> Result<u64, AppError> {
        match about {
            About::Case(id, partner) => {
                self.load_cases([*id]).await?;
                self.load_partners(partner.clone()).await?;
                Ok(self.known(*id)?.revision)
            }
            About::Partner(code) => {
                self.load_partners([code.clone()]).await?;
                self.load_own_key().await?;
                Ok(self.partner(code).map_or(0, |partner| partner.revision))
            }
            About::Holds(partner) => {
                self.load_partners(partner.clone()).await?;
                self.load_own_key().await?;
                self.load_holds().await
            }
            About::Periods => {
                self.load_own_key().await?;
                self.load_closings().await
            }
            About::Payment(code, cases) => self.load_to_pay(std::slice::from_ref(code), cases).await,
            About::PaymentFile(codes, cases) => {
                Ok(self.load_payment_files().await? + self.load_to_pay(codes, cases).await?)
            }
            About::Made(code) => {
                self.load_partners([code.clone()]).await?;
                self.load_own_key().await?;
                let partner = self.partner(code).map_or(0, |partner| partner.revision);
                Ok(self.load_reconciliation().await? + partner)
            }
            About::Reconciliation(codes) => {
                self.load_partners(codes.iter().cloned()).await?;
                self.load_own_key().await?;
                let partners = codes.iter().filter_map(|code| self.partner(code));
                let partners = partners.map(|partner| partner.revision).sum::<u64>();
                Ok(self.load_reconciliation().await? + partners)
            }
        }
    }

    /// Decides and writes one command on what was loaded and has changed so often.
    pub(crate) async fn try_at(
        &mut self,
        revision: u64,
        request: &[&str],
        work: impl Fn(&mut Session<'_>, &mut Draft) -> Result<Decided, AppError>,
    ) -> Result<Executed, AppError> {
        let mut draft = self.draft(0, request, revision);
        draft.by_person = true;
        let decided = work(self, &mut draft)?;
        if let Err(refused) = &decided {
            // What it was refused for may go away without a change here: the same words are then another command.
            let reasons = refused.refusal.reasons.iter().flat_map(|reason| [&*reason.id, &*reason.detail]);
            let request: Vec<&str> = request.iter().copied().chain(["refused"]).chain(reasons).collect();
            self.name(&mut draft, &request, revision);
        }
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
