//! `svala partner template`

use std::path::Path;
use std::process::ExitCode;

use app::AppError;
use domain::{PartnerCode, Period};

use crate::connect::Place;
use crate::output::{Failure, counted, say};

/// Writes the workbook in which a partner reports what it delivered in a period.
pub async fn template(
    place: &Place,
    partner: &PartnerCode,
    period: Period,
    out: &Path,
) -> Result<ExitCode, Failure> {
    let content = place.open().await?.partner_template(partner, period).await?;
    content.write(out).map_err(|error| match error.source.kind() {
        std::io::ErrorKind::AlreadyExists => {
            Failure::usage(format!("{} is there already and was not touched: name a new file", out.display()))
        }
        _ => Failure::from(AppError::Usage(error.to_string())),
    })?;
    let mut cases: Vec<_> = content.cases.iter().map(|case| case.case).collect();
    cases.dedup();
    let cases = counted(cases.len() as u64, "open case");
    say(format!("{}: the spend report of {partner} for {period}, with {cases}", out.display()))?;
    Ok(ExitCode::SUCCESS)
}
