//! One run: a ledger is filled, read, verified and written to, and the bare work is done beside it.

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use app::import::{Cases, Grants, ImportProgress, ImportRequest, Importer, Spend};
use app::{Environment, Ledger};
use balances::BalancesProjection;
use domain::{Balances, CaseId, Event, PartnerCode};
use event_log::{Append, AppendOutcome, NewEvent, RecordedEvent, Store, StreamId};
use money::Locale;
use projection_runner::Runner;
use store_sqlite::SqliteStore;
use uuid::Uuid;

use crate::Outcome;
use crate::bare::{self, Bare, Database, Reader};
use crate::figures::Unit::{Kib, Nanoseconds, PerSecond};
use crate::figures::{Figures, nanoseconds, per_second, quantile};
use crate::folder::{Files, new_ledger};
use crate::machine::Memory;

/// Rows that an import writes in one transaction.
const IMPORT_ROWS: u64 = 1_000;
/// Cases looked up.
const LOOK_UPS: usize = 5_000;
/// Events read at a time.
const PAGE: u32 = 5_000;

/// What was measured on.
pub struct Log {
    pub database: Database,
    pub rows: u64,
    pub events: u64,
    pub body_bytes: u64,
}

/// Measures everything once.
pub async fn run(files: &Files, folder: &Path, commands: usize, figures: &mut Figures) -> Outcome<Log> {
    let first = figures.is_empty();
    let (ledger, store) = new_ledger(folder).await?;
    let import = import(&ledger, files).await?;
    let Import { rows, transactions, .. } = import;
    let last = store.head().await?.position;

    let begun = Instant::now();
    ledger.catch_up(&|_, _| {}).await?;
    let caught_up = begun.elapsed();

    let begun = Instant::now();
    let all = ledger.replay(false, &|_, _| {}).await?;
    let replayed = begun.elapsed();
    if let Some(differing) = all.iter().find(|replayed| !replayed.is_equal()) {
        return Err(format!("the read model {} differs from its replay", differing.name).into());
    }

    let runner = Runner::new(store.clone(), vec![projection_runner::boxed::<BalancesProjection>()]);
    let begun = Instant::now();
    runner.replay(false, &|_, _| {}).await?;
    let balances_replayed = begun.elapsed();

    let begun = Instant::now();
    let events = ledger.verify(&|_, _| {}).await?.events;
    let verified = begun.elapsed();

    let log = read_log(&store, last).await?;
    let mut reader = Reader::open(store.path()).await?;
    let bare_read = reader.log().await?;
    let (values, typed) = (bare::parse_values(&log)?, bare::parse_events(&log)?);
    let hashed = bare::hash(&log);
    let (csv_rows, csv_read) = bare::read_csv(&files.all())?;
    let mut bare = Bare::create(&folder.join("bare.db")).await?;
    let in_one = log.len().div_ceil(usize::try_from(transactions)?.max(1));
    let bare_inserted = bare.insert(&log, in_one).await?;

    let rate = |time| per_second(events, time);
    let imported = rate(import.time);
    figures.beside(
        "import: events",
        PerSecond,
        imported,
        "insert, 200 rows a statement",
        rate(bare_inserted),
    );
    let (imported, read) = (per_second(rows, import.time), per_second(csv_rows, csv_read));
    figures.beside("import: rows", PerSecond, imported, "csv crate, one reading", read);
    let spend = per_second(import.spend_rows, import.spend_time);
    figures.alone("import: rows of spend alone", PerSecond, spend);
    // Later runs begin with what the allocator kept of the earlier ones.
    if let (Some((before, peak)), true) = (import.memory, first) {
        figures.alone("import: memory before, first run", Kib, before);
        figures.alone("import: peak memory, first run", Kib, peak);
    }
    figures.alone("read models after the import", PerSecond, rate(caught_up));
    let name = "replay: all read models";
    figures.beside(name, PerSecond, rate(replayed), "read, 5000 rows a page", rate(bare_read));
    figures.beside(name, PerSecond, rate(replayed), "parse JSON, untyped", rate(values));
    figures.beside(name, PerSecond, rate(replayed), "parse JSON, typed", rate(typed));
    let name = "replay: balances alone";
    figures.beside(name, PerSecond, rate(balances_replayed), "parse JSON, typed", rate(typed));
    figures.beside("verify", PerSecond, rate(verified), "SHA-256 of the same bytes", rate(hashed));

    look_ups(&ledger, &log, &mut reader, figures).await?;
    reader.close().await?;
    append(&ledger, &store, &mut bare, &log, commands, figures).await?;
    let database = bare.settings().await?;
    bare.close().await?;
    store.close().await?;
    let body_bytes = log.iter().map(|event| event.body.len() as u64).sum();
    Ok(Log { database, rows, events, body_bytes })
}

