//! Commands a person gives one at a time.

use domain::case::Decision;
use domain::claim::ClaimState;
use domain::rates::RateSource;
use domain::{
    Case, CaseCommand, CaseId, ClaimCommand, ClaimId, GrantCommand, GrantId, KeyDigest, PartnerCode,
};
use event_log::AppendOutcome;
use jiff::civil::Date;
use money::Eur;
use rulebook::{Authority, ReturnMode};
use serde::Serialize;

use crate::error::AppError;
use crate::ledger::{ATTEMPTS_MAX, Ledger};
use crate::session::{Executed, Purpose, Session};
use crate::texts::ReasonText;

/// Claims decided and written together.
pub(crate) const BATCH: usize = 1_000;

/// What became of one claim when several were accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AcceptedClaim {
    /// Its number.
    #[serde(rename = "claim")]
    pub number: u64,
    /// Its state now.
    pub state: ClaimState,
    /// As claimed.
    pub eur: Option<Eur>,
    /// Counts as disbursed.
    pub eligible: Eur,
    /// Does not.
    pub disallowed: Eur,
    /// Why not.
    pub reason: String,
}

impl Ledger {
    /// Records the authority's decision on a case.
    pub async fn decide(&self, case: CaseId, decision: Decision, decided_on: Date) -> Result<(), AppError> {
        self.case_command(case, CaseCommand::Decide { decision, decided_on }).await
    }

    /// Records that the person withdrew.
    pub async fn withdraw(&self, case: CaseId, withdrawn_on: Date) -> Result<(), AppError> {
        self.case_command(case, CaseCommand::Withdraw { withdrawn_on }).await
    }

    /// Records that the return became forced, or voluntary again, and assesses the entitlement anew.
    pub async fn change_return_mode(
        &self,
        case: CaseId,
        return_mode: ReturnMode,
        handled_by: Authority,
        changed_on: Date,
    ) -> Result<(), AppError> {
        self.case_command(case, CaseCommand::ChangeReturnMode { changed_on, return_mode, handled_by }).await
    }

    /// Records the departure.
    pub async fn depart(&self, case: CaseId, departed_on: Date) -> Result<(), AppError> {
        self.case_command(case, CaseCommand::Depart { departed_on }).await
    }

    /// Records the arrival.
    pub async fn arrive(&self, case: CaseId, arrived_on: Date) -> Result<(), AppError> {
        self.case_command(case, CaseCommand::Arrive { arrived_on }).await
    }

    /// Assigns a partner, which is registered if it is met for the first time.
    pub async fn assign(&self, case: CaseId, partner: PartnerCode) -> Result<(), AppError> {
        let command = CaseCommand::AssignPartner { partner: partner.clone() };
        let request = format!("{command:?}");
        self.execute_with(case, Some(&partner), &["case", &request], |session, draft| {
            session.register_partner(draft, &partner)?;
            session.on_case(draft, case, &command)
        })
        .await
    }

    /// Closes a case.
    pub async fn close(&self, case: CaseId, closed_on: Date) -> Result<(), AppError> {
        self.case_command(case, CaseCommand::Close { closed_on }).await
    }

    async fn case_command(&self, case: CaseId, command: CaseCommand) -> Result<(), AppError> {
        let request = format!("{command:?}");
        self.execute(case, &["case", &request], |session, draft| session.on_case(draft, case, &command)).await
    }

    /// Accepts one claim by name: decides also what accepting in bulk would query.
    pub async fn accept_claim(&self, case: CaseId, claim: ClaimId) -> Result<(), AppError> {
        let command = ClaimCommand::Accept { claim, by_name: true };
        let about = claim.to_string();
        self.execute(case, &["accept-claim", &about], |session, draft| {
            session.on_claim(draft, case, &command)
        })
        .await
    }

