//! `svala replay`, `verify`, `doctor`

use std::path::PathBuf;
use std::process::ExitCode;

use app::checkpoints::Folder;
use app::verify::verify_without_key;
use serde_json::json;

use super::prove::{kept_checkpoint, verifier_key};
use crate::args::Format;
use crate::cells;
use crate::connect::Place;
use crate::output::{Failure, listing, object, remark, say};
use crate::progress::LogBar;

/// Erased cases that are named.
const CASES_NAMED: usize = 5;
/// The ledger is damaged.
const DAMAGED: u8 = 3;

pub async fn replay(
    place: &Place,
    format: Format,
    repair: bool,
    trust_runs: bool,
) -> Result<ExitCode, Failure> {
    let ledger = place.open_live().await?;
    let bar = LogBar::new();
    let progress = |position, last| bar.at(position, last);
    let found = match trust_runs {
        true => ledger.replay_trusting_runs(&progress).await?,
        false => ledger.replay(repair, &progress).await?,
    };
    drop(bar);
    let items: Vec<_> = found
        .iter()
        .map(|r| json!({"read_model": r.name, "position": r.position, "rows": r.rows, "equal": r.is_equal(), "live": r.live, "rebuilt": r.rebuilt, "differing": r.differing, "repaired": r.switched}))
        .collect();
    let outcome = |equal: bool, repaired: bool| match (equal, repaired) {
        (true, _) => "equal",
        (false, true) => "repaired",
        (false, false) => "DIFFERS",
    };
    match format {
        Format::Json => object(&items)?,
        Format::Table | Format::Csv => {
            let rows: Vec<_> = found
                .iter()
                .map(|r| (r.name, r.position, r.rows, outcome(r.is_equal(), r.switched), r.rebuilt.clone()))
                .collect();
            listing(
                format,
                &["read_model", "position", "rows", "live_and_rebuilt", "digest"],
                &rows,
                |(name, position, rows, outcome, digest)| cells![*name, *position, *rows, *outcome, digest],
            )?;
        }
    }
    let mut damaged = false;
    for replayed in found.iter().filter(|r| !r.is_equal()) {
        remark(format!(
            "{}: the rows shown are not what the events give; first differing: {}",
            replayed.name,
            replayed.differing.join(", ")
        ));
        damaged |= !replayed.switched;
    }
    if damaged {
        remark("the events decide: put the rebuilt rows in place with `svala replay --repair`");
    }
    Ok(ExitCode::from(if damaged { DAMAGED } else { 0 }))
}

/// A violation as it is listed.
#[derive(serde::Serialize)]
struct Violated {
    position: u64,
    violation: &'static str,
    actor: String,
    about: u64,
}

pub async fn duties(place: &Place, format: Format) -> Result<ExitCode, Failure> {
    let ledger = place.open().await?;
    let bar = LogBar::new();
    let (events, found) = ledger.duties(&|position, last| bar.at(position, last)).await?;
    drop(bar);
    let violated: Vec<Violated> = found
        .into_iter()
        .map(|v| Violated {
            position: v.position,
            violation: v.breach.code(),
            actor: v.actor,
            about: v.about,
        })
        .collect();
    if violated.is_empty() && format == Format::Table {
        say(format!("{events} events: nobody decided what they reported or agreed to what they proposed"))?;
        return Ok(ExitCode::SUCCESS);
    }
    let columns = &["position", "violation", "actor", "about"];
    listing(format, columns, &violated, |v| cells![v.position, v.violation, &v.actor, v.about])?;
    Ok(ExitCode::from(u8::from(!violated.is_empty())))
}

/// With a public key in the place of the ledger's own, everything but what only the latter opens.
pub async fn verify(
    place: &Place,
    format: Format,
    checkpoints: &[PathBuf],
    key: Option<String>,
) -> Result<ExitCode, Failure> {
    let bar = LogBar::new();
    let progress = |position, last| bar.at(position, last);
    let without_key = key.is_some();
    let (store, verified) = match key {
        None => {
            let ledger = place.open_to_inspect().await?;
            let given = checkpoints.iter().map(|file| ledger.read_checkpoint(file));
            let verified = ledger.verify_with(given.collect::<Result<_, _>>()?, &progress).await?;
            (ledger.store().clone(), verified)
        }
        Some(key) => {
            let key = verifier_key(place, Some(key))?;
            let store = place.inspect_without_key().await?;
            let given = checkpoints.iter().map(|file| kept_checkpoint(file, &key));
            let (given, folder) = (given.collect::<Result<_, _>>()?, Folder::at(place.checkpoints()));
            let verified = verify_without_key(&store, &key, &folder, given, &progress).await?;
            (store, verified)
        }
    };
    drop(bar);
    match format {
        Format::Json => object(&verified)?,
        Format::Csv => {
            let columns = ["events", "streams", "keys", "texts", "erased", "root", "checkpoints", "vouched"];
            listing(format, &columns, &[&verified], |v| {
                cells![v.events, v.streams, v.keys, v.texts, v.erased, &v.root, v.checkpoints, v.vouched]
            })?
        }
        Format::Table => {
            let erased =
                if verified.erased > 0 { format!(", {} erased", verified.erased) } else { String::new() };
            let vouched = match verified.checkpoints {
                0 => "no checkpoint vouches for this history".into(),
                1 => format!("1 checkpoint vouches for this history, up to position {}", verified.vouched),
                n => format!("{n} checkpoints vouch for this history, up to position {}", verified.vouched),
            };
            say(format!(
                "nothing was altered or left out: {} events in {} streams, positions, versions, hashes and root right\n{} unique facts and {} encrypted texts are those the events name{erased}\n{vouched}\nroot {}",
                verified.events, verified.streams, verified.keys, verified.texts, verified.root
            ))?;
            let named: Vec<_> = verified.erased_cases.iter().take(CASES_NAMED).map(String::as_str).collect();
            let more = match verified.erased_cases.len().saturating_sub(named.len()) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            if !named.is_empty() {
                say(format!(
                    "erased: the texts of {}{more}. Their keys are gone from the vault, which no command of svala does: ask who owns the database; the same person can apply again",
                    named.join(", ")
                ))?;
            }
            if without_key {
                say(
                    "without the ledger's key: no text was opened, and whose case an outside reference names was not looked at",
                )?;
            }
        }
    }
    // The history is right; what guards it from now on may not be.
    let unsafe_now: Vec<_> = store.assertions().await?.into_iter().filter(|(.., holds)| !holds).collect();
    for (assertion, found, _) in &unsafe_now {
        remark(format!("but not: {assertion}; found {found}"));
    }
    Ok(ExitCode::from(if unsafe_now.is_empty() { 0 } else { DAMAGED }))
}

pub async fn doctor(place: &Place, format: Format) -> Result<ExitCode, Failure> {
    let findings = place.open_to_inspect().await?.doctor().await?;
    listing(format, &["check", "found", "ok"], &findings, |f| {
        cells![&f.check, &f.found, if f.ok { "ok" } else { "NOT OK" }]
    })?;
    Ok(ExitCode::from(if findings.iter().all(|f| f.ok) { 0 } else { DAMAGED }))
}
