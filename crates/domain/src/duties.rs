//! Separation of duties, held against the whole log: whether anybody decided what they reported, or agreed to what
//! they proposed. Decisions obey these rules when they are made; this looks at who in fact gave each command.

use std::collections::{BTreeMap, HashMap};

use money::{Amount, Eur};

use crate::case::CaseEvent;
use crate::event::{Event, Recorded};
use crate::hold::{HoldEvent, Scope};
use crate::ids::{Actor, ClaimId, FeeId, PartnerCode, PaymentId};
use crate::ledger::LedgerEvent;
use crate::partner::PartnerEvent;
use crate::payment::PaymentFileEvent;

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
    /// Who proposed to accept it, and how much at most.
    proposed: Option<(String, Option<Eur>)>,
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
            Event::PaymentFile(_) | Event::Ledger(_) | Event::Rates(_) | Event::Bank(_) | Event::Line(_) => {
                Vec::new()
            }
        }
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
            PartnerEvent::PartnerPaid(_)
            | PartnerEvent::PartnerNamed(_)
            | PartnerEvent::AgreementSigned(_)
            | PartnerEvent::AgreementEnded(_) => (position, vec![own]),
            PartnerEvent::PartnerRegistered(_) | PartnerEvent::PartnerCommandRefused(_) => return Vec::new(),
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
                    proposed: None,
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
                    claim.proposed = Some((recorded.actor.clone(), e.cut.map(|cut| cut.at_most)));
                }
                breaches
            }
            CaseEvent::ClaimAccepted(e) => {
                let mut breaches = self.own_claim(e.claim, recorded);
                let limit = self.limits.get(&e.basis.rulebook).copied().flatten();
                let claim = self.claims.get(&e.claim);
                // What finance cut off is not accepted, and so does not count.
                let worth = claim.and_then(|claim| claim.worth?.checked_sub(e.cut_off().ok()?).ok());
                let breach = match claim.and_then(|claim| claim.proposed.as_ref()) {
                    Some((first, _)) if *first == recorded.actor => Some(Breach::SamePerson),
                    // Two people who want different amounts have not agreed.
                    Some((_, at_most)) if *at_most != e.cut.map(|cut| cut.at_most) => {
                        Some(Breach::NoSecondPerson)
                    }
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
            claim.proposed = None;
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
