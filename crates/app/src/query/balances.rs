//! Balances per person and budget line.

use std::collections::BTreeMap;

use balances::{BalancesProjection, BalancesRow};
use domain::{CaseId, FoldError};
use money::{Amount, Eur};
use serde::Serialize;

use crate::error::AppError;
use crate::ledger::Ledger;

/// In the place of a rule: money moved on a budget line on which nothing was ever granted.
pub const NOT_GRANTED: &str = "not-granted";

/// The balance of one person on one budget line, in EUR.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BalanceItem {
    /// The authority's key for the case.
    pub external_ref: String,
    /// The case's own reference.
    pub case: String,
    /// Budget line.
    pub budget_line: String,
    /// The rule that sets the cap, the condition that took it away, or `not-granted`.
    pub rule_id: String,
    /// Always EUR.
    pub currency: &'static str,
    /// Most that may be disbursed.
    pub cap: Eur,
    /// Planned, not yet spent.
    pub committed: Eur,
    /// Claimed, not decided.
    pub pending: Eur,
    /// Claims that wait for an exchange rate, at the newest rate known when they were reported.
    pub estimated: Eur,
    /// Accepted, net of reversals.
    pub disbursed: Eur,
    /// Refused at the decision.
    pub disallowed: Eur,
    /// `cap − disbursed`.
    pub remaining: Eur,
    /// `cap − disbursed − committed − pending − estimated`.
    pub available: Eur,
    /// Claims that wait for an exchange rate.
    pub waiting: u64,
    /// What they come to in their own currencies, such as `100.00 USD + 250000.000 IQD`.
    pub waiting_amounts: String,
}

/// Amounts in words, added up by currency: `100.00 USD + 250000.000 IQD`; empty of none.
pub(crate) fn in_own_currencies(amounts: impl IntoIterator<Item = Amount>) -> Result<String, FoldError> {
    let mut sums: BTreeMap<&str, Amount> = BTreeMap::new();
    for amount in amounts {
        let sum = sums.entry(amount.currency().code()).or_insert_with(|| Amount::zero(amount.currency()));
        *sum = sum.checked_add(amount).map_err(|error| FoldError(error.to_string()))?;
    }
    let named = sums.into_iter().map(|(currency, sum)| format!("{sum} {currency}"));
    Ok(named.collect::<Vec<_>>().join(" + "))
}

impl Ledger {
    /// The balances of all cases: one item for each budget line on which something was granted, in the order of the
    /// authority's keys. Of one case also the lines on which money moved without a grant.
    pub async fn balances(&self, case: Option<CaseId>) -> Result<Vec<BalanceItem>, AppError> {
        let rows: Vec<BalancesRow> = match case {
            Some(case) => {
                self.runner.row::<BalancesProjection>(&case.to_string()).await?.into_iter().collect()
            }
            None => {
                self.current().await?;
                self.runner.all_rows::<BalancesProjection>().await?.into_iter().map(|(_, row)| row).collect()
            }
        };
        let external = self.external_refs(rows.iter().map(|row| (row.subject, row.external_ref))).await?;
        let mut items = Vec::new();
        for (row, external_ref) in rows.into_iter().zip(external) {
            for (budget_line, line) in row.lines.iter() {
                let waiting: Vec<Amount> = row.waiting(budget_line).collect();
                if (line.is_empty() && waiting.is_empty()) || (case.is_none() && line.rule_id.is_none()) {
                    continue;
                }
                items.push(BalanceItem {
                    external_ref: external_ref.clone(),
                    case: row.reference.to_string(),
                    budget_line: budget_line.to_owned(),
                    rule_id: line.rule_id.clone().unwrap_or_else(|| NOT_GRANTED.to_owned()),
                    currency: "EUR",
                    cap: line.cap,
                    committed: line.committed,
                    pending: line.pending,
                    estimated: line.estimated,
                    disbursed: line.disbursed,
                    disallowed: line.disallowed,
                    remaining: line.remaining().map_err(FoldError::from)?,
                    available: line.available().map_err(FoldError::from)?,
                    waiting: waiting.len() as u64,
                    waiting_amounts: in_own_currencies(waiting)?,
                });
            }
        }
        items.sort_by(|a, b| {
            (&a.external_ref, &a.case, &a.budget_line).cmp(&(&b.external_ref, &b.case, &b.budget_line))
        });
        Ok(items)
    }
}
