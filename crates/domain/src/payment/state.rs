//! A partner's payments as their events have made them.

use std::collections::BTreeMap;

use jiff::civil::Date;
use money::{Eur, Overflow};

use super::event::{Payable, PaymentItem, PaymentProposed};
use crate::creditor::CreditorReference;
use crate::ids::{Actor, KeyDigest, PaymentId, TextId};
use crate::partner::{PaidFor, PartnerEvent};
use crate::period::Period;
use crate::refusal::FoldError;

rulebook::codes! {
    /// What is known of a payment that was made outside of the ledger.
    OutsideState {
        /// It was made.
        Made = "made",
        /// It was recorded by mistake, or came back and somebody said so.
        TakenBack = "taken-back",
        /// The bank gave it back.
        Returned = "returned",
    }
}

rulebook::codes! {
    /// How far a payment has come.
    PaymentState {
        /// Waits for a second person.
        Proposed = "proposed",
        /// Waits to be written into a file.
        Approved = "approved",
        /// Approved, and nothing is left to be transferred: all was paid before.
        Settled = "settled",
        /// In a file for the bank.
        Instructed = "instructed",
        /// Not made; its items are due again.
        Cancelled = "cancelled",
        /// In a file for the bank, and not made: taken back by two people. Its items are due again.
        Recalled = "recalled",
        /// Made, and given back by the bank; its items are due again.
        Returned = "returned",
    }
}

/// One payment.
#[derive(Debug, Clone, PartialEq)]
pub struct Payment {
    /// What stands on it at the bank.
    pub reference: CreditorReference,
    /// The days of what is paid; none for whatever was due.
    pub period: Option<Period>,
    /// What is paid.
    pub items: Vec<PaymentItem>,
    /// Of that, what was paid outside of the ledger before.
    pub paid_before: Eur,
    /// Of that, what was paid in advance.
    pub advance_settled: Eur,
    /// What is transferred.
    pub total: Eur,
    /// Account and holder, in the vault.
    pub account: TextId,
    /// Why an advance is paid, in the vault.
    pub reason: Option<TextId>,
    /// How far it has come.
    pub state: PaymentState,
    /// Who proposed it.
    pub proposed_by: Actor,
    /// Who approved it.
    pub approved_by: Option<Actor>,
    /// The file it stands in, and the day on which the bank is to execute it.
    pub file: Option<(u64, Date)>,
    /// Who wants to take it back from its file.
    pub recall_by: Option<Actor>,
    /// Its place among the partner's payments in the order of their proposals: 1, 2, 3 …
    place: u64,
    /// How many there were when the bank gave it back, or it was taken back.
    returned_at: Option<u64>,
}

impl Payment {
    /// Whether it is an advance.
    pub fn is_advance(&self) -> bool {
        self.items.iter().any(|item| item.of == Payable::Advance)
    }

    /// Whether what it pays is in no other payment: until it is cancelled or taken back, or comes back.
    pub fn is_live(&self) -> bool {
        use PaymentState::{Cancelled, Recalled, Returned};
        !matches!(self.state, Cancelled | Recalled | Returned)
    }

    /// What it pays, before what was paid already.
    pub fn gross(&self) -> Result<Eur, Overflow> {
        Eur::sum(self.items.iter().map(|item| item.eur))
    }
}

impl From<&PaymentProposed> for Payment {
    fn from(event: &PaymentProposed) -> Self {
        Self {
            reference: event.reference.clone(),
            period: event.period,
            items: event.items.clone(),
            paid_before: event.paid_before,
            advance_settled: event.advance_settled,
            total: event.total,
            account: event.account,
            reason: event.reason,
            state: PaymentState::Proposed,
            proposed_by: event.by.clone(),
            approved_by: None,
            file: None,
            recall_by: None,
            place: 0,
            returned_at: None,
        }
    }
}

/// All payments of a partner.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Payments {
    payments: BTreeMap<PaymentId, Payment>,
    /// Made outside of the ledger, and recorded afterwards.
    outside: BTreeMap<PaymentId, Outside>,
}

/// A payment that was made outside of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outside {
    /// For what.
    pub paid_for: PaidFor,
    /// How much, in euro.
    pub amount: Eur,
    /// Keyed digest of partner and payment reference.
    pub payment_key: KeyDigest,
    /// What is known of it.
    pub state: OutsideState,
}

