//! A folder of receipts: which file belongs to which row of spend.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use domain::claim::ReceiptFile;
use domain::ids::FileDigest;
use event_log::Hash;
use interchange::{RowError, SpendRow};

use super::At;
use crate::error::AppError;
use crate::receipts::{self, NoReceipt};

/// Most files of a folder that are looked at.
const FILES_MAX: usize = 100_000;
/// Characters that no file name may have on some system; `_` stands for each in the name of a receipt's file.
const UNUSABLE: [char; 9] = ['/', '\\', ':', '*', '?', '"', '<', '>', '|'];

/// The files of a folder by the receipt number that each is named after, whatever its ending.
pub struct ReceiptFolder {
    files: HashMap<String, Vec<PathBuf>>,
    /// The names under which links stand there: what a link leads to may lie anywhere, and be no receipt.
    links: HashSet<String>,
    found: Mutex<Found>,
}

/// What was found while the rows were read; a row may be read more than once.
#[derive(Default)]
struct Found {
    digests: HashMap<PathBuf, Result<FileDigest, NoReceipt>>,
    /// Files to attach, by the digest of their receipt, or of the part of it.
    wanted: BTreeMap<Hash, PathBuf>,
    missing: BTreeSet<u64>,
    /// The receipt that each file is of.
    taken: HashMap<PathBuf, Hash>,
}

impl ReceiptFolder {
    /// Lists a folder.
    ///
    /// # Errors
    /// It cannot be read, or has more than 100 000 files.
    pub fn open(folder: &Path) -> Result<Self, AppError> {
        let failed = || AppError::io(format!("the folder {} cannot be read", folder.display()));
        let (mut files, mut links) = (HashMap::<String, Vec<PathBuf>>::new(), HashSet::new());
        for (number, file) in std::fs::read_dir(folder).map_err(failed())?.enumerate() {
            let file = file.map_err(failed())?;
            let (path, kind) = (file.path(), file.file_type().map_err(failed())?);
            if number >= FILES_MAX {
                let message = format!(
                    "{} has more than {FILES_MAX} files: split the folder and the import",
                    folder.display()
                );
                return Err(AppError::Usage(message));
            }
            let Some(stem) = path.file_stem().and_then(|stem| stem.to_str()).map(str::to_owned) else {
                continue;
            };
            if kind.is_symlink() {
                links.insert(stem);
            } else if kind.is_file() {
                files.entry(stem).or_default().push(path);
            }
        }
        Ok(Self { files, links, found: Mutex::default() })
    }

    /// Finds the file of a row and holds it against what the row says and what is kept already; answers with what is wrong. A receipt
    /// without a file is only noted, unless the row promises one. It is attached to whoever has the second digest, which is
    /// that of the receipt or of a part of it.
    pub(super) fn look(
        &self,
        at: At,
        row: &SpendRow,
        [receipt, part]: [Hash; 2],
        attached: Option<&ReceiptFile>,
    ) -> Result<Option<RowError>, AppError> {
        let wrong = |rule, message: &str| Ok(Some(at.error("receipt_no", None, rule, message)));
        let named = named_after(row);
        if self.links.contains(&named) {
            let message =
                "The folder has a link in place of the file of this receipt. Put the file itself there.";
            return wrong("receipt.link", message);
        }
        let path = match self.files.get(&named).map_or(&[][..], Vec::as_slice) {
            [path] => path,
            [] if attached.is_some() => return Ok(None),
            [] if row.receipt_sha256.is_none() => {
                self.found().missing.insert(at.row);
                return Ok(None);
            }
            [] => {
                let message = "The row gives the SHA-256 of a receipt, but the folder has no file of it. Add the file, named by the receipt number.";
                return wrong("receipt.no-file", message);
            }
            _ => {
                let message = "The folder has several files of this receipt. Keep one of them.";
                return wrong("receipt.several-files", message);
            }
        };
        let sha256 = match self.digest(path)? {
            Ok(sha256) => sha256,
            Err(NoReceipt::Empty) => {
                return wrong(
                    "receipt.file-size",
                    "The file of this receipt is empty. Scan the receipt anew.",
                );
            }
            Err(NoReceipt::TooLarge) => {
                let message = "The file of this receipt is larger than 10 MiB. Scan it with fewer dots, or without colours.";
                return wrong("receipt.file-size", message);
            }
        };
        if row.receipt_sha256.is_some_and(|reported| reported != sha256.0) {
            let message = "The file of this receipt is not the one whose SHA-256 the row gives. Correct the row, or put the right file there.";
            return wrong("receipt.another-file", message);
        }
        match attached {
            Some(attached) if attached.sha256 != sha256 => {
                let message = "The ledger has another file of this receipt. A receipt is never overwritten.";
                wrong("receipt.another-file", message)
            }
            Some(_) => Ok(None),
            None => {
                let mut found = self.found();
                if *found.taken.entry(path.clone()).or_insert(receipt) != receipt {
                    let message = "The folder's file of this receipt number is another supplier's receipt in this import already. Import the two in files of their own, each with its folder.";
                    return wrong("receipt.ambiguous-file", message);
                }
                found.wanted.insert(part, path.clone());
                Ok(None)
            }
        }
    }

    /// The files to attach, by the digest of their receipt; and the rows that have none.
    pub(super) fn take(&self) -> (BTreeMap<Hash, PathBuf>, BTreeSet<u64>) {
        let mut found = self.found();
        (std::mem::take(&mut found.wanted), std::mem::take(&mut found.missing))
    }

    /// The SHA-256 of a file, computed once; what is attached later is held against it by its claim.
    fn digest(&self, path: &Path) -> Result<Result<FileDigest, NoReceipt>, AppError> {
        if let Some(digest) = self.found().digests.get(path) {
            return Ok(*digest);
        }
        let digest = receipts::read(path)?.map(|bytes| receipts::digest(&bytes));
        self.found().digests.insert(path.to_owned(), digest);
        Ok(digest)
    }

    fn found(&self) -> MutexGuard<'_, Found> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The name of the file of a row's receipt, without its ending.
fn named_after(row: &SpendRow) -> String {
    row.receipt_no.replace(UNUSABLE, "_")
}
