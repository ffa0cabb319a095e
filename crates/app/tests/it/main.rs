//! The application over SQLite: random commands, files in every order, races, dry runs.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a failing helper is a failing test")]

mod checkpoints;
mod dry_run;
mod faults;
mod files;
mod races;
mod sequences;
mod steps;
mod support;
