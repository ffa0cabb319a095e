//! The store in PostgreSQL: the contract of every store, and what is special to this one.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests are tests")]

mod collisions;
mod contract_suite;
mod cuts;
mod held_open;
mod opening;
mod portable;
mod proxy;
mod roles;
mod silence;
mod support;
mod takeover;
