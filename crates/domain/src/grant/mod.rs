//! The arrival grant (ankomststöd): money for the first days after coming home, on its own budget line.

mod command;
mod decide;
mod event;
mod state;

pub use command::GrantCommand;
pub use decide::decide;
pub use event::{
    ArrivalGrantAllowed, ArrivalGrantPaid, ArrivalGrantRefused, ArrivalGrantReturned, GrantReason,
    PaymentMethod, RefusedGrantReturned,
};
pub use state::{Grant, GrantState, Return, evolve};

/// Kind of unique fact: the reference of one payment.
pub const PAYMENT: &str = "payment";
/// The budget line of the arrival grant.
pub const BUDGET_LINE: &str = "arrival-grant";
