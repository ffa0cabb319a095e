//! The movements on a partner's account, event by event.

use std::collections::HashMap;

use jiff::civil::Date;
use money::{Amount, Eur};
use uuid::Uuid;

use super::grants::{CashGrants, PaidOut, cash_grant};
use crate::case::CaseEvent;
use crate::claim::ClaimReason;
use crate::creditor::CreditorReference;
use crate::event::{Event, Recorded};
use crate::grant::BUDGET_LINE;
use crate::ids::{CaseId, PartnerCode, PaymentId, TextId};
use crate::partner::{Name, PARTNER_FEE, PaidFor, PartnerEvent};
use crate::payment::Payable;
use crate::rates::Quote;

rulebook::codes! {
    /// What moved.
    MovementKind {
        /// Spend was reported, or converted once its rate was published.
        Reported = "reported",
        /// Accepted: the part that counts.
        Eligible = "eligible",
        /// Accepted in part or refused: the part that does not.
        Disallowed = "disallowed",
        /// A refusal was taken back: the claim is undecided again.
        Reopened = "reopened",
        /// Accepted spend came back.
        Reversed = "reversed",
        /// A reversal was undone: what had come back by mistake counts again.
        ReversalUndone = "reversal-undone",
        /// The partner paid an arrival grant out in cash.
        Grant = "arrival-grant",
        /// Of such a grant something came back, or it was another partner's after all.
        GrantBack = "arrival-grant-back",
        /// A fee was reported, or converted once its rate was published.
        FeeReported = "fee-reported",
        /// A fee was accepted.
        Fee = "fee",
        /// A fee was refused by finance, with a reason in its history.
        FeeRefused = "fee-refused",
        /// A refusal of a fee was taken back: the fee is undecided again.
        FeeReopened = "fee-reopened",
        /// An accepted fee was taken back.
        FeeReversed = "fee-reversed",
        /// The partner was paid in advance.
        Advance = "advance",
        /// The partner was paid what was owed.
        Paid = "paid",
        /// A payment or an advance was taken back: recorded as made outside of the ledger, or in a file that the bank did not
        /// carry out.
        PaidReversed = "paid-reversed",
        /// A payment came back from the bank: it is owed again.
        PaidBack = "paid-back",
    }
}

/// One movement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Movement {
    /// The event that caused it.
    pub position: u64,
    /// The day on which it was recorded (UTC).
    pub day: Date,
    /// What moved.
    pub kind: MovementKind,
    /// How much; never negative.
    pub eur: Eur,
    /// Why it was disallowed.
    pub reason: Option<&'static str>,
    /// The number of the claim, fee or payment it is about.
    pub about: u64,
    /// What somebody said about it, in the vault.
    pub words: Option<TextId>,
}

/// What a statement says of a claim, a fee or a payment.
#[derive(Debug, Clone, PartialEq)]
pub struct Stated {
    /// Its number: the position of its first event.
    pub number: u64,
    /// For whom; none of a fee, or of a payment to the partner.
    pub case: Option<CaseId>,
    /// Benefit category; what it is, of a fee or payment.
    pub category: String,
    /// Budget line; none of a fee or payment.
    pub budget_line: Option<String>,
    /// Day of the delivery, the charge or the payment.
    pub on: Date,
    /// As on the receipt.
    pub amount: Amount,
    /// The rate it was converted at.
    pub quote: Option<Quote>,
    /// Supplier and receipt number, or the payment's reference.
    pub words: Words,
}

/// Where the words about a claim, a fee or a payment stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Words {
    /// In the vault.
    Sealed(TextId),
    /// In the event: the reference that this ledger gave a payment.
    Reference(CreditorReference),
}

impl Stated {
    /// Whether it is spend on a person: no fee, no arrival grant, no payment.
    pub fn is_spend(&self) -> bool {
        self.case.is_some() && self.budget_line.as_deref() != Some(BUDGET_LINE)
    }
}

/// Spend or a fee that waits, or waited, for an exchange rate: it is in no balance until then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// The number of the claim or fee.
    pub number: u64,
    /// As what it moves once it has its rate.
    pub kind: MovementKind,
    /// The day of the report, or on which a refusal was taken back.
    pub since: Date,
    /// The day on which it was converted or refused.
    pub until: Option<Date>,
    /// What is held back for it meanwhile; nothing for a fee, and where no rate is known.
    pub estimate: Eur,
}

