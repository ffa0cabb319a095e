//! `grants.csv`: payments of the arrival grant.

use domain::grant::PAYMENT;
use domain::{CaseId, GrantCommand, GrantId};
use interchange::GrantRow;

use super::{At, Importer, Refused, RowOutcome, rows};
use crate::error::AppError;
use crate::session::{Earlier, Session};
use crate::texts::PaymentText;

/// Imports payments of the arrival grant.
pub struct Grants;

impl Importer for Grants {
    type Row = GrantRow;

    async fn load(&self, session: &mut Session<'_>, rows: &[&GrantRow]) -> Result<(), AppError> {
        let ledger = session.ledger();
        let payments: Vec<_> = rows.iter().map(|row| ledger.digest(PAYMENT, &[&row.payment_ref])).collect();
        session.load_keys(PAYMENT, &payments).await?;
        rows::load_cases(session, rows.iter().map(|row| row.case_ref.as_str()), PAYMENT, &payments).await
    }

    fn apply(&self, session: &mut Session<'_>, at: At, row: &GrantRow) -> Result<RowOutcome, AppError> {
        let mut errors = Vec::new();
        let case = rows::case_of(session, &row.case_ref);
        if case.is_none() {
            errors.push(rows::unknown_case(at));
        }
        let eur = rows::in_euro(at, &row.amount).map_err(|error| errors.push(error)).ok();
        let (Some(case), Some(amount), []) = (case, eur, errors.as_slice()) else {
            return Ok(RowOutcome::Errors(errors));
        };

        let digest = session.ledger().key_digest(PAYMENT, &[&row.payment_ref]);
        let said = [case.to_string(), row.paid_on.to_string(), amount.to_string(), row.method.to_string()];
        match session.note(PAYMENT, digest.0, &said.each_ref().map(String::as_str)) {
            Some(Earlier::Same) => return Ok(RowOutcome::Recognised),
            Some(Earlier::Different) => {
                let message = "An earlier row of this file has this payment with another case, day, amount or method. Correct one of them.";
                return Ok(RowOutcome::Errors(vec![at.error(
                    "payment_ref",
                    None,
                    "payment.conflict",
                    message,
                )]));
            }
            None => {}
        }
        if let Some(owner) = session.owner(PAYMENT, digest.0) {
            let known = owner
                .case()
                .and_then(|id| session.case(id))
                .and_then(|c| c.grants.get(&GrantId(owner.entity)));
            let same = owner.case() == Some(case)
                && known.is_some_and(|known| {
                    (known.paid_on, known.amount, known.method) == (row.paid_on, amount, row.method)
                });
            return Ok(if same {
                RowOutcome::Recognised
            } else {
                RowOutcome::Errors(vec![conflict(at, row, owner.case(), case, known)])
            });
        }

        if !session.decides() {
            return Ok(RowOutcome::Applied(Vec::new()));
        }
        let revision = session.case(case).map_or(0, |c| c.revision);
        let mut draft = session.draft(
            at.tag,
            &["import-grant", &row.payment_ref, &said[0], &said[1], &said[2], &said[3]],
            revision,
        );
        let details =
            session.seal(&mut draft, case, &PaymentText { payment_ref: row.payment_ref.clone() })?;
        let grant = GrantId(session.ledger().environment.new_id()?);
        let pay = GrantCommand::Pay {
            grant,
            paid_on: row.paid_on,
            amount,
            method: row.method,
            payment_key: digest,
            details,
        };
        let decided = session.on_grant(&mut draft, case, &pay)?;
        session.commit(draft);
        let reason = match decided {
            Err(refused) => Some(refused.refusal.codes()),
            Ok(()) => session
                .case(case)
                .and_then(|c| c.grants.get(&grant))
                .and_then(|g| g.reason)
                .map(|r| r.to_string()),
        };
        Ok(RowOutcome::Applied(
            reason.map(|reason| Refused { reason, amount: Some(amount) }).into_iter().collect(),
        ))
    }
}

fn conflict(
    at: At,
    row: &GrantRow,
    owner: Option<CaseId>,
    case: CaseId,
    known: Option<&domain::grant::Grant>,
) -> interchange::RowError {
    match known {
        Some(known) if owner == Some(case) => {
            let message = format!(
                "This payment is recorded as {} on {} ({}). A payment is never overwritten: correct the file.",
                known.amount, known.paid_on, known.method
            );
            at.error(
                "amount",
                Some(&format!("{} on {}", row.amount, row.paid_on)),
                "payment.conflict",
                message,
            )
        }
        _ => at.error(
            "payment_ref",
            None,
            "payment.conflict",
            "This payment is recorded for another case. Each payment has a reference of its own.",
        ),
    }
}
