//! A partner as its events have made it.

use std::collections::BTreeMap;

use jiff::civil::Date;
use rulebook::Country;

use super::agreement::Agreement;
use super::event::PartnerEvent;
use super::fee::{Fee, FeeState, undecided};
use super::name::Name;
use crate::approval::TakingBack;
use crate::claim::ReceiptFile;
use crate::ids::{Actor, AgreementCode, FeeId, KeyDigest, PartnerCode, TextId};
use crate::payment::Payments;
use crate::refusal::FoldError;

/// Payment details that somebody proposed and nobody has decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// Account and holder, in the vault.
    pub details: TextId,
    /// Keyed digest of them.
    pub digest: KeyDigest,
    /// Who proposed them.
    pub proposed_by: Actor,
}

/// Payment details in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Details {
    /// Account and holder, in the vault.
    pub details: TextId,
    /// Keyed digest of them.
    pub digest: KeyDigest,
    /// Who approved them.
    pub approved_by: Actor,
}

/// A partner organisation.
#[derive(Debug, Clone, PartialEq)]
pub struct Partner {
    /// Its code.
    pub code: PartnerCode,
    /// Its full name; none while only imports have met it.
    pub name: Option<Name>,
    /// Its agreements, ended ones too.
    pub agreements: BTreeMap<AgreementCode, Agreement>,
    /// Where it is paid.
    pub details: Option<Details>,
    /// Where it is to be paid, if a second person approves.
    pub proposal: Option<Proposal>,
    /// What it charged.
    pub fees: BTreeMap<FeeId, Fee>,
    /// What it was paid, and is going to be.
    pub payments: Payments,
    /// Number of events that changed something (refused commands do not).
    pub revision: u64,
}

impl Partner {
    /// The partner after one more event: of none before the first.
    pub fn evolve(partner: Option<Self>, event: &PartnerEvent) -> Result<Self, FoldError> {
        let mut partner = match (partner, event) {
            (None, PartnerEvent::PartnerRegistered(e)) => {
                return Ok(Self {
                    code: e.partner.clone(),
                    name: None,
                    agreements: BTreeMap::new(),
                    details: None,
                    proposal: None,
                    fees: BTreeMap::new(),
                    payments: Payments::default(),
                    revision: 1,
                });
            }
            (None, other) => {
                return Err(FoldError(format!("{} before PartnerRegistered", other.event_type())));
            }
            (Some(_), PartnerEvent::PartnerRegistered(_)) => {
                return Err(FoldError("PartnerRegistered twice".into()));
            }
            (Some(partner), PartnerEvent::PartnerCommandRefused(_)) => return Ok(partner),
            (Some(partner), _) => partner,
        };
        partner.revision += 1;
        match event {
            PartnerEvent::PartnerRegistered(_) | PartnerEvent::PartnerCommandRefused(_) => {}
            PartnerEvent::PartnerNamed(e) => partner.name = Some(e.name.clone()),
            PartnerEvent::AgreementSigned(e) => {
                let agreement = Agreement {
                    programme: e.programme.clone(),
                    countries: e.countries.clone(),
                    valid_from: e.valid_from,
                    valid_until: e.valid_until,
                    fee: e.fee,
                };
                if partner.agreements.insert(e.agreement.clone(), agreement).is_some() {
                    return Err(FoldError(format!("agreement {} is signed twice", e.agreement)));
                }
            }
            PartnerEvent::AgreementEnded(e) => match partner.agreements.get_mut(&e.agreement) {
                Some(agreement) => agreement.valid_until = Some(e.ended_on),
                None => return Err(FoldError(format!("agreement {} was never signed", e.agreement))),
            },
            PartnerEvent::PaymentDetailsProposed(e) => {
                partner.proposal = Some(Proposal {
                    details: e.details,
                    digest: e.digest,
                    proposed_by: e.proposed_by.clone(),
                });
            }
            PartnerEvent::PaymentDetailsApproved(e) => {
                let Proposal { details, digest, .. } = partner.take_proposal(e.details)?;
                partner.details = Some(Details { details, digest, approved_by: e.approved_by.clone() });
            }
            PartnerEvent::PaymentDetailsRejected(e) => {
                partner.take_proposal(e.details)?;
            }
            PartnerEvent::FeeReported(e) => {
                if partner.fees.insert(e.fee, Fee::from(e)).is_some() {
                    return Err(FoldError(format!("fee {} is reported twice", e.fee)));
                }
            }
            PartnerEvent::FeeReceiptAttached(e) => match partner.fees.get_mut(&e.fee) {
                Some(fee) if fee.receipt.is_none() => {
                    let (pieces, sha256, bytes) = (e.pieces.clone(), e.sha256, e.bytes);
                    fee.receipt = Some(ReceiptFile { pieces, sha256, bytes });
                }
                _ => return Err(FoldError(format!("fee {} has its receipt already, or is unknown", e.fee))),
            },
            PartnerEvent::FeeConverted(e) => match partner.fees.get_mut(&e.fee) {
                Some(Fee {
                    state: state @ FeeState::WaitingForRate, eur, exchange: Some(exchange), ..
                }) => {
                    (*state, *eur, exchange.quote) = (FeeState::Reported, Some(e.eur), Some(e.quote));
                }
                _ => return Err(FoldError(format!("fee {} does not wait for a rate", e.fee))),
            },
            PartnerEvent::FeeProposed(e) => {
                let fee = partner.undecided(e.fee)?;
                (fee.state, fee.proposed_by) = (FeeState::Proposed, Some(e.proposed_by.clone()));
            }
            PartnerEvent::FeeQueried(e) => {
                let fee = partner.undecided(e.fee)?;
                // Who proposed it did not know what will be answered.
                (fee.state, fee.proposed_by) = (FeeState::Queried, None);
            }
            PartnerEvent::FeeAnswered(e) => match partner.fees.get_mut(&e.fee) {
                Some(fee) if fee.state == FeeState::Queried => fee.state = FeeState::Answered,
                _ => return Err(FoldError(format!("fee {} was asked nothing", e.fee))),
            },
            PartnerEvent::FeeReopened(e) => match partner.fees.get_mut(&e.fee) {
                Some(fee) if fee.state == FeeState::Refused => {
                    (fee.state, fee.proposed_by, fee.by_two) = (undecided(fee.eur), None, true);
                }
                _ => return Err(FoldError(format!("fee {} was not refused", e.fee))),
            },
            PartnerEvent::FeeAccepted(e) => partner.undecided(e.fee)?.state = FeeState::Accepted,
            PartnerEvent::FeeRefused(e) => partner.undecided(e.fee)?.state = FeeState::Refused,
            PartnerEvent::FeeReversalProposed(e) => {
                let reversal =
                    TakingBack { eur: e.eur, original: None, on: None, proposed_by: e.proposed_by.clone() };
                partner.accepted(e.fee)?.reversal = Some(reversal);
            }
            PartnerEvent::FeeReversalDropped(e) => {
                if partner.accepted(e.fee)?.reversal.take().is_none() {
                    return Err(FoldError(format!("nobody proposed to take back fee {}", e.fee)));
                }
            }
            PartnerEvent::FeeReversed(e) => {
                let fee = partner.accepted(e.fee)?;
                (fee.reversed, fee.reversal) = (fee.reversed.checked_add(e.eur)?, None);
                fee.reversals.push((e.eur, e.reason));
                let left = fee.net()?;
                if left.is_negative() {
                    return Err(FoldError(format!("fee {} is reversed for more than was accepted", e.fee)));
                }
                if left.is_zero() {
                    fee.state = FeeState::Reversed;
                }
            }
            PartnerEvent::PartnerPaid(_)
            | PartnerEvent::PartnerPaidReversed(_)
            | PartnerEvent::PartnerPaidReturned(_)
            | PartnerEvent::PartnerPaidReturnUndone(_)
            | PartnerEvent::PaymentProposed(_)
            | PartnerEvent::PaymentApproved(_)
            | PartnerEvent::PaymentCancelled(_)
            | PartnerEvent::PaymentInstructed(_)
            | PartnerEvent::PaymentRecallProposed(_)
            | PartnerEvent::PaymentRecallWithdrawn(_)
            | PartnerEvent::PaymentRecalled(_)
            | PartnerEvent::PaymentReturned(_)
            | PartnerEvent::PaymentReturnUndone(_) => partner.payments.evolve(event)?,
        }
        Ok(partner)
    }

