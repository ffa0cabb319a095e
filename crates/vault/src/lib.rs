//! Personal data apart from the log: a key per person, wrapped by the ledger's key.
//!
//! Free text and external references never enter an event. They are sealed under the key of the
//! person they are about ([`SubjectKey::seal`]); the event names only [`Sealed::id`], the SHA-256 of
//! the sealed bytes. So a swapped or altered text is found without any key, and destroying a
//! person's key makes their texts unreadable and changes no hash.
//!
//! ```text
//! ledger key (a 0600 file beside the database)
//!   ├─ HKDF ─ key id ......... in the database, tells a wrong key file
//!   ├─ HKDF ─ blind index .... finds equal values without storing them
//!   ├─ HKDF ─ fingerprint .... recognises a repeated request
//!   ├─ HKDF ─ Ed25519 ........ signs checkpoints of the log
//!   └─ HKDF ─ wrapping key ─ XChaCha20-Poly1305 ─ subject key, one per person
//!                                                   └─ XChaCha20-Poly1305 ─ texts
//! ```
//!
//! **Length.** Texts are padded to a multiple of [`PADDING_BYTES`] before they are sealed (0x80, then
//! zeros, as in ISO/IEC 7816-4), because sealed bytes outlive the key in backups, and an exact length
//! can tell "yes" from "no" or give away a name. What remains visible is the length in steps of 64.
//!
//! **Secrets in memory** are wiped when dropped and never printed. Storage is elsewhere; this crate
//! touches no file but the key file.

mod aead;
mod derive;
mod entropy;
mod error;
mod key_file;
mod ledger_key;
mod padding;
mod secret;
mod subject_key;

pub use entropy::{Entropy, OsEntropy};
pub use error::VaultError;
pub use key_file::KEY_FILE_BYTES_MAX;
pub use ledger_key::LedgerKey;
pub use padding::PADDING_BYTES;
pub use subject_key::{Sealed, SubjectKey, TEXT_BYTES_MAX, WRAPPED_KEY_BYTES, WrappedKey, seal_id};
