//! The bank read models: which accounts there are, every line of their statements, what lines settle, and what was done
//! about those that settle nothing.

mod exceptions;
mod matches;

use std::borrow::Cow;

use domain::bank::{BankEvent, BankExchange, IsoCode, LineEvent, LineReference, StatementKind};
use domain::{BankAccountCode, Event, FoldError, KeyDigest, LineId, Recorded, TextId};
use jiff::civil::Date;
use money::{Amount, Eur};
use projection_runner::Projection;
use serde::{Deserialize, Serialize};

pub use exceptions::{ExceptionRow, ExceptionsProjection, ResolvedRow};
pub use matches::{MatchRow, MatchesProjection, Undone};

/// One account. Its stream says the rest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AccountRow {
    /// Position at which it was registered.
    pub position: u64,
    /// Its code.
    pub account: BankAccountCode,
}

/// The projection of accounts; rows are named by the account's code.
pub struct AccountsProjection;

impl Projection for AccountsProjection {
    const NAME: &'static str = "bank-accounts";
    const VERSION: u32 = 1;
    type Row = AccountRow;

    fn key(event: &Recorded) -> Option<Cow<'_, str>> {
        match &event.event {
            Event::Bank(BankEvent::BankAccountOpened(e)) => Some(e.account.as_str().into()),
            _ => None,
        }
    }

    fn fold(row: Option<AccountRow>, event: &Recorded) -> Result<AccountRow, FoldError> {
        match (row, &event.event) {
            (None, Event::Bank(BankEvent::BankAccountOpened(e))) => {
                Ok(AccountRow { position: event.position, account: e.account.clone() })
            }
            _ => Err(FoldError("an account is opened twice".into())),
        }
    }
}

/// One line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LineRow {
    /// Position of its booking: the line's number, and the order of the list.
    pub position: u64,
    /// The line.
    pub line: LineId,
    /// The account.
    pub account: BankAccountCode,
    /// The day it was booked.
    pub booked_on: Date,
    /// The day from which it counts for interest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value_on: Option<Date>,
    /// Above zero for money that came in.
    pub amount: Amount,
    /// What the bank says of an exchange.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange: Option<BankExchange>,
    /// By what payments and receipts recognise it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<LineReference>,
    /// Domain, family and subfamily of the kind of movement.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub code: Vec<IsoCode>,
    /// It takes an earlier entry back.
    pub reversal: bool,
    /// It is a payment that came back.
    pub returned: bool,
    /// The code of the reason for which it came back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub return_reason: Option<IsoCode>,
    /// It stands in a statement; else only a notification has brought it so far.
    pub stated: bool,
    /// That statement or notification.
    pub statement: KeyDigest,
    /// Who is on the other side, and what it is for, in the vault.
    pub details: TextId,
}

impl LineRow {
    /// What a line in another currency is in euro, if the bank says it.
    pub fn worth(&self) -> Option<Eur> {
        self.exchange.and_then(|exchange| exchange.eur)
    }
}

/// The projection of lines; rows are named by the line's id.
pub struct LinesProjection;

impl Projection for LinesProjection {
    const NAME: &'static str = "bank-lines";
    const VERSION: u32 = 3;
    type Row = LineRow;

    fn key(event: &Recorded) -> Option<Cow<'_, str>> {
        match &event.event {
            Event::Line(_) => Some(event.stream_id.id().into()),
            _ => None,
        }
    }

    fn fold(row: Option<LineRow>, event: &Recorded) -> Result<LineRow, FoldError> {
        match (row, &event.event) {
            (None, Event::Line(LineEvent::BankLineBooked(e))) => Ok(LineRow {
                position: event.position,
                line: e.line,
                account: e.account.clone(),
                booked_on: e.booked_on,
                value_on: e.value_on,
                amount: e.amount,
                exchange: e.exchange.as_deref().copied(),
                references: e.references.clone(),
                code: e.code.clone(),
                reversal: e.reversal,
                returned: e.returned,
                return_reason: e.return_reason,
                stated: e.kind == StatementKind::Statement,
                statement: e.statement,
                details: e.details,
            }),
            (Some(row), Event::Line(LineEvent::BankLineStated(e))) => {
                Ok(LineRow { stated: true, statement: e.statement, ..row })
            }
            _ => Err(FoldError("the events of a line are not in their order".into())),
        }
    }
}
