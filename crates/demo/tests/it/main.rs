//! The invented year, read back by the programs that will import it.
#![expect(clippy::unwrap_used, reason = "a failing helper is a failing test")]

mod ledger;
mod properties;
mod year;
