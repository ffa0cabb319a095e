//! Decisions about claims.

use jiff::Span;
use jiff::civil::Date;
use money::Eur;
use rulebook::Rulebook;

use super::command::ClaimCommand;
use super::event::{
    Basis, BenefitReversed, ClaimAccepted, ClaimQueried, ClaimReason, ClaimRefused, ClaimReopened,
    QueryReason,
};
use super::state::{Claim, ClaimState};
use crate::balance::Line;
use crate::case::{Case, CaseEvent, Stage};
use crate::ids::{ClaimId, TextId};
use crate::refusal::{Refusal, bookable};

/// Decides a command about a claim of this case.
pub fn decide(case: &Case, command: &ClaimCommand, rulebook: &Rulebook) -> Result<Vec<CaseEvent>, Refusal> {
    match command {
        ClaimCommand::Report(event) => match case.claims.get(&event.claim) {
            Some(_) => Err(Refusal::new("already-reported", "this claim was reported before")),
            None => {
                bookable(event.eur, &case.balances.line(&event.budget_line))?;
                Ok(vec![event.clone().into()])
            }
        },
        ClaimCommand::Accept { claim, by_name } => accept(case, *claim, *by_name, rulebook),
        ClaimCommand::Refuse { claim, details } => refuse(case, *claim, *details, rulebook),
        ClaimCommand::Reopen { claim: id, details } => {
            let claim = known(case, *id)?;
            if case.stage == Stage::Closed {
                return Err(Refusal::new("case-closed", "the case is closed: nothing more is decided"));
            }
            if claim.state != ClaimState::Refused {
                let detail = format!("the claim is {}: only a refused claim is taken up again", claim.state);
                return Err(Refusal::new("not-refused", detail));
            }
            let (budget_line, amount) = (claim.budget_line.clone(), claim.eur);
            Ok(vec![ClaimReopened { claim: *id, budget_line, amount, details: *details }.into()])
        }
        ClaimCommand::Reverse { claim: id, amount, reversed_on, reversal_key, details } => {
            let claim = known(case, *id)?;
            bookable(*amount, &Line::default())?;
            reversible(claim, *amount, *reversed_on)?;
            Ok(vec![
                BenefitReversed {
                    claim: *id,
                    budget_line: claim.budget_line.clone(),
                    amount: *amount,
                    reversed_on: *reversed_on,
                    reversal_key: *reversal_key,
                    details: *details,
                }
                .into(),
            ])
        }
    }
}

/// Takes what fits under the cap and disallows the rest, with the first reason that applies, in the order of
/// [`ClaimReason`].
fn accept(case: &Case, id: ClaimId, by_name: bool, rulebook: &Rulebook) -> Result<Vec<CaseEvent>, Refusal> {
    let claim = undecided(case, id)?;
    let basis = basis(case, claim, rulebook);
    let refused = |reason, basis| {
        let budget_line = claim.budget_line.clone();
        Ok(vec![
            ClaimRefused { claim: id, budget_line, disallowed: claim.eur, reason, details: None, basis }
                .into(),
        ])
    };
    if case.entitlement(&claim.budget_line).is_none() {
        return refused(ClaimReason::NoEntitlement, basis);
    }
    if case.partner.as_ref() != Some(&claim.partner) {
        return refused(ClaimReason::WrongPartner, basis);
    }
    let Some(arrived_on) = case.arrived_on else {
        return refused(ClaimReason::NotArrived, basis);
    };
    if claim.delivered_on < arrived_on {
        return refused(ClaimReason::BeforeArrival, basis);
    }
    if !by_name && claim.delivered_on > last_day_of_use(arrived_on, rulebook) {
        return Ok(vec![ClaimQueried { claim: id, reason: QueryReason::LateUse, basis }.into()]);
    }
    let room = basis.cap.checked_sub(basis.disbursed).map_err(overflow)?.max(Eur::ZERO);
    let eligible = claim.eur.min(room);
    if eligible.is_zero() {
        return refused(ClaimReason::OverCap, basis);
    }
    let disallowed = claim.eur.checked_sub(eligible).map_err(overflow)?;
    let reason = (!disallowed.is_zero()).then_some(ClaimReason::OverCap);
    let budget_line = claim.budget_line.clone();
    Ok(vec![ClaimAccepted { claim: id, budget_line, eligible, disallowed, reason, basis }.into()])
}

fn refuse(case: &Case, id: ClaimId, details: TextId, rulebook: &Rulebook) -> Result<Vec<CaseEvent>, Refusal> {
    let claim = undecided(case, id)?;
    Ok(vec![
        ClaimRefused {
            claim: id,
            budget_line: claim.budget_line.clone(),
            disallowed: claim.eur,
            reason: ClaimReason::ByFinance,
            details: Some(details),
            basis: basis(case, claim, rulebook),
        }
        .into(),
    ])
}

/// Only what was accepted, and has not come back yet, can come back.
fn reversible(claim: &Claim, amount: Eur, reversed_on: Date) -> Result<(), Refusal> {
    if !matches!(claim.state, ClaimState::Accepted | ClaimState::Cut | ClaimState::Reversed) {
        let detail = format!("the claim is {}: only accepted spend can be reversed", claim.state);
        return Err(Refusal::new("not-accepted", detail));
    }
    if reversed_on < claim.delivered_on {
        let detail = format!("{reversed_on} lies before the delivery on {}", claim.delivered_on);
        return Err(Refusal::new("reversal-before-delivery", detail));
    }
    let left = claim.eligible.checked_sub(claim.reversed).map_err(overflow)?;
    if amount > left {
        let detail = format!("{amount} is more than the {left} that is left of what was accepted");
        return Err(Refusal::new("more-than-accepted", detail));
    }
    Ok(())
}

fn known(case: &Case, id: ClaimId) -> Result<&Claim, Refusal> {
    case.claims.get(&id).ok_or_else(|| Refusal::new("unknown-claim", "the case has no such claim"))
}

fn undecided(case: &Case, id: ClaimId) -> Result<&Claim, Refusal> {
    let claim = known(case, id)?;
    if claim.is_open() {
        return Ok(claim);
    }
    Err(Refusal::new("already-decided", format!("the claim is {} already", claim.state)))
}

fn basis(case: &Case, claim: &Claim, rulebook: &Rulebook) -> Basis {
    let line = case.balances.line(&claim.budget_line);
    Basis {
        rulebook: rulebook.version().to_owned(),
        rule_id: case.entitlement(&claim.budget_line).map(|e| e.rule_id.clone()),
        cap: line.cap,
        disbursed: line.disbursed,
        partner: case.partner.clone(),
        arrived_on: case.arrived_on,
    }
}

/// Last day on which the package may be used: the months of the rulebook after arrival.
fn last_day_of_use(arrived_on: Date, rulebook: &Rulebook) -> Date {
    let months = rulebook.parameters().package_months_after_arrival;
    arrived_on.saturating_add(Span::new().months(months))
}

fn overflow(overflow: money::Overflow) -> Refusal {
    Refusal::new("amount-too-large", overflow.to_string())
}
