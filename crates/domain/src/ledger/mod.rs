//! The ledger's own stream: which rulebook is in force, and which files were imported.

mod adopt;
mod event;
mod upcast;

use event_log::StreamId;

pub use adopt::{ProposedRulebook, Rulebooks, adopt};
pub use event::{FileImported, ImportCounts, LedgerEvent, RulebookAdopted, RulebookProposed};

/// The ledger's own stream.
pub fn stream() -> StreamId {
    crate::ids::stream("ledger", "main")
}
