//! Runs projections: pure folds over the log whose rows can be thrown away and rebuilt.
//!
//! A projection has a name, a version, and rows named by a key. Its checkpoint moves in the same transaction as
//! its rows. A rebuild fills a second set of rows beside the live one and is switched at an exact position. An
//! event that cannot be folded stops its projection, visibly; it is never skipped. Nothing is decided here.

mod compare;
mod digest;
mod feed;
mod fill;
mod projection;
mod replay;
mod run;

pub use digest::Digest;
pub use projection::{AnyProjection, Projection, boxed};
pub use replay::Replayed;
pub use run::{Progress, Runner, RunnerError};