struct Import {
    rows: u64,
    transactions: u64,
    time: Duration,
    spend_rows: u64,
    spend_time: Duration,
    /// Before, and the most, in KiB.
    memory: Option<(u64, u64)>,
}

async fn import(ledger: &Ledger, files: &Files) -> Outcome<Import> {
    Memory::forget_peak();
    let before = Memory::look();
    let (cases, cases_time) = import_file(ledger, &Cases, &files.cases).await?;
    let (grants, grants_time) = import_file(ledger, &Grants, &files.grants).await?;
    let (spend, spend_time) = import_file(ledger, &Spend { accept: true }, &files.spend).await?;
    Ok(Import {
        rows: cases + grants + spend,
        transactions: [cases, grants, spend].iter().map(|rows| rows.div_ceil(IMPORT_ROWS)).sum(),
        time: cases_time + grants_time + spend_time,
        spend_rows: spend,
        spend_time,
        memory: before.zip(Memory::look()).map(|(before, after)| (before.now_kib, after.peak_kib)),
    })
}

struct Silent;

impl ImportProgress for Silent {
    fn at(&self, _writing: bool, _bytes: u64, _length: u64) {}
}

async fn import_file<I: Importer>(ledger: &Ledger, importer: &I, file: &Path) -> Outcome<(u64, Duration)> {
    let request = ImportRequest {
        path: file.to_owned(),
        locale: Locale::Strict,
        dry_run: false,
        partial: false,
        rejects: None,
    };
    let begun = Instant::now();
    let report = ledger.import(importer, &request, &Silent).await?;
    let time = begun.elapsed();
    match report.errors.first() {
        Some(error) => Err(error.in_file(&report.file).to_string().into()),
        None => Ok((report.counts.rows, time)),
    }
}

