//! Gathering what a question is about.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use ::balances::{BalancesProjection, BalancesRow};
use ::cases::{CaseRow, CasesProjection};
use ::claims::{ClaimRow, ClaimsProjection};
use ::grants::{GrantRow, GrantsProjection};
use domain::grant::PaymentMethod;
use domain::payment::Payable;
use domain::reconciliation::Settled;
use domain::{CaseId, ClaimId, FoldError, GrantId, PartnerCode};
use uuid::Uuid;

use super::ThreeWayOf;
use super::matched::Matched;
use super::thing::{Paid, Part, Thing};
use crate::error::AppError;
use crate::ledger::Ledger;
use crate::query::ClaimFilter;
use crate::query::payments::numbers;

/// The rows of read models that a question is about.
#[derive(Default)]
struct Found {
    claims: Vec<(ClaimId, ClaimRow)>,
    grants: Vec<(GrantId, GrantRow)>,
    cases: BTreeMap<CaseId, CaseRow>,
    balances: HashMap<CaseId, BalancesRow>,
}

impl Ledger {
    /// Everything that is asked about, with what payments and lines there are of it.
    pub(super) async fn things(&self, of: &ThreeWayOf) -> Result<Vec<Thing>, AppError> {
        let matched = self.matched().await?;
        if let ThreeWayOf::Line(number) = of {
            return self.things_of_line(*number, &matched).await;
        }
        let found = self.found(of).await?;
        let (paid, number_of) = self.paid(&self.partners_of(of, &found).await?, &matched).await?;
        let mut things = found.things(of, paid, &matched)?;
        let lines = match of {
            ThreeWayOf::All => self.lines(None).await?,
            _ => {
                let numbers: Vec<u64> = numbers_of(&things).collect();
                self.lines(Some(matched.lines_of(&numbers))).await?
            }
        };
        for thing in &mut things {
            thing.settle(&matched, &lines).map_err(FoldError::from)?;
        }
        let grants: HashMap<Uuid, u64> =
            found.grants.iter().map(|(id, grant)| (id.0, grant.position)).collect();
        let number = |of: &Settled| number_of.get(&of.id()).or(grants.get(&of.id())).copied();
        things.extend(lines.things(&matched, number));
        if *of == ThreeWayOf::All {
            things.extend(matched.differences(&lines));
        }
        Ok(things)
    }

    /// The line, and what it settles, back to what was granted.
    async fn things_of_line(&self, number: u64, matched: &Matched) -> Result<Vec<Thing>, AppError> {
        let lines = self.lines(None).await?;
        let line = lines.numbered(number).ok_or_else(|| {
            AppError::Usage(format!(
                "there is no line {number}; `svala bank lines` shows all with their numbers"
            ))
        })?;
        let mut things = Vec::new();
        let mut number_of = HashMap::new();
        let row = matched.of_line(line.line);
        if let Some(row) = row {
            let codes: BTreeSet<PartnerCode> =
                row.items.iter().filter_map(|item| item.of.partner()).cloned().collect();
            let codes: Vec<PartnerCode> = codes.into_iter().collect();
            let (mut paid, numbers) = self.paid(&codes, matched).await?;
            number_of = numbers;
            paid.retain(row.number);
            let mut found =
                self.found_in(&paid, &row.items.iter().map(|item| &item.of).collect::<Vec<_>>()).await?;
            number_of.extend(found.grants.iter().map(|(id, grant)| (id.0, grant.position)));
            let cases: BTreeSet<CaseId> = found.claims.iter().map(|(_, claim)| claim.case).collect();
            let cases = cases.into_iter().chain(found.grants.iter().map(|(_, grant)| grant.case)).collect();
            self.add_cases(&mut found, cases).await?;
            things = found.things(&ThreeWayOf::Line(number), paid, matched)?;
            for thing in &mut things {
                thing.parts.retain(|part| part.matching == Some(row.number));
                thing.settle(matched, &lines).map_err(FoldError::from)?;
            }
            let mut off = matched.differences(&lines);
            off.retain(|thing| thing.row.number == Some(row.number));
            things.extend(off);
        }
        let together = |thing: &Thing| {
            let of_match = |row: &::bank::MatchRow| thing.row.matches == row.number.to_string();
            thing.row.number == Some(number) || row.is_some_and(of_match)
        };
        let all = lines.things(matched, |of| number_of.get(&of.id()).copied());
        things.extend(all.into_iter().filter(together));
        Ok(things)
    }

