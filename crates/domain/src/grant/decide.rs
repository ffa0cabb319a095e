//! Decisions about arrival grants.

use jiff::Span;
use money::Eur;
use rulebook::Rulebook;

use super::command::GrantCommand;
use super::event::{
    ArrivalGrantAllowed, ArrivalGrantPaid, ArrivalGrantRefused, ArrivalGrantReturned, GrantReason,
    PaymentMethod, RefusedGrantReturned,
};
use super::state::{Grant, GrantState};
use crate::balance::Line;
use crate::by::By;
use crate::case::{Case, CaseEvent};
use crate::ids::GrantId;
use crate::refusal::{Refusal, bookable};

/// Decides a command about an arrival grant of this case.
///
/// A payment is a fact: it is recorded whether the rules allow it or not, and counts only when they do, or when
/// finance gives a reason. It counts whole or not at all, because a payment made cannot be cut.
pub fn decide(
    case: &Case,
    command: &GrantCommand,
    by: &By,
    rulebook: &Rulebook,
) -> Result<Vec<CaseEvent>, Refusal> {
    by.may_decide()?;
    match command {
        GrantCommand::Pay { grant, .. } if case.grants.contains_key(grant) => {
            Err(Refusal::new("already-recorded", "this payment was recorded before"))
        }
        GrantCommand::Pay { .. } => pay(case, command, rulebook),
        GrantCommand::Allow { grant: id, details } => {
            let grant = known(case, *id)?;
            // Finance's reason sets aside the days and the line, never the missing decision or arrival.
            let Some(entitlement) = case.entitlement(super::BUDGET_LINE) else {
                let detail = "no arrival grant is granted: a reason cannot replace the decision";
                return Err(Refusal::new("no-entitlement", detail));
            };
            let line = case.balances.line(super::BUDGET_LINE);
            match (grant.state, grant.reason) {
                (GrantState::Refused, Some(GrantReason::NotArrived)) if case.arrived_on.is_none() => {
                    Err(Refusal::new("not-arrived", "no arrival is recorded: record it first"))
                }
                (GrantState::Refused, Some(waived)) => Ok(vec![
                    ArrivalGrantAllowed {
                        grant: *id,
                        budget_line: super::BUDGET_LINE.to_owned(),
                        // What came back is not out there any more, and needs no reason.
                        amount: left(grant)?,
                        rulebook: rulebook.version().to_owned(),
                        rule_id: entitlement.rule_id.clone(),
                        cap: line.cap,
                        disbursed: line.disbursed,
                        waived,
                        details: *details,
                    }
                    .into(),
                ]),
                (state, _) => Err(Refusal::new(
                    "not-refused",
                    format!("the payment is {state}: there is nothing to allow"),
                )),
            }
        }
        GrantCommand::Return { grant: id, amount, returned_on, details } => {
            let grant = known(case, *id)?;
            bookable(*amount, &Line::default())?;
            // What a partner paid out against the rules was its own money.
            let refused = grant.state == GrantState::Refused;
            if refused && grant.method == PaymentMethod::CashByPartner {
                let detail = "the payment is refused: the partner paid it out, it does not count, and so nothing of it can come back";
                return Err(Refusal::new("not-paid", detail));
            }
            if *returned_on < grant.paid_on {
                return Err(Refusal::new(
                    "return-before-payment",
                    format!("{returned_on} lies before the payment on {}", grant.paid_on),
                ));
            }
            let left = left(grant)?;
            if *amount > left {
                return Err(Refusal::new(
                    "more-than-paid",
                    format!("{amount} is more than the {left} that is left of the payment"),
                ));
            }
            let (grant, budget_line) = (*id, super::BUDGET_LINE.to_owned());
            let (amount, returned_on, details) = (*amount, *returned_on, *details);
            Ok(vec![match refused {
                true => RefusedGrantReturned { grant, budget_line, amount, returned_on, details }.into(),
                false => ArrivalGrantReturned { grant, budget_line, amount, returned_on, details }.into(),
            }])
        }
    }
}

fn pay(case: &Case, command: &GrantCommand, rulebook: &Rulebook) -> Result<Vec<CaseEvent>, Refusal> {
    let GrantCommand::Pay { grant, paid_on, amount, method, payment_key, details } = command.clone() else {
        return Ok(Vec::new());
    };
    let budget_line = super::BUDGET_LINE.to_owned();
    let line = case.balances.line(&budget_line);
    let (cap, disbursed, rulebook_version) = (line.cap, line.disbursed, rulebook.version().to_owned());
    let days = rulebook.parameters().grant_days_after_arrival;
    bookable(amount, &line)?;
    let after = disbursed.checked_add(amount).map_err(|e| Refusal::new("amount-too-large", e.to_string()))?;
    let reason = match (case.entitlement(&budget_line), case.arrived_on) {
        (None, _) => GrantReason::NoEntitlement,
        (Some(_), None) => GrantReason::NotArrived,
        (Some(_), Some(arrived_on)) if paid_on < arrived_on => GrantReason::BeforeArrival,
        (Some(_), Some(arrived_on)) if paid_on > arrived_on.saturating_add(Span::new().days(days)) => {
            GrantReason::AfterGrantDays
        }
        (Some(_), Some(_)) if after > cap => GrantReason::OverCap,
        (Some(entitlement), Some(arrived_on)) => {
            let rule_id = entitlement.rule_id.clone();
            let rulebook = rulebook_version;
            return Ok(vec![
                ArrivalGrantPaid {
                    grant,
                    budget_line,
                    rulebook,
                    rule_id,
                    cap,
                    disbursed,
                    arrived_on,
                    paid_on,
                    amount,
                    method,
                    payment_key,
                    details,
                }
                .into(),
            ]);
        }
    };
    let (rulebook, arrived_on) = (rulebook_version, case.arrived_on);
    Ok(vec![
        ArrivalGrantRefused {
            grant,
            budget_line,
            rulebook,
            cap,
            disbursed,
            arrived_on,
            paid_on,
            amount,
            method,
            reason,
            payment_key,
            details,
        }
        .into(),
    ])
}

fn left(grant: &Grant) -> Result<Eur, Refusal> {
    grant.left().map_err(|overflow| Refusal::new("amount-too-large", overflow.to_string()))
}

fn known(case: &Case, id: GrantId) -> Result<&Grant, Refusal> {
    case.grants.get(&id).ok_or_else(|| Refusal::new("unknown-grant", "the case has no such payment"))
}
