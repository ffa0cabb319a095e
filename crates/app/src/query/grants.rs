//! Payments of the arrival grant, and who waits for one.

use std::collections::HashMap;

use ::balances::BalancesProjection;
use ::cases::{CaseRow, CasesProjection};
use ::grants::{GrantRow, GrantsProjection};
use domain::case::Stage;
use domain::grant::BUDGET_LINE;
use domain::{CaseId, FoldError, PartnerCode};
use jiff::Span;
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

/// An arrival grant that somebody who has come home has not received, or not all of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DueGrantItem {
    /// The authority's key for the case.
    pub external_ref: String,
    /// The case's own reference.
    pub case: String,
    /// Country of return.
    pub destination: String,
    /// The partner that has the case on that day; empty if none has.
    pub partner: String,
    /// Day the person came home.
    pub arrived_on: Date,
    /// Last day on which it is paid without a reason from finance.
    pub last_day: Date,
    /// Days since then; none until it is over.
    pub days_late: u32,
    /// What is left of it, in EUR.
    pub eur: Eur,
    /// Number of the hold that stops it on that day.
    pub held_by: Option<u64>,
}

impl Ledger {
    /// Arrival grants due on a day: of open approved cases whose person has come home until then, with what the balance
    /// of that line has left; the one that waits longest first. Of one partner's cases, or of all.
    ///
    /// [`AppError::Usage`] if there is no such partner.
    pub async fn due_grants(
        &self,
        partner: Option<&PartnerCode>,
        on: Option<Date>,
    ) -> Result<Vec<DueGrantItem>, AppError> {
        self.current().await?;
        self.known_partner(partner).await?;
        let on = on.unwrap_or_else(|| self.today());
        let (holds, _) = self.holds_and_events().await?;
        let line = self.rulebook.budget_lines().iter().find(|line| line.id == BUDGET_LINE);
        let programme = line.map(|line| line.programme.as_str()).unwrap_or_default();
        let days = Span::new().days(self.rulebook.parameters().grant_days_after_arrival);
        let balances: HashMap<String, _> =
            self.runner.all_rows::<BalancesProjection>().await?.into_iter().collect();
        let mut due: Vec<(CaseRow, DueGrantItem)> = Vec::new();
        for (key, case) in self.runner.all_rows::<CasesProjection>().await? {
            let Some(arrived_on) = case.arrived_on.filter(|arrived| *arrived <= on) else { continue };
            let of = case.assignments.on(on);
            if case.stage != Stage::Approved || (partner.is_some() && of != partner) {
                continue;
            }
            let Some(balance) = balances.get(&key) else { continue };
            let eur = balance.lines.line(BUDGET_LINE).remaining().map_err(FoldError::from)?;
            if eur <= Eur::ZERO {
                continue;
            }
            let last_day = arrived_on.saturating_add(days);
            let held_by = of.and_then(|of| holds.stopping(of, case.destination, programme, on));
            let item = DueGrantItem {
                external_ref: String::new(),
                case: case.reference.to_string(),
                destination: case.destination.to_string(),
                partner: of.map(ToString::to_string).unwrap_or_default(),
                arrived_on,
                last_day,
                days_late: u32::try_from((on - last_day).get_days()).unwrap_or(0),
                eur,
                held_by: held_by.map(|(number, _)| number),
            };
            due.push((case, item));
        }
        let external = self.external_refs(due.iter().map(|(row, _)| (row.subject, row.external_ref))).await?;
        let named = due.into_iter().zip(external);
        let mut items: Vec<_> =
            named.map(|((_, item), external_ref)| DueGrantItem { external_ref, ..item }).collect();
        items.sort_by(|a, b| (a.last_day, &a.external_ref).cmp(&(b.last_day, &b.external_ref)));
        Ok(items)
    }

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