impl Payments {
    /// Applies an event of the partner.
    pub(crate) fn evolve(&mut self, event: &PartnerEvent) -> Result<(), FoldError> {
        match event {
            PartnerEvent::PartnerPaid(e) => {
                let (paid_for, amount, payment_key) = (e.paid_for, e.amount, e.payment_key);
                let state = OutsideState::Made;
                let outside = Outside { paid_for, amount, payment_key, state };
                if self.outside.insert(e.payment, outside).is_some() {
                    return Err(FoldError(format!("payment {} is recorded twice", e.payment)));
                }
            }
            PartnerEvent::PartnerPaidReversed(e) => {
                let outside = self.outside_in(e.payment, OutsideState::Made)?;
                outside.state = OutsideState::TakenBack;
                if outside.amount != e.amount {
                    return Err(FoldError(format!("payment {} is taken back in part", e.payment)));
                }
            }
            PartnerEvent::PartnerPaidReturned(e) => {
                self.outside_in(e.payment, OutsideState::Made)?.state = OutsideState::Returned;
            }
            PartnerEvent::PartnerPaidReturnUndone(e) => {
                self.outside_in(e.payment, OutsideState::Returned)?.state = OutsideState::Made;
            }
            PartnerEvent::PaymentProposed(e) => {
                let place = self.payments.len() as u64 + 1;
                let payment = Payment { place, ..Payment::from(e) };
                if self.payments.insert(e.payment, payment).is_some() {
                    return Err(FoldError(format!("payment {} is proposed twice", e.payment)));
                }
            }
            PartnerEvent::PaymentApproved(e) => {
                let payment = self.in_state(e.payment, &[PaymentState::Proposed])?;
                payment.approved_by = Some(e.by.clone());
                payment.state = match payment.total.is_zero() {
                    true => PaymentState::Settled,
                    false => PaymentState::Approved,
                };
            }
            PartnerEvent::PaymentCancelled(e) => {
                let open = [PaymentState::Proposed, PaymentState::Approved];
                self.in_state(e.payment, &open)?.state = PaymentState::Cancelled;
            }
            PartnerEvent::PaymentInstructed(e) => {
                let payment = self.in_state(e.payment, &[PaymentState::Approved])?;
                (payment.state, payment.file) = (PaymentState::Instructed, Some((e.file, e.execute_on)));
            }
            PartnerEvent::PaymentRecallProposed(e) => {
                self.in_state(e.payment, &[PaymentState::Instructed])?.recall_by = Some(e.by.clone());
            }
            PartnerEvent::PaymentRecallWithdrawn(e) => {
                let payment = self.in_state(e.payment, &[PaymentState::Instructed])?;
                if payment.recall_by.take().as_ref() != Some(&e.proposed_by) {
                    return Err(FoldError(format!("nobody wants to take payment {} back", e.payment)));
                }
            }
            PartnerEvent::PaymentRecalled(e) => {
                let proposed = self.payments.len() as u64;
                let payment = self.in_state(e.payment, &[PaymentState::Instructed])?;
                (payment.state, payment.returned_at) = (PaymentState::Recalled, Some(proposed));
            }
            PartnerEvent::PaymentReturned(e) => {
                let proposed = self.payments.len() as u64;
                let payment = self.in_state(e.payment, &[PaymentState::Instructed])?;
                (payment.state, payment.returned_at) = (PaymentState::Returned, Some(proposed));
                // Whoever would have taken it back did not know that the bank had made it.
                payment.recall_by = None;
            }
            PartnerEvent::PaymentReturnUndone(e) => {
                let payment = self.in_state(e.payment, &[PaymentState::Returned])?;
                (payment.state, payment.returned_at) = (PaymentState::Instructed, None);
            }
            _ => {}
        }
        Ok(())
    }

    /// A payment.
    pub fn get(&self, id: PaymentId) -> Option<&Payment> {
        self.payments.get(&id)
    }

    /// All payments by id, cancelled ones too.
    pub fn iter(&self) -> impl Iterator<Item = (PaymentId, &Payment)> {
        self.payments.iter().map(|(id, payment)| (*id, payment))
    }

    /// A payment that was made outside of the ledger.
    pub fn outside(&self, id: PaymentId) -> Option<&Outside> {
        self.outside.get(&id)
    }

    /// Whether what was recorded under this key was taken back, so that its reference is free again.
    pub fn was_taken_back(&self, payment_key: KeyDigest) -> bool {
        self.outside
            .values()
            .any(|outside| outside.payment_key == payment_key && outside.state == OutsideState::TakenBack)
    }

    /// Whether a payment of this amount was recorded under this key and is in force.
    pub fn is_recorded(&self, payment_key: KeyDigest, amount: Eur) -> bool {
        self.outside.values().any(|outside| {
            (outside.payment_key, outside.amount) == (payment_key, amount)
                && outside.state != OutsideState::TakenBack
        })
    }

    /// What payments have of each thing that can be paid; `except` one of them.
    pub fn taken(&self, except: Option<PaymentId>) -> Result<BTreeMap<Payable, Eur>, Overflow> {
        let mut taken = BTreeMap::<Payable, Eur>::new();
        for (_, payment) in self.iter().filter(|(id, payment)| payment.is_live() && Some(*id) != except) {
            for item in &payment.items {
                let sum = taken.entry(item.of).or_default();
                *sum = sum.checked_add(item.eur)?;
            }
        }
        Ok(taken)
    }

    /// A payment that pays something of one that came back or was taken back, and was proposed since.
    pub fn paid_again(&self, returned: &Payment) -> Option<&Payment> {
        let since = returned.returned_at?;
        let shares = |payment: &&Payment| {
            let pays = |of: Payable| returned.items.iter().any(|item| item.of == of);
            payment.items.iter().any(|item| item.of != Payable::Advance && pays(item.of))
        };
        let mut later = self.payments.values().filter(|payment| payment.is_live() && payment.place > since);
        later.find(shares)
    }

