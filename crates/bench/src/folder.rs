//! The files that are imported, and ledgers to import them into.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use app::{Environment, Ledger, StartUp};
use event_log::Store;
use rulebook::Rulebook;
use vault::LedgerKey;

use crate::Outcome;
use crate::database::Database;

/// The invented year, on disk.
pub struct Files {
    pub folder: PathBuf,
    pub cases: PathBuf,
    pub grants: PathBuf,
    pub spend: PathBuf,
}

impl Files {
    /// Files that were written before.
    pub fn in_folder(folder: &Path) -> Self {
        let [cases, grants, spend] = ["cases.csv", "grants.csv", "spend.csv"].map(|name| folder.join(name));
        Self { folder: folder.to_owned(), cases, grants, spend }
    }

    /// Writes the files. The texts are dropped before anything is measured.
    pub fn invent(folder: &Path, seed: u64, people: usize) -> Outcome<Self> {
        let (year, files) = (demo::invent(seed, people), Self::in_folder(folder));
        std::fs::write(&files.cases, year.cases)?;
        std::fs::write(&files.grants, year.grants)?;
        std::fs::write(&files.spend, year.spend)?;
        Ok(files)
    }

    /// In the order of their import.
    pub fn all(&self) -> [&Path; 3] {
        [&self.cases, &self.grants, &self.spend]
    }
}

/// How many people's year comes to about so many events: fifteen each, and a few more for some.
pub fn people_for(events: usize) -> usize {
    (events * 10 / 151).max(1)
}

/// A new ledger in a database, and the store under it, which must be closed at the end.
pub async fn new_ledger(database: &dyn Database) -> Outcome<(Ledger, Arc<dyn Store>)> {
    let environment = Environment::system();
    let key = LedgerKey::generate()?;
    let store = database.ledger(Ledger::new_meta(&key, &environment)?).await?;
    let start =
        StartUp { store: store.clone(), key, environment, actor: "bench".parse()?, checkpoints: None };
    Ok((Ledger::init(start, Rulebook::embedded()?).await?, store))
}
