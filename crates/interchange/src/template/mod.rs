//! The workbook in which a partner reports spend, made for one partner and one period.

mod instructions;
mod write;

use std::collections::BTreeMap;
use std::io::Read;

use domain::{PartnerCode, Period};

use crate::error::FileProblem;
use crate::workbook::{Sheet, WorkbookProblem};

pub use write::{TemplateCase, TemplateContent};

/// The hidden sheet that says whose template it is.
pub(crate) const SHEET: &str = "svala";
/// The version of templates that this program writes and reads.
const VERSION: &str = "1";
/// Rows of the hidden sheet that are looked at.
const ROWS_MAX: usize = 16;

const VERSION_KEY: &str = "template version";
const PARTNER_KEY: &str = "partner";
const PERIOD_KEY: &str = "period";

/// What the hidden sheet of a template says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// Whose spend is reported in it.
    pub partner: PartnerCode,
    /// When what is reported was delivered.
    pub period: Period,
}

/// Reads the hidden sheet. Nobody sees it, so whatever is wrong with it stops the file.
pub(crate) fn read<Rd: Read>(sheet: &mut Sheet<Rd>) -> Result<Template, FileProblem> {
    let mut said = BTreeMap::new();
    for _ in 0..ROWS_MAX {
        let Some(row) = sheet.next()? else { break };
        if let [key, value, ..] = row.cells.as_slice() {
            said.entry(key.clone()).or_insert_with(|| value.clone());
        }
    }
    match said.get(VERSION_KEY).map(String::as_str) {
        Some(VERSION) => {}
        Some(other) => {
            let shown = crate::error::echo(other);
            return Err(WorkbookProblem::TemplateVersion(shown).into());
        }
        None => return Err(WorkbookProblem::Template("it does not say its version").into()),
    }
    let partner = said.get(PARTNER_KEY).and_then(|code| code.parse().ok());
    let period = said.get(PERIOD_KEY).and_then(|period| period.parse().ok());
    match (partner, period) {
        (Some(partner), Some(period)) => Ok(Template { partner, period }),
        (None, _) => Err(WorkbookProblem::Template("it does not say whose it is").into()),
        (_, None) => Err(WorkbookProblem::Template("it does not say for which period it is").into()),
    }
}