async fn read_log(store: &Arc<SqliteStore>, last: u64) -> Outcome<Vec<RecordedEvent>> {
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
fn some_cases(log: &[RecordedEvent], wanted: usize) -> Vec<&StreamId> {
    let approved: Vec<&StreamId> =
        log.iter().filter(|event| event.event_type == "Approved").map(|event| &event.stream_id).collect();
    // A step that shares no factor with most lengths: neighbours in the log are not neighbours here.
    (0..wanted.min(approved.len()))
        .filter_map(|n| approved.get(n * 7_919 % approved.len()).copied())
        .collect()
}

/// Two latencies beside a baseline's.
fn latencies(
    figures: &mut Figures,
    names: [&'static str; 2],
    mut ours: Vec<u64>,
    baseline: &'static str,
    mut theirs: Vec<u64>,
) {
    ours.sort_unstable();
    theirs.sort_unstable();
    for (name, per_mille) in names.into_iter().zip([500, 990]) {
        let (value, reference) = (quantile(&ours, per_mille), quantile(&theirs, per_mille));
        figures.beside(name, Nanoseconds, value, baseline, reference);
    }
}

async fn look_ups(
    ledger: &Ledger,
    log: &[RecordedEvent],
    reader: &mut Reader,
    figures: &mut Figures,
) -> Outcome<()> {
    let cases = some_cases(log, LOOK_UPS);
    let (mut looked_up, mut read) = (Vec::new(), Vec::new());
    let (mut folded, mut read_stream) = (Vec::new(), Vec::new());
    for stream_id in cases {
        let case: CaseId = stream_id.id().parse()?;
        let begun = Instant::now();
        black_box(ledger.balances(Some(case)).await?);
        looked_up.push(nanoseconds(begun.elapsed()));
        read.push(nanoseconds(reader.row(stream_id.id()).await?));

        let begun = Instant::now();
        let mut balances = Balances::default();
        for recorded in ledger.store().read_streams(std::slice::from_ref(stream_id)).await? {
            if let Event::Case(event) = Event::decode(&recorded)? {
                balances.apply(&event)?;
            }
        }
        black_box(balances);
        folded.push(nanoseconds(begun.elapsed()));
        read_stream.push(nanoseconds(reader.stream(stream_id.as_str()).await?));
    }
    latencies(
        figures,
        ["balance: looked up, p50", "balance: looked up, p99"],
        looked_up,
        "read its row",
        read,
    );
    latencies(
        figures,
        ["balance: folded, p50", "balance: folded, p99"],
        folded,
        "read the bodies of its stream",
        read_stream,
    );
    Ok(())
}

/// Single commands, one after the other, on the ledger and the bare table as the import left them.
async fn append(
    ledger: &Ledger,
    store: &Arc<SqliteStore>,
    bare: &mut Bare,
    log: &[RecordedEvent],
    commands: usize,
    figures: &mut Figures,
) -> Outcome<()> {
    let environment = Environment::system();
    let partner: PartnerCode = "bench".parse()?;
    let (mut given, mut appended) = (Vec::new(), Vec::new());
    let (mut inserted, mut alone) = (Vec::new(), Vec::new());
    let mut position = log.len() as u64;
    // All four in turn, because the disk is not equally fast at all times.
    for (case, event) in some_cases(log, commands).into_iter().zip(log.iter().rev()) {
        // A command as a user gives it: load the case, decide, write.
        let case: CaseId = case.id().parse()?;
        let begun = Instant::now();
        ledger.assign(case, partner.clone()).await?;
        given.push(nanoseconds(begun.elapsed()));

        // One event, decided already: the row of the baseline, with its hash, its command and the new head. These
        // streams mean nothing to the ledger, so nothing can be read or verified after this.
        let stream_id = StreamId::new("bench", environment.new_id()?)?;
        let append = Append {
            command_id: Uuid::from_slice(&event.leaf_hash[..16])?,
            fingerprint: event.leaf_hash,
            actor: event.actor.clone(),
            recorded_at: event.recorded_at,
            expected: vec![(stream_id.clone(), 0)],
            after: Vec::new(),
            events: vec![NewEvent {
                stream_id,
                event_type: "Bench",
                schema_version: 1,
                body: event.body.clone().try_into()?,
                keys: Vec::new(),
            }],
            subject_keys: Vec::new(),
            texts: Vec::new(),
        };
        let begun = Instant::now();
        let outcomes = store.append(vec![append]).await?;
        appended.push(nanoseconds(begun.elapsed()));
        if !matches!(outcomes.as_slice(), [AppendOutcome::Appended { .. }]) {
            return Err(format!("an append came to {outcomes:?}").into());
        }

        let mut next = || -> Outcome<RecordedEvent> {
            position += 1;
            let stream_id = StreamId::new("bench", environment.new_id()?)?;
            let event_type = "Bench".into();
            Ok(RecordedEvent { position, stream_id, stream_version: 1, event_type, ..event.clone() })
        };
        inserted.push(nanoseconds(bare.insert_one(&next()?).await?));
        alone.push(nanoseconds(bare.insert_alone(&next()?).await?));
    }

    let rate = |times: &[u64]| per_second(times.len() as u64, Duration::from_nanos(times.iter().sum()));
    let (three, one) = ("begin, insert, commit", "insert, committed by itself");
    figures.beside("append: one event", PerSecond, rate(&appended), three, rate(&inserted));
    figures.beside("append: one event", PerSecond, rate(&appended), one, rate(&alone));
    figures.beside("append: one command of a user", PerSecond, rate(&given), three, rate(&inserted));
    latencies(
        figures,
        ["append: one event, p50", "append: one event, p99"],
        appended,
        three,
        inserted.clone(),
    );
    latencies(figures, ["append: one command, p50", "append: one command, p99"], given, three, inserted);
    Ok(())
}
