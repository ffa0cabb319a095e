//! Appends, with one writer and with several, each beside the bare insert.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use app::{Environment, Ledger};
use domain::{CaseId, PartnerCode};
use event_log::{Append, AppendOutcome, NewEvent, RecordedEvent, Store, StreamId};

use crate::Outcome;
use crate::database::{Bare, Database};
use crate::figures::Unit::PerSecond;
use crate::figures::{Samples, nanoseconds, per_second};
use crate::measure::some_cases;

/// Writers at the same time.
const WRITERS: usize = 16;

/// What it is measured against.
const THREE: &str = "begin, insert, commit";
const ALONE: &str = "insert, committed by itself";

/// Events for either side: bodies of the log, in streams of their own. They mean nothing to the ledger, so nothing can
/// be read or verified after this.
#[derive(Clone)]
struct Invented {
    environment: Environment,
    bodies: Arc<Vec<RecordedEvent>>,
    /// The last position of the bare table that was given away.
    position: Arc<AtomicU64>,
}

impl Invented {
    fn stream(&self) -> Outcome<StreamId> {
        Ok(StreamId::new("bench", self.environment.new_id()?)?)
    }

    /// A row of the bare table.
    fn row(&self) -> Outcome<RecordedEvent> {
        let position = self.position.fetch_add(1, Ordering::Relaxed) + 1;
        let event = &self.bodies[position as usize % self.bodies.len()];
        let (stream_id, event_type) = (self.stream()?, "Bench".into());
        Ok(RecordedEvent { position, stream_id, stream_version: 1, event_type, ..event.clone() })
    }

    /// One event, decided already: the row of the baseline, with its hash, its command and the new head.
    fn command(&self, number: usize) -> Outcome<Append> {
        let event = &self.bodies[number % self.bodies.len()];
        let stream_id = self.stream()?;
        Ok(Append {
            command_id: self.environment.new_id()?,
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
        })
    }
}

/// Measures single commands on the ledger and on the bare table as the import left them.
pub async fn append(
    ledger: &Ledger,
    database: &dyn Database,
    bare: &mut dyn Bare,
    log: &[RecordedEvent],
    commands: usize,
    figures: &mut Samples,
) -> Outcome<()> {
    let invented = Invented {
        environment: Environment::system(),
        bodies: Arc::new(log.iter().rev().take(1_000).cloned().collect()),
        position: Arc::new(AtomicU64::new(log.len() as u64)),
    };
    one_writer(ledger, bare, log, commands, &invented, figures).await?;
    many_writers(ledger.store(), database, commands, &invented, figures).await
}

async fn one_writer(
    ledger: &Ledger,
    bare: &mut dyn Bare,
    log: &[RecordedEvent],
    commands: usize,
    invented: &Invented,
    figures: &mut Samples,
) -> Outcome<()> {
    // Later than everything in the invented year, and to a partner for whom nobody acts.
    let (partner, handed_over_on): (PartnerCode, _) = ("another-partner".parse()?, "2100-01-01".parse()?);
    ledger.register_partner(partner.clone(), "Another partner".parse()?).await?;
    let (mut given, mut appended) = (Vec::new(), Vec::new());
    let (mut inserted, mut alone) = (Vec::new(), Vec::new());
    // All four in turn, because the disk is not equally fast at all times.
    for (number, case) in some_cases(log, commands).into_iter().enumerate() {
        // A command as a user gives it: load the case, decide, write.
        let case: CaseId = case.id().parse()?;
        let begun = Instant::now();
        ledger.assign(case, partner.clone(), Some(handed_over_on)).await?;
        given.push(nanoseconds(begun.elapsed()));

        appended.push(append_one(ledger.store().as_ref(), invented.command(number)?).await?);

        let row = invented.row()?;
        let begun = Instant::now();
        bare.insert_one(&row).await?;
        inserted.push(nanoseconds(begun.elapsed()));
        let row = invented.row()?;
        let begun = Instant::now();
        bare.insert_alone(&row).await?;
        alone.push(nanoseconds(begun.elapsed()));
    }
    let rate = |times: &[u64]| per_second(times.len() as u64, Duration::from_nanos(times.iter().sum()));
    figures.beside("append: 1 writer", PerSecond, rate(&appended), ALONE, rate(&alone));
    figures.beside("append: 1 writer", PerSecond, rate(&appended), THREE, rate(&inserted));
    figures.latencies("append: 1 writer", appended, ALONE, alone.clone());
    figures.beside("command of a user: 1 writer", PerSecond, rate(&given), ALONE, rate(&alone));
    figures.latencies("command of a user: 1 writer", given, ALONE, alone);
    Ok(())
}

/// Nanoseconds it took.
async fn append_one(store: &dyn Store, command: Append) -> Outcome<u64> {
    let begun = Instant::now();
    let outcomes = store.append(vec![command]).await?;
    let time = nanoseconds(begun.elapsed());
    match outcomes.as_slice() {
        [AppendOutcome::Appended { .. }] => Ok(time),
        other => Err(format!("an append came to {other:?}").into()),
    }
}

async fn many_writers(
    store: &Arc<dyn Store>,
    database: &dyn Database,
    commands: usize,
    invented: &Invented,
    figures: &mut Samples,
) -> Outcome<()> {
    let (mut writers, mut inserters) = (Vec::new(), Vec::new());
    let begun = Instant::now();
    for writer in 0..WRITERS {
        let (store, invented) = (store.clone(), invented.clone());
        writers.push(tokio::spawn(async move {
            let mut times = Vec::with_capacity(commands);
            for number in 0..commands {
                times.push(append_one(store.as_ref(), invented.command(writer * commands + number)?).await?);
            }
            Outcome::Ok(times)
        }));
    }
    let appended = all(writers).await?;
    let appended_in = begun.elapsed();

    let mut connections = Vec::with_capacity(WRITERS);
    for _ in 0..WRITERS {
        connections.push(database.bare().await?);
    }
    let begun = Instant::now();
    for mut bare in connections {
        let invented = invented.clone();
        inserters.push(tokio::spawn(async move {
            let mut times = Vec::with_capacity(commands);
            for _ in 0..commands {
                let row = invented.row()?;
                let begun = Instant::now();
                bare.insert_alone(&row).await?;
                times.push(nanoseconds(begun.elapsed()));
            }
            Outcome::Ok(times)
        }));
    }
    let inserted = all(inserters).await?;
    let inserted_in = begun.elapsed();

    let name = "append: 16 writers";
    let rate = |times: &[u64], time| per_second(times.len() as u64, time);
    figures.beside(name, PerSecond, rate(&appended, appended_in), ALONE, rate(&inserted, inserted_in));
    figures.latencies(name, appended, ALONE, inserted);
    Ok(())
}

async fn all(tasks: Vec<tokio::task::JoinHandle<Outcome<Vec<u64>>>>) -> Outcome<Vec<u64>> {
    let mut times = Vec::new();
    for task in tasks {
        times.extend(task.await??);
    }
    Ok(times)
}
