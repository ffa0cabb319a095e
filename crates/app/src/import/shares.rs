//! The people a row of spend is about, and what is known of its receipt.
//!
//! A row of one person and one of a family are the same thing: shares of a receipt. The first share holds the digest of
//! the receipt, the others one of their own, derived from it and their case. Where several rows have parts of one receipt,
//! each for another person, the first of them holds the digest of the receipt, and the others those of its second part, its
//! third …, so whoever knows the receipt finds all of them.

use std::collections::HashMap;

use domain::claim::{Claim, ClaimState, RECEIPT, Shared};
use domain::{CaseId, ClaimId, KeyDigest};
use event_log::Hash;
use interchange::{RowError, SpendRow};
use money::Amount;

use super::{At, RowOutcome, rows};
use crate::error::AppError;
use crate::session::{Earlier, Owner, Session};

/// One person's part of a row.
pub(super) struct Share {
    /// Whose.
    pub(super) case: CaseId,
    /// What it reserves.
    pub(super) receipt_key: KeyDigest,
    /// How much of the receipt.
    pub(super) amount: Amount,
    /// What other people's parts of it come to that were reported before.
    pub(super) beside: Option<Amount>,
    /// One of these has the same amount.
    equals_another: bool,
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
        if let [case] = cases.as_slice() {
            return part(session, row, *case).map(|part| vec![part]).ok_or_else(|| vec![too_many(at)]);
        }
        let share = |(case, amount)| Share {
            case,
            receipt_key: key(session, row, &cases, case),
            amount,
            beside: None,
            equals_another: false,
        };
        Ok(cases.iter().copied().zip(amounts).map(share).collect())
    } else {
        Err(errors)
    }
}

/// The part of a receipt that one person has: the one that is theirs already, or the first that nobody has. `None` where there
/// are too many.
fn part(session: &Session<'_>, row: &SpendRow, case: CaseId) -> Option<Share> {
    let SpendRow { partner, supplier, receipt_no, .. } = row;
    let (mut beside, mut equals_another) = (None::<Amount>, false);
    for number in 1..=rows::PARTS_MAX {
        let digest = rows::part_digest(session, partner, supplier, receipt_no, number);
        let owner = session.owner(RECEIPT, digest);
        let Some(other) = owner.filter(|owner| owner.case() != Some(case)) else {
            let (receipt_key, amount) = (KeyDigest(digest), row.amount);
            // A part that is known was compared when it was reported.
            let equals_another = equals_another && owner.is_none();
            return Some(Share { case, receipt_key, amount, beside, equals_another });
        };
        let claim = other.case().and_then(|id| session.case(id)?.claims.get(&ClaimId(other.entity)));
        let Some(amount) = claim.map(|claim| claim.amount) else { continue };
        equals_another |= amount == row.amount;
        beside = Some(beside.and_then(|sum| sum.checked_add(amount).ok()).unwrap_or(amount));
    }
    None
}

fn too_many(at: At) -> RowError {
    let message =
        format!("More than {} people have a part of this receipt. Check its number.", rows::PARTS_MAX);
    at.error("receipt_no", None, "family.too-many", message)
}

/// Loads who has the parts of receipts that these rows may add one to: of those that somebody else has, or that stand in
/// several of these rows, as many as there are and as many more as may come.
pub(super) async fn load_parts(
    session: &mut Session<'_>,
    rows: &[&SpendRow],
    receipts: &[Hash],
) -> Result<(), AppError> {
    let mut times: HashMap<Hash, usize> = HashMap::new();
    receipts.iter().for_each(|receipt| *times.entry(*receipt).or_default() += 1);
    let mut open: Vec<(&SpendRow, usize)> = Vec::new();
    for (row, receipt) in rows.iter().zip(receipts) {
        let [name] = row.case_refs.as_slice() else { continue };
        let owner = session.owner(RECEIPT, *receipt).map(Owner::case);
        let of_another = owner.is_some_and(|owner| owner != rows::case_of(session, name));
        // The last of a receipt's rows stands for all of them.
        let more = times.get_mut(receipt).map_or(0, std::mem::take);
        if more > 0 && (of_another || more > 1) {
            open.push((row, more));
        }
    }
    for number in 2..=rows::PARTS_MAX {
        if open.is_empty() {
            break;
        }
        let digest = |(row, _): &(&SpendRow, usize)| {
            rows::part_digest(session, &row.partner, &row.supplier, &row.receipt_no, number)
        };
        let digests: Vec<Hash> = open.iter().map(digest).collect();
        session.load_keys(RECEIPT, &digests).await?;
        rows::load_cases(session, std::iter::empty(), RECEIPT, &digests).await?;
        let mut parts = digests.into_iter();
        open.retain_mut(|(_, more)| {
            let taken = parts.next().is_some_and(|part| session.owner(RECEIPT, part).is_some());
            *more -= usize::from(!taken);
            *more > 0
        });
    }
    Ok(())
}

