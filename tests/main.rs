//! End to end, through the binary, as a user would.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on must say where")]

mod forger;
mod sie;
mod support;

mod advances;
mod bad_input;
mod bank;
mod books;
mod bulk;
mod checkpoints;
mod claim_show;
mod commands;
mod demo;
mod exceptions;
mod exits;
mod families;
mod fees;
mod four_eyes;
mod hostile;
mod in_part;
mod local;
mod matching;
mod month;
mod partial;
mod partners;
mod payment_status;
mod payments;
mod periods;
mod previews;
mod privacy;
mod proofs;
mod rates;
mod recall;
mod receipts;
mod reconcile;
mod repetition;
mod reports;
mod rules;
mod scenario;
mod statement;
mod tampering;
mod together;
mod transfers;
mod undone;
mod workbooks;
