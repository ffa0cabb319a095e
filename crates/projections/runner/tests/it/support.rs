//! A log of arrivals, and read models that count them.

use std::borrow::Cow;
use std::sync::Arc;

use domain::case::{Arrived, CaseEvent};
use domain::{Event, FoldError, Recorded};
use event_log::{
    Append, AppendOutcome, LedgerMeta, NewEvent, ProjectionState, ProjectionStore, SealedRun, Store, StreamId,
};
use projection_runner::{AnyProjection, Digest, Projection, Replayed, Runner, RunnerError, boxed};
use store_sqlite::SqliteStore;
use tempfile::TempDir;
use uuid::Uuid;

use store_testing::Interposed;

/// An arrival in this year cannot be folded by [`Careful`].
pub const POISON: i16 = 2066;

fn arrival(event: &Recorded) -> Option<&Arrived> {
    match &event.event {
        Event::Case(CaseEvent::Arrived(arrived)) => Some(arrived),
        _ => None,
    }
}

fn case(event: &Recorded) -> Option<Cow<'_, str>> {
    arrival(event).map(|_| event.stream_id.id().into())
}

/// Which arrivals a case had, in order: skipping one, folding one twice or in another order shows.
pub struct Days;

impl Projection for Days {
    const NAME: &'static str = "days";
    const VERSION: u32 = 1;
    type Row = Vec<String>;

    fn key(event: &Recorded) -> Option<Cow<'_, str>> {
        case(event)
    }

    fn fold(row: Option<Vec<String>>, event: &Recorded) -> Result<Vec<String>, FoldError> {
        let mut row = row.unwrap_or_default();
        row.extend(arrival(event).map(|a| format!("{} {}", event.position, a.arrived_on)));
        Ok(row)
    }
}

/// The same read model as a later program folds it.
pub struct DaysAgain;

impl Projection for DaysAgain {
    const NAME: &'static str = "days";
    const VERSION: u32 = 2;
    type Row = u64;

    fn key(event: &Recorded) -> Option<Cow<'_, str>> {
        case(event)
    }

    fn fold(row: Option<u64>, _: &Recorded) -> Result<u64, FoldError> {
        Ok(row.unwrap_or_default() + 1)
    }
}

/// Stops at an arrival in the year [`POISON`].
pub struct Careful<const VERSION: u32>;

impl<const N: u32> Projection for Careful<N> {
    const NAME: &'static str = "careful";
    const VERSION: u32 = N;
    type Row = u64;

    fn key(event: &Recorded) -> Option<Cow<'_, str>> {
        case(event)
    }

    fn fold(row: Option<u64>, event: &Recorded) -> Result<u64, FoldError> {
        match arrival(event) {
            Some(arrived) if arrived.arrived_on.year() == POISON => {
                Err(FoldError("an arrival to come".into()))
            }
            _ => Ok(row.unwrap_or_default() + 1),
        }
    }
}

/// [`Careful`] in a program that learned to fold what stopped it.
pub struct Mended;

impl Projection for Mended {
    const NAME: &'static str = "careful";
    const VERSION: u32 = 1;
    type Row = u64;

    fn key(event: &Recorded) -> Option<Cow<'_, str>> {
        case(event)
    }

    fn fold(row: Option<u64>, _: &Recorded) -> Result<u64, FoldError> {
        Ok(row.unwrap_or_default() + 1)
    }
}

pub struct Log {
    pub store: Arc<SqliteStore>,
    _folder: TempDir,
}