impl Waiting {
    /// Whether it waited at the end of a day.
    pub fn at_the_end_of(&self, day: Date) -> bool {
        self.since <= day && self.until.is_none_or(|until| day < until)
    }
}

/// One partner's account, folded from the log.
#[derive(Debug)]
pub struct Account {
    partner: PartnerCode,
    name: Option<Name>,
    places: HashMap<Uuid, usize>,
    fees: HashMap<Uuid, Eur>,
    waiting: Vec<Waiting>,
    stated: Vec<Stated>,
    movements: Vec<Movement>,
    grants: CashGrants,
    /// Payments that were proposed.
    payments: HashMap<Uuid, Proposed>,
    /// What was paid outside of the ledger, and for what.
    outside: HashMap<Uuid, (MovementKind, Eur)>,
    covered: Vec<Covered>,
    questions: Vec<Question>,
}

/// What finance asked about a claim or fee, until it is asked something else or decided.
#[derive(Debug)]
struct Question {
    day: Date,
    about: u64,
    /// In the vault; none once it is decided, or where a rule asked.
    words: Option<TextId>,
}

/// A payment that was proposed.
#[derive(Debug, Clone)]
struct Proposed {
    /// What it transfers.
    total: Eur,
    advance: bool,
    /// What it is for; an advance is for nothing yet.
    items: Vec<(Uuid, Eur)>,
}

/// What a payment that was made paid of one claim, fee or grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Covered {
    /// The day on which it was recorded.
    pub day: Date,
    /// The number of the claim, fee or grant.
    pub about: u64,
    /// How much, in euro; below zero where something came back after it was paid.
    pub eur: Eur,
}

impl Account {
    /// Of this partner, before anything happened.
    pub fn of(partner: PartnerCode) -> Self {
        Self {
            partner,
            name: None,
            places: HashMap::new(),
            fees: HashMap::new(),
            waiting: Vec::new(),
            stated: Vec::new(),
            movements: Vec::new(),
            grants: CashGrants::default(),
            payments: HashMap::new(),
            outside: HashMap::new(),
            covered: Vec::new(),
            questions: Vec::new(),
        }
    }

    /// Whose it is.
    pub fn partner(&self) -> &PartnerCode {
        &self.partner
    }

    /// What it is called, if somebody has said so.
    pub fn name(&self) -> Option<&Name> {
        self.name.as_ref()
    }

    /// What payments paid of which claim, fee or grant, in the order of the log.
    pub fn covered(&self) -> &[Covered] {
        &self.covered
    }

    /// What finance asked about a claim or fee last, by the end of a day, and did not decide since.
    pub fn question(&self, about: u64, last: Date) -> Option<TextId> {
        let mut questions = self.questions.iter().rev();
        questions.find(|question| question.about == about && question.day <= last)?.words
    }

    /// The movements, in the order of the log.
    pub fn movements(&self) -> &[Movement] {
        &self.movements
    }

    /// Spend and fees that wait, or waited, for an exchange rate.
    pub fn waiting(&self) -> &[Waiting] {
        &self.waiting
    }

    /// Its claims, fees and payments, in the order of the log.
    pub fn all(&self) -> &[Stated] {
        &self.stated
    }

    /// The claim, fee or payment with a number.
    pub fn stated(&self, number: u64) -> Option<&Stated> {
        self.stated
            .binary_search_by_key(&number, |stated| stated.number)
            .ok()
            .map(|place| &self.stated[place])
    }

    /// Folds the next event of the log; what is about other partners moves nothing.
    pub fn apply(&mut self, recorded: &Recorded) {
        match &recorded.event {
            Event::Case(event) => {
                self.of_case(recorded, event);
                self.of_grants(recorded, event);
            }
            Event::Partner(event) if recorded.stream_id == self.partner.stream() => {
                self.of_partner(recorded, event);
            }
            _ => {}
        }
    }

