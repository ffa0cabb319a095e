//! The application: load, decide, append; imports; queries over the read models.
//!
//! - [`Ledger`]: an open ledger with its key, its rulebook, a clock and an actor;
//! - [`session`]: commands being decided and written, alone or in batches;
//! - [`import`]: files of cases, grants, spend and reversals;
//! - [`payment`]: payments to partners, and their files for the bank;
//! - [`reconciliation`]: lines of the bank and what they settle;
//! - [`receipts`]: their files, into the vault and out;
//! - [`query`]: balances, lists, history, explanations, the summary, templates;
//! - [`verify`]: that nothing was altered or left out; [`check`]: replay, doctor;
//! - [`checkpoints`]: signed statements of what the log was, kept outside the database.

mod bank;
pub mod check;
pub mod checkpoints;
pub mod command;
pub mod environment;
pub mod error;
mod examine;
mod find;
mod hold;
pub mod import;
pub mod ledger;
mod named;
mod nearest;
pub mod partner;
pub mod payment;
pub mod query;
pub mod receipts;
pub mod reconciliation;
pub mod session;
mod texts;
pub mod verify;

pub use checkpoints::Checkpoints;
pub use domain::ids::{Actor, NotAnActor};
pub use environment::Environment;
pub use error::AppError;
pub use ledger::{Adoption, Ledger, StartUp};
