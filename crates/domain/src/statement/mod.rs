//! A partner's statement (kontoutdrag till samarbetsorganisation): what it reported in a period, what was decided, what
//! was paid, and what is owed.
//!
//! Every figure is a sum of movements, each with the event that caused it. A movement belongs to the day on which its
//! event was recorded, not to the day of a delivery: so a period that is over stays as it was stated, whatever is
//! reported late. Two identities hold by construction and are tested:
//!
//! - undecided at the end = at the beginning + reported − eligible − disallowed + taken up again
//! - owed at the end = at the beginning + eligible − reversed + reversals undone + fees − those taken back + arrival grants
//!   paid out − those that came back − advances − paid + payments taken back

mod delivery;
mod fold;
mod grants;
mod open;
mod totals;

pub use delivery::{Delivered, DeliveryTotals, delivered, delivery_totals};
pub use fold::{Account, Covered, Movement, MovementKind, Stated, Waiting, Words};
pub use open::{fees_undecided, held, owed, undecided, waiting};
pub use totals::{Disallowed, Totals, totals};
