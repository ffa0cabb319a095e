//! `reversals.csv`: accepted spend that came back.

use domain::claim::{RECEIPT, REVERSAL};
use domain::{ClaimCommand, ClaimId};
use interchange::ReversalRow;

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
        let eur = rows::in_euro(at, &row.amount).map_err(|error| errors.push(error)).ok();
        let (Some((case, claim)), Some(amount), []) = (claim, eur, errors.as_slice()) else {
            return Ok(RowOutcome::Errors(errors));
        };

        let parts = parts(row);
        let reversal_key = session.ledger().key_digest(REVERSAL, &parts.each_ref().map(String::as_str));
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
        let reverse =
            ClaimCommand::Reverse { claim, amount, reversed_on: row.reversed_on, reversal_key, details };
        let decided = session.on_claim(&mut draft, case, &reverse)?;
        session.commit(draft);
        Ok(match decided {
            Ok(()) => RowOutcome::Applied(Vec::new()),
            Err(refused) if refused.repeated => RowOutcome::Waiting(Vec::new()),
            Err(refused) => {
                RowOutcome::Waiting(vec![Refused { reason: refused.refusal.codes(), amount: Some(amount) }])
            }
        })
    }
}

/// What makes a reversal this one and no other.
fn parts(row: &ReversalRow) -> [String; 5] {
    let [partner, supplier, receipt_no] = rows::receipt_parts(&row.partner, &row.supplier, &row.receipt_no);
    [partner, supplier, receipt_no, row.reversed_on.to_string(), row.amount.to_string()]
}
