//! When checkpoints are written, and what is never signed.

use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use app::checkpoints::Folder;
use app::{AppError, Checkpoints, Environment, Ledger, StartUp};
use event_log::verify::Damage;
use store_sqlite::SqliteStore;

use crate::support::*;

/// A ledger with open claims, opened with a folder of checkpoints.
struct Watched {
    book: Book,
    ledger: Ledger,
    clock: Arc<AtomicI64>,
    warnings: Arc<Mutex<Vec<String>>>,
}

impl Watched {
    async fn new() -> Self {
        let book = Book::new().await;
        book.import(Kind::Cases, "cases.csv", &[person("MV-1")]).await;
        let claims: Vec<String> =
            (0..8).map(|n| receipt("caritas", "MV-1", n, "2024-04-01", "10.00")).collect();
        book.import(Kind::Spend, "spend.csv", &claims).await;
        let (clock, warnings) = (Arc::new(AtomicI64::new(START)), Arc::default());
        let database = book.home.path();
        let start = start_with(&book, &database, &clock, &warnings).await;
        let ledger = Ledger::open(start).await.unwrap();
        Self { book, ledger, clock, warnings }
    }

    fn later(&self, seconds: i64) {
        self.clock.fetch_add(seconds * 1_000_000, Ordering::Relaxed);
    }

    /// Sizes of the checkpoints in the folder.
    fn sizes(&self) -> Vec<u64> {
        let listed = Folder::at(self.book.folder.path().join("watched")).list().unwrap();
        listed.into_iter().map(|(size, _)| size).collect()
    }
}

async fn start_with(
    book: &Book,
    database: &Path,
    clock: &Arc<AtomicI64>,
    warnings: &Arc<Mutex<Vec<String>>>,
) -> StartUp {
    let warnings = warnings.clone();
    let folder = Folder::at(book.folder.path().join("watched"));
    let checkpoints = Checkpoints::new(folder, move |warning| warnings.lock().unwrap().push(warning.into()));
    let store = Arc::new(SqliteStore::open(database).await.unwrap());
    let environment = environment_at(clock.clone(), 5);
    StartUp { store, key: key(), environment, actor: "anna".parse().unwrap(), checkpoints: Some(checkpoints) }
}

