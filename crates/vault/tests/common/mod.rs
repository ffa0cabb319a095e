//! Entropy for tests.

#![allow(dead_code, reason = "each test file uses its part")]

use vault::{Entropy, VaultError};

/// Bytes that differ at every call but are the same in every run.
pub struct SeededEntropy(pub u64);

impl Entropy for SeededEntropy {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), VaultError> {
        for byte in bytes {
            // SplitMix64
            self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            *byte = (mixed >> 56) as u8;
        }
        Ok(())
    }
}

/// Gives bytes for `fills` calls, then fails.
pub struct ExhaustedEntropy {
    pub fills: usize,
}

impl Entropy for ExhaustedEntropy {
    fn fill(&mut self, _: &mut [u8]) -> Result<(), VaultError> {
        self.fills = self.fills.checked_sub(1).ok_or(VaultError::Entropy)?;
        Ok(())
    }
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
