//! Finance's review of a claim: accept, refuse, or ask the partner.

use jiff::Span;
use jiff::civil::Date;
use money::{Currency, Eur};
use rulebook::Rulebook;

use super::decide::{once_and, overflow, released, undecided};
use super::event::{
    Basis, ClaimAccepted, ClaimProposed, ClaimQueried, ClaimReason, ClaimRefused, Cut, QueryReason,
};
use super::state::{Claim, ClaimState};
use crate::approval::asks_for_second_to_accept;
use crate::balance::Line;
use crate::case::{Case, CaseEvent};
use crate::ids::{Actor, ClaimId, TextId};
use crate::plan;
use crate::refusal::{Refusal, bookable};

/// Takes what fits under the cap, and no more than finance wants, and disallows the rest, with the first reason that
/// applies, in the order of [`ClaimReason`].
///
/// From the rulebook's `second_approval_from` on it takes two people: the first proposes, another one decides, on what
/// is so by then, and for no more than was proposed. What is refused takes one.
pub(super) fn accept(
    case: &Case,
    id: ClaimId,
    by_name: bool,
    cut: Option<Cut>,
    by: &Actor,
    rulebook: &Rulebook,
) -> Result<Vec<CaseEvent>, Refusal> {
    let claim = undecided(case, id)?;
    let eur = claim.eur.ok_or_else(|| waiting_for_rate(claim.amount.currency()))?;
    let cut = agreed(claim, by_name, cut, eur)?;
    let basis = basis(case, claim, rulebook);
    let refused = |reason, basis| {
        let budget_line = claim.budget_line.clone();
        let refused = ClaimRefused { claim: id, budget_line, disallowed: eur, reason, details: None, basis };
        Ok(once_and(refused, plan::restored(case, id, claim, eur)))
    };
    if case.entitlement(&claim.budget_line).is_none() {
        return refused(ClaimReason::NoEntitlement, basis);
    }
    if case.partner_on(claim.delivered_on) != Some(&claim.partner) {
        return refused(ClaimReason::WrongPartner, basis);
    }
    let Some(arrived_on) = case.arrived_on else {
        return refused(ClaimReason::NotArrived, basis);
    };
    if claim.delivered_on < arrived_on {
        return refused(ClaimReason::BeforeArrival, basis);
    }
    if !by_name && claim.delivered_on > last_day_of_use(arrived_on, rulebook) {
        return Ok(vec![queried(id, QueryReason::LateUse, None, basis)]);
    }
    let room = basis.cap.checked_sub(basis.disbursed).map_err(overflow)?.max(Eur::ZERO);
    let wanted = cut.map_or(eur, |cut| cut.at_most);
    let eligible = wanted.min(room);
    if eligible.is_zero() {
        return refused(ClaimReason::OverCap, basis);
    }
    // A receipt is no smaller for being shared, nor for being accepted in parts: what is cut off can be reported again.
    let worth = claim.worth_of_receipt().unwrap_or(eur);
    let what = format!("accept {wanted}");
    let first = claim.proposed_by.as_ref();
    if let Some(second_approval_from) =
        asks_for_second_to_accept(first, by, claim.by_two, (worth, &what), rulebook)?
    {
        let proposed_by = by.clone();
        let proposed = ClaimProposed { claim: id, proposed_by, second_approval_from, eligible, cut, basis };
        return Ok(vec![proposed.into()]);
    }
    let disallowed = eur.checked_sub(eligible).map_err(overflow)?;
    let reason = match cut {
        Some(cut) if cut.at_most <= room => Some(ClaimReason::ByFinance),
        _ => (!disallowed.is_zero()).then_some(ClaimReason::OverCap),
    };
    let budget_line = claim.budget_line.clone();
    let accepted = ClaimAccepted { claim: id, budget_line, eligible, disallowed, reason, cut, basis };
    Ok(once_and(accepted, plan::restored(case, id, claim, disallowed)))
}

