//! `svala-bench`: how fast the ledger is, each figure beside a baseline that was measured in the same run.
//!
//! A rate alone says little: machines, disks and neighbours differ. So every figure stands beside the bare work
//! that nobody could leave out (inserting the same rows, reading them, parsing them, hashing them), done in the
//! same process, on the same disk, seconds apart. What lasts is the ratio. Nothing is asserted here.
//!
//! Each run is a process of its own, so that the memory it is seen to need is its own.

mod append;
mod bulk;
mod database;
mod figures;
mod folder;
mod lines;
mod machine;
mod matching;
mod measure;
mod nothing;
mod postgres;
mod report;
mod sqlite;
mod work;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::Arc;

use clap::{Parser, ValueEnum};
use event_log::Store;
use store_postgres::PostgresStore;
use store_sqlite::SqliteStore;

use crate::database::Database;
use crate::figures::Figures;
use crate::folder::Files;
use crate::lines::Month;
use crate::machine::Machine;
use crate::measure::Measured;
use crate::report::{Report, Section};

/// The variable that names the PostgreSQL server.
const SERVER: &str = store_testing::postgres::SERVER;

/// Whatever stops a measurement stops the program; there is nobody to handle it.
type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// Events and rows are many small allocations, made on one thread and freed on another.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Measures import, append, replay, verification and look-ups beside raw baselines.
#[derive(Debug, Parser)]
#[command(version)]
struct Args {
    /// Lengths of the logs, in events; what the invented year of the people needed for it comes to is a little different.
    #[arg(long, value_delimiter = ',', default_value = "120000,1200000")]
    events: Vec<usize>,
    /// How often everything is measured; medians are shown.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
    /// Seed of the invented year.
    #[arg(long, default_value_t = demo::SEED)]
    seed: u64,
    /// Single commands that each writer writes one after the other.
    #[arg(long, default_value_t = 3_000)]
    commands: usize,
    /// Where the ledgers and files are made: the disk that is measured. The folder for temporary files by default.
    #[arg(long)]
    folder: Option<PathBuf>,
    /// The databases to measure on.
    #[arg(long, value_enum, value_delimiter = ',', default_value = "sqlite,postgres")]
    database: Vec<Kind>,
    /// A PostgreSQL server, as a user who may create databases.
    #[arg(long, env = SERVER, hide_env_values = true, value_name = "URL")]
    postgres: Option<String>,
    /// Measures instead how fast so many lines of the bank come in and are matched with as many open items, on SQLite.
    #[arg(long, value_delimiter = ',', num_args = 0..=1, default_missing_value = "10000,100000", value_name = "LINES")]
    matching: Vec<usize>,
    /// How the result is printed.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// Measures once, in this process, with the files in this folder.
    #[arg(long, hide = true)]
    once: Option<PathBuf>,
    /// Replays the balances of the ledger that is there, and prints the memory it took in KiB.
    #[arg(long, hide = true)]
    balances_of: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    Sqlite,
    Postgres,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Aligned columns, for people.
    Table,
    /// Every sample, for programs.
    Json,
    /// Tables for a Markdown page.
    Markdown,
}

fn main() -> ExitCode {
    let args = Args::parse();
    if let Some(address) = &args.balances_of {
        return ended(balances_of(address));
    }
    let done = match &args.once {
        Some(files) if args.matching.is_empty() => once(&args, files),
        Some(files) => match_once(&args, files),
        None if args.matching.is_empty() => all(&args),
        None => match_all(&args),
    };
    ended(done)
}

fn ended(done: Outcome<String>) -> ExitCode {
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

/// The memory of a replay into balances, in a process that has done nothing else.
fn balances_of(address: &str) -> Outcome<String> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let peak = runtime.block_on(async {
        let store: Arc<dyn Store> = match address.contains("://") {
            true => Arc::new(PostgresStore::open(address).await?),
            false => Arc::new(SqliteStore::open(Path::new(address)).await?),
        };
        measure::memory_of_balances(&store).await
    })?;
    Ok(peak.map(|kib| kib.to_string()).unwrap_or_default())
}

