//! What can go wrong, and the exit code that says so.

use domain::{DecodeError, FoldError, Refusal};
use event_log::StoreError;
use event_log::verify::Damage;
use interchange::FileError;
use projection_runner::RunnerError;
use rulebook::RulebookErrors;
use vault::VaultError;

use crate::ledger::ATTEMPTS_MAX;

/// Why the application could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// A rule forbids it.
    #[error("refused: {0}")]
    Refused(#[from] Refusal),
    /// What was asked for does not exist or cannot be read.
    #[error("{0}")]
    Usage(String),
    /// A file that cannot be understood.
    #[error(transparent)]
    File(#[from] FileError),
    /// A rulebook that contradicts itself.
    #[error("the rulebook is not usable:\n{0}")]
    Rulebook(#[from] RulebookErrors),
    /// A check found damage.
    #[error("the ledger is damaged: {0}")]
    Damaged(#[from] Damage),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The read models.
    #[error(transparent)]
    Runner(#[from] RunnerError),
    /// The vault.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// An event that cannot be read.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// A history that contradicts itself.
    #[error(transparent)]
    Fold(#[from] FoldError),
    /// A file in the checkpoint folder that is no checkpoint of this ledger.
    #[error(
        "{file} is no checkpoint of this ledger: {why}; if it does not belong there, move it away, or name another folder with --checkpoints"
    )]
    BadCheckpoint {
        /// The file.
        file: String,
        /// What is wrong with it.
        why: String,
    },
    /// The checkpoint folder.
    #[error("the checkpoint folder {folder} cannot be {action}: {why}; name another with --checkpoints")]
    CheckpointFolder {
        /// The folder.
        folder: String,
        /// What was attempted: `read` or `written`.
        action: &'static str,
        /// The system's answer.
        why: std::io::Error,
    },
    /// An input or output failure.
    #[error("{what}: {why}")]
    Io {
        /// What was being done.
        what: String,
        /// The system's answer.
        why: std::io::Error,
    },
}

impl AppError {
    /// A command was decided again and again, and somebody else wrote first each time.
    pub(crate) fn always_second() -> Self {
        let why = format!("other writers were first in each of {ATTEMPTS_MAX} attempts");
        Self::Store(StoreError::Busy(why))
    }

    /// The program's exit code: 1 refused by a rule or check, 2 wrong usage or input, 3 damaged or unreachable.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Refused(_) => 1,
            Self::Usage(_) | Self::File(_) | Self::Rulebook(_) | Self::Io { .. } => 2,
            Self::Store(StoreError::AlreadyThere { .. }) | Self::Vault(VaultError::KeyFileExists { .. }) => 2,
            Self::Damaged(_)
            | Self::BadCheckpoint { .. }
            | Self::CheckpointFolder { .. }
            | Self::Store(_)
            | Self::Runner(_)
            | Self::Vault(_)
            | Self::Decode(_)
            | Self::Fold(_) => 3,
        }
    }

    /// What names something that is not there is wrong input: it is told at once, and nothing is recorded of it.
    pub(crate) fn not_there(refusal: Refusal) -> Self {
        Self::Usage(refusal.reasons.into_iter().map(|reason| reason.detail).collect::<Vec<_>>().join("; "))
    }

    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |why| Self::Io { what, why }
    }
}

impl From<event_log::canonical::NotCanonical> for AppError {
    fn from(error: event_log::canonical::NotCanonical) -> Self {
        Self::Store(StoreError::BadRequest(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_was_always_second_is_told_why_and_what_to_do() {
        let error = AppError::always_second();
        let told = error.to_string();
        assert!(told.contains("other writers were first in each of 500 attempts"), "{told}");
        assert!(told.contains("try again when they have finished"), "{told}");
        assert_eq!(error.exit_code(), 3);
    }
}
