//! The key of one person, and the texts sealed under it.

use std::fmt;

use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::aead::{self, Content, NONCE_BYTES, TAG_BYTES};
use crate::padding::{pad, unpad};
use crate::secret::{SECRET_BYTES, Secret};
use crate::{Entropy, VaultError};

/// Longest text that is sealed, in bytes: free text and references, not documents.
pub const TEXT_BYTES_MAX: usize = 64 * 1024;

/// Length of a [`WrappedKey`]: nonce, key, tag.
pub const WRAPPED_KEY_BYTES: usize = NONCE_BYTES + SECRET_BYTES + TAG_BYTES;

/// The key of one person. It exists only wrapped ([`WrappedKey`]) and in memory, where it is wiped
/// when dropped; deleting the wrapped key makes all texts of the person unreadable for good.
#[derive(Debug)]
pub struct SubjectKey(Secret);

/// A person's key, encrypted under the ledger key. Safe to store; deleting it erases the person.
#[derive(Clone, PartialEq, Eq)]
pub struct WrappedKey(Vec<u8>);

/// An encrypted text and the name by which events refer to it.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed {
    /// SHA-256 of `bytes`.
    pub id: [u8; 32],
    /// Nonce (24 bytes) ‖ ciphertext with tag.
    pub bytes: Vec<u8>,
}

/// The name of sealed bytes: their SHA-256. It needs no key, so anyone can check a stored text
/// against the event that names it.
pub fn seal_id(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

impl SubjectKey {
    /// Encrypts a text about `subject`. The same text gives other bytes each time.
    ///
    /// # Errors
    /// [`VaultError::TextTooLong`] above [`TEXT_BYTES_MAX`]; [`VaultError::Entropy`].
    pub fn seal(
        &self,
        subject: Uuid,
        plaintext: &[u8],
        entropy: &mut dyn Entropy,
    ) -> Result<Sealed, VaultError> {
        if plaintext.len() > TEXT_BYTES_MAX {
            return Err(VaultError::TextTooLong);
        }
        let bytes = aead::encrypt(&self.0, subject, Content::Text, &pad(plaintext), entropy)?;
        Ok(Sealed { id: seal_id(&bytes), bytes })
    }

    /// Decrypts the bytes of a [`Sealed`] text about `subject`. The caller wipes the result.
    ///
    /// # Errors
    /// [`VaultError::TextUnreadable`] when key, person or any byte differs.
    pub fn open(&self, subject: Uuid, sealed: &[u8]) -> Result<Vec<u8>, VaultError> {
        let padded =
            aead::decrypt(&self.0, subject, Content::Text, sealed).ok_or(VaultError::TextUnreadable)?;
        unpad(&padded).map(<[u8]>::to_vec).ok_or(VaultError::TextUnreadable)
    }

    pub(crate) fn generate(entropy: &mut dyn Entropy) -> Result<Self, VaultError> {
        Secret::generate(entropy).map(Self)
    }

    pub(crate) fn wrap(
        &self,
        wrapping_key: &Secret,
        subject: Uuid,
        entropy: &mut dyn Entropy,
    ) -> Result<WrappedKey, VaultError> {
        aead::encrypt(wrapping_key, subject, Content::SubjectKey, self.0.expose(), entropy).map(WrappedKey)
    }

    pub(crate) fn unwrap(wrapping_key: &Secret, subject: Uuid, wrapped: &[u8]) -> Result<Self, VaultError> {
        let key = aead::decrypt(wrapping_key, subject, Content::SubjectKey, wrapped)
            .ok_or(VaultError::SubjectKeyUnreadable)?;
        let key = key.as_slice().try_into().map_err(|_| VaultError::SubjectKeyUnreadable)?;
        Ok(Self(Secret::from_bytes(key)))
    }
}

impl WrappedKey {
    /// The bytes to store: nonce (24) ‖ encrypted key (32) ‖ tag (16).
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The bytes to store, as an owned vector.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

impl fmt::Debug for WrappedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WrappedKey({} bytes)", self.0.len())
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed({} bytes)", self.bytes.len())
    }
}
