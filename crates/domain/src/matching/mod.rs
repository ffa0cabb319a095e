//! Which line of the bank settles which open item: a ladder of rules, from certain to likely.
//!
//! Each rule looks at what the rules before it left open, and takes what it can tell beyond doubt: a line and an item
//! that have each other alone. Where two would fit it is a tie: it is never decided here, and what is in it is kept
//! from the weaker rules below. So the order of lines and items never matters, and every line and item is used at most
//! once. Candidates are found by their keys (a reference, or an amount and a day): the cost grows with the number of
//! lines and items, not with that of their pairs.

mod by_amount;
mod by_exchange;
mod by_reference;
mod common;
mod groups;
mod open;
mod pairs;
mod reversals;
mod rules;
mod run;

pub use common::{are_transfer, have_in_common};
pub use open::{Match, OpenItem, OpenLine, Outcome, Residual, Tie};
pub use rules::{NotRules, Rule, RuleKind, Rules, Tolerance};
pub use run::run;

pub use groups::within;
