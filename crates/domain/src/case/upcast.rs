//! Older versions of the events, read as the newest.

use serde::Deserialize;

use super::event::PartnerAssigned;
use crate::ids::PartnerCode;

/// Version 1: a case had one partner at a time, from the beginning.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PartnerAssignedV1 {
    partner: PartnerCode,
}

impl From<PartnerAssignedV1> for PartnerAssigned {
    fn from(event: PartnerAssignedV1) -> Self {
        Self { partner: event.partner, assigned_on: None }
    }
}
