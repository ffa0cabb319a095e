//! What is odd about claims that are to be decided.

use std::collections::BTreeMap;

use ::claims::ClaimsProjection;
use domain::claim::{Flag, Sighted, flags};

use crate::error::AppError;
use crate::ledger::Ledger;
use crate::texts::{ReceiptText, plain_supplier};

impl Ledger {
    /// The flags of all claims, by number: each is held against every other claim of the ledger, whoever reported it.
    pub async fn flags(&self) -> Result<BTreeMap<u64, Vec<Flag>>, AppError> {
        self.current().await?;
        let rows = self.runner.all_rows::<ClaimsProjection>().await?;
        let names = self.case_names(rows.iter().map(|(_, row)| row.case)).await?;
        let texts: Vec<_> = rows
            .iter()
            .filter_map(|(_, row)| Some((names.get(&row.case)?.row.subject, row.details)))
            .collect();
        let mut texts = self.reveal::<ReceiptText>(&texts).await?.into_iter();
        let categories = self.rulebook.categories();
        let lines = self.rulebook.budget_lines();
        let mut sighted = Vec::with_capacity(rows.len());
        for (_, row) in rows {
            if !names.contains_key(&row.case) {
                continue;
            }
            let category = categories.iter().find(|category| category.code == row.category);
            let line = lines.iter().find(|line| line.id == row.budget_line);
            sighted.push(Sighted {
                number: row.position,
                partner: row.partner,
                case: row.case,
                purpose: category.map_or_else(|| row.category.clone(), |category| category.name_en.clone()),
                programme: line.map_or_else(|| row.budget_line.clone(), |line| line.programme.clone()),
                category: row.category,
                delivered_on: row.delivered_on,
                reported_on: row.reported_on,
                eur: row.eur,
                state: row.state,
                receipt: texts.next().flatten().map(|text| (plain_supplier(&text.supplier), text.receipt_no)),
                receipt_sha256: row.receipt_sha256,
            });
        }
        Ok(flags(&sighted, self.rulebook.parameters()))
    }
}
