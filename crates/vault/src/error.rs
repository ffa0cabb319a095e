//! What can go wrong, as a sentence with the fix. No variant carries a key or a text.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::subject_key::TEXT_BYTES_MAX;

/// Why the vault refused. `Display` is a sentence for the person who runs the ledger.
#[derive(Debug, Error)]
pub enum VaultError {
    /// The operating system gave no random bytes; nothing was made without them.
    #[error("The operating system gave no random bytes, so no key was made. Try again later.")]
    Entropy,
    /// A key file is never overwritten: every text depends on it.
    #[error(
        "{} exists already and was not touched: overwriting a key makes all texts unreadable. \
         Give another path.", path.display()
    )]
    KeyFileExists {
        /// The file.
        path: PathBuf,
    },
    /// There is no key file.
    #[error("There is no key file at {}. Restore it from your backup of the key, or give its path.", path.display())]
    KeyFileMissing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// Someone else than the owner may use the file.
    #[error(
        "The key file has mode {mode:04o}: others than its owner may use it. Run: chmod 600 {}", path.display()
    )]
    KeyFileOpenToOthers {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// A directory, device or pipe.
    #[error("{} is not a regular file. Give the path of the key file.", path.display())]
    KeyFileNotRegular {
        /// What was given.
        path: PathBuf,
    },
    /// Not the one line that a key file consists of.
    #[error(
        "{} is not a key file of this ledger, or it was damaged. Restore it from your backup of the key.",
        path.display()
    )]
    KeyFileFormat {
        /// The file.
        path: PathBuf,
    },
    /// The file system failed.
    #[error("The key file {} could not be {action}: {source}", path.display())]
    KeyFileIo {
        /// The file.
        path: PathBuf,
        /// What was attempted: `read` or `written`.
        action: &'static str,
        /// Why it failed.
        source: io::Error,
    },
    /// A person's key does not unwrap: other ledger key, other person, or altered bytes.
    #[error(
        "The key of this person cannot be opened: it was altered, belongs to another person, or the ledger \
         key is another one. Check the key file."
    )]
    SubjectKeyUnreadable,
    /// A text does not open: other key, other person, or altered bytes.
    #[error("The text cannot be opened: it was altered or belongs to another person. Run a verification.")]
    TextUnreadable,
    /// The text is longer than [`TEXT_BYTES_MAX`].
    #[error("The text is too long: at most {TEXT_BYTES_MAX} bytes. Shorten it.")]
    TextTooLong,
}