    /// Refuses one claim, with finance's reason.
    pub async fn refuse_claim(&self, case: CaseId, claim: ClaimId, reason: &str) -> Result<(), AppError> {
        let text = reason_text(reason)?;
        let about = claim.to_string();
        self.execute(case, &["refuse-claim", &about, reason], |session, draft| {
            let details = session.seal(draft, case, &text)?;
            session.on_claim(draft, case, &ClaimCommand::Refuse { claim, details })
        })
        .await
    }

    /// Takes up a refused claim again, with finance's reason; it is then decided anew.
    pub async fn reopen_claim(&self, case: CaseId, claim: ClaimId, reason: &str) -> Result<(), AppError> {
        let text = reason_text(reason)?;
        let about = claim.to_string();
        self.execute(case, &["reopen-claim", &about, reason], |session, draft| {
            let details = session.seal(draft, case, &text)?;
            session.on_claim(draft, case, &ClaimCommand::Reopen { claim, details })
        })
        .await
    }

    /// Accepts claims in the order given, in batches. What the rules query stays queried. A dry run shows what
    /// would happen.
    pub async fn accept_claims(
        &self,
        claims: &[(u64, CaseId, ClaimId)],
        dry_run: bool,
    ) -> Result<Vec<AcceptedClaim>, AppError> {
        self.accept_in_order(claims, false, dry_run).await
    }

    /// What [`accept_claim`](Self::accept_claim) would come to; nothing for a claim that is decided already.
    pub async fn preview_claim(
        &self,
        number: u64,
        case: CaseId,
        claim: ClaimId,
    ) -> Result<Option<AcceptedClaim>, AppError> {
        Ok(self.accept_in_order(&[(number, case, claim)], true, true).await?.pop())
    }

    async fn accept_in_order(
        &self,
        claims: &[(u64, CaseId, ClaimId)],
        by_name: bool,
        dry_run: bool,
    ) -> Result<Vec<AcceptedClaim>, AppError> {
        let mut session = Session::new(self, if dry_run { Purpose::DryRun } else { Purpose::Write });
        let mut done = Vec::with_capacity(claims.len());
        for chunk in claims.chunks(BATCH) {
            self.decide_claims(&mut session, chunk, &[], |session, tag, case, claim| {
                let revision = session.case(case).map_or(0, |c| c.revision);
                let still_open = session
                    .case(case)
                    .and_then(|c| c.claims.get(&claim))
                    .is_some_and(|c| c.state == ClaimState::Reported || (by_name && c.is_open()));
                if still_open {
                    let about = claim.to_string();
                    let mut draft = session.draft(tag, &["accept-claim", &about], revision);
                    // Refusals of a claim are events of their own; a command refused here was decided meanwhile.
                    let _ = session.on_claim(&mut draft, case, &ClaimCommand::Accept { claim, by_name })?;
                    session.commit(draft);
                }
                Ok(())
            })
            .await?;
            session.load_cases(chunk.iter().map(|(_, case, _)| *case)).await?;
            for (number, case, claim) in chunk {
                let Some(state) = session.case(*case).and_then(|c| c.claims.get(claim)) else { continue };
                done.push(AcceptedClaim {
                    number: *number,
                    state: state.state,
                    eur: state.eur,
                    eligible: state.eligible,
                    disallowed: state.disallowed,
                    reason: state.reason.map_or_else(
                        || if state.state == ClaimState::Queried { "late-use".into() } else { String::new() },
                        |reason| reason.to_string(),
                    ),
                });
            }
        }
        Ok(done)
    }

