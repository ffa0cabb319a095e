//! `svala claim attach`, `svala claim receipt`: files of receipts.

use std::path::Path;

use crate::connect::Place;
use crate::output::{Failure, Readers, say, write_new};

/// Puts a file into the vault, as the receipt of a claim.
pub async fn attach(place: &Place, number: u64, file: &Path) -> Result<(), Failure> {
    let ledger = place.open_to_write().await?;
    let (case, claim) = ledger.find_claim(number).await?;
    match ledger.attach_receipt(case, claim, file).await? {
        true => say(format!("the receipt of claim {number} is in the vault")),
        false => say(format!("the receipt of claim {number} was in the vault already: nothing was changed")),
    }
}

/// Writes the receipt of a claim to a new file, which only its owner may read.
pub async fn save(place: &Place, number: u64, out: &Path) -> Result<(), Failure> {
    let ledger = place.open().await?;
    let (case, claim) = ledger.find_claim(number).await?;
    let bytes = ledger.receipt(case, claim).await?;
    write_new(out, &bytes, Readers::Owner)?;
    say(format!("{}: the receipt of claim {number}, {} bytes", out.display(), bytes.len()))
}
