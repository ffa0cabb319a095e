//! Files of payments for the bank.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use money::Eur;
use rulebook::FailedCondition;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::day::may_execute_on;
use super::decide::ready;
use super::due::Standing;
use super::event::PaymentInstructed;
use super::status::{PaymentStatusReported, StatusOfPayment};
use crate::by::By;
use crate::event::events;
use crate::ids::{Actor, FileDigest, PartnerCode, PaymentId, TextId};
use crate::partner::Partner;
use crate::refusal::{FoldError, Refusal};

events! {
    /// An event of the stream of files of payments.
    PaymentFileEvent { PaymentFileWritten = 1, PaymentStatusReported = 1, PaymentFileCommandRefused = 1 }
}

rulebook::codes! {
    /// The version of the message (ISO 20022, customer credit transfer initiation).
    PainVersion {
        /// Of 2009; what banks take everywhere.
        V03 = "pain.001.001.03",
        /// Of 2019.
        V09 = "pain.001.001.09",
    }
}

/// A payment in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FiledPayment {
    /// Whose.
    pub partner: PartnerCode,
    /// Which.
    pub payment: PaymentId,
    /// How much, in euro.
    pub eur: Eur,
}

/// A file of payments was made. From what stands here and in its payments it can be made again, byte for byte.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentFileWritten {
    /// The file's number: 1, 2, 3 …
    pub file: u64,
    /// The message's identity for the bank: this id without its dashes.
    pub message: Uuid,
    /// Its version.
    pub version: PainVersion,
    /// When it was made, to the second.
    pub created_at: Timestamp,
    /// The day on which the bank is to execute it.
    pub execute_on: Date,
    /// Whose account pays, in the vault.
    pub debtor: TextId,
    /// The payments, in the order of the file.
    pub payments: Vec<FiledPayment>,
    /// Their sum, in euro: the file's control sum.
    pub total: Eur,
    /// SHA-256 of the file.
    pub sha256: FileDigest,
    /// Who made it.
    pub by: Actor,
}

/// A command to make a file was refused by a rule. It changed nothing; who gave it stands in the envelope.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentFileCommandRefused {
    /// Name of the command.
    pub command: String,
    /// The day on which the bank was to execute it.
    pub on: Date,
    /// Version of the rulebook in force.
    pub rulebook: String,
    /// Every reason.
    pub reasons: Vec<FailedCondition>,
}

impl PaymentFileEvent {
    /// The encrypted text this event brings, if any.
    pub fn text(&self) -> Option<TextId> {
        match self {
            Self::PaymentFileWritten(e) => Some(e.debtor),
            Self::PaymentStatusReported(_) | Self::PaymentFileCommandRefused(_) => None,
        }
    }
}

/// All files of payments.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PaymentFiles {
    files: Vec<PaymentFileWritten>,
    /// Reports of the bank that were taken in.
    reports: BTreeSet<FileDigest>,
    /// What the bank said last of each payment.
    statuses: BTreeMap<PaymentId, StatusOfPayment>,
}

impl PaymentFiles {
    /// Applies an event.
    pub fn evolve(&mut self, event: &PaymentFileEvent) -> Result<(), FoldError> {
        match event {
            PaymentFileEvent::PaymentFileWritten(e) if e.file == self.next_number() => {
                self.files.push(e.clone());
                Ok(())
            }
            PaymentFileEvent::PaymentFileWritten(e) => {
                Err(FoldError(format!("file {} of payments is not the next one", e.file)))
            }
            PaymentFileEvent::PaymentStatusReported(e) => {
                if self.get(e.file).is_none() || !self.reports.insert(e.sha256) {
                    return Err(FoldError("a report is taken in twice, or is about no file".into()));
                }
                self.statuses.extend(e.payments.iter().map(|of| (of.payment, of.clone())));
                Ok(())
            }
            PaymentFileEvent::PaymentFileCommandRefused(_) => Ok(()),
        }
    }

