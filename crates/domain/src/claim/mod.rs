//! A claim: one line of spend a partner reports (begärd ersättning), its decision, and its reversal.

mod command;
mod decide;
mod event;
mod state;
mod upcast;
mod value;

pub use command::{ClaimCommand, Spend};
pub use decide::decide;
pub use event::{
    Basis, BenefitReversed, ClaimAccepted, ClaimConverted, ClaimQueried, ClaimReason, ClaimRefused,
    ClaimReopened, Exchange, Original, QueryReason, SpendReported,
};
pub use state::{Claim, ClaimState, evolve};
pub(crate) use upcast::{BenefitReversedV1, SpendReportedV1};

/// Kind of unique fact: a receipt of a supplier reported by a partner.
pub const RECEIPT: &str = "receipt";
/// Kind of unique fact: one reversal of a receipt.
pub const REVERSAL: &str = "reversal";
