//! `svala claim …`

use std::process::ExitCode;

use app::query::{ClaimFilter, ClaimItem};
use domain::claim::ClaimState;
use domain::{CaseId, ClaimId, FoldError};
use money::Eur;

use crate::args::{ClaimCommand, Format};
use crate::cells;
use crate::connect::Place;
use crate::output::{Cell, Failure, listing, say};

/// The columns of a list of claims.
pub const COLUMNS: &[&str] = &[
    "claim",
    "external_ref",
    "case",
    "partner",
    "receipt_no",
    "supplier",
    "category",
    "delivered_on",
    "amount",
    "currency",
    "rate",
    "rate_date",
    "rate_source",
    "eur",
    "eligible",
    "disallowed",
    "reversed",
    "reason",
    "state",
];

pub async fn run(place: &Place, format: Format, command: ClaimCommand) -> Result<ExitCode, Failure> {
    match command {
        ClaimCommand::List { case, partner, state } => {
            let ledger = place.open().await?;
            let case = match case {
                Some(case) => Some(ledger.find_case(&case).await?),
                None => None,
            };
            let claims = ledger.claims(&ClaimFilter { case, partner, state }).await?;
            listing(format, COLUMNS, &claims, row)?;
        }
        ClaimCommand::Accept { claims, all: _, partner, case, dry_run } if claims.is_empty() => {
            let ledger = if dry_run { place.open_to_try().await? } else { place.open_to_write().await? };
            let case = match case {
                Some(case) => Some(ledger.find_case(&case).await?),
                None => None,
            };
            if !dry_run {
                let state = Some(ClaimState::WaitingForRate);
                let waiting = ledger.claims(&ClaimFilter { case, partner: partner.clone(), state }).await?;
                convert(&ledger, &waiting.iter().map(|c| (c.claim, c.case_id, c.id)).collect::<Vec<_>>())
                    .await?;
            }
            let filter = ClaimFilter { case, partner, state: Some(ClaimState::Reported) };
            let open: Vec<_> =
                ledger.claims(&filter).await?.into_iter().map(|c| (c.claim, c.case_id, c.id)).collect();
            let accepted = ledger.accept_claims(&open, dry_run).await?;
            listing(
                format,
                &["claim", "eur", "eligible", "disallowed", "reason", "state"],
                &accepted,
                |c| cells![c.number, c.eur, c.eligible, c.disallowed, &c.reason, c.state.code()],
            )?;
            if format == Format::Table {
                let sum = |of: fn(&app::command::AcceptedClaim) -> Eur| {
                    Eur::sum(accepted.iter().map(of)).map_err(|e| app::AppError::from(FoldError::from(e)))
                };
                let queried = accepted.iter().filter(|c| c.state == ClaimState::Queried).count();
                let count = crate::output::counted(accepted.len() - queried, "claim");
                let done =
                    if dry_run { "would be decided (dry run, nothing was written)" } else { "decided" };
                let waiting = if queried > 0 {
                    format!("; {queried} queried: decide by number")
                } else {
                    String::new()
                };
                let (eligible, disallowed) = (sum(|c| c.eligible)?, sum(|c| c.disallowed)?);
                say(format!(
                    "{count} {done}: {eligible} EUR eligible, {disallowed} EUR disallowed{waiting}"
                ))?;
            }
        }
        ClaimCommand::Accept { claims, dry_run, .. } => {
            let ledger = if dry_run { place.open_to_try().await? } else { place.open_to_write().await? };
            let mut refused = ExitCode::SUCCESS;
            for number in claims {
                let (case, claim) = ledger.find_claim(number).await?;
                if dry_run {
                    if let Some(c) = ledger.preview_claim(number, case, claim).await? {
                        let what = decided(c.eligible, c.disallowed, &c.reason);
                        say(format!("claim {number} would be {}: {what}", c.state))?;
                    }
                    continue;
                }
                convert(&ledger, &[(number, case, claim)]).await?;
                match ledger.accept_claim(case, claim).await {
                    Ok(()) => {
                        let item = ledger
                            .claims(&ClaimFilter { case: Some(case), ..ClaimFilter::default() })
                            .await?
                            .into_iter()
                            .find(|c| c.claim == number);
                        if let Some(c) = item {
                            let what = decided(c.eligible, c.disallowed, &c.reason);
                            say(format!("claim {number} {}: {what}", c.state))?;
                        }
                    }
                    // The others are still to be decided.
                    Err(error @ app::AppError::Refused(_)) => {
                        crate::output::remark(format!("claim {number}: {error}"));
                        refused = ExitCode::from(1);
                    }
                    Err(error) => return Err(error.into()),
                }
            }
            return Ok(refused);
        }
        ClaimCommand::Reopen { claim: number, reason } => {
            let ledger = place.open_to_write().await?;
            let (case, claim) = ledger.find_claim(number).await?;
            ledger.reopen_claim(case, claim, &reason).await?;
            say(format!("claim {number} is taken up again: decide it with `svala claim accept {number}`"))?;
        }
        ClaimCommand::Refuse { claim: number, reason } => {
            let ledger = place.open_to_write().await?;
            let (case, claim) = ledger.find_claim(number).await?;
            ledger.refuse_claim(case, claim, &reason).await?;
            say(format!("claim {number} refused"))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Converts those that wait for a rate that is published by now: an import of rates may have been cut short.
async fn convert(ledger: &app::Ledger, claims: &[(u64, CaseId, ClaimId)]) -> Result<(), Failure> {
    let converted = ledger.convert_claims(claims).await?;
    if converted > 0 {
        let count = crate::output::counted(converted, "claim");
        crate::output::remark(format!("{count} that waited for an exchange rate converted"));
    }
    Ok(())
}

/// What a decision came to.
fn decided(eligible: Eur, disallowed: Eur, reason: &str) -> String {
    let reason = if reason.is_empty() { String::new() } else { format!(" ({reason})") };
    format!("{eligible} EUR eligible, {disallowed} EUR disallowed{reason}")
}

/// One claim as a row.
pub fn row(c: &ClaimItem) -> Vec<Cell> {
    cells![
        c.claim,
        &c.external_ref,
        &c.case,
        &c.partner,
        &c.receipt_no,
        &c.supplier,
        &c.category,
        c.delivered_on,
        Cell::Figure(c.amount.clone()),
        c.currency,
        Cell::Figure(c.rate.clone()),
        c.rate_date,
        c.rate_source,
        c.eur,
        c.eligible,
        c.disallowed,
        c.reversed,
        &c.reason,
        &c.state
    ]
}
