//! Separation of duties, held against the whole log: whether anybody decided what they reported, or agreed to what
//! they proposed. Decisions obey these rules when they are made; this looks at who in fact gave each command.

use std::collections::{BTreeMap, HashMap};

use money::{Amount, Eur};

use crate::case::CaseEvent;
use crate::event::{Event, Recorded};
use crate::exception::{ExceptionId, Resolution};
use crate::hold::{HoldEvent, Scope};
use crate::ids::{Actor, ClaimId, FeeId, PartnerCode, PaymentId};
use crate::ledger::LedgerEvent;
use crate::partner::PartnerEvent;
use crate::payment::PaymentFileEvent;
use crate::reconciliation::ReconciliationEvent;

rulebook::codes! {
    /// A duty that one person took twice.
    Breach {
        /// Somebody who acts for a partner decided what it reported.
        OwnClaim = "own-claim",
        /// One person proposed and agreed.
        SamePerson = "same-person",
        /// What takes two people was decided by one.
        NoSecondPerson = "no-second-person",
        /// Somebody who acts for a partner decided its fee, or where it is paid.
        OwnPartner = "own-partner",
        /// The event names another person than the one who gave the command.
        AnotherName = "another-name",
        /// One person approved a payment and wrote it into a file for the bank.
        ApproverPays = "approver-pays",
    }
}

/// One breach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The event.
    pub position: u64,
    /// What was breached.
    pub breach: Breach,
    /// Who gave the command.
    pub actor: String,
    /// The claim, fee, payment or proposal it is about, by number.
    pub about: u64,
}

/// Who did what about the claims and partners of a log, event by event.
#[derive(Debug, Default)]
pub struct Duties {
    claims: HashMap<ClaimId, Watched>,
    /// Payment details that wait for a second person: where they were proposed, and by whom.
    proposals: HashMap<PartnerCode, (u64, String)>,
    fees: HashMap<FeeId, WatchedFee>,
    payments: HashMap<PaymentId, WatchedPayment>,
    /// The version of the rulebook in force.
    rulebook: String,
    holds: HashMap<u64, Scope>,
    /// Where each match was recorded, and the partners whose payments it settles.
    matches: HashMap<u64, (u64, Vec<PartnerCode>)>,
    /// Who proposed to write something off.
    write_offs: BTreeMap<ExceptionId, String>,
    /// From which claim on each version of the rulebook asks for two people; none where it does not.
    limits: BTreeMap<String, Option<Eur>>,
}

#[derive(Debug)]
struct Watched {
    number: u64,
    partner: PartnerCode,
    /// What the whole receipt is worth, of which this may be one share.
    worth: Option<Eur>,
    whole: Amount,
    proposed_by: Option<String>,
}

#[derive(Debug)]
struct WatchedFee {
    number: u64,
    eur: Option<Eur>,
    proposed_by: Option<String>,
}

#[derive(Debug)]
struct WatchedPayment {
    number: u64,
    proposed_by: String,
    approved_by: Option<String>,
}

impl Duties {
    /// Under these versions of the rulebook, with what each asks for.
    pub fn under(limits: BTreeMap<String, Option<Eur>>) -> Self {
        Self { limits, ..Self::default() }
    }

    /// The breaches of the next event of the log.
    pub fn observe(&mut self, recorded: &Recorded) -> Vec<Violation> {
        match &recorded.event {
            Event::Case(event) => self.of_case(event, recorded),
            Event::Partner(event) => self.of_partner(event, recorded),
            Event::Hold(event) => self.of_holds(event, recorded),
            Event::Ledger(LedgerEvent::RulebookAdopted(e)) => {
                self.rulebook.clone_from(&e.version);
                Vec::new()
            }
            Event::PaymentFile(PaymentFileEvent::PaymentFileWritten(e))
                if e.by.as_str() != recorded.actor =>
            {
                let (position, actor) = (recorded.position, recorded.actor.clone());
                vec![Violation { position, breach: Breach::AnotherName, actor, about: position }]
            }
            Event::Reconciliation(event) => self.of_matches(event, recorded),
            Event::PaymentFile(_)
            | Event::Ledger(_)
            | Event::Rates(_)
            | Event::Bank(_)
            | Event::Line(_)
            | Event::Closing(_) => Vec::new(),
        }
    }

