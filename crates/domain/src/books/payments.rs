//! What partners charge and are paid, as vouchers.

use money::{Eur, Overflow};

use super::chart::{MoneyKind, Seen};
use super::journal::{Journal, Told, Voucher, What, When, unknown};
use super::words;
use crate::creditor::CreditorReference;
use crate::event::Recorded;
use crate::ids::{PartnerCode, PaymentId};
use crate::partner::{PARTNER_FEE, PaidFor, PartnerEvent};
use crate::payment::{Payable, PaymentItem, PaymentProposed};
use crate::refusal::FoldError;

/// A payment that was made outside of the ledger.
#[derive(Debug, Clone, Copy)]
pub(super) struct Outside {
    pub(super) about: u64,
    paid_for: PaidFor,
    amount: Eur,
}

/// A payment that was proposed.
#[derive(Debug, Clone)]
pub(super) struct Payment {
    about: u64,
    partner: PartnerCode,
    reference: CreditorReference,
    items: Vec<PaymentItem>,
    /// Of what it pays, paid before outside of the ledger.
    paid_before: Eur,
    advance_settled: Eur,
    total: Eur,
}

impl Payment {
    fn of(about: u64, partner: PartnerCode, event: &PaymentProposed) -> Self {
        let PaymentProposed { reference, items, paid_before, advance_settled, total, .. } = event.clone();
        Self { about, partner, reference, items, paid_before, advance_settled, total }
    }

    /// The payment as a whole, for no case.
    pub(super) fn told(&self) -> Told {
        let (about, partner) = (self.about, Some(self.partner.clone()));
        Told { about, partner, name: format!("payment {about} ({})", self.reference), ..Told::default() }
    }

    fn is_advance(&self) -> bool {
        self.items.iter().any(|item| item.of == Payable::Advance)
    }

    /// The same, taken back.
    fn negated(mut self) -> Result<Self, Overflow> {
        for item in &mut self.items {
            item.eur = item.eur.checked_neg()?;
        }
        for figure in [&mut self.paid_before, &mut self.advance_settled, &mut self.total] {
            *figure = figure.checked_neg()?;
        }
        Ok(self)
    }
}

