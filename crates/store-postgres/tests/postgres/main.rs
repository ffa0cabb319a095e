//! The store in PostgreSQL: the contract of every store, and what is special to this one.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests are tests")]

mod contract_suite;
mod opening;
mod support;
