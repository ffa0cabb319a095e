//! `svala prove` and `svala verify --proof`

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use app::checkpoints::{Folder, read_bounded};
use event_log::note::{NOTE_BYTES_MAX, VerifierKey};
use event_log::proof::{BadProof, PROOF_BYTES_MAX, Proof};
use event_log::watch::KnownCheckpoint;
use event_log::{Checkpoint, RecordedEvent, hex};
use serde_json::json;

use crate::args::Format;
use crate::connect::Place;
use crate::output::{Failure, Readers, object, remark, say, write_new};

pub async fn prove(
    place: &Place,
    position: Option<u64>,
    since: Option<PathBuf>,
    out: Option<PathBuf>,
) -> Result<ExitCode, Failure> {
    let ledger = place.open_live().await?;
    let proof = match (position, since) {
        (Some(position), _) => ledger.prove(position).await?.to_string(),
        (None, Some(since)) => ledger.prove_since(&ledger.read_checkpoint(&since)?).await?.to_string(),
        (None, None) => return Err(Failure::usage("name a position, or a checkpoint with --since")),
    };
    match out {
        Some(out) => {
            write_new(&out, proof.as_bytes(), Readers::Usual)?;
            remark(format!("written to {}", out.display()));
        }
        None => say(proof.trim_end())?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Checks a proof with the public key; no ledger is opened.
pub fn check(
    place: &Place,
    format: Format,
    file: &Path,
    checkpoints: &[PathBuf],
    key: Option<String>,
) -> Result<ExitCode, Failure> {
    let key = verifier_key(place, key)?;
    let failed = |error: BadProof| match error {
        BadProof::NotAProof => Failure::usage(format!("{}: {error}", file.display())),
        error => Failure::check(format!("{} proves nothing: {error}", file.display())),
    };
    match Proof::parse(&read(file, PROOF_BYTES_MAX)?).map_err(failed)? {
        Proof::Inclusion(proof) => {
            if !checkpoints.is_empty() {
                return Err(Failure::usage(
                    "a proof that an event is in the ledger brings its own checkpoint",
                ));
            }
            let (event, checkpoint) = proof.check(&key).map_err(failed)?;
            included(format, &event, &checkpoint)?;
        }
        Proof::Consistency(proof) => {
            let [older] = checkpoints else {
                return Err(Failure::usage(format!(
                    "this proof is about a checkpoint of {} events: name the one you hold with --checkpoint",
                    proof.old
                )));
            };
            let old = kept_checkpoint(older, &key)?.checkpoint;
            let newer = proof.check(&old, &key).map_err(failed)?;
            continued(format, &old, &newer)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn included(format: Format, event: &RecordedEvent, checkpoint: &Checkpoint) -> Result<(), Failure> {
    let body = String::from_utf8_lossy(&event.body);
    let recorded_at = app::query::utc(event.recorded_at);
    match format {
        Format::Json => object(&json!({
            "position": event.position,
            "stream": event.stream_id.as_str(),
            "version": event.stream_version,
            "event": event.event_type,
            "actor": event.actor,
            "recorded_at": recorded_at,
            "body": body,
            "origin": checkpoint.origin,
            "size": checkpoint.size,
            "root": hex::encode(&checkpoint.root),
            "time": checkpoint.time.map(|time| time.to_string()),
        })),
        Format::Table | Format::Csv => say(format!(
            "proved: this event is at position {} of {}\nstream {}, version {}: {}, recorded at {recorded_at} by {}\n{body}",
            event.position,
            described(checkpoint),
            event.stream_id,
            event.stream_version,
            event.event_type,
            event.actor,
        )),
    }
}

fn continued(format: Format, old: &Checkpoint, newer: &Checkpoint) -> Result<(), Failure> {
    match format {
        Format::Json => object(&json!({
            "origin": newer.origin,
            "old_size": old.size,
            "old_root": hex::encode(&old.root),
            "size": newer.size,
            "root": hex::encode(&newer.root),
            "time": newer.time.map(|time| time.to_string()),
        })),
        Format::Table | Format::Csv => say(format!(
            "proved: the first {} events are still those of your checkpoint, in {}",
            old.size,
            described(newer)
        )),
    }
}

fn described(checkpoint: &Checkpoint) -> String {
    let time = checkpoint.time.map_or_else(String::new, |time| format!(" at {time}"));
    format!("the log {} of {} events, signed{time}", checkpoint.origin, checkpoint.size)
}

/// The key given, as text or as a file; otherwise the one beside the checkpoints.
pub(super) fn verifier_key(place: &Place, given: Option<String>) -> Result<VerifierKey, Failure> {
    let file = match given {
        Some(given) if given.contains('+') && !Path::new(&given).exists() => {
            return given.parse().map_err(|error| Failure::usage(format!("--verifier-key: {error}")));
        }
        Some(file) => PathBuf::from(file),
        None => {
            let file = Folder::at(place.checkpoints()).key_file();
            if !file.exists() {
                return Err(Failure::usage(
                    "name the public key of the ledger with --verifier-key: `svala checkpoint --public-key` prints it",
                ));
            }
            file
        }
    };
    let text = String::from_utf8(read(&file, NOTE_BYTES_MAX)?).unwrap_or_default();
    text.trim_end().parse().map_err(|error| Failure::usage(format!("{}: {error}", file.display())))
}

/// Reads a checkpoint that was kept elsewhere.
pub(super) fn kept_checkpoint(file: &Path, key: &VerifierKey) -> Result<KnownCheckpoint, Failure> {
    app::checkpoints::read(file, key)
        .map_err(|why| Failure::usage(format!("{} is no checkpoint of this ledger: {why}", file.display())))
}

fn read(file: &Path, bytes_max: usize) -> Result<Vec<u8>, Failure> {
    read_bounded(file, bytes_max)
        .map_err(|error| Failure::usage(format!("{} cannot be read: {error}", file.display())))
}
