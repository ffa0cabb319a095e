//! One append-only log with a dense total order: the truth of the ledger.
//!
//! - [`envelope`]: what is stored of one event, and its leaf hash;
//! - [`canonical`]: the one byte form of a body (RFC 8785), hashed and stored exactly so;
//! - [`merkle`]: the RFC 6962 tree over all leaves, kept as a frontier of at most 64 hashes;
//! - [`store`]: the trait every database implements, and the requests it answers;
//! - [`verify`]: the one checker of positions, versions, hashes and root.
//!
//! Nothing here knows what an event means.

pub mod canonical;
pub mod envelope;
pub mod hex;
pub mod merkle;
pub mod store;
pub mod verify;

pub use canonical::Canonical;
pub use envelope::{Hash, NewEvent, RecordedEvent, StreamId, UniqueKey};
pub use merkle::Frontier;
pub use store::{
    Append, AppendOutcome, Conflict, Head, KeyOwner, LedgerMeta, ProjectionState, ProjectionStore,
    SealedText, Store, StoreError, WrappedSubjectKey,
};
