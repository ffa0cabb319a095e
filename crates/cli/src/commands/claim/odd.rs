//! `svala claim flags`: what finance should look at before it accepts.

use app::Ledger;
use app::query::ClaimFilter;
use money::Eur;

use crate::args::Format;
use crate::cells;
use crate::output::{Failure, listing};

/// One flag of one claim.
#[derive(Debug, serde::Serialize)]
struct Odd {
    claim: u64,
    partner: String,
    external_ref: String,
    receipt_no: String,
    category: String,
    eur: Option<Eur>,
    state: &'static str,
    flag: &'static str,
    detail: String,
}

/// Lists the flags of the claims asked for, in the order they were reported.
pub async fn list(
    ledger: &Ledger,
    format: Format,
    filter: &ClaimFilter,
    decided: bool,
) -> Result<(), Failure> {
    let flags = ledger.flags().await?;
    let mut odd = Vec::new();
    for claim in ledger.claims(filter).await?.iter().filter(|claim| decided || claim.state.is_open()) {
        for flag in flags.get(&claim.claim).into_iter().flatten() {
            odd.push(Odd {
                claim: claim.claim,
                partner: claim.partner.clone(),
                external_ref: claim.external_ref.clone(),
                receipt_no: claim.receipt_no.clone(),
                category: claim.category.clone(),
                eur: claim.eur,
                state: claim.state.code(),
                flag: flag.kind.code(),
                detail: flag.detail.clone(),
            });
        }
    }
    let columns =
        &["claim", "partner", "external_ref", "receipt_no", "category", "eur", "state", "flag", "detail"];
    listing(format, columns, &odd, |row| {
        cells![
            row.claim,
            &row.partner,
            &row.external_ref,
            &row.receipt_no,
            &row.category,
            row.eur,
            row.state,
            row.flag,
            &row.detail
        ]
    })
}