    fn of_case(&mut self, recorded: &Recorded, event: &CaseEvent) {
        match event {
            CaseEvent::SpendReported(e) if e.partner == self.partner => {
                let Ok(case) = recorded.stream_id.id().parse() else { return };
                self.state(
                    e.claim.0,
                    Stated {
                        number: recorded.position,
                        case: Some(case),
                        category: e.category.clone(),
                        budget_line: Some(e.budget_line.clone()),
                        on: e.delivered_on,
                        amount: e.amount,
                        quote: e.exchange.as_ref().and_then(|exchange| exchange.quote),
                        words: Words::Sealed(e.details),
                    },
                );
                if e.eur.is_none() {
                    self.waits(recorded, e.claim.0, MovementKind::Reported);
                }
                self.moved(recorded, e.claim.0, MovementKind::Reported, e.eur.unwrap_or(Eur::ZERO), None);
            }
            CaseEvent::SpendEstimated(e) => {
                let place = self.places.get(&e.claim.0).copied();
                let number = place.map(|place| self.stated[place].number);
                if let Some(waiting) = self.waiting.iter_mut().rfind(|w| Some(w.number) == number) {
                    waiting.estimate = e.amount;
                }
            }
            CaseEvent::ClaimConverted(e) => {
                self.valued(recorded, e.claim.0, e.quote);
                self.moved(recorded, e.claim.0, MovementKind::Reported, e.eur, None);
            }
            CaseEvent::ClaimAccepted(e) => {
                self.moved(recorded, e.claim.0, MovementKind::Eligible, e.eligible, None);
                self.asked(recorded, e.claim.0, None);
                // What was decided adds up, or the case could not be folded.
                for (reason, eur) in e.disallowed_for().into_iter().flatten() {
                    let (kind, by_finance) = (MovementKind::Disallowed, reason == ClaimReason::ByFinance);
                    let words = e.cut.filter(|_| by_finance).map(|cut| cut.details);
                    self.moved_with_words(recorded, e.claim.0, kind, eur, Some(reason.code()), words);
                }
            }
            CaseEvent::ClaimRefused(e) => {
                self.waits_no_more(recorded, e.claim.0);
                self.asked(recorded, e.claim.0, None);
                let (kind, reason) = (MovementKind::Disallowed, Some(e.reason.code()));
                self.moved_with_words(recorded, e.claim.0, kind, e.disallowed, reason, e.details);
            }
            CaseEvent::ClaimQueried(e) => self.asked(recorded, e.claim.0, e.details),
            CaseEvent::ClaimReopened(e) => {
                // It was refused before it had euros: it waits again.
                if e.amount.is_zero() {
                    self.waits(recorded, e.claim.0, MovementKind::Reported);
                }
                let kind = MovementKind::Reopened;
                self.moved_with_words(recorded, e.claim.0, kind, e.amount, None, Some(e.details));
            }
            CaseEvent::BenefitReversed(e) => {
                let kind = MovementKind::Reversed;
                self.moved_with_words(recorded, e.claim.0, kind, e.amount, None, Some(e.details));
            }
            CaseEvent::BenefitReversalUndone(e) => {
                let kind = MovementKind::ReversalUndone;
                self.moved_with_words(recorded, e.claim.0, kind, e.amount, None, Some(e.details));
            }
            _ => {}
        }
    }