impl Journal<'_> {
    pub(super) fn of_partner(
        &mut self,
        recorded: &Recorded,
        event: &PartnerEvent,
    ) -> Result<Vec<Voucher>, FoldError> {
        let partner: PartnerCode = recorded.stream_id.id().parse().map_err(|_| unknown(recorded))?;
        let decided = When::Decided(recorded.recorded_on());
        let voucher = match event {
            PartnerEvent::FeeReported(e) => {
                self.fees.insert(e.fee, (recorded.position, e.charged_on));
                None
            }
            PartnerEvent::FeeAccepted(e) => {
                let (about, charged_on) = self.fees.get(&e.fee).copied().ok_or_else(|| unknown(recorded))?;
                let (told, when) = (fee(about, partner), When::Decided(charged_on));
                self.voucher(recorded, MoneyKind::FeeAccepted, e.eur, when, &told, None)?
            }
            PartnerEvent::FeeReversed(e) => {
                let (about, _) = self.fees.get(&e.fee).copied().ok_or_else(|| unknown(recorded))?;
                self.voucher(recorded, MoneyKind::FeeReversed, e.eur, decided, &fee(about, partner), None)?
            }
            PartnerEvent::PartnerPaidReversed(e) => {
                let outside = *self.outside.get(&e.payment).ok_or_else(|| unknown(recorded))?;
                self.outside_back(recorded, partner, outside, decided, e.amount)?
            }
            // On the day of the line that brought it, as the match is.
            PartnerEvent::PartnerPaidReturned(e) => {
                let outside = *self.outside.get(&e.payment).ok_or_else(|| unknown(recorded))?;
                let when = When::Moved(self.matched_on(recorded, e.matching)?);
                self.outside_back(recorded, partner, outside, when, outside.amount)?
            }
            PartnerEvent::PartnerPaidReturnUndone(e) => {
                let outside = *self.outside.get(&e.payment).ok_or_else(|| unknown(recorded))?;
                let when = When::Moved(self.matched_on(recorded, e.matching)?);
                self.outside_back(recorded, partner, outside, when, outside.amount.checked_neg()?)?
            }
            PartnerEvent::PartnerPaid(e) => {
                let kind = match e.paid_for {
                    PaidFor::Advance => MoneyKind::AdvancePaid,
                    PaidFor::Claims => MoneyKind::PartnerPaid,
                };
                let (about, paid_for, amount) = (recorded.position, e.paid_for, e.amount);
                self.outside.insert(e.payment, Outside { about, paid_for, amount });
                let told = outside(recorded.position, partner);
                self.voucher(recorded, kind, e.amount, When::Moved(e.paid_on), &told, None)?
            }
            PartnerEvent::PaymentProposed(e) => {
                self.payments.insert(e.payment, Payment::of(recorded.position, partner, e));
                None
            }
            // Of which nothing is left to be transferred, a payment is settled by its approval.
            PartnerEvent::PaymentApproved(e) => {
                let payment = self.payment(recorded, e.payment)?;
                match payment.total.is_zero() {
                    true => return self.paid(recorded, &payment, decided, "settled"),
                    false => None,
                }
            }
            PartnerEvent::PaymentInstructed(e) => {
                let payment = self.payment(recorded, e.payment)?;
                return self.paid(recorded, &payment, decided, "given to the bank");
            }
            PartnerEvent::PaymentRecalled(e) => {
                let payment = self.payment(recorded, e.payment)?.negated()?;
                return self.paid(recorded, &payment, decided, "taken back from its file");
            }
            // On the day of the line that brought it, as the match is.
            PartnerEvent::PaymentReturned(e) => {
                let payment = self.payment(recorded, e.payment)?.negated()?;
                let when = When::Moved(self.matched_on(recorded, e.matching)?);
                return self.paid(recorded, &payment, when, "come back from the bank");
            }
            PartnerEvent::PaymentReturnUndone(e) => {
                let payment = self.payment(recorded, e.payment)?;
                let when = When::Moved(self.matched_on(recorded, e.matching)?);
                return self.paid(recorded, &payment, when, "not come back after all");
            }
            _ => None,
        };
        Ok(voucher.into_iter().collect())
    }

    /// A payment that was made outside of the ledger is not made, or came back.
    fn outside_back(
        &mut self,
        recorded: &Recorded,
        partner: PartnerCode,
        Outside { about, paid_for, .. }: Outside,
        when: When,
        amount: Eur,
    ) -> Result<Option<Voucher>, FoldError> {
        let kind = match paid_for {
            PaidFor::Advance => MoneyKind::AdvanceReversed,
            PaidFor::Claims => MoneyKind::PartnerPaidReversed,
        };
        self.voucher(recorded, kind, amount, when, &outside(about, partner), None)
    }

    /// What is owed for each case is owed no more. Of that, what was paid before was booked without its cases then, and
    /// what advances settle has a voucher of its own. `done` says what became of the payment.
    fn paid(
        &mut self,
        recorded: &Recorded,
        payment: &Payment,
        when: When,
        done: &str,
    ) -> Result<Vec<Voucher>, FoldError> {
        let Payment { about, advance_settled: settled, total, paid_before, .. } = *payment;
        let of_partner = payment.told();
        let items = payment.items.iter().map(|item| Ok((self.item(recorded, payment, item)?, item.eur)));
        let items: Vec<(Told, Eur)> = items.collect::<Result<_, FoldError>>()?;
        let debit_less = |less: Eur| -> Result<Vec<(&Told, Eur)>, FoldError> {
            let less = (&of_partner, less.checked_neg()?);
            Ok(items.iter().map(|(told, eur)| (told, *eur)).chain([less]).collect())
        };
        let paid = if payment.is_advance() { MoneyKind::AdvancePaid } else { MoneyKind::PaymentInstructed };
        let alone = total.is_zero();
        let debit = if alone { debit_less(paid_before)? } else { vec![(&of_partner, settled)] };
        let whose = words::about(&[&of_partner]);
        let text = words::text(MoneyKind::AdvanceSettled, &of_partner, settled.is_negative());
        let what = What { kind: MoneyKind::AdvanceSettled, about, when, seen: Seen::default(), text: &text };
        let advance = self.make(recorded, what, &debit, &[(&of_partner, settled)])?;
        let money = if payment.is_advance() { "Advance" } else { "Payment" };
        let text = words::joined(&format!("{money} {done}"), &whose);
        let transfer = match alone {
            true => None,
            false => {
                let debit = debit_less(paid_before.checked_add(settled)?)?;
                let what = What { kind: paid, text: &text, ..what };
                self.make(recorded, what, &debit, &[(&of_partner, total)])?
            }
        };
        Ok(advance.into_iter().chain(transfer).collect())
    }

    /// What an item of a payment is about: what was booked when it was accepted.
    fn item(&self, recorded: &Recorded, payment: &Payment, item: &PaymentItem) -> Result<Told, FoldError> {
        match item.of {
            Payable::Claim { claim, .. } => Ok(self.claim(recorded, claim)?.0),
            Payable::Grant { grant, .. } => {
                let grant = self.grants.get(&grant).ok_or_else(|| unknown(recorded))?;
                Ok(grant.0.clone())
            }
            Payable::Fee { fee: id } => {
                let (about, _) = self.fees.get(&id).copied().ok_or_else(|| unknown(recorded))?;
                Ok(fee(about, payment.partner.clone()))
            }
            Payable::Advance => Ok(payment.told()),
        }
    }

    pub(super) fn payment(&self, recorded: &Recorded, payment: PaymentId) -> Result<Payment, FoldError> {
        self.payments.get(&payment).cloned().ok_or_else(|| unknown(recorded))
    }
}

fn fee(about: u64, partner: PartnerCode) -> Told {
    let (name, category) = (format!("fee {about}"), Some(PARTNER_FEE.to_owned()));
    Told { about, name, partner: Some(partner), category, ..Told::default() }
}

/// A payment that was made outside of the ledger.
pub(super) fn outside(about: u64, partner: PartnerCode) -> Told {
    Told { about, name: format!("payment {about}"), partner: Some(partner), ..Told::default() }
}
