//! The RFC 6962 Merkle tree over all leaves, kept as its frontier.
//!
//! The frontier holds the root of each complete subtree, largest first: one hash for each bit that is set in the
//! number of leaves. Adding a leaf costs O(log N) hashes and reads nothing, so the head row alone carries it.
//!
//! [`ProofPath`] makes, and [`includes`] and [`extends`] check, the proofs of RFC 6962, 2.1.1 and 2.1.2.

mod path;

pub use path::{PROOF_HASHES_MAX, ProofPath, extends, includes};

use sha2::{Digest, Sha256};

use crate::envelope::Hash;

/// The complete subtrees of a tree of `size` leaves.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    subtrees: Vec<Hash>,
}

/// Bytes that are not the frontier of a tree of the size they are said to have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a tree of {size} leaves has a frontier of {expected} bytes, not {found}")]
pub struct BadFrontier {
    size: u64,
    expected: usize,
    found: usize,
}

impl Frontier {
    /// The tree without a leaf.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads the frontier of a tree of `size` leaves from [`Frontier::to_bytes`].
    pub fn from_bytes(size: u64, bytes: &[u8]) -> Result<Self, BadFrontier> {
        let expected = size.count_ones() as usize * 32;
        let (subtrees, rest) = bytes.as_chunks::<32>();
        if bytes.len() != expected || !rest.is_empty() {
            return Err(BadFrontier { size, expected, found: bytes.len() });
        }
        Ok(Self { size, subtrees: subtrees.to_vec() })
    }

    /// The subtree roots, largest first, 32 bytes each.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.subtrees.concat()
    }

    /// Number of leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Adds one leaf hash at the end.
    pub fn push(&mut self, leaf: Hash) {
        let mut root = leaf;
        // Each complete subtree of the size reached so far joins with its left neighbour of the same size.
        for _ in 0..self.size.trailing_ones() {
            let Some(left) = self.subtrees.pop() else { break };
            root = node(&left, &root);
        }
        self.subtrees.push(root);
        self.size += 1;
    }

    /// The Merkle tree hash (RFC 6962, 2.1): of no leaf, the hash of nothing.
    pub fn root(&self) -> Hash {
        match self.subtrees.split_last() {
            None => Sha256::digest([]).into(),
            Some((last, larger)) => larger.iter().rev().fold(*last, |right, left| node(left, &right)),
        }
    }
}

/// The hash of a leaf of any content: `SHA-256(0x00 ‖ content)`.
pub fn leaf(content: &[u8]) -> Hash {
    Sha256::new().chain_update([0]).chain_update(content).finalize().into()
}

/// The hash of an inner node: `SHA-256(0x01 ‖ left ‖ right)`.
fn node(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

#[cfg(test)]
mod tests {
    // Its fixtures serve the tests of the proofs too.
    use proptest::prelude::*;

    use super::*;
    use crate::hex;

    /// The definition in RFC 6962, 2.1, word for word: split at the largest power of two below n.
    pub(super) fn by_definition(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => Sha256::digest([]).into(),
            [leaf] => *leaf,
            _ => {
                let k = leaves.len().next_power_of_two() / 2;
                node(&by_definition(&leaves[..k]), &by_definition(&leaves[k..]))
            }
        }
    }

    /// The leaves of the tree that the RFC's reference implementation is tested with.
    pub(super) const REFERENCE_LEAVES: [&[u8]; 8] = [
        b"",
        b"\x00",
        b"\x10",
        b"\x20\x21",
        b"\x30\x31",
        b"\x40\x41\x42\x43",
        b"\x50\x51\x52\x53\x54\x55\x56\x57",
        b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
    ];

    /// The roots published with the RFC's reference implementation.
    #[test]
    fn published_vectors() {
        let roots = [
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ];
        let mut tree = Frontier::new();
        assert_eq!(
            hex::encode(&tree.root()),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
        for (input, root) in REFERENCE_LEAVES.iter().zip(roots) {
            tree.push(leaf(input));
            assert_eq!(hex::encode(&tree.root()), root);
        }
    }

    proptest! {
        #[test]
        fn agrees_with_the_definition_and_survives_storage(leaves in proptest::collection::vec(any::<Hash>(), 0..200)) {
            let mut tree = Frontier::new();
            for leaf in &leaves {
                tree.push(*leaf);
                // Store and load at every size.
                tree = Frontier::from_bytes(tree.size(), &tree.to_bytes()).unwrap();
            }
            prop_assert_eq!(tree.root(), by_definition(&leaves));
        }
    }

    #[test]
    fn a_frontier_of_the_wrong_length_is_refused() {
        assert!(Frontier::from_bytes(3, &[0; 64]).is_ok());
        for (size, length) in [(3, 32), (3, 63), (4, 64), (0, 32)] {
            assert!(Frontier::from_bytes(size, &vec![0; length]).is_err(), "{size} {length}");
        }
    }
}
