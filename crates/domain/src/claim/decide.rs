//! Decisions about claims.

use jiff::Span;
use jiff::civil::Date;
use money::{Currency, Eur};
use rulebook::Rulebook;

use super::command::{ClaimCommand, Spend};
use super::event::{
    Basis, BenefitReversed, ClaimAccepted, ClaimConverted, ClaimQueried, ClaimReason, ClaimRefused,
    ClaimReopened, Exchange, QueryReason, SpendReported,
};
use super::state::{Claim, ClaimState};
use super::value::{converted, euros};
use crate::balance::Line;
use crate::case::{Case, CaseEvent, Stage};
use crate::ids::{ClaimId, TextId};
use crate::rates::{self, Quote};
use crate::refusal::{Refusal, bookable};

/// Decides a command about a claim of this case.
pub fn decide(case: &Case, command: &ClaimCommand, rulebook: &Rulebook) -> Result<Vec<CaseEvent>, Refusal> {
    match command {
        ClaimCommand::Report(spend) => report(case, spend, rulebook),
        ClaimCommand::Convert { claim, quote } => convert(case, *claim, quote),
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
            let (budget_line, amount) = (claim.budget_line.clone(), claim.eur.unwrap_or(Eur::ZERO));
            Ok(vec![ClaimReopened { claim: *id, budget_line, amount, details: *details }.into()])
        }
        ClaimCommand::Reverse { claim: id, amount, reversed_on, reversal_key, details } => {
            let claim = known(case, *id)?;
            let (amount, original) = claim.value_of(*amount)?;
            bookable(amount, &Line::default())?;
            reversible(claim, amount, *reversed_on)?;
            Ok(vec![
                BenefitReversed {
                    claim: *id,
                    budget_line: claim.budget_line.clone(),
                    amount,
                    original,
                    reversed_on: *reversed_on,
                    reversal_key: *reversal_key,
                    details: *details,
                }
                .into(),
            ])
        }
    }
}

/// Values the spend in euro, at the rate that the rulebook asks for. Without it the claim waits: a missing rate is
/// never taken for 1.
fn report(case: &Case, spend: &Spend, rulebook: &Rulebook) -> Result<Vec<CaseEvent>, Refusal> {
    if case.claims.contains_key(&spend.claim) {
        return Err(Refusal::new("already-reported", "this claim was reported before"));
    }
    let (exchange, eur) = match spend.amount.currency() {
        Currency::EUR => (None, Some(euros(spend.amount)?)),
        _ => {
            let rule = rulebook.parameters().spend_rate;
            let day = rates::day(rule, spend.delivered_on, spend.reported_on);
            let exchange =
                Exchange { rulebook: rulebook.version().to_owned(), rule, day, quote: spend.quote };
            let eur = spend.quote.as_ref().map(|quote| valued(&exchange, spend.amount, quote)).transpose()?;
            (Some(exchange), eur)
        }
    };
    match eur {
        Some(eur) => bookable(eur, &case.balances.line(&spend.budget_line))?,
        None if spend.amount.is_positive() => {}
        None => return Err(Refusal::new("not-positive", format!("{} is no positive amount", spend.amount))),
    }
    let Spend { claim, partner, category, budget_line, delivered_on, amount, .. } = spend.clone();
    let (receipt_key, receipt_sha256, details) = (spend.receipt_key, spend.receipt_sha256, spend.details);
    Ok(vec![
        SpendReported {
            claim,
            partner,
            category,
            budget_line,
            delivered_on,
            amount,
            exchange,
            eur,
            receipt_key,
            receipt_sha256,
            details,
        }
        .into(),
    ])
}

/// Values a claim that waited, at the rate that was asked for when it was reported.
fn convert(case: &Case, id: ClaimId, quote: &Quote) -> Result<Vec<CaseEvent>, Refusal> {
    let claim = known(case, id)?;
    let exchange = claim.exchange.as_ref().filter(|_| claim.state == ClaimState::WaitingForRate);
    let exchange = exchange.ok_or_else(|| {
        Refusal::new("not-waiting", format!("the claim is {}: it waits for no rate", claim.state))
    })?;
    let eur = valued(exchange, claim.amount, quote)?;
    bookable(eur, &case.balances.line(&claim.budget_line))?;
    let budget_line = claim.budget_line.clone();
    Ok(vec![ClaimConverted { claim: id, budget_line, quote: *quote, eur }.into()])
}

fn valued(exchange: &Exchange, amount: money::Amount, quote: &Quote) -> Result<Eur, Refusal> {
    if exchange.takes(quote) {
        return converted(amount, quote);
    }
    let detail = format!(
        "{} for {} asks for another rate than that of {} for {}",
        exchange.rule, exchange.day, quote.source, quote.rate_date
    );
    Err(Refusal::new("wrong-rate", detail))
}

/// Takes what fits under the cap and disallows the rest, with the first reason that applies, in the order of
/// [`ClaimReason`].
fn accept(case: &Case, id: ClaimId, by_name: bool, rulebook: &Rulebook) -> Result<Vec<CaseEvent>, Refusal> {
    let claim = undecided(case, id)?;
    let eur = claim.eur.ok_or_else(|| {
        let currency = claim.amount.currency();
        Refusal::new("waiting-for-rate", format!("the exchange rate of {currency} is not published yet"))
    })?;
    let basis = basis(case, claim, rulebook);
    let refused = |reason, basis| {
        let budget_line = claim.budget_line.clone();
        Ok(vec![
            ClaimRefused { claim: id, budget_line, disallowed: eur, reason, details: None, basis }.into(),
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
    let eligible = eur.min(room);
    if eligible.is_zero() {
        return refused(ClaimReason::OverCap, basis);
    }
    let disallowed = eur.checked_sub(eligible).map_err(overflow)?;
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
            disallowed: claim.eur.unwrap_or(Eur::ZERO),
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
