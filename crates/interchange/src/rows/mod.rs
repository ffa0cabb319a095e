//! The four kinds of import files.

mod case;
mod codes;
mod grant;
mod reversal;
mod spend;

pub use case::{CaseRow, Decision};
pub use grant::{GrantRow, Method};
pub use reversal::ReversalRow;
pub use spend::SpendRow;