    /// What partners were paid, with the numbers of their payments.
    async fn paid(
        &self,
        codes: &[PartnerCode],
        matched: &Matched,
    ) -> Result<(Paid, HashMap<Uuid, u64>), AppError> {
        let (mut paid, mut number_of) = (Paid::default(), HashMap::new());
        for (partner, events) in self.partners_and_events(codes).await? {
            paid.add(&partner, &events, matched).map_err(FoldError::from)?;
            number_of.extend(numbers(&events));
            number_of.extend(events.iter().filter_map(|recorded| match &recorded.event {
                domain::Event::Partner(domain::partner::PartnerEvent::PartnerPaid(e)) => {
                    Some((e.payment.0, recorded.position))
                }
                _ => None,
            }));
        }
        Ok((paid, number_of))
    }

    async fn partners_of(&self, of: &ThreeWayOf, found: &Found) -> Result<Vec<PartnerCode>, AppError> {
        match of {
            ThreeWayOf::Partner(code) => {
                let known = self.partner_codes().await?;
                match known.contains(code) {
                    true => Ok(vec![code.clone()]),
                    false => Err(self.unknown_partner(code).await),
                }
            }
            ThreeWayOf::Case(_) => {
                let reported = found.claims.iter().map(|(_, claim)| claim.partner.clone());
                let assigned = found.cases.values().flat_map(|row| row.assignments.iter());
                let codes: BTreeSet<PartnerCode> =
                    reported.chain(assigned.map(|(_, code)| code.clone())).collect();
                Ok(codes.into_iter().collect())
            }
            ThreeWayOf::All | ThreeWayOf::Line(_) => self.partner_codes().await,
        }
    }

    async fn found(&self, of: &ThreeWayOf) -> Result<Found, AppError> {
        let (case, partner) = match of {
            ThreeWayOf::Case(case) => (Some(*case), None),
            ThreeWayOf::Partner(partner) => (None, Some(partner.clone())),
            ThreeWayOf::All | ThreeWayOf::Line(_) => (None, None),
        };
        let filter = ClaimFilter { case, partner, ..ClaimFilter::default() };
        let mut found = Found { claims: self.claim_rows(&filter).await?, ..Found::default() };
        for (id, row) in self.runner.all_rows::<GrantsProjection>().await? {
            if let (Ok(id), true) = (id.parse(), case.is_none_or(|case| row.case == case)) {
                found.grants.push((id, row));
            }
        }
        match case {
            Some(case) => self.add_cases(&mut found, vec![case]).await?,
            None => {
                let cases = self.runner.all_rows::<CasesProjection>().await?;
                found.cases =
                    cases.into_iter().filter_map(|(id, row)| Some((id.parse().ok()?, row))).collect();
                let rows = self.runner.all_rows::<BalancesProjection>().await?;
                found.balances =
                    rows.into_iter().filter_map(|(id, row)| Some((id.parse().ok()?, row))).collect();
            }
        }
        Ok(found)
    }

    /// The claims and grants that are paid, and the grants that a match settles.
    async fn found_in(&self, paid: &Paid, settled: &[&Settled]) -> Result<Found, AppError> {
        let (mut claims, mut grants) = (Vec::new(), BTreeSet::new());
        for (_, of) in paid.of.keys() {
            match of {
                Payable::Claim { claim, .. } => claims.push(*claim),
                Payable::Grant { grant, .. } => drop(grants.insert(*grant)),
                Payable::Fee { .. } | Payable::Advance => {}
            }
        }
        for of in settled {
            if let Settled::Grant { grant, .. } | Settled::GrantBack { grant, .. } = of {
                grants.insert(*grant);
            }
        }
        let keys: Vec<String> = claims.iter().map(ClaimId::to_string).collect();
        let rows = self.runner.rows::<ClaimsProjection>(&keys).await?;
        let claims = claims.into_iter().zip(rows).filter_map(|(id, row)| Some((id, row?))).collect();
        let keys: Vec<String> = grants.iter().map(GrantId::to_string).collect();
        let rows = self.runner.rows::<GrantsProjection>(&keys).await?;
        let grants = grants.into_iter().zip(rows).filter_map(|(id, row)| Some((id, row?))).collect();
        Ok(Found { claims, grants, ..Found::default() })
    }

