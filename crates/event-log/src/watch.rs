//! Holding a log against the checkpoints that are known of it.

use std::collections::BTreeMap;

use crate::checkpoint::Checkpoint;
use crate::envelope::Hash;
use crate::hex;
use crate::merkle::Frontier;
use crate::verify::Damage;

/// A checkpoint, and what to call it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownCheckpoint {
    /// The checkpoint, whose signature was checked.
    pub checkpoint: Checkpoint,
    /// Where it came from, such as the name of its file.
    pub name: String,
}

impl KnownCheckpoint {
    /// The name, and when it was written.
    pub fn described(&self) -> String {
        match self.checkpoint.time {
            Some(time) => format!("the checkpoint {} of {time}", self.name),
            None => format!("the checkpoint {}", self.name),
        }
    }

    /// The log has less events than this checkpoint knows.
    pub fn is_ahead(&self, log: u64) -> Damage {
        Damage::Behind { log, size: self.checkpoint.size, checkpoint: self.described() }
    }

    /// The log has as many events or more, and another history.
    pub fn is_not_continued(&self, log: u64) -> Damage {
        Damage::NotContinued { log, size: self.checkpoint.size, checkpoint: self.described() }
    }
}

/// Compares the roots of a growing tree with those of known checkpoints.
///
/// The tree is shown at every size that [`CheckpointWatch::next`] asks for, and at the end of the log.
#[derive(Debug, Default)]
pub struct CheckpointWatch {
    ahead: BTreeMap<u64, Vec<KnownCheckpoint>>,
    agreed: Option<KnownCheckpoint>,
    checked: u64,
}

impl CheckpointWatch {
    /// A watch for these checkpoints, in any order.
    pub fn new(known: impl IntoIterator<Item = KnownCheckpoint>) -> Self {
        let mut ahead: BTreeMap<u64, Vec<KnownCheckpoint>> = BTreeMap::new();
        for known in known {
            ahead.entry(known.checkpoint.size).or_default().push(known);
        }
        Self { ahead, ..Self::default() }
    }

    /// The size at which the tree's root is wanted next.
    pub fn next(&self) -> Option<u64> {
        self.ahead.first_key_value().map(|(size, _)| *size)
    }

    /// Shows the tree. At a size that no checkpoint is about nothing happens.
    ///
    /// # Errors
    /// [`Damage::Rewritten`] if a checkpoint knows another root.
    pub fn at(&mut self, tree: &Frontier) -> Result<(), Damage> {
        for known in self.ahead.remove(&tree.size()).unwrap_or_default() {
            let computed = tree.root();
            if known.checkpoint.root != computed {
                return Err(self.rewritten(&known, &computed));
            }
            self.checked += 1;
            self.agreed = Some(known);
        }
        Ok(())
    }

    /// Shows the end of the log; answers how many checkpoints agreed, and the last of them.
    ///
    /// # Errors
    /// [`Damage::Behind`] if a checkpoint knows more events.
    pub fn finish(self, size: u64) -> Result<(u64, Option<KnownCheckpoint>), Damage> {
        match self.ahead.range(size + 1..).next_back().and_then(|(_, known)| known.first()) {
            Some(known) => Err(known.is_ahead(size)),
            None => Ok((self.checked, self.agreed)),
        }
    }

    fn rewritten(&self, known: &KnownCheckpoint, computed: &Hash) -> Damage {
        // Of two that contradict each other about as many events, the one that agrees says nothing of those before.
        let until = known.checkpoint.size;
        let agreed = self.agreed.as_ref().filter(|agreed| agreed.checkpoint.size < until);
        Damage::Rewritten {
            after: agreed.map_or(0, |known| known.checkpoint.size),
            until,
            checkpoint: known.described(),
            root: hex::encode(&known.checkpoint.root),
            computed: hex::encode(computed),
            agreed: match agreed {
                Some(agreed) => format!("{} still agrees", agreed.described()),
                None => "no earlier checkpoint is known".into(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(leaves: impl IntoIterator<Item = u8>) -> Frontier {
        let mut tree = Frontier::new();
        leaves.into_iter().for_each(|leaf| tree.push([leaf; 32]));
        tree
    }

    fn known(size: u8) -> KnownCheckpoint {
        let frontier = tree(0..size);
        let time = Some("2026-11-22T00:32:55Z".parse().unwrap());
        let checkpoint = Checkpoint {
            origin: "o".into(),
            size: size.into(),
            root: frontier.root(),
            time,
            frontier: Some(frontier),
        };
        KnownCheckpoint { checkpoint, name: format!("{size}.checkpoint") }
    }

    fn watched(known: Vec<KnownCheckpoint>, leaves: impl IntoIterator<Item = u8>) -> Result<u64, Damage> {
        let (mut watch, mut tree) = (CheckpointWatch::new(known), Frontier::new());
        for leaf in leaves {
            tree.push([leaf; 32]);
            if watch.next() == Some(tree.size()) {
                watch.at(&tree)?;
            }
        }
        Ok(watch.finish(tree.size())?.0)
    }

    #[test]
    fn an_untouched_log_agrees_with_all_checkpoints() {
        assert_eq!(watched(vec![known(5), known(2), known(5), known(9)], 0..9), Ok(4));
        assert_eq!(watched(vec![known(2)], 0..9), Ok(1));
        assert_eq!(watched(Vec::new(), 0..9), Ok(0));
    }

    #[test]
    fn a_rewritten_history_lies_between_the_last_that_agrees_and_the_first_that_does_not() {
        // Events 5 and 6 were exchanged, and everything after them hashed anew.
        let found =
            watched(vec![known(2), known(4), known(5), known(8)], [0, 1, 2, 3, 5, 4, 6, 7]).unwrap_err();
        let said = found.to_string();
        assert!(matches!(found, Damage::Rewritten { after: 4, until: 5, .. }), "{said}");
        assert!(said.contains("the checkpoint 5.checkpoint of 2026-11-22T00:32:55Z"), "{said}");
        assert!(said.contains("4.checkpoint of 2026-11-22T00:32:55Z still agrees"), "{said}");
        let other = KnownCheckpoint {
            checkpoint: Checkpoint { root: tree([9, 9]).root(), ..known(2).checkpoint },
            name: "other".into(),
        };
        let contradicted = watched(vec![known(1), known(2), other], [0, 1]).unwrap_err();
        assert!(matches!(contradicted, Damage::Rewritten { after: 0, until: 2, .. }), "{contradicted}");
        let first = watched(vec![known(2)], [9, 1]).unwrap_err();
        assert!(matches!(first, Damage::Rewritten { after: 0, until: 2, .. }), "{first}");
    }

    #[test]
    fn a_shorter_log_is_behind_the_longest_checkpoint() {
        let found = watched(vec![known(3), known(8), known(9)], 0..7).unwrap_err();
        let wanted = Damage::Behind {
            log: 7,
            size: 9,
            checkpoint: "the checkpoint 9.checkpoint of 2026-11-22T00:32:55Z".into(),
        };
        assert_eq!(found, wanted);
        assert_eq!(known(9).is_ahead(7), wanted);
    }
}
