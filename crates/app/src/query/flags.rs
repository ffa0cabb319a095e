//! What is odd about claims and fees that are to be decided.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use ::balances::{BalancesProjection, BalancesRow};
use ::cases::{CaseRow, CasesProjection};
use ::claims::{ClaimRow, ClaimsProjection};
use domain::claim::{Alike, Benefit, ClaimState, Flag, Room, Sighted, flags, with_others, worth};
use domain::ids::FileDigest;
use domain::partner::{Agreement, OverTerms, PARTNER_FEE, PartnerEvent, UnderAgreement, over_terms};
use domain::{
    AgreementCode, CaseId, Event, FeeId, FoldError, KeyDigest, Line, Partner, PartnerCode, Recorded,
};
use jiff::civil::Date;
use money::Eur;
use rulebook::Category;

use crate::error::AppError;
use crate::ledger::{LEDGER_SUBJECT, Ledger};
use crate::texts::ReceiptText;

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

    /// The flags of the claims in some states that were reported after a position of the log, by number: the same as among
    /// all, without looking at more than they need.
    pub async fn flags_after(
        &self,
        position: u64,
        wanted: impl Fn(ClaimState) -> bool,
    ) -> Result<BTreeMap<u64, Vec<Flag>>, AppError> {
        self.flags_near(Vec::new(), |_, row| row.position > position && wanted(row.state)).await
    }

    /// The flags of some claims, and of some more that are supposed to be there.
    ///
    /// Of all claims, what is read is what each partner claims, for what is usual; those that could be the same thing are of
    /// the same people, with the same file, or with the same receipt at whatever partner, however it is spelled there.
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
        let receipts: HashSet<KeyDigest> = sighted
            .iter()
            .flat_map(|near| near.alike.iter().flat_map(|alike| alike.receipts.iter().copied()))
            .collect();
        let (beside, usual): (Vec<_>, Vec<_>) = others.into_iter().partition(|(_, row)| {
            cases.contains(&row.case)
                || row.receipt_sha256.is_some_and(|file| files.contains(&file))
                // Which receipt the oldest claims have only their texts tell.
                || row.alike.as_ref().is_none_or(|alike| alike.receipts.iter().any(|r| receipts.contains(r)))
        });
        sighted.extend(self.claims_sighted(beside, &partners, &none).await?);
        sighted.extend(usual.into_iter().map(|(_, row)| of_history(row)));
        sighted.extend(fees);
        let mut raised = flags(&sighted, self.rulebook.parameters());
        raised.retain(|number, _| asked.contains(number));
        Ok(raised)
    }

    /// The flags of all fees, by number, held against the same.
    pub async fn fee_flags(&self) -> Result<BTreeMap<u64, Vec<Flag>>, AppError> {
        let mut raised = self.flags_of(&BTreeMap::new(), |sighted| sighted.benefit.is_none()).await?;
        for (number, over) in self.fees_over_terms().await? {
            raised.entry(number).or_default().push(over.flag());
        }
        Ok(raised)
    }

    /// Fees with which more is charged than the terms of agreements allow, by number.
    async fn fees_over_terms(&self) -> Result<BTreeMap<u64, OverTerms>, AppError> {
        let codes = self.partner_codes().await?;
        let mut partners = self.partners_and_events(&codes).await?;
        let may_charge =
            |partner: &Partner| partner.agreements.values().any(|agreement| agreement.fee.is_some());
        partners.retain(|(partner, _)| !partner.fees.is_empty() && may_charge(partner));
        let mut found = BTreeMap::new();
        if partners.is_empty() {
            return Ok(found);
        }
        let claims = self.runner.all_rows::<ClaimsProjection>().await?;
        let cases: HashMap<String, CaseRow> =
            self.runner.all_rows::<CasesProjection>().await?.into_iter().collect();
        for (partner, events) in &partners {
            let mut under = BTreeMap::new();
            for (code, agreement) in &partner.agreements {
                under.insert(code, self.under_agreement(&partner.code, agreement, &claims, &cases)?);
            }
            let numbers = reported(events);
            let number = |fee: FeeId| numbers.get(&fee).map_or(0, |(number, _)| *number);
            let of = |code: &AgreementCode| under.get(code).copied().unwrap_or_default();
            let over = over_terms(partner, number, of).map_err(FoldError::from)?;
            found.extend(over.into_iter().map(|(fee, over)| (number(fee), over)));
        }
        Ok(found)
    }

    /// What the terms of an agreement look at.
    fn under_agreement(
        &self,
        partner: &PartnerCode,
        agreement: &Agreement,
        claims: &[(String, ClaimRow)],
        cases: &HashMap<String, CaseRow>,
    ) -> Result<UnderAgreement, FoldError> {
        let mut under = UnderAgreement::default();
        for (_, row) in claims.iter().filter(|(_, row)| row.partner == *partner) {
            let Some(case) = cases.get(&row.case.to_string()) else { continue };
            let (_, programme) = self.purpose_of(&row.category, &row.budget_line);
            if !agreement.covers(&programme, case.destination, row.delivered_on) {
                continue;
            }
            let eligible = row.eligible.checked_sub(row.reversed)?;
            under.eligible = under.eligible.checked_add(eligible)?;
            if let Some(eur) = row.eur.filter(|_| row.state.is_open()) {
                under.undecided = under.undecided.checked_add(eur)?;
            }
        }
        let last = agreement.valid_until.unwrap_or_else(|| self.today());
        let had = |case: &&CaseRow| {
            agreement.countries.contains(&case.destination)
                && case.assignments.has_between(partner, agreement.valid_from, last)
        };
        under.cases = cases.values().filter(had).count() as u64;
        Ok(under)
    }

    /// What a category is for, and the programme whose budget line pays for it: what flags compare.
    pub(crate) fn purpose_of(&self, category: &str, budget_line: &str) -> (String, String) {
        let known = self.rulebook.categories().iter().find(|known| known.code == category);
        let line = self.rulebook.budget_lines().iter().find(|line| line.id == budget_line);
        (
            known.map_or(category, Category::purpose).to_owned(),
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
            .filter(|(_, row)| row.alike.is_none())
            .filter_map(|(_, row)| Some((names.get(&row.case)?.row.subject, row.details)))
            .collect();
        let mut texts = self.reveal::<ReceiptText>(&texts).await?.into_iter();
        let open: BTreeSet<String> =
            rows.iter().filter(|(_, row)| row.state.is_open()).map(|(_, row)| row.case.to_string()).collect();
        let open: Vec<String> = open.into_iter().collect();
        let balances = self.runner.rows::<BalancesProjection>(&open).await?;
        let balances: HashMap<String, BalancesRow> =
            open.into_iter().zip(balances).filter_map(|(case, row)| Some((case, row?))).collect();
        let mut sighted = Vec::with_capacity(rows.len());
        for (_, row) in rows {
            let Some(CaseRow { destination: country, assignments, .. }) =
                names.get(&row.case).map(|name| &name.row)
            else {
                continue;
            };
            let had_by = assignments.on(row.delivered_on).filter(|had_by| **had_by != row.partner);
            let (country, had_by) = (*country, had_by.cloned());
            let room = match balances.get(&row.case.to_string()) {
                Some(balances) if row.state.is_open() => room(&balances.lines.line(&row.budget_line))?,
                _ => None,
            };
            let (purpose, programme) = self.purpose_of(&row.category, &row.budget_line);
            let outside =
                |partner: &Partner| partner.is_outside_agreements(&programme, country, row.delivered_on);
            let outside_agreement = partners.get(&row.partner).is_some_and(outside);
            let eur = row.eur.or_else(|| supposed.get(&row.position).copied());
            let alike = row.alike.or_else(|| self.alike_of(texts.next().flatten()));
            sighted.push(Sighted {
                number: row.position,
                outside_agreement,
                partner: row.partner,
                benefit: Some(Benefit {
                    case: row.case,
                    family: row.shared.map(|shared| shared.of),
                    purpose,
                    programme,
                    country,
                    room,
                    had_by,
                }),
                category: row.category,
                delivered_on: row.delivered_on,
                reported_on: row.reported_on,
                amount: row.amount,
                eur,
                worth: match (row.shared, row.beside) {
                    (None, None) => eur,
                    (shared, beside) => {
                        let whole = shared.map_or(row.amount, |shared| shared.whole);
                        worth(with_others(whole, beside), row.quote)
                    }
                },
                counts: row.state.counts(),
                alike,
                receipt_sha256: row.receipt_sha256,
                file: row.file,
            });
        }
        Ok(sighted)
    }

    async fn fees_sighted(&self, partners: &[(Partner, Vec<Recorded>)]) -> Result<Vec<Sighted>, AppError> {
        let mut fees = Vec::new();
        for (partner, events) in partners {
            let reported = reported(events);
            for (id, fee) in &partner.fees {
                let Some((number, reported_on)) = reported.get(id) else { continue };
                let sighted = Sighted {
                    number: *number,
                    partner: partner.code.clone(),
                    benefit: None,
                    category: PARTNER_FEE.to_owned(),
                    outside_agreement: partner.fee_agreement(fee.charged_on).is_none(),
                    delivered_on: fee.charged_on,
                    reported_on: *reported_on,
                    amount: fee.amount,
                    eur: fee.eur,
                    worth: fee.eur,
                    counts: fee.state.counts(),
                    alike: None,
                    receipt_sha256: fee.receipt_sha256,
                    file: fee.file,
                };
                fees.push(((LEDGER_SUBJECT, fee.details), sighted));
            }
        }
        let texts: Vec<_> = fees.iter().map(|(text, _)| *text).collect();
        let texts = self.reveal::<ReceiptText>(&texts).await?;
        let with = |((_, sighted), text): (_, Option<ReceiptText>)| Sighted {
            alike: self.alike_of(text),
            ..sighted
        };
        Ok(fees.into_iter().zip(texts).map(with).collect())
    }

    /// What tells the receipt of each fee that counts, with whose it is.
    pub(crate) async fn receipts_of_fees(&self) -> Result<Vec<(PartnerCode, Alike)>, AppError> {
        let codes = self.partner_codes().await?;
        let fees = self.fees_sighted(&self.partners_and_events(&codes).await?).await?;
        let counting = fees.into_iter().filter(|fee| fee.counts);
        Ok(counting.filter_map(|fee| Some((fee.partner, *fee.alike?))).collect())
    }

    /// What tells a receipt, unless it was erased.
    fn alike_of(&self, text: Option<ReceiptText>) -> Option<Box<Alike>> {
        text.map(|text| self.alike(&text.supplier, &text.receipt_no))
    }
}

/// What there is on a budget line, if something was granted.
pub(crate) fn room(line: &Line) -> Result<Option<Room>, AppError> {
    let left = line.remaining().map_err(FoldError::from)?;
    Ok((line.cap > Eur::ZERO).then_some(Room { cap: line.cap, left }))
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
        amount: row.amount,
        eur: row.eur,
        worth: None,
        counts: row.state.counts(),
        alike: None,
        receipt_sha256: None,
        file: None,
    }
}

/// The number of each fee, and the day on which it was reported.
fn reported(events: &[Recorded]) -> BTreeMap<FeeId, (u64, Date)> {
    let told = events.iter().filter_map(|recorded| match &recorded.event {
        Event::Partner(PartnerEvent::FeeReported(e)) => {
            Some((e.fee, (recorded.position, recorded.recorded_on())))
        }
        _ => None,
    });
    told.collect()
}
