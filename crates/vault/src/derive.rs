//! One key per purpose, derived from the ledger key, and keyed hashes.

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use sha2::digest::array::Array;
use zeroize::Zeroizing;

use crate::secret::Secret;

/// What a derived key is for. A label is part of the stored format and never changes.
#[derive(Clone, Copy)]
pub(crate) enum Purpose {
    KeyId,
    Wrap,
    BlindIndex,
    Fingerprint,
    Checkpoint,
}

impl Purpose {
    const fn label(self) -> &'static [u8] {
        match self {
            Self::KeyId => b"svala/1/key-id",
            Self::Wrap => b"svala/1/wrap",
            Self::BlindIndex => b"svala/1/blind-index",
            Self::Fingerprint => b"svala/1/fingerprint",
            Self::Checkpoint => b"svala/1/checkpoint",
        }
    }
}

/// HKDF-SHA256 (RFC 5869) of the ledger key, without salt, 32 bytes.
pub(crate) fn derive(ledger: &Secret, purpose: Purpose) -> Secret {
    let (extracted, _) = Hkdf::<Sha256>::extract(None, ledger.expose());
    let extracted = Secret::from_bytes(extracted.into());
    // Expand: 32 bytes are one block, T(1) = HMAC(PRK, info ‖ 0x01). The library's own function
    // takes any length and so can fail; this cannot. A test holds the two equal.
    let mut mac = keyed(&extracted);
    mac.update(purpose.label());
    mac.update(&[1]);
    Secret::from_bytes(mac.finalize().into_bytes().into())
}

/// HMAC-SHA256 under `key`.
pub(crate) fn keyed(key: &Secret) -> Hmac<Sha256> {
    const BLOCK_BYTES: usize = 64;
    // HMAC pads a short key with zeros to one block; a whole block is accepted without a `Result`.
    let mut block = Zeroizing::new([0; BLOCK_BYTES]);
    let secret = key.expose();
    block[..secret.len()].copy_from_slice(secret);
    let block: &Array<u8, _> = (&*block).into();
    Hmac::new(block)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derivation_is_hkdf_and_differs_by_purpose() {
        let ledger = Secret::from_bytes([7; 32]);
        let library = Hkdf::<Sha256>::new(None, ledger.expose());
        let mut seen = std::collections::BTreeSet::new();
        for purpose in
            [Purpose::KeyId, Purpose::Wrap, Purpose::BlindIndex, Purpose::Fingerprint, Purpose::Checkpoint]
        {
            let mut expected = [0; 32];
            library.expand(purpose.label(), &mut expected).unwrap();
            assert_eq!(derive(&ledger, purpose).expose(), &expected);
            assert!(seen.insert(expected));
        }
    }

    #[test]
    fn keyed_is_hmac_with_the_short_key() {
        let key = Secret::from_bytes([9; 32]);
        let mut ours = keyed(&key);
        let mut library = <Hmac<Sha256> as KeyInit>::new_from_slice(key.expose()).unwrap();
        ours.update(b"message");
        library.update(b"message");
        assert_eq!(ours.finalize().into_bytes(), library.finalize().into_bytes());
    }
}
