//! Proofs about the tree: that one leaf is in it, and that it continues an older one.
//!
//! Both are the roots of a few ranges of leaves that do not overlap. So a proof is made in one pass over the leaf
//! hashes, with no more memory than the frontiers of those ranges.

use std::ops::Range;

use super::{Frontier, node};
use crate::envelope::Hash;

/// The longest proof: one hash for each level of the largest tree, and one more.
pub const PROOF_HASHES_MAX: usize = 65;

/// The hashes of a proof, being computed from all leaves of the tree in order.
#[derive(Debug, Clone)]
pub struct ProofPath {
    size: u64,
    seen: u64,
    /// In the order of the proof.
    parts: Vec<(Range<u64>, Frontier)>,
    /// Indices of `parts`, the one that begins last first.
    waiting: Vec<usize>,
}

impl ProofPath {
    /// The proof that the leaf with this index, counted from 0, is in a tree of `size` leaves (RFC 6962, 2.1.1);
    /// `None` if it is not.
    pub fn inclusion(index: u64, size: u64) -> Option<Self> {
        let (mut range, mut siblings) = (0..size, Vec::new());
        if index >= size {
            return None;
        }
        while range.end - range.start > 1 {
            let middle = middle(&range);
            if index < middle {
                siblings.push(middle..range.end);
                range.end = middle;
            } else {
                siblings.push(range.start..middle);
                range.start = middle;
            }
        }
        Some(Self::of(size, siblings))
    }

    /// The proof that a tree of `size` leaves continues one of `old` leaves (RFC 6962, 2.1.2); `None` if it is shorter.
    pub fn consistency(old: u64, size: u64) -> Option<Self> {
        let (mut range, mut roots) = (0..size, Vec::new());
        if old > size {
            return None;
        }
        // Every tree continues the one without leaves.
        while old > 0 && old < range.end {
            let middle = middle(&range);
            if old <= middle {
                roots.push(middle..range.end);
                range.end = middle;
            } else {
                roots.push(range.start..middle);
                range.start = middle;
            }
        }
        // The whole old tree is known to whoever checks; a part of it is not.
        if range.start > 0 {
            roots.push(range);
        }
        Some(Self::of(size, roots))
    }

    /// Ranges from the root downwards; a proof begins at the bottom.
    fn of(size: u64, mut ranges: Vec<Range<u64>>) -> Self {
        ranges.reverse();
        let mut waiting: Vec<usize> = (0..ranges.len()).collect();
        waiting.sort_unstable_by_key(|index| std::cmp::Reverse(ranges[*index].start));
        let parts = ranges.into_iter().map(|range| (range, Frontier::new())).collect();
        Self { size, seen: 0, parts, waiting }
    }

    /// Takes the next leaf hash; those past the end of the tree are passed over.
    pub fn push(&mut self, leaf: Hash) {
        let at = self.seen;
        self.seen += 1;
        let Some((range, frontier)) = self.waiting.last().map(|index| &mut self.parts[*index]) else {
            return;
        };
        if range.contains(&at) {
            frontier.push(leaf);
        }
        if self.seen == range.end {
            self.waiting.pop();
        }
    }

    /// The proof; `None` unless all leaves were given.
    pub fn finish(self) -> Option<Vec<Hash>> {
        let all = self.seen >= self.size;
        all.then(|| self.parts.iter().map(|(_, frontier)| frontier.root()).collect())
    }
}

/// Where a tree over a range of two leaves or more is divided: at the largest power of two below their number.
fn middle(range: &Range<u64>) -> u64 {
    let leaves = range.end - range.start;
    range.start + (1 << (leaves - 1).ilog2())
}

/// Whether `path` proves that `leaf` has this index, counted from 0, in the tree of `size` leaves with this root
/// (RFC 9162, 2.1.3.2).
pub fn includes(root: &Hash, size: u64, index: u64, leaf: &Hash, path: &[Hash]) -> bool {
    if index >= size {
        return false;
    }
    let (mut place, mut last, mut computed) = (index, size - 1, *leaf);
    for sibling in path {
        if last == 0 {
            return false;
        }
        if place & 1 == 1 || place == last {
            computed = node(sibling, &computed);
            climb(&mut place, &mut last);
        } else {
            computed = node(&computed, sibling);
        }
        place >>= 1;
        last >>= 1;
    }
    last == 0 && computed == *root
}

