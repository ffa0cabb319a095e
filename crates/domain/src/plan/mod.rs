//! A plan: what a partner is going to spend on a person (budgetrader), set aside until it is spent or given up.
//!
//! What is planned is `committed`: it lowers what is available for other plans, and never what may be disbursed. Spend
//! of the same partner and category draws it down; what is disallowed of that spend stands in the plan again; what is
//! left when the plan is replaced, the case ends or another partner has it, is released. Every movement is an event with
//! its amount.

mod decide;
mod event;
mod state;

pub(crate) use decide::{agree, drawn_by, release_all, release_gone, restored};
pub use event::{PlanAgreed, PlanDrawn, PlanReleased, PlanRestored, PlannedLine, ReleaseReason};
pub(crate) use state::evolve;
pub use state::{Plan, Planned};
