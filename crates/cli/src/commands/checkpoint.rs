//! `svala checkpoint`

use std::path::PathBuf;
use std::process::ExitCode;

use app::checkpoints::Folder;
use event_log::hex;
use event_log::watch::KnownCheckpoint;
use serde_json::json;

use crate::args::Format;
use crate::connect::Place;
use crate::output::{Failure, Readers, object, remark, say, write_new};

pub async fn public_key(place: &Place, format: Format) -> Result<ExitCode, Failure> {
    let ledger = place.open_to_inspect().await?;
    let key = ledger.verifier_key().to_string();
    match format {
        Format::Json => object(&json!({ "verifier_key": key }))?,
        Format::Table | Format::Csv => say(key)?,
    }
    Ok(ExitCode::SUCCESS)
}

pub async fn sign(place: &Place, format: Format, out: Option<PathBuf>) -> Result<ExitCode, Failure> {
    let ledger = place.open_live().await?;
    let signed = ledger.checkpoint().await?;
    let checkpoint = &signed.checkpoint;
    let out = out.map(|out| if out.is_dir() { out.join(Folder::file_name(checkpoint.size)) } else { out });
    let mut files: Vec<(String, bool)> = Vec::new();
    files.extend(signed.file.iter().map(|file| (file.display().to_string(), signed.is_new)));
    if let Some(out) = &out {
        // Whoever copies every night does not fail in a night without events.
        let same = |known: KnownCheckpoint| {
            known.checkpoint.size == checkpoint.size && known.checkpoint.root == checkpoint.root
        };
        let is_there = out.exists() && ledger.read_checkpoint(out).is_ok_and(same);
        if !is_there {
            write_new(out, signed.note.to_string().as_bytes(), Readers::Usual)?;
        }
        files.push((out.display().to_string(), !is_there));
    }
    match format {
        Format::Json => object(&json!({
            "origin": checkpoint.origin,
            "size": checkpoint.size,
            "root": hex::encode(&checkpoint.root),
            "time": checkpoint.time.map(|time| time.to_string()),
            "files": files.iter().map(|(file, _)| file).collect::<Vec<_>>(),
            "note": signed.note.to_string(),
        }))?,
        Format::Table | Format::Csv => {
            say(signed.note.to_string().trim_end())?;
            for (file, is_new) in files {
                remark(if is_new { format!("written to {file}") } else { format!("is in {file} already") });
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}
