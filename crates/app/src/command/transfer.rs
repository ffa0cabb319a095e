//! Handing many cases over to another partner.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use domain::{CaseCommand, CaseId, PartnerCode};
use interchange::{HandoverRow, Table};
use jiff::civil::Date;
use money::Locale;
use serde::Serialize;

use super::BATCH;
use crate::error::AppError;
use crate::ledger::Ledger;
use crate::session::{Purpose, Session};

/// Rows of a list that are told as wrong; the others are counted.
const WRONG_TOLD_MAX: usize = 20;

/// What became of one case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HandedOver {
    /// The case, as it was named.
    pub case: String,
    /// Who had it on the day before the decision; empty if nobody.
    pub from: String,
    /// Who has it from that day on.
    pub to: String,
    /// The day.
    pub on: Date,
    /// Why it stays as it was; empty if it was handed over.
    pub refused: String,
}

impl Ledger {
    /// The cases that a file lists (CSV or a workbook, column `case_ref`), each once, in its order.
    ///
    /// # Errors
    /// [`AppError::Usage`] with every row that names no case; nothing is answered then.
    pub async fn cases_listed(&self, path: &Path) -> Result<Vec<(String, CaseId)>, AppError> {
        let name = path.file_name().map_or_else(|| path.display().to_string(), |n| n.display().to_string());
        let file = File::open(path).map_err(AppError::io(&name))?;
        let table = Table::<HandoverRow, _>::open_file(&name, BufReader::new(file), Locale::Strict)?;
        let (mut listed, mut wrong) = (Vec::<(String, CaseId)>::new(), Vec::new());
        for record in table {
            let record = record?;
            match record.parsed {
                Ok(row) => match self.find_case(&row.case_ref).await {
                    Ok(case) if listed.iter().any(|(_, known)| *known == case) => {}
                    Ok(case) => listed.push((row.case_ref, case)),
                    Err(AppError::Usage(why)) => {
                        wrong.push(format!("{name} row {}, column case_ref: {why}", record.row));
                    }
                    Err(error) => return Err(error),
                },
                Err(errors) => wrong.extend(errors.iter().map(|error| format!("{name} {error}"))),
            }
        }
        if wrong.is_empty() {
            return Ok(listed);
        }
        let more = wrong.len().saturating_sub(WRONG_TOLD_MAX);
        wrong.truncate(WRONG_TOLD_MAX);
        wrong.extend((more > 0).then(|| format!("and {more} more")));
        wrong.push(format!("{name}: nothing was done"));
        Err(AppError::Usage(wrong.join("\n")))
    }

    /// Hands cases over to a partner from a day on, one after the other: each that a rule refuses stays as it was. A dry run
    /// shows what would happen.
    pub async fn hand_over(
        &self,
        cases: &[(String, CaseId)],
        to: &PartnerCode,
        on: Date,
        dry_run: bool,
    ) -> Result<Vec<HandedOver>, AppError> {
        let told_on = self.today();
        let command = CaseCommand::AssignPartner { partner: to.clone(), assigned_on: Some(on), told_on };
        let mut session = Session::new(self, Purpose::DryRun);
        session.load_partners([to.clone()]).await?;
        if session.partner(to).is_none() {
            return Err(session.unknown_partner(to));
        }
        let mut done = Vec::with_capacity(cases.len());
        for chunk in cases.chunks(BATCH) {
            session.load_cases(chunk.iter().map(|(_, case)| *case)).await?;
            for (tag, (name, case)) in chunk.iter().enumerate() {
                let from = session.case(*case).and_then(|case| case.partner_on(on)).map(ToString::to_string);
                let refusal = match dry_run {
                    true => {
                        let mut draft = session.draft(tag, &["hand-over"], 0);
                        session.on_case(&mut draft, *case, &command)?.err().map(|refused| refused.refusal)
                    }
                    false => match self.assign(*case, to.clone(), Some(on)).await {
                        Ok(()) => None,
                        Err(AppError::Refused(refusal)) => Some(refusal),
                        Err(error) => return Err(error),
                    },
                };
                done.push(HandedOver {
                    case: name.clone(),
                    from: from.unwrap_or_default(),
                    to: to.to_string(),
                    on,
                    refused: refusal.map(|refusal| refusal.to_string()).unwrap_or_default(),
                });
            }
        }
        Ok(done)
    }
}