impl Log {
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let meta = LedgerMeta { ledger_id: Uuid::from_u128(1), key_id: vec![1], created_at: 0 };
        let store = SqliteStore::create(&folder.path().join("svala.db"), meta).await.unwrap();
        Self { store: Arc::new(store), _folder: folder }
    }

    pub async fn with(arrivals: &[u8]) -> Self {
        let log = Self::new().await;
        log.append(arrivals).await;
        log
    }

    /// Arrivals of these cases, one event each.
    pub async fn append(&self, cases: &[u8]) {
        append(self.store.as_ref(), cases, 2024).await;
    }

    pub async fn poison(&self, case: u8) {
        append(self.store.as_ref(), &[case], POISON).await;
    }

    pub fn runner(&self, projections: Vec<Box<dyn AnyProjection>>) -> Runner {
        Runner::new(self.store.clone(), projections)
    }

    /// A runner whose store gives pages of this length.
    pub fn paged(&self, page: u32) -> (Runner, Arc<Interposed>) {
        let store = Interposed::paged(self.store.clone(), page);
        (Runner::new(store.clone(), vec![boxed::<Days>()]), store)
    }

    pub async fn runs(&self) -> Vec<SealedRun> {
        self.store.sealed_runs(0, u32::MAX).await.unwrap()
    }

    pub async fn head(&self) -> u64 {
        self.store.head().await.unwrap().position
    }

    pub async fn generations(&self, name: &str) -> Vec<ProjectionState> {
        self.store.generations(name).await.unwrap()
    }

    pub async fn live(&self, name: &str) -> ProjectionState {
        self.generations(name).await.into_iter().find(|g| g.live).unwrap()
    }

    /// Digest of the live rows, read one after the other.
    pub async fn digest(&self, name: &str) -> String {
        let live = self.live(name).await;
        let mut digest = Digest::default();
        for (key, value) in self.store.scan_rows(name, live.generation, None, u32::MAX).await.unwrap() {
            digest.add(&key, &value);
        }
        digest.text()
    }

    /// Writes over a live row as somebody with the database open would.
    pub async fn tamper(&self, name: &str, key: &str, value: &[u8]) {
        let live = self.live(name).await;
        let row = [(key.to_owned(), value.to_vec())];
        let written = self.store.write_rows(name, live.generation, live.position, live.position, &row).await;
        assert!(written.unwrap());
    }
}

pub async fn append(store: &dyn Store, cases: &[u8], year: i16) {
    for cases in cases.chunks(1_000) {
        let first = store.head().await.unwrap().position;
        let streams: Vec<StreamId> = (0..=u8::MAX).map(|n| StreamId::new("case", n).unwrap()).collect();
        let mut versions = vec![0_u64; streams.len()];
        for event in store.read_streams(&streams).await.unwrap() {
            versions[event.stream_id.id().parse::<usize>().unwrap()] = event.stream_version;
        }
        let mut batch = Vec::new();
        for (number, case) in (first + 1..).zip(cases) {
            let case = usize::from(*case);
            let day = i8::try_from(number % 28 + 1).unwrap();
            let arrived_on = jiff::civil::date(year, 3, day);
            let event = CaseEvent::Arrived(Arrived { arrived_on });
            batch.push(Append {
                command_id: Uuid::from_u128(number.into()),
                fingerprint: [0; 32],
                actor: "anna".into(),
                recorded_at: 0,
                expected: vec![(streams[case].clone(), versions[case])],
                after: Vec::new(),
                events: vec![NewEvent {
                    stream_id: streams[case].clone(),
                    event_type: event.event_type(),
                    schema_version: event.schema_version(),
                    body: event.body().unwrap(),
                    keys: Vec::new(),
                }],
                subject_keys: Vec::new(),
                texts: Vec::new(),
            });
            versions[case] += 1;
        }
        for outcome in store.append(batch).await.unwrap() {
            assert!(matches!(outcome, AppendOutcome::Appended { .. }), "{outcome:?}");
        }
    }
}

pub async fn catch_up(runner: &Runner) -> Result<u64, RunnerError> {
    runner.catch_up(&|_, _| {}).await
}

pub async fn replay(runner: &Runner, repair: bool) -> Vec<Replayed> {
    runner.replay(repair, &|_, _| {}).await.unwrap()
}

/// What [`Days`] must hold after these arrivals, from the first position on.
pub fn expected(cases: &[u8]) -> Vec<(String, Vec<String>)> {
    let mut rows: std::collections::BTreeMap<String, Vec<String>> = Default::default();
    for (position, case) in (1_u64..).zip(cases) {
        let day = format!("{position} 2024-03-{:02}", position % 28 + 1);
        rows.entry(case.to_string()).or_default().push(day);
    }
    rows.into_iter().collect()
}
