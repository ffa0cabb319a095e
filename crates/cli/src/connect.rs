//! Finding and opening the ledger that the command line names.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use app::{Actor, Environment, Ledger, StartUp};
use event_log::Store as _;
use rulebook::Rulebook;
use store_sqlite::SqliteStore;
use vault::LedgerKey;

use crate::args::Args;
use crate::output::{Failure, remark};

/// Where a ledger is and who speaks to it.
pub struct Place {
    database: PathBuf,
    key_file: PathBuf,
    actor: Actor,
    rulebook: Option<PathBuf>,
    opened: Arc<Mutex<Vec<Arc<SqliteStore>>>>,
}

impl Place {
    /// Reads the global options.
    pub fn new(args: &Args) -> Result<Self, Failure> {
        let database = database(&args.ledger)?;
        let key_file = args.key_file.clone().unwrap_or_else(|| database.with_extension("key"));
        let actor = match &args.actor {
            Some(actor) => actor.clone(),
            None => user()?,
        };
        Ok(Self { database, key_file, actor, rulebook: args.rulebook.clone(), opened: Arc::default() })
    }

    /// The same place in another folder, under the usual names.
    pub fn inside(&self, folder: &Path) -> Self {
        Self {
            database: folder.join("svala.db"),
            key_file: folder.join("svala.key"),
            actor: self.actor.clone(),
            rulebook: self.rulebook.clone(),
            opened: self.opened.clone(),
        }
    }

    /// The database file.
    pub fn database(&self) -> &Path {
        &self.database
    }

    /// The key file.
    pub fn key_file(&self) -> &Path {
        &self.key_file
    }

    /// The rulebook given with `--rulebook`, if one was.
    pub fn given_rulebook(&self) -> Result<Option<Rulebook>, Failure> {
        self.rulebook.as_deref().map(read_rulebook).transpose()
    }

    /// Creates a ledger.
    pub async fn init(&self) -> Result<Ledger, Failure> {
        let rulebook = match self.given_rulebook()? {
            Some(rulebook) => rulebook,
            None => Rulebook::embedded()?,
        };
        // An interrupted creation may leave an empty file: it is taken over. A key is never: it may be another ledger's.
        if self.database.metadata().is_ok_and(|file| file.len() > 0) {
            return Err(
                event_log::StoreError::AlreadyThere { place: self.database.display().to_string() }.into()
            );
        }
        let environment = Environment::system();
        // The key first: a database without its key would be useless, a key without a database harms nobody.
        let key = LedgerKey::generate()?;
        key.create_file(&self.key_file)?;
        let created = self.create(key, environment, rulebook).await;
        if created.is_err() && !self.database.metadata().is_ok_and(|file| file.len() > 0) {
            // Nothing was sealed with it yet.
            let _ = std::fs::remove_file(&self.key_file);
        }
        created
    }

    async fn create(
        &self,
        key: LedgerKey,
        environment: Environment,
        rulebook: Rulebook,
    ) -> Result<Ledger, Failure> {
        let meta = Ledger::new_meta(&key, &environment)?;
        let store = self.note(SqliteStore::create(&self.database, meta).await?);
        Ok(Ledger::init(StartUp { store, key, environment, actor: self.actor.clone() }, rulebook).await?)
    }

    fn note(&self, store: SqliteStore) -> Arc<SqliteStore> {
        let store = Arc::new(store);
        self.opened.lock().unwrap_or_else(PoisonError::into_inner).push(store.clone());
        store
    }

    /// Lets go of the database, which folds its write-ahead log into the one file.
    pub async fn close(&self) {
        let opened = std::mem::take(&mut *self.opened.lock().unwrap_or_else(PoisonError::into_inner));
        for store in opened {
            // Everything acknowledged is on disk already; what is left to do is housekeeping.
            let _ = store.close().await;
        }
    }

    /// Opens the ledger to read.
    pub async fn open(&self) -> Result<Ledger, Failure> {
        self.open_store(SqliteStore::open(&self.database).await?).await
    }

    /// Opens the ledger to show what a command would do: with the rulebook given, which is not adopted.
    pub async fn open_to_try(&self) -> Result<Ledger, Failure> {
        let ledger = self.open().await?;
        Ok(match self.given_rulebook()? {
            Some(rulebook) => ledger.as_if_adopted(rulebook),
            None => ledger,
        })
    }

    /// Opens the ledger to find out what is wrong with it, where it could not be opened to work with.
    pub async fn open_to_inspect(&self) -> Result<Ledger, Failure> {
        self.open_store(SqliteStore::open_to_inspect(&self.database).await?).await
    }

    async fn open_store(&self, store: SqliteStore) -> Result<Ledger, Failure> {
        let store = self.note(store);
        let key = LedgerKey::read_file(&self.key_file)?;
        Ok(Ledger::open(StartUp {
            store,
            key,
            environment: Environment::system(),
            actor: self.actor.clone(),
        })
        .await?)
    }

    /// Opens the ledger to write: a rulebook given with `--rulebook` comes into force first.
    pub async fn open_to_write(&self) -> Result<Ledger, Failure> {
        let mut ledger = self.open().await?;
        if let Some(rulebook) = self.given_rulebook()? {
            let version = rulebook.version().to_owned();
            if ledger.adopt(rulebook).await? {
                remark(format!("rulebook {version} is in force from now on"));
            }
        }
        Ok(ledger)
    }
}

/// Reads and checks a rulebook file.
pub fn read_rulebook(path: &Path) -> Result<Rulebook, Failure> {
    let document = std::fs::read_to_string(path).map_err(|error| {
        Failure::usage(format!("the rulebook {} cannot be read: {error}", path.display()))
    })?;
    Ok(Rulebook::parse(&document)?)
}

fn database(url: &str) -> Result<PathBuf, Failure> {
    let path = url.strip_prefix("sqlite://").or_else(|| url.strip_prefix("sqlite:"));
    match path {
        Some(path) if !path.is_empty() => Ok(PathBuf::from(path)),
        _ => Err(Failure::usage(format!(
            "--ledger {url}: a ledger is named sqlite:FILE, such as sqlite:svala.db (other databases are not served by this version)"
        ))),
    }
}

fn user() -> Result<Actor, Failure> {
    let named = ["USER", "LOGNAME", "USERNAME"].into_iter().find_map(|name| std::env::var(name).ok());
    let name = named.filter(|name| !name.is_empty()).or_else(user_number).unwrap_or_else(|| "unknown".into());
    name.parse().map_err(|error| {
        Failure::usage(format!("your user name cannot be recorded ({error}): name yourself with --actor"))
    })
}

/// The number of the user, where services run without a name.
fn user_number() -> Option<String> {
    #[cfg(target_os = "linux")]
    {
        use std::os::unix::fs::MetadataExt;
        std::fs::metadata("/proc/self").ok().map(|me| format!("uid-{}", me.uid()))
    }
    #[cfg(not(target_os = "linux"))]
    None
}
