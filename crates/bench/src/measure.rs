//! One run: a ledger is filled, read, verified and written to, and the bare work is done beside it.

use std::hint::black_box;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use app::import::{Cases, Grants, ImportProgress, ImportRequest, Importer, Spend};
use app::{Environment, Ledger};
use balances::BalancesProjection;
use domain::{Balances, CaseId, Event};
use event_log::{RecordedEvent, Store, StreamId};
use money::Locale;
use projection_runner::{Replayed, Runner};
use serde::{Deserialize, Serialize};
use vault::LedgerKey;

use crate::append::append;
use crate::bulk;
use crate::database::{Database, Reader};
use crate::figures::Unit::{Kib, PerSecond};
use crate::figures::{Sample, Samples, nanoseconds, per_second};
use crate::folder::{Files, new_ledger};
use crate::machine;
use crate::nothing::NothingProjection;
use crate::work::{self, on_threads};
use crate::{Outcome, said};

/// Rows that an import writes in one transaction.
const IMPORT_ROWS: u64 = 4_000;
/// Cases looked up.
const LOOK_UPS: usize = 5_000;
/// Events read at a time.
const PAGE: u32 = 5_000;

/// What one run found.
#[derive(Debug, Serialize, Deserialize)]
pub struct Measured {
    /// The database and its settings.
    pub database: String,
    /// Rows imported.
    pub rows: u64,
    /// Events they became.
    pub events: u64,
    /// Bytes of their bodies.
    pub body_bytes: u64,
    pub samples: Vec<Sample>,
}

/// Measures everything once; `empty` is for a second log.
pub async fn run(
    database: &dyn Database,
    empty: &dyn Database,
    files: &Files,
    commands: usize,
) -> Outcome<Measured> {
    let mut figures = Samples::default();
    let (ledger, store) = new_ledger(database).await?;
    let import = import(&ledger, files).await?;
    let begun = Instant::now();
    ledger.catch_up(&|_, _| {}).await?;
    let caught_up = begun.elapsed();
    let last = store.head().await?.position;

    // Before anything holds the log in memory.
    let alone = balances_alone(&store);
    let trusted = replay(alone.replay_trusting_runs(&|_, _| {})).await?;
    let without_rows = Runner::new(store.clone(), vec![projection_runner::boxed::<NothingProjection>()]);
    without_rows.catch_up(&|_, _| {}).await?;
    let decoded = replay(without_rows.replay_trusting_runs(&|_, _| {})).await?;
    let checked = replay(alone.replay(false, &|_, _| {})).await?;
    let all = replay(ledger.replay(false, &|_, _| {})).await?;
    // An allocator keeps what earlier work let go: only a process of its own shows what a replay needs.
    let mut own = Command::new(std::env::current_exe()?);
    own.args(["--balances-of", &database.address()]);
    let balances_kib: Option<u64> = str::from_utf8(&said(own)?)?.trim().parse().ok();
    machine::forget_peak();
    let begun = Instant::now();
    let events = ledger.verify(&|_, _| {}).await?.events;
    let verified = begun.elapsed();
    let verify_peak = machine::peak_kib();

    let log = read_log(&store, last).await?;
    let mut reader = database.reader().await?;
    let bare_read = read_bare(reader.as_mut()).await?;
    let values = [1, 2].map(|threads| on_threads(&log, threads, work::parse_value));
    let typed = [1, 2].map(|threads| on_threads(&log, threads, work::parse_event));
    let ([values, values_2], [typed, typed_2]) = (both(values)?, both(typed)?);
    let hashed = work::hash(&log);
    let (csv_rows, csv_read) = work::read_csv(&files.all())?;
    let mut bare = database.bare_table().await?;
    let in_one = log.len().div_ceil(usize::try_from(import.transactions)?.max(1)).max(1);
    let begun = Instant::now();
    for batch in log.chunks(in_one) {
        bare.insert_many(batch).await?;
    }
    let bare_inserted = begun.elapsed();
    let mut bare_all = empty.bare_table().await?;
    let begun = Instant::now();
    for batch in log.chunks(in_one) {
        bare_all.insert_all(batch).await?;
    }
    let all_inserted = begun.elapsed();
    let meta = Ledger::new_meta(&LedgerKey::generate()?, &Environment::system())?;
    let bulk = bulk::append(&empty.ledger(meta).await?, &log, in_one).await?;

    let rate = |time| per_second(events, time);
    let (import_rate, bare_rate) = (rate(import.time), rate(bare_inserted));
    figures.beside("append in bulk: events", PerSecond, rate(bulk), "insert of many rows", bare_rate);
    let (whole, whole_rate) = ("the same with commands and keys", rate(all_inserted));
    figures.beside("append in bulk: events", PerSecond, rate(bulk), whole, whole_rate);
    figures.beside("import: events", PerSecond, import_rate, "insert of many rows", bare_rate);
    let (rows, read) = (per_second(import.rows, import.time), per_second(csv_rows, csv_read));
    figures.beside("import: rows", PerSecond, rows, "csv crate, one reading", read);
    figures.alone("import: rows of spend alone", PerSecond, per_second(import.spend_rows, import.spend_time));
    figures.beside(
        "read models after the import",
        PerSecond,
        rate(caught_up),
        "read of the rows",
        rate(bare_read),
    );
    let parsed = [("parse JSON, typed, 2 threads", typed_2), ("parse JSON, typed, 1 thread", typed)];
    for (name, (time, _)) in [
        ("replay into nothing: events decoded", decoded),
        ("replay into balances", trusted),
        ("replay into balances, every hash checked", checked),
        ("replay of all read models, every hash checked", all),
    ] {
        for (baseline, parsed) in parsed {
            figures.beside(name, PerSecond, rate(time), baseline, rate(parsed));
        }
        figures.beside(name, PerSecond, rate(time), "read of the rows", rate(bare_read));
    }
    figures.beside("verify", PerSecond, rate(verified), "parse JSON, typed, 2 threads", rate(typed_2));
    figures.beside("verify", PerSecond, rate(verified), "SHA-256 of the leaves, 1 thread", rate(hashed));
    figures.alone("bare: parse JSON, untyped, 1 thread", PerSecond, rate(values));
    figures.alone("bare: parse JSON, untyped, 2 threads", PerSecond, rate(values_2));
    for (name, peak) in [
        ("memory: import", import.peak_kib),
        ("memory: replay into balances", balances_kib),
        ("memory: replay of all read models", all.1),
        ("memory: verify", verify_peak),
    ] {
        peak.into_iter().for_each(|peak| figures.alone(name, Kib, peak));
    }

    look_ups(&ledger, &store, &log, reader.as_mut(), &mut figures).await?;
    append(&ledger, database, bare.as_mut(), &log, commands, &mut figures).await?;
    let database = database.settings().await?;
    store.close().await?;
    let body_bytes = log.iter().map(|event| event.body.len() as u64).sum();
    Ok(Measured { database, rows: import.rows, events, body_bytes, samples: figures.0 })
}

