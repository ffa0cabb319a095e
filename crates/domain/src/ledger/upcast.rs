//! Older versions of the events, read as the newest.

use serde::Deserialize;

use super::event::{FileImported, ImportCounts};
use crate::ids::{FileDigest, TextId};

/// Version 1: what was cut counted as refused.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileImportedV1 {
    kind: String,
    sha256: FileDigest,
    details: TextId,
    counts: ImportCountsV1,
    complete: bool,
    warnings: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ImportCountsV1 {
    rows: u64,
    applied: u64,
    recognised: u64,
    refused: u64,
    rejected: u64,
}

impl From<FileImportedV1> for FileImported {
    fn from(event: FileImportedV1) -> Self {
        let ImportCountsV1 { rows, applied, recognised, refused, rejected } = event.counts;
        Self {
            kind: event.kind,
            sha256: event.sha256,
            details: event.details,
            counts: ImportCounts { rows, applied, cut: 0, recognised, proposed: 0, refused, rejected },
            complete: event.complete,
            warnings: event.warnings,
        }
    }
}

/// Version 2: what another person has yet to agree to counted as refused.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileImportedV2 {
    kind: String,
    sha256: FileDigest,
    details: TextId,
    counts: ImportCountsV2,
    complete: bool,
    warnings: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ImportCountsV2 {
    rows: u64,
    applied: u64,
    #[serde(default)]
    cut: u64,
    recognised: u64,
    refused: u64,
    rejected: u64,
}

impl From<FileImportedV2> for FileImported {
    fn from(event: FileImportedV2) -> Self {
        let ImportCountsV2 { rows, applied, cut, recognised, refused, rejected } = event.counts;
        Self {
            kind: event.kind,
            sha256: event.sha256,
            details: event.details,
            counts: ImportCounts { rows, applied, cut, recognised, proposed: 0, refused, rejected },
            complete: event.complete,
            warnings: event.warnings,
        }
    }
}
