//! Files of receipts: `svala claim attach`, `svala claim receipt`, `svala partner fee attach`, `svala partner fee receipt`.

use std::path::Path;

use crate::connect::Place;
use crate::output::{Failure, Readers, say, write_new};

/// Puts a file into the vault, as the receipt of a claim.
pub async fn attach(place: &Place, number: u64, file: &Path) -> Result<(), Failure> {
    let ledger = place.open_to_write().await?;
    let (case, claim) = ledger.find_claim(number).await?;
    attached(&format!("claim {number}"), ledger.attach_receipt(case, claim, file).await?)
}

/// Puts a file into the vault, as the receipt of a fee.
pub async fn attach_to_fee(place: &Place, number: u64, file: &Path) -> Result<(), Failure> {
    let ledger = place.open_to_write().await?;
    let (partner, fee) = ledger.find_fee(number).await?;
    attached(&format!("fee {number}"), ledger.attach_fee_receipt(partner, fee, file).await?)
}

fn attached(what: &str, now: bool) -> Result<(), Failure> {
    match now {
        true => say(format!("the receipt of {what} is in the vault")),
        false => say(format!("the receipt of {what} was in the vault already: nothing was changed")),
    }
}

/// Writes the receipt of a claim to a new file, which only its owner may read.
pub async fn save(place: &Place, number: u64, out: &Path) -> Result<(), Failure> {
    let ledger = place.open().await?;
    let (case, claim) = ledger.find_claim(number).await?;
    saved(&format!("claim {number}"), out, &ledger.receipt(case, claim).await?)
}

/// Writes the receipt of a fee to a new file, which only its owner may read.
pub async fn save_of_fee(place: &Place, number: u64, out: &Path) -> Result<(), Failure> {
    let ledger = place.open().await?;
    let (partner, fee) = ledger.find_fee(number).await?;
    saved(&format!("fee {number}"), out, &ledger.fee_receipt(&partner, fee).await?)
}

fn saved(what: &str, out: &Path, bytes: &[u8]) -> Result<(), Failure> {
    write_new(out, bytes, Readers::Owner)?;
    say(format!("{}: the receipt of {what}, {} bytes", out.display(), bytes.len()))
}