fn both<T>([one, two]: [Outcome<T>; 2]) -> Outcome<[T; 2]> {
    Ok([one?, two?])
}

fn balances_alone(store: &Arc<dyn Store>) -> Runner {
    Runner::new(store.clone(), vec![projection_runner::boxed::<BalancesProjection>()])
}

/// The most memory, in KiB, that replaying the balances takes, with every event hashed or not.
pub async fn memory_of_balances(store: &Arc<dyn Store>) -> Outcome<Option<u64>> {
    let alone = balances_alone(store);
    let trusted = replay(alone.replay_trusting_runs(&|_, _| {})).await?;
    let checked = replay(alone.replay(false, &|_, _| {})).await?;
    Ok(trusted.1.max(checked.1))
}

/// How long it takes, and the most memory meanwhile.
async fn replay<E: std::error::Error + Send + Sync + 'static>(
    work: impl Future<Output = Result<Vec<Replayed>, E>>,
) -> Outcome<(Duration, Option<u64>)> {
    machine::forget_peak();
    let begun = Instant::now();
    let replayed = work.await?;
    let time = begun.elapsed();
    match replayed.iter().find(|replayed| !replayed.is_equal()) {
        Some(differing) => Err(format!("the read model {} differs from its replay", differing.name).into()),
        None => Ok((time, machine::peak_kib())),
    }
}

async fn read_bare(reader: &mut dyn Reader) -> Outcome<Duration> {
    let begun = Instant::now();
    let mut after = 0;
    while let Some(last) = reader.page(after).await? {
        after = last;
    }
    Ok(begun.elapsed())
}

struct Import {
    rows: u64,
    transactions: u64,
    time: Duration,
    spend_rows: u64,
    spend_time: Duration,
    /// The most that was held in memory, in KiB.
    peak_kib: Option<u64>,
}

