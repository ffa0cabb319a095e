//! The digest of a projection's rows: equal rows, equal digest, on every database.

use event_log::{Hash, hex};
use sha2::{Digest as _, Sha256};

/// SHA-256 over all rows in the order of their keys, each key and value with its length before it.
#[derive(Debug, Clone, Default)]
pub struct Digest {
    hash: Sha256,
    rows: u64,
}

impl Digest {
    /// Adds the next row.
    pub fn add(&mut self, key: &str, value: &[u8]) {
        for bytes in [key.as_bytes(), value] {
            self.hash.update((bytes.len() as u64).to_be_bytes());
            self.hash.update(bytes);
        }
        self.rows += 1;
    }

    /// Number of rows added.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// The digest of all rows added.
    pub fn value(&self) -> Hash {
        self.hash.clone().finalize().into()
    }

    /// The digest in hexadecimal.
    pub fn text(&self) -> String {
        hex::encode(&self.value())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_moved_from_key_to_value_changes_the_digest() {
        let mut one = Digest::default();
        one.add("ab", b"c");
        let mut other = Digest::default();
        other.add("a", b"bc");
        assert_ne!(one.value(), other.value());
    }
}
