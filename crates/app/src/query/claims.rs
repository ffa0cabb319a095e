//! Claims.

use std::collections::HashSet;

use ::claims::{ClaimRow, ClaimsProjection};
use domain::claim::ClaimState;
use domain::ids::FileDigest;
use domain::{CaseEvent, CaseId, ClaimId, Event, PartnerCode, Period, TextId};
use jiff::civil::Date;
use money::Eur;
use serde::Serialize;

use crate::error::AppError;
use crate::ledger::Ledger;
use crate::texts::{ERASED, ReasonText, ReceiptText};

/// Events read at a time.
const LOG_PAGE: u32 = 1_000;

/// Which claims to list; everything not given is not asked about.
#[derive(Debug, Clone, Default)]
pub struct ClaimFilter {
    /// Of this case.
    pub case: Option<CaseId>,
    /// Of this partner.
    pub partner: Option<PartnerCode>,
    /// Delivered in this period.
    pub period: Option<Period>,
    /// In this state.
    pub state: Option<ClaimState>,
    /// Reported in the file with this SHA-256.
    pub file: Option<FileDigest>,
}

/// One claim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClaimItem {
    /// The claim's number: the position of its report.
    pub claim: u64,
    /// The authority's key for the case.
    pub external_ref: String,
    /// The case's own reference.
    pub case: String,
    /// Who reported it.
    pub partner: String,
    /// The supplier's receipt number.
    pub receipt_no: String,
    /// Who was paid.
    pub supplier: String,
    /// Benefit category.
    pub category: String,
    /// What was delivered, in the partner's words.
    pub description: String,
    /// Day of delivery.
    pub delivered_on: Date,
    /// Day of the report.
    pub reported_on: Date,
    /// Whether the receipt's file is there: `kept`; `with-first-share` of a family's, if it is; `announced` where only its
    /// SHA-256 was given; or empty.
    pub receipt: &'static str,
    /// As on the receipt.
    pub amount: String,
    /// Its currency.
    pub currency: &'static str,
    /// Units of that currency for one euro; empty for euros, and while the rate is still to come.
    pub rate: String,
    /// The day the rate was published for; of a rate of a month the first.
    pub rate_date: Option<Date>,
    /// Who published the rate.
    pub rate_source: &'static str,
    /// In euro; none while the rate is still to come.
    pub eur: Option<Eur>,
    /// What finance would accept of it at most, or did; none for all that fits.
    pub at_most: Option<Eur>,
    /// Counts as disbursed.
    pub eligible: Eur,
    /// Does not.
    pub disallowed: Eur,
    /// Came back.
    pub reversed: Eur,
    /// What somebody would take back, or which reversal they would undo, while another one has yet to agree: how much, as of
    /// when, who.
    pub to_reverse: String,
    /// Why something is disallowed.
    pub reason: String,
    /// How far it has come.
    pub state: ClaimState,
    /// Who would accept it, while another one has yet to agree.
    pub proposed_by: String,
    /// The number of the report it came with; none of the oldest, and while the import is not complete.
    pub report: Option<u64>,
    /// Finance's own words: why it refused the claim, or what it asks.
    pub words: String,
    /// The partner's answer to what was asked last.
    pub answer: String,
    /// Its identity in the log.
    #[serde(skip)]
    pub id: ClaimId,
    /// Its case.
    #[serde(skip)]
    pub case_id: CaseId,
}

/// What finance said last of a claim, and what the partner answered, as far as it still matters.
fn said(row: &ClaimRow) -> [Option<TextId>; 2] {
    let query = row.query.as_ref();
    match row.state {
        ClaimState::Queried => [query.and_then(|query| query.question), None],
        ClaimState::Answered => {
            [query.and_then(|query| query.question), query.and_then(|query| query.answer)]
        }
        _ => [row.words, None],
    }
}

/// How a proposal begins that undoes a reversal.
pub(super) const UNDO: &str = "undo ";

/// What somebody would take back, or undo: one of the two at a time.
fn to_reverse(row: &ClaimRow) -> String {
    let taken_back = row.reversal.as_ref().map(|reversal| {
        let given = reversal.original.map(|given| format!(" ({given} {})", given.currency()));
        let given = given.unwrap_or_default();
        format!("{}{given} on {} by {}", reversal.eur, reversal.on, reversal.by)
    });
    let undone = row.undoing.as_ref();
    let undone = undone.map(|undo| format!("{UNDO}{} on {} by {}", undo.eur, undo.on, undo.by));
    taken_back.or(undone).unwrap_or_default()
}

/// Where the file of a claim's receipt is: of a family's there is one, with the first share.
fn receipt(row: &ClaimRow) -> &'static str {
    match (row.receipt_kept, row.shared, row.receipt_sha256) {
        (true, ..) => "kept",
        (false, Some(shared), _) if shared.part > 1 => "with-first-share",
        (false, _, Some(_)) => "announced",
        (false, _, None) => "",
    }
}

impl Ledger {
    /// The claims that wait for an exchange rate, in the order they were reported.
    pub(crate) async fn claims_waiting_for_rate(&self) -> Result<Vec<(u64, CaseId, ClaimId)>, AppError> {
        self.current().await?;
        let mut waiting = Vec::new();
        for (key, row) in self.runner.all_rows::<ClaimsProjection>().await? {
            if let (Ok(id), ClaimState::WaitingForRate) = (key.parse(), row.state) {
                waiting.push((row.position, row.case, id));
            }
        }
        waiting.sort_unstable();
        Ok(waiting)
    }

