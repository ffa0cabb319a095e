//! Fees in `spend.csv`: what a partner charges for its own work, in its own stream, for no person.

use domain::claim::RECEIPT;
use domain::ids::FileDigest;
use domain::partner::{Fee, FeeState, ReportedFee};
use domain::rates;
use domain::{FeeId, PartnerCode, PartnerCommand};
use interchange::SpendRow;
use money::Currency;

use super::folder::ReceiptFolder;
use super::{At, Refused, RowOutcome, preview, rows};
use crate::error::AppError;
use crate::session::{Earlier, Session};
use crate::texts::ReceiptText;

/// Checks or reports the fee of one row. It is known by its receipt, like spend; finance decides it by number.
pub(super) fn apply(
    session: &mut Session<'_>,
    at: At,
    row: &SpendRow,
    receipts: Option<&ReceiptFolder>,
) -> Result<RowOutcome, AppError> {
    let partner = match row.partner.parse::<PartnerCode>() {
        Ok(partner) => partner,
        Err(error) => {
            let error = at.error("partner", Some(&row.partner), "code.pattern", error.to_string());
            return Ok(RowOutcome::Errors(vec![error]));
        }
    };
    if let Some(error) = rows::not_for(session, at, &partner)? {
        return Ok(RowOutcome::Errors(vec![error]));
    }
    let receipt_key =
        domain::KeyDigest(rows::receipt_digest(session, &row.partner, &row.supplier, &row.receipt_no));
    let said = [
        "fee".to_owned(),
        row.delivered_on.to_string(),
        rows::named(&row.amount),
        row.receipt_sha256.map(|digest| event_log::hex::encode(&digest)).unwrap_or_default(),
    ];
    match session.note(RECEIPT, receipt_key.0, &said.each_ref().map(String::as_str)) {
        Some(Earlier::Same) => return Ok(RowOutcome::Recognised),
        Some(Earlier::Different) => {
            let message = "An earlier row of this file has this receipt with another amount, day or file, or as spend on a person. A receipt is claimed once: correct one of them.";
            return Ok(RowOutcome::Errors(vec![at.error("receipt_no", None, "receipt.conflict", message)]));
        }
        None => {}
    }
    let owner = session.owner(RECEIPT, receipt_key.0);
    let known = owner.and_then(|owner| {
        session.partner(&partner).and_then(|partner| partner.fees.get(&FeeId(owner.entity)))
    });
    let before = match (owner, known) {
        (None, _) => None,
        (Some(_), Some(known)) => Some(before(at, row, known)),
        (Some(_), None) => {
            let message = "This partner reported this supplier's receipt as spend on a person. A receipt is claimed once.";
            Some(RowOutcome::Errors(vec![at.error("receipt_no", None, "receipt.conflict", message)]))
        }
    };
    if let (Some(folder), None | Some(RowOutcome::Recognised | RowOutcome::StillWithoutRate { .. })) =
        (receipts, &before)
        && let Some(error) =
            folder.look(at, row, [receipt_key.0; 2], known.and_then(|fee| fee.receipt.as_ref()))?
    {
        return Ok(RowOutcome::Errors(vec![error]));
    }
    if let Some(before) = before {
        return Ok(before);
    }

    let (rule, reported_on) = (session.ledger().rulebook.parameters().spend_rate, session.ledger().today());
    let (currency, day) = (row.amount.currency(), rates::day(rule, row.delivered_on, reported_on));
    let foreign = currency != Currency::EUR;
    let quote = foreign.then(|| session.rate(rule, currency, day)).flatten();
    let waits = foreign && quote.is_none();
    if !waits && let Err(error) = rows::bookable(at, &row.amount, quote.map(|quote| quote.rate)) {
        return Ok(RowOutcome::Errors(vec![error]));
    }
    if !session.decides() {
        return Ok(match waits {
            true => RowOutcome::WithoutRate { fee: true },
            false => RowOutcome::Applied(Vec::new()),
        });
    }
    let revision = session.partner(&partner).map_or(0, |partner| partner.revision);
    let mut request = vec!["import-fee", &row.partner, &row.supplier, &row.receipt_no];
    request.extend(said.iter().map(String::as_str));
    let mut draft = session.draft(at.tag, &request, revision);
    if foreign {
        session.rest_on_rates(&mut draft, rule);
    }
    let text = ReceiptText {
        supplier: row.supplier.clone(),
        receipt_no: row.receipt_no.clone(),
        description: row.description.clone(),
    };
    let fee = FeeId(session.ledger().environment.new_id()?);
    let report = PartnerCommand::ReportFee(ReportedFee {
        fee,
        charged_on: row.delivered_on,
        reported_on,
        amount: row.amount,
        quote,
        receipt_key,
        receipt_sha256: row.receipt_sha256.map(FileDigest),
        details: session.seal_own(&mut draft, &text)?,
        file: session.source(),
    });
    let reported = session.on_partner(&mut draft, &partner, &report)?;
    session.commit(draft);
    preview::of_fee(session, at, &partner, fee);
    Ok(match reported {
        Ok(()) if waits => RowOutcome::WithoutRate { fee: true },
        Ok(()) => RowOutcome::Applied(Vec::new()),
        Err(refused) => RowOutcome::Applied(vec![Refused { reason: refused.refusal.codes(), amount: None }]),
    })
}

/// What became before of the row of a known fee.
fn before(at: At, row: &SpendRow, known: &Fee) -> RowOutcome {
    let errors = rows::differing(at, row, &known.into());
    match known.state {
        _ if !errors.is_empty() => RowOutcome::Errors(errors),
        FeeState::WaitingForRate => RowOutcome::StillWithoutRate { fee: true },
        _ => RowOutcome::Recognised,
    }
}
