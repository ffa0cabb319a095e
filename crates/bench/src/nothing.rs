//! A read model without rows: what is left of a replay into it is reading, unpacking and decoding the events.

use std::borrow::Cow;

use domain::{FoldError, Recorded};
use projection_runner::Projection;

pub struct NothingProjection;

impl Projection for NothingProjection {
    const NAME: &'static str = "nothing";
    const VERSION: u32 = 1;
    type Row = ();

    fn key(_: &Recorded) -> Option<Cow<'_, str>> {
        None
    }

    fn fold(_: Option<()>, event: &Recorded) -> Result<(), FoldError> {
        Err(FoldError(format!("position {} concerns no row", event.position)))
    }
}
