//! Exceptions: what does not fit at the bank, derived from what is there, and what people do about it.
//!
//! Nobody opens an exception and nobody closes one that is over: it is there as long as its reason is, and gone when a
//! line is matched or a decision made. What people add (who looks after it, why it is accepted, where it was written off)
//! stands in the stream of matches, because a line that is written off is explained and can be matched no more.

mod command;
mod decide;
mod derive;
mod event;
mod kind;
mod lines;
mod state;
mod upcast;

pub use command::ExceptionCommand;
pub use derive::{Facts, MissingStatement, NotStated, Payment, RefusedGrant, Unsettled, derive};
pub use event::{
    AcceptanceDeclined, AcceptanceProposed, ExceptionAssigned, ExceptionReopened, ExceptionResolved,
    Resolution, WriteOffDeclined, WriteOffProposed,
};
pub use kind::{Age, Clue, Direction, Exception, ExceptionId, ExceptionKind, Subject};
pub use lines::{Known, Nameable, SeenLine};
pub use state::{Handled, Handling, Proposed};

pub(crate) use decide::decide;
pub(crate) use upcast::ExceptionResolvedV1;
