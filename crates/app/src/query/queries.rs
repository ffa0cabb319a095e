//! Questions about claims: what was asked of partners, how long ago, and what they answered.

use ::claims::ClaimsProjection;
use domain::PartnerCode;
use domain::claim::ClaimState;
use jiff::civil::Date;
use money::Eur;
use serde::Serialize;

use crate::error::AppError;
use crate::ledger::Ledger;
use crate::texts::{ERASED, ReasonText};

/// One claim that was asked about and is not decided since.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct QueryItem {
    /// The claim's number.
    pub claim: u64,
    /// Who reported it, and answers.
    pub partner: String,
    /// The authority's key for the case.
    pub external_ref: String,
    /// The case's own reference.
    pub case: String,
    /// The supplier's receipt number.
    pub receipt_no: String,
    /// In euro.
    pub eur: Option<Eur>,
    /// Why it was asked.
    pub reason: String,
    /// Finance's words; a rule has none.
    pub question: String,
    /// Day of the question.
    pub asked_on: Date,
    /// Whole days since then.
    pub age_days: i32,
    /// In which of the usual bands that lies: `0-30`, `31-60`, `61-90`, `over-90`.
    pub age: &'static str,
    /// Day of the answer.
    pub answered_on: Option<Date>,
    /// The partner's words.
    pub answer: String,
}

impl Ledger {
    /// The claims that wait for an answer or, answered, for a decision; the oldest question first.
    pub async fn queries(&self, partner: Option<&PartnerCode>) -> Result<Vec<QueryItem>, AppError> {
        self.current().await?;
        let mut asked = Vec::new();
        for (_, row) in self.runner.all_rows::<ClaimsProjection>().await? {
            if let (ClaimState::Queried | ClaimState::Answered, Some(query)) = (row.state, row.query.clone())
                && partner.is_none_or(|partner| row.partner == *partner)
            {
                asked.push((row, query));
            }
        }
        asked.sort_by_key(|(row, query)| (query.asked_on, row.position));
        let names = self.case_names(asked.iter().map(|(row, _)| row.case)).await?;
        let subject = |row: &::claims::ClaimRow| names.get(&row.case).map(|name| name.row.subject);
        let mut receipts = Vec::new();
        let mut words = Vec::new();
        for (row, query) in &asked {
            let Some(subject) = subject(row) else { continue };
            receipts.push((subject, row.details));
            words.extend([query.question, query.answer].into_iter().flatten().map(|id| (subject, id)));
        }
        let mut receipts = self.reveal::<crate::texts::ReceiptText>(&receipts).await?.into_iter();
        let mut words = self.reveal::<ReasonText>(&words).await?.into_iter();
        let mut next = |id: Option<_>| match id {
            None => String::new(),
            Some(_) => words.next().flatten().map_or_else(|| ERASED.to_owned(), |text| text.reason),
        };
        let today = self.today();
        let mut items = Vec::new();
        for (row, query) in asked {
            let Some(name) = names.get(&row.case) else { continue };
            let receipt = receipts.next().flatten();
            let age_days = (today - query.asked_on).get_days();
            items.push(QueryItem {
                claim: row.position,
                partner: row.partner.to_string(),
                external_ref: name.external_ref.clone(),
                case: name.case.clone(),
                receipt_no: receipt.map_or_else(|| ERASED.to_owned(), |receipt| receipt.receipt_no),
                eur: row.eur,
                reason: query.reason.to_string(),
                question: next(query.question),
                asked_on: query.asked_on,
                age_days,
                age: age(age_days),
                answered_on: query.answered_on,
                answer: next(query.answer),
            });
        }
        Ok(items)
    }
}

/// The band an age lies in, as open items are usually reported.
pub(crate) fn age(days: i32) -> &'static str {
    match days {
        ..=30 => "0-30",
        31..=60 => "31-60",
        61..=90 => "61-90",
        _ => "over-90",
    }
}
