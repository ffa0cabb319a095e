//! The folder of checkpoints that the command line names.

use std::path::{Path, PathBuf};

use app::Checkpoints;
use app::checkpoints::Folder;

use crate::output::{Failure, remark};

/// The folder given, or the one beside the key file: never inside the database, whose owner must not be able to change
/// both.
pub fn folder(given: Option<&Path>, key_file: &Path) -> PathBuf {
    given.map_or_else(|| key_file.with_extension("checkpoints"), Path::to_owned)
}

/// Checkpoints in a folder; what goes wrong with them is told on stderr.
pub fn at(folder: &Path) -> Checkpoints {
    Checkpoints::new(Folder::at(folder), |warning| remark(format!("warning: {warning}")))
}

/// A new ledger must not begin in the folder of another: it could not be told from one that was exchanged.
pub fn refuse_used(folder: &Path) -> Result<(), Failure> {
    if Folder::at(folder).list()?.is_empty() {
        return Ok(());
    }
    Err(Failure::usage(format!(
        "the folder {} holds checkpoints of another ledger: move it away, or name another with --checkpoints; nothing was created",
        folder.display()
    )))
}
