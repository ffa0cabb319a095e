//! `svala claim …`

use std::process::ExitCode;

use app::query::{ClaimFilter, ClaimItem};
use domain::FoldError;
use domain::claim::ClaimState;
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
            let ledger = if dry_run { place.open().await? } else { place.open_to_write().await? };
            let case = match case {
                Some(case) => Some(ledger.find_case(&case).await?),
                None => None,
            };
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
                let done =
                    if dry_run { "would be decided (dry run, nothing was written)" } else { "decided" };
                say(format!(
                    "{} claims {done}: {} EUR eligible, {} EUR disallowed",
                    accepted.len(),
                    sum(|c| c.eligible)?,
                    sum(|c| c.disallowed)?
                ))?;
            }
        }
        ClaimCommand::Accept { claims, dry_run, .. } => {
            let ledger = if dry_run { place.open().await? } else { place.open_to_write().await? };
            let mut refused = ExitCode::SUCCESS;
            for number in claims {
                let (case, claim) = ledger.find_claim(number).await?;
                if dry_run {
                    let shown = ledger.accept_claims(&[(number, case, claim)], true).await?;
                    for c in shown {
                        say(format!(
                            "claim {number} would be {}: {} EUR eligible, {} EUR disallowed {}",
                            c.state, c.eligible, c.disallowed, c.reason
                        ))?;
                    }
                    continue;
                }
                match ledger.accept_claim(case, claim).await {
                    Ok(()) => {
                        let item = ledger
                            .claims(&ClaimFilter { case: Some(case), ..ClaimFilter::default() })
                            .await?
                            .into_iter()
                            .find(|c| c.claim == number);
                        if let Some(c) = item {
                            say(format!(
                                "claim {number} {}: {} EUR eligible, {} EUR disallowed {}",
                                c.state, c.eligible, c.disallowed, c.reason
                            ))?;
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
        ClaimCommand::Refuse { claim: number, reason } => {
            let ledger = place.open_to_write().await?;
            let (case, claim) = ledger.find_claim(number).await?;
            ledger.refuse_claim(case, claim, &reason).await?;
            say(format!("claim {number} refused"))?;
        }
    }
    Ok(ExitCode::SUCCESS)
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
        c.eur,
        c.eligible,
        c.disallowed,
        c.reversed,
        &c.reason,
        &c.state
    ]
}
