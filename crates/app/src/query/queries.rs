//! Questions about claims and fees: what was asked of partners, how long ago, and what they answered.

use ::claims::ClaimsProjection;
use domain::PartnerCode;
use domain::claim::{ClaimState, QueryReason};
use jiff::civil::Date;
use money::Eur;
use serde::Serialize;

use super::fees::FeeFilter;
use crate::error::AppError;
use crate::ledger::Ledger;
use crate::texts::{ERASED, ReasonText};

/// One claim or fee that was asked about and is not decided since.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct QueryItem {
    /// The claim's number; none of a fee.
    pub claim: Option<u64>,
    /// The fee's number; none of a claim.
    pub fee: Option<u64>,
    /// Who reported it, and answers.
    pub partner: String,
    /// The authority's key for the case; a fee is for none.
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
    /// The claims and fees that wait for an answer or, answered, for a decision; the oldest question first.
    pub async fn queries(&self, partner: Option<&PartnerCode>) -> Result<Vec<QueryItem>, AppError> {
        self.current().await?;
        self.known_partner(partner).await?;
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
                claim: Some(row.position),
                fee: None,
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
        items.extend(self.fee_queries(partner, today).await?);
        items.sort_by_key(|item| (item.asked_on, item.claim.or(item.fee)));
        Ok(items)
    }

    /// The same of fees alone.
    async fn fee_queries(
        &self,
        partner: Option<&PartnerCode>,
        today: Date,
    ) -> Result<Vec<QueryItem>, AppError> {
        let filter = FeeFilter { partner: partner.cloned(), ..FeeFilter::default() };
        let fees = self.fees_without_flags(&filter).await?.into_iter();
        let asked = fees.filter_map(|fee| Some((fee.asked_on?, fee)));
        Ok(asked
            .map(|(asked_on, fee)| {
                let age_days = (today - asked_on).get_days();
                QueryItem {
                    claim: None,
                    fee: Some(fee.fee),
                    partner: fee.partner,
                    external_ref: String::new(),
                    case: String::new(),
                    receipt_no: fee.receipt_no,
                    eur: fee.eur,
                    reason: QueryReason::ByFinance.to_string(),
                    question: fee.words,
                    asked_on,
                    age_days,
                    age: age(age_days),
                    answered_on: fee.answered_on,
                    answer: fee.answer,
                }
            })
            .collect())
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
