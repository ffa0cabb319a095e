//! What happened to a partner organisation.

use serde::{Deserialize, Serialize};

use crate::event::events;
use crate::ids::PartnerCode;

events! {
    /// An event of a partner stream.
    PartnerEvent { PartnerRegistered = 1 }
}

/// A partner was met for the first time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartnerRegistered {
    /// Its code.
    pub partner: PartnerCode,
}
