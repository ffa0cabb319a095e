//! `spend.csv`: what partners delivered, and claim; their fees are rows of the same file.

use domain::claim::{Claim, ClaimState, RECEIPT, Spend as Reported};
use domain::ids::FileDigest;
use domain::rates;
use domain::{ClaimCommand, ClaimId, PartnerCode};
use interchange::{RowError, SpendRow};
use money::Currency;

use super::{At, Importer, Refused, RowOutcome, fees, rows};
use crate::error::AppError;
use crate::session::{Earlier, Session};
use crate::texts::ReceiptText;

/// Imports spend; with `accept`, each new claim is decided at once, in the order of the file.
pub struct Spend {
    /// Decide the new claims too.
    pub accept: bool,
}

impl Importer for Spend {
    type Row = SpendRow;

    async fn load(&self, session: &mut Session<'_>, rows: &[&SpendRow]) -> Result<(), AppError> {
        let receipts: Vec<_> = rows
            .iter()
            .map(|row| rows::receipt_digest(session, &row.partner, &row.supplier, &row.receipt_no))
            .collect();
        session.load_keys(RECEIPT, &receipts).await?;
        // Whoever spends euros only pays for no rates.
        if rows.iter().any(|row| row.amount.currency() != Currency::EUR) {
            session.load_rates([rates::source(session.ledger().rulebook.parameters().spend_rate)]).await?;
        }
        session.load_partners(rows.iter().filter_map(|row| row.partner.parse::<PartnerCode>().ok())).await?;
        if rows.iter().any(|row| row.is_fee()) {
            session.load_own_key().await?;
        }
        let of_people = rows.iter().filter(|row| !row.is_fee()).map(|row| row.case_ref.as_str());
        rows::load_cases(session, of_people, RECEIPT, &receipts).await
    }

