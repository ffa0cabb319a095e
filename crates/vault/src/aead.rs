//! XChaCha20-Poly1305 bound to a person and a purpose. Output: nonce (24) ‖ ciphertext ‖ tag (16).

use chacha20poly1305::aead::AeadInOut;
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::secret::Secret;
use crate::{Entropy, VaultError};

/// A nonce of 192 bits may be random for any number of messages under one key.
pub(crate) const NONCE_BYTES: usize = 24;
pub(crate) const TAG_BYTES: usize = 16;

/// What the bytes are; authenticated with them, so that one kind never passes for the other.
#[derive(Clone, Copy)]
pub(crate) enum Content {
    SubjectKey,
    Text,
}

impl Content {
    /// Fixed length together with the id, so that no two pairs give the same bytes.
    const fn label(self) -> [u8; 16] {
        *match self {
            Self::SubjectKey => b"svala/1/subject\0",
            Self::Text => b"svala/1/text\0\0\0\0",
        }
    }

    fn associated_data(self, subject: Uuid) -> [u8; 32] {
        let mut bytes = [0; 32];
        bytes[..16].copy_from_slice(&self.label());
        bytes[16..].copy_from_slice(subject.as_bytes());
        bytes
    }
}

/// Encrypts `plaintext`. The only error of the cipher itself is too long a text.
pub(crate) fn encrypt(
    key: &Secret,
    subject: Uuid,
    content: Content,
    plaintext: &[u8],
    entropy: &mut dyn Entropy,
) -> Result<Vec<u8>, VaultError> {
    let mut nonce = [0; NONCE_BYTES];
    entropy.fill(&mut nonce)?;
    // Room for the tag from the start: growing would leave a copy of the plaintext behind.
    let mut buffer = Zeroizing::new(Vec::with_capacity(plaintext.len() + TAG_BYTES));
    buffer.extend_from_slice(plaintext);
    let cipher = XChaCha20Poly1305::new(key.expose().into());
    let associated_data = content.associated_data(subject);
    cipher
        .encrypt_in_place(&XNonce::from(nonce), &associated_data, &mut *buffer)
        .map_err(|_| VaultError::TextTooLong)?;
    Ok([nonce.as_slice(), &buffer].concat())
}

/// Decrypts what [`encrypt`] made; `None` when key, person, purpose or bytes differ.
pub(crate) fn decrypt(
    key: &Secret,
    subject: Uuid,
    content: Content,
    bytes: &[u8],
) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, ciphertext) = bytes.split_first_chunk::<NONCE_BYTES>()?;
    let mut buffer = Zeroizing::new(ciphertext.to_vec());
    let cipher = XChaCha20Poly1305::new(key.expose().into());
    cipher.decrypt_in_place(nonce.into(), &content.associated_data(subject), &mut *buffer).ok()?;
    Some(buffer)
}
