//! A disk without space: a clear error, reads go on, and the work goes on when there is space again.

use std::fs::{File, remove_file};
use std::io::Write;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

use app::import::{Grants, ImportProgress, ImportRequest, Spend};
use app::{AppError, Environment, StartUp};
use event_log::StoreError;
use money::Locale;
use store_sqlite::SqliteStore;
use tempfile::TempDir;
use vault::LedgerKey;

use crate::support::{Ledger, fixtures, on_postgres};

/// A small disk of its own: a file system in memory.
struct SmallDisk {
    folder: TempDir,
}

impl SmallDisk {
    /// `None`, said aloud, where this user may not mount one.
    fn mount(size: &str) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let options = format!("size={size}");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &options, "svala-test"])
            .arg(folder.path())
            .output();
        if mounted.is_ok_and(|mounted| mounted.status.success()) {
            return Some(Self { folder });
        }
        store_testing::missing("a disk that can be filled must be mounted, which only root may do");
        None
    }

    fn ballast(&self) -> PathBuf {
        self.folder.path().join("ballast")
    }

    /// Takes every byte there is.
    fn fill(&self) {
        let mut ballast = File::options().create(true).append(true).open(self.ballast()).unwrap();
        for size in [65_536, 4_096, 1] {
            while ballast.write_all(&vec![0; size]).is_ok() {}
        }
    }

    fn free(&self) {
        remove_file(self.ballast()).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg(self.folder.path()).status();
        assert!(unmounted.is_ok_and(|status| status.success()) || std::thread::panicking());
    }
}

const FULL: &str = "the disk is full: nothing of this command was written; free some space and run it again";

#[test]
fn commands_are_refused_reads_go_on_and_the_same_command_works_when_there_is_space() {
    let Some(disk) = SmallDisk::mount("8m") else { return };
    let ledger = Ledger::on(disk.folder.path());
    ledger.begin_of_one();
    ledger.take_files(&fixtures());
    ledger.import_up_to("grants");
    let before = (ledger.root(), ledger.state());

    disk.fill();
    for _ in 0..2 {
        let refused = ledger.fail(3, "import spend spend.csv --accept");
        assert!(refused.contains(FULL), "{refused}");
        assert_eq!((ledger.root(), ledger.state()), before, "reads go on, and nothing was written");
    }
    disk.free();
    ledger.ok("import spend spend.csv --accept");
    ledger.ok("import reversals reversals.csv");
    ledger.is_sound();
    assert_eq!(ledger.state(), Ledger::small("reversals").state());
}

/// The tables of a server's ledger, moved to a small disk.
struct SmallTablespace(String);

