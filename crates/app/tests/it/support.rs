//! A ledger in a folder of its own, with a clock, randomness and a key that are the same in every run.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use app::checkpoints::Folder;
use app::import::{Cases, Grants, ImportProgress, ImportReport, ImportRequest, Importer, Reversals, Spend};
use app::query::{BalanceItem, ClaimFilter, ClaimItem};
use app::{AppError, Checkpoints, Environment, Ledger, StartUp};
use domain::{Case, CaseEvent, Event};
use event_log::{Hash, Store};
use money::Locale;
use rulebook::Rulebook;
use store_sqlite::SqliteStore;
use tempfile::TempDir;
use vault::{Entropy, LedgerKey, VaultError};

use crate::homes::{Home, SqliteHome};

pub const CASES: &str = "case_ref,applied_on,destination,return_mode,handled_by,asylum_outcome,in_sweden,\
likely_received,intends_to_reestablish,court_expulsion,unaccompanied_child,decided_on,decision,departed_on,\
arrived_on,partner";
pub const GRANTS: &str = "case_ref,paid_on,amount,currency,method,payment_ref";
pub const SPEND: &str =
    "partner,case_ref,category,delivered_on,amount,currency,supplier,receipt_no,receipt_sha256,description";
pub const REVERSALS: &str = "partner,receipt_no,supplier,reversed_on,amount,currency,reason";

/// The program's rulebook, where one person decides claims of any amount.
pub fn rules_of_one() -> Rulebook {
    let document = Rulebook::embedded().unwrap().document().to_owned();
    let limit = "id = \"second_approval_from\"\nvalue = \"";
    assert!(document.contains(limit));
    Rulebook::parse(&document.replace(limit, &format!("{limit}9000000000"))).unwrap()
}

/// When every test begins.
pub const START: i64 = 1_732_190_000_000_000;

/// The four kinds of files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Cases,
    Grants,
    Spend,
    Reversals,
}

/// Bytes that differ at every call but are the same in every run.
struct Seeded(u64);

impl Entropy for Seeded {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), VaultError> {
        for byte in bytes {
            // SplitMix64
            self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            *byte = ((mixed ^ (mixed >> 27)) >> 56) as u8;
        }
        Ok(())
    }
}

pub struct Silent;

impl ImportProgress for Silent {
    fn at(&self, _: bool, _: u64, _: u64) {}
}

pub fn key() -> LedgerKey {
    LedgerKey::from_bytes([7; 32])
}

/// A clock that moves by a millisecond at each look, and seeded randomness.
pub fn environment(seed: u64) -> Environment {
    let clock = AtomicI64::new(START);
    Environment::new(move || clock.fetch_add(1_000, Ordering::Relaxed), Seeded(seed))
}

/// A clock that stands where it is put.
pub fn environment_at(clock: Arc<AtomicI64>, seed: u64) -> Environment {
    Environment::new(move || clock.load(Ordering::Relaxed), Seeded(seed))
}

/// A process with its checkpoints in a folder that it may share with others. Minutes pass with each look at the clock,
/// so that it often writes one; a warning about them fails the test.
pub fn start(store: Arc<dyn Store>, seed: u64, folder: &Path) -> StartUp {
    const STEP: i64 = 5 * 60 * 1_000_000;
    let clock = AtomicI64::new(START);
    let environment = Environment::new(move || clock.fetch_add(STEP, Ordering::Relaxed), Seeded(seed));
    let folder = Folder::at(folder.join("checkpoints"));
    let checkpoints = Checkpoints::new(folder, |warning| panic!("warning: {warning}"));
    let actor = "anna".parse().unwrap();
    StartUp { store, key: key(), environment, actor, checkpoints: Some(checkpoints) }
}

/// A ledger of its own, and a folder for the files that are imported into it.
pub struct Book<P = SqliteHome> {
    pub ledger: Ledger,
    pub folder: TempDir,
    pub home: P,
}

impl Book {
    pub async fn new() -> Self {
        Self::seeded(1).await
    }

    pub async fn seeded(seed: u64) -> Self {
        Self::made(seed).await.unwrap()
    }