    /// Folds a whole stream.
    pub fn fold<'a>(events: impl IntoIterator<Item = &'a PartnerEvent>) -> Result<Option<Self>, FoldError> {
        events.into_iter().try_fold(None, |partner, event| Self::evolve(partner, event).map(Some))
    }

    /// The agreement under which a fee of this day is charged: the first, by code, that is in force and has fee terms.
    pub fn fee_agreement(&self, day: Date) -> Option<&AgreementCode> {
        self.fee_agreements(day).next()
    }

    /// The agreements under which a fee of this day may be charged, as far as they are signed now, by code.
    pub fn fee_agreements(&self, day: Date) -> impl Iterator<Item = &AgreementCode> {
        let charging = move |agreement: &Agreement| agreement.fee.is_some() && agreement.holds_on(day);
        self.agreements.iter().filter(move |(_, agreement)| charging(agreement)).map(|(code, _)| code)
    }

    /// Whether something was delivered outside of all agreements. Where none is recorded there is nothing to be outside of.
    pub fn is_outside_agreements(&self, programme: &str, country: Country, day: Date) -> bool {
        let mut agreements = self.agreements.values();
        !self.agreements.is_empty() && !agreements.any(|agreement| agreement.covers(programme, country, day))
    }

    fn take_proposal(&mut self, details: TextId) -> Result<Proposal, FoldError> {
        let proposal = self.proposal.take().filter(|proposal| proposal.details == details);
        proposal.ok_or_else(|| FoldError("payment details that nobody proposed are decided".into()))
    }

    fn accepted(&mut self, id: FeeId) -> Result<&mut Fee, FoldError> {
        match self.fees.get_mut(&id) {
            Some(fee) if fee.state == FeeState::Accepted => Ok(fee),
            _ => Err(FoldError(format!("fee {id} is reversed, and is not accepted"))),
        }
    }

    fn undecided(&mut self, id: FeeId) -> Result<&mut Fee, FoldError> {
        match self.fees.get_mut(&id) {
            Some(fee) if fee.state.is_open() => Ok(fee),
            Some(_) => Err(FoldError(format!("fee {id} is decided twice"))),
            None => Err(FoldError(format!("fee {id} was never reported"))),
        }
    }
}
