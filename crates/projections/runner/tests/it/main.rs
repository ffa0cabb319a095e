//! The runner over SQLite: pages, versions, poison, other processes, repair.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a failing helper is a failing test")]

mod catching_up;
mod poison;
mod replaying;
mod runs;
mod support;
