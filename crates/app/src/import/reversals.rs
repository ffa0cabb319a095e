//! `reversals.csv`: accepted spend that came back.

use domain::claim::{Claim, RECEIPT, REVERSAL};
use domain::{ClaimCommand, ClaimId};
use interchange::{ReversalRow, RowError};
use money::Currency;

use super::{At, Importer, Refused, RowOutcome, rows};
use crate::error::AppError;
use crate::session::Session;
use crate::texts::ReasonText;

/// Imports reversals. Each finds its claim by partner, supplier and receipt number.
pub struct Reversals;

impl Importer for Reversals {
    type Row = ReversalRow;

    async fn load(&self, session: &mut Session<'_>, rows: &[&ReversalRow]) -> Result<(), AppError> {
        let ledger = session.ledger();
        let receipts: Vec<_> = rows
            .iter()
            .map(|row| rows::receipt_digest(session, &row.partner, &row.supplier, &row.receipt_no))
            .collect();
        session.load_keys(RECEIPT, &receipts).await?;
        let second_parts: Vec<_> = rows
            .iter()
            .map(|row| rows::part_digest(session, &row.partner, &row.supplier, &row.receipt_no, 2))
            .collect();
        session.load_keys(RECEIPT, &second_parts).await?;
        let reversals: Vec<_> = rows
            .iter()
            .map(|row| ledger.digest(REVERSAL, &parts(row).each_ref().map(String::as_str)))
            .collect();
        session.load_keys(REVERSAL, &reversals).await?;
        rows::load_cases(session, std::iter::empty(), RECEIPT, &receipts).await
    }

    fn apply(&self, session: &mut Session<'_>, at: At, row: &ReversalRow) -> Result<RowOutcome, AppError> {
        let mut errors = Vec::new();
        let receipt = rows::receipt_digest(session, &row.partner, &row.supplier, &row.receipt_no);
        let claim =
            session.owner(RECEIPT, receipt).and_then(|owner| Some((owner.case()?, ClaimId(owner.entity))));
        if claim.is_none() {
            let message = "This partner has reported no such receipt of this supplier. Import the spend first, or correct the file.";
            errors.push(at.error("receipt_no", None, "reversal.unknown-receipt", message));
        }
        let parts = parts(row);
        let reversal_key = session.ledger().key_digest(REVERSAL, &parts.each_ref().map(String::as_str));
        if let Some((_, claim)) = claim
            && session.owner(REVERSAL, reversal_key.0).is_some_and(|owner| owner.entity == claim.0)
        {
            // Whoever else has a part of the receipt by now.
            session.note(REVERSAL, reversal_key.0, &[]);
            return Ok(RowOutcome::Recognised);
        }
        if let Some(known) = claim.and_then(|(case, id)| session.case(case)?.claims.get(&id)) {
            let second = rows::part_digest(session, &row.partner, &row.supplier, &row.receipt_no, 2);
            errors.extend(match (known.shared, session.owner(RECEIPT, second)) {
                (None, None) => usable(at, row, known).err(),
                _ => Some(shared_by_several(at)),
            });
        }
        let (Some((case, claim)), []) = (claim, errors.as_slice()) else {
            return Ok(RowOutcome::Errors(errors));
        };

        let repeated = session.note(REVERSAL, reversal_key.0, &[]).is_some();
        if repeated || session.owner(REVERSAL, reversal_key.0).is_some() {
            return Ok(RowOutcome::Recognised);
        }
        if !session.decides() {
            return Ok(RowOutcome::Applied(Vec::new()));
        }
        let revision = session.case(case).map_or(0, |c| c.revision);
        let [partner, supplier, receipt_no, reversed_on, sum] = &parts;
        let mut draft = session.draft(
            at.tag,
            &["import-reversal", partner, supplier, receipt_no, reversed_on, sum],
            revision,
        );
        let details = session.seal(&mut draft, case, &ReasonText { reason: row.reason.clone() })?;
        let reverse = ClaimCommand::Reverse {
            claim,
            amount: row.amount,
            reversed_on: row.reversed_on,
            reversal_key,
            details,
        };
        let eur = session.case(case).and_then(|case| reverse.amount(case));
        let decided = session.on_claim(&mut draft, case, &reverse)?;
        session.commit(draft);
        let proposed =
            session.case(case).and_then(|case| case.claims.get(&claim)).and_then(|c| c.reversal.as_ref());
        Ok(match decided {
            // Another person agrees by importing the file again, or by number.
            Ok(()) if proposed.is_some() => RowOutcome::Proposed(eur),
            Ok(()) => RowOutcome::Applied(Vec::new()),
            Err(refused) if refused.repeated => RowOutcome::Waiting(Vec::new()),
            Err(refused) => {
                RowOutcome::Waiting(vec![Refused { reason: refused.refusal.codes(), amount: eur }])
            }
        })
    }
}

/// A file names a receipt, and does not say whose share of it came back.
fn shared_by_several(at: At) -> RowError {
    let message = "This receipt is shared by several people, each with a claim. Say whose money came back: `svala claim reverse NUMBER`.";
    at.error("receipt_no", None, "reversal.shared", message)
}

/// Whether the amount can be booked: euros, or the currency of the claim at the rate of the claim.
fn usable(at: At, row: &ReversalRow, claim: &Claim) -> Result<(), RowError> {
    let (currency, reported) = (row.amount.currency(), claim.amount.currency());
    if currency == Currency::EUR {
        return rows::bookable(at, &row.amount, None);
    }
    if currency != reported {
        let message =
            format!("The claim was reported in {reported}. Give the amount in that currency, or in EUR.");
        return Err(at.error("currency", Some(currency.code()), "reversal.currency", message));
    }
    match claim.quote() {
        Some(quote) => rows::bookable(at, &row.amount, Some(quote.rate)),
        // It waits for its rate, so it is not accepted: a refusal, and the row may pass later.
        None => Ok(()),
    }
}

fn parts(row: &ReversalRow) -> [String; 5] {
    rows::reversal_parts([&row.partner, &row.supplier, &row.receipt_no], row.reversed_on, &row.amount)
}
