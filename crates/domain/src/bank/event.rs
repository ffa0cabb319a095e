//! What the bank said. Numbers of accounts, names and words are in the vault.

use jiff::civil::Date;
use money::{Amount, Currency, Eur, Rate};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::code::IsoCode;
use super::reference::ReferenceKind;
use super::upcast::BankLineBookedV1;
use super::{BANK_ACCOUNT, BANK_LINE, BANK_STATEMENT};
use crate::event::events;
use crate::ids::{Actor, BankAccountCode, FileDigest, KeyDigest, LineId, TextId};

events! {
    /// An event of the stream of an account.
    BankEvent { BankAccountOpened = 1, StatementImported = 1, NotificationImported = 1, BankAccountClosed = 1 }
}

events! {
    /// An event of the stream of one line.
    LineEvent { BankLineBooked = 2 (1 as BankLineBookedV1), BankLineStated = 1 }
}

impl BankEvent {
    /// The encrypted texts this event brings.
    pub fn texts(&self) -> impl Iterator<Item = TextId> {
        let (first, second) = match self {
            Self::BankAccountOpened(e) => (e.details, None),
            Self::StatementImported(e) => (e.details, e.gap_accepted),
            Self::NotificationImported(e) => (e.details, None),
            Self::BankAccountClosed(e) => (e.reason, None),
        };
        std::iter::once(first).chain(second)
    }

    /// The fact that this event reserves, if any.
    pub fn unique_fact(&self) -> Option<(&'static str, KeyDigest, Uuid)> {
        match self {
            Self::BankAccountOpened(e) => Some((BANK_ACCOUNT, e.number_key, Uuid::nil())),
            Self::StatementImported(e) => Some((BANK_STATEMENT, e.statement, Uuid::nil())),
            Self::NotificationImported(e) => Some((BANK_STATEMENT, e.statement, Uuid::nil())),
            Self::BankAccountClosed(_) => None,
        }
    }
}

impl LineEvent {
    /// The encrypted text this event brings, if any.
    pub fn text(&self) -> Option<TextId> {
        match self {
            Self::BankLineBooked(e) => Some(e.details),
            Self::BankLineStated(_) => None,
        }
    }

    /// The fact that this event reserves, if any.
    pub fn unique_fact(&self) -> Option<(&'static str, KeyDigest, Uuid)> {
        match self {
            Self::BankLineBooked(e) => Some((BANK_LINE, e.line_key, e.line.0)),
            Self::BankLineStated(_) => None,
        }
    }
}

/// An account of the authority was registered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BankAccountOpened {
    /// Its code.
    pub account: BankAccountCode,
    /// Its currency.
    pub currency: Currency,
    /// Keyed digest of its number and currency.
    pub number_key: KeyDigest,
    /// Its number, in the vault.
    pub details: TextId,
}

/// An account of the authority was closed: it pays nothing, and has no statement of later days.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BankAccountClosed {
    /// Its last day.
    pub closed_on: Date,
    /// Why, in the vault.
    pub reason: TextId,
    /// Who closed it.
    pub by: Actor,
}

rulebook::codes! {
    /// What a bank sends.
    StatementKind {
        /// All entries of some days, between two balances (camt.053).
        Statement = "statement",
        /// Single entries, as they are booked (camt.054).
        Notification = "notification",
    }
}

/// A statement was imported: all its lines, which lead from its opening to its closing balance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatementImported {
    /// Keyed digest of what the bank calls it.
    pub statement: KeyDigest,
    /// Its number among those of the account, if the bank numbers them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sequence: Option<u64>,
    /// The first day it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Date>,
    /// The last day it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Date>,
    /// The balance before its lines.
    pub opening: Amount,
    /// The balance after them.
    pub closing: Amount,
    /// How many lines it has, those known from notifications too.
    pub lines: u64,
    /// Lines that only notifications have told of, of days that statements are about, and that stand in none of them: they
    /// are not on the account.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_stated: Vec<LineId>,
    /// SHA-256 of the file it came in.
    pub file: FileDigest,
    /// Why it may follow although something before it is missing, in the vault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gap_accepted: Option<TextId>,
    /// What the bank calls it, in the vault.
    pub details: TextId,
}

/// A notification was imported.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NotificationImported {
    /// Keyed digest of what the bank calls it.
    pub statement: KeyDigest,
    /// How many lines it has, known ones too.
    pub lines: u64,
    /// SHA-256 of the file it came in.
    pub file: FileDigest,
    /// What the bank calls it, in the vault.
    pub details: TextId,
}

/// A reference of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LineReference {
    /// Who gave it, and for what.
    pub kind: ReferenceKind,
    /// Keyed digest of its plain form.
    pub digest: KeyDigest,
}

/// What the bank says of an exchange between the currency of a payment and that of the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BankExchange {
    /// What was ordered, where that is in another currency than the line; with the sign of the line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ordered: Option<Amount>,
    /// What a line in another currency is in euro, as the bank says or by its rate; with the sign of the line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eur: Option<Eur>,
    /// The rate by which the bank exchanged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<BankRate>,
}

/// A rate of a bank.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BankRate {
    /// The currency of which one unit is exchanged.
    pub unit: Currency,
    /// How many units of the other currency that is.
    pub rate: Rate,
}

/// Money moved on an account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BankLineBooked {
    /// The new line.
    pub line: LineId,
    /// The account.
    pub account: BankAccountCode,
    /// The statement or notification that brought it.
    pub statement: KeyDigest,
    /// Which of the two that is.
    pub kind: StatementKind,
    /// Its place in it, from 1.
    pub ordinal: u64,
    /// The day it was booked.
    pub booked_on: Date,
    /// The day from which it counts for interest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value_on: Option<Date>,
    /// Above zero for money that came in.
    pub amount: Amount,
    /// Keyed digest by which it is recognised.
    pub line_key: KeyDigest,
    /// What the bank says of an exchange (not in version 1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange: Option<Box<BankExchange>>,
    /// By what payments and receipts recognise it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<LineReference>,
    /// Domain, family and subfamily of the kind of movement.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub code: Vec<IsoCode>,
    /// It takes an earlier entry back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reversal: bool,
    /// It is a payment that came back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub returned: bool,
    /// The code of the reason for which it came back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub return_reason: Option<IsoCode>,
    /// Who is on the other side, and what it is for, in the vault.
    pub details: TextId,
}

/// A line that a notification had brought stands in a statement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BankLineStated {
    /// The statement.
    pub statement: KeyDigest,
    /// Its place in it, from 1.
    pub ordinal: u64,
}
