//! The ledger's own stream: which rulebook is in force, and which files were imported.

mod event;
mod upcast;

use event_log::StreamId;

pub use event::{FileImported, ImportCounts, LedgerEvent, RulebookAdopted};

/// The ledger's own stream.
pub fn stream() -> StreamId {
    crate::ids::stream("ledger", "main")
}
