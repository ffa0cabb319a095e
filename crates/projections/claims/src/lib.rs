//! The claims read model: every line of spend a partner reported, and what was decided about it.

use std::borrow::Cow;

use domain::case::CaseEvent;
use domain::claim::{Alike, ClaimReason, ClaimState, Cut, QueryReason, Shared};
use domain::ids::FileDigest;
use domain::rates::Quote;
use domain::{Actor, CaseId, Event, FoldError, PartnerCode, Recorded, TextId};
use jiff::civil::Date;
use money::{Amount, Eur};
use projection_runner::Projection;
use serde::{Deserialize, Serialize};

/// One claim.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClaimRow {
    /// Position of the report: the claim's number, and the order of the list.
    pub position: u64,
    /// The case it is for.
    pub case: CaseId,
    /// Who reported it.
    pub partner: PartnerCode,
    /// Benefit category.
    pub category: String,
    /// Budget line.
    pub budget_line: String,
    /// Day of delivery.
    pub delivered_on: Date,
    /// As on the receipt.
    pub amount: Amount,
    /// The rate it was converted at; none for euros, and while the rate is still to come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quote: Option<Quote>,
    /// In euro; none while the rate is still to come.
    pub eur: Option<Eur>,
    /// Counts as disbursed.
    pub eligible: Eur,
    /// Does not.
    pub disallowed: Eur,
    /// Came back.
    pub reversed: Eur,
    /// Why something is disallowed.
    pub reason: Option<ClaimReason>,
    /// Finance's words about what is disallowed, in the vault; a rule has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<TextId>,
    /// How far it has come.
    pub state: ClaimState,
    /// Supplier, receipt number and description, in the vault.
    pub details: TextId,
    /// Which share of the receipt it is, if that is for a family.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shared: Option<Shared>,
    /// SHA-256 of the receipt's file: of the one that is kept, or else as the partner gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt_sha256: Option<FileDigest>,
    /// Whether the receipt's file is kept.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub receipt_kept: bool,
    /// What other people's parts of the same receipt come to that were reported before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beside: Option<Amount>,
    /// What tells its receipt, however that is spelled; none of the oldest claims.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alike: Option<Box<Alike>>,
    /// Day of the report.
    pub reported_on: Date,
    /// SHA-256 of the file it was reported in; none of the oldest claims.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<FileDigest>,
    /// Who would accept it, while another one has yet to agree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposed_by: Option<Actor>,
    /// What finance would accept at most, or did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cut: Option<Cut>,
    /// What was asked last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<Query>,
    /// What somebody would take back, while another one has yet to agree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reversal: Option<Reversal>,
    /// Which reversal somebody would undo, while another one has yet to agree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undoing: Option<Reversal>,
}

/// What somebody would take back, or would undo of what was.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reversal {
    /// How much, in euro.
    pub eur: Eur,
    /// The same as it was given, if that was in the currency of the receipt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub original: Option<Amount>,
    /// The day on which it came back.
    pub on: Date,
    /// Who.
    pub by: Actor,
}

/// A question about a claim, and the answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Query {
    /// Why it was asked.
    pub reason: QueryReason,
    /// When.
    pub asked_on: Date,
    /// Finance's words, in the vault; a rule has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<TextId>,
    /// When it was answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered_on: Option<Date>,
    /// The partner's words, in the vault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<TextId>,
}

/// The projection; rows are named by the claim's id.
pub struct ClaimsProjection;

impl Projection for ClaimsProjection {
    const NAME: &'static str = "claims";
    const VERSION: u32 = 9;
    type Row = ClaimRow;

