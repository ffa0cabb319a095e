//! What every store must do, and stores in which things go wrong.
//!
//! - [`mod@contract`]: tests of the store's trait, run by each store's own test suite;
//! - [`faulty`]: a store behind a bad connection, with faults that a seed decides;
//! - [`interposed`]: a store in which something happens between two calls;
//! - [`postgres`]: a PostgreSQL database for each test;
//! - [`mod@server`]: a PostgreSQL server that one test has for itself.

#![expect(clippy::unwrap_used, clippy::panic, reason = "whatever a test did not expect fails the test")]

#[expect(missing_docs, reason = "the name of a test says what it demands")]
pub mod contract;
pub mod faulty;
pub mod interposed;
pub mod postgres;
pub mod server;

/// Whether tests that have many rounds take all of them: `SVALA_LONG=1`.
pub fn long() -> bool {
    std::env::var("SVALA_LONG").is_ok_and(|long| long == "1")
}

/// Says aloud that something was not tested, and why: also where the output of tests that pass is not shown.
pub fn skipped(why: &str) {
    use std::io::Write;
    // What goes through the macros is kept back with the output of the test.
    let _ = writeln!(std::io::stderr(), "SKIPPED: {why}");
}

/// The same for a program that a test needs and that is not here: a failure where `SVALA_TEST_ALL` says that nothing may
/// be missing, as where every change is checked.
///
/// # Panics
/// If `SVALA_TEST_ALL` is 1.
pub fn missing(what: &str) {
    assert!(!std::env::var("SVALA_TEST_ALL").is_ok_and(|all| all == "1"), "missing: {what}");
    skipped(what);
}

pub use faulty::{Faults, Faulty, Happened};
pub use interposed::{Before, Interposed};
