//! `svala claim attach`, `svala claim receipt`: files of receipts.

use std::io::Write;
use std::path::Path;

use tempfile::NamedTempFile;

use crate::connect::Place;
use crate::output::{Failure, say};

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
    let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let written = NamedTempFile::new_in(folder).and_then(|mut file| {
        file.write_all(&bytes)?;
        file.as_file().sync_all()?;
        file.persist_noclobber(out).map_err(|error| error.error)
    });
    match written {
        Ok(_) => say(format!("{}: the receipt of claim {number}, {} bytes", out.display(), bytes.len())),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Err(Failure::usage(format!(
            "{} is there already and was not touched: name a new file",
            out.display()
        ))),
        Err(error) => Err(Failure::usage(format!("{} cannot be written: {error}", out.display()))),
    }
}