    async fn add_cases(&self, found: &mut Found, cases: Vec<CaseId>) -> Result<(), AppError> {
        let keys: Vec<String> = cases.iter().map(CaseId::to_string).collect();
        let rows = self.runner.rows::<CasesProjection>(&keys).await?;
        let balances = self.runner.rows::<BalancesProjection>(&keys).await?;
        for ((case, row), balance) in cases.into_iter().zip(rows).zip(balances) {
            found.cases.extend(row.map(|row| (case, row)));
            found.balances.extend(balance.map(|row| (case, row)));
        }
        Ok(())
    }
}

impl Found {
    /// What was found as rows, with what payments have of each.
    fn things(&self, of: &ThreeWayOf, mut paid: Paid, matched: &Matched) -> Result<Vec<Thing>, AppError> {
        let mut things = match of {
            // What is for no case stands with its partner.
            ThreeWayOf::Case(_) => Vec::new(),
            _ => std::mem::take(&mut paid.things),
        };
        for (id, claim) in &self.claims {
            let payable = Payable::Claim { case: claim.case, claim: *id };
            let parts = paid.of.remove(&(claim.partner.clone(), payable)).unwrap_or_default();
            things.push(Thing::claim(claim, parts).map_err(FoldError::from)?);
        }
        for (id, grant) in &self.grants {
            things.extend(self.of_grant(of, *id, grant, &mut paid, matched)?);
        }
        let with_rows: BTreeSet<CaseId> = things.iter().filter_map(|thing| thing.case).collect();
        let mut rules = HashMap::new();
        for (case, row) in &self.cases {
            let theirs = match of {
                ThreeWayOf::Partner(code) => row.assignments.last() == Some(code) || with_rows.contains(case),
                _ => true,
            };
            let Some(balances) = self.balances.get(case) else { continue };
            for (budget_line, line) in balances.lines.iter() {
                rules.insert((*case, budget_line), line);
            }
            if theirs {
                things.extend(Thing::entitlements(*case, row, balances).map_err(FoldError::from)?);
            }
        }
        for thing in &mut things {
            let line = thing.case.and_then(|case| rules.get(&(case, thing.row.budget_line.as_str())));
            if let Some(line) = line {
                thing.row.rule_id = line.rule_id.clone().unwrap_or_default();
                thing.row.cap = Some(line.cap);
            }
        }
        Ok(things)
    }

    /// A grant is the authority's own payment, or that of the partner that has the case on its day; another one may have
    /// been paid for it, before the transfer was told.
    fn of_grant(
        &self,
        of: &ThreeWayOf,
        id: GrantId,
        grant: &GrantRow,
        paid: &mut Paid,
        matched: &Matched,
    ) -> Result<Vec<Thing>, AppError> {
        let mut things = Vec::new();
        let asked = |code: Option<&PartnerCode>| match of {
            ThreeWayOf::Partner(asked) => code == Some(asked),
            _ => true,
        };
        if grant.method != PaymentMethod::CashByPartner {
            if asked(None) {
                let parts = Part::of_grant(id, grant, matched).map_err(FoldError::from)?;
                things.push(Thing::grant(grant, None, true, parts).map_err(FoldError::from)?);
            }
            return Ok(things);
        }
        let owner = self.cases.get(&grant.case).and_then(|row| row.assignments.on(grant.paid_on));
        let payable = Payable::Grant { case: grant.case, grant: id };
        let mut codes: BTreeSet<Option<&PartnerCode>> = paid.partners.iter().map(Some).collect();
        codes.insert(owner);
        for code in codes.into_iter().filter(|code| asked(*code)) {
            let parts = code.and_then(|code| paid.of.remove(&(code.clone(), payable)));
            if code == owner || parts.is_some() {
                let parts = parts.unwrap_or_default();
                things.push(Thing::grant(grant, code, code == owner, parts).map_err(FoldError::from)?);
            }
        }
        Ok(things)
    }
}

/// The matches that show something.
fn numbers_of(things: &[Thing]) -> impl Iterator<Item = u64> {
    things.iter().flat_map(|thing| thing.parts.iter().filter_map(|part| part.matching))
}
