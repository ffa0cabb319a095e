//! A claim: one line of spend a partner reports (begärd ersättning), its decision, and its reversal.

mod command;
mod decide;
mod event;
mod state;

pub use command::ClaimCommand;
pub use decide::decide;
pub use event::{
    Basis, BenefitReversed, ClaimAccepted, ClaimQueried, ClaimReason, ClaimRefused, ClaimReopened,
    QueryReason, SpendReported,
};
pub use state::{Claim, ClaimState, evolve};

/// Kind of unique fact: a receipt of a supplier reported by a partner.
pub const RECEIPT: &str = "receipt";
/// Kind of unique fact: one reversal of a receipt.
pub const REVERSAL: &str = "reversal";