    /// Whether something that was proposed since a payment came back or was taken back stands in its place: it pays something
    /// of it again, or is an advance as that was. Items alone do not tell: one advance is not the other, and what an advance
    /// that came back had settled is paid by a payment without any. That is owed as long as the advances are below zero.
    pub fn is_replaced(&self, returned: &Payment) -> Result<bool, Overflow> {
        if self.paid_again(returned).is_some() {
            return Ok(true);
        }
        let Some(since) = returned.returned_at else { return Ok(false) };
        let later = || self.payments.values().filter(|payment| payment.is_live() && payment.place > since);
        let in_advance = |payment: &Payment| payment.is_advance() || payment.advance_settled.is_negative();
        let outside = |payment: &Payment| payment.paid_before.is_negative();
        Ok(match (in_advance(returned), outside(returned)) {
            (true, _) => later().any(in_advance) && !self.open_advance()?.is_negative(),
            (false, true) => later().any(outside),
            (false, false) => false,
        })
    }

    /// All that went to the partner and did not come back.
    pub fn paid(&self) -> Result<Eur, Overflow> {
        let filed = self.iter().filter(|(_, payment)| payment.state == PaymentState::Instructed);
        let filed = Eur::sum(filed.map(|(_, payment)| payment.total))?;
        let outside = [self.made_outside(PaidFor::Claims)?, self.made_outside(PaidFor::Advance)?];
        filed.checked_add(Eur::sum(outside)?)
    }

    /// Whether a payment that was proposed since this one came back settles an advance, or what was paid outside, as this
    /// one did.
    pub fn settled_again(&self, returned: &Payment) -> bool {
        let Some(since) = returned.returned_at else { return false };
        let both = |one: Eur, other: Eur| !one.is_zero() && !other.is_zero();
        let mut later = self.payments.values().filter(|payment| payment.is_live() && payment.place > since);
        later.any(|payment| {
            both(payment.advance_settled, returned.advance_settled)
                || both(payment.paid_before, returned.paid_before)
        })
    }

    /// What was paid in advance and no payment has settled; less than nothing where what was settled was taken back.
    pub fn open_advance(&self) -> Result<Eur, Overflow> {
        let paid = self.iter().filter(|(_, payment)| payment.state == PaymentState::Instructed);
        let paid = paid.filter(|(_, payment)| payment.is_advance()).map(|(_, payment)| payment.total);
        Eur::sum(paid.chain([self.made_outside(PaidFor::Advance)?]))?
            .checked_sub(self.settled(|p| p.advance_settled)?)
    }

    /// Of what was paid in advance outside of the ledger, what no payment has settled.
    pub fn open_outside_advance(&self) -> Result<Eur, Overflow> {
        Ok(self.made_outside(PaidFor::Advance)?.min(self.open_advance()?).max(Eur::ZERO))
    }

    /// What was paid outside of the ledger for what is owed, and no payment has taken into account; less than nothing where
    /// what a payment took into account was taken back.
    pub fn open_outside(&self) -> Result<Eur, Overflow> {
        self.made_outside(PaidFor::Claims)?.checked_sub(self.settled(|payment| payment.paid_before)?)
    }

    /// What was paid in advance or outside of the ledger, and no payment that was made has settled.
    pub fn unsettled(&self) -> Result<Eur, Overflow> {
        let promised = self
            .iter()
            .map(|(_, payment)| payment)
            .filter(|payment| matches!(payment.state, PaymentState::Proposed | PaymentState::Approved));
        let promised = promised.flat_map(|payment| [payment.paid_before, payment.advance_settled]);
        Eur::sum(promised.chain([self.open_advance()?, self.open_outside()?]))
    }

    fn made_outside(&self, paid_for: PaidFor) -> Result<Eur, Overflow> {
        let made = self.outside.values();
        let made = made.filter(|made| made.paid_for == paid_for && made.state == OutsideState::Made);
        Eur::sum(made.map(|outside| outside.amount))
    }

    fn settled(&self, part: impl Fn(&Payment) -> Eur) -> Result<Eur, Overflow> {
        Eur::sum(self.iter().filter(|(_, payment)| payment.is_live()).map(|(_, payment)| part(payment)))
    }

    fn outside_in(&mut self, id: PaymentId, state: OutsideState) -> Result<&mut Outside, FoldError> {
        let found = self.outside.get_mut(&id).filter(|outside| outside.state == state);
        found.ok_or_else(|| FoldError(format!("payment {id} outside of the ledger is not {state}")))
    }

    fn in_state(&mut self, id: PaymentId, states: &[PaymentState]) -> Result<&mut Payment, FoldError> {
        match self.payments.get_mut(&id) {
            Some(payment) if states.contains(&payment.state) => Ok(payment),
            Some(payment) => Err(FoldError(format!("payment {id} is {} already", payment.state))),
            None => Err(FoldError(format!("payment {id} was never proposed"))),
        }
    }
}