    pub async fn store(&self) -> SqliteStore {
        SqliteStore::open(&self.home.path()).await.unwrap()
    }
}

impl<P: Home> Book<P> {
    /// `None` where there is no such database to test on.
    pub async fn made(seed: u64) -> Option<Self> {
        Self::made_under(rules_of_one(), seed).await
    }

    /// The same under other rules.
    pub async fn made_under(rulebook: Rulebook, seed: u64) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let home = P::create(Ledger::new_meta(&key(), &environment(99)).unwrap()).await?;
        let ledger = Ledger::init(start(home.open().await, seed, folder.path()), rulebook).await.unwrap();
        Some(Self { ledger, folder, home })
    }

    /// The same ledger, opened by another process.
    pub async fn another(&self, seed: u64) -> Ledger {
        Ledger::open(start(self.home.open().await, seed, self.folder.path())).await.unwrap()
    }

    /// The same ledger, opened by another person.
    pub async fn by(&self, name: &str, seed: u64) -> Ledger {
        let start = start(self.home.open().await, seed, self.folder.path());
        Ledger::open(StartUp { actor: name.parse().unwrap(), ..start }).await.unwrap()
    }

    /// Registers a partner that no register of cases names.
    pub async fn register(&self, code: &str) {
        self.ledger.register_partner(code.parse().unwrap(), code.parse().unwrap()).await.unwrap();
    }

    /// Imports rows, which must be without errors.
    pub async fn import(&self, kind: Kind, name: &str, rows: &[String]) -> ImportReport {
        let report = import(&self.ledger, kind, self.write(kind, name, rows), How::Real).await.unwrap();
        assert_eq!(report.errors, [], "{name}");
        report
    }

    pub fn write(&self, kind: Kind, name: &str, rows: &[String]) -> PathBuf {
        write(self.folder.path(), kind, name, rows)
    }

    pub async fn head(&self) -> (u64, Hash) {
        head(&self.ledger).await
    }

    /// The log verifies, also against the checkpoints that were written while it grew, and the read models equal those
    /// rebuilt from its first event.
    pub async fn sound(&self) {
        let verified = self.ledger.verify(&|_, _| {}).await.unwrap();
        assert!(verified.checkpoints > 0, "no checkpoint was written");
        for replayed in self.ledger.replay(false, &|_, _| {}).await.unwrap() {
            assert!(replayed.is_equal(), "{replayed:?}");
        }
        self.streams_agree().await;
    }

    /// Every stream folds, the balances shown are those of the streams, and nobody is over a cap without a cause.
    async fn streams_agree(&self) {
        let mut streams: BTreeMap<String, (Option<Case>, bool)> = BTreeMap::new();
        let log = self.ledger.store().read_log(0, u32::MAX).await.unwrap();
        for recorded in &log {
            let Event::Case(event) = Event::decode(recorded).unwrap() else { continue };
            let (case, excused) = streams.entry(recorded.stream_id.to_string()).or_default();
            *excused |= matches!(
                event,
                CaseEvent::EntitlementAdjusted(_)
                    | CaseEvent::ApplicationWithdrawn(_)
                    | CaseEvent::ArrivalGrantAllowed(_)
            );
            *case = Some(Case::evolve(case.take(), &event).unwrap());
            for (name, line) in case.as_ref().unwrap().balances.iter() {
                assert!(line.disbursed <= line.cap || *excused, "{}: {name} {line:?}", recorded.position);
                assert!(!line.pending.is_negative() && !line.disbursed.is_negative());
            }
        }
        let shown = self.ledger.balances(None).await.unwrap();
        let mut folded = 0;
        for (case, _) in streams.values() {
            let case = case.as_ref().unwrap();
            for (name, line) in case.balances.iter().filter(|(_, line)| line.rule_id.is_some()) {
                let reference = case.reference.to_string();
                let item = shown.iter().find(|i| i.case == reference && i.budget_line == name).unwrap();
                assert_eq!(
                    (item.cap, item.committed, item.disbursed, item.pending, item.disallowed),
                    (line.cap, line.committed, line.disbursed, line.pending, line.disallowed)
                );
                assert_eq!(Some(&item.rule_id), line.rule_id.as_ref());
                folded += 1;
            }
        }
        assert_eq!(shown.len(), folded);
    }

    pub async fn balances(&self) -> Vec<String> {
        balances(&self.ledger).await
    }

    pub async fn claims(&self) -> Vec<ClaimItem> {
        self.ledger.claims(&ClaimFilter::default()).await.unwrap()
    }

    /// What is known of the claims, without their numbers.
    pub async fn claim_outcomes(&self) -> Vec<String> {
        let of = |c: ClaimItem| {
            format!(
                "{} {} {} {} {} {} {}",
                c.external_ref, c.receipt_no, c.state, c.eligible, c.disallowed, c.reversed, c.reason
            )
        };
        let mut outcomes: Vec<String> = self.claims().await.into_iter().map(of).collect();
        outcomes.sort();
        outcomes
    }
}

