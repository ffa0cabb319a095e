//! Older versions of the events, read as the newest.

use jiff::civil::Date;
use money::{Amount, Eur};
use serde::Deserialize;

use super::event::FeeReported;
use crate::claim::Exchange;
use crate::ids::{AgreementCode, FeeId, FileDigest, KeyDigest, TextId};

/// Version 1: a fee without a rate was no fee.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FeeReportedV1 {
    fee: FeeId,
    #[serde(default)]
    agreement: Option<AgreementCode>,
    charged_on: Date,
    amount: Amount,
    #[serde(default)]
    exchange: Option<Exchange>,
    eur: Eur,
    receipt_key: KeyDigest,
    #[serde(default)]
    receipt_sha256: Option<FileDigest>,
    details: TextId,
}

impl From<FeeReportedV1> for FeeReported {
    fn from(event: FeeReportedV1) -> Self {
        Self {
            fee: event.fee,
            agreement: event.agreement,
            charged_on: event.charged_on,
            amount: event.amount,
            exchange: event.exchange,
            eur: Some(event.eur),
            receipt_key: event.receipt_key,
            receipt_sha256: event.receipt_sha256,
            details: event.details,
            file: None,
        }
    }
}

/// Version 2: nothing told in which file it came.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FeeReportedV2 {
    fee: FeeId,
    #[serde(default)]
    agreement: Option<AgreementCode>,
    charged_on: Date,
    amount: Amount,
    #[serde(default)]
    exchange: Option<Exchange>,
    #[serde(default)]
    eur: Option<Eur>,
    receipt_key: KeyDigest,
    #[serde(default)]
    receipt_sha256: Option<FileDigest>,
    details: TextId,
}

impl From<FeeReportedV2> for FeeReported {
    fn from(event: FeeReportedV2) -> Self {
        Self {
            fee: event.fee,
            agreement: event.agreement,
            charged_on: event.charged_on,
            amount: event.amount,
            exchange: event.exchange,
            eur: event.eur,
            receipt_key: event.receipt_key,
            receipt_sha256: event.receipt_sha256,
            details: event.details,
            file: None,
        }
    }
}