/// Whether `path` proves that the tree of `size` leaves with this root continues the older one
/// (RFC 9162, 2.1.4.2).
pub fn extends(root: &Hash, size: u64, old_root: &Hash, old: u64, path: &[Hash]) -> bool {
    if old >= size || old == 0 {
        let same = old == size && old_root == root;
        let from_nothing = old == 0 && *old_root == Frontier::new().root();
        return path.is_empty() && (same || from_nothing);
    }
    // A complete old tree is a node of the new one; the proof leaves it out.
    let complete = old.is_power_of_two().then_some(old_root);
    let mut path = complete.into_iter().chain(path);
    let Some(first) = path.next() else { return false };
    let (mut place, mut last) = (old - 1, size - 1);
    let levels = place.trailing_ones();
    place >>= levels;
    last >>= levels;
    let (mut computed_old, mut computed) = (*first, *first);
    for hash in path {
        if last == 0 {
            return false;
        }
        if place & 1 == 1 || place == last {
            computed_old = node(hash, &computed_old);
            computed = node(hash, &computed);
            climb(&mut place, &mut last);
        } else {
            computed = node(&computed, hash);
        }
        place >>= 1;
        last >>= 1;
    }
    last == 0 && computed_old == *old_root && computed == *root
}

/// Past the levels on which the last node has no sibling of its own.
fn climb(place: &mut u64, last: &mut u64) {
    while *place & 1 == 0 && *place != 0 {
        *place >>= 1;
        *last >>= 1;
    }
}

#[cfg(test)]
mod tests {
    use ct_merkle::mem_backed_tree::MemoryBackedTree;
    use proptest::prelude::*;
    use sha2::Sha256;

    use super::super::leaf;
    use super::super::tests::{REFERENCE_LEAVES, by_definition};
    use super::*;
    use crate::hex;

    fn made(path: Option<ProofPath>, leaves: &[Hash]) -> Vec<Hash> {
        let mut path = path.unwrap();
        leaves.iter().for_each(|leaf| path.push(*leaf));
        path.finish().unwrap()
    }

    /// Audit and consistency paths published with the RFC's reference implementation.
    #[test]
    fn published_vectors() {
        const A: &str = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7";
        const B: &str = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e";
        const C: &str = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4";
        const D: &str = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b";
        const E: &str = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0";
        const F: &str = "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7";
        const G: &str = "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125";
        const H: &str = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d";
        const I: &str = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a";
        const J: &str = "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f";
        let leaves: Vec<Hash> = REFERENCE_LEAVES.iter().map(|content| leaf(content)).collect();
        let root = |size: u64| by_definition(&leaves[..size as usize]);
        let inclusion: [(u64, u64, &[&str]); 6] = [
            (0, 1, &[]),
            (0, 8, &[A, B, C]),
            (5, 8, &[D, E, F]),
            (2, 3, &[G]),
            (1, 5, &[H, B, D]),
            (1, 2, &[H]),
        ];
        for (index, size, expected) in inclusion {
            let path = made(ProofPath::inclusion(index, size), &leaves);
            assert_eq!(
                path.iter().map(|h| hex::encode(h)).collect::<Vec<_>>(),
                expected,
                "{index} of {size}"
            );
            assert!(includes(&root(size), size, index, &leaves[index as usize], &path), "{index} of {size}");
        }
        let consistency: [(u64, u64, &[&str]); 5] =
            [(1, 1, &[]), (1, 8, &[A, B, C]), (6, 8, &[I, E, F]), (2, 5, &[B, D]), (6, 7, &[I, J, F])];
        for (old, size, expected) in consistency {
            let path = made(ProofPath::consistency(old, size), &leaves);
            assert_eq!(path.iter().map(|h| hex::encode(h)).collect::<Vec<_>>(), expected, "{old} to {size}");
            assert!(extends(&root(size), size, &root(old), old, &path), "{old} to {size}");
        }
    }

    /// All proofs of all small trees, as another library makes and checks them.
    #[test]
    fn another_library_makes_and_accepts_the_same_proofs() {
        let contents: Vec<Vec<u8>> = (0..70_u8).map(|n| vec![n; usize::from(n % 5)]).collect();
        let leaves: Vec<Hash> = contents.iter().map(|content| leaf(content)).collect();
        let mut theirs = MemoryBackedTree::<Sha256, Vec<u8>>::new();
        let mut roots = Vec::new();
        for (size, content) in (1..).zip(&contents) {
            theirs.push(content.clone());
            let root = theirs.root();
            assert_eq!(root.as_bytes().as_slice(), by_definition(&leaves[..size]));
            for index in 0..size {
                let ours = made(ProofPath::inclusion(index as u64, size as u64), &leaves);
                let proof = theirs.prove_inclusion(index);
                assert_eq!(proof.as_bytes(), ours.concat(), "{index} of {size}");
                assert!(includes(
                    &by_definition(&leaves[..size]),
                    size as u64,
                    index as u64,
                    &leaves[index],
                    &ours
                ));
            }
            roots.push(root);
            for old in 1..size {
                let ours = made(ProofPath::consistency(old as u64, size as u64), &leaves);
                let proof = theirs.prove_consistency(size - old);
                assert_eq!(proof.as_bytes(), ours.concat(), "{old} to {size}");
                assert!(roots[size - 1].verify_consistency(&roots[old - 1], &proof).is_ok());
                let (new_root, old_root) = (by_definition(&leaves[..size]), by_definition(&leaves[..old]));
                assert!(extends(&new_root, size as u64, &old_root, old as u64, &ours), "{old} to {size}");
            }
        }
    }

