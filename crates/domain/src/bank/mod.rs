//! What the bank says: accounts of the authority, their statements, and the lines of these.
//!
//! The stream of an account holds its statements, so that each continues the one before it. A line has a stream of its
//! own, because what it settles is decided about it alone.

mod close;
mod code;
mod command;
mod decide;
mod event;
mod overlap;
mod reference;
mod state;
mod upcast;

pub use close::close;
pub use code::{IsoCode, NotAnIsoCode};
pub use command::{Booking, CloseAccount, LineKeys, OpenAccount, Statement};
pub use decide::{Imported, import, open};
pub use event::{
    BankAccountClosed, BankAccountOpened, BankEvent, BankExchange, BankLineBooked, BankLineStated, BankRate,
    LineEvent, LineReference, NotificationImported, StatementImported, StatementKind,
};
pub use reference::{ReferenceKind, plain_reference};
pub use state::{BankAccount, BankLine, Closed, KnownLines, Stated};

/// Kind of unique fact: the number of an account with its currency.
pub const BANK_ACCOUNT: &str = "bank-account";
/// Kind of unique fact: what a bank calls a statement of an account.
pub const BANK_STATEMENT: &str = "bank-statement";
/// Kind of unique fact: a line of a statement.
pub const BANK_LINE: &str = "bank-line";
