//! What happened to the ledger itself.

use serde::{Deserialize, Serialize};

use super::upcast::{FileImportedV1, FileImportedV2};
use crate::event::events;
use crate::ids::{Actor, FileDigest, TextId};

events! {
    /// An event of the ledger's own stream.
    LedgerEvent { RulebookAdopted = 1, RulebookProposed = 1, FileImported = 3 (1 as FileImportedV1, 2 as FileImportedV2) }
}

/// A version of the rulebook came into force. The document is kept whole, so that every decision can be explained
/// by the rules it was made on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RulebookAdopted {
    /// The version it calls itself.
    pub version: String,
    /// SHA-256 of the document.
    pub sha256: FileDigest,
    /// The whole document (TOML).
    pub document: String,
}

/// Somebody would bring another rulebook into force. It is once somebody else adopts the same document; another proposal
/// takes the place of this one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RulebookProposed {
    /// The version it calls itself.
    pub version: String,
    /// SHA-256 of the document.
    pub sha256: FileDigest,
    /// Who proposes it, and so cannot adopt it.
    pub proposed_by: Actor,
}

/// How many rows of a file became what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportCounts {
    /// Rows in the file, without its header.
    pub rows: u64,
    /// Applied now.
    pub applied: u64,
    /// Applied, and accepted in part: the rest is disallowed (in version 1 counted as refused).
    #[serde(default, skip_serializing_if = "is_zero")]
    pub cut: u64,
    /// Known already, from another file or an earlier row.
    pub recognised: u64,
    /// Proposed: done once another person imports the same file (before version 3 counted as refused).
    #[serde(default, skip_serializing_if = "is_zero")]
    pub proposed: u64,
    /// Applied, with a refusal by a business rule as their outcome.
    pub refused: u64,
    /// Left out because of errors (`--partial`).
    pub rejected: u64,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// A file was imported.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileImported {
    /// What the file holds: cases, grants, spend, reversals.
    pub kind: String,
    /// SHA-256 of the file.
    pub sha256: FileDigest,
    /// The file's name, in the vault.
    pub details: TextId,
    /// What became of its rows.
    pub counts: ImportCounts,
    /// Every row is settled: the same file again is a no-op, and its digest is reserved.
    pub complete: bool,
    /// Kinds of warnings, such as the rules of rejected rows; never a value from the file.
    pub warnings: Vec<String>,
}
