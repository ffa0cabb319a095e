//! Where keys and nonces come from.

use crate::VaultError;

/// A source of unpredictable bytes. Tests use a seeded one; everything else uses [`OsEntropy`].
pub trait Entropy {
    /// Fills all of `bytes`.
    ///
    /// # Errors
    /// [`VaultError::Entropy`] when there are no random bytes; `bytes` must not be used then.
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), VaultError>;
}

/// The operating system's random generator.
#[derive(Clone, Copy, Debug, Default)]
pub struct OsEntropy;

impl Entropy for OsEntropy {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), VaultError> {
        getrandom::fill(bytes).map_err(|_| VaultError::Entropy)
    }
}