    /// Nobody matches what is paid to the partner for which they act.
    fn of_matches(&mut self, event: &ReconciliationEvent, recorded: &Recorded) -> Vec<Violation> {
        let (position, actor) = (recorded.position, &recorded.actor);
        let (by, number) = match event {
            ReconciliationEvent::PaymentMatched(e) => {
                let partners = e.items.iter().filter_map(|item| item.of.partner()).cloned();
                self.matches.insert(e.number, (position, partners.collect()));
                (&e.by, e.number)
            }
            ReconciliationEvent::MatchUndone(e) => (&e.by, e.number),
            _ => return self.of_exceptions(event, recorded),
        };
        let Some((about, partners)) = self.matches.get(&number) else { return Vec::new() };
        let own = partners.iter().any(|partner| partner.is_of(actor)).then_some(Breach::OwnPartner);
        let other_name = (by.as_str() != actor).then_some(Breach::AnotherName);
        let breaches = [own, other_name];
        let violation = |breach| Violation { position, breach, actor: actor.clone(), about: *about };
        breaches.into_iter().flatten().map(violation).collect()
    }

    /// What is large is not written off by the one who proposed it, nor does anybody answer for what the partner was paid
    /// for which they act.
    fn of_exceptions(&mut self, event: &ReconciliationEvent, recorded: &Recorded) -> Vec<Violation> {
        let (position, actor) = (recorded.position, &recorded.actor);
        let (by, id, one_person) = match event {
            ReconciliationEvent::ExceptionAssigned(e) => (&e.by, &e.exception, None),
            ReconciliationEvent::WriteOffProposed(e) => {
                self.write_offs.insert(e.exception.clone(), actor.clone());
                (&e.by, &e.exception, None)
            }
            ReconciliationEvent::ExceptionResolved(e) => {
                let first = self.write_offs.remove(&e.exception);
                let same = matches!(e.how, Resolution::WrittenOff { .. }) && first.as_ref() == Some(actor);
                (&e.by, &e.exception, same.then_some(Breach::SamePerson))
            }
            ReconciliationEvent::ExceptionReopened(e) => (&e.by, &e.exception, None),
            _ => return Vec::new(),
        };
        let own = id.about.partner().filter(|partner| partner.is_of(actor)).map(|_| Breach::OwnPartner);
        let other_name = (by.as_str() != actor).then_some(Breach::AnotherName);
        let violation = |breach| Violation { position, breach, actor: actor.clone(), about: position };
        [own, one_person, other_name].into_iter().flatten().map(violation).collect()
    }

    /// Nobody stops or frees the payments of the partner for which they act.
    fn of_holds(&mut self, event: &HoldEvent, recorded: &Recorded) -> Vec<Violation> {
        let scope = match event {
            HoldEvent::PaymentsHeld(e) => self.holds.entry(e.hold).or_insert_with(|| e.scope.clone()),
            HoldEvent::PaymentsReleased(e) => match self.holds.get_mut(&e.hold) {
                Some(scope) => scope,
                None => return Vec::new(),
            },
            HoldEvent::HoldCommandRefused(_) => return Vec::new(),
        };
        match scope {
            Scope::Partner(code) if code.is_of(&recorded.actor) => {
                let (position, actor) = (recorded.position, recorded.actor.clone());
                vec![Violation { position, breach: Breach::OwnPartner, actor, about: position }]
            }
            _ => Vec::new(),
        }
    }