    /// Decides something about some claims, in the order given, with the rates of these sources at hand, and writes it; again where somebody else wrote first.
    pub(crate) async fn decide_claims(
        &self,
        session: &mut Session<'_>,
        claims: &[(u64, CaseId, ClaimId)],
        sources: &[RateSource],
        decide: impl Fn(&mut Session<'_>, usize, CaseId, ClaimId) -> Result<(), AppError>,
    ) -> Result<(), AppError> {
        let mut open: Vec<usize> = (0..claims.len()).collect();
        for _ in 0..ATTEMPTS_MAX {
            session.load_cases(claims.iter().map(|(_, case, _)| *case)).await?;
            session.load_rates(sources.iter().copied()).await?;
            for index in &open {
                let (_, case, claim) = claims[*index];
                decide(session, *index, case, claim)?;
            }
            let outcomes = session.flush().await?;
            open = outcomes
                .into_iter()
                .filter(|(_, outcome)| matches!(outcome, AppendOutcome::Conflict(_)))
                .map(|(tag, _)| tag)
                .collect();
            if open.is_empty() {
                return Ok(());
            }
        }
        Err(AppError::always_second())
    }

    /// Lets a refused arrival grant payment count, with finance's reason.
    pub async fn allow_grant(&self, case: CaseId, grant: GrantId, reason: &str) -> Result<(), AppError> {
        let text = reason_text(reason)?;
        let about = grant.to_string();
        self.execute(case, &["allow-grant", &about, reason], |session, draft| {
            let details = session.seal(draft, case, &text)?;
            session.on_grant(draft, case, &GrantCommand::Allow { grant, details })
        })
        .await
    }

    /// Records that money of an arrival grant came back. A return of the same amount on the same day for the same
    /// reason is the one that was recorded before, whatever happened since; another one has another reason. Answers
    /// whether it was recorded now.
    pub async fn return_grant(
        &self,
        case: CaseId,
        grant: GrantId,
        amount: Eur,
        returned_on: Date,
        reason: &str,
    ) -> Result<bool, AppError> {
        let text = reason_text(reason)?;
        let (name, about) = (case.to_string(), grant.to_string());
        let (sum, day) = (amount.to_string(), returned_on.to_string());
        let request = ["return-grant", &about, &sum, &day, reason, &name, self.actor()];
        for _ in 0..ATTEMPTS_MAX {
            let mut session = Session::new(self, Purpose::Write);
            session.load_cases([case]).await?;
            if self.came_back_before(session.case(case), grant, amount, returned_on, &text).await? {
                return Ok(false);
            }
            let written = session.try_execute(case, &request, |session, draft| {
                let details = session.seal(draft, case, &text)?;
                session.on_grant(draft, case, &GrantCommand::Return { grant, amount, returned_on, details })
            });
            match written.await? {
                Executed::Now => return Ok(true),
                Executed::Before => return Ok(false),
                Executed::Late => {}
            }
        }
        Err(AppError::always_second())
    }

    /// Whether this return is recorded. The reason, which tells apart two of one day, is only in the vault.
    async fn came_back_before(
        &self,
        case: Option<&Case>,
        grant: GrantId,
        amount: Eur,
        returned_on: Date,
        text: &ReasonText,
    ) -> Result<bool, AppError> {
        let Some(case) = case else { return Ok(false) };
        let returns = case.grants.get(&grant).map_or(&[][..], |grant| &grant.returns);
        let alike = returns.iter().filter(|r| r.amount == amount && r.returned_on == returned_on);
        let texts: Vec<_> = alike.map(|r| (case.subject, r.details)).collect();
        let known = self.reveal::<ReasonText>(&texts).await?;
        Ok(known.iter().flatten().any(|known| known.reason == text.reason))
    }

    /// The keyed digest of a unique fact, as it stands in events.
    pub(crate) fn key_digest(&self, scope: &str, parts: &[&str]) -> KeyDigest {
        KeyDigest(self.digest(scope, parts))
    }
}

/// Longest reason, in bytes.
const REASON_BYTES_MAX: usize = 2_000;

fn reason_text(reason: &str) -> Result<ReasonText, AppError> {
    let reason = reason.trim();
    if reason.is_empty() || reason.len() > REASON_BYTES_MAX {
        return Err(AppError::Usage(
            "a reason is needed: one sentence that an auditor will understand, at most 2000 characters"
                .into(),
        ));
    }
    Ok(ReasonText { reason: reason.to_owned() })
}
