//! Receipts as files: into the vault beside their claims, and out again.
//!
//! A file is sealed under the key of the person, in pieces as long as a text may be, and goes with the person's key. Of a
//! family's receipt there is one copy, with the claim of the first share. The receipt of a fee is about no person, and
//! sealed under the ledger's own key.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use ::claims::ClaimsProjection;
use domain::claim::ReceiptFile;
use domain::ids::FileDigest;
use domain::{CaseId, ClaimCommand, ClaimId, FeeId, PartnerCode, PartnerCommand, TextId};
use event_log::SealedText;
use sha2::{Digest, Sha256};

use crate::error::AppError;
use crate::ledger::{LEDGER_SUBJECT, Ledger};
use crate::session::{About, Purpose, Session};

/// Largest receipt, in bytes.
pub const RECEIPT_BYTES_MAX: u64 = 10 << 20;
/// Pieces that are read from the vault at a time.
const PIECES_READ: usize = 64;

/// A file that cannot be a receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoReceipt {
    /// Nothing in it.
    #[error("the file is empty")]
    Empty,
    /// More than [`RECEIPT_BYTES_MAX`].
    #[error("the file is larger than 10 MiB; scan the receipt with fewer dots, or without colours")]
    TooLarge,
}

/// Reads the file of a receipt: not more of it than it may have.
pub(crate) fn read(path: &Path) -> Result<Result<Vec<u8>, NoReceipt>, AppError> {
    let failed = || AppError::io(format!("{} cannot be read", path.display()));
    let file = File::open(path).map_err(failed())?;
    let mut bytes = Vec::new();
    // One byte more tells a file that is too large from one that just fits.
    file.take(RECEIPT_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(failed())?;
    Ok(match bytes.len() as u64 {
        0 => Err(NoReceipt::Empty),
        1..=RECEIPT_BYTES_MAX => Ok(bytes),
        _ => Err(NoReceipt::TooLarge),
    })
}

/// The SHA-256 of a receipt.
pub(crate) fn digest(bytes: &[u8]) -> FileDigest {
    FileDigest(Sha256::digest(bytes).into())
}

/// Whether what the vault holds is the file that was attached.
fn is_whole(bytes: &[u8], file: &ReceiptFile) -> Result<(), AppError> {
    let whole = digest(bytes) == file.sha256 && bytes.len() as u64 == file.bytes;
    if whole { Ok(()) } else { Err(not_the_file()) }
}

fn not_the_file() -> AppError {
    let what = "the receipt in the vault is not the file that was attached".to_owned();
    AppError::Store(event_log::StoreError::Damaged(what))
}

impl Ledger {
    /// Puts the file of a receipt into the vault, beside its claim. Answers whether it was put there now: the same file
    /// again is nothing new.
    ///
    /// # Errors
    /// The file cannot be read, is empty or too large; the claim has another receipt, or reported another one.
    pub async fn attach_receipt(&self, case: CaseId, claim: ClaimId, path: &Path) -> Result<bool, AppError> {
        let bytes = read(path)?.map_err(|why| AppError::Usage(format!("{}: {why}", path.display())))?;
        self.attach_bytes(case, claim, &bytes).await
    }

    pub(crate) async fn attach_bytes(
        &self,
        case: CaseId,
        claim: ClaimId,
        bytes: &[u8],
    ) -> Result<bool, AppError> {
        let (case, claim, attached) = self.receipt_of(case, claim).await?;
        let sha256 = digest(bytes);
        if attached.is_some_and(|attached| attached.sha256 == sha256) {
            return Ok(false);
        }
        let (about, hash) = (claim.to_string(), sha256.to_string());
        let request = ["attach-receipt", &about, &hash];
        let attached = self.execute(case, &request, |session, draft| {
            let pieces = session.seal_file(draft, case, bytes)?;
            let file = ReceiptFile { pieces, sha256, bytes: bytes.len() as u64 };
            session.on_claim(draft, case, &ClaimCommand::Attach { claim, file })
        });
        match attached.await {
            Ok(()) => Ok(true),
            // Somebody else may have attached the very same file meanwhile.
            Err(error @ AppError::Refused(_)) => match self.receipt_of(case, claim).await? {
                (.., Some(attached)) if attached.sha256 == sha256 => Ok(false),
                _ => Err(error),
            },
            Err(error) => Err(error),
        }
    }

    /// The same, beside a fee.
    ///
    /// # Errors
    /// The file cannot be read, is empty or too large; the fee has another receipt, or reported another one.
    pub async fn attach_fee_receipt(
        &self,
        partner: PartnerCode,
        fee: FeeId,
        path: &Path,
    ) -> Result<bool, AppError> {
        let bytes = read(path)?.map_err(|why| AppError::Usage(format!("{}: {why}", path.display())))?;
        let sha256 = digest(&bytes);
        let is_attached = |attached: Option<ReceiptFile>| attached.is_some_and(|file| file.sha256 == sha256);
        if is_attached(self.fee_receipt_file(&partner, fee).await?) {
            return Ok(false);
        }
        let (about, hash) = (fee.to_string(), sha256.to_string());
        let of = About::Partner(partner.clone());
        let request = ["attach-fee-receipt", &about, &hash];
        let attached = self.execute_about(of, &request, |session, draft| {
            let pieces = session.seal_own_file(draft, &bytes)?;
            let file = ReceiptFile { pieces, sha256, bytes: bytes.len() as u64 };
            session.on_partner(draft, &partner, &PartnerCommand::AttachFee { fee, file })
        });
        match attached.await {
            Ok(()) => Ok(true),
            // Somebody else may have attached the very same file meanwhile.
            Err(AppError::Refused(_)) if is_attached(self.fee_receipt_file(&partner, fee).await?) => {
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    /// The file of a fee's receipt, as it was put into the vault.
    ///
    /// # Errors
    /// No file was attached, or what the vault holds is not the file that was attached.
    pub async fn fee_receipt(&self, partner: &PartnerCode, fee: FeeId) -> Result<Vec<u8>, AppError> {
        let file = self.fee_receipt_file(partner, fee).await?.ok_or_else(|| {
            let hint =
                "attach it with `svala partner fee attach NUMBER FILE`, or import spend with --receipts";
            AppError::Usage(format!("no file of this fee's receipt is in the ledger: {hint}"))
        })?;
        let key = self.own_key().await?;
        let mut bytes = Vec::new();
        for pieces in file.pieces.chunks(PIECES_READ) {
            let ids: Vec<_> = pieces.iter().map(|piece| piece.0).collect();
            for sealed in self.store.texts(&ids).await? {
                let sealed = sealed.ok_or_else(not_the_file)?;
                bytes.extend(key.open(LEDGER_SUBJECT.0, &sealed.bytes)?);
            }
        }
        is_whole(&bytes, &file)?;
        Ok(bytes)
    }

    async fn fee_receipt_file(
        &self,
        partner: &PartnerCode,
        fee: FeeId,
    ) -> Result<Option<ReceiptFile>, AppError> {
        let mut session = Session::new(self, Purpose::Check);
        session.load_partners([partner.clone()]).await?;
        let known = session.partner(partner).and_then(|partner| partner.fees.get(&fee));
        let known = known.ok_or_else(|| AppError::Usage("there is no such fee".into()))?;
        Ok(known.receipt.clone())
    }

    /// The file of a claim's receipt, as it was put into the vault.
    ///
    /// # Errors
    /// No file was attached, its person was erased, or what the vault holds is not the file that was attached.
    pub async fn receipt(&self, case: CaseId, claim: ClaimId) -> Result<Vec<u8>, AppError> {
        let (case, _, attached) = self.receipt_of(case, claim).await?;
        let file = attached.ok_or_else(|| {
            let hint = "attach it with `svala claim attach NUMBER FILE`, or import spend with --receipts";
            AppError::Usage(format!("no file of this claim's receipt is in the ledger: {hint}"))
        })?;
        let mut session = Session::new(self, Purpose::Check);
        session.load_cases([case]).await?;
        let mut bytes = Vec::new();
        for pieces in file.pieces.chunks(PIECES_READ) {
            for piece in session.open_pieces(case, pieces).await? {
                let erased = "the person of this claim was erased, and the receipt with them";
                bytes.extend(piece.ok_or_else(|| AppError::Usage(erased.into()))?);
            }
        }
        is_whole(&bytes, &file)?;
        Ok(bytes)
    }

    /// The claim that a receipt is kept with, which is that of the first share, and the file if it is there.
    async fn receipt_of(
        &self,
        case: CaseId,
        claim: ClaimId,
    ) -> Result<(CaseId, ClaimId, Option<ReceiptFile>), AppError> {
        let mut session = Session::new(self, Purpose::Check);
        session.load_cases([case]).await?;
        let known = |session: &Session<'_>, case, claim| {
            let known = session.case(case).and_then(|case| case.claims.get(&claim));
            known.cloned().ok_or_else(|| AppError::Usage("there is no such claim".into()))
        };
        let own = known(&session, case, claim)?;
        let of = own.shared.map(|shared| shared.of).filter(|of| *of != claim);
        let Some(of) = of else { return Ok((case, claim, own.receipt)) };
        let row = self.runner.row::<ClaimsProjection>(&of.to_string()).await?;
        let first =
            row.map(|row| row.case).ok_or_else(|| AppError::Usage("there is no such claim".into()))?;
        session.load_cases([first]).await?;
        let receipt = known(&session, first, of)?.receipt;
        Ok((first, of, receipt))
    }
}

impl Session<'_> {
    /// Opens pieces of a file about the person of a case, in their order; `None` where they were erased.
    async fn open_pieces(&self, case: CaseId, pieces: &[TextId]) -> Result<Vec<Option<Vec<u8>>>, AppError> {
        let ids: Vec<_> = pieces.iter().map(|piece| piece.0).collect();
        let sealed = self.ledger().store.texts(&ids).await?;
        let open = |text: Option<SealedText>| match text {
            Some(text) => self.open(case, &text.bytes),
            None => Ok(None),
        };
        sealed.into_iter().map(open).collect()
    }
}
