//! `svala demo`

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use app::Ledger;
use app::command::Proposals;
use app::import::{Cases, Grants, Reversals, Spend};
use app::query::ClaimFilter;
use domain::claim::ClaimState;
use money::Locale;

use super::{import, report};
use crate::args::{Format, ImportFile};
use crate::connect::Place;
use crate::output::{Failure, heading, object, remark, say};

/// Who agrees to the large claims of the invented year.
const SECOND: &str = "second-approver";

pub async fn run(
    place: &Place,
    format: Format,
    into: Option<PathBuf>,
    seed: u64,
    people: usize,
) -> Result<ExitCode, Failure> {
    let folder = match into {
        Some(folder) => {
            std::fs::create_dir_all(&folder).map_err(cannot_write(&folder))?;
            folder
        }
        // Kept, so that the commands at the end can be tried.
        None => tempfile::Builder::new()
            .prefix("svala-demo-")
            .tempdir()
            .map_err(cannot_write(&std::env::temp_dir()))?
            .keep(),
    };
    let place = place.inside(&folder);
    let ledger = place.init().await?;
    let year = demo::invent(seed, people);
    let file = |name: &str, content: &str| -> Result<ImportFile, Failure> {
        let path = folder.join(name);
        std::fs::write(&path, content).map_err(cannot_write(&path))?;
        Ok(ImportFile { file: path, dry_run: false, partial: false, rejects: None, locale: Locale::Strict })
    };
    let cases = import::import(&ledger, &Cases, &file("cases.csv", &year.cases)?, false).await?;
    let grants = import::import(&ledger, &Grants, &file("grants.csv", &year.grants)?, false).await?;
    let spend = Spend::new(true, None);
    let spend = import::import(&ledger, &spend, &file("spend.csv", &year.spend)?, false).await?;
    agree(&place).await?;
    let reversals = file("reversals.csv", &year.reversals)?;
    let reports = [cases, grants, spend, import::import(&ledger, &Reversals, &reversals, false).await?];
    if reports.iter().any(|report| report.kind == "reversals" && !report.refused.is_empty()) {
        import::import(&another(&place).await?, &Reversals, &reversals, false).await?;
    }
    for report in &reports {
        for error in &report.errors {
            remark(error.in_file(&report.file).to_string());
        }
    }
    let summary = ledger.summary().await?;
    if format != Format::Table {
        object(&summary)?;
        return Ok(ExitCode::SUCCESS);
    }
    let rows: Vec<String> = reports.iter().map(|r| format!("{} {}", r.counts.rows, r.kind)).collect();
    say(format!("An invented year (seed {seed}) in {}: {}\n", folder.display(), rows.join(", ")))?;
    say(report::summed_up(&summary))?;
    let example = summary.tight.first().map_or("CASE", |b| b.external_ref.as_str());
    let svala = shell_word(&std::env::args().next().unwrap_or_else(|| "svala".into()));
    let mut next = vec![format!("export SVALA_LEDGER={}", shell_word(&place.ledger()))];
    if !place.ledger().starts_with("sqlite:") {
        // The key is in the folder, and not where that of a database on a server is looked for.
        next.push(format!("export SVALA_KEY_FILE={}", shell_word(&place.key_file().display().to_string())));
    }
    for command in [
        &format!("explain {example}"),
        &format!("history {example}"),
        "claim list --state cut",
        "case list --format csv",
        "verify",
        "replay",
        "rulebook show jrs.reintegration.iraq-extended",
    ] {
        next.push(format!("{svala} {command}"));
    }
    say(format!("\n{}\n  {}", heading("try next"), next.join("\n  ")))?;
    Ok(ExitCode::SUCCESS)
}

/// What takes two people: somebody else agrees to what the import proposed.
async fn agree(place: &Place) -> Result<(), Failure> {
    let ledger = another(place).await?;
    let proposed = ClaimFilter { state: Some(ClaimState::Proposed), ..ClaimFilter::default() };
    let proposed: Vec<_> =
        ledger.claims(&proposed).await?.into_iter().map(|c| (c.claim, c.case_id, c.id)).collect();
    ledger.accept_claims(&proposed, Proposals::Agree, false).await?;
    Ok(())
}

/// The ledger as a second person opens it.
async fn another(place: &Place) -> Result<Ledger, Failure> {
    let other = SECOND.parse().map_err(|error: app::NotAnActor| Failure::usage(error.to_string()))?;
    place.spoken_to_by(other).open_to_write().await
}

fn cannot_write(path: &Path) -> impl FnOnce(std::io::Error) -> Failure {
    let path = path.display().to_string();
    move |error| Failure::usage(format!("{path} cannot be written: {error}"))
}

fn shell_word(text: &str) -> String {
    let plain = text.chars().all(|c| c.is_alphanumeric() || "/._-:".contains(c));
    if plain { text.to_owned() } else { format!("'{}'", text.replace('\'', "'\\''")) }
}
