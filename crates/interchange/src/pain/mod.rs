//! Credit transfers for the bank: pain.001 (ISO 20022, customer credit transfer initiation), versions .03 and .09; and what
//! the bank says of them: pain.002 (customer payment status report).
//!
//! The same content gives the same bytes. Names are written in the characters that every bank takes; what had to be
//! changed is said.

mod status;
mod text;
mod words;
mod write;

use domain::CreditorReference;
use domain::partner::{Bic, Iban, Name, PaymentDetails, SenderNumber};
use domain::payment::PainVersion;
use jiff::Timestamp;
use jiff::civil::Date;
use money::Eur;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use status::{
    InstructionStatus, PaymentStatus, ReportedStatus, STATUSES_MAX, StatusPlace, StatusProblem, StatusReport,
    read_status,
};
pub use text::is_lost;
pub use words::{reason_in_words, status_in_words};
pub use write::{instruction_ids, write};

/// Largest amount that has the 18 digits of the schema, in cents.
const CENTS_MAX: i64 = 999_999_999_999_999_999;

/// Whose account pays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Debtor {
    /// What the bank calls its holder.
    pub name: Name,
    /// The account.
    pub iban: Iban,
    /// The bank.
    pub bic: Option<Bic>,
    /// The number under which the bank knows who sends files, where it asks for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender: Option<SenderNumber>,
}

/// One credit transfer, in euro.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfer {
    /// What stands on it, for both sides.
    pub reference: CreditorReference,
    /// How much.
    pub eur: Eur,
    /// To whom, and where.
    pub to: PaymentDetails,
}

/// The content of a file of credit transfers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Initiation {
    /// The version of the message.
    pub version: PainVersion,
    /// Its identity: no other message of this debtor has it.
    pub message: Uuid,
    /// When it was made, to the second.
    pub created_at: Timestamp,
    /// The day on which the bank is to execute it.
    pub execute_on: Date,
    /// Whose account pays.
    pub debtor: Debtor,
    /// The transfers.
    pub transfers: Vec<Transfer>,
}

/// A name that was written in other characters than it has, or was shortened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rewritten {
    /// As it is.
    pub name: String,
    /// As it stands in the file.
    pub written: String,
}

/// A file of credit transfers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InitiationFile {
    /// The file.
    pub bytes: Vec<u8>,
    /// The sum of its transfers.
    pub total: Eur,
    /// The names that were changed, each once.
    pub rewritten: Vec<Rewritten>,
}

/// Why no file can be made.
#[derive(Debug, thiserror::Error)]
pub enum PainError {
    /// Nothing to transfer.
    #[error("a file of payments needs one payment at least")]
    Empty,
    /// Zero or less cannot be transferred; neither can what has more digits than the schema.
    #[error("payment {reference} is over {eur} EUR: a transfer is above zero and has at most 18 digits")]
    Amount {
        /// Which.
        reference: CreditorReference,
        /// How much.
        eur: Eur,
    },
    /// All together.
    #[error("the payments are too large to be added up in one file: name fewer of them")]
    Total,
    /// The older version has a narrower form of a bank's code.
    #[error("the BIC {0} cannot stand in pain.001.001.03: give --pain 09, or leave the BIC out")]
    Bic(Bic),
    /// Bytes in memory that cannot be written.
    #[error("the file cannot be put together: {0}")]
    Write(#[from] std::io::Error),
}
