//! Separation of duties, held against the whole log: whether anybody decided what they reported, or agreed to what
//! they proposed. Decisions obey these rules when they are made; this looks at who in fact gave each command.

use std::collections::{BTreeMap, HashMap};

use money::Eur;

use crate::case::CaseEvent;
use crate::event::{Event, Recorded};
use crate::ids::{Actor, ClaimId, FeeId, PartnerCode};
use crate::partner::{FeeAccepted, FeeRefused, PartnerEvent};

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
    /// The claim, fee or proposal it is about, by number.
    pub about: u64,
}

/// Who did what about the claims and partners of a log, event by event.
#[derive(Debug, Default)]
pub struct Duties {
    claims: HashMap<ClaimId, Watched>,
    /// Payment details that wait for a second person: where they were proposed, and by whom.
    proposals: HashMap<PartnerCode, (u64, String)>,
    fees: HashMap<FeeId, u64>,
    /// From which claim on each version of the rulebook asks for two people; none where it does not.
    limits: BTreeMap<String, Option<Eur>>,
}

#[derive(Debug)]
struct Watched {
    number: u64,
    partner: PartnerCode,
    eur: Option<Eur>,
    proposed_by: Option<String>,
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
            Event::Ledger(_) | Event::Rates(_) | Event::Hold(_) => Vec::new(),
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
                self.fees.insert(e.fee, position);
                return Vec::new();
            }
            PartnerEvent::FeeAccepted(FeeAccepted { fee, .. })
            | PartnerEvent::FeeRefused(FeeRefused { fee, .. }) => {
                (self.fees.get(fee).copied().unwrap_or(position), vec![own])
            }
            PartnerEvent::PartnerPaid(_) => (position, vec![own]),
            PartnerEvent::PartnerRegistered(_)
            | PartnerEvent::PartnerNamed(_)
            | PartnerEvent::AgreementSigned(_)
            | PartnerEvent::AgreementEnded(_)
            | PartnerEvent::PartnerCommandRefused(_) => return Vec::new(),
        };
        let violation = |breach| Violation { position, breach, actor: actor.clone(), about };
        breaches.into_iter().flatten().map(violation).collect()
    }

    fn of_case(&mut self, event: &CaseEvent, recorded: &Recorded) -> Vec<Violation> {
        match event {
            CaseEvent::SpendReported(e) => {
                let (number, partner) = (recorded.position, e.partner.clone());
                let watched = Watched { number, partner, eur: e.eur, proposed_by: None };
                self.claims.insert(e.claim, watched);
                Vec::new()
            }
            CaseEvent::ClaimConverted(e) => {
                if let Some(claim) = self.claims.get_mut(&e.claim) {
                    claim.eur = Some(e.eur);
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
                let eur = self.claims.get(&e.claim).and_then(|claim| claim.eur);
                let breach = match proposed_by {
                    Some(first) if first == recorded.actor => Some(Breach::SamePerson),
                    Some(_) => None,
                    None => limit.filter(|limit| eur >= Some(*limit)).map(|_| Breach::NoSecondPerson),
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
