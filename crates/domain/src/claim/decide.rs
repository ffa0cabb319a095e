//! Decisions about claims.

use jiff::civil::Date;
use money::{Amount, Currency, Eur};
use rulebook::Rulebook;

use super::command::{ClaimCommand, Spend};
use super::event::{
    BenefitReversalDropped, BenefitReversalProposed, BenefitReversed, ClaimAnswered, ClaimConverted,
    ClaimReason, ClaimReopened, EstimateReleased, Exchange, ReceiptAttached, SpendEstimated, SpendReported,
};
use super::review;
use super::state::{Claim, ClaimState, ReceiptFile};
use super::undo;
use super::value::{self, euros};
use crate::approval::asks_for_second_to_take_back;
use crate::balance::Line;
use crate::by::By;
use crate::case::{Case, CaseEvent, Stage};
use crate::ids::{Actor, ClaimId, FileDigest, KeyDigest, TextId};
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
        | ClaimCommand::Reverse { .. }
        | ClaimCommand::UndoReversal { .. }
        | ClaimCommand::DropReversal { .. } => by.may_decide()?,
    }
    match command {
        ClaimCommand::Report(spend) => report(case, spend, rulebook),
        ClaimCommand::Convert { claim, quote } => convert(case, *claim, quote, rulebook),
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
            let estimate = claim.estimate.filter(|_| claim.eur.is_none());
            let worth = estimate.map_or(amount, |(amount, _)| amount);
            let drawn = plan::drawn_by(case, *id, &claim.partner, claim.benefit(), worth);
            let held_back = estimate.map(|estimate| estimated(*id, &budget_line, estimate));
            // One refusal of a person ends it for one person.
            let by_two = claim.by_two || claim.reason == Some(ClaimReason::ByFinance);
            let reopened = ClaimReopened { claim: *id, budget_line, amount, details: *details, by_two };
            let mut events = once_and(reopened, held_back);
            events.extend(drawn);
            Ok(events)
        }
        ClaimCommand::Reverse { claim, amount, reversed_on, reversal_key, details } => {
            let reversal = (*amount, *reversed_on, *reversal_key, *details);
            reverse(case, *claim, reversal, by.actor(), rulebook)
        }
        ClaimCommand::UndoReversal { claim, reversal_key, details } => {
            undo::undo(case, *claim, (*reversal_key, *details), by.actor(), rulebook)
        }
        ClaimCommand::DropReversal { claim, details } => {
            let known = known(case, *claim)?;
            if known.reversal.is_none() && known.undoing.is_none() {
                let detail = "nobody proposed to take back something of the claim, or to undo that";
                return Err(Refusal::new("nothing-proposed", detail));
            }
            Ok(vec![BenefitReversalDropped { claim: *claim, details: *details }.into()])
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
    if spend
        .beside
        .is_some_and(|beside| spend.shared.is_some() || beside.currency() != spend.amount.currency())
    {
        return Err(Refusal::new(
            "wrong-share",
            "parts of one receipt have one currency, and none of them is shared",
        ));
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
    let estimate = spend.newest.filter(|_| eur.is_none());
    let estimate =
        estimate.and_then(|quote| Some((value::shared(spend.amount, spend.shared, &quote).ok()?, quote)));
    // What could not be booked holds nothing back.
    let line = case.balances.line(&spend.budget_line);
    let estimate = estimate.filter(|(amount, _)| bookable(*amount, &line).is_ok());
    let drawn = eur.or(estimate.map(|(amount, _)| amount)).filter(|_| has_plan);
    let drawn = drawn.and_then(|eur| plan::drawn_by(case, spend.claim, &spend.partner, benefit, eur));
    let Spend { claim, partner, category, budget_line, delivered_on, amount, beside, alike, .. } =
        spend.clone();
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
        beside,
        alike,
    };
    let held_back = estimate.map(|estimate| estimated(spend.claim, &spend.budget_line, estimate));
    let mut events = once_and(reported, None);
    events.extend(gone.into_iter().chain(held_back).chain(drawn));
    Ok(events)
}