    fn of_partner(&mut self, event: &PartnerEvent, recorded: &Recorded) -> Vec<Violation> {
        let Ok(partner) = recorded.stream_id.id().parse::<PartnerCode>() else { return Vec::new() };
        let (position, actor) = (recorded.position, &recorded.actor);
        let own = partner.is_of(actor).then_some(Breach::OwnPartner);
        let other_name = |named: &Actor| (named.as_str() != actor).then_some(Breach::AnotherName);
        let (about, breaches) = match event {
            PartnerEvent::PaymentDetailsProposed(e) => {
                self.proposals.insert(partner, (position, actor.clone()));
                (position, vec![other_name(&e.proposed_by)])
            }
            PartnerEvent::PaymentDetailsApproved(e) => {
                let proposal = self.proposals.remove(&partner);
                let one_person = match &proposal {
                    Some((_, first)) => (first == actor).then_some(Breach::SamePerson),
                    None => Some(Breach::NoSecondPerson),
                };
                let about = proposal.map_or(position, |(number, _)| number);
                (about, vec![own, one_person, other_name(&e.approved_by)])
            }
            PartnerEvent::PaymentDetailsRejected(_) => {
                self.proposals.remove(&partner);
                return Vec::new();
            }
            PartnerEvent::FeeReported(e) => {
                let fee = WatchedFee { number: position, eur: e.eur, proposed_by: None };
                self.fees.insert(e.fee, fee);
                return Vec::new();
            }
            PartnerEvent::FeeConverted(e) => {
                if let Some(fee) = self.fees.get_mut(&e.fee) {
                    fee.eur = Some(e.eur);
                }
                return Vec::new();
            }
            PartnerEvent::FeeProposed(e) => {
                let Some(fee) = self.fees.get_mut(&e.fee) else { return Vec::new() };
                fee.proposed_by = Some(actor.clone());
                (fee.number, vec![own, other_name(&e.proposed_by)])
            }
            PartnerEvent::FeeAccepted(e) => {
                let Some(fee) = self.fees.get(&e.fee) else { return Vec::new() };
                let limit = self.limits.get(&self.rulebook).copied().flatten();
                let one_person = match &fee.proposed_by {
                    Some(first) => (first == actor).then_some(Breach::SamePerson),
                    None => limit.filter(|limit| fee.eur >= Some(*limit)).map(|_| Breach::NoSecondPerson),
                };
                (fee.number, vec![own, one_person])
            }
            PartnerEvent::FeeRefused(e) => {
                (self.fees.get(&e.fee).map_or(position, |fee| fee.number), vec![own])
            }
            PartnerEvent::PaymentProposed(e) => {
                let (number, proposed_by) = (position, actor.clone());
                let watched = WatchedPayment { number, proposed_by, approved_by: None };
                self.payments.insert(e.payment, watched);
                (position, vec![own, other_name(&e.by)])
            }
            PartnerEvent::PaymentApproved(e) => {
                let Some(payment) = self.payments.get_mut(&e.payment) else {
                    let breach = Breach::NoSecondPerson;
                    return vec![Violation { position, breach, actor: actor.clone(), about: position }];
                };
                payment.approved_by = Some(actor.clone());
                let one_person = (payment.proposed_by == *actor).then_some(Breach::SamePerson);
                (payment.number, vec![own, one_person, other_name(&e.by)])
            }
            PartnerEvent::PaymentCancelled(e) => {
                let number = self.payments.get(&e.payment).map_or(position, |payment| payment.number);
                (number, vec![own, other_name(&e.by)])
            }
            PartnerEvent::PaymentInstructed(e) => {
                let payment = self.payments.get(&e.payment);
                let breach = match payment.and_then(|payment| payment.approved_by.as_ref()) {
                    Some(approver) => (approver == actor).then_some(Breach::ApproverPays),
                    None => Some(Breach::NoSecondPerson),
                };
                let number = payment.map_or(position, |payment| payment.number);
                (number, vec![own, breach, other_name(&e.by)])
            }
            PartnerEvent::PaymentReturned(e) => {
                let number = self.payments.get(&e.payment).map_or(position, |payment| payment.number);
                (number, vec![own, other_name(&e.by)])
            }
            PartnerEvent::PaymentReturnUndone(e) => {
                let number = self.payments.get(&e.payment).map_or(position, |payment| payment.number);
                (number, vec![own, other_name(&e.by)])
            }
            PartnerEvent::PartnerPaid(_)
            | PartnerEvent::PartnerNamed(_)
            | PartnerEvent::AgreementSigned(_)
            | PartnerEvent::AgreementEnded(_) => (position, vec![own]),
            PartnerEvent::PartnerRegistered(_)
            | PartnerEvent::FeeReceiptAttached(_)
            | PartnerEvent::PartnerCommandRefused(_) => return Vec::new(),
        };
        let violation = |breach| Violation { position, breach, actor: actor.clone(), about };
        breaches.into_iter().flatten().map(violation).collect()
    }

