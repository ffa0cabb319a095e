//! A claim: one line of spend a partner reports (begärd ersättning), its decision, and its reversal.

mod command;
mod decide;
mod event;
mod flags;
mod review;
mod state;
mod undo;
mod upcast;
mod value;

pub use command::{ClaimCommand, Spend};
pub(crate) use decide::attachable;
pub use decide::decide;
pub use event::{
    Alike, Basis, BenefitReversalDropped, BenefitReversalProposed, BenefitReversalUndoProposed,
    BenefitReversalUndone, BenefitReversed, ClaimAccepted, ClaimAnswered, ClaimConverted, ClaimProposed,
    ClaimQueried, ClaimReason, ClaimRefused, ClaimReopened, Cut, EstimateReleased, Exchange, Original,
    QueryReason, ReceiptAttached, Shared, SpendEstimated, SpendReported,
};
pub use flags::{Benefit, Flag, FlagKind, Room, Sighted, flags};
pub(crate) use review::waiting_for_rate;
pub use state::{CameBack, Claim, ClaimState, ReceiptFile, Undoing, evolve};
pub(crate) use upcast::{
    BenefitReversedV1, BenefitReversedV2, ClaimAcceptedV1, ClaimProposedV1, ClaimQueriedV1, ClaimRefusedV1,
    ClaimReopenedV1, SpendReportedV1, SpendReportedV2, SpendReportedV3, SpendReportedV4,
};
pub(crate) use value::euros;
pub use value::{with_others, worth};

/// Kind of unique fact: a receipt of a supplier reported by a partner.
pub const RECEIPT: &str = "receipt";
/// Kind of digest: a receipt of a supplier, however it is spelled and whoever reports it. It is not unique.
pub const RECEIPT_ALIKE: &str = "receipt-alike";
/// Kind of digest: a supplier, however it is spelled.
pub const SUPPLIER: &str = "supplier";
/// Kind of unique fact: one reversal of a receipt.
pub const REVERSAL: &str = "reversal";