    fn key(event: &Recorded) -> Option<Cow<'_, str>> {
        let Event::Case(event) = &event.event else { return None };
        Some(event.claim()?.to_string().into())
    }

    fn fold(row: Option<ClaimRow>, event: &Recorded) -> Result<ClaimRow, FoldError> {
        let Event::Case(case_event) = &event.event else {
            return Err(FoldError("not an event of a case".into()));
        };
        let mut row = match (row, case_event) {
            (None, CaseEvent::SpendReported(e)) => {
                let case =
                    event.stream_id.id().parse().map_err(|_| FoldError("not the stream of a case".into()))?;
                return Ok(ClaimRow {
                    position: event.position,
                    case,
                    partner: e.partner.clone(),
                    category: e.category.clone(),
                    budget_line: e.budget_line.clone(),
                    delivered_on: e.delivered_on,
                    amount: e.amount,
                    quote: e.exchange.as_ref().and_then(|exchange| exchange.quote),
                    eur: e.eur,
                    eligible: Eur::ZERO,
                    disallowed: Eur::ZERO,
                    reversed: Eur::ZERO,
                    reason: None,
                    words: None,
                    state: undecided(e.eur),
                    details: e.details,
                    shared: e.shared,
                    receipt_sha256: e.receipt_sha256,
                    receipt_kept: false,
                    beside: e.beside,
                    alike: e.alike.clone(),
                    reported_on: event.recorded_on(),
                    file: e.file,
                    proposed_by: None,
                    cut: None,
                    query: None,
                    reversal: None,
                    undoing: None,
                });
            }
            (Some(row), _) => row,
            (None, _) => return Err(FoldError("a decision before the report".into())),
        };
        match case_event {
            // Figures of the person, not of the claim.
            CaseEvent::SpendEstimated(_) | CaseEvent::EstimateReleased(_) => {}
            CaseEvent::ReceiptAttached(e) => {
                (row.receipt_sha256, row.receipt_kept) = (Some(e.sha256), true);
            }
            CaseEvent::ClaimConverted(e) => {
                (row.quote, row.eur, row.state) = (Some(e.quote), Some(e.eur), ClaimState::Reported);
            }
            CaseEvent::ClaimAccepted(e) => {
                (row.eligible, row.disallowed, row.reason) = (e.eligible, e.disallowed, e.reason);
                (row.cut, row.words) = (e.cut, e.cut.map(|cut| cut.details));
                row.state = accepted(e.disallowed);
            }
            CaseEvent::ClaimProposed(e) => {
                (row.state, row.proposed_by) = (ClaimState::Proposed, Some(e.proposed_by.clone()));
                row.cut = e.cut;
            }
            CaseEvent::ClaimQueried(e) => {
                (row.state, row.proposed_by, row.cut) = (ClaimState::Queried, None, None);
                row.query = Some(Query {
                    reason: e.reason,
                    asked_on: event.recorded_on(),
                    question: e.details,
                    answered_on: None,
                    answer: None,
                });
            }
            CaseEvent::ClaimAnswered(e) => {
                let query = row.query.as_mut().ok_or_else(|| FoldError("an answer to no question".into()))?;
                (query.answered_on, query.answer) = (Some(event.recorded_on()), Some(e.details));
                row.state = ClaimState::Answered;
            }
            CaseEvent::ClaimRefused(e) => {
                (row.disallowed, row.reason, row.state) = (e.disallowed, Some(e.reason), ClaimState::Refused);
                (row.cut, row.words) = (None, e.details);
            }
            CaseEvent::ClaimReopened(_) => {
                (row.disallowed, row.reason, row.state) = (Eur::ZERO, None, undecided(row.eur));
                (row.proposed_by, row.words) = (None, None);
            }
            CaseEvent::BenefitReversalProposed(e) => {
                let (eur, on, by) = (e.amount, e.reversed_on, e.proposed_by.clone());
                let original = e.original.map(|original| original.amount);
                row.reversal = Some(Reversal { eur, original, on, by });
            }
            CaseEvent::BenefitReversalUndoProposed(e) => {
                let (eur, on, by) = (e.amount, e.reversed_on, e.proposed_by.clone());
                row.undoing = Some(Reversal { eur, original: None, on, by });
            }
            CaseEvent::BenefitReversalDropped(_) => (row.reversal, row.undoing) = (None, None),
            CaseEvent::BenefitReversalUndone(e) => {
                (row.reversed, row.undoing) = (row.reversed.checked_sub(e.amount)?, None);
                row.state = accepted(row.disallowed);
            }
            CaseEvent::BenefitReversed(e) => {
                (row.reversed, row.reversal) = (row.reversed.checked_add(e.amount)?, None);
                if row.reversed == row.eligible {
                    row.state = ClaimState::Reversed;
                }
            }
            _ => return Err(FoldError("reported twice".into())),
        }
        Ok(row)
    }
}

/// Where a claim stands that is accepted, and so much of it disallowed.
fn accepted(disallowed: Eur) -> ClaimState {
    if disallowed.is_zero() { ClaimState::Accepted } else { ClaimState::Cut }
}

/// Where a claim stands before any decision.
fn undecided(eur: Option<Eur>) -> ClaimState {
    if eur.is_some() { ClaimState::Reported } else { ClaimState::WaitingForRate }
}
