//! Payments of the arrival grant.

use ::grants::{GrantRow, GrantsProjection};
use domain::CaseId;
use jiff::civil::Date;
use money::Eur;
use serde::Serialize;

use crate::error::AppError;
use crate::ledger::Ledger;
use crate::texts::{ERASED, PaymentText};

/// One payment of the arrival grant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GrantItem {
    /// The payment's number: the position of its record.
    pub grant: u64,
    /// The authority's key for the case.
    pub external_ref: String,
    /// The case's own reference.
    pub case: String,
    /// The payment's reference.
    pub payment_ref: String,
    /// Day of payment.
    pub paid_on: Date,
    /// How it was paid.
    pub method: String,
    /// How much, in EUR.
    pub eur: Eur,
    /// What came back.
    pub returned: Eur,
    /// Why it does not count, or what finance set aside.
    pub reason: String,
    /// How far it has come.
    pub state: String,
}

impl Ledger {
    /// Arrival grant payments, of one case or of all, in the order they were recorded.
    pub async fn grants(&self, case: Option<CaseId>) -> Result<Vec<GrantItem>, AppError> {
        self.current().await?;
        let rows = self.runner.all_rows::<GrantsProjection>().await?;
        let mut rows: Vec<GrantRow> = rows
            .into_iter()
            .map(|(_, row)| row)
            .filter(|row| case.is_none_or(|case| row.case == case))
            .collect();
        rows.sort_by_key(|row| row.position);
        let names = self.case_names(rows.iter().map(|row| row.case)).await?;
        let texts: Vec<_> =
            rows.iter().filter_map(|row| Some((names.get(&row.case)?.row.subject, row.details))).collect();
        let texts = self.reveal::<PaymentText>(&texts).await?;
        Ok(rows
            .into_iter()
            .filter_map(|row| Some((names.get(&row.case)?, row)))
            .zip(texts)
            .map(|((name, row), text)| GrantItem {
                grant: row.position,
                external_ref: name.external_ref.clone(),
                case: name.case.clone(),
                payment_ref: text.map_or_else(|| ERASED.to_owned(), |t| t.payment_ref),
                paid_on: row.paid_on,
                method: row.method.to_string(),
                eur: row.amount,
                returned: row.returned,
                reason: row.reason.map(|reason| reason.to_string()).unwrap_or_default(),
                state: row.state.to_string(),
            })
            .collect())
    }
}
