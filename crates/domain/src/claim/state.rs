//! A claim as its events have made it.

use std::collections::BTreeMap;

use jiff::civil::Date;
use money::{Amount, Eur};

use super::event::{ClaimReason, Cut, Exchange, Shared};
use crate::approval::TakingBack;
use crate::case::CaseEvent;
use crate::ids::{Actor, ClaimId, FileDigest, KeyDigest, PartnerCode, TextId};
use crate::rates::Quote;
use crate::refusal::FoldError;

rulebook::codes! {
    /// How far a claim has come.
    ClaimState {
        /// Reported in a currency whose rate is not published yet.
        WaitingForRate = "waiting-for-rate",
        /// Reported, not decided.
        Reported = "reported",
        /// One person would accept it; another must agree.
        Proposed = "proposed",
        /// Waits for an answer or a decision by name.
        Queried = "queried",
        /// The partner answered: waits for a decision by name.
        Answered = "answered",
        /// Accepted in whole.
        Accepted = "accepted",
        /// Accepted in part: the rest did not fit, or finance does not want it.
        Cut = "cut",
        /// Nothing of it counts.
        Refused = "refused",
        /// All that was accepted has come back.
        Reversed = "reversed",
    }
}

impl ClaimState {
    /// Whether money went or may go out.
    pub fn counts(self) -> bool {
        !matches!(self, Self::Refused | Self::Reversed)
    }

    /// Not decided yet.
    pub fn is_open(self) -> bool {
        match self {
            Self::WaitingForRate | Self::Reported | Self::Proposed | Self::Queried | Self::Answered => true,
            Self::Accepted | Self::Cut | Self::Refused | Self::Reversed => false,
        }
    }
}

/// One line of reported spend.
#[derive(Debug, Clone, PartialEq)]
pub struct Claim {
    /// Who reported it.
    pub partner: PartnerCode,
    /// Benefit category.
    pub category: String,
    /// Budget line.
    pub budget_line: String,
    /// Day of delivery.
    pub delivered_on: Date,
    /// As on the receipt.
    pub amount: Amount,
    /// Which rate values it; none for euros.
    pub exchange: Option<Exchange>,
    /// In euro; none while the rate is still to come.
    pub eur: Option<Eur>,
    /// What is held back for it while its rate is still to come, and the rate that says so; kept after that.
    pub estimate: Option<(Eur, Quote)>,
    /// SHA-256 of the receipt's file.
    pub receipt_sha256: Option<FileDigest>,
    /// Supplier, receipt number and description, in the vault.
    pub details: TextId,
    /// Which share of the receipt it is, if that is for a family.
    pub shared: Option<Shared>,
    /// What other people's parts of the same receipt come to that were reported before.
    pub beside: Option<Amount>,
    /// The file of the receipt in the vault.
    pub receipt: Option<ReceiptFile>,
    /// Counts as disbursed.
    pub eligible: Eur,
    /// Does not.
    pub disallowed: Eur,
    /// Of the eligible part, what has come back.
    pub reversed: Eur,
    /// What it took from the plan of its partner, and did not give back.
    pub drawn: Eur,
    /// Why something is disallowed.
    pub reason: Option<ClaimReason>,
    /// Two people must accept it, whatever it is worth: somebody had refused it.
    pub by_two: bool,
    /// How far it has come.
    pub state: ClaimState,
    /// Who would accept it, while another one has yet to agree.
    pub proposed_by: Option<Actor>,
    /// What finance would accept at most, or did.
    pub cut: Option<Cut>,
    /// What somebody would take back, while another one has yet to agree.
    pub reversal: Option<TakingBack>,
    /// What came back, each time, in the order in which it was recorded; also what was undone.
    pub came_back: Vec<CameBack>,
    /// Which of it somebody would undo, while another one has yet to agree.
    pub undoing: Option<Undoing>,
}

/// One reversal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CameBack {
    /// What it is known by.
    pub key: KeyDigest,
    /// How much, in euro.
    pub eur: Eur,
    /// The same in the currency of the receipt, if it was given in that.
    pub original: Option<Amount>,
    /// Day.
    pub on: Date,
    /// It was recorded by mistake, and counts no more.
    pub undone: bool,
}

/// A reversal that somebody would undo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undoing {
    /// Which: its key.
    pub key: KeyDigest,
    /// Who.
    pub proposed_by: Actor,
}

/// The file of a receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptFile {
    /// Its content in the vault, in pieces, in their order.
    pub pieces: Vec<TextId>,
    /// SHA-256 of the file.
    pub sha256: FileDigest,
    /// Its length.
    pub bytes: u64,
}