    fn of_partner(&mut self, recorded: &Recorded, event: &PartnerEvent) {
        match event {
            PartnerEvent::PartnerNamed(e) => self.name = Some(e.name.clone()),
            PartnerEvent::FeeReported(e) => {
                let stated = Stated {
                    number: recorded.position,
                    case: None,
                    category: PARTNER_FEE.to_owned(),
                    budget_line: None,
                    on: e.charged_on,
                    amount: e.amount,
                    quote: e.exchange.as_ref().and_then(|exchange| exchange.quote),
                    words: Words::Sealed(e.details),
                };
                self.state(e.fee.0, stated);
                match e.eur {
                    Some(eur) => self.charged(recorded, e.fee.0, eur),
                    None => self.waits(recorded, e.fee.0, MovementKind::FeeReported),
                }
            }
            PartnerEvent::FeeConverted(e) => {
                self.valued(recorded, e.fee.0, e.quote);
                self.charged(recorded, e.fee.0, e.eur);
            }
            PartnerEvent::FeeAccepted(e) => {
                self.asked(recorded, e.fee.0, None);
                self.moved(recorded, e.fee.0, MovementKind::Fee, e.eur, None);
            }
            PartnerEvent::FeeQueried(e) => self.asked(recorded, e.fee.0, Some(e.details)),
            PartnerEvent::FeeReopened(e) => {
                let eur = self.fees.get(&e.fee.0).copied();
                // It was refused before it had euros: it waits again.
                if eur.is_none() {
                    self.waits(recorded, e.fee.0, MovementKind::FeeReported);
                }
                let (kind, eur) = (MovementKind::FeeReopened, eur.unwrap_or(Eur::ZERO));
                self.moved_with_words(recorded, e.fee.0, kind, eur, None, Some(e.reason));
            }
            PartnerEvent::FeeRefused(e) => {
                self.waits_no_more(recorded, e.fee.0);
                self.asked(recorded, e.fee.0, None);
                let eur = self.fees.get(&e.fee.0).copied().unwrap_or(Eur::ZERO);
                let (kind, reason) = (MovementKind::FeeRefused, Some("by-finance"));
                self.moved_with_words(recorded, e.fee.0, kind, eur, reason, Some(e.reason));
            }
            PartnerEvent::FeeReversed(e) => {
                let kind = MovementKind::FeeReversed;
                self.moved_with_words(recorded, e.fee.0, kind, e.eur, None, Some(e.reason));
            }
            PartnerEvent::PartnerPaidReversed(e) => {
                let kind = MovementKind::PaidReversed;
                self.moved_with_words(recorded, e.payment.0, kind, e.amount, None, Some(e.reason));
            }
            PartnerEvent::PartnerPaid(e) => {
                let kind = match e.paid_for {
                    PaidFor::Advance => MovementKind::Advance,
                    PaidFor::Claims => MovementKind::Paid,
                };
                self.state(
                    e.payment.0,
                    Stated {
                        number: recorded.position,
                        case: None,
                        category: "payment".to_owned(),
                        budget_line: None,
                        on: e.paid_on,
                        amount: e.amount.into(),
                        quote: None,
                        words: Words::Sealed(e.details),
                    },
                );
                self.outside.insert(e.payment.0, (kind, e.amount));
                self.moved(recorded, e.payment.0, kind, e.amount, None);
            }
            PartnerEvent::PaymentProposed(e) => {
                let advance = e.items.iter().any(|item| item.of == Payable::Advance);
                let items = e.items.iter().filter_map(|item| Some((item.of.id()?, item.eur))).collect();
                self.payments.insert(e.payment.0, Proposed { total: e.total, advance, items });
                self.state(
                    e.payment.0,
                    Stated {
                        number: recorded.position,
                        case: None,
                        category: "payment".to_owned(),
                        budget_line: None,
                        on: recorded.recorded_on(),
                        amount: e.total.into(),
                        quote: None,
                        words: Words::Reference(e.reference.clone()),
                    },
                );
            }
            // Of which nothing is left to be transferred, a payment is settled by its approval.
            PartnerEvent::PaymentApproved(e) => {
                let settled = |payment: &&Proposed| payment.total.is_zero();
                if let Some(payment) = self.payments.get(&e.payment.0).filter(settled).cloned() {
                    self.covers(recorded, payment.items);
                }
            }
            PartnerEvent::PaymentInstructed(e) => {
                if let Some(place) = self.places.get(&e.payment.0) {
                    self.stated[*place].on = e.execute_on;
                }
                self.made(recorded, e.payment);
            }
            PartnerEvent::PaymentReturned(e) => {
                self.unmade(recorded, e.payment, MovementKind::PaidBack, None);
            }
            PartnerEvent::PaymentRecalled(e) => {
                self.unmade(recorded, e.payment, MovementKind::PaidReversed, Some(e.reason));
            }
            PartnerEvent::PaymentReturnUndone(e) => self.made(recorded, e.payment),
            PartnerEvent::PartnerPaidReturned(e) => {
                if let Some((_, eur)) = self.outside.get(&e.payment.0).copied() {
                    self.moved(recorded, e.payment.0, MovementKind::PaidBack, eur, None);
                }
            }
            PartnerEvent::PartnerPaidReturnUndone(e) => {
                if let Some((kind, eur)) = self.outside.get(&e.payment.0).copied() {
                    self.moved(recorded, e.payment.0, kind, eur, None);
                }
            }
            _ => {}
        }
    }

    /// A payment counts as paid.
    fn made(&mut self, recorded: &Recorded, payment: PaymentId) {
        let Some(Proposed { total, advance, items }) = self.payments.get(&payment.0).cloned() else { return };
        self.covers(recorded, items);
        let kind = if advance { MovementKind::Advance } else { MovementKind::Paid };
        self.moved(recorded, payment.0, kind, total, None);
    }

