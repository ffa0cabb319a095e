//! What each command does.

mod bank;
mod books;
mod case;
mod check;
mod checkpoint;
mod claim;
mod demo;
mod exception;
mod fee;
mod grant;
mod hold;
mod import;
mod partner;
mod payment;
mod period;
mod prove;
mod rate;
mod receipt;
mod reconcile;
mod report;
mod rulebook;
mod spend_report;
mod statement;
mod template;

use std::path::Path;
use std::process::ExitCode;

use event_log::hex;
use serde_json::json;

use crate::args::{Args, Command, Format};
use crate::connect::Place;
use crate::output::{Failure, object, say};

/// Runs the command that was given.
pub async fn run(args: Args) -> Result<ExitCode, Failure> {
    let place = Place::new(&args)?;
    let outcome = dispatch(&place, args).await;
    place.close().await;
    outcome
}

async fn dispatch(place: &Place, args: Args) -> Result<ExitCode, Failure> {
    let format = args.format;
    match args.command {
        Command::Init => init(place).await,
        Command::Migrate { restore_head } => migrate(place, restore_head).await,
        Command::Backup { out } => backup(place, format, &out).await,
        Command::Import(command) => import::run(place, format, command).await,
        Command::Case(command) => case::run(place, format, command).await,
        Command::Claim(command) => claim::run(place, format, command).await,
        Command::Report(command) => spend_report::run(place, format, command).await,
        Command::Grant(command) => grant::run(place, format, command).await,
        Command::Partner(command) => partner::run(place, format, command).await,
        Command::Payment(command) => payment::run(place, format, command).await,
        Command::Books(command) => books::run(place, format, command).await,
        Command::Period(command) => period::run(place, format, command).await,
        Command::Hold(command) => hold::run(place, format, command).await,
        Command::Bank(command) => bank::run(place, format, command).await,
        Command::Exception(command) => exception::run(place, format, command).await,
        Command::Reconcile(command) => reconcile::run(place, format, command).await,
        Command::Rate(command) => rate::run(place, format, command).await,
        Command::Balance { case } => report::balance(place, format, case).await,
        Command::History { case } => report::history(place, format, &case).await,
        Command::Explain { case } => report::explain(place, format, &case).await,
        Command::Summary => report::summary(place, format).await,
        Command::Replay { repair, trust_runs } => check::replay(place, format, repair, trust_runs).await,
        Command::Verify { checkpoint, proof: None, verifier_key } => {
            check::verify(place, format, &checkpoint, verifier_key).await
        }
        Command::Verify { checkpoint, proof: Some(proof), verifier_key } => {
            prove::check(place, format, &proof, &checkpoint, verifier_key)
        }
        Command::Duties => check::duties(place, format).await,
        Command::Prove { position, since, out } => prove::prove(place, position, since, out).await,
        Command::Checkpoint { public_key: true, .. } => checkpoint::public_key(place, format).await,
        Command::Checkpoint { out, .. } => checkpoint::sign(place, format, out).await,
        Command::Doctor => check::doctor(place, format).await,
        Command::Rulebook(command) => rulebook::run(place, format, command).await,
        Command::Demo { into, seed, people } => demo::run(place, format, into, seed, people).await,
    }
}

async fn init(place: &Place) -> Result<ExitCode, Failure> {
    let ledger = place.init().await?;
    say(format!(
        "created the ledger {} with rulebook {}\nits key is in {}: back it up apart from the database; without it no receipt can be read again\nits checkpoints go to {}: copy them to where nobody can change both them and the database",
        place.ledger(),
        ledger.rulebook().version(),
        place.key_file().display(),
        place.checkpoints().display()
    ))?;
    Ok(ExitCode::SUCCESS)
}

async fn backup(place: &Place, format: Format, out: &Path) -> Result<ExitCode, Failure> {
    let head = place.back_up(out).await?;
    let root = hex::encode(&head.root);
    match format {
        Format::Json => {
            object(&json!({ "file": out.display().to_string(), "events": head.position, "root": root }))?
        }
        Format::Table | Format::Csv => say(format!(
            "{} events are in {}, root {root}; the key file {} is not: keep a copy of it in another place",
            head.position,
            out.display(),
            place.key_file().display()
        ))?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn migrate(place: &Place, restore_head: bool) -> Result<ExitCode, Failure> {
    if restore_head {
        let position = place.restore_head().await?;
        say(format!(
            "the head of the log is its last event, {position}: `svala verify` tells whether it is the one that was acknowledged last"
        ))?;
        return Ok(ExitCode::SUCCESS);
    }
    place.migrate().await?;
    say(format!("the schema of {} is the one of this program", place.ledger()))?;
    Ok(ExitCode::SUCCESS)
}
