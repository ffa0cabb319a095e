//! Older versions of the events, read as the newest.

use money::Amount;
use serde::Deserialize;

use super::event::{ExceptionResolved, Resolution};
use super::kind::ExceptionId;
use crate::ids::{Actor, TextId};

/// Version 1: one person accepted any amount, and no limit was kept.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExceptionResolvedV1 {
    exception: ExceptionId,
    amount: Amount,
    how: Resolution,
    reason: TextId,
    by: Actor,
}

impl From<ExceptionResolvedV1> for ExceptionResolved {
    fn from(event: ExceptionResolvedV1) -> Self {
        Self {
            exception: event.exception,
            amount: event.amount,
            how: event.how,
            alone_max: None,
            reason: event.reason,
            by: event.by,
        }
    }
}
