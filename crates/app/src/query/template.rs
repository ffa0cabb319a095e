//! What a template of a spend report is filled with.

use std::collections::BTreeSet;

use ::cases::{CaseRow, CasesProjection};
use balances::BalancesProjection;
use domain::case::Stage;
use domain::partner::PARTNER_FEE;
use domain::{FoldError, PartnerCode, Period};
use interchange::{TemplateCase, TemplateContent};
use money::Currency;

use crate::error::AppError;
use crate::ledger::Ledger;

/// What partners pay in: the currencies of the destinations, the dollar, the euro and the Swedish crown. A report may
/// name any other currency of ISO 4217.
const CURRENCIES: [&str; 16] = [
    "AMD", "BDT", "CDF", "EGP", "ETB", "EUR", "GMD", "IQD", "JOD", "MAD", "MNT", "NGN", "PKR", "SEK", "SOS",
    "USD",
];

impl Ledger {
    /// The template of a partner for a period: the open cases that it has, or had on some day of the period, with what is
    /// left on each budget line that pays benefits; and the categories that are in force on some day of the period.
    ///
    /// # Errors
    /// There is no such partner.
    pub async fn partner_template(
        &self,
        partner: &PartnerCode,
        period: Period,
    ) -> Result<TemplateContent, AppError> {
        if self.store.read_streams(&[partner.stream()]).await?.is_empty() {
            return Err(self.unknown_partner(partner).await);
        }
        self.current().await?;
        let in_force = self.rulebook.categories().iter().filter(|category| {
            let validity = category.validity();
            validity.from <= period.last() && validity.until.is_none_or(|until| period.first() <= until)
        });
        let (mut categories, mut lines) = (Vec::new(), BTreeSet::new());
        for category in in_force {
            lines.insert(category.budget_line.as_str());
            if !categories.contains(&category.code) {
                categories.push(category.code.clone());
            }
        }
        categories.push(PARTNER_FEE.to_owned());
        let rows = self.runner.all_rows::<CasesProjection>().await?;
        let is_own = |row: &CaseRow| {
            let assigned = &row.assignments;
            assigned.last() == Some(partner) || assigned.has_in(partner, period)
        };
        let is_open = |row: &CaseRow| row.stage == Stage::Approved && is_own(row);
        let mut open: Vec<(String, CaseRow)> = rows.into_iter().filter(|(_, row)| is_open(row)).collect();
        open.sort_by_key(|(_, row)| row.position);
        let keys: Vec<String> = open.iter().map(|(key, _)| key.clone()).collect();
        let mut cases = Vec::new();
        for balances in self.runner.rows::<BalancesProjection>(&keys).await?.into_iter().flatten() {
            for (budget_line, line) in balances.lines.iter().filter(|(name, _)| lines.contains(name)) {
                if line.rule_id.is_some() {
                    cases.push(TemplateCase {
                        case: balances.reference,
                        budget_line: budget_line.to_owned(),
                        cap: line.cap,
                        remaining: line.remaining().map_err(FoldError::from)?,
                        available: line.available().map_err(FoldError::from)?,
                    });
                }
            }
        }
        let currencies = CURRENCIES.iter().filter_map(|code| code.parse::<Currency>().ok()).collect();
        Ok(TemplateContent { partner: partner.clone(), period, categories, currencies, cases })
    }
}
