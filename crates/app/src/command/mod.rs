//! Commands a person gives one at a time.

mod claims;
mod grants;
mod transfer;

use domain::case::Decision;
use domain::{CaseCommand, CaseId, KeyDigest, PartnerCode, of_rulebook};
use jiff::civil::Date;
use money::Eur;
use rulebook::{Authority, ReturnMode};

pub(crate) use claims::BATCH;
pub use claims::{DecidedClaim, Proposals, Saying};
pub use transfer::HandedOver;

use crate::error::AppError;
use crate::ledger::Ledger;
use crate::session::About;
use crate::texts::ReasonText;

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

    /// Gives a case to a partner, which is registered if it is met for the first time: from a day on, or from the
    /// beginning if no other has it.
    pub async fn assign(
        &self,
        case: CaseId,
        partner: PartnerCode,
        assigned_on: Option<Date>,
    ) -> Result<(), AppError> {
        let told_on = self.today();
        let command = CaseCommand::AssignPartner { partner: partner.clone(), assigned_on, told_on };
        let request = format!("{command:?}");
        self.execute_about(About::Case(case, Some(partner.clone())), &["case", &request], |session, draft| {
            if session.partner(&partner).is_none() {
                return Err(session.unknown_partner(&partner));
            }
            session.on_case(draft, case, &command)
        })
        .await
    }

    /// Agrees with a partner on what it is going to spend, in place of what it planned before.
    pub async fn agree_plan(
        &self,
        case: CaseId,
        partner: PartnerCode,
        agreed_on: Date,
        lines: Vec<(String, Eur)>,
    ) -> Result<(), AppError> {
        for (category, _) in &lines {
            of_rulebook::category(category, agreed_on, &self.rulebook).map_err(AppError::not_there)?;
        }
        let told_on = self.today();
        self.case_command(case, CaseCommand::AgreePlan { partner, agreed_on, lines, told_on }).await
    }

    /// Closes a case.
    pub async fn close(&self, case: CaseId, closed_on: Date) -> Result<(), AppError> {
        self.case_command(case, CaseCommand::Close { closed_on }).await
    }

    async fn case_command(&self, case: CaseId, command: CaseCommand) -> Result<(), AppError> {
        let request = format!("{command:?}");
        self.execute(case, &["case", &request], |session, draft| session.on_case(draft, case, &command)).await
    }

    /// The keyed digest of a unique fact, as it stands in events.
    pub(crate) fn key_digest(&self, scope: &str, parts: &[&str]) -> KeyDigest {
        KeyDigest(self.digest(scope, parts))
    }
}

/// Longest reason, in bytes.
const REASON_BYTES_MAX: usize = 2_000;

pub(crate) fn reason_text(reason: &str) -> Result<ReasonText, AppError> {
    let reason = reason.trim();
    if reason.is_empty() || reason.len() > REASON_BYTES_MAX {
        return Err(AppError::Usage(
            "a reason is needed: one sentence that an auditor will understand, at most 2000 characters"
                .into(),
        ));
    }
    Ok(ReasonText { reason: reason.to_owned() })
}
