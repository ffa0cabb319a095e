//! Naming things: a case by its reference or the authority's key, a claim or payment by its number.

use domain::case::CaseEvent;
use domain::{CaseId, CaseReference, ClaimId, Event, GrantId};

use crate::error::AppError;
use crate::ledger::Ledger;
use crate::session::{CASE_REFERENCE, EXTERNAL_REF};

impl Ledger {
    /// The case with this reference, its own (`7K3M-9PQ4`) or the authority's.
    pub async fn find_case(&self, name: &str) -> Result<CaseId, AppError> {
        let external = self.digest(EXTERNAL_REF, &[name]);
        if let Some(owner) =
            self.store.find_keys(EXTERNAL_REF, &[external]).await?.into_iter().flatten().next()
        {
            return Ok(CaseId(owner.entity));
        }
        let hint = match name.parse::<CaseReference>() {
            Ok(reference) => {
                let own = self.digest(CASE_REFERENCE, &[reference.as_str()]);
                if let Some(owner) = self.store.find_keys(CASE_REFERENCE, &[own]).await?.into_iter().flatten().next() {
                    return Ok(CaseId(owner.entity));
                }
                String::new()
            }
            Err(domain::reference::NotAReference::Check) => {
                "; read as a case reference its check character does not fit, so a character is wrong or two are swapped".into()
            }
            Err(domain::reference::NotAReference::Form) => String::new(),
        };
        Err(AppError::Usage(format!("no case has this reference{hint}; `svala case list` shows all cases")))
    }

    /// The claim with this number (the position of its report).
    pub async fn find_claim(&self, number: u64) -> Result<(CaseId, ClaimId), AppError> {
        match self.case_event_at(number).await? {
            Some((case, CaseEvent::SpendReported(event))) => Ok((case, event.claim)),
            _ => Err(AppError::Usage(format!(
                "there is no claim {number}; `svala claim list` shows all claims with their numbers"
            ))),
        }
    }

    /// The arrival grant payment with this number (the position of its record).
    pub async fn find_grant(&self, number: u64) -> Result<(CaseId, GrantId), AppError> {
        match self.case_event_at(number).await? {
            Some((case, CaseEvent::ArrivalGrantPaid(event))) => Ok((case, event.grant)),
            Some((case, CaseEvent::ArrivalGrantRefused(event))) => Ok((case, event.grant)),
            _ => Err(AppError::Usage(format!(
                "there is no payment {number}; `svala grant list` shows all payments with their numbers"
            ))),
        }
    }

    async fn case_event_at(&self, position: u64) -> Result<Option<(CaseId, CaseEvent)>, AppError> {
        let Some(before) = position.checked_sub(1) else { return Ok(None) };
        let Some(recorded) = self.store.read_log(before, 1).await?.pop() else { return Ok(None) };
        let case = recorded.stream_id.id().parse().ok();
        match (case, Event::decode_checked(&recorded)?) {
            (Some(case), Event::Case(event)) => Ok(Some((case, event))),
            _ => Ok(None),
        }
    }
}
