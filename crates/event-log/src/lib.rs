//! One append-only log with a dense total order: the truth of the ledger.
//!
//! - [`envelope`]: what is stored of one event;
//! - [`canonical`]: the one byte form of a body (RFC 8785), hashed and stored exactly so;
//! - [`leaf`]: the bytes of an event that are hashed;
//! - [`merkle`]: the RFC 6962 tree over all leaves, kept as a frontier of at most 64 hashes;
//! - [`store`]: the trait every database implements, and the requests it answers;
//! - [`request`], [`decide`]: which requests are well formed, and which commands of a batch can be written;
//! - [`group`]: commands that wait at the same time, written in one transaction;
//! - [`past`]: a ledger as its log stood at a position;
//! - [`run`]: consecutive events packed into one value, for fast reading;
//! - [`pipeline`]: reading ahead, working on several threads, in order;
//! - [`verify`]: the one checker of positions, versions, hashes and root;
//! - [`note`], [`checkpoint`], [`watch`]: signed checkpoints of the log, and holding it against them;
//! - [`proof`]: that an event is in the log, or that the log continues an older one, for checking elsewhere;
//! - [`crash`]: places at which a test ends the program.
//!
//! Nothing here knows what an event means.

pub mod canonical;
pub mod checkpoint;
pub mod crash;
pub mod decide;
pub mod envelope;
pub mod group;
pub mod hex;
pub mod leaf;
pub mod merkle;
pub mod note;
pub mod past;
pub mod pipeline;
pub mod proof;
pub mod request;
pub mod run;
pub mod store;
pub mod verify;
pub mod watch;

pub use canonical::Canonical;
pub use checkpoint::Checkpoint;
pub use envelope::{Hash, NewEvent, RecordedEvent, StreamId, UniqueKey};
pub use merkle::Frontier;
pub use past::Past;
pub use store::{
    Append, AppendOutcome, Conflict, Head, KeyOwner, LedgerMeta, LiveRow, ProjectionState, ProjectionStore,
    SealedRun, SealedText, Store, StoreError, WrappedSubjectKey,
};
