//! Arrival grants that partners paid out in cash, and whose they are.

use std::collections::HashMap;

use jiff::civil::Date;
use money::Eur;

use super::fold::MovementKind;
use crate::case::{Assignments, CaseEvent};
use crate::grant::PaymentMethod;
use crate::ids::{CaseId, GrantId, PartnerCode, TextId};

/// What an event says of a grant that was paid out in cash.
pub(super) struct PaidOut {
    pub paid_on: Date,
    pub amount: Eur,
    /// What counts of it.
    counts: Eur,
    /// The payment reference, in the vault.
    pub details: TextId,
}

/// The grant that an event records, if it was paid out in cash by a partner.
pub(super) fn cash_grant(event: &CaseEvent) -> Option<(GrantId, PaidOut)> {
    match event {
        CaseEvent::ArrivalGrantPaid(e) if e.method == PaymentMethod::CashByPartner => {
            let (paid_on, amount, details) = (e.paid_on, e.amount, e.details);
            Some((e.grant, PaidOut { paid_on, amount, counts: amount, details }))
        }
        CaseEvent::ArrivalGrantRefused(e) if e.method == PaymentMethod::CashByPartner => {
            let (paid_on, amount, details) = (e.paid_on, e.amount, e.details);
            Some((e.grant, PaidOut { paid_on, amount, counts: Eur::ZERO, details }))
        }
        _ => None,
    }
}

/// A grant and what the partner was credited with.
#[derive(Debug)]
struct CashGrant {
    id: GrantId,
    paid_on: Date,
    /// What counts of it, net of what came back.
    net: Eur,
    credited: Eur,
}

/// The cash grants of all cases, as far as one partner is concerned. A grant is the partner's that has the case on the day
/// it was paid, as far as is known: a transfer that is told late takes it from one partner and gives it to another.
#[derive(Debug, Default)]
pub(super) struct CashGrants {
    assignments: HashMap<CaseId, Assignments>,
    grants: HashMap<CaseId, Vec<CashGrant>>,
}

impl CashGrants {
    /// Whether an event can change whose a grant is, or what counts of it.
    pub fn concerns(event: &CaseEvent) -> bool {
        matches!(
            event,
            CaseEvent::PartnerAssigned(_)
                | CaseEvent::ArrivalGrantPaid(_)
                | CaseEvent::ArrivalGrantRefused(_)
                | CaseEvent::ArrivalGrantAllowed(_)
                | CaseEvent::ArrivalGrantReturned(_)
        )
    }

    /// Applies such an event of a case; answers what moves for this partner.
    pub fn apply(
        &mut self,
        case: CaseId,
        event: &CaseEvent,
        partner: &PartnerCode,
    ) -> Vec<(GrantId, MovementKind, Eur)> {
        let assignments = self.assignments.entry(case).or_default();
        let grants = self.grants.entry(case).or_default();
        if let Some((id, PaidOut { paid_on, counts, .. })) = cash_grant(event) {
            grants.push(CashGrant { id, paid_on, net: counts, credited: Eur::ZERO });
        }
        for grant in grants.iter_mut() {
            match event {
                CaseEvent::ArrivalGrantAllowed(e) if e.grant == grant.id => grant.net = e.amount,
                CaseEvent::ArrivalGrantReturned(e) if e.grant == grant.id => {
                    grant.net = grant.net.checked_sub(e.amount).unwrap_or_default();
                }
                _ => {}
            }
        }
        if let CaseEvent::PartnerAssigned(e) = event {
            assignments.assign(e.partner.clone(), e.assigned_on);
        }
        let mut moved = Vec::new();
        for grant in grants {
            let ours = assignments.on(grant.paid_on) == Some(partner);
            let now = if ours { grant.net } else { Eur::ZERO };
            let before = std::mem::replace(&mut grant.credited, now);
            // Neither is negative, so nothing overflows.
            let (kind, eur) = match now < before {
                true => (MovementKind::GrantBack, before.checked_sub(now)),
                false => (MovementKind::Grant, now.checked_sub(before)),
            };
            moved.push((grant.id, kind, eur.unwrap_or_default()));
        }
        moved
    }
}
