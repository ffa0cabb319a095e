//! What is odd about claims and fees that are to be decided.

use std::collections::BTreeMap;

use ::claims::ClaimsProjection;
use domain::claim::{Benefit, Flag, Sighted, flags, worth};
use domain::partner::{PARTNER_FEE, PartnerEvent};
use domain::{Event, FeeId, Partner, PartnerCode, Recorded};
use jiff::civil::Date;
use money::Eur;

use crate::error::AppError;
use crate::ledger::{LEDGER_SUBJECT, Ledger};
use crate::texts::{ReceiptText, plain_supplier};

impl Ledger {
    /// The flags of all claims, by number: each is held against every other claim and fee of the ledger, whoever reported
    /// it.
    pub async fn flags(&self) -> Result<BTreeMap<u64, Vec<Flag>>, AppError> {
        self.flags_supposing(&BTreeMap::new()).await
    }

    /// The same as if some claims that wait for their rate were worth these euros, by number.
    pub async fn flags_supposing(
        &self,
        supposed: &BTreeMap<u64, Eur>,
    ) -> Result<BTreeMap<u64, Vec<Flag>>, AppError> {
        self.flags_with(supposed, Vec::new()).await
    }

    /// The same as if some more claims were there, whose numbers nobody has.
    pub(crate) async fn flags_with(
        &self,
        supposed: &BTreeMap<u64, Eur>,
        more: Vec<Sighted>,
    ) -> Result<BTreeMap<u64, Vec<Flag>>, AppError> {
        self.flags_of(supposed, more, |sighted| sighted.benefit.is_some()).await
    }

    /// The flags of all fees, by number, held against the same.
    pub async fn fee_flags(&self) -> Result<BTreeMap<u64, Vec<Flag>>, AppError> {
        self.flags_of(&BTreeMap::new(), Vec::new(), |sighted| sighted.benefit.is_none()).await
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

    async fn flags_of(
        &self,
        supposed: &BTreeMap<u64, Eur>,
        mut sighted: Vec<Sighted>,
        wanted: impl Fn(&Sighted) -> bool,
    ) -> Result<BTreeMap<u64, Vec<Flag>>, AppError> {
        let codes = self.partner_codes().await?;
        let partners = self.partners_and_events(&codes).await?;
        sighted.extend(self.fees_sighted(&partners).await?);
        let partners = partners.into_iter().map(|(partner, _)| (partner.code.clone(), partner)).collect();
        sighted.extend(self.claims_sighted(&partners, supposed).await?);
        let mut raised = flags(&sighted, self.rulebook.parameters());
        for sighted in sighted.iter().filter(|sighted| !wanted(sighted)) {
            raised.remove(&sighted.number);
        }
        Ok(raised)
    }

    async fn claims_sighted(
        &self,
        partners: &BTreeMap<PartnerCode, Partner>,
        supposed: &BTreeMap<u64, Eur>,
    ) -> Result<Vec<Sighted>, AppError> {
        let rows = self.runner.all_rows::<ClaimsProjection>().await?;
        let names = self.case_names(rows.iter().map(|(_, row)| row.case)).await?;
        let texts: Vec<_> = rows
            .iter()
            .filter_map(|(_, row)| Some((names.get(&row.case)?.row.subject, row.details)))
            .collect();
        let mut texts = self.reveal::<ReceiptText>(&texts).await?.into_iter();
        let mut sighted = Vec::with_capacity(rows.len());
        for (_, row) in rows {
            let Some(country) = names.get(&row.case).map(|name| name.row.destination) else { continue };
            let (purpose, programme) = self.purpose_of(&row.category, &row.budget_line);
            let outside =
                |partner: &Partner| partner.is_outside_agreements(&programme, country, row.delivered_on);
            let outside_agreement = partners.get(&row.partner).is_some_and(outside);
            let eur = row.eur.or_else(|| supposed.get(&row.position).copied());
            sighted.push(Sighted {
                number: row.position,
                outside_agreement,
                partner: row.partner,
                benefit: Some(Benefit { case: row.case, purpose, programme, country }),
                category: row.category,
                delivered_on: row.delivered_on,
                reported_on: row.reported_on,
                eur,
                worth: row.shared.map_or(eur, |shared| worth(shared.whole, row.quote)),
                counts: row.state.counts(),
                receipt: texts.next().flatten().map(receipt),
                receipt_sha256: row.receipt_sha256,
            });
        }
        Ok(sighted)
    }

    async fn fees_sighted(&self, partners: &[(Partner, Vec<Recorded>)]) -> Result<Vec<Sighted>, AppError> {
        let mut fees = Vec::new();
        for (partner, events) in partners {
            let reported: BTreeMap<FeeId, (u64, Date)> = events
                .iter()
                .filter_map(|recorded| match &recorded.event {
                    Event::Partner(PartnerEvent::FeeReported(e)) => {
                        Some((e.fee, (recorded.position, recorded.recorded_on())))
                    }
                    _ => None,
                })
                .collect();
            for (id, fee) in &partner.fees {
                let Some((number, reported_on)) = reported.get(id) else { continue };
                let sighted = Sighted {
                    number: *number,
                    partner: partner.code.clone(),
                    benefit: None,
                    category: PARTNER_FEE.to_owned(),
                    outside_agreement: fee.agreement.is_none(),
                    delivered_on: fee.charged_on,
                    reported_on: *reported_on,
                    eur: fee.eur,
                    worth: fee.eur,
                    counts: fee.state.counts(),
                    receipt: None,
                    receipt_sha256: fee.receipt_sha256,
                };
                fees.push(((LEDGER_SUBJECT, fee.details), sighted));
            }
        }
        let texts: Vec<_> = fees.iter().map(|(text, _)| *text).collect();
        let texts = self.reveal::<ReceiptText>(&texts).await?;
        let with = |((_, sighted), text): (_, Option<ReceiptText>)| Sighted {
            receipt: text.map(receipt),
            ..sighted
        };
        Ok(fees.into_iter().zip(texts).map(with).collect())
    }
}

/// What tells a receipt: its supplier, in one spelling, and its number.
fn receipt(text: ReceiptText) -> (String, String) {
    (plain_supplier(&text.supplier), text.receipt_no)
}
