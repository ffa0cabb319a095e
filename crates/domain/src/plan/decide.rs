//! Decisions about plans, and what claims do to them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use money::{Eur, Overflow};
use rulebook::Rulebook;

use super::event::{PlanAgreed, PlanDrawn, PlanReleased, PlanRestored, PlannedLine, ReleaseReason};
use crate::balance::Line;
use crate::case::{Assignments, Case, CaseEvent, Stage};
use crate::claim::{Claim, ClaimState};
use crate::ids::{ClaimId, PartnerCode};
use crate::of_rulebook;
use crate::refusal::{Refusal, bookable};

/// Agrees a plan with the partner that has the case on the day, in place of its earlier one: as far as what it asks for is
/// available, so that two partners cannot promise the same euros. A partner that has passed the case on by the day the plan is
/// told plans nothing on it. What partners plan that do not have the case any more on
/// the day the plan is told counts as free, and is released with it.
pub(crate) fn agree(
    case: &Case,
    partner: &PartnerCode,
    [agreed_on, told_on]: [Date; 2],
    lines: &[(String, Eur)],
    rulebook: &Rulebook,
) -> Result<Vec<CaseEvent>, Refusal> {
    if case.partner_on(agreed_on) != Some(partner) {
        let detail = match case.partner_on(agreed_on) {
            Some(assigned) => format!("the case is with {assigned}, not with {partner}"),
            None => format!("no partner has the case: assign {partner} first"),
        };
        return Err(Refusal::new("wrong-partner", detail));
    }
    // Who has passed the case on by the day this is told keeps nothing it planned, so it plans nothing more.
    if !lines.is_empty() && !case.assignments.has_from(partner, told_on) {
        let detail = match case.partner_on(told_on) {
            Some(assigned) => format!("the case is with {assigned} by now: {partner} has passed it on"),
            None => format!("{partner} has the case no more"),
        };
        return Err(Refusal::new("wrong-partner", detail));
    }
    let lines = planned(case, agreed_on, lines, rulebook)?;
    let own: Vec<_> = case.plan.iter().filter(|(whose, ..)| *whose == partner).collect();
    let is_now = |line: &PlannedLine| {
        case.plan.get(partner, &line.category).is_some_and(|planned| planned.left == line.amount)
    };
    if own.len() == lines.len() && lines.iter().all(is_now) {
        return Err(Refusal::new("no-change", format!("this is what {partner} plans already")));
    }
    let mut asked: BTreeMap<&str, Eur> = BTreeMap::new();
    for line in &lines {
        let sum = asked.entry(&line.budget_line).or_default();
        *sum = sum.checked_add(line.amount).map_err(overflow)?;
    }
    let is_free = |whose: &PartnerCode| whose == partner || !case.assignments.has_from(whose, told_on);
    for (budget_line, asked) in asked {
        let free = case
            .plan
            .iter()
            .filter(|(whose, _, planned)| is_free(whose) && planned.budget_line == budget_line);
        let free = Eur::sum(free.map(|(.., planned)| planned.left)).map_err(overflow)?;
        if asked > free {
            can_be_told(case, budget_line)?;
        }
        let line = case.balances.line(budget_line);
        let available = line.available().and_then(|rest| rest.checked_add(free)).map_err(overflow)?;
        if asked > available {
            let sum = format!(
                "cap {} − disbursed {} − pending {} − estimated for claims that wait for their rate {} − planned by others {}",
                line.cap,
                line.disbursed,
                line.pending,
                line.estimated,
                line.committed.checked_sub(free).map_err(overflow)?
            );
            let detail = match available.is_negative() {
                true => format!(
                    "{asked} is planned on {budget_line}, nothing is available: {sum} comes to {available}"
                ),
                false => format!("{asked} is planned on {budget_line}, {available} is available: {sum}"),
            };
            return Err(Refusal::new("over-available", detail));
        }
    }
    let mut events = release_gone(case, &case.assignments, told_on);
    events.extend(release(case, ReleaseReason::Replaced, |whose| {
        whose == partner && case.assignments.has_from(whose, told_on)
    }));
    let rulebook = rulebook.version().to_owned();
    events.push(PlanAgreed { partner: partner.clone(), agreed_on, lines, rulebook }.into());
    Ok(events)
}