/// One run on one database.
fn once(args: &Args, files: &Path) -> Outcome<String> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let measured = runtime.block_on(async {
        let files = Files::in_folder(files);
        // A folder of its own, gone before the next run begins.
        let folder = tempfile::tempdir_in(args.folder.clone().unwrap_or_else(std::env::temp_dir))?;
        let kind = args.database.first().copied().unwrap_or(Kind::Sqlite);
        let database = open(kind, folder.path().to_owned()).await?;
        let second = tempfile::tempdir_in(folder.path())?;
        let empty = open(kind, second.path().to_owned()).await?;
        measure::run(database.as_ref(), empty.as_ref(), &files, args.commands).await
    })?;
    Ok(serde_json::to_string(&measured)?)
}

/// One run of matching.
fn match_once(args: &Args, files: &Path) -> Outcome<String> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let samples = runtime.block_on(async {
        let folder = tempfile::tempdir_in(args.folder.clone().unwrap_or_else(std::env::temp_dir))?;
        let database = open(Kind::Sqlite, folder.path().to_owned()).await?;
        matching::run(database.as_ref(), &Month::in_folder(files)).await
    })?;
    Ok(serde_json::to_string(&samples.0)?)
}

/// All runs of matching, each in a process of its own.
fn match_all(args: &Args) -> Outcome<String> {
    let place = args.folder.clone().unwrap_or_else(std::env::temp_dir);
    let folder = tempfile::Builder::new().prefix("svala-bench-").tempdir_in(place)?;
    let mut all = Vec::new();
    for lines in &args.matching {
        Month::invent(folder.path(), *lines)?;
        let mut figures = Figures::default();
        for run in 1..=args.runs {
            eprintln!("{lines} lines, run {run} of {} …", args.runs);
            let mut command = Command::new(std::env::current_exe()?);
            command.arg("--once").arg(folder.path()).arg("--folder").arg(folder.path());
            command.arg(format!("--matching={lines}"));
            figures.add(serde_json::from_slice(&said(command)?)?);
        }
        all.push((*lines, figures));
    }
    Ok(matching::report(&Machine::look(), args.runs, &all))
}

async fn open(kind: Kind, folder: PathBuf) -> Outcome<Box<dyn Database>> {
    Ok(match kind {
        Kind::Postgres => Box::new(postgres::Server::connect().await.ok_or("no server")?),
        Kind::Sqlite => Box::new(sqlite::Files::in_folder(folder)),
    })
}

/// All runs, each in a process of its own.
fn all(args: &Args) -> Outcome<String> {
    let place = args.folder.clone().unwrap_or_else(std::env::temp_dir);
    let folder = tempfile::Builder::new().prefix("svala-bench-").tempdir_in(place)?;
    let mut report = Report::new(Machine::look(), args.seed, args.runs);
    for events in &args.events {
        let people = folder::people_for(*events);
        eprintln!("inventing a year of {people} people …");
        let files = Files::invent(folder.path(), args.seed, people)?;
        for kind in &args.database {
            if *kind == Kind::Postgres && args.postgres.is_none() {
                eprintln!(
                    "SKIPPED: PostgreSQL; name a server with --postgres or use `scripts/postgres run COMMAND`"
                );
                continue;
            }
            let mut section: Option<Section> = None;
            for run in 1..=args.runs {
                eprintln!("{kind:?}, {events} events, run {run} of {} …", args.runs);
                let measured = child(args, *kind, &files, folder.path())?;
                section.get_or_insert_with(|| Section::of(&measured, people)).add(measured);
            }
            report.sections.extend(section);
        }
    }
    report.show(args.format)
}

fn child(args: &Args, kind: Kind, files: &Files, folder: &Path) -> Outcome<Measured> {
    let kind = kind.to_possible_value().ok_or("no such database")?;
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("--once").arg(&files.folder).arg("--folder").arg(folder);
    command.args(["--database", kind.get_name(), "--commands", &args.commands.to_string()]);
    if let Some(url) = &args.postgres {
        command.env(SERVER, url);
    }
    Ok(serde_json::from_slice(&said(command)?)?)
}

/// What a run prints, if it ends well.
fn said(mut command: Command) -> Outcome<Vec<u8>> {
    let output = command.stderr(Stdio::inherit()).output()?;
    match output.status.success() {
        true => Ok(output.stdout),
        false => Err(format!("a run ended with {}", output.status).into()),
    }
}