async fn import(ledger: &Ledger, files: &Files) -> Outcome<Import> {
    machine::forget_peak();
    let (cases, cases_time) = import_file(ledger, &Cases, &files.cases).await?;
    let (grants, grants_time) = import_file(ledger, &Grants, &files.grants).await?;
    let (spend, spend_time) = import_file(ledger, &Spend::new(true, None), &files.spend).await?;
    Ok(Import {
        rows: cases + grants + spend,
        transactions: [cases, grants, spend].iter().map(|rows| rows.div_ceil(IMPORT_ROWS)).sum(),
        time: cases_time + grants_time + spend_time,
        spend_rows: spend,
        spend_time,
        peak_kib: machine::peak_kib(),
    })
}

struct Silent;

impl ImportProgress for Silent {
    fn at(&self, _writing: bool, _bytes: u64, _length: u64) {}
}

/// Imports a file; answers with its rows and how long it took.
pub async fn import_file<I: Importer>(
    ledger: &Ledger,
    importer: &I,
    file: &Path,
) -> Outcome<(u64, Duration)> {
    let request = ImportRequest {
        path: file.to_owned(),
        locale: Locale::Strict,
        dry_run: false,
        partial: false,
        rejects: None,
        tell_rows: false,
    };
    let begun = Instant::now();
    let report = ledger.import(importer, &request, &Silent).await?;
    let time = begun.elapsed();
    match report.errors.first() {
        Some(error) => Err(error.in_file(&report.file).to_string().into()),
        None => Ok((report.counts.rows, time)),
    }
}

async fn read_log(store: &Arc<dyn Store>, last: u64) -> Outcome<Vec<RecordedEvent>> {
    let mut log = Vec::with_capacity(usize::try_from(last)?);
    loop {
        let page = store.read_log(log.len() as u64, PAGE).await?;
        if page.is_empty() {
            return Ok(log);
        }
        log.extend(page);
    }
}

/// Cases that something was granted to, spread over the whole log.
pub fn some_cases(log: &[RecordedEvent], wanted: usize) -> Vec<&StreamId> {
    let approved: Vec<&StreamId> =
        log.iter().filter(|event| event.event_type == "Approved").map(|event| &event.stream_id).collect();
    // A step that shares no factor with most lengths: neighbours in the log are not neighbours here.
    (0..wanted.min(approved.len()))
        .filter_map(|n| approved.get(n * 7_919 % approved.len()).copied())
        .collect()
}

async fn look_ups(
    ledger: &Ledger,
    store: &Arc<dyn Store>,
    log: &[RecordedEvent],
    reader: &mut dyn Reader,
    figures: &mut Samples,
) -> Outcome<()> {
    let runner = balances_alone(store);
    let (mut figures_alone, mut looked_up, mut read) = (Vec::new(), Vec::new(), Vec::new());
    let (mut folded, mut read_stream) = (Vec::new(), Vec::new());
    for stream_id in some_cases(log, LOOK_UPS) {
        let case: CaseId = stream_id.id().parse()?;
        let begun = Instant::now();
        let row = runner.row::<BalancesProjection>(stream_id.id()).await?;
        figures_alone.push(nanoseconds(begun.elapsed()));
        black_box(row.ok_or("a case has no balance")?);

        let begun = Instant::now();
        black_box(ledger.balances(Some(case)).await?);
        looked_up.push(nanoseconds(begun.elapsed()));

        let begun = Instant::now();
        black_box(reader.row(stream_id.id()).await?.ok_or("a case has no balance")?);
        read.push(nanoseconds(begun.elapsed()));

        let begun = Instant::now();
        let mut balances = Balances::default();
        for recorded in store.read_streams(std::slice::from_ref(stream_id)).await? {
            if let Event::Case(event) = Event::decode(&recorded)? {
                balances.apply(&event)?;
            }
        }
        black_box(balances);
        folded.push(nanoseconds(begun.elapsed()));

        let begun = Instant::now();
        black_box(reader.stream(stream_id.as_str()).await?);
        read_stream.push(nanoseconds(begun.elapsed()));
    }
    let row = "read of its row";
    figures.latencies("balance looked up", figures_alone, row, read.clone());
    figures.latencies("balance looked up, the person's text opened", looked_up, row, read);
    figures.latencies("balance by folding the stream", folded, "read of the stream's bodies", read_stream);
    Ok(())
}
