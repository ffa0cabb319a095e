//! Payments to partners: what is due is proposed by one person, approved by another, and written into a file for the bank
//! by somebody who did not approve it.
//!
//! They are events of the partner's stream, where the account in force, earlier payments and advances stand beside each
//! other: two who propose at the same time meet at its version, and so everything is paid once.

mod command;
mod day;
mod decide;
mod due;
mod event;
mod file;
mod state;
mod status;
mod unpaid;

use event_log::StreamId;

pub use command::{NewAdvance, NewPayment, PartMade, PaymentCommand};
pub use day::{EXECUTE_AHEAD_DAYS_MAX, may_execute_on, settled_instead_on};
pub(crate) use decide::beside;
pub use decide::{ITEMS_MAX, can_be_made, ready, was_made};
pub use due::{Standing, Worth, left, standing};
pub use event::{
    Payable, PaymentApproved, PaymentCancelled, PaymentInstructed, PaymentItem, PaymentProposed,
    PaymentRecallProposed, PaymentRecallWithdrawn, PaymentRecalled, PaymentReturnUndone, PaymentReturned,
};
pub use file::{
    FiledPayment, NewPaymentFile, PainVersion, PaymentFileCommandRefused, PaymentFileEvent,
    PaymentFileWritten, PaymentFiles, write_file,
};
pub use state::{Outside, OutsideState, Payment, PaymentState, Payments};
pub use status::{PaymentStatusReported, StatusOfPayment, report_status};
pub use unpaid::{Accepted, unpaid};

pub(crate) use decide::{decide, reverse_paid};

/// The stream of all files of payments.
pub fn stream() -> StreamId {
    crate::ids::stream("payments", "main")
}
