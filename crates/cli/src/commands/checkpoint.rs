//! `svala checkpoint`

use std::path::PathBuf;
use std::process::ExitCode;

use app::checkpoints::Folder;
use event_log::hex;
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
    if let Some(out) = &out {
        write_new(out, signed.note.to_string().as_bytes(), Readers::Usual)?;
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
