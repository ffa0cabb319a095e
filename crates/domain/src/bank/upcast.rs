//! Older versions of the events, read as the newest.

use jiff::civil::Date;
use money::Amount;
use serde::Deserialize;

use super::code::IsoCode;
use super::event::{BankLineBooked, LineReference, StatementKind};
use crate::ids::{BankAccountCode, KeyDigest, LineId, TextId};

/// Version 1: nothing was known of exchanges.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BankLineBookedV1 {
    line: LineId,
    account: BankAccountCode,
    statement: KeyDigest,
    kind: StatementKind,
    ordinal: u64,
    booked_on: Date,
    #[serde(default)]
    value_on: Option<Date>,
    amount: Amount,
    line_key: KeyDigest,
    #[serde(default)]
    references: Vec<LineReference>,
    #[serde(default)]
    code: Vec<IsoCode>,
    #[serde(default)]
    reversal: bool,
    #[serde(default)]
    returned: bool,
    #[serde(default)]
    return_reason: Option<IsoCode>,
    details: TextId,
}

impl From<BankLineBookedV1> for BankLineBooked {
    fn from(event: BankLineBookedV1) -> Self {
        Self {
            line: event.line,
            account: event.account,
            statement: event.statement,
            kind: event.kind,
            ordinal: event.ordinal,
            booked_on: event.booked_on,
            value_on: event.value_on,
            amount: event.amount,
            line_key: event.line_key,
            exchange: None,
            references: event.references,
            code: event.code,
            reversal: event.reversal,
            returned: event.returned,
            return_reason: event.return_reason,
            details: event.details,
        }
    }
}
