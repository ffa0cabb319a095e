//! The application over SQLite and PostgreSQL: random commands, files in every order, races, faults, dry runs.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a failing helper is a failing test"
)]

mod arrangements;
mod checkpoints;
mod dry_run;
mod exceptions;
mod families;
mod faults;
mod files;
mod flags;
mod homes;
mod last_euros;
mod moments;
mod packs;
mod partners;
mod parts;
mod payments;
mod promises;
mod races;
mod rates;
mod same_root;
mod sealed;
mod sequences;
mod steps;
mod support;
