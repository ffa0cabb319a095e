//! The four kinds of import files, and the list of cases that are handed over.

mod case;
mod grant;
mod handover;
mod reversal;
mod spend;

pub use case::CaseRow;
pub use grant::GrantRow;
pub use handover::HandoverRow;
pub use reversal::ReversalRow;
pub use spend::SpendRow;