impl Claim {
    /// What stands on the receipt.
    pub fn whole(&self) -> Amount {
        self.shared.map_or(self.amount, |shared| shared.whole)
    }

    /// Not decided yet.
    pub fn is_open(&self) -> bool {
        self.state.is_open()
    }

    /// The reversal that counts and is known by this key.
    pub fn came_back_under(&self, key: KeyDigest) -> Option<&CameBack> {
        self.came_back.iter().find(|back| back.key == key && !back.undone)
    }

    /// What is held back for it now, because its rate is still to come.
    pub fn held_back(&self) -> Option<Eur> {
        let (amount, _) = self.estimate.filter(|_| self.state == ClaimState::WaitingForRate)?;
        Some(amount)
    }

    /// Its category, and the budget line that pays.
    pub(crate) fn benefit(&self) -> [&str; 2] {
        [&self.category, &self.budget_line]
    }

    /// Where it stands once it is accepted, and not all of it has come back.
    fn accepted_state(&self) -> ClaimState {
        if self.disallowed.is_zero() { ClaimState::Accepted } else { ClaimState::Cut }
    }

    /// Where it stands before any decision.
    fn undecided_state(&self) -> ClaimState {
        if self.eur.is_some() { ClaimState::Reported } else { ClaimState::WaitingForRate }
    }
}

