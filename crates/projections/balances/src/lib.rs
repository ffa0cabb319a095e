//! The balances read model: per person and budget line, what may be spent, was spent and is left.
//!
//! One row per case; the figures are moved by [`domain::Balances`], the same code that decisions use.

use std::borrow::Cow;
use std::collections::BTreeMap;

use domain::case::CaseEvent;
use domain::{Balances, CaseReference, ClaimId, Event, FoldError, Recorded, SubjectId, TextId};
use money::Amount;
use projection_runner::Projection;
use serde::{Deserialize, Serialize};

/// The balances of one case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BalancesRow {
    /// The person.
    pub subject: SubjectId,
    /// What outsiders call the case.
    pub reference: CaseReference,
    /// The authority's key, in the vault.
    pub external_ref: TextId,
    /// The budget lines.
    pub lines: Balances,
    /// Claims in a currency whose rate is not published yet: in no figure but what is estimated.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub without_rate: BTreeMap<ClaimId, WithoutRate>,
}

/// A claim that has no euros yet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WithoutRate {
    /// Budget line.
    pub budget_line: String,
    /// As on the receipt.
    pub amount: Amount,
    /// Whether it was refused meanwhile, and so waits for nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub refused: bool,
}

impl BalancesRow {
    /// What waits for its rate on a budget line, as on the receipts.
    pub fn waiting<'r>(&'r self, budget_line: &'r str) -> impl Iterator<Item = Amount> + 'r {
        let waiting = self.without_rate.values();
        let waiting = waiting.filter(move |claim| !claim.refused && claim.budget_line == budget_line);
        waiting.map(|claim| claim.amount)
    }

    fn wait(&mut self, event: &CaseEvent) {
        match event {
            CaseEvent::SpendReported(e) if e.eur.is_none() => {
                let (budget_line, amount) = (e.budget_line.clone(), e.amount);
                self.without_rate.insert(e.claim, WithoutRate { budget_line, amount, refused: false });
            }
            CaseEvent::ClaimConverted(e) => drop(self.without_rate.remove(&e.claim)),
            CaseEvent::ClaimRefused(e) => self.refuse(e.claim, true),
            CaseEvent::ClaimReopened(e) => self.refuse(e.claim, false),
            _ => {}
        }
    }

    fn refuse(&mut self, claim: ClaimId, refused: bool) {
        if let Some(claim) = self.without_rate.get_mut(&claim) {
            claim.refused = refused;
        }
    }
}

/// The projection; rows are named by the case's id.
pub struct BalancesProjection;

impl Projection for BalancesProjection {
    const NAME: &'static str = "balances";
    const VERSION: u32 = 4;
    type Row = BalancesRow;

    fn key(event: &Recorded) -> Option<Cow<'_, str>> {
        matches!(event.event, Event::Case(_)).then(|| event.stream_id.id().into())
    }

    fn fold(row: Option<BalancesRow>, event: &Recorded) -> Result<BalancesRow, FoldError> {
        match (row, &event.event) {
            (None, Event::Case(CaseEvent::ApplicationFiled(e))) => Ok(BalancesRow {
                subject: e.subject,
                reference: e.reference,
                external_ref: e.external_ref,
                lines: Balances::default(),
                without_rate: BTreeMap::new(),
            }),
            (Some(mut row), Event::Case(case_event)) => {
                row.lines.apply(case_event)?;
                row.wait(case_event);
                Ok(row)
            }
            _ => Err(FoldError("an event before the application".into())),
        }
    }
}