fn key(session: &Session<'_>, row: &SpendRow, cases: &[CaseId], case: CaseId) -> KeyDigest {
    let SpendRow { partner, supplier, receipt_no, .. } = row;
    let receipt = rows::receipt_digest(session, partner, supplier, receipt_no);
    KeyDigest(match cases.first() == Some(&case) {
        true => receipt,
        false => rows::share_digest(session, partner, supplier, receipt_no, case),
    })
}

/// What becomes of a row whose receipt an earlier row of the file has: the same row again, or a contradiction. Of one receipt
/// several people may each have a part, of the same day, currency and file.
pub(super) fn earlier(
    session: &mut Session<'_>,
    at: At,
    row: &SpendRow,
    shares: &[Share],
    said: &[String; 5],
) -> Option<RowOutcome> {
    let SpendRow { partner, supplier, receipt_no, .. } = row;
    let conflict = |message: &str| {
        Some(RowOutcome::Errors(vec![at.error("receipt_no", None, "receipt.conflict", message)]))
    };
    let receipt = rows::receipt_digest(session, partner, supplier, receipt_no);
    let said = said.each_ref().map(String::as_str);
    let [share] = shares else {
        return match session.note(RECEIPT, receipt, &said)? {
            Earlier::Same => Some(RowOutcome::Recognised),
            Earlier::Different => conflict(
                "An earlier row of this file has this receipt with other people, or another amount, day, category or file. A receipt is claimed once: correct one of them.",
            ),
        };
    };
    let [_, _, day, _, file] = said;
    let of_all_parts = ["parts", day, row.amount.currency().code(), file];
    if session.note(RECEIPT, receipt, &of_all_parts) == Some(Earlier::Different) {
        return conflict(
            "An earlier row of this file has this receipt with another day, currency or file, for a family or as a fee. A receipt is claimed once, and its parts for several people are of one day: correct one of them.",
        );
    }
    let part = rows::share_digest(session, partner, supplier, receipt_no, share.case);
    match session.note(RECEIPT, part, &said) {
        Some(Earlier::Same) => return Some(RowOutcome::Recognised),
        Some(Earlier::Different) => {
            return conflict(
                "An earlier row of this file has this receipt for this case with another amount or category. A receipt is claimed once: correct one of them.",
            );
        }
        None => {}
    }
    let with_amount = session.ledger().digest("amount", &[&event_log::hex::encode(&receipt), said[3]]);
    session.note(RECEIPT, with_amount, &[said[0]]).and_then(|_| conflict(EQUAL_PARTS))
}

/// The same amount twice is more likely the whole of a receipt, given to each, or a row whose case was corrected.
const EQUAL_PARTS: &str = "This supplier's receipt is reported with this amount for another case. A receipt is claimed once; equal parts of it stand in one row, which names all the cases with + between them.";

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

/// Why one person cannot have a part of a receipt that somebody else has too: it is shared by a family already, is a fee, or
/// is of another day, currency or file there.
fn foreign_to_others(session: &Session<'_>, at: At, row: &SpendRow, part: &Share) -> Option<RowError> {
    let conflict = |column, message: &str| Some(at.error(column, None, "receipt.conflict", message));
    let receipt = rows::receipt_digest(session, &row.partner, &row.supplier, &row.receipt_no);
    let owner = session.owner(RECEIPT, receipt)?;
    let Some(case) = owner.case() else {
        return conflict(
            "receipt_no",
            "This partner reported this supplier's receipt as a fee. A receipt is claimed once.",
        );
    };
    if part.equals_another {
        return conflict("receipt_no", EQUAL_PARTS);
    }
    let claim = session.case(case)?.claims.get(&ClaimId(owner.entity)).filter(|_| case != part.case)?;
    if claim.shared.is_some() {
        return conflict(
            "case_ref",
            "This receipt was reported for a family, who share the whole of it. A report is never overwritten: correct the file, or reverse the claims.",
        );
    }
    let differs = [
        ("delivered_on", claim.delivered_on != row.delivered_on, "of another day"),
        ("currency", claim.amount.currency() != row.amount.currency(), "in another currency"),
        (
            "receipt_sha256",
            claim.receipt_sha256.map(|file| file.0) != row.receipt_sha256,
            "with another file",
        ),
    ];
    let (column, _, how) = differs.into_iter().find(|(_, differs, _)| *differs)?;
    let message = format!(
        "This receipt was reported for another case {how}. Parts of one receipt for several people have one day, currency and file: correct the file, or give this receipt its own number."
    );
    conflict(column, &message)
}

/// What became of the row before, if its receipt is known.
pub(super) fn known(session: &Session<'_>, at: At, row: &SpendRow, shares: &[Share]) -> Option<RowOutcome> {
    let conflict = |column, message: &str| {
        Some(RowOutcome::Errors(vec![at.error(column, None, "receipt.conflict", message)]))
    };
    let first = shares.first()?;
    if let [part] = shares
        && let Some(error) = foreign_to_others(session, at, row, part)
    {
        return Some(RowOutcome::Errors(vec![error]));
    }
    let owner = session.owner(RECEIPT, first.receipt_key.0)?;
    if owner.case() != Some(first.case) {
        let message = match owner.case() {
            Some(_) => {
                "This partner reported this supplier's receipt for other people. A receipt is claimed once."
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
