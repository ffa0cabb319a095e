//! The contract of every store, run against PostgreSQL.

store_testing::contract!(crate::support::Ledger);
