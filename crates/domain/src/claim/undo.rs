//! Undoing a reversal that was recorded by mistake.

use money::Eur;
use rulebook::Rulebook;

use super::decide::{known, overflow};
use super::event::{BenefitReversalUndoProposed, BenefitReversalUndone};
use super::review::basis;
use super::state::{Claim, Undoing};
use crate::approval::asks_for_second_to_accept;
use crate::case::{Case, CaseEvent};
use crate::ids::{Actor, ClaimId, KeyDigest, TextId};
use crate::refusal::Refusal;

/// Has what a reversal took back count again, whole, if it still fits under the cap: what came free may have been given to
/// others. It is accepted again, so the limit for two people looks at the same as when it was accepted.
pub(super) fn undo(
    case: &Case,
    id: ClaimId,
    (reversal_key, details): (KeyDigest, TextId),
    by: &Actor,
    rulebook: &Rulebook,
) -> Result<Vec<CaseEvent>, Refusal> {
    let claim = known(case, id)?;
    let back = claim.came_back_under(reversal_key).ok_or_else(|| {
        Refusal::new("not-reversed", "the claim has no such reversal, or it was undone before")
    })?;
    if let Some(proposed) = &claim.reversal {
        let detail = format!(
            "{} proposed to take back {}: agree to that, or drop that proposal first",
            proposed.proposed_by, proposed.eur
        );
        return Err(Refusal::new("proposed-otherwise", detail));
    }
    if let Some(undoing) = claim.undoing.as_ref().filter(|undoing| undoing.key != reversal_key) {
        return Err(proposed_otherwise(claim, undoing));
    }
    let (amount, reversed_on) = (back.eur, back.on);
    let basis = basis(case, claim, rulebook);
    let room = basis.cap.checked_sub(basis.disbursed).map_err(overflow)?;
    if amount > room {
        let detail = format!(
            "{amount} does not fit under the cap any more: of {} for {}, {} are disbursed, {} are left",
            basis.cap,
            claim.budget_line,
            basis.disbursed,
            room.max(Eur::ZERO)
        );
        return Err(Refusal::new("over-cap", detail));
    }
    let worth = claim.worth_of_receipt().unwrap_or(claim.eligible);
    let what = format!("undo the reversal of {amount} on {reversed_on}");
    let first = claim.undoing.as_ref().map(|undoing| &undoing.proposed_by);
    let event = match asks_for_second_to_accept(first, by, claim.by_two, (worth, &what), rulebook)? {
        Some(second_approval_from) => BenefitReversalUndoProposed {
            claim: id,
            reversal_key,
            amount,
            reversed_on,
            details,
            proposed_by: by.clone(),
            second_approval_from,
            rulebook: rulebook.version().to_owned(),
        }
        .into(),
        None => {
            let budget_line = claim.budget_line.clone();
            BenefitReversalUndone {
                claim: id,
                budget_line,
                reversal_key,
                amount,
                reversed_on,
                details,
                basis,
            }
            .into()
        }
    };
    Ok(vec![event])
}

/// Somebody would undo a reversal: that is decided before anything else comes back or is undone.
pub(super) fn proposed_otherwise(claim: &Claim, undoing: &Undoing) -> Refusal {
    let of = claim
        .came_back_under(undoing.key)
        .map_or_else(String::new, |back| format!(" of {} on {}", back.eur, back.on));
    let detail = format!(
        "{} proposed to undo the reversal{of}: agree to that, or drop that proposal first",
        undoing.proposed_by
    );
    Refusal::new("proposed-otherwise", detail)
}
