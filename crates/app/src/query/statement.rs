//! A partner's statement, folded from the log up to a position.

use std::collections::BTreeMap;

use domain::statement::{Account, Movement, MovementKind, StatedClaim, totals};
use domain::{FoldError, PartnerCode, Period, Recorded};
use event_log::{Frontier, StoreError, hex};
use interchange::statement::{StatementDocument, StatementLine};
use money::Eur;
use projection_runner::Progress;

use super::CaseName;
use crate::error::AppError;
use crate::ledger::Ledger;
use crate::texts::{ERASED, ReceiptText};

/// Events read at a time.
const PAGE: u32 = 5_000;

impl Ledger {
    /// What a partner reported, what was decided and what is owed in a period, as the log stood at a position: the same
    /// statement for ever. It is folded from the log itself, not from a read model, and carries the root up to there.
    ///
    /// [`AppError::Usage`] if the log does not reach so far, or the partner is not known there.
    pub async fn statement(
        &self,
        partner: &PartnerCode,
        period: Period,
        at: Option<u64>,
        progress: Progress<'_>,
    ) -> Result<StatementDocument, AppError> {
        let head = self.store.head().await?;
        let end = at.unwrap_or(head.position);
        if end > head.position {
            return Err(AppError::Usage(format!("the log ends at position {}", head.position)));
        }
        let (mut account, mut tree, mut known) = (Account::of(partner.clone()), Frontier::new(), false);
        while tree.size() < end {
            let limit = u32::try_from(end - tree.size()).unwrap_or(PAGE).min(PAGE);
            let page = self.store.read_log(tree.size(), limit).await?;
            if page.is_empty() {
                return Err(AppError::Store(StoreError::Damaged("the log ends before its head".into())));
            }
            for recorded in page {
                tree.push(recorded.leaf_hash);
                known |= recorded.stream_id == partner.stream();
                account.apply(&Recorded::decode_checked(recorded)?);
            }
            progress(tree.size(), end);
        }
        if !known {
            return Err(AppError::Usage(format!("no partner {partner} is known at position {end}")));
        }
        let moved = account.movements();
        let within: Vec<&Movement> = moved.iter().filter(|movement| period.contains(movement.day)).collect();
        let undecided = undecided(moved, period)?;
        let names = self.stated_claims(&account, &within, &undecided).await?;
        Ok(StatementDocument {
            partner: partner.to_string(),
            name: String::new(),
            period,
            position: end,
            root: hex::encode(&tree.root()),
            totals: totals(moved, period).map_err(FoldError::from)?,
            lines: within.iter().filter_map(|movement| line(movement, &names)).collect(),
            undecided: undecided.iter().filter_map(|movement| line(movement, &names)).collect(),
        })
    }

    /// The claims that movements are about, with their texts.
    async fn stated_claims<'a>(
        &self,
        account: &'a Account,
        within: &[&Movement],
        undecided: &[Movement],
    ) -> Result<BTreeMap<u64, (&'a StatedClaim, String, String, ReceiptText)>, AppError> {
        let mut numbers: Vec<u64> =
            within.iter().copied().chain(undecided).filter_map(|movement| movement.claim).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let claims: Vec<&StatedClaim> =
            numbers.into_iter().filter_map(|number| account.claim(number)).collect();
        self.current().await?;
        let names = self.case_names(claims.iter().map(|claim| claim.case)).await?;
        let named: Vec<(&StatedClaim, &CaseName)> =
            claims.into_iter().filter_map(|claim| Some((claim, names.get(&claim.case)?))).collect();
        let texts: Vec<_> = named.iter().map(|(claim, name)| (name.row.subject, claim.details)).collect();
        let texts = self.reveal::<ReceiptText>(&texts).await?;
        let erased = || ReceiptText { supplier: ERASED.into(), receipt_no: ERASED.into(), description: None };
        Ok(named
            .into_iter()
            .zip(texts)
            .map(|((claim, name), text)| {
                let text = text.unwrap_or_else(erased);
                (claim.number, (claim, name.external_ref.clone(), name.case.clone(), text))
            })
            .collect())
    }
}

/// What is left undecided of each claim at the end of a period, as movements of their own.
fn undecided(moved: &[Movement], period: Period) -> Result<Vec<Movement>, AppError> {
    let mut left: BTreeMap<u64, Movement> = BTreeMap::new();
    for movement in moved.iter().filter(|movement| movement.day <= period.last()) {
        let Some(claim) = movement.claim else { continue };
        let open = left.entry(claim).or_insert_with(|| Movement { eur: Eur::ZERO, ..movement.clone() });
        let after = match movement.kind {
            MovementKind::Reported | MovementKind::Reopened => open.eur.checked_add(movement.eur),
            MovementKind::Eligible | MovementKind::Disallowed => open.eur.checked_sub(movement.eur),
            MovementKind::Reversed => Ok(open.eur),
        };
        open.eur = after.map_err(FoldError::from)?;
    }
    Ok(left.into_values().filter(|movement| !movement.eur.is_zero()).collect())
}

fn line(
    movement: &Movement,
    claims: &BTreeMap<u64, (&StatedClaim, String, String, ReceiptText)>,
) -> Option<StatementLine> {
    let (claim, external_ref, case, text) = claims.get(&movement.claim?)?;
    Some(StatementLine {
        position: movement.position,
        day: movement.day,
        movement: movement.kind.code(),
        eur: movement.eur,
        reason: movement.reason.unwrap_or_default(),
        claim: claim.number,
        external_ref: external_ref.clone(),
        case: case.clone(),
        category: claim.category.clone(),
        receipt_no: text.receipt_no.clone(),
        supplier: text.supplier.clone(),
        delivered_on: claim.delivered_on,
        amount: claim.amount.to_string(),
        currency: claim.amount.currency().code(),
        rate: claim.quote.map(|quote| quote.rate.to_string()).unwrap_or_default(),
    })
}
