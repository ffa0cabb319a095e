//! What was matched: which lines of the bank settle which payments, and what became of what does not fit.
//!
//! All of it stands in one stream. A match is about lines and payments that have streams of their own, and uses each
//! once: whoever else matches one of them at the same time meets here, and is told by whom and when it was done. A match
//! that was wrong is undone by an event of its own; nothing is forgotten.

mod command;
mod decide;
mod event;
mod state;
mod upcast;

use event_log::StreamId;

pub use command::{Named, NewMatch, ReconciliationCommand};
pub use decide::decide;
pub use event::{
    MatchDeclined, MatchProposed, MatchUndone, MatchedItem, MatchedLine, PaymentMatched,
    ReconciliationCommandRefused, ReconciliationEvent, Settled,
};
pub use state::{Matching, Reconciliation};

pub(crate) use decide::is_match_for_one;

/// What a match by hand names in place of a rule.
pub const BY_HAND: &str = "by-hand";

/// The stream of all matches.
pub fn stream() -> StreamId {
    crate::ids::stream("reconciliation", "main")
}
