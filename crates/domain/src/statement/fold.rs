//! The movements on a partner's account, event by event.

use std::collections::HashMap;

use jiff::civil::Date;
use money::{Amount, Eur};

use crate::case::CaseEvent;
use crate::claim::SpendReported;
use crate::event::{Event, Recorded};
use crate::ids::{CaseId, ClaimId, PartnerCode, TextId};
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
    /// The claim's number.
    pub claim: Option<u64>,
}

/// What a statement says of a claim.
#[derive(Debug, Clone, PartialEq)]
pub struct StatedClaim {
    /// Its number: the position of its report.
    pub number: u64,
    /// For whom.
    pub case: CaseId,
    /// Benefit category.
    pub category: String,
    /// Day of delivery.
    pub delivered_on: Date,
    /// As on the receipt.
    pub amount: Amount,
    /// The rate it was converted at.
    pub quote: Option<Quote>,
    /// Supplier and receipt number, in the vault.
    pub details: TextId,
}

/// One partner's account, folded from the log.
#[derive(Debug)]
pub struct Account {
    partner: PartnerCode,
    numbers: HashMap<ClaimId, usize>,
    claims: Vec<StatedClaim>,
    movements: Vec<Movement>,
}

impl Account {
    /// Of this partner, before anything happened.
    pub fn of(partner: PartnerCode) -> Self {
        Self { partner, numbers: HashMap::new(), claims: Vec::new(), movements: Vec::new() }
    }

    /// Whose it is.
    pub fn partner(&self) -> &PartnerCode {
        &self.partner
    }

    /// The movements, in the order of the log.
    pub fn movements(&self) -> &[Movement] {
        &self.movements
    }

    /// The claim with a number.
    pub fn claim(&self, number: u64) -> Option<&StatedClaim> {
        self.claims.binary_search_by_key(&number, |claim| claim.number).ok().map(|place| &self.claims[place])
    }

    /// All claims, in the order in which they were reported.
    pub fn claims(&self) -> &[StatedClaim] {
        &self.claims
    }

    /// Folds the next event of the log; what is about other partners moves nothing.
    pub fn apply(&mut self, recorded: &Recorded) {
        let Event::Case(event) = &recorded.event else { return };
        match event {
            CaseEvent::SpendReported(e) if e.partner == self.partner => self.reported(recorded, e),
            CaseEvent::ClaimConverted(e) => {
                if let Some(place) = self.numbers.get(&e.claim) {
                    self.claims[*place].quote = Some(e.quote);
                }
                self.moved(recorded, e.claim, MovementKind::Reported, e.eur, None);
            }
            CaseEvent::ClaimAccepted(e) => {
                self.moved(recorded, e.claim, MovementKind::Eligible, e.eligible, None);
                let reason = e.reason.map(|reason| reason.code());
                self.moved(recorded, e.claim, MovementKind::Disallowed, e.disallowed, reason);
            }
            CaseEvent::ClaimRefused(e) => {
                let reason = Some(e.reason.code());
                self.moved(recorded, e.claim, MovementKind::Disallowed, e.disallowed, reason);
            }
            CaseEvent::ClaimReopened(e) => {
                self.moved(recorded, e.claim, MovementKind::Reopened, e.amount, None);
            }
            CaseEvent::BenefitReversed(e) => {
                self.moved(recorded, e.claim, MovementKind::Reversed, e.amount, None);
            }
            _ => {}
        }
    }

    fn reported(&mut self, recorded: &Recorded, e: &SpendReported) {
        let Ok(case) = recorded.stream_id.id().parse() else { return };
        self.numbers.insert(e.claim, self.claims.len());
        self.claims.push(StatedClaim {
            number: recorded.position,
            case,
            category: e.category.clone(),
            delivered_on: e.delivered_on,
            amount: e.amount,
            quote: e.exchange.as_ref().and_then(|exchange| exchange.quote),
            details: e.details,
        });
        self.moved(recorded, e.claim, MovementKind::Reported, e.eur.unwrap_or(Eur::ZERO), None);
    }

    /// Notes a movement on a claim of this partner; one of nothing is none.
    fn moved(
        &mut self,
        recorded: &Recorded,
        claim: ClaimId,
        kind: MovementKind,
        eur: Eur,
        reason: Option<&'static str>,
    ) {
        let Some(place) = self.numbers.get(&claim) else { return };
        if !eur.is_zero() {
            let (position, day) = (recorded.position, recorded.recorded_on());
            let claim = Some(self.claims[*place].number);
            self.movements.push(Movement { position, day, kind, eur, reason, claim });
        }
    }
}
