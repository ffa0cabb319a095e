//! 32 bytes that are wiped when dropped and never printed.

use std::fmt;

use zeroize::{Zeroize, Zeroizing};

use crate::{Entropy, VaultError};

pub(crate) const SECRET_BYTES: usize = 32;

/// On the heap, so that moving the secret leaves no copy behind.
pub(crate) struct Secret(Box<[u8; SECRET_BYTES]>);

impl Secret {
    pub(crate) fn generate(entropy: &mut dyn Entropy) -> Result<Self, VaultError> {
        let mut secret = Self(Box::new([0; SECRET_BYTES]));
        entropy.fill(secret.0.as_mut_slice())?;
        Ok(secret)
    }

    pub(crate) fn from_bytes(bytes: [u8; SECRET_BYTES]) -> Self {
        let bytes = Zeroizing::new(bytes);
        Self(Box::new(*bytes))
    }

    pub(crate) fn expose(&self) -> &[u8; SECRET_BYTES] {
        &self.0
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("redacted")
    }
}
