//! What is odd about claims that are to be decided.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use ::claims::ClaimsProjection;
use domain::claim::{Flag, Sighted, flags, worth};
use domain::{Partner, PartnerCode};
use money::Eur;

use crate::error::AppError;
use crate::ledger::Ledger;
use crate::texts::{ReceiptText, plain_supplier};

impl Ledger {
    /// The flags of all claims, by number: each is held against every other claim of the ledger, whoever reported it.
    pub async fn flags(&self) -> Result<BTreeMap<u64, Vec<Flag>>, AppError> {
        self.flags_with(&BTreeMap::new(), Vec::new()).await
    }

    /// The same as if some claims that wait for their rate were worth these euros, by number.
    pub async fn flags_supposing(
        &self,
        supposed: &BTreeMap<u64, Eur>,
    ) -> Result<BTreeMap<u64, Vec<Flag>>, AppError> {
        self.flags_with(supposed, Vec::new()).await
    }

    /// What a category is for, and the programme whose budget line pays for it: what flags compare.
    pub(crate) fn purpose_of(&self, category: &str, budget_line: &str) -> (String, String) {
        let known = self.rulebook.categories().iter().find(|known| known.code == category);
        let line = self.rulebook.budget_lines().iter().find(|line| line.id == budget_line);
        (
            known.map_or(category, |known| known.name_en.as_str()).to_owned(),
            line.map_or(budget_line, |line| line.programme.as_str()).to_owned(),
        )
    }

    /// The same as if some more claims were there, whose numbers nobody has.
    pub(crate) async fn flags_with(
        &self,
        supposed: &BTreeMap<u64, Eur>,
        more: Vec<Sighted>,
    ) -> Result<BTreeMap<u64, Vec<Flag>>, AppError> {
        self.current().await?;
        let rows = self.runner.all_rows::<ClaimsProjection>().await?;
        let names = self.case_names(rows.iter().map(|(_, row)| row.case)).await?;
        let codes: BTreeSet<PartnerCode> = rows.iter().map(|(_, row)| row.partner.clone()).collect();
        let partners = self.partners_and_events(&codes.into_iter().collect::<Vec<_>>()).await?;
        let partners: HashMap<PartnerCode, Partner> =
            partners.into_iter().map(|(partner, _)| (partner.code.clone(), partner)).collect();
        let texts: Vec<_> = rows
            .iter()
            .filter_map(|(_, row)| Some((names.get(&row.case)?.row.subject, row.details)))
            .collect();
        let mut texts = self.reveal::<ReceiptText>(&texts).await?.into_iter();
        let mut sighted = Vec::with_capacity(rows.len() + more.len());
        for (_, row) in rows {
            let Some(country) = names.get(&row.case).map(|name| name.row.destination) else { continue };
            let (purpose, programme) = self.purpose_of(&row.category, &row.budget_line);
            let outside =
                |partner: &Partner| partner.is_outside_agreements(&programme, country, row.delivered_on);
            let eur = row.eur.or_else(|| supposed.get(&row.position).copied());
            sighted.push(Sighted {
                number: row.position,
                outside_agreement: partners.get(&row.partner).is_some_and(outside),
                country,
                partner: row.partner,
                case: row.case,
                purpose,
                programme,
                category: row.category,
                delivered_on: row.delivered_on,
                reported_on: row.reported_on,
                eur,
                worth: row.shared.map_or(eur, |shared| worth(shared.whole, row.quote)),
                state: row.state,
                receipt: texts.next().flatten().map(|text| (plain_supplier(&text.supplier), text.receipt_no)),
                receipt_sha256: row.receipt_sha256,
            });
        }
        sighted.extend(more);
        Ok(flags(&sighted, self.rulebook.parameters()))
    }
}
