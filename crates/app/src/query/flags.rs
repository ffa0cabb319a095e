//! What is odd about claims and fees that are to be decided.

use std::collections::{BTreeMap, HashSet};

use ::claims::{ClaimRow, ClaimsProjection};
use domain::claim::{Benefit, Flag, RECEIPT, Sighted, flags, worth};
use domain::ids::FileDigest;
use domain::partner::{PARTNER_FEE, PartnerEvent};
use domain::{CaseId, ClaimId, Event, FeeId, Partner, PartnerCode, Recorded};
use event_log::Hash;
use jiff::civil::Date;
use money::Eur;
use uuid::Uuid;

use crate::error::AppError;
use crate::ledger::{LEDGER_SUBJECT, Ledger};
use crate::texts::{ReceiptText, plain_supplier};

/// Receipts asked for at a time.
const DIGESTS_MAX: usize = 4_000;

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
        self.flags_of(supposed, |sighted| sighted.benefit.is_some()).await
    }

    /// The flags of the claims that were reported after a position of the log, by number: the same as among all, without
    /// looking at more than they need.
    pub async fn flags_after(&self, position: u64) -> Result<BTreeMap<u64, Vec<Flag>>, AppError> {
        self.flags_near(Vec::new(), |_, row| row.position > position).await
    }

    /// The flags of some claims, and of some more that are supposed to be there.
    ///
    /// Of all claims, what is read is what each partner claims, for what is usual; the texts are opened of those alone that
    /// could be the same thing: of the same people, with the same file, or with the same receipt at whatever partner, which
    /// the index of receipts knows.
    pub(crate) async fn flags_near(
        &self,
        supposed: Vec<Sighted>,
        is_near: impl Fn(&str, &ClaimRow) -> bool,
    ) -> Result<BTreeMap<u64, Vec<Flag>>, AppError> {
        let codes = self.partner_codes().await?;
        let known = self.partners_and_events(&codes).await?;
        let fees = self.fees_sighted(&known).await?;
        let partners: BTreeMap<_, _> =
            known.into_iter().map(|(partner, _)| (partner.code.clone(), partner)).collect();
        let rows = self.runner.all_rows::<ClaimsProjection>().await?;
        let (near, others): (Vec<_>, Vec<_>) = rows.into_iter().partition(|(key, row)| is_near(key, row));
        let none = BTreeMap::new();
        let mut sighted = self.claims_sighted(near, &partners, &none).await?;
        sighted.extend(supposed);
        let asked: HashSet<u64> = sighted.iter().map(|near| near.number).collect();

        let cases: HashSet<CaseId> =
            sighted.iter().filter_map(|near| Some(near.benefit.as_ref()?.case)).collect();
        let files: HashSet<FileDigest> = sighted.iter().filter_map(|near| near.receipt_sha256).collect();
        let receipts = self.claims_with_receipts(&sighted, &codes).await?;
        let (beside, usual): (Vec<_>, Vec<_>) = others.into_iter().partition(|(key, row)| {
            let first = row.shared.map(|shared| shared.of.0);
            let id = key.parse::<ClaimId>().ok().map(|claim| claim.0);
            cases.contains(&row.case)
                || row.receipt_sha256.is_some_and(|file| files.contains(&file))
                || [first, id].into_iter().flatten().any(|claim| receipts.contains(&claim))
        });
        sighted.extend(self.claims_sighted(beside, &partners, &none).await?);
        sighted.extend(usual.into_iter().map(|(_, row)| of_history(row)));
        sighted.extend(fees);
        let mut raised = flags(&sighted, self.rulebook.parameters());
        raised.retain(|number, _| asked.contains(number));
        Ok(raised)
    }

    /// The claims and fees of all partners that have one of these receipts.
    async fn claims_with_receipts(
        &self,
        sighted: &[Sighted],
        partners: &[PartnerCode],
    ) -> Result<HashSet<Uuid>, AppError> {
        let receipts: HashSet<&(String, String)> =
            sighted.iter().filter_map(|near| near.receipt.as_ref()).collect();
        let digests: Vec<Hash> = receipts
            .into_iter()
            .flat_map(|(supplier, number)| {
                partners.iter().map(move |code| self.digest(RECEIPT, &[code.as_str(), supplier, number]))
            })
            .collect();
        let mut found = HashSet::new();
        for digests in digests.chunks(DIGESTS_MAX) {
            let owners = self.store.find_keys(RECEIPT, digests).await?;
            found.extend(owners.into_iter().flatten().map(|owner| owner.entity));
        }
        Ok(found)
    }

    /// The flags of all fees, by number, held against the same.
    pub async fn fee_flags(&self) -> Result<BTreeMap<u64, Vec<Flag>>, AppError> {
        self.flags_of(&BTreeMap::new(), |sighted| sighted.benefit.is_none()).await
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
        wanted: impl Fn(&Sighted) -> bool,
    ) -> Result<BTreeMap<u64, Vec<Flag>>, AppError> {
        let codes = self.partner_codes().await?;
        let partners = self.partners_and_events(&codes).await?;
        let mut sighted = self.fees_sighted(&partners).await?;
        let partners = partners.into_iter().map(|(partner, _)| (partner.code.clone(), partner)).collect();
        let rows = self.runner.all_rows::<ClaimsProjection>().await?;
        sighted.extend(self.claims_sighted(rows, &partners, supposed).await?);
        let mut raised = flags(&sighted, self.rulebook.parameters());
        for sighted in sighted.iter().filter(|sighted| !wanted(sighted)) {
            raised.remove(&sighted.number);
        }
        Ok(raised)
    }

    async fn claims_sighted(
        &self,
        rows: Vec<(String, ClaimRow)>,
        partners: &BTreeMap<PartnerCode, Partner>,
        supposed: &BTreeMap<u64, Eur>,
    ) -> Result<Vec<Sighted>, AppError> {
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

/// A claim that tells nothing but what is usual.
fn of_history(row: ClaimRow) -> Sighted {
    Sighted {
        number: row.position,
        partner: row.partner,
        benefit: None,
        category: row.category,
        outside_agreement: false,
        delivered_on: row.delivered_on,
        reported_on: row.reported_on,
        eur: row.eur,
        worth: None,
        counts: row.state.counts(),
        receipt: None,
        receipt_sha256: None,
    }
}

/// What tells a receipt: its supplier, in one spelling, and its number.
fn receipt(text: ReceiptText) -> (String, String) {
    (plain_supplier(&text.supplier), text.receipt_no)
}