    #[test]
    fn there_is_no_proof_of_what_is_not_in_the_tree() {
        for (index, size) in [(0, 0), (3, 3), (u64::MAX, 3)] {
            assert!(ProofPath::inclusion(index, size).is_none(), "{index} of {size}");
            assert!(!includes(&[0; 32], size, index, &[0; 32], &[]), "{index} of {size}");
        }
        assert!(ProofPath::consistency(4, 3).is_none());
        assert!(!extends(&[0; 32], 3, &[0; 32], 4, &[]));
        let mut short = ProofPath::inclusion(0, 3).unwrap();
        short.push([0; 32]);
        short.push([0; 32]);
        assert_eq!(short.finish(), None, "a leaf is missing");
    }

    #[test]
    fn the_longest_proofs_are_bounded() {
        let of = |path: Option<ProofPath>| path.unwrap().parts.len();
        assert!(of(ProofPath::inclusion(0, u64::MAX)) <= PROOF_HASHES_MAX);
        assert!(of(ProofPath::consistency(u64::MAX - 1, u64::MAX)) <= PROOF_HASHES_MAX);
        assert!(!includes(&[0; 32], u64::MAX, 0, &[0; 32], &[[0; 32]; PROOF_HASHES_MAX + 1]));
    }

    /// Another hash at one place.
    fn altered(hash: &Hash) -> Hash {
        let mut hash = *hash;
        hash[7] ^= 1;
        hash
    }

    proptest! {
        #[test]
        fn a_proof_holds_for_exactly_what_it_says(leaves in proptest::collection::vec(any::<Hash>(), 1..150), a: u64, b: u64) {
            let size = leaves.len() as u64;
            let (index, old) = (a % size, b % (size + 1));
            let root = by_definition(&leaves);
            let leaf = &leaves[index as usize];

            let path = made(ProofPath::inclusion(index, size), &leaves);
            prop_assert!(includes(&root, size, index, leaf, &path));
            prop_assert!(!includes(&altered(&root), size, index, leaf, &path));
            prop_assert!(!includes(&root, size, index, &altered(leaf), &path));
            for other in 0..size {
                prop_assert_eq!(includes(&root, size, other, leaf, &path), other == index);
            }
            for place in 0..path.len() {
                let mut wrong = path.clone();
                wrong[place] = altered(&wrong[place]);
                prop_assert!(!includes(&root, size, index, leaf, &wrong));
                wrong.remove(place);
                prop_assert!(!includes(&root, size, index, leaf, &wrong));
            }
            let longer: Vec<Hash> = path.iter().copied().chain([[0; 32]]).collect();
            prop_assert!(!includes(&root, size, index, leaf, &longer));

            let path = made(ProofPath::consistency(old, size), &leaves);
            let old_root = by_definition(&leaves[..old as usize]);
            prop_assert!(extends(&root, size, &old_root, old, &path));
            prop_assert!(!extends(&root, size, &altered(&old_root), old, &path));
            prop_assert!(old == 0 || !extends(&altered(&root), size, &old_root, old, &path));
            for place in 0..path.len() {
                let mut wrong = path.clone();
                wrong[place] = altered(&wrong[place]);
                prop_assert!(!extends(&root, size, &old_root, old, &wrong));
                wrong.remove(place);
                prop_assert!(!extends(&root, size, &old_root, old, &wrong));
            }
            let longer: Vec<Hash> = path.iter().copied().chain([[0; 32]]).collect();
            prop_assert!(!extends(&root, size, &old_root, old, &longer));
        }

        #[test]
        fn no_claim_makes_the_checks_panic(root: Hash, size: u64, other: u64, path in proptest::collection::vec(any::<Hash>(), 0..70)) {
            prop_assert!(!includes(&root, size, other, &[1; 32], &path) || path.is_empty());
            extends(&root, size, &[1; 32], other, &path);
        }
    }
}
