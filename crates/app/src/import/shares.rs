//! The people a row of spend is about, and what is known of its receipt.
//!
//! A row of one person and one of a family are the same thing: shares of a receipt. The first share holds the digest of
//! the receipt, the others one of their own, derived from it and their case.

use domain::claim::{Claim, ClaimState, RECEIPT, Shared};
use domain::{CaseId, ClaimId, KeyDigest};
use interchange::{RowError, SpendRow};
use money::Amount;

use super::{At, RowOutcome, rows};
use crate::session::Session;

/// One person's part of a row.
pub(super) struct Share {
    /// Whose.
    pub(super) case: CaseId,
    /// What it reserves.
    pub(super) receipt_key: KeyDigest,
    /// How much of the receipt.
    pub(super) amount: Amount,
}

/// The shares of a row, in the order of its references.
pub(super) fn of_row(session: &Session<'_>, at: At, row: &SpendRow) -> Result<Vec<Share>, Vec<RowError>> {
    let (mut cases, mut errors) = (Vec::new(), Vec::new());
    for (number, name) in (1..).zip(&row.case_refs) {
        match rows::case_of(session, name) {
            Some(case) => cases.push(case),
            None => errors.push(rows::unknown_case_of(at, number, row.case_refs.len())),
        }
    }
    if (1..cases.len()).any(|place| cases[..place].contains(&cases[place])) {
        let message = "Two of these references name the same case. Each person has one share.";
        errors.push(at.error("case_ref", None, "family.twice", message));
    }
    let amounts = row.amount.split_equally(row.case_refs.len()).unwrap_or_default();
    if errors.is_empty() && amounts.len() == cases.len() {
        let share = |(case, amount)| Share { case, receipt_key: key(session, row, &cases, case), amount };
        Ok(cases.iter().copied().zip(amounts).map(share).collect())
    } else {
        Err(errors)
    }
}

fn key(session: &Session<'_>, row: &SpendRow, cases: &[CaseId], case: CaseId) -> KeyDigest {
    let SpendRow { partner, supplier, receipt_no, .. } = row;
    KeyDigest(match cases.first() == Some(&case) {
        true => rows::receipt_digest(session, partner, supplier, receipt_no),
        false => rows::share_digest(session, partner, supplier, receipt_no, case),
    })
}

/// Which share of a family's receipt one is; `None` where the receipt is one person's. `place` is counted from 0.
pub(super) fn shared(shares: &[Share], place: usize, of: ClaimId, whole: Amount) -> Option<Shared> {
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    (shares.len() > 1).then(|| Shared { of, part: number(place + 1), parts: number(shares.len()), whole })
}

/// The claim of the first share, if the receipt is known.
pub(super) fn first_claim<'s>(session: &'s Session<'_>, shares: &[Share]) -> Option<&'s Claim> {
    claim(session, shares.first()?)
}

fn claim<'s>(session: &'s Session<'_>, share: &Share) -> Option<&'s Claim> {
    let owner = session.owner(RECEIPT, share.receipt_key.0)?;
    session.case(share.case)?.claims.get(&ClaimId(owner.entity))
}

/// What became of the row before, if its receipt is known.
pub(super) fn known(session: &Session<'_>, at: At, row: &SpendRow, shares: &[Share]) -> Option<RowOutcome> {
    let conflict = |column, message: &str| {
        Some(RowOutcome::Errors(vec![at.error(column, None, "receipt.conflict", message)]))
    };
    let first = shares.first()?;
    let owner = session.owner(RECEIPT, first.receipt_key.0)?;
    if owner.case() != Some(first.case) {
        let message = match owner.case() {
            Some(_) => {
                "This partner reported this supplier's receipt for another case. A receipt is claimed once."
            }
            None => "This partner reported this supplier's receipt as a fee. A receipt is claimed once.",
        };
        return conflict("receipt_no", message);
    }
    let is_known = |share: &Share| {
        session.owner(RECEIPT, share.receipt_key.0).is_some_and(|owner| owner.case() == Some(share.case))
    };
    let reported = claim(session, first);
    let parts = reported.map(|claim| claim.shared.map_or(1, |shared| shared.parts as usize));
    if parts.is_some_and(|parts| parts != shares.len()) || !shares.iter().all(is_known) {
        return conflict(
            "case_ref",
            "This receipt was reported for other people, or for these in another order. A report is never overwritten: correct the file, or reverse the claims.",
        );
    }
    let in_order = (1..).zip(shares).all(|(part, share)| {
        claim(session, share).and_then(|claim| claim.shared).is_none_or(|shared| shared.part == part)
    });
    if !in_order {
        return conflict(
            "case_ref",
            "This receipt was reported for these people in another order, which decides who has the odd cent. Correct the file.",
        );
    }
    let differing = reported.map(|claim| rows::differing(at, row, &claim.into())).unwrap_or_default();
    Some(match reported {
        _ if !differing.is_empty() => RowOutcome::Errors(differing),
        Some(claim) if claim.state == ClaimState::WaitingForRate => {
            RowOutcome::StillWithoutRate { fee: false }
        }
        _ => RowOutcome::Recognised,
    })
}
