//! The record of imports: which file, when, by whom, and what became of its rows.

use std::collections::BTreeMap;

use domain::ids::FileDigest;
use domain::ledger::{FileImported, ImportCounts, LedgerEvent};
use domain::{Event, TextId};
use event_log::{Hash, SealedText, UniqueKey};
use serde::Serialize;
use uuid::Uuid;

use crate::error::AppError;
use crate::ledger::{LEDGER_SUBJECT, Ledger, Own};
use crate::texts::{ERASED, FileText};

/// Kind of unique fact: a file that was imported completely.
pub(crate) const IMPORT: &str = "import";

/// An earlier import of the same file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EarlierImport {
    /// Position of its record.
    pub position: u64,
    /// When, UTC microseconds.
    pub recorded_at: i64,
    /// By whom.
    pub actor: String,
}

/// A file that was imported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ImportedFile {
    /// Position of its record.
    pub position: u64,
    /// When (UTC).
    pub recorded_at: String,
    /// By whom.
    pub actor: String,
    /// What it held.
    pub kind: String,
    /// Its name.
    pub file: String,
    /// Its SHA-256.
    pub sha256: String,
    /// Rows in the file, without its header.
    pub rows: u64,
    /// Applied.
    pub applied: u64,
    /// Applied, and accepted in part.
    pub cut: u64,
    /// Proposed: done once another person imports the same file.
    pub proposed: u64,
    /// Applied, with a refusal by a business rule as their outcome.
    pub refused: u64,
    /// Known before.
    pub recognised: u64,
    /// Left out because of errors.
    pub rejected: u64,
}

impl Ledger {
    pub(super) async fn imported_before(&self, key: Hash) -> Result<Option<EarlierImport>, AppError> {
        let Some(owner) = self.store.find_keys(IMPORT, &[key]).await?.into_iter().flatten().next() else {
            return Ok(None);
        };
        let recorded = self.store.read_log(owner.position.saturating_sub(1), 1).await?.pop();
        Ok(recorded.map(|event| EarlierImport {
            position: event.position,
            recorded_at: event.recorded_at,
            actor: event.actor,
        }))
    }

    pub(super) async fn record_import(
        &self,
        kind: &str,
        sha256: [u8; 32],
        name: &str,
        counts: ImportCounts,
        warnings: &BTreeMap<&'static str, u64>,
        key: Option<Hash>,
    ) -> Result<(), AppError> {
        let bytes = event_log::canonical::to_bytes(&FileText { name: name.to_owned() })?;
        let sealed = self.own_key().await?.seal(LEDGER_SUBJECT.0, &bytes, &mut self.environment.entropy())?;
        let imported = FileImported {
            kind: kind.to_owned(),
            sha256: FileDigest(sha256),
            details: TextId(sealed.id),
            counts,
            complete: key.is_some(),
            warnings: warnings.iter().map(|(rule, count)| format!("{rule}: {count}")).collect(),
        };
        let text = SealedText { id: sealed.id, subject_id: LEDGER_SUBJECT.0, bytes: sealed.bytes };
        let keys =
            key.map(|digest| UniqueKey { scope: IMPORT, digest, entity: Uuid::nil() }).into_iter().collect();
        self.append_own(Own { keys, texts: vec![text], ..Own::new(imported.into()) }).await?;
        Ok(())
    }

    /// All imports, in order.
    pub async fn imports(&self) -> Result<Vec<ImportedFile>, AppError> {
        let mut files = Vec::new();
        for recorded in self.own_events().await? {
            if let Event::Ledger(LedgerEvent::FileImported(event)) = recorded.event {
                files.push((recorded.position, recorded.recorded_at, recorded.actor, event));
            }
        }
        let wanted: Vec<_> = files.iter().map(|(.., event)| (LEDGER_SUBJECT, event.details)).collect();
        let names = self.reveal::<FileText>(&wanted).await?;
        Ok(files
            .into_iter()
            .zip(names)
            .map(|((position, recorded_at, actor, event), name)| ImportedFile {
                position,
                recorded_at: crate::query::utc(recorded_at),
                actor,
                kind: event.kind,
                file: name.map_or_else(|| ERASED.to_owned(), |n| n.name),
                sha256: crate::ledger::digest_text(&event.sha256.0),
                rows: event.counts.rows,
                applied: event.counts.applied,
                cut: event.counts.cut,
                proposed: event.counts.proposed,
                refused: event.counts.refused,
                recognised: event.counts.recognised,
                rejected: event.counts.rejected,
            })
            .collect())
    }
}
