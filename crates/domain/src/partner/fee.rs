//! Fees: what a partner charges for its own work. They are a cost class of their own and touch no person's cap.

use jiff::civil::Date;
use money::{Amount, Eur, Overflow};

use super::event::FeeReported;
use crate::approval::TakingBack;
use crate::claim::{Exchange, ReceiptFile};
use crate::ids::{Actor, AgreementCode, FileDigest, TextId};

/// What stands in the place of a benefit category in files of spend.
pub const PARTNER_FEE: &str = "partner-fee";

rulebook::codes! {
    /// How far a fee has come.
    FeeState {
        /// Reported in a currency whose rate is not published yet.
        WaitingForRate = "waiting-for-rate",
        /// Reported, not decided.
        Reported = "reported",
        /// One person would accept it; another must agree.
        Proposed = "proposed",
        /// Waits for an answer of the partner, or a decision.
        Queried = "queried",
        /// The partner answered: waits for a decision.
        Answered = "answered",
        /// Accepted by finance.
        Accepted = "accepted",
        /// Refused by finance, with a reason.
        Refused = "refused",
        /// All that was accepted was taken back.
        Reversed = "reversed",
    }
}

impl FeeState {
    /// Whether money went or may go out.
    pub fn counts(self) -> bool {
        !matches!(self, Self::Refused | Self::Reversed)
    }

    /// Not decided yet.
    pub fn is_open(self) -> bool {
        match self {
            Self::WaitingForRate | Self::Reported | Self::Proposed | Self::Queried | Self::Answered => true,
            Self::Accepted | Self::Refused | Self::Reversed => false,
        }
    }
}

/// One fee that was reported.
#[derive(Debug, Clone, PartialEq)]
pub struct Fee {
    /// The first agreement with fee terms that was in force on its day, by what was signed when it was reported. What is signed
    /// now [`Partner::fee_agreements`](super::Partner::fee_agreements) says.
    pub agreement: Option<AgreementCode>,
    /// The day it is charged for.
    pub charged_on: Date,
    /// As charged.
    pub amount: Amount,
    /// Which rate values it; none for euros.
    pub exchange: Option<Exchange>,
    /// In euro; none while the rate is still to come.
    pub eur: Option<Eur>,
    /// SHA-256 of the receipt's file.
    pub receipt_sha256: Option<FileDigest>,
    /// Supplier, receipt number and description, in the vault.
    pub details: TextId,
    /// SHA-256 of the file it was reported in.
    pub file: Option<FileDigest>,
    /// The file of the receipt in the vault.
    pub receipt: Option<ReceiptFile>,
    /// How far it has come.
    pub state: FeeState,
    /// Two people must accept it, whatever it is worth: somebody had refused it.
    pub by_two: bool,
    /// Who would accept it, while another one has yet to agree.
    pub proposed_by: Option<Actor>,
    /// Of what was accepted, what was taken back.
    pub reversed: Eur,
    /// The parts of that, each with finance's reason, in the vault.
    pub reversals: Vec<(Eur, TextId)>,
    /// What somebody would take back, while another one has yet to agree.
    pub reversal: Option<TakingBack>,
}

impl Fee {
    /// What is owed for it: accepted, and not taken back.
    ///
    /// # Errors
    /// [`Overflow`] never, for what was decided: no more is taken back than was accepted.
    pub fn net(&self) -> Result<Eur, Overflow> {
        match self.state {
            FeeState::Accepted | FeeState::Reversed => {
                self.eur.unwrap_or(Eur::ZERO).checked_sub(self.reversed)
            }
            FeeState::WaitingForRate
            | FeeState::Reported
            | FeeState::Proposed
            | FeeState::Queried
            | FeeState::Answered
            | FeeState::Refused => Ok(Eur::ZERO),
        }
    }
}

impl From<&FeeReported> for Fee {
    fn from(event: &FeeReported) -> Self {
        Self {
            agreement: event.agreement.clone(),
            charged_on: event.charged_on,
            amount: event.amount,
            exchange: event.exchange.clone(),
            eur: event.eur,
            receipt_sha256: event.receipt_sha256,
            details: event.details,
            file: event.file,
            receipt: None,
            state: undecided(event.eur),
            by_two: false,
            proposed_by: None,
            reversed: Eur::ZERO,
            reversals: Vec::new(),
            reversal: None,
        }
    }
}

/// Where a fee stands before any decision.
pub(super) fn undecided(eur: Option<Eur>) -> FeeState {
    if eur.is_some() { FeeState::Reported } else { FeeState::WaitingForRate }
}
