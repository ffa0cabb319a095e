//! Partner organisations (samarbetsorganisationer).

mod event;

pub use event::{PartnerEvent, PartnerRegistered};
