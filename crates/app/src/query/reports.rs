//! Reports of spend: each file that was imported, with what has become of its rows.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use ::claims::{ClaimRow, ClaimsProjection};
use domain::claim::ClaimState;
use domain::ids::FileDigest;
use domain::ledger::LedgerEvent;
use domain::{Event, FoldError, PartnerCode, Period};
use interchange::{Row, SpendRow};
use jiff::civil::Date;
use money::{Eur, Overflow};
use serde::Serialize;

use crate::error::AppError;
use crate::import::ImportedFile;
use crate::ledger::Ledger;

/// Which reports to list; everything not given is not asked about.
#[derive(Debug, Clone, Default)]
pub struct ReportFilter {
    /// With something of this partner.
    pub partner: Option<PartnerCode>,
    /// With something delivered, or a fee charged, in this period.
    pub period: Option<Period>,
}

/// One report, as its claims and fees stand now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReportItem {
    /// The report's number: the position of the first record of its import.
    pub report: u64,
    /// When it was imported (UTC).
    pub recorded_at: String,
    /// By whom.
    pub actor: String,
    /// Who reports, with a comma between several.
    pub partner: String,
    /// The first day of a delivery or charge in it.
    pub first_day: Option<Date>,
    /// The last one.
    pub last_day: Option<Date>,
    /// The file's name.
    pub file: String,
    /// Its SHA-256.
    pub sha256: String,
    /// Its rows, without the header.
    pub rows: u64,
    /// Of these, known from another file or an earlier row when it was imported last.
    pub recognised: u64,
    /// Of these, left out because of errors when it was imported last.
    pub rejected: u64,
    /// Claims that came with it: of a family's receipt one for each person.
    pub claims: u64,
    /// Of these, accepted in whole; also what came back since.
    pub accepted: u64,
    /// Accepted in part.
    pub cut: u64,
    /// Refused.
    pub refused: u64,
    /// Asked about, and not decided since.
    pub queried: u64,
    /// Not decided, and neither asked about nor waiting.
    pub pending: u64,
    /// Waiting for an exchange rate, and so in no sum.
    pub waiting: u64,
    /// What its claims come to, in euro: the sum of the next three.
    pub eur: Eur,
    /// Counts as disbursed.
    pub eligible: Eur,
    /// Does not.
    pub disallowed: Eur,
    /// Not decided.
    pub undecided: Eur,
    /// Of the eligible part, what came back.
    pub reversed: Eur,
    /// Claims with a flag.
    pub flagged: u64,
    /// Fees that came with it.
    pub fees: u64,
    /// What they come to, as far as they have their rate.
    pub fees_eur: Eur,
}

/// One report in full.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReportDetail {
    /// As in the list.
    #[serde(flatten)]
    pub item: ReportItem,
    /// What is disallowed of it, by reason.
    pub reasons: Vec<ReportReason>,
    /// What is odd about it.
    pub flags: Vec<ReportFlag>,
}

/// What is disallowed of a report for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReportReason {
    /// Why.
    pub reason: String,
    /// Claims.
    pub claims: u64,
    /// In euro.
    pub disallowed: Eur,
}

/// One kind of flag of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReportFlag {
    /// Which.
    pub flag: &'static str,
    /// Claims that have it.
    pub claims: u64,
}

/// What the file of a report brought.
#[derive(Default)]
struct Brought {
    partners: BTreeSet<PartnerCode>,
    days: BTreeSet<Date>,
    claims: Vec<ClaimRow>,
    fees: Vec<Option<Eur>>,
}

impl Ledger {
    /// The reports asked for, in the order of their imports.
    ///
    /// [`AppError::Usage`] if there is no such partner.
    pub async fn reports(&self, filter: &ReportFilter) -> Result<Vec<ReportItem>, AppError> {
        self.known_partner(filter.partner.as_ref()).await?;
        Ok(self.report_details(filter, None).await?.into_iter().map(|detail| detail.item).collect())
    }

    /// One report.
    ///
    /// [`AppError::Usage`] if no report has this number.
    pub async fn report(&self, number: u64) -> Result<ReportDetail, AppError> {
        let file = self.file_of_report(number).await?;
        let mut found = self.report_details(&ReportFilter::default(), Some(file)).await?;
        found.pop().ok_or_else(|| no_report(number))
    }

    /// The file of the report with this number, or of any later record of the same file.
    ///
    /// [`AppError::Usage`] if no report has this number.
    pub async fn file_of_report(&self, number: u64) -> Result<FileDigest, AppError> {
        let records = self.records_of_spend().await?;
        let found = records.into_iter().find(|(position, _)| *position == number);
        found.map(|(_, file)| file).ok_or_else(|| no_report(number))
    }

    /// The number of each report, by its file. A file whose import was cut short has none yet.
    pub(crate) async fn report_numbers(&self) -> Result<HashMap<FileDigest, u64>, AppError> {
        let mut numbers = HashMap::new();
        for (position, file) in self.records_of_spend().await? {
            numbers.entry(file).or_insert(position);
        }
        Ok(numbers)
    }

    async fn records_of_spend(&self) -> Result<Vec<(u64, FileDigest)>, AppError> {
        let own = self.own_events().await?.into_iter();
        Ok(own
            .filter_map(|recorded| match recorded.event {
                Event::Ledger(LedgerEvent::FileImported(e)) if e.kind == SpendRow::KIND => {
                    Some((recorded.position, e.sha256))
                }
                _ => None,
            })
            .collect())
    }

