//! Decisions about claims.

use jiff::civil::Date;
use money::{Currency, Eur};
use rulebook::Rulebook;

use super::command::{ClaimCommand, Spend};
use super::event::{
    BenefitReversed, ClaimAnswered, ClaimConverted, ClaimReopened, Exchange, ReceiptAttached, SpendReported,
};
use super::review;
use super::state::{Claim, ClaimState, ReceiptFile};
use super::value::euros;
use crate::balance::Line;
use crate::by::By;
use crate::case::{Case, CaseEvent, Stage};
use crate::ids::{ClaimId, FileDigest};
use crate::plan;
use crate::rates::Quote;
use crate::refusal::{Refusal, bookable, reportable};

/// Decides a command about a claim of this case.
pub fn decide(
    case: &Case,
    command: &ClaimCommand,
    by: &By,
    rulebook: &Rulebook,
) -> Result<Vec<CaseEvent>, Refusal> {
    match command {
        ClaimCommand::Report(spend) => by.may_speak_for(&spend.partner)?,
        ClaimCommand::Answer { claim, .. } | ClaimCommand::Attach { claim, .. } => {
            by.may_speak_for(&known(case, *claim)?.partner)?;
        }
        ClaimCommand::Convert { .. } => {}
        ClaimCommand::Accept { .. }
        | ClaimCommand::Refuse { .. }
        | ClaimCommand::Query { .. }
        | ClaimCommand::Reopen { .. }
        | ClaimCommand::Reverse { .. } => by.may_decide()?,
    }
    match command {
        ClaimCommand::Report(spend) => report(case, spend, rulebook),
        ClaimCommand::Convert { claim, quote } => convert(case, *claim, quote),
        ClaimCommand::Accept { claim, by_name, cut } => {
            review::accept(case, *claim, *by_name, *cut, by.actor(), rulebook)
        }
        ClaimCommand::Refuse { claim, details } => review::refuse(case, *claim, *details, rulebook),
        ClaimCommand::Query { claim, details } => review::query(case, *claim, *details, rulebook),
        ClaimCommand::Answer { claim: id, details } => {
            let claim = known(case, *id)?;
            if claim.state != ClaimState::Queried {
                let detail = format!("the claim is {}: nothing is asked about it", claim.state);
                return Err(Refusal::new("not-queried", detail));
            }
            Ok(vec![ClaimAnswered { claim: *id, details: *details }.into()])
        }
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
            let drawn = plan::drawn_by(case, *id, &claim.partner, claim.benefit(), amount);
            Ok(once_and(ClaimReopened { claim: *id, budget_line, amount, details: *details }, drawn))
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
        ClaimCommand::Attach { claim, file } => attach(case, *claim, file),
    }
}

/// Values the spend in euro, at the rate that the rulebook asks for. Without it the claim waits: a missing rate is
/// never taken for 1.
fn report(case: &Case, spend: &Spend, rulebook: &Rulebook) -> Result<Vec<CaseEvent>, Refusal> {
    if case.claims.contains_key(&spend.claim) {
        return Err(Refusal::new("already-reported", "this claim was reported before"));
    }
    if let Some(shared) = spend.shared
        && shared.amount() != Some(spend.amount)
    {
        let detail = format!("{} is not share {} of {} of it", spend.amount, shared.part, shared.parts);
        return Err(Refusal::new("wrong-share", detail));
    }
    let (exchange, eur) = match spend.amount.currency() {
        Currency::EUR => (None, Some(euros(spend.amount)?)),
        _ => {
            let exchange = Exchange::asked(rulebook, spend.delivered_on, spend.reported_on, spend.quote);
            let value = |quote| exchange.value_of(spend.amount, spend.shared, quote);
            let eur = spend.quote.as_ref().map(value).transpose()?;
            (Some(exchange), eur)
        }
    };
    reportable(spend.amount, eur, &case.balances.line(&spend.budget_line))?;
    let benefit = [spend.category.as_str(), &spend.budget_line];
    // What a partner planned that has handed the case over meanwhile is released before anything is drawn from it.
    let gone = plan::release_gone(case, &case.assignments, spend.reported_on);
    let has_plan = case.assignments.has_from(&spend.partner, spend.reported_on);
    let drawn = eur.filter(|_| has_plan);
    let drawn = drawn.and_then(|eur| plan::drawn_by(case, spend.claim, &spend.partner, benefit, eur));
    let Spend { claim, partner, category, budget_line, delivered_on, amount, .. } = spend.clone();
    let (receipt_key, receipt_sha256, details) = (spend.receipt_key, spend.receipt_sha256, spend.details);
    let reported = SpendReported {
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
        shared: spend.shared,
        file: spend.file,
    };
    let mut events = once_and(reported, None);
    events.extend(gone.into_iter().chain(drawn));
    Ok(events)
}

/// A claim or fee has one receipt, and it is the one that was reported.
pub(crate) fn attachable(
    attached: Option<&ReceiptFile>,
    reported: Option<FileDigest>,
    file: &ReceiptFile,
) -> Result<(), Refusal> {
    if attached.is_some() {
        return Err(Refusal::new("receipt-attached", "its receipt is in the vault already"));
    }
    if reported.is_some_and(|reported| reported != file.sha256) {
        let detail = "the file is not the one whose SHA-256 was reported with it";
        return Err(Refusal::new("another-receipt", detail));
    }
    Ok(())
}

fn attach(case: &Case, id: ClaimId, file: &ReceiptFile) -> Result<Vec<CaseEvent>, Refusal> {
    let claim = known(case, id)?;
    attachable(claim.receipt.as_ref(), claim.receipt_sha256, file)?;
    let ReceiptFile { pieces, sha256, bytes } = file.clone();
    Ok(vec![ReceiptAttached { claim: id, pieces, sha256, bytes }.into()])
}

/// Values a claim that waited, at the rate that was asked for when it was reported.
fn convert(case: &Case, id: ClaimId, quote: &Quote) -> Result<Vec<CaseEvent>, Refusal> {
    let claim = known(case, id)?;
    let exchange = claim.exchange.as_ref().filter(|_| claim.state == ClaimState::WaitingForRate);
    let exchange = exchange.ok_or_else(|| {
        Refusal::new("not-waiting", format!("the claim is {}: it waits for no rate", claim.state))
    })?;
    let eur = exchange.value_of(claim.amount, claim.shared, quote)?;
    bookable(eur, &case.balances.line(&claim.budget_line))?;
    let budget_line = claim.budget_line.clone();
    let drawn = plan::drawn_by(case, id, &claim.partner, claim.benefit(), eur);
    Ok(once_and(ClaimConverted { claim: id, budget_line, quote: *quote, eur }, drawn))
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

pub(super) fn undecided(case: &Case, id: ClaimId) -> Result<&Claim, Refusal> {
    let claim = known(case, id)?;
    if claim.is_open() {
        return Ok(claim);
    }
    Err(Refusal::new("already-decided", format!("the claim is {} already", claim.state)))
}

/// An event, and what it does to the plan.
pub(super) fn once_and(event: impl Into<CaseEvent>, plan: Option<CaseEvent>) -> Vec<CaseEvent> {
    std::iter::once(event.into()).chain(plan).collect()
}

pub(super) fn overflow(overflow: money::Overflow) -> Refusal {
    Refusal::new("amount-too-large", overflow.to_string())
}