/// What is accepted at most: of what somebody proposed, what they proposed, so that both agree to the same. Whoever agrees
/// by name says what they agree to; a bulk acceptance agrees to what its preview showed.
fn agreed(claim: &Claim, by_name: bool, cut: Option<Cut>, eur: Eur) -> Result<Option<Cut>, Refusal> {
    let otherwise = |first: &Actor, at_most: Eur| {
        let detail = format!(
            "{first} proposed to accept at most {at_most}: agree to that with --at-most {at_most}, query or refuse the claim"
        );
        Refusal::new("proposed-otherwise", detail)
    };
    let Some(cut) = cut else {
        return match (&claim.proposed_by, claim.cut) {
            (Some(first), Some(proposed)) if by_name => Err(otherwise(first, proposed.at_most)),
            (_, proposed) => Ok(proposed),
        };
    };
    bookable(cut.at_most, &Line::default())?;
    if cut.at_most >= eur {
        let detail = format!("{eur} is claimed: at most {} takes nothing off", cut.at_most);
        return Err(Refusal::new("nothing-cut", detail));
    }
    match (&claim.proposed_by, claim.cut) {
        (Some(first), None) => {
            let detail =
                format!("{first} proposed to accept {eur}: agree to that, query or refuse the claim");
            Err(Refusal::new("proposed-otherwise", detail))
        }
        (Some(first), Some(proposed)) if proposed.at_most != cut.at_most => {
            Err(otherwise(first, proposed.at_most))
        }
        // The words of who proposed it stand.
        (Some(_), proposed) => Ok(proposed),
        (None, _) => Ok(Some(cut)),
    }
}

pub(super) fn refuse(
    case: &Case,
    id: ClaimId,
    details: TextId,
    rulebook: &Rulebook,
) -> Result<Vec<CaseEvent>, Refusal> {
    let claim = undecided(case, id)?;
    Ok(refused_as(case, id, claim, (ClaimReason::ByFinance, Some(details)), rulebook))
}

/// Refuses a claim whose rate has come and makes nothing of it.
pub(super) fn worth_nothing(case: &Case, id: ClaimId, claim: &Claim, rulebook: &Rulebook) -> Vec<CaseEvent> {
    refused_as(case, id, claim, (ClaimReason::WorthNothing, None), rulebook)
}

fn refused_as(
    case: &Case,
    id: ClaimId,
    claim: &Claim,
    (reason, details): (ClaimReason, Option<TextId>),
    rulebook: &Rulebook,
) -> Vec<CaseEvent> {
    let disallowed = claim.eur.unwrap_or(Eur::ZERO);
    let refused = ClaimRefused {
        claim: id,
        budget_line: claim.budget_line.clone(),
        disallowed,
        reason,
        details,
        basis: basis(case, claim, rulebook),
    };
    let worth = claim.held_back().unwrap_or(disallowed);
    let mut events: Vec<CaseEvent> = released(id, claim).into_iter().collect();
    events.extend(once_and(refused, plan::restored(case, id, claim, worth)));
    events
}

pub(super) fn query(
    case: &Case,
    id: ClaimId,
    details: TextId,
    rulebook: &Rulebook,
) -> Result<Vec<CaseEvent>, Refusal> {
    let claim = undecided(case, id)?;
    match claim.state {
        ClaimState::WaitingForRate => Err(waiting_for_rate(claim.amount.currency())),
        ClaimState::Queried => {
            let detail = "the claim is queried already: wait for the answer, or decide it by name";
            Err(Refusal::new("already-queried", detail))
        }
        _ => {
            let basis = basis(case, claim, rulebook);
            Ok(vec![queried(id, QueryReason::ByFinance, Some(details), basis)])
        }
    }
}

fn queried(claim: ClaimId, reason: QueryReason, details: Option<TextId>, basis: Basis) -> CaseEvent {
    ClaimQueried { claim, reason, details, basis }.into()
}

/// Nobody decides what has no euros yet.
pub(crate) fn waiting_for_rate(currency: Currency) -> Refusal {
    Refusal::new("waiting-for-rate", format!("the exchange rate of {currency} is not published yet"))
}

pub(super) fn basis(case: &Case, claim: &Claim, rulebook: &Rulebook) -> Basis {
    let line = case.balances.line(&claim.budget_line);
    Basis {
        rulebook: rulebook.version().to_owned(),
        rule_id: case.entitlement(&claim.budget_line).map(|e| e.rule_id.clone()),
        cap: line.cap,
        disbursed: line.disbursed,
        partner: case.partner_on(claim.delivered_on).cloned(),
        arrived_on: case.arrived_on,
    }
}

/// Last day on which the package may be used: the months of the rulebook after arrival.
fn last_day_of_use(arrived_on: Date, rulebook: &Rulebook) -> Date {
    let months = rulebook.parameters().package_months_after_arrival;
    arrived_on.saturating_add(Span::new().months(months))
}
