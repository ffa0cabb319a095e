//! The partners read model: which partners there are. Their streams are short, and say the rest.

use std::borrow::Cow;

use domain::partner::PartnerEvent;
use domain::{Event, FoldError, PartnerCode, Recorded};
use projection_runner::Projection;
use serde::{Deserialize, Serialize};

/// One partner.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PartnerRow {
    /// Position at which it was registered.
    pub position: u64,
    /// Its code.
    pub partner: PartnerCode,
}

/// The projection; rows are named by the partner's code.
pub struct PartnersProjection;

impl Projection for PartnersProjection {
    const NAME: &'static str = "partners";
    const VERSION: u32 = 1;
    type Row = PartnerRow;

    fn key(event: &Recorded) -> Option<Cow<'_, str>> {
        match &event.event {
            Event::Partner(PartnerEvent::PartnerRegistered(e)) => Some(e.partner.as_str().into()),
            _ => None,
        }
    }

    fn fold(row: Option<PartnerRow>, event: &Recorded) -> Result<PartnerRow, FoldError> {
        match (row, &event.event) {
            (None, Event::Partner(PartnerEvent::PartnerRegistered(e))) => {
                Ok(PartnerRow { position: event.position, partner: e.partner.clone() })
            }
            _ => Err(FoldError("a partner is registered twice".into())),
        }
    }
}
