//! The store in SQLite: the contract of every store, and what is special to this one.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests are tests")]

mod concurrency;
mod contract_suite;
mod opening;
mod support;
mod tampering;
mod triggers;
