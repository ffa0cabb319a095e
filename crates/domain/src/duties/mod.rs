//! Separation of duties, held against the whole log: whether anybody decided what they reported, or agreed to what
//! they proposed. Decisions obey these rules when they are made; this looks at who in fact gave each command.

mod bank;

use std::collections::{BTreeMap, HashMap, HashSet};

use money::{Amount, Eur};

use self::bank::WatchedBank;
use crate::case::CaseEvent;
use crate::claim::ClaimReason;
use crate::closing::ClosingEvent;
use crate::event::{Event, Recorded};
use crate::hold::HoldEvent;
use crate::ids::{Actor, ClaimId, FeeId, FileDigest, KeyDigest, PartnerCode, PaymentId, organisation};
use crate::ledger::LedgerEvent;
use crate::partner::PartnerEvent;
use crate::payment::PaymentFileEvent;
use crate::reconciliation::ReconciliationEvent;

rulebook::codes! {
    /// A duty that one person took twice.
    Breach {
        /// Somebody who acts for a partner did what only those do who act for none.
        ActsForPartner = "acts-for-partner",
        /// One person proposed and agreed.
        SamePerson = "same-person",
        /// What takes two people was decided by one.
        NoSecondPerson = "no-second-person",
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
    /// The claim, fee, payment or proposal it is about, by number; the event itself where it is about none.
    pub about: u64,
}

/// Who wants payments back that the bank rejects: nobody is called so.
const THE_BANK: &str = "";

/// Who did what about the claims and partners of a log, event by event.
#[derive(Debug, Default)]
pub struct Duties {
    /// Those that were met so far.
    partners: HashSet<PartnerCode>,
    claims: HashMap<ClaimId, Watched>,
    /// Payment details that wait for a second person: where they were proposed, and by whom.
    proposals: HashMap<PartnerCode, (u64, String)>,
    fees: HashMap<FeeId, WatchedFee>,
    payments: HashMap<PaymentId, WatchedPayment>,
    /// The version of the rulebook in force.
    rulebook: String,
    /// The rulebook that waits for a second person, and who proposed it.
    rulebook_proposal: Option<(FileDigest, String)>,
    bank: WatchedBank,
    /// From which claim on each version of the rulebook asks for two people; none where it does not.
    limits: BTreeMap<String, Option<Eur>>,
}

#[derive(Debug)]
struct Watched {
    number: u64,
    /// What the whole receipt is worth, of which this may be one share.
    worth: Option<Eur>,
    whole: Amount,
    /// Who proposed to accept it, and how much at most.
    proposed: Option<(String, Option<Eur>)>,
    /// Two people must accept it whatever it is worth: somebody had refused it.
    by_two: bool,
    /// How many share the receipt.
    parts: u32,
    taken_back: WatchedReversals,
    /// Who proposed to undo which reversal.
    undoing: Option<(String, KeyDigest)>,
}

impl Watched {
    /// Whether two people accept something of it. What is cut off can be reported again, so all of the receipt counts.
    fn takes_two(&self, limit: Option<Eur>) -> bool {
        limit.is_some_and(|limit| self.by_two || self.worth >= Some(limit))
    }
}

/// What was taken back of a claim or fee, and who would take back more.
#[derive(Debug, Default)]
struct WatchedReversals {
    before: Eur,
    proposed: Option<(String, Eur)>,
}

impl WatchedReversals {
    /// Whether it takes another person than the one who takes back so much now. `parts` is how many share it.
    fn take_back(&mut self, eur: Eur, parts: u32, actor: &str, limit: Option<Eur>) -> Option<Breach> {
        let altogether = self.before.checked_add(eur).ok();
        self.before = altogether.unwrap_or(self.before);
        match self.proposed.take().filter(|(_, proposed)| *proposed == eur) {
            Some((first, _)) => (first == actor).then_some(Breach::SamePerson),
            None => {
                let worth = altogether.and_then(|eur| Eur::sum((0..parts).map(|_| eur)).ok());
                // What cannot even be added up is more than any limit.
                limit
                    .filter(|limit| worth.is_none_or(|worth| worth >= *limit))
                    .map(|_| Breach::NoSecondPerson)
            }
        }
    }
}

#[derive(Debug)]
struct WatchedFee {
    number: u64,
    eur: Option<Eur>,
    proposed_by: Option<String>,
    /// Two people must accept it whatever it is worth: somebody had refused it.
    by_two: bool,
    taken_back: WatchedReversals,
}

#[derive(Debug)]
struct WatchedPayment {
    number: u64,
    proposed_by: String,
    approved_by: Option<String>,
    /// Who wants to take it back from its file.
    recall_by: Option<String>,
}

impl Duties {
    /// Under these versions of the rulebook, with what each asks for.
    pub fn under(limits: BTreeMap<String, Option<Eur>>) -> Self {
        Self { limits, ..Self::default() }
    }

    /// The breaches of the next event of the log.
    pub fn observe(&mut self, recorded: &Recorded) -> Vec<Violation> {
        let mut violations: Vec<Violation> = self.of_partners_people(recorded).into_iter().collect();
        violations.extend(match &recorded.event {
            Event::Case(event) => self.of_case(event, recorded),
            Event::Partner(event) => self.of_partner(event, recorded),
            Event::Ledger(event) => self.of_ledger(event, recorded),
            Event::PaymentFile(PaymentFileEvent::PaymentFileWritten(e))
                if e.by.as_str() != recorded.actor =>
            {
                vec![violation(recorded, Breach::AnotherName, recorded.position)]
            }
            Event::PaymentFile(PaymentFileEvent::PaymentStatusReported(e)) => {
                for of in e.payments.iter().filter(|of| of.is_not_made()) {
                    if let Some(payment) = self.payments.get_mut(&of.payment) {
                        payment.recall_by = Some(THE_BANK.to_owned());
                    }
                }
                let other_name = (e.by.as_str() != recorded.actor).then_some(Breach::AnotherName);
                other_name.map(|breach| violation(recorded, breach, recorded.position)).into_iter().collect()
            }
            Event::Reconciliation(event) => self.bank.of_matches(event, recorded),
            Event::Bank(event) => {
                self.bank.statement(event, &recorded.actor);
                Vec::new()
            }
            Event::PaymentFile(_) | Event::Rates(_) | Event::Hold(_) | Event::Line(_) | Event::Closing(_) => {
                Vec::new()
            }
        });
        violations
    }

    /// Whoever acts for a partner, whichever, decides nothing.
    fn of_partners_people(&mut self, recorded: &Recorded) -> Option<Violation> {
        if let Event::Partner(PartnerEvent::PartnerRegistered(e)) = &recorded.event {
            self.partners.insert(e.partner.clone());
        }
        let acts_for = organisation(&recorded.actor).filter(|code| self.partners.contains(code));
        acts_for.filter(|_| !open_to_partners(&recorded.event))?;
        Some(violation(recorded, Breach::ActsForPartner, self.about(recorded)))
    }

    /// The number of the claim, fee, payment or proposal that an event is about.
    fn about(&self, recorded: &Recorded) -> u64 {
        let known = match &recorded.event {
            Event::Case(event) => {
                event.claim().and_then(|claim| self.claims.get(&claim)).map(|claim| claim.number)
            }
            Event::Partner(event) => match event {
                PartnerEvent::PaymentDetailsApproved(_) | PartnerEvent::PaymentDetailsRejected(_) => {
                    let partner = recorded.stream_id.id().parse::<PartnerCode>().ok();
                    partner.and_then(|code| self.proposals.get(&code)).map(|(number, _)| *number)
                }
                PartnerEvent::FeeProposed(e) => self.fees.get(&e.fee).map(|fee| fee.number),
                PartnerEvent::FeeAccepted(e) => self.fees.get(&e.fee).map(|fee| fee.number),
                PartnerEvent::FeeQueried(e) => self.fees.get(&e.fee).map(|fee| fee.number),
                PartnerEvent::FeeRefused(e) => self.fees.get(&e.fee).map(|fee| fee.number),
                PartnerEvent::FeeReopened(e) => self.fees.get(&e.fee).map(|fee| fee.number),
                PartnerEvent::FeeReversalProposed(e) => self.fees.get(&e.fee).map(|fee| fee.number),
                PartnerEvent::FeeReversalDropped(e) => self.fees.get(&e.fee).map(|fee| fee.number),
                PartnerEvent::FeeReversed(e) => self.fees.get(&e.fee).map(|fee| fee.number),
                PartnerEvent::PaymentApproved(e) => self.payments.get(&e.payment).map(|p| p.number),
                PartnerEvent::PaymentCancelled(e) => self.payments.get(&e.payment).map(|p| p.number),
                PartnerEvent::PaymentInstructed(e) => self.payments.get(&e.payment).map(|p| p.number),
                PartnerEvent::PaymentRecallProposed(e) => self.payments.get(&e.payment).map(|p| p.number),
                PartnerEvent::PaymentRecallWithdrawn(e) => self.payments.get(&e.payment).map(|p| p.number),
                PartnerEvent::PaymentRecalled(e) => self.payments.get(&e.payment).map(|p| p.number),
                PartnerEvent::PaymentReturned(e) => self.payments.get(&e.payment).map(|p| p.number),
                PartnerEvent::PaymentReturnUndone(e) => self.payments.get(&e.payment).map(|p| p.number),
                _ => None,
            },
            Event::Reconciliation(event) => Some(self.bank.about(event, recorded)),
            _ => None,
        };
        known.unwrap_or(recorded.position)
    }

    /// Where the rulebook in force asks for two people, two change it.
    fn of_ledger(&mut self, event: &LedgerEvent, recorded: &Recorded) -> Vec<Violation> {
        let breach = match event {
            LedgerEvent::RulebookProposed(e) => {
                self.rulebook_proposal = Some((e.sha256, recorded.actor.clone()));
                (e.proposed_by.as_str() != recorded.actor).then_some(Breach::AnotherName)
            }
            LedgerEvent::RulebookAdopted(e) => {
                let takes_two = self.limits.get(&self.rulebook).is_some_and(Option::is_some);
                self.rulebook.clone_from(&e.version);
                let proposal = self.rulebook_proposal.take().filter(|(sha256, _)| *sha256 == e.sha256);
                match proposal {
                    Some((_, first)) => (takes_two && first == recorded.actor).then_some(Breach::SamePerson),
                    None => takes_two.then_some(Breach::NoSecondPerson),
                }
            }
            LedgerEvent::FileImported(_) => None,
        };
        breach.map(|breach| violation(recorded, breach, recorded.position)).into_iter().collect()
    }

    fn of_partner(&mut self, event: &PartnerEvent, recorded: &Recorded) -> Vec<Violation> {
        let Ok(partner) = recorded.stream_id.id().parse::<PartnerCode>() else { return Vec::new() };
        let (position, actor) = (recorded.position, &recorded.actor);
        let about = self.about(recorded);
        let other_name = |named: &Actor| (named.as_str() != actor).then_some(Breach::AnotherName);
        let breaches = match event {
            PartnerEvent::PaymentDetailsProposed(e) => {
                self.proposals.insert(partner, (position, actor.clone()));
                [other_name(&e.proposed_by), None]
            }
            PartnerEvent::PaymentDetailsApproved(e) => {
                let proposal = self.proposals.remove(&partner);
                let one_person = match &proposal {
                    Some((_, first)) => (first == actor).then_some(Breach::SamePerson),
                    None => Some(Breach::NoSecondPerson),
                };
                [one_person, other_name(&e.approved_by)]
            }
            PartnerEvent::PaymentDetailsRejected(_) => {
                self.proposals.remove(&partner);
                return Vec::new();
            }
            PartnerEvent::FeeReported(e) => {
                let taken_back = WatchedReversals::default();
                let (number, eur) = (position, e.eur);
                let fee = WatchedFee { number, eur, proposed_by: None, by_two: false, taken_back };
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
                [other_name(&e.proposed_by), None]
            }
            PartnerEvent::FeeAccepted(e) => {
                let Some(fee) = self.fees.get(&e.fee) else { return Vec::new() };
                let limit = self.limits.get(&self.rulebook).copied().flatten();
                let one_person = match &fee.proposed_by {
                    Some(first) => (first == actor).then_some(Breach::SamePerson),
                    None => {
                        let takes_two = |limit: &Eur| fee.by_two || fee.eur >= Some(*limit);
                        limit.filter(takes_two).map(|_| Breach::NoSecondPerson)
                    }
                };
                [one_person, None]
            }
            PartnerEvent::FeeQueried(e) => {
                if let Some(fee) = self.fees.get_mut(&e.fee) {
                    fee.proposed_by = None;
                }
                return Vec::new();
            }
            PartnerEvent::FeeReopened(e) => {
                if let Some(fee) = self.fees.get_mut(&e.fee) {
                    (fee.proposed_by, fee.by_two) = (None, true);
                }
                return Vec::new();
            }
            PartnerEvent::FeeReversalProposed(e) => {
                let Some(fee) = self.fees.get_mut(&e.fee) else { return Vec::new() };
                fee.taken_back.proposed = Some((actor.clone(), e.eur));
                [other_name(&e.proposed_by), None]
            }
            PartnerEvent::FeeReversalDropped(e) => {
                if let Some(fee) = self.fees.get_mut(&e.fee) {
                    fee.taken_back.proposed = None;
                }
                return Vec::new();
            }
            PartnerEvent::FeeReversed(e) => {
                let Some(fee) = self.fees.get_mut(&e.fee) else { return Vec::new() };
                let limit = self.limits.get(&self.rulebook).copied().flatten();
                [fee.taken_back.take_back(e.eur, 1, actor, limit), None]
            }
            PartnerEvent::PaymentProposed(e) => {
                let (number, proposed_by) = (position, actor.clone());
                let watched = WatchedPayment { number, proposed_by, approved_by: None, recall_by: None };
                self.payments.insert(e.payment, watched);
                [other_name(&e.by), None]
            }
            PartnerEvent::PaymentApproved(e) => {
                let Some(payment) = self.payments.get_mut(&e.payment) else {
                    return vec![violation(recorded, Breach::NoSecondPerson, position)];
                };
                payment.approved_by = Some(actor.clone());
                let one_person = (payment.proposed_by == *actor).then_some(Breach::SamePerson);
                [one_person, other_name(&e.by)]
            }
            PartnerEvent::PaymentCancelled(e) => [other_name(&e.by), None],
            PartnerEvent::PaymentInstructed(e) => {
                let payment = self.payments.get(&e.payment);
                let breach = match payment.and_then(|payment| payment.approved_by.as_ref()) {
                    Some(approver) => (approver == actor).then_some(Breach::ApproverPays),
                    None => Some(Breach::NoSecondPerson),
                };
                [breach, other_name(&e.by)]
            }
            PartnerEvent::PaymentRecallProposed(e) => {
                if let Some(payment) = self.payments.get_mut(&e.payment) {
                    payment.recall_by = Some(actor.clone());
                }
                [other_name(&e.by), None]
            }
            PartnerEvent::PaymentRecallWithdrawn(e) => {
                if let Some(payment) = self.payments.get_mut(&e.payment) {
                    payment.recall_by = None;
                }
                [other_name(&e.by), None]
            }
            PartnerEvent::PaymentRecalled(e) => {
                let payment = self.payments.get(&e.payment);
                let breach = match payment.and_then(|payment| payment.recall_by.as_ref()) {
                    Some(first) => (first == actor).then_some(Breach::SamePerson),
                    None => Some(Breach::NoSecondPerson),
                };
                [breach, other_name(&e.by)]
            }
            PartnerEvent::PaymentReturned(e) => {
                if let Some(payment) = self.payments.get_mut(&e.payment) {
                    payment.recall_by = None;
                }
                [other_name(&e.by), None]
            }
            PartnerEvent::PaymentReturnUndone(e) => [other_name(&e.by), None],
            PartnerEvent::PartnerPaidReturned(e) => [other_name(&e.by), None],
            PartnerEvent::PartnerPaidReturnUndone(e) => [other_name(&e.by), None],
            PartnerEvent::FeeRefused(_)
            | PartnerEvent::FeeAnswered(_)
            | PartnerEvent::PartnerPaid(_)
            | PartnerEvent::PartnerPaidReversed(_)
            | PartnerEvent::PartnerNamed(_)
            | PartnerEvent::AgreementSigned(_)
            | PartnerEvent::AgreementEnded(_)
            | PartnerEvent::PartnerRegistered(_)
            | PartnerEvent::FeeReceiptAttached(_)
            | PartnerEvent::PartnerCommandRefused(_) => return Vec::new(),
        };
        breaches.into_iter().flatten().map(|breach| violation(recorded, breach, about)).collect()
    }

    fn of_case(&mut self, event: &CaseEvent, recorded: &Recorded) -> Vec<Violation> {
        match event {
            CaseEvent::SpendReported(e) => {
                let watched = Watched {
                    number: recorded.position,
                    worth: e.worth_of_receipt(),
                    whole: e.with_others(),
                    proposed: None,
                    by_two: false,
                    parts: e.shared.map_or(1, |shared| shared.parts),
                    taken_back: WatchedReversals::default(),
                    undoing: None,
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
                let other_name = e.proposed_by.as_str() != recorded.actor;
                let breach = other_name.then(|| self.breach(Breach::AnotherName, e.claim, recorded));
                if let Some(claim) = self.claims.get_mut(&e.claim) {
                    claim.proposed = Some((recorded.actor.clone(), e.cut.map(|cut| cut.at_most)));
                }
                breach.flatten().into_iter().collect()
            }
            CaseEvent::ClaimAccepted(e) => {
                let limit = self.limits.get(&e.basis.rulebook).copied().flatten();
                let claim = self.claims.get(&e.claim);
                let breach = match claim.and_then(|claim| claim.proposed.as_ref()) {
                    Some((first, _)) if *first == recorded.actor => Some(Breach::SamePerson),
                    // Two people who want different amounts have not agreed.
                    Some((_, at_most)) if *at_most != e.cut.map(|cut| cut.at_most) => {
                        Some(Breach::NoSecondPerson)
                    }
                    Some(_) => None,
                    None => {
                        claim.is_some_and(|claim| claim.takes_two(limit)).then_some(Breach::NoSecondPerson)
                    }
                };
                breach.and_then(|breach| self.breach(breach, e.claim, recorded)).into_iter().collect()
            }
            CaseEvent::ClaimQueried(e) => {
                self.lapse(e.claim);
                Vec::new()
            }
            CaseEvent::ClaimReopened(e) => {
                self.lapse(e.claim);
                if let Some(claim) = self.claims.get_mut(&e.claim) {
                    claim.by_two |= e.by_two;
                }
                Vec::new()
            }
            CaseEvent::BenefitReversalProposed(e) => {
                if let Some(claim) = self.claims.get_mut(&e.claim) {
                    claim.taken_back.proposed = Some((recorded.actor.clone(), e.amount));
                }
                let other_name = e.proposed_by.as_str() != recorded.actor;
                let breach = other_name.then(|| self.breach(Breach::AnotherName, e.claim, recorded));
                breach.flatten().into_iter().collect()
            }
            CaseEvent::BenefitReversalDropped(e) => {
                if let Some(claim) = self.claims.get_mut(&e.claim) {
                    (claim.taken_back.proposed, claim.undoing) = (None, None);
                }
                Vec::new()
            }
            CaseEvent::BenefitReversalUndoProposed(e) => {
                if let Some(claim) = self.claims.get_mut(&e.claim) {
                    claim.undoing = Some((recorded.actor.clone(), e.reversal_key));
                }
                let other_name = e.proposed_by.as_str() != recorded.actor;
                let breach = other_name.then(|| self.breach(Breach::AnotherName, e.claim, recorded));
                breach.flatten().into_iter().collect()
            }
            CaseEvent::BenefitReversalUndone(e) => {
                let limit = self.limits.get(&e.basis.rulebook).copied().flatten();
                let claim = self.claims.get_mut(&e.claim);
                let breach = claim.and_then(|claim| {
                    let before = &mut claim.taken_back.before;
                    *before = before.checked_sub(e.amount).unwrap_or(*before);
                    match claim.undoing.take().filter(|(_, key)| *key == e.reversal_key) {
                        Some((first, _)) => (first == recorded.actor).then_some(Breach::SamePerson),
                        None => claim.takes_two(limit).then_some(Breach::NoSecondPerson),
                    }
                });
                breach.and_then(|breach| self.breach(breach, e.claim, recorded)).into_iter().collect()
            }
            CaseEvent::BenefitReversed(e) => {
                // Before version 3 one person took back any amount.
                let limit =
                    e.rulebook.as_ref().and_then(|version| self.limits.get(version).copied().flatten());
                let claim = self.claims.get_mut(&e.claim);
                let breach = claim.and_then(|claim| {
                    claim.taken_back.take_back(e.amount, claim.parts, &recorded.actor, limit)
                });
                breach.and_then(|breach| self.breach(breach, e.claim, recorded)).into_iter().collect()
            }
            _ => Vec::new(),
        }
    }

    fn lapse(&mut self, claim: ClaimId) {
        if let Some(claim) = self.claims.get_mut(&claim) {
            claim.proposed = None;
        }
    }

    fn breach(&self, breach: Breach, id: ClaimId, recorded: &Recorded) -> Option<Violation> {
        Some(violation(recorded, breach, self.claims.get(&id)?.number))
    }
}

fn violation(recorded: &Recorded, breach: Breach, about: u64) -> Violation {
    Violation { position: recorded.position, breach, actor: recorded.actor.clone(), about }
}

/// Whether somebody who acts for a partner may cause an event: they report, answer and propose. What is planned moves
/// with what they report.
fn open_to_partners(event: &Event) -> bool {
    match event {
        // Nobody decides that: the rate does.
        Event::Case(CaseEvent::ClaimRefused(e)) => e.reason == ClaimReason::WorthNothing,
        Event::Case(event) => matches!(
            event,
            CaseEvent::SpendReported(_)
                | CaseEvent::SpendEstimated(_)
                | CaseEvent::EstimateReleased(_)
                | CaseEvent::ReceiptAttached(_)
                | CaseEvent::ClaimConverted(_)
                | CaseEvent::ClaimAnswered(_)
                | CaseEvent::PlanAgreed(_)
                | CaseEvent::PlanDrawn(_)
                | CaseEvent::PlanRestored(_)
                | CaseEvent::PlanReleased(_)
                | CaseEvent::CommandRefused(_)
        ),
        Event::Partner(event) => matches!(
            event,
            PartnerEvent::PartnerRegistered(_)
                | PartnerEvent::PaymentDetailsProposed(_)
                | PartnerEvent::FeeReported(_)
                | PartnerEvent::FeeAnswered(_)
                | PartnerEvent::FeeReceiptAttached(_)
                | PartnerEvent::FeeConverted(_)
                | PartnerEvent::PartnerCommandRefused(_)
        ),
        Event::Ledger(event) => matches!(event, LedgerEvent::FileImported(_)),
        Event::Hold(event) => matches!(event, HoldEvent::HoldCommandRefused(_)),
        Event::PaymentFile(event) => matches!(event, PaymentFileEvent::PaymentFileCommandRefused(_)),
        Event::Closing(event) => matches!(event, ClosingEvent::PeriodCommandRefused(_)),
        Event::Reconciliation(event) => matches!(event, ReconciliationEvent::ReconciliationCommandRefused(_)),
        Event::Rates(_) | Event::Bank(_) | Event::Line(_) => false,
    }
}
