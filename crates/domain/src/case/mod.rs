//! A case: one person's application for support, the decision, the return, and everything paid for it.

mod assignments;
mod command;
mod decide;
mod event;
mod state;
mod upcast;

pub use assignments::Assignments;
pub use command::{CaseCommand, Decision};
pub use decide::decide;
pub use event::{
    ApplicationFiled, ApplicationWithdrawn, Approved, Arrived, CaseClosed, CaseEvent, CommandRefused,
    Departed, EntitlementAdjusted, PartnerAssigned, Rejected, ReturnModeChanged,
};
pub use state::{Case, Stage};