    /// The claims about which something is told after one position of the log and up to another, beside their reports.
    ///
    /// [`AppError::Usage`] if the log ends before the first.
    pub async fn claims_changed(&self, after: u64, up_to: u64) -> Result<HashSet<ClaimId>, AppError> {
        self.log_end(Some(after)).await?;
        let (mut changed, mut after) = (HashSet::new(), after);
        while after < up_to {
            let page = self.store.read_log(after, LOG_PAGE).await?;
            let Some(last) = page.last() else { break };
            after = last.position;
            for recorded in page.iter().filter(|recorded| recorded.position <= up_to) {
                let Event::Case(event) = Event::decode_checked(recorded)? else { continue };
                let reported = matches!(event, CaseEvent::SpendReported(_));
                changed.extend(event.claim().filter(|_| !reported));
            }
        }
        Ok(changed)
    }

    /// Claims in the order they were reported.
    ///
    /// [`AppError::Usage`] if there is no such partner.
    pub async fn claims(&self, filter: &ClaimFilter) -> Result<Vec<ClaimItem>, AppError> {
        self.known_partner(filter.partner.as_ref()).await?;
        let rows = self.claim_rows(filter).await?;
        let reports = self.report_numbers().await?;
        let names = self.case_names(rows.iter().map(|(_, row)| row.case)).await?;
        let texts: Vec<_> = rows
            .iter()
            .filter_map(|(_, row)| Some((names.get(&row.case)?.row.subject, row.details)))
            .collect();
        let texts = self.reveal::<ReceiptText>(&texts).await?;
        let wanted: Vec<_> = rows
            .iter()
            .filter_map(|(_, row)| Some((names.get(&row.case)?.row.subject, row)))
            .flat_map(|(subject, row)| said(row).into_iter().flatten().map(move |text| (subject, text)))
            .collect();
        let mut told = self.reveal::<ReasonText>(&wanted).await?.into_iter();
        let mut next = |text: Option<TextId>| match text {
            None => String::new(),
            Some(_) => told.next().flatten().map_or_else(|| ERASED.to_owned(), |text| text.reason),
        };
        Ok(rows
            .into_iter()
            .filter_map(|(id, row)| Some((id, names.get(&row.case)?, row)))
            .zip(texts)
            .map(|((id, name, row), text)| {
                let erased =
                    || ReceiptText { supplier: ERASED.into(), receipt_no: ERASED.into(), description: None };
                let ReceiptText { supplier, receipt_no, description } = text.unwrap_or_else(erased);
                let [words, answer] = said(&row).map(&mut next);
                let to_reverse = to_reverse(&row);
                ClaimItem {
                    claim: row.position,
                    external_ref: name.external_ref.clone(),
                    case: name.case.clone(),
                    partner: row.partner.to_string(),
                    receipt_no,
                    supplier,
                    receipt: receipt(&row),
                    category: row.category,
                    description: description.unwrap_or_default(),
                    delivered_on: row.delivered_on,
                    reported_on: row.reported_on,
                    amount: row.amount.to_string(),
                    currency: row.amount.currency().code(),
                    rate: row.quote.map(|quote| quote.rate.to_string()).unwrap_or_default(),
                    rate_date: row.quote.map(|quote| quote.rate_date),
                    rate_source: row.quote.map_or("", |quote| quote.source.code()),
                    eur: row.eur,
                    at_most: row.cut.map(|cut| cut.at_most),
                    eligible: row.eligible,
                    disallowed: row.disallowed,
                    reversed: row.reversed,
                    to_reverse,
                    reason: row.reason.map(|reason| reason.to_string()).unwrap_or_default(),
                    state: row.state,
                    proposed_by: row.proposed_by.map(String::from).unwrap_or_default(),
                    report: row.file.and_then(|file| reports.get(&file).copied()),
                    words,
                    answer,
                    id,
                    case_id: row.case,
                }
            })
            .collect())
    }

    /// The same, as the read model has them.
    pub(super) async fn claim_rows(
        &self,
        filter: &ClaimFilter,
    ) -> Result<Vec<(ClaimId, ClaimRow)>, AppError> {
        self.current().await?;
        let wanted = |row: &ClaimRow| {
            filter.case.is_none_or(|case| row.case == case)
                && filter.partner.as_ref().is_none_or(|partner| row.partner == *partner)
                && filter.period.is_none_or(|period| period.contains(row.delivered_on))
                && filter.state.is_none_or(|state| row.state == state)
                && filter.file.is_none_or(|file| row.file == Some(file))
        };
        let mut rows: Vec<(ClaimId, ClaimRow)> = match filter.case {
            // One case's claims are in its own stream: no need to look at all the others.
            Some(case) => {
                let mut session = crate::session::Session::new(self, crate::session::Purpose::Check);
                session.load_cases([case]).await?;
                let ids: Vec<ClaimId> =
                    session.case(case).map(|c| c.claims.keys().copied().collect()).unwrap_or_default();
                let keys: Vec<String> = ids.iter().map(ClaimId::to_string).collect();
                let rows = self.runner.rows::<ClaimsProjection>(&keys).await?;
                ids.into_iter()
                    .zip(rows)
                    .filter_map(|(id, row)| Some((id, row?)))
                    .filter(|(_, row)| wanted(row))
                    .collect()
            }
            None => {
                let mut rows = Vec::new();
                for (key, row) in self.runner.all_rows::<ClaimsProjection>().await? {
                    if let (Ok(id), true) = (key.parse(), wanted(&row)) {
                        rows.push((id, row));
                    }
                }
                rows
            }
        };
        rows.sort_by_key(|(_, row)| row.position);
        Ok(rows)
    }
}