/// Where a claim waits for a rate and none of its currency is known, nobody can say what is left.
fn can_be_told(case: &Case, budget_line: &str) -> Result<(), Refusal> {
    let mut waiting = case.claims.values().filter(|claim| claim.budget_line == budget_line);
    match waiting.find(|claim| claim.state == ClaimState::WaitingForRate && claim.estimate.is_none()) {
        None => Ok(()),
        Some(claim) => {
            let currency = claim.amount.currency();
            let detail = format!(
                "{} {currency} wait for their exchange rate, and no rate of {currency} was known when they were reported: nobody can say what is left on {budget_line}; import the rates, or refuse the claim",
                claim.amount
            );
            Err(Refusal::new("waits-for-rate", detail))
        }
    }
}

/// The lines of a plan: each category once, paid from a line on which something was granted.
fn planned(
    case: &Case,
    agreed_on: Date,
    lines: &[(String, Eur)],
    rulebook: &Rulebook,
) -> Result<Vec<PlannedLine>, Refusal> {
    let mut seen = BTreeSet::new();
    lines
        .iter()
        .map(|(code, amount)| {
            let category = of_rulebook::category(code, agreed_on, rulebook)?;
            if !seen.insert(code) {
                return Err(Refusal::new("category-twice", format!("{code} is planned twice")));
            }
            if case.entitlement(&category.budget_line).is_none() {
                let detail = format!("nothing is granted on {}, which pays for {code}", category.budget_line);
                return Err(Refusal::new("no-entitlement", detail));
            }
            bookable(*amount, &Line::default())?;
            let (category, budget_line) = (code.clone(), category.budget_line.clone());
            Ok(PlannedLine { category, budget_line, amount: *amount })
        })
        .collect()
}

/// Releases what is left of all plans, because the case ends.
pub(crate) fn release_all(case: &Case, reason: ReleaseReason) -> Vec<CaseEvent> {
    release(case, reason, |_| true)
}

/// Releases what is left of the plans of partners that have the case neither on a day nor later: it was handed over.
pub(crate) fn release_gone(case: &Case, assignments: &Assignments, day: Date) -> Vec<CaseEvent> {
    release(case, ReleaseReason::Transferred, |whose| !assignments.has_from(whose, day))
}

fn release(case: &Case, reason: ReleaseReason, whose: impl Fn(&PartnerCode) -> bool) -> Vec<CaseEvent> {
    case.plan
        .iter()
        .filter(|(partner, ..)| whose(partner))
        .map(|(partner, category, planned)| {
            PlanReleased {
                partner: partner.clone(),
                category: category.to_owned(),
                budget_line: planned.budget_line.clone(),
                amount: planned.left,
                reason,
            }
            .into()
        })
        .collect()
}

/// What a claim of so many euros takes from the plan of its partner.
pub(crate) fn drawn_by(
    case: &Case,
    claim: ClaimId,
    partner: &PartnerCode,
    [category, budget_line]: [&str; 2],
    eur: Eur,
) -> Option<CaseEvent> {
    let planned = case.plan.get(partner, category).filter(|planned| planned.budget_line == budget_line)?;
    let amount = planned.left.min(eur);
    let (category, budget_line) = (category.to_owned(), budget_line.to_owned());
    let drawn = PlanDrawn { claim, partner: partner.clone(), category, budget_line, amount };
    (!amount.is_zero()).then(|| drawn.into())
}

/// What stands in the plan again when so much of a claim is disallowed: no more than it drew, and only while the person
/// may still receive something.
pub(crate) fn restored(case: &Case, id: ClaimId, claim: &Claim, disallowed: Eur) -> Option<CaseEvent> {
    let amount = claim.drawn.min(disallowed);
    if amount.is_zero() || case.stage != Stage::Approved {
        return None;
    }
    let restored = PlanRestored {
        claim: id,
        partner: claim.partner.clone(),
        category: claim.category.clone(),
        budget_line: claim.budget_line.clone(),
        amount,
    };
    Some(restored.into())
}

fn overflow(overflow: Overflow) -> Refusal {
    Refusal::new("amount-too-large", overflow.to_string())
}
