//! Decisions and folds: every rule by name, random histories, and the bodies of events for ever.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a failing helper is a failing test")]

mod cases;
mod claims;
mod exchange;
mod golden;
mod grants;
mod limits;
mod rates;
mod sequences;
mod support;