/// Accepts the first claim that is open; answers with the position of what that wrote.
async fn accept_one(ledger: &Ledger) -> u64 {
    let claims = ledger.claims(&Default::default()).await.unwrap();
    let open = claims.iter().find(|claim| claim.state == domain::claim::ClaimState::Reported).unwrap();
    ledger.accept_claim(open.case_id, open.id).await.unwrap();
    head(ledger).await.0
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_without_checkpoints_gets_one_with_its_next_command_and_then_one_an_hour() {
    let watched = Watched::new().await;
    assert!(watched.sizes().is_empty(), "opening a ledger writes nothing");
    let first = accept_one(&watched.ledger).await;
    assert_eq!(watched.sizes(), [first]);
    accept_one(&watched.ledger).await;
    watched.later(3_599);
    accept_one(&watched.ledger).await;
    assert_eq!(watched.sizes(), [first]);
    watched.later(1);
    let second = accept_one(&watched.ledger).await;
    accept_one(&watched.ledger).await;
    assert_eq!(watched.sizes(), [first, second]);
    // A process that starts now goes by what it finds in the folder.
    watched.later(3_599);
    let database = watched.book.home.path();
    let start = start_with(&watched.book, &database, &watched.clock, &watched.warnings).await;
    let another = Ledger::open(start).await.unwrap();
    accept_one(&another).await;
    assert_eq!(watched.sizes(), [first, second]);
    watched.later(1);
    let third = accept_one(&another).await;
    assert_eq!(watched.sizes(), [first, second, third]);
    let verified = watched.ledger.verify(&|_, _| {}).await.unwrap();
    assert_eq!((verified.checkpoints, verified.vouched), (3, third));
    // Nobody writes any more. Whoever opens the ledger next has it vouched for, and `doctor` says what is missing.
    let last = accept_one(&another).await;
    let overdue = async || {
        let findings = another.doctor().await.unwrap();
        findings.into_iter().find(|finding| finding.check == "checkpoints").map(|finding| finding.ok)
    };
    assert_eq!(overdue().await, Some(true));
    watched.later(3_600);
    assert_eq!(overdue().await, Some(false));
    let start = start_with(&watched.book, &database, &watched.clock, &watched.warnings).await;
    Ledger::open(start).await.unwrap();
    assert_eq!(watched.sizes(), [first, second, third, last]);
    assert_eq!(overdue().await, Some(true));
    let told = watched.warnings.lock().unwrap().clone();
    assert!(told.len() == 1 && told[0].contains("holds no checkpoint"), "only at first: {told:?}");
}

/// A long import is vouched for while it goes on.
#[tokio::test(flavor = "multi_thread")]
async fn an_import_writes_checkpoints_on_its_way() {
    let watched = Watched::new().await;
    let receipts: Vec<String> =
        (100..8_400).map(|n| receipt("caritas", "MV-1", n, "2024-04-01", "0.01")).collect();
    let file = watched.book.write(Kind::Spend, "many.csv", &receipts);
    // Minutes pass with each row.
    let clock = watched.clock.clone();
    let database = watched.book.home.path();
    let start = start_with(&watched.book, &database, &clock, &watched.warnings).await;
    let environment =
        Environment::new(move || clock.fetch_add(100_000_000, Ordering::Relaxed), vault::OsEntropy);
    let ledger = Ledger::open(StartUp { environment, ..start }).await.unwrap();
    assert_eq!(import(&ledger, Kind::Spend, file, How::Real).await.unwrap().counts.applied, 8_300);
    let sizes = watched.sizes();
    let last = head(&ledger).await.0;
    assert!(sizes.len() >= 3 && sizes.last() == Some(&last), "{sizes:?} of {last}");
    assert!(sizes[0] < last - 1_000, "{sizes:?} of {last}");
    assert_eq!(ledger.verify(&|_, _| {}).await.unwrap().checkpoints, sizes.len() as u64);
}

/// A process that is running when an older copy of the database is put in its place.
#[tokio::test(flavor = "multi_thread")]
async fn what_contradicts_an_earlier_checkpoint_is_never_signed() {
    let watched = Watched::new().await;
    let folder = watched.book.folder.path();
    let before = watched.ledger.store().head().await.unwrap().position;
    watched.ledger.store().close().await.unwrap();
    watched.book.ledger.store().close().await.unwrap();
    std::fs::copy(watched.book.home.path(), folder.join("older.db")).unwrap();

    let (clock, warnings) = (&watched.clock, &watched.warnings);
    let database = watched.book.home.path();
    let ledger = Ledger::open(start_with(&watched.book, &database, clock, warnings).await).await.unwrap();
    accept_one(&ledger).await;
    accept_one(&ledger).await;
    let signed = ledger.checkpoint().await.unwrap().checkpoint.size;
    let sizes = watched.sizes();

    let older = async || start_with(&watched.book, &folder.join("older.db"), clock, warnings).await;
    let behind = |error: &AppError| matches!(error, AppError::Damaged(Damage::Behind { log, size, .. }) if *log == before && *size == signed);
    assert!(Ledger::open(older().await).await.is_err_and(|error| behind(&error)));
    let ledger = Ledger::open_to_inspect(older().await).await.unwrap();
    assert!(ledger.checkpoint().await.is_err_and(|error| behind(&error)));
    assert!(ledger.verify(&|_, _| {}).await.is_err_and(|error| behind(&error)));

    // At the same moment they would be the very same events.
    watched.later(1);
    // Other events, until the log is longer than the checkpoint: the commands are done, and nothing is signed.
    while accept_one(&ledger).await <= signed {}
    let mut told = warnings.lock().unwrap().clone();
    told.retain(|told| !told.contains("holds no checkpoint"));
    assert!(told.len() == 1 && told[0].contains("knows") && told[0].contains("is damaged"), "{told:?}");
    let not_continued = |error: &AppError| matches!(error, AppError::Damaged(Damage::NotContinued { size, .. }) if *size == signed);
    assert!(ledger.checkpoint().await.is_err_and(|error| not_continued(&error)));
    assert!(Ledger::open(older().await).await.is_err_and(|error| not_continued(&error)));
    assert_eq!(watched.sizes(), sizes);
}
