//! Everything about one claim.

use ::claims::ClaimRow;
use domain::payment::Payable;
use domain::{CaseId, ClaimId};
use interchange::{Row, SpendRow};
use money::Eur;
use serde::Serialize;

use super::claims::{ClaimFilter, ClaimItem};
use super::history::HistoryItem;
use super::payments::{PaymentItem, item, numbers};
use crate::error::AppError;
use crate::ledger::Ledger;

/// One claim, with all that is known of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClaimDetail {
    /// As in the list.
    #[serde(flatten)]
    pub item: ClaimItem,
    /// The budget line that pays.
    pub budget_line: String,
    /// Of a family's receipt: which share, of how many, of which amount; else empty.
    pub share: String,
    /// The file it was reported in; empty of the oldest claims, and while the import is not complete.
    pub file: String,
    /// When that was imported (UTC).
    pub imported_at: String,
    /// By whom.
    pub imported_by: String,
    /// What is odd about it.
    pub flags: Vec<ClaimFlag>,
    /// Why it counts as it does: each step in one sentence.
    pub because: Vec<String>,
    /// What happened to it: reported, asked, answered, decided, taken back; with who and when.
    pub history: Vec<HistoryItem>,
    /// The payments that have it, also those that were taken back.
    pub payments: Vec<ClaimPayment>,
}

/// One flag of a claim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClaimFlag {
    /// Which.
    pub flag: &'static str,
    /// What raised it.
    pub detail: String,
}

/// What one payment has of a claim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClaimPayment {
    /// How much, in euro; below zero where it came back after it was paid.
    pub eur: Eur,
    /// The payment.
    #[serde(flatten)]
    pub payment: PaymentItem,
}

impl Ledger {
    /// One claim in full.
    ///
    /// # Errors
    /// [`AppError::Usage`] if the case has no such claim.
    pub async fn claim_detail(&self, case: CaseId, claim: ClaimId) -> Result<ClaimDetail, AppError> {
        let filter = ClaimFilter { case: Some(case), ..ClaimFilter::default() };
        let item = self.claims(&filter).await?.into_iter().find(|item| item.id == claim);
        let row = self.claim_rows(&filter).await?.into_iter().find(|(id, _)| *id == claim);
        let (Some(item), Some((_, row))) = (item, row) else {
            return Err(AppError::Usage("there is no such claim".into()));
        };
        let key = claim.to_string();
        let flags = self.flags_near(Vec::new(), |other, _| other == key).await?.remove(&row.position);
        let flags = flags.unwrap_or_default().into_iter();
        let explained = self.explain(case).await?.claims.into_iter();
        let because = explained.filter(|explained| explained.claim == row.position);
        let report = match item.report {
            Some(number) => self.imports().await?.into_iter().find(|import| import.position == number),
            None => None,
        };
        let report = report.filter(|import| import.kind == SpendRow::KIND);
        let (file, imported_at, imported_by) =
            report.map(|import| (import.file, import.recorded_at, import.actor)).unwrap_or_default();
        Ok(ClaimDetail {
            budget_line: row.budget_line.clone(),
            share: share(&row),
            file,
            imported_at,
            imported_by,
            flags: flags.map(|flag| ClaimFlag { flag: flag.kind.code(), detail: flag.detail }).collect(),
            because: because.map(|explained| explained.because).collect(),
            history: self.claim_history(case, claim).await?,
            payments: self.payments_of(&row, claim).await?,
            item,
        })
    }

    /// The payments of its partner that have a claim.
    async fn payments_of(&self, row: &ClaimRow, claim: ClaimId) -> Result<Vec<ClaimPayment>, AppError> {
        let mut having = Vec::new();
        for (partner, events) in self.partners_and_events(std::slice::from_ref(&row.partner)).await? {
            let numbers = numbers(&events);
            for (id, payment) in partner.payments.iter() {
                let of_claim = payment
                    .items
                    .iter()
                    .filter(|item| matches!(item.of, Payable::Claim { claim: paid, .. } if paid == claim));
                for paid in of_claim {
                    having.push(ClaimPayment {
                        eur: paid.eur,
                        payment: item(&partner, &numbers, id, payment)?,
                    });
                }
            }
        }
        having.sort_by_key(|paid| paid.payment.payment);
        Ok(having)
    }
}

fn share(row: &ClaimRow) -> String {
    row.shared.map_or_else(String::new, |shared| {
        let currency = shared.whole.currency();
        format!("share {} of {} of {} {currency}", shared.part, shared.parts, shared.whole)
    })
}