    fn apply(&self, session: &mut Session<'_>, at: At, row: &SpendRow) -> Result<RowOutcome, AppError> {
        if row.is_fee() {
            return fees::apply(session, at, row);
        }
        let mut errors = Vec::new();
        let case = rows::case_of(session, &row.case_ref);
        if case.is_none() {
            errors.push(rows::unknown_case(at));
        }
        let category = session.ledger().rulebook.category(&row.category, row.delivered_on);
        if category.is_none() {
            let categories = session.ledger().rulebook.categories().iter();
            let in_force = categories.filter(|category| category.validity().contains(row.delivered_on));
            let codes = in_force.map(|category| category.code.as_str()).collect::<Vec<_>>().join(", ");
            let message = match codes.as_str() {
                "" => format!("The rulebook pays for no benefit on {}.", row.delivered_on),
                codes => format!(
                    "The rulebook has no such benefit category on {}. It has {codes}.",
                    row.delivered_on
                ),
            };
            errors.push(at.error("category", Some(&row.category), "category.unknown", message));
        }
        let foreign = row.amount.currency() != Currency::EUR;
        if !foreign {
            errors.extend(rows::bookable(at, &row.amount, None).err());
        }
        let partner = row.partner.parse::<PartnerCode>();
        if let Err(error) = &partner {
            errors.push(at.error("partner", Some(&row.partner), "code.pattern", error.to_string()));
        }
        let (Some(case), Some(category), Ok(partner), []) = (case, category, partner, errors.as_slice())
        else {
            return Ok(RowOutcome::Errors(errors));
        };

        let receipt_key =
            domain::KeyDigest(rows::receipt_digest(session, &row.partner, &row.supplier, &row.receipt_no));
        let said = [
            case.to_string(),
            row.category.clone(),
            row.delivered_on.to_string(),
            rows::named(&row.amount),
            row.receipt_sha256.map(|digest| event_log::hex::encode(&digest)).unwrap_or_default(),
        ];
        match session.note(RECEIPT, receipt_key.0, &said.each_ref().map(String::as_str)) {
            Some(Earlier::Same) => return Ok(RowOutcome::Recognised),
            Some(Earlier::Different) => {
                let message = "An earlier row of this file has this receipt with another case, amount, day, category or file. A receipt is claimed once: correct one of them.";
                return Ok(RowOutcome::Errors(vec![at.error(
                    "receipt_no",
                    None,
                    "receipt.conflict",
                    message,
                )]));
            }
            None => {}
        }
        if let Some(owner) = session.owner(RECEIPT, receipt_key.0) {
            let known = owner
                .case()
                .and_then(|id| session.case(id))
                .and_then(|c| c.claims.get(&ClaimId(owner.entity)));
            let differing = known.map(|known| differing(at, row, known)).unwrap_or_default();
            return Ok(match owner.case() == Some(case) {
                true if differing.is_empty() => match known {
                    Some(known) if known.state == ClaimState::WaitingForRate => RowOutcome::StillWithoutRate,
                    _ => RowOutcome::Recognised,
                },
                true => RowOutcome::Errors(differing),
                false => {
                    let other = if owner.case().is_some() { "for another case" } else { "as a fee" };
                    let message = format!(
                        "This partner reported this supplier's receipt {other}. A receipt is claimed once."
                    );
                    RowOutcome::Errors(vec![at.error("receipt_no", None, "receipt.conflict", message)])
                }
            });
        }

        if !foreign && !session.decides() {
            return Ok(RowOutcome::Applied(Vec::new()));
        }
        let (rule, reported_on) =
            (session.ledger().rulebook.parameters().spend_rate, session.ledger().today());
        let day = rates::day(rule, row.delivered_on, reported_on);
        let quote = foreign.then(|| session.rate(rule, row.amount.currency(), day)).flatten();
        if let Some(quote) = quote
            && let Err(error) = rows::bookable(at, &row.amount, Some(quote.rate))
        {
            return Ok(RowOutcome::Errors(vec![error]));
        }
        let waits = foreign && quote.is_none();
        if !session.decides() {
            return Ok(match waits {
                true => RowOutcome::WithoutRate,
                false => RowOutcome::Applied(Vec::new()),
            });
        }
        let revision = session.case(case).map_or(0, |c| c.revision);
        let mut request =
            vec!["import-spend", accept_code(self.accept), &row.partner, &row.supplier, &row.receipt_no];
        request.extend(said.iter().map(String::as_str));
        let mut draft = session.draft(at.tag, &request, revision);
        if foreign {
            session.rest_on_rates(&mut draft, rule);
        }
        session.register_partner(&mut draft, &partner)?;
        let text = ReceiptText {
            supplier: row.supplier.clone(),
            receipt_no: row.receipt_no.clone(),
            description: row.description.clone(),
        };
        let claim = ClaimId(session.ledger().environment.new_id()?);
        let report = Reported {
            claim,
            partner,
            category: row.category.clone(),
            budget_line: category.budget_line.clone(),
            delivered_on: row.delivered_on,
            reported_on,
            amount: row.amount,
            quote,
            receipt_key,
            receipt_sha256: row.receipt_sha256.map(FileDigest),
            details: session.seal(&mut draft, case, &text)?,
        };
        let mut refused = Vec::new();
        let report = ClaimCommand::Report(report);
        let eur = session.case(case).and_then(|case| report.amount(case));
        let reported = session.on_claim(&mut draft, case, &report)?;
        if let Err(refusal) = reported {
            refused.push(Refused { reason: refusal.refusal.codes(), amount: eur });
        } else if waits {
            session.commit(draft);
            return Ok(RowOutcome::WithoutRate);
        } else if self.accept {
            let by = session.ledger().actor.clone();
            let accept = ClaimCommand::Accept { claim, by_name: false, by };
            let accepted = session.on_claim(&mut draft, case, &accept)?;
            let now = session.case(case).and_then(|c| c.claims.get(&claim));
            let undecided = match (&accepted, now.map(|claim| claim.state)) {
                (Ok(()), Some(ClaimState::Proposed)) => Some("waits for a second person"),
                (Ok(()), Some(ClaimState::Queried)) => Some("queried: late-use"),
                _ => None,
            };
            if let Some(why) = undecided {
                session.commit(draft);
                return Ok(RowOutcome::Undecided(why));
            }
            refused.extend(match accepted {
                Err(refusal) => Some(Refused { reason: refusal.refusal.codes(), amount: eur }),
                Ok(()) => now.and_then(cut),
            });
        }
        session.commit(draft);
        Ok(RowOutcome::Applied(refused))
    }
}

/// What a decision did not allow.
fn cut(claim: &Claim) -> Option<Refused> {
    claim.reason.map(|reason| Refused { reason: reason.to_string(), amount: Some(claim.disallowed) })
}

/// The columns in which a known receipt says something else now.
fn differing(at: At, row: &SpendRow, known: &Claim) -> Vec<RowError> {
    let mut errors = Vec::new();
    let mut differs = |column, in_file: Option<&str>, was: &str| {
        let message = format!(
            "This receipt was reported with {was}. A report is never overwritten: correct the file, or reverse the claim."
        );
        errors.push(at.error(column, in_file, "receipt.conflict", message));
    };
    if row.amount != known.amount {
        let (now, was) = (row.amount, known.amount);
        differs("amount", Some(&format!("{now} {}", now.currency())), &format!("{was} {}", was.currency()));
    }
    if row.delivered_on != known.delivered_on {
        differs("delivered_on", Some(&row.delivered_on.to_string()), &known.delivered_on.to_string());
    }
    if row.category != known.category {
        differs("category", Some(&row.category), &known.category);
    }
    if row.receipt_sha256 != known.receipt_sha256.map(|digest| digest.0) {
        differs("receipt_sha256", None, "another file of the receipt");
    }
    errors
}

fn accept_code(accept: bool) -> &'static str {
    if accept { "accept" } else { "report" }
}