    async fn report_details(
        &self,
        filter: &ReportFilter,
        only: Option<FileDigest>,
    ) -> Result<Vec<ReportDetail>, AppError> {
        let mut brought = self.brought().await?;
        let flags = self.flags().await?;
        let mut records: Vec<ImportedFile> = Vec::new();
        for record in self.imports().await?.into_iter().filter(|record| record.kind == SpendRow::KIND) {
            // Imported once more: the number stays, the rows are counted anew.
            match records.iter_mut().find(|earlier| earlier.sha256 == record.sha256) {
                Some(earlier) => {
                    let ImportedFile { position, recorded_at, actor, .. } = earlier.clone();
                    *earlier = ImportedFile { position, recorded_at, actor, ..record };
                }
                None => records.push(record),
            }
        }
        let mut details = Vec::new();
        for record in records {
            let Ok(file) = FileDigest::try_from(record.sha256.clone()) else { continue };
            let brought = brought.remove(&file).unwrap_or_default();
            let is_asked_for = only.is_none_or(|only| only == file)
                && filter.partner.as_ref().is_none_or(|partner| brought.partners.contains(partner))
                && filter.period.is_none_or(|period| brought.days.iter().any(|day| period.contains(*day)));
            if is_asked_for {
                details.push(detail(record, &brought, &flags).map_err(FoldError::from)?);
            }
        }
        Ok(details)
    }

    /// What each file brought, as far as events tell it.
    async fn brought(&self) -> Result<HashMap<FileDigest, Brought>, AppError> {
        self.current().await?;
        let mut brought: HashMap<FileDigest, Brought> = HashMap::new();
        for (_, row) in self.runner.all_rows::<ClaimsProjection>().await? {
            let Some(file) = row.file else { continue };
            let of = brought.entry(file).or_default();
            of.partners.insert(row.partner.clone());
            of.days.insert(row.delivered_on);
            of.claims.push(row);
        }
        let codes = self.partner_codes().await?;
        for (partner, _) in self.partners_and_events(&codes).await? {
            for fee in partner.fees.values() {
                let Some(file) = fee.file else { continue };
                let of = brought.entry(file).or_default();
                of.partners.insert(partner.code.clone());
                of.days.insert(fee.charged_on);
                of.fees.push(fee.eur);
            }
        }
        Ok(brought)
    }
}

fn detail(
    record: ImportedFile,
    brought: &Brought,
    flags: &BTreeMap<u64, Vec<domain::claim::Flag>>,
) -> Result<ReportDetail, Overflow> {
    let claims = &brought.claims;
    let count =
        |wanted: &[ClaimState]| claims.iter().filter(|row| wanted.contains(&row.state)).count() as u64;
    let sum = |of: fn(&ClaimRow) -> Eur| Eur::sum(claims.iter().map(of));
    let mut kinds: BTreeMap<&'static str, u64> = BTreeMap::new();
    let mut flagged = 0;
    for raised in claims.iter().filter_map(|row| flags.get(&row.position)) {
        flagged += 1;
        let codes: BTreeSet<&str> = raised.iter().map(|flag| flag.kind.code()).collect();
        codes.into_iter().for_each(|code| *kinds.entry(code).or_default() += 1);
    }
    let mut reasons: BTreeMap<String, (u64, Eur)> = BTreeMap::new();
    for row in claims {
        let Some(reason) = row.reason else { continue };
        let (claims, disallowed) = reasons.entry(reason.to_string()).or_default();
        *claims += 1;
        *disallowed = disallowed.checked_add(row.disallowed)?;
    }
    let partners: Vec<&str> = brought.partners.iter().map(PartnerCode::as_str).collect();
    let item = ReportItem {
        report: record.position,
        recorded_at: record.recorded_at,
        actor: record.actor,
        partner: partners.join(", "),
        first_day: brought.days.first().copied(),
        last_day: brought.days.last().copied(),
        file: record.file,
        sha256: record.sha256,
        rows: record.rows,
        recognised: record.recognised,
        rejected: record.rejected,
        claims: claims.len() as u64,
        accepted: count(&[ClaimState::Accepted, ClaimState::Reversed]),
        cut: count(&[ClaimState::Cut]),
        refused: count(&[ClaimState::Refused]),
        queried: count(&[ClaimState::Queried, ClaimState::Answered]),
        pending: count(&[ClaimState::Reported, ClaimState::Proposed]),
        waiting: count(&[ClaimState::WaitingForRate]),
        eur: sum(|row| row.eur.unwrap_or(Eur::ZERO))?,
        eligible: sum(|row| row.eligible)?,
        disallowed: sum(|row| row.disallowed)?,
        undecided: sum(|row| row.eur.filter(|_| row.state.is_open()).unwrap_or(Eur::ZERO))?,
        reversed: sum(|row| row.reversed)?,
        flagged,
        fees: brought.fees.len() as u64,
        fees_eur: Eur::sum(brought.fees.iter().flatten().copied())?,
    };
    let reasons = reasons.into_iter();
    let reasons = reasons.map(|(reason, (claims, disallowed))| ReportReason { reason, claims, disallowed });
    let flags = kinds.into_iter().map(|(flag, claims)| ReportFlag { flag, claims }).collect();
    Ok(ReportDetail { item, reasons: reasons.collect(), flags })
}

fn no_report(number: u64) -> AppError {
    AppError::Usage(format!(
        "there is no report {number}; `svala report list` shows all reports with their numbers"
    ))
}
