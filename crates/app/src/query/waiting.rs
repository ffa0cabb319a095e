//! What is under way: proposed by one person, and waiting for another one.

use domain::claim::ClaimState;
use domain::matching::Rules;
use domain::payment::PaymentState;
use serde::Serialize;

use super::claims::UNDO;
use super::{ClaimFilter, ExceptionFilter, ExceptionItem, FeeFilter, PROPOSED, PaymentFilter};
use crate::error::AppError;
use crate::ledger::Ledger;

/// Something that one person proposed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WaitingItem {
    /// What would be done: `accept-claim`, `approve-payment` and so on.
    pub what: &'static str,
    /// The number of the claim, fee, payment or line; the name of an exception.
    pub about: String,
    /// Whose it is.
    pub of: String,
    /// How much, in euro or in the currency of the line.
    pub amount: String,
    /// Who proposed it and how, as far as it is told beside the amount.
    pub proposed: String,
    /// The command that the other person gives.
    pub next_step: &'static str,
}

impl Ledger {
    /// All that waits for a second person, kind by kind, each in the order of its numbers.
    pub async fn waiting(&self) -> Result<Vec<WaitingItem>, AppError> {
        let mut waiting = Vec::new();
        let mut add = |what, about: String, of: &str, amount: String, proposed: &str, next_step| {
            let (of, proposed) = (of.to_owned(), proposed.to_owned());
            waiting.push(WaitingItem { what, about, of, amount, proposed, next_step });
        };
        for claim in self.claims(&ClaimFilter::default()).await? {
            let (number, of) = (claim.claim.to_string(), &claim.partner);
            if claim.state == ClaimState::Proposed {
                let eur = claim.at_most.or(claim.eur).map(|eur| eur.to_string()).unwrap_or_default();
                add("accept-claim", number.clone(), of, eur, &claim.proposed_by, "svala claim accept");
            }
            if claim.to_reverse.starts_with(UNDO) {
                let next = "svala claim undo-reversal";
                add("undo-reversal", number, of, String::new(), &claim.to_reverse, next);
            } else if !claim.to_reverse.is_empty() {
                add("reverse-claim", number, of, String::new(), &claim.to_reverse, "svala claim reverse");
            }
        }
        for fee in self.fees(&FeeFilter::default()).await? {
            let (number, of) = (fee.fee.to_string(), &fee.partner);
            if fee.state == "proposed" {
                let eur = fee.eur.map(|eur| eur.to_string()).unwrap_or_default();
                add("accept-fee", number.clone(), of, eur, "", "svala partner fee accept");
            }
            if !fee.to_reverse.is_empty() {
                add("reverse-fee", number, of, String::new(), &fee.to_reverse, "svala partner fee reverse");
            }
        }
        for (state, what, next_step) in [
            (PaymentState::Proposed, "approve-payment", "svala payment approve"),
            (PaymentState::Approved, "write-payment-file", "svala payment file"),
        ] {
            let filter = PaymentFilter { state: Some(state), ..PaymentFilter::default() };
            for payment in self.payments(&filter).await? {
                let number = payment.payment.map(|number| number.to_string()).unwrap_or_default();
                let by =
                    if payment.approved_by.is_empty() { &payment.proposed_by } else { &payment.approved_by };
                add(what, number, &payment.partner, payment.total.to_string(), by, next_step);
            }
        }
        for recall in self.recalls().await? {
            let (number, total) = (recall.payment.to_string(), recall.total.to_string());
            add("recall-payment", number, &recall.partner, total, &recall.by, "svala payment recall");
        }
        let exceptions = self.exceptions(&ExceptionFilter::default()).await?;
        for item in exceptions.iter().filter(|item| item.is_proposed()) {
            let ExceptionItem { exception, about, amount, state, .. } = item;
            let next_step = "svala exception resolve";
            add("resolve-exception", exception.clone(), about, amount.clone(), state, next_step);
        }
        let rules = Rules::embedded().map_err(|error| AppError::Usage(error.to_string()))?;
        for proposal in self.bank_proposals(&rules).await? {
            if proposal.certainty == PROPOSED {
                let (lines, next_step) = (proposal.lines, "svala bank match");
                add("match-lines", lines, &proposal.items, proposal.amount, &proposal.why, next_step);
            }
        }
        Ok(waiting)
    }
}