/// Until the rate of a claim is known, what it would be worth at the newest rate is held back for it.
fn estimated(claim: ClaimId, budget_line: &str, (amount, quote): (Eur, Quote)) -> CaseEvent {
    SpendEstimated { claim, budget_line: budget_line.to_owned(), quote, amount }.into()
}

/// What was held back for a claim that waits no longer.
pub(super) fn released(id: ClaimId, claim: &Claim) -> Option<CaseEvent> {
    let (amount, budget_line) = (claim.held_back()?, claim.budget_line.clone());
    Some(EstimateReleased { claim: id, budget_line, amount }.into())
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

/// Values a claim that waited, at the rate that was asked for when it was reported. What is worth less than half a cent is
/// refused: no rate makes anything of it that could be booked, and nobody need look at it.
fn convert(case: &Case, id: ClaimId, quote: &Quote, rulebook: &Rulebook) -> Result<Vec<CaseEvent>, Refusal> {
    let claim = known(case, id)?;
    let exchange = claim.exchange.as_ref().filter(|_| claim.state == ClaimState::WaitingForRate);
    let exchange = exchange.ok_or_else(|| {
        Refusal::new("not-waiting", format!("the claim is {}: it waits for no rate", claim.state))
    })?;
    let eur = match exchange.value_of(claim.amount, claim.shared, quote) {
        Ok(eur) if eur.is_zero() => return Ok(review::worth_nothing(case, id, claim, rulebook)),
        Err(refusal) if refusal.codes() == value::WORTH_NOTHING => {
            return Ok(review::worth_nothing(case, id, claim, rulebook));
        }
        eur => eur?,
    };
    bookable(eur, &case.balances.line(&claim.budget_line))?;
    let budget_line = claim.budget_line.clone();
    // The estimate drew on the plan already: now it is what the rate says.
    let drew = claim.held_back().unwrap_or(Eur::ZERO);
    let planned = match drew.checked_sub(eur).map_err(overflow)? {
        less if less.is_negative() => {
            let more = eur.checked_sub(drew).map_err(overflow)?;
            plan::drawn_by(case, id, &claim.partner, claim.benefit(), more)
        }
        // Of what it drew there may be less than of what was held back: the plan had no more.
        _ => plan::restored(case, id, claim, claim.drawn.checked_sub(eur).map_err(overflow)?.max(Eur::ZERO)),
    };
    let mut events: Vec<CaseEvent> = released(id, claim).into_iter().collect();
    events.extend(once_and(ClaimConverted { claim: id, budget_line, quote: *quote, eur }, planned));
    Ok(events)
}

/// Records what came back, by two people from the limit of the rulebook on.
fn reverse(
    case: &Case,
    id: ClaimId,
    (amount, reversed_on, reversal_key, details): (Amount, Date, KeyDigest, TextId),
    by: &Actor,
    rulebook: &Rulebook,
) -> Result<Vec<CaseEvent>, Refusal> {
    let claim = known(case, id)?;
    let (amount, original) = claim.value_of(amount)?;
    bookable(amount, &Line::default())?;
    reversible(claim, amount, reversed_on)?;
    if let Some(undoing) = &claim.undoing {
        return Err(undo::proposed_otherwise(claim, undoing));
    }
    let given = original.map(|original| original.amount);
    let (taken_back, parts) =
        ((amount, given, Some(reversed_on)), claim.shared.map_or(1, |shared| shared.parts));
    let proposed = claim.reversal.as_ref();
    let second = asks_for_second_to_take_back(proposed, taken_back, claim.reversed, parts, by, rulebook)?;
    let version = rulebook.version().to_owned();
    let event = match second {
        Some(second_approval_from) => BenefitReversalProposed {
            claim: id,
            amount,
            original,
            reversed_on,
            details,
            proposed_by: by.clone(),
            second_approval_from,
            rulebook: version,
        }
        .into(),
        None => BenefitReversed {
            claim: id,
            budget_line: claim.budget_line.clone(),
            amount,
            original,
            reversed_on,
            reversal_key,
            details,
            rulebook: Some(version),
        }
        .into(),
    };
    Ok(vec![event])
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

pub(super) fn known(case: &Case, id: ClaimId) -> Result<&Claim, Refusal> {
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
