//! The invented year, read back by the programs that will import it.

mod ledger;
mod properties;
mod year;
