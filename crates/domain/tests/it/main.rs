//! Decisions and folds: every rule by name, random histories, and the bodies of events for ever.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a failing helper is a failing test")]

mod bank;
mod banking;
mod books;
mod by;
mod cases;
mod claims;
mod closing;
mod duties;
mod exceptions;
mod exchange;
mod families;
mod fees;
mod flags;
mod four_eyes;
mod golden;
mod grants;
mod holds;
mod limits;
mod matching;
mod partners;
mod payments;
mod periods;
mod plans;
mod rates;
mod reconciliation;
mod rulebooks;
mod sequences;
mod standing;
mod statements;
mod support;
mod terms;
mod together;
mod transfers;
mod unpaid;
mod world;
