//! Closing of periods (bokslut): what was booked in a closed period is never changed again.
//!
//! Periods are closed one after the other, and none is opened again. A closing names the position of the log up to which
//! its period was booked: what comes after that position is booked in the open period, with the day it belongs to, so that
//! the vouchers of a closed period are the same for ever. Their digest stands in the event.

mod command;
mod decide;
mod event;
mod state;

use event_log::StreamId;

pub use command::ClosePeriod;
pub use decide::{OPEN_MATTERS, decide, is_next};
pub use event::{Check, ClosingEvent, Finding, PeriodClosed, PeriodCommandRefused};
pub use state::{Closed, Closings};

/// The stream of all closings.
pub fn stream() -> StreamId {
    crate::ids::stream("periods", "main")
}
