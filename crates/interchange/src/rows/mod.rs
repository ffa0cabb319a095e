//! The four kinds of import files.

mod case;
mod grant;
mod reversal;
mod spend;

pub use case::CaseRow;
pub use grant::GrantRow;
pub use reversal::ReversalRow;
pub use spend::SpendRow;