    fn of_case(&mut self, event: &CaseEvent, recorded: &Recorded) -> Vec<Violation> {
        match event {
            CaseEvent::SpendReported(e) => {
                let (number, partner) = (recorded.position, e.partner.clone());
                let watched = Watched {
                    number,
                    partner,
                    worth: e.worth_of_receipt(),
                    whole: e.whole(),
                    proposed_by: None,
                };
                self.claims.insert(e.claim, watched);
                Vec::new()
            }
            CaseEvent::ClaimConverted(e) => {
                if let Some(claim) = self.claims.get_mut(&e.claim) {
                    // A receipt is no smaller for being shared.
                    claim.worth = claim.whole.convert(e.quote.rate).ok();
                }
                Vec::new()
            }
            CaseEvent::ClaimProposed(e) => {
                let mut breaches = self.own_claim(e.claim, recorded);
                if e.proposed_by.as_str() != recorded.actor {
                    breaches.extend(self.breach(Breach::AnotherName, e.claim, recorded));
                }
                if let Some(claim) = self.claims.get_mut(&e.claim) {
                    claim.proposed_by = Some(recorded.actor.clone());
                }
                breaches
            }
            CaseEvent::ClaimAccepted(e) => {
                let mut breaches = self.own_claim(e.claim, recorded);
                let limit = self.limits.get(&e.basis.rulebook).copied().flatten();
                let proposed_by = self.claims.get(&e.claim).and_then(|claim| claim.proposed_by.as_deref());
                let worth = self.claims.get(&e.claim).and_then(|claim| claim.worth);
                let breach = match proposed_by {
                    Some(first) if first == recorded.actor => Some(Breach::SamePerson),
                    Some(_) => None,
                    None => limit.filter(|limit| worth >= Some(*limit)).map(|_| Breach::NoSecondPerson),
                };
                breaches.extend(breach.and_then(|breach| self.breach(breach, e.claim, recorded)));
                breaches
            }
            CaseEvent::ClaimRefused(e) => self.own_claim(e.claim, recorded),
            CaseEvent::ClaimQueried(e) => {
                let breaches = self.own_claim(e.claim, recorded);
                self.lapse(e.claim);
                breaches
            }
            CaseEvent::ClaimReopened(e) => {
                let breaches = self.own_claim(e.claim, recorded);
                self.lapse(e.claim);
                breaches
            }
            _ => Vec::new(),
        }
    }

    fn lapse(&mut self, claim: ClaimId) {
        if let Some(claim) = self.claims.get_mut(&claim) {
            claim.proposed_by = None;
        }
    }

    fn own_claim(&self, id: ClaimId, recorded: &Recorded) -> Vec<Violation> {
        let own = self.claims.get(&id).is_some_and(|claim| claim.partner.is_of(&recorded.actor));
        own.then(|| self.breach(Breach::OwnClaim, id, recorded)).flatten().into_iter().collect()
    }

    fn breach(&self, breach: Breach, id: ClaimId, recorded: &Recorded) -> Option<Violation> {
        let about = self.claims.get(&id)?.number;
        Some(Violation { position: recorded.position, breach, actor: recorded.actor.clone(), about })
    }
}
