//! `svala-bench`: how fast the ledger is, each figure beside a baseline that was measured in the same run.
//!
//! A rate alone says little: machines, disks and neighbours differ. So every figure stands beside the bare work
//! that nobody could leave out (inserting the same rows, reading them, parsing them, hashing them), done in the
//! same process, on the same disk, seconds apart. What lasts is the ratio. Nothing is asserted here.

mod bare;
mod figures;
mod folder;
mod machine;
mod measure;

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use serde_json::json;

use crate::figures::Figures;
use crate::folder::Files;
use crate::machine::Machine;

/// Whatever stops a measurement stops the program; there is nobody to handle it.
type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// Measures import, append, replay, verification and look-ups beside raw baselines.
#[derive(Debug, Parser)]
#[command(version)]
struct Args {
    /// People in the invented year; about five rows of spend each.
    #[arg(long, default_value_t = 20_000)]
    people: usize,
    /// How often everything is measured; medians are shown.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
    /// Seed of the invented year.
    #[arg(long, default_value_t = demo::SEED)]
    seed: u64,
    /// Single commands that are written one after the other.
    #[arg(long, default_value_t = 3_000)]
    commands: usize,
    /// Where the ledgers are made: the disk that is measured. The folder for temporary files by default.
    #[arg(long)]
    folder: Option<PathBuf>,
    /// How the result is printed.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Aligned columns, for people.
    Table,
    /// Every sample, for programs.
    Json,
}

/// Events, rows and texts are many small allocations, made on one thread and freed on another.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let args = Args::parse();
    let done = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(Into::into)
        .and_then(|runtime| runtime.block_on(run(&args)));
    match done {
        Ok(report) => {
            println!("{report}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: &Args) -> Outcome<String> {
    let machine = Machine::look();
    let place = args.folder.clone().unwrap_or_else(std::env::temp_dir);
    let folder = tempfile::Builder::new().prefix("svala-bench-").tempdir_in(place)?;
    eprintln!("inventing a year of {} people …", args.people);
    let files = Files::invent(folder.path(), args.seed, args.people)?;
    let mut figures = Figures::default();
    let mut log = None;
    for run in 1..=args.runs {
        eprintln!("run {run} of {} …", args.runs);
        // A folder of its own for each run, gone before the next one begins.
        let folder = tempfile::tempdir_in(folder.path())?;
        log = Some(measure::run(&files, folder.path(), args.commands, &mut figures).await?);
    }
    let Some(log) = log else { return Err("nothing was measured".into()) };
    Ok(match args.format {
        Format::Json => serde_json::to_string_pretty(&json!({
            "machine": machine,
            "database": log.database,
            "seed": args.seed,
            "people": args.people,
            "runs": args.runs,
            "rows": log.rows,
            "events": log.events,
            "body_bytes": log.body_bytes,
            "figures": figures.as_json(),
        }))?,
        Format::Table => format!(
            "{machine}\n{}\n{} people (seed {}): {} rows, {} events of {} bytes on average; medians of {} runs (lowest–highest)\n\n{}\n\n{}",
            log.database,
            args.people,
            args.seed,
            figures::grouped(log.rows),
            figures::grouped(log.events),
            log.body_bytes.checked_div(log.events).unwrap_or_default(),
            args.runs,
            figures.as_table(),
            "ratio: the speed of the ledger as a share of the baseline's, both from the same run; 1.00 is as fast.",
        ),
    })
}