    /// Whether a report of the bank with this SHA-256 was taken in.
    pub fn has_report(&self, sha256: FileDigest) -> bool {
        self.reports.contains(&sha256)
    }

    /// What the bank said last of a payment.
    pub fn status_of(&self, payment: PaymentId) -> Option<&StatusOfPayment> {
        self.statuses.get(&payment)
    }

    /// A file.
    pub fn get(&self, number: u64) -> Option<&PaymentFileWritten> {
        self.files.iter().find(|file| file.file == number)
    }

    /// All files, by number.
    pub fn iter(&self) -> impl Iterator<Item = &PaymentFileWritten> {
        self.files.iter()
    }

    /// How many there are, with what the bank said of them.
    pub fn revision(&self) -> u64 {
        (self.files.len() + self.reports.len()) as u64
    }

    fn next_number(&self) -> u64 {
        self.files.len() as u64 + 1
    }
}

/// A file of payments to be recorded.
#[derive(Debug, Clone, PartialEq)]
pub struct NewPaymentFile {
    /// The message's identity.
    pub message: Uuid,
    /// Its version.
    pub version: PainVersion,
    /// When it is made.
    pub created_at: Timestamp,
    /// Today.
    pub today: Date,
    /// The day on which the bank is to execute it.
    pub execute_on: Date,
    /// Whose account pays, in the vault.
    pub debtor: TextId,
    /// The payments, in the order of the file.
    pub payments: Vec<(PartnerCode, PaymentId)>,
    /// SHA-256 of the file.
    pub sha256: FileDigest,
}

impl NewPaymentFile {
    /// The command's name, as kept with a refusal.
    pub const NAME: &'static str = "write-payment-file";
}

/// Decides whether these payments may be given to the bank in one file: each was approved by somebody else than who writes
/// it, is still right, and stands in no file yet. Answers with the event of the file and those of its payments.
pub fn write_file(
    files: &PaymentFiles,
    partners: &BTreeMap<PartnerCode, (&Partner, Standing)>,
    new: &NewPaymentFile,
    by: &By,
) -> Result<(PaymentFileWritten, Vec<(PartnerCode, PaymentInstructed)>), Refusal> {
    if new.payments.is_empty() {
        let detail = "no payment is approved and in no file: `svala payment list --state approved`";
        return Err(Refusal::new("nothing-to-pay", detail));
    }
    may_execute_on(new.today, new.execute_on, true)?;
    let (file, mut once) = (files.next_number(), BTreeSet::new());
    let (mut payments, mut instructed, mut reasons) = (Vec::new(), Vec::new(), Vec::new());
    for (code, id) in &new.payments {
        let found = partners.get(code).map(|(partner, standing)| ready(partner, *id, standing, by));
        match found {
            Some(Ok(payment)) if once.insert(*id) => {
                payments.push(FiledPayment { partner: code.clone(), payment: *id, eur: payment.total });
                let (execute_on, by) = (new.execute_on, by.actor().clone());
                instructed.push((code.clone(), PaymentInstructed { payment: *id, file, execute_on, by }));
            }
            Some(Err(refusal)) => reasons.extend(refusal.reasons),
            Some(Ok(payment)) => {
                let detail = format!("payment {} is named twice", payment.reference);
                reasons.extend(Refusal::new("named-twice", detail).reasons);
            }
            None => reasons.extend(Refusal::new("unknown-partner", format!("there is no {code}")).reasons),
        }
    }
    if !reasons.is_empty() {
        return Err(Refusal { reasons });
    }
    let total = Eur::sum(payments.iter().map(|payment| payment.eur));
    let written = PaymentFileWritten {
        file,
        message: new.message,
        version: new.version,
        created_at: new.created_at,
        execute_on: new.execute_on,
        debtor: new.debtor,
        payments,
        total: total.map_err(|overflow| Refusal::new("amount-too-large", overflow.to_string()))?,
        sha256: new.sha256,
        by: by.actor().clone(),
    };
    Ok((written, instructed))
}
