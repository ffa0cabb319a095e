//! `svala partner template`

use std::path::Path;
use std::process::ExitCode;

use app::AppError;
use domain::{PartnerCode, Period};

use crate::connect::Place;
use crate::output::{Failure, Readers, counted, say, write_new};

/// Writes the workbook in which a partner reports what it delivered in a period.
pub async fn template(
    place: &Place,
    partner: &PartnerCode,
    period: Period,
    out: &Path,
) -> Result<ExitCode, Failure> {
    let content = place.open().await?.partner_template(partner, period).await?;
    let bytes = content
        .workbook()
        .map_err(|error| AppError::Usage(format!("the template cannot be made: {error}")))?;
    write_new(out, &bytes, Readers::Usual)?;
    let cases = counted(content.references().len() as u64, "open case");
    say(format!("{}: the spend report of {partner} for {period}, with {cases}", out.display()))?;
    Ok(ExitCode::SUCCESS)
}
