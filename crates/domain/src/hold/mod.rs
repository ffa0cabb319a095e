//! Holds: payments to a partner, in a country or of a programme that are stopped, until somebody releases them.

mod command;
mod decide;
mod event;
mod state;

use event_log::StreamId;

pub use command::HoldCommand;
pub use decide::decide;
pub use event::{HoldCommandRefused, HoldEvent, PaymentsHeld, PaymentsReleased, Scope};
pub use state::{Hold, Holds};

/// The stream of all holds.
pub fn stream() -> StreamId {
    crate::ids::stream("holds", "main")
}