    /// A payment counts as paid no more.
    fn unmade(&mut self, recorded: &Recorded, payment: PaymentId, kind: MovementKind, words: Option<TextId>) {
        let Some(Proposed { total, items, .. }) = self.payments.get(&payment.0).cloned() else { return };
        let back = items.into_iter().filter_map(|(id, eur)| Some((id, eur.checked_neg().ok()?)));
        self.covers(recorded, back.collect());
        self.moved_with_words(recorded, payment.0, kind, total, None, words);
    }

    fn covers(&mut self, recorded: &Recorded, items: Vec<(Uuid, Eur)>) {
        for (id, eur) in items {
            if let Some(place) = self.places.get(&id) {
                let (day, about) = (recorded.recorded_on(), self.stated[*place].number);
                self.covered.push(Covered { day, about, eur });
            }
        }
    }

    fn of_grants(&mut self, recorded: &Recorded, event: &CaseEvent) {
        if !CashGrants::concerns(event) {
            return;
        }
        let Ok(case) = recorded.stream_id.id().parse() else { return };
        if let Some((id, grant)) = cash_grant(event) {
            self.state(id.0, stated_grant(recorded.position, case, &grant));
        }
        for (grant, kind, eur) in self.grants.apply(case, event, &self.partner) {
            self.moved(recorded, grant.0, kind, eur, None);
        }
    }

    fn charged(&mut self, recorded: &Recorded, id: Uuid, eur: Eur) {
        self.fees.insert(id, eur);
        self.moved(recorded, id, MovementKind::FeeReported, eur, None);
    }

    /// What waited got its rate.
    fn valued(&mut self, recorded: &Recorded, id: Uuid, quote: Quote) {
        if let Some(place) = self.places.get(&id) {
            self.stated[*place].quote = Some(quote);
        }
        self.waits_no_more(recorded, id);
    }

    fn waits(&mut self, recorded: &Recorded, id: Uuid, kind: MovementKind) {
        if let Some(place) = self.places.get(&id) {
            let (number, since) = (self.stated[*place].number, recorded.recorded_on());
            self.waiting.push(Waiting { number, kind, since, until: None, estimate: Eur::ZERO });
        }
    }

    fn waits_no_more(&mut self, recorded: &Recorded, id: Uuid) {
        let Some(number) = self.places.get(&id).map(|place| self.stated[*place].number) else { return };
        for waiting in self.waiting.iter_mut().filter(|w| w.number == number && w.until.is_none()) {
            waiting.until = Some(recorded.recorded_on());
        }
    }

    fn state(&mut self, id: Uuid, stated: Stated) {
        self.places.insert(id, self.stated.len());
        self.stated.push(stated);
    }

    /// Notes a movement on something of this partner; one of nothing is none.
    fn moved(
        &mut self,
        recorded: &Recorded,
        id: Uuid,
        kind: MovementKind,
        eur: Eur,
        reason: Option<&'static str>,
    ) {
        self.moved_with_words(recorded, id, kind, eur, reason, None);
    }

    /// The same, with what somebody said about it.
    fn moved_with_words(
        &mut self,
        recorded: &Recorded,
        id: Uuid,
        kind: MovementKind,
        eur: Eur,
        reason: Option<&'static str>,
        words: Option<TextId>,
    ) {
        let Some(place) = self.places.get(&id) else { return };
        if !eur.is_zero() {
            let (position, day) = (recorded.position, recorded.recorded_on());
            let about = self.stated[*place].number;
            self.movements.push(Movement { position, day, kind, eur, reason, about, words });
        }
    }

    /// Notes what was asked about a claim or fee, or that it is decided.
    fn asked(&mut self, recorded: &Recorded, id: Uuid, words: Option<TextId>) {
        if let Some(place) = self.places.get(&id) {
            let (day, about) = (recorded.recorded_on(), self.stated[*place].number);
            self.questions.push(Question { day, about, words });
        }
    }
}

fn stated_grant(number: u64, case: CaseId, grant: &PaidOut) -> Stated {
    Stated {
        number,
        case: Some(case),
        category: BUDGET_LINE.to_owned(),
        budget_line: Some(BUDGET_LINE.to_owned()),
        on: grant.paid_on,
        amount: grant.amount.into(),
        quote: None,
        words: Words::Sealed(grant.details),
    }
}
