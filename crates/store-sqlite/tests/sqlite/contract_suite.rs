//! The contract of every store, run against SQLite.

store_testing::contract!(crate::support::Ledger);
