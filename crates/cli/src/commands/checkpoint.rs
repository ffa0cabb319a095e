//! `svala checkpoint`

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use app::checkpoints::Folder;
use event_log::hex;
use serde_json::json;

use crate::args::Format;
use crate::connect::Place;
use crate::output::{Failure, object, remark, say};

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
    let ledger = place.open().await?;
    let signed = ledger.checkpoint().await?;
    let checkpoint = &signed.checkpoint;
    let out = out.map(|out| if out.is_dir() { out.join(Folder::file_name(checkpoint.size)) } else { out });
    if let Some(out) = &out {
        write_new(out, &signed.note.to_string())?;
    }
    let files = signed.file.iter().chain(&out).map(|file| file.display().to_string());
    let files: Vec<String> = files.collect();
    match format {
        Format::Json => object(&json!({
            "origin": checkpoint.origin,
            "size": checkpoint.size,
            "root": hex::encode(&checkpoint.root),
            "time": checkpoint.time.map(|time| time.to_string()),
            "files": files,
            "note": signed.note.to_string(),
        }))?,
        Format::Table | Format::Csv => {
            say(signed.note.to_string().trim_end())?;
            files.iter().for_each(|file| remark(format!("written to {file}")));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes a file that was not there; one that is there may be the evidence that is looked for one day.
pub fn write_new(path: &Path, content: &str) -> Result<(), Failure> {
    let written = OpenOptions::new().write(true).create_new(true).open(path).and_then(|mut file: File| {
        file.write_all(content.as_bytes())?;
        file.sync_all()
    });
    written.map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => Failure::usage(format!(
            "{} is there already and was not touched: name a new file",
            path.display()
        )),
        _ => Failure::usage(format!("{} cannot be written: {error}", path.display())),
    })
}
