//! A grant as its events have made it.

use std::collections::BTreeMap;

use jiff::civil::Date;
use money::{Eur, Overflow};

use super::event::{GrantReason, PaymentMethod};
use crate::case::CaseEvent;
use crate::ids::{GrantId, TextId};
use crate::refusal::FoldError;

rulebook::codes! {
    /// How far a payment has come.
    GrantState {
        /// Counts as disbursed.
        Paid = "paid",
        /// Does not count.
        Refused = "refused",
        /// Counts by finance's reason.
        Allowed = "allowed",
        /// All of it came back.
        Returned = "returned",
    }
}

/// One payment of the arrival grant.
#[derive(Debug, Clone, PartialEq)]
pub struct Grant {
    /// Day of payment.
    pub paid_on: Date,
    /// How much.
    pub amount: Eur,
    /// How.
    pub method: PaymentMethod,
    /// Why it does not count, or what finance set aside.
    pub reason: Option<GrantReason>,
    /// What came back.
    pub returned: Eur,
    /// When and why, in the order recorded.
    pub returns: Vec<Return>,
    /// How far it has come.
    pub state: GrantState,
    /// The payment reference, in the vault.
    pub details: TextId,
}

impl Grant {
    /// What has not come back.
    pub fn left(&self) -> Result<Eur, Overflow> {
        self.amount.checked_sub(self.returned)
    }

    fn take_back(&mut self, id: GrantId, part: Return) -> Result<(), FoldError> {
        self.returned = self.returned.checked_add(part.amount)?;
        self.returns.push(part);
        if self.returned > self.amount {
            return Err(FoldError(format!("more of grant {id} came back than was paid")));
        }
        if self.returned == self.amount {
            self.state = GrantState::Returned;
        }
        Ok(())
    }
}

/// Money of a payment that came back.
#[derive(Debug, Clone, PartialEq)]
pub struct Return {
    /// How much.
    pub amount: Eur,
    /// Day.
    pub returned_on: Date,
    /// Why, in the vault.
    pub details: TextId,
}

/// Applies an event to the grants of its case.
pub fn evolve(grants: &mut BTreeMap<GrantId, Grant>, event: &CaseEvent) -> Result<(), FoldError> {
    let unknown = |id: &GrantId| FoldError(format!("grant {id} was never recorded"));
    match event {
        CaseEvent::ArrivalGrantPaid(e) => {
            let (state, reason) = (GrantState::Paid, None);
            let grant = Grant {
                paid_on: e.paid_on,
                amount: e.amount,
                method: e.method,
                reason,
                returned: Eur::ZERO,
                returns: Vec::new(),
                state,
                details: e.details,
            };
            insert(grants, e.grant, grant)?;
        }
        CaseEvent::ArrivalGrantRefused(e) => {
            let (state, reason) = (GrantState::Refused, Some(e.reason));
            let grant = Grant {
                paid_on: e.paid_on,
                amount: e.amount,
                method: e.method,
                reason,
                returned: Eur::ZERO,
                returns: Vec::new(),
                state,
                details: e.details,
            };
            insert(grants, e.grant, grant)?;
        }
        CaseEvent::ArrivalGrantAllowed(e) => {
            let grant = grants.get_mut(&e.grant).ok_or_else(|| unknown(&e.grant))?;
            if grant.state != GrantState::Refused {
                return Err(FoldError(format!("grant {} was not refused", e.grant)));
            }
            grant.state = GrantState::Allowed;
        }
        CaseEvent::ArrivalGrantReturned(e) => {
            let grant = grants.get_mut(&e.grant).ok_or_else(|| unknown(&e.grant))?;
            let (amount, returned_on, details) = (e.amount, e.returned_on, e.details);
            grant.take_back(e.grant, Return { amount, returned_on, details })?;
        }
        CaseEvent::RefusedGrantReturned(e) => {
            let grant = grants.get_mut(&e.grant).ok_or_else(|| unknown(&e.grant))?;
            if grant.state != GrantState::Refused {
                return Err(FoldError(format!("grant {} was not refused", e.grant)));
            }
            let (amount, returned_on, details) = (e.amount, e.returned_on, e.details);
            grant.take_back(e.grant, Return { amount, returned_on, details })?;
        }
        _ => {}
    }
    Ok(())
}

fn insert(grants: &mut BTreeMap<GrantId, Grant>, id: GrantId, grant: Grant) -> Result<(), FoldError> {
    match grants.insert(id, grant) {
        None => Ok(()),
        Some(_) => Err(FoldError(format!("grant {id} is recorded twice"))),
    }
}