/// Writes a file of this kind.
pub fn write(folder: &Path, kind: Kind, name: &str, rows: &[String]) -> PathBuf {
    let header = match kind {
        Kind::Cases => CASES,
        Kind::Grants => GRANTS,
        Kind::Spend => SPEND,
        Kind::Reversals => REVERSALS,
    };
    let path = folder.join(name);
    let mut text = format!("{header}\n");
    rows.iter().for_each(|row| text.extend([row.as_str(), "\n"]));
    std::fs::write(&path, text).unwrap();
    path
}

pub async fn head(ledger: &Ledger) -> (u64, Hash) {
    let head = ledger.store().head().await.unwrap();
    (head.position, head.root)
}

/// The balances as everybody outside knows them: by the authority's key, without the ledger's own reference.
pub async fn balances(ledger: &Ledger) -> Vec<String> {
    let of = |b: BalanceItem| {
        format!(
            "{} {} {} {} {} {} {}",
            b.external_ref, b.budget_line, b.rule_id, b.cap, b.disbursed, b.pending, b.disallowed
        )
    };
    ledger.balances(None).await.unwrap().into_iter().map(of).collect()
}

/// How a file is imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    Real,
    Accepting,
    Partial,
    Dry,
}

pub async fn import(ledger: &Ledger, kind: Kind, path: PathBuf, how: How) -> Result<ImportReport, AppError> {
    let request = ImportRequest {
        path,
        locale: Locale::Strict,
        dry_run: how == How::Dry,
        partial: how == How::Partial,
        rejects: None,
        tell_rows: false,
    };
    async fn of<I: Importer>(
        ledger: &Ledger,
        importer: I,
        request: &ImportRequest,
    ) -> Result<ImportReport, AppError> {
        ledger.import(&importer, request, &Silent).await
    }
    match kind {
        Kind::Cases => of(ledger, Cases, &request).await,
        Kind::Grants => of(ledger, Grants, &request).await,
        Kind::Spend => of(ledger, Spend::new(how != How::Real, None), &request).await,
        Kind::Reversals => of(ledger, Reversals, &request).await,
    }
}

/// A person at home, approved for the Gambia on a voluntary return, with Caritas.
pub fn person(name: &str) -> String {
    person_to(name, "GM", "caritas")
}

pub fn person_to(name: &str, country: &str, partner: &str) -> String {
    format!(
        "{name},2024-02-01,{country},voluntary,migration-agency,refused,yes,yes,yes,no,no,2024-02-20,approve,\
         2024-03-10,2024-03-11,{partner}"
    )
}

pub fn receipt(partner: &str, case: &str, number: u32, delivered_on: &str, amount: &str) -> String {
    format!("{partner},{case},temporary-housing,{delivered_on},{amount},EUR,Hotel Banjul,R-{number},,a room")
}

/// The same row in another currency.
pub fn in_currency(row: String, currency: &str) -> String {
    row.replacen(",EUR,", &format!(",{currency},"), 1)
}

pub fn payment(case: &str, number: u32, paid_on: &str, amount: &str) -> String {
    format!("{case},{paid_on},{amount},EUR,bank,P-{number}")
}

pub fn reversal(partner: &str, number: u32, on: &str, amount: &str) -> String {
    format!("{partner},R-{number},Hotel Banjul,{on},{amount},EUR,paid twice")
}

pub fn many_threads() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}
