//! The files that are imported, and ledgers to import them into.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use app::{Environment, Ledger, StartUp};
use rulebook::Rulebook;
use store_sqlite::SqliteStore;
use vault::LedgerKey;

use crate::Outcome;

/// The invented year, on disk.
pub struct Files {
    pub cases: PathBuf,
    pub grants: PathBuf,
    pub spend: PathBuf,
}

impl Files {
    /// Writes the files. The texts are dropped before anything is measured.
    pub fn invent(folder: &Path, seed: u64, people: usize) -> Outcome<Self> {
        let year = demo::invent(seed, people);
        let file = |name: &str, content: &str| -> Outcome<PathBuf> {
            let path = folder.join(name);
            std::fs::write(&path, content)?;
            Ok(path)
        };
        Ok(Self {
            cases: file("cases.csv", &year.cases)?,
            grants: file("grants.csv", &year.grants)?,
            spend: file("spend.csv", &year.spend)?,
        })
    }

    /// In the order of their import.
    pub fn all(&self) -> [&Path; 3] {
        [&self.cases, &self.grants, &self.spend]
    }
}

/// A new ledger, and the store under it, which must be closed at the end.
pub async fn new_ledger(folder: &Path) -> Outcome<(Ledger, Arc<SqliteStore>)> {
    let environment = Environment::system();
    let key = LedgerKey::generate()?;
    let meta = Ledger::new_meta(&key, &environment)?;
    let store = Arc::new(SqliteStore::create(&folder.join("svala.db"), meta).await?);
    let start =
        StartUp { store: store.clone(), key, environment, actor: "bench".parse()?, checkpoints: None };
    Ok((Ledger::init(start, Rulebook::embedded()?).await?, store))
}
