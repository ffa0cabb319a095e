//! Lines of the bank and what they settle: matched by the rules or by hand, and taken back; and what does not fit.

mod exceptions;
mod facts;
mod items;
mod looked;
mod matching;

pub use exceptions::{ResolveAsked, Resolved};
pub use matching::{HandMatch, MatchAsked, MatchedNow};

pub(crate) use exceptions::how;
pub(crate) use items::BankItem;
pub(crate) use looked::{Finding, Looked, Shown};
