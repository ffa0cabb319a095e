//! What can be asked of an account.

use jiff::civil::Date;
use money::{Amount, Currency};

use super::code::IsoCode;
use super::event::{BankExchange, LineReference, StatementKind};
use crate::ids::{BankAccountCode, FileDigest, KeyDigest, LineId, TextId};

/// Register an account of the authority.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenAccount {
    /// Its code.
    pub account: BankAccountCode,
    /// Its currency.
    pub currency: Currency,
    /// Keyed digest of its number and currency.
    pub number_key: KeyDigest,
    /// Its number, in the vault.
    pub details: TextId,
}

/// Close an account of the authority.
#[derive(Debug, Clone, PartialEq)]
pub struct CloseAccount {
    /// Its last day.
    pub closed_on: Date,
    /// The day on which that is said.
    pub today: Date,
    /// How many of its lines nothing explains.
    pub open_lines: u64,
    /// How many of its lines only a notification has told of.
    pub not_stated: u64,
    /// Why, in the vault.
    pub reason: TextId,
}

/// Take a statement or notification in.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    /// Keyed digest of what the bank calls it.
    pub statement: KeyDigest,
    /// Which of the two it is.
    pub kind: StatementKind,
    /// Whether the bank says that it has sent it before.
    pub is_copy: bool,
    /// Its number among those of the account, if the bank numbers them.
    pub sequence: Option<u64>,
    /// The first day it is about.
    pub from: Option<Date>,
    /// The last day it is about.
    pub to: Option<Date>,
    /// The booked balance before its lines; a statement must have it.
    pub opening: Option<Amount>,
    /// The booked balance after them; a statement must have it.
    pub closing: Option<Amount>,
    /// Its booked lines, in order.
    pub lines: Vec<Booking>,
    /// Lines of the account that only notifications have told of so far, with their days.
    pub notified: Vec<(LineId, Date)>,
    /// SHA-256 of the file it came in.
    pub file: FileDigest,
    /// Why it may follow although something before it is missing, in the vault.
    pub gap_accepted: Option<TextId>,
    /// What the bank calls it, in the vault.
    pub details: TextId,
}

/// A line of a statement.
#[derive(Debug, Clone, PartialEq)]
pub struct Booking {
    /// The line, if it is a new one.
    pub line: LineId,
    /// By what it is recognised.
    pub keys: LineKeys,
    /// The day it was booked.
    pub booked_on: Date,
    /// The day from which it counts for interest.
    pub value_on: Option<Date>,
    /// Above zero for money that came in.
    pub amount: Amount,
    /// What the bank says of an exchange.
    pub exchange: Option<BankExchange>,
    /// By what payments and receipts recognise it.
    pub references: Vec<LineReference>,
    /// Domain, family and subfamily of the kind of movement.
    pub code: Vec<IsoCode>,
    /// It takes an earlier entry back.
    pub reversal: bool,
    /// It is a payment that came back, and the code of the reason.
    pub returned: Option<Option<IsoCode>>,
    /// Where the bank has told of its entry before, broken up in another way: those lines, by their keys, which are all of
    /// the entry's lines together (named by the first of these, none by the others).
    pub told: Option<Vec<KeyDigest>>,
    /// Who is on the other side, and what it is for, in the vault.
    pub details: TextId,
}

/// By what a line is recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineKeys {
    /// In a notification and in the statement alike: keyed digest of account, the bank's reference, day, amount, and
    /// which of those that are equal in all this it is. Without a reference of the bank, of a statement, what it says in the
    /// reference's place; of a notification none.
    pub shared: Option<KeyDigest>,
    /// In this statement only: keyed digest of account, statement, place and content.
    pub own: KeyDigest,
}