/// Applies an event to the claims of its case.
pub fn evolve(claims: &mut BTreeMap<ClaimId, Claim>, event: &CaseEvent) -> Result<(), FoldError> {
    match event {
        CaseEvent::SpendReported(e) => {
            let mut claim = Claim {
                partner: e.partner.clone(),
                category: e.category.clone(),
                budget_line: e.budget_line.clone(),
                delivered_on: e.delivered_on,
                amount: e.amount,
                exchange: e.exchange.clone(),
                eur: e.eur,
                estimate: None,
                receipt_sha256: e.receipt_sha256,
                details: e.details,
                shared: e.shared,
                beside: e.beside,
                receipt: None,
                eligible: Eur::ZERO,
                disallowed: Eur::ZERO,
                reversed: Eur::ZERO,
                drawn: Eur::ZERO,
                reason: None,
                by_two: false,
                state: ClaimState::Reported,
                proposed_by: None,
                cut: None,
                reversal: None,
                came_back: Vec::new(),
                undoing: None,
            };
            claim.state = claim.undecided_state();
            if claims.insert(e.claim, claim).is_some() {
                return Err(FoldError(format!("claim {} is reported twice", e.claim)));
            }
        }
        CaseEvent::SpendEstimated(e) => match claims.get_mut(&e.claim) {
            Some(claim) if claim.state == ClaimState::WaitingForRate => {
                claim.estimate = Some((e.amount, e.quote));
            }
            _ => return Err(FoldError(format!("claim {} does not wait for a rate", e.claim))),
        },
        CaseEvent::EstimateReleased(e) => {
            let known = claims.get(&e.claim).and_then(Claim::held_back);
            if known != Some(e.amount) {
                return Err(FoldError(format!("nothing like that is held back for claim {}", e.claim)));
            }
        }
        CaseEvent::ReceiptAttached(e) => match claims.get_mut(&e.claim) {
            Some(claim) if claim.receipt.is_none() => {
                let (pieces, sha256, bytes) = (e.pieces.clone(), e.sha256, e.bytes);
                claim.receipt = Some(ReceiptFile { pieces, sha256, bytes });
            }
            _ => return Err(FoldError(format!("claim {} has its receipt already, or is unknown", e.claim))),
        },
        CaseEvent::ClaimConverted(e) => match claims.get_mut(&e.claim) {
            Some(claim) if claim.state == ClaimState::WaitingForRate => {
                claim.eur = Some(e.eur);
                claim.state = ClaimState::Reported;
                match &mut claim.exchange {
                    Some(exchange) => exchange.quote = Some(e.quote),
                    None => return Err(FoldError(format!("claim {} needs no exchange rate", e.claim))),
                }
            }
            _ => return Err(FoldError(format!("claim {} does not wait for a rate", e.claim))),
        },
        CaseEvent::ClaimAccepted(e) => {
            let claim = undecided(claims, e.claim)?;
            if Some(e.eligible.checked_add(e.disallowed)?) != claim.eur {
                return Err(FoldError(format!(
                    "claim {} is decided for another amount than it was reported",
                    e.claim
                )));
            }
            if e.cut.is_some_and(|cut| e.eligible > cut.at_most) {
                return Err(FoldError(format!("claim {} is accepted for more than at most", e.claim)));
            }
            (claim.eligible, claim.disallowed, claim.reason) = (e.eligible, e.disallowed, e.reason);
            claim.cut = e.cut;
            claim.state = claim.accepted_state();
        }
        CaseEvent::ClaimProposed(e) => {
            let claim = undecided(claims, e.claim)?;
            (claim.state, claim.proposed_by) = (ClaimState::Proposed, Some(e.proposed_by.clone()));
            claim.cut = e.cut;
        }
        CaseEvent::ClaimQueried(e) => {
            let claim = undecided(claims, e.claim)?;
            // Who proposed it did not know what will be answered.
            (claim.state, claim.proposed_by, claim.cut) = (ClaimState::Queried, None, None);
        }
        CaseEvent::ClaimAnswered(e) => match claims.get_mut(&e.claim) {
            Some(claim) if claim.state == ClaimState::Queried => claim.state = ClaimState::Answered,
            _ => return Err(FoldError(format!("claim {} was asked nothing", e.claim))),
        },
        CaseEvent::ClaimRefused(e) => {
            let claim = undecided(claims, e.claim)?;
            (claim.disallowed, claim.reason, claim.state) =
                (e.disallowed, Some(e.reason), ClaimState::Refused);
            claim.cut = None;
        }
        CaseEvent::ClaimReopened(e) => match claims.get_mut(&e.claim) {
            Some(claim) if claim.state == ClaimState::Refused => {
                (claim.disallowed, claim.reason, claim.proposed_by) = (Eur::ZERO, None, None);
                claim.by_two |= e.by_two;
                claim.state = claim.undecided_state();
            }
            _ => return Err(FoldError(format!("claim {} was not refused", e.claim))),
        },
        CaseEvent::BenefitReversalProposed(e) => match claims.get_mut(&e.claim) {
            Some(claim) => {
                let (eur, on, proposed_by) = (e.amount, Some(e.reversed_on), e.proposed_by.clone());
                let original = e.original.map(|original| original.amount);
                claim.reversal = Some(TakingBack { eur, original, on, proposed_by });
            }
            None => return Err(FoldError(format!("claim {} was never reported", e.claim))),
        },
        CaseEvent::BenefitReversalDropped(e) => match claims.get_mut(&e.claim) {
            Some(claim) if claim.reversal.is_some() || claim.undoing.is_some() => {
                (claim.reversal, claim.undoing) = (None, None);
            }
            _ => return Err(FoldError(format!("nobody proposed to take back claim {}", e.claim))),
        },
        CaseEvent::BenefitReversalUndoProposed(e) => match claims.get_mut(&e.claim) {
            Some(claim) if claim.came_back_under(e.reversal_key).is_some() => {
                claim.undoing = Some(Undoing { key: e.reversal_key, proposed_by: e.proposed_by.clone() });
            }
            _ => return Err(FoldError(format!("nothing like that came back of claim {}", e.claim))),
        },
        CaseEvent::BenefitReversalUndone(e) => {
            let claim = claims
                .get_mut(&e.claim)
                .ok_or_else(|| FoldError(format!("claim {} was never reported", e.claim)))?;
            let mut standing = claim.came_back.iter_mut().filter(|back| !back.undone);
            match standing.find(|back| (back.key, back.eur) == (e.reversal_key, e.amount)) {
                Some(back) => back.undone = true,
                None => return Err(FoldError(format!("nothing like that came back of claim {}", e.claim))),
            }
            (claim.reversed, claim.undoing) = (claim.reversed.checked_sub(e.amount)?, None);
            claim.state = claim.accepted_state();
        }
        CaseEvent::BenefitReversed(e) => {
            let claim = claims
                .get_mut(&e.claim)
                .ok_or_else(|| FoldError(format!("claim {} was never reported", e.claim)))?;
            (claim.reversed, claim.reversal) = (claim.reversed.checked_add(e.amount)?, None);
            let original = e.original.map(|original| original.amount);
            let (key, eur, on) = (e.reversal_key, e.amount, e.reversed_on);
            claim.came_back.push(CameBack { key, eur, original, on, undone: false });
            if claim.reversed > claim.eligible {
                return Err(FoldError(format!("claim {} is reversed for more than was accepted", e.claim)));
            }
            if claim.reversed == claim.eligible {
                claim.state = ClaimState::Reversed;
            }
        }
        _ => {}
    }
    Ok(())
}

fn undecided(claims: &mut BTreeMap<ClaimId, Claim>, id: ClaimId) -> Result<&mut Claim, FoldError> {
    match claims.get_mut(&id) {
        Some(claim) if claim.is_open() => Ok(claim),
        Some(_) => Err(FoldError(format!("claim {id} is decided twice"))),
        None => Err(FoldError(format!("claim {id} was never reported"))),
    }
}
