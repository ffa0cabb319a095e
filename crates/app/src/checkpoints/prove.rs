//! Proofs about the log as it is, made from its leaf hashes.

use std::io::ErrorKind;

use event_log::merkle::{ProofPath, extends, includes};
use event_log::proof::{ConsistencyProof, InclusionProof};
use event_log::watch::KnownCheckpoint;
use event_log::{Hash, StoreError};

use super::PAGE_LEAVES;
use crate::error::AppError;
use crate::ledger::Ledger;

impl Ledger {
    /// Proves that the event at a position is in the log as it is; a checkpoint is signed for that. Whoever may not add to
    /// the folder of checkpoints proves it by the newest one there, if that knows the event.
    pub async fn prove(&self, position: u64) -> Result<InclusionProof, AppError> {
        let signed = match self.checkpoint().await {
            Err(AppError::CheckpointFolder { why, folder, action })
                if why.kind() == ErrorKind::PermissionDenied =>
            {
                let newest = self.newest_signed()?.filter(|newest| newest.checkpoint.size >= position);
                newest.ok_or(AppError::CheckpointFolder { why, folder, action })?
            }
            signed => signed?,
        };
        let (size, root) = (signed.checkpoint.size, signed.checkpoint.root);
        let Some((index, path)) =
            position.checked_sub(1).and_then(|index| Some((index, ProofPath::inclusion(index, size)?)))
        else {
            let message =
                format!("there is no event at position {position}: the log has those from 1 to {size}");
            return Err(AppError::Usage(message));
        };
        let event = self.store.read_log(index, 1).await?.pop().filter(|event| event.position == position);
        let event = event.ok_or_else(does_not_hold)?;
        let path = self.fill(path, size).await?;
        // The bytes are what is handed on, so the hash is computed from them.
        if !includes(&root, size, index, &event.computed_leaf_hash(), &path) {
            return Err(does_not_hold());
        }
        Ok(InclusionProof { position, leaf: event.leaf_bytes(), path, checkpoint: signed.note })
    }

    /// Proves that the log as it is continues an older checkpoint; a checkpoint is signed for that, once it is known that
    /// the log does.
    pub async fn prove_since(&self, old: &KnownCheckpoint) -> Result<ConsistencyProof, AppError> {
        let head = self.store.head().await?;
        let path = self.continuation(old, head.position, &head.root).await?;
        let signed = self.checkpoint().await?;
        let (size, root) = (signed.checkpoint.size, signed.checkpoint.root);
        // Others may have written meanwhile.
        let path = if size == head.position { path } else { self.continuation(old, size, &root).await? };
        Ok(ConsistencyProof { old: old.checkpoint.size, path, checkpoint: signed.note })
    }

    /// The hashes which show that the log at a size continues an older checkpoint.
    async fn continuation(
        &self,
        old: &KnownCheckpoint,
        size: u64,
        root: &Hash,
    ) -> Result<Vec<Hash>, AppError> {
        let Some(path) = ProofPath::consistency(old.checkpoint.size, size) else {
            return Err(old.is_ahead(size).into());
        };
        let path = self.fill(path, size).await?;
        if !extends(root, size, &old.checkpoint.root, old.checkpoint.size, &path) {
            return Err(old.is_not_continued(size).into());
        }
        Ok(path)
    }

    async fn fill(&self, mut path: ProofPath, size: u64) -> Result<Vec<Hash>, AppError> {
        let mut read = 0;
        while read < size {
            let page = self.store.leaf_hashes(read, PAGE_LEAVES).await?;
            if page.is_empty() {
                break;
            }
            read += page.len() as u64;
            page.into_iter().for_each(|leaf| path.push(leaf));
        }
        path.finish().ok_or_else(does_not_hold)
    }
}

/// The stored hashes do not give the root in the head.
fn does_not_hold() -> AppError {
    AppError::Store(StoreError::Damaged(
        "its hashes do not give its root, so nothing can be proved: `svala verify` tells where".into(),
    ))
}