impl SmallTablespace {
    /// `None`, said aloud, where the server cannot see this machine's disks.
    fn on(disk: &SmallDisk, ledger: &Ledger) -> Option<Self> {
        use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
        let data: String = ledger.ask("SHOW data_directory", |row| row.get(0)).remove(0);
        let Ok(data) = std::fs::metadata(data) else {
            store_testing::skipped("the server's disk is not on this machine");
            return None;
        };
        let folder = disk.folder.path().join("tables");
        std::fs::create_dir(&folder).unwrap();
        chown(&folder, Some(data.uid()), Some(data.gid())).unwrap();
        std::fs::set_permissions(disk.folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let name = format!("svala_small_{}", std::process::id());
        ledger.sql(&format!("CREATE TABLESPACE {name} LOCATION '{}'", folder.display())).unwrap();
        for table in ["events", "commands", "unique_keys", "vault_subjects", "vault_texts", "projection_rows"]
        {
            ledger.sql(&format!("ALTER TABLE {table} SET TABLESPACE {name}")).unwrap();
        }
        Some(Self(name))
    }

    /// The disk can only be taken away when nothing is on it.
    fn leave(self, ledger: &Ledger) {
        ledger.remove_database();
        ledger.sql("CHECKPOINT").unwrap();
        ledger.sql(&format!("DROP TABLESPACE {}", self.0)).unwrap();
    }
}

#[test]
fn a_server_whose_disk_is_full_refuses_commands_answers_queries_and_goes_on_when_there_is_space() {
    if !on_postgres() {
        return;
    }
    let Some(disk) = SmallDisk::mount("32m") else { return };
    let ledger = crate::ledger_before_the_spend(60);
    let whole = ledger.twin();
    whole.ok("import spend spend.csv --accept");
    let Some(small) = SmallTablespace::on(&disk, &ledger) else { return };
    let before = (ledger.root(), ledger.state());

    disk.fill();
    for _ in 0..2 {
        let refused = ledger.fail(3, "import spend spend.csv --accept");
        assert!(refused.contains(FULL), "{refused}");
        assert_eq!((ledger.root(), ledger.state()), before, "reads go on, and nothing was written");
    }
    disk.free();
    ledger.ok("import spend spend.csv --accept");
    assert_eq!(ledger.state(), whole.state());
    ledger.is_sound();
    small.leave(&ledger);
}

#[test]
fn a_creation_on_a_full_disk_leaves_nothing_in_the_way() {
    let Some(disk) = SmallDisk::mount("2m") else { return };
    let ledger = Ledger::on(disk.folder.path());
    disk.fill();
    let refused = ledger.fail(3, "init");
    assert!(refused.contains("full") || refused.contains("No space left"), "{refused}");
    disk.free();
    ledger.ok("init");
    ledger.is_sound();
}

struct Silent;

impl ImportProgress for Silent {
    fn at(&self, _: bool, _: u64, _: u64) {}
}

/// One program that runs all the time, as a server does.
#[tokio::test]
async fn a_running_program_needs_no_restart() {
    let Some(disk) = SmallDisk::mount("8m") else { return };
    let (key, environment) = (LedgerKey::from_bytes([7; 32]), Environment::system());
    let meta = app::Ledger::new_meta(&key, &environment).unwrap();
    let store = Arc::new(SqliteStore::create(&disk.folder.path().join("svala.db"), meta).await.unwrap());
    let start =
        StartUp { store: store.clone(), key, environment, actor: "anna".parse().unwrap(), checkpoints: None };
    let ledger = app::Ledger::init(start, rulebook::Rulebook::embedded().unwrap()).await.unwrap();
    let file = |kind: &str| ImportRequest {
        path: fixtures().join(format!("{kind}.csv")),
        locale: Locale::Strict,
        dry_run: false,
        partial: false,
        rejects: None,
        tell_rows: false,
    };
    ledger.import(&app::import::Cases, &file("cases"), &Silent).await.unwrap();
    let balances = ledger.balances(None).await.unwrap();
    let before = ledger.verify(&|_, _| {}).await.unwrap();

    disk.fill();
    // The write-ahead log has some space of its own left; a file as large as this needs more.
    let year = demo::invent(11, 200);
    let large = tempfile::tempdir().unwrap();
    let large = large.path().join("cases.csv");
    std::fs::write(&large, &year.cases).unwrap();
    let large = ImportRequest { path: large, ..file("cases") };
    for _ in 0..3 {
        let refused = ledger.import(&app::import::Cases, &large, &Silent).await;
        assert!(matches!(refused, Err(AppError::Store(StoreError::Full))), "{refused:?}");
        assert_eq!(ledger.verify(&|_, _| {}).await.unwrap(), before, "nothing was written");
        assert_eq!(ledger.balances(None).await.unwrap(), balances, "reads go on");
    }
    disk.free();
    let imported = ledger.import(&app::import::Cases, &large, &Silent).await.unwrap();
    assert_eq!(imported.counts.rows, year.cases.lines().count() as u64 - 1);
    ledger.import(&Grants, &file("grants"), &Silent).await.unwrap();
    ledger.import(&Spend::new(true, None), &file("spend"), &Silent).await.unwrap();
    ledger.verify(&|_, _| {}).await.unwrap();
    assert!(ledger.replay(false, &|_, _| {}).await.unwrap().iter().all(|replayed| replayed.is_equal()));
    event_log::Store::close(&*store).await.unwrap();
}
