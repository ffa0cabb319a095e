//! What the bank says of payments that it was given in a file.

use serde::{Deserialize, Serialize};

use super::file::PaymentFiles;
use crate::bank::IsoCode;
use crate::by::By;
use crate::ids::{Actor, FileDigest, PaymentId};
use crate::refusal::Refusal;

/// What a bank calls payments that it does not make: rejected, or cancelled.
const NOT_MADE: [&str; 2] = ["RJCT", "CANC"];

/// What the bank says of one payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatusOfPayment {
    /// Which.
    pub payment: PaymentId,
    /// How far it has come.
    pub status: IsoCode,
    /// Why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<IsoCode>,
}

impl StatusOfPayment {
    /// Whether the bank does not make it.
    pub fn is_not_made(&self) -> bool {
        NOT_MADE.contains(&self.status.as_str())
    }
}

/// The bank said how far payments of a file have come. Those that it does not make are taken back beside it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentStatusReported {
    /// The number of the file with the payments.
    pub file: u64,
    /// SHA-256 of the report.
    pub sha256: FileDigest,
    /// The payments of which it says something, in the order of the file.
    pub payments: Vec<StatusOfPayment>,
    /// Who took the report in.
    pub by: Actor,
}

/// Takes a report in, once.
///
/// # Errors
/// [`Refusal`] if it was taken in before, or is about a payment that does not stand in the file.
pub fn report_status(
    files: &PaymentFiles,
    (file, sha256): (u64, FileDigest),
    payments: &[StatusOfPayment],
    by: &By,
) -> Result<PaymentStatusReported, Refusal> {
    by.may_decide()?;
    let Some(known) = files.get(file) else {
        return Err(Refusal::new("unknown-order", format!("there is no file {file}: `svala payment files`")));
    };
    if files.has_report(sha256) {
        return Err(Refusal::new("already-reported", "this report was taken in before"));
    }
    let stands_in_it = |of: &StatusOfPayment| known.payments.iter().any(|filed| filed.payment == of.payment);
    if let Some(stranger) = payments.iter().find(|of| !stands_in_it(of)) {
        let detail = format!("payment {} does not stand in file {file}", stranger.payment);
        return Err(Refusal::new("unknown-reference", detail));
    }
    Ok(PaymentStatusReported { file, sha256, payments: payments.to_vec(), by: by.actor().clone() })
}
