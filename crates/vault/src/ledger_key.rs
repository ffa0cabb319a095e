//! The one secret of a ledger, and what is derived from it.

use std::fmt;
use std::path::Path;

use ed25519_dalek::{Signer, SigningKey};
use hmac::Mac;
use uuid::Uuid;

use crate::derive::{Purpose, derive, keyed};
use crate::secret::Secret;
use crate::{Entropy, OsEntropy, SubjectKey, VaultError, WrappedKey, key_file};

/// The secret of one ledger: 32 bytes, wiped when dropped, never printed.
///
/// Whoever loses it loses every text and reference; balances and hashes do not depend on it.
pub struct LedgerKey {
    secret: Secret,
    // Derived once: an import asks for thousands of digests.
    blind_index: Secret,
    fingerprint: Secret,
    wrap: Secret,
}

impl fmt::Debug for LedgerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LedgerKey(redacted)")
    }
}

impl LedgerKey {
    fn new(secret: Secret) -> Self {
        Self {
            blind_index: derive(&secret, Purpose::BlindIndex),
            fingerprint: derive(&secret, Purpose::Fingerprint),
            wrap: derive(&secret, Purpose::Wrap),
            secret,
        }
    }

    /// A new random key.
    ///
    /// # Errors
    /// [`VaultError::Entropy`] when the operating system gives no random bytes.
    pub fn generate() -> Result<Self, VaultError> {
        Self::generate_from(&mut OsEntropy)
    }

    /// A new key from `entropy`.
    ///
    /// # Errors
    /// [`VaultError::Entropy`] when there are no random bytes.
    pub fn generate_from(entropy: &mut dyn Entropy) -> Result<Self, VaultError> {
        Secret::generate(entropy).map(Self::new)
    }

    /// The key with exactly these bytes. The caller wipes its own copy.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self::new(Secret::from_bytes(bytes))
    }

    /// Writes the key to a new file that only its owner can read (mode 0600 from the start), and
    /// waits until file and directory are on disk.
    ///
    /// # Errors
    /// [`VaultError::KeyFileExists`]: a file is never overwritten. [`VaultError::KeyFileIo`]: an
    /// incomplete file may be left behind; no key in it was ever used.
    pub fn create_file(&self, path: &Path) -> Result<(), VaultError> {
        key_file::create(path, &self.secret)
    }

    /// Reads a key that [`LedgerKey::create_file`] wrote.
    ///
    /// # Errors
    /// `KeyFileMissing`, `KeyFileNotRegular`, `KeyFileOpenToOthers` (any permission for group or
    /// others; checked on Unix only), `KeyFileFormat` or `KeyFileIo`. None of them shows contents.
    pub fn read_file(path: &Path) -> Result<Self, VaultError> {
        key_file::read(path).map(Self::new)
    }

    /// Public name of the key: stored in the database, it tells a wrong key file from a right one.
    pub fn key_id(&self) -> [u8; 16] {
        let mut id = [0; 16];
        id.copy_from_slice(&derive(&self.secret, Purpose::KeyId).expose()[..16]);
        id
    }

    /// The public half of the key that signs checkpoints (Ed25519).
    pub fn checkpoint_key(&self) -> [u8; 32] {
        self.signing_key().verifying_key().to_bytes()
    }

    /// Signs the text of a checkpoint (Ed25519, RFC 8032): the same text always gets the same signature.
    pub fn sign_checkpoint(&self, text: &[u8]) -> [u8; 64] {
        self.signing_key().sign(text).to_bytes()
    }

    /// Checkpoints are rare: derived when one is signed, wiped after it.
    fn signing_key(&self) -> SigningKey {
        SigningKey::from_bytes(derive(&self.secret, Purpose::Checkpoint).expose())
    }

    /// A keyed hash by which equal values are found without being stored. It depends on `scope`
    /// (what kind of value) and on where each part ends.
    pub fn blind_index(&self, scope: &str, parts: &[&str]) -> [u8; 32] {
        let mut mac = keyed(&self.blind_index);
        for part in std::iter::once(&scope).chain(parts) {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part.as_bytes());
        }
        mac.finalize().into_bytes().into()
    }

    /// A keyed hash of a whole request, by which a repeated one is recognised.
    pub fn fingerprint(&self, bytes: &[u8]) -> [u8; 32] {
        let mut mac = keyed(&self.fingerprint);
        mac.update(bytes);
        mac.finalize().into_bytes().into()
    }

    /// A new key for `subject`, and the same key wrapped for storage.
    ///
    /// # Errors
    /// [`VaultError::Entropy`] when there are no random bytes.
    pub fn new_subject_key(
        &self,
        subject: Uuid,
        entropy: &mut dyn Entropy,
    ) -> Result<(SubjectKey, WrappedKey), VaultError> {
        let key = SubjectKey::generate(entropy)?;
        let wrapped = key.wrap(&self.wrap, subject, entropy)?;
        Ok((key, wrapped))
    }

    /// The key of `subject` from its wrapped bytes.
    ///
    /// # Errors
    /// [`VaultError::SubjectKeyUnreadable`] when ledger key, person or any byte differs.
    pub fn unwrap(&self, subject: Uuid, wrapped: &[u8]) -> Result<SubjectKey, VaultError> {
        SubjectKey::unwrap(&self.wrap, subject, wrapped)
    }
}
