//! Finding and opening the ledger that the command line names.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use app::{Actor, Adoption, Environment, Ledger, StartUp};
use domain::Refusal;
use event_log::{Head, LedgerMeta, Store, StoreError};
use rulebook::Rulebook;
use store_postgres::PostgresStore;
use store_sqlite::SqliteStore;
use vault::LedgerKey;

use crate::args::Args;
use crate::checkpoints;
use crate::output::{Failure, remark};

/// Where a ledger is and who speaks to it.
pub struct Place {
    database: Database,
    key_file: PathBuf,
    actor: Actor,
    rulebook: Option<PathBuf>,
    checkpoints: PathBuf,
    opened: Arc<Mutex<Vec<Arc<dyn Store>>>>,
}

/// The database that a URL names.
#[derive(Clone)]
enum Database {
    /// A file.
    Sqlite(PathBuf),
    /// A server's database; the URL may hold a password and is never shown.
    Postgres { url: String, name: String },
}

impl Place {
    /// Reads the global options.
    pub fn new(args: &Args) -> Result<Self, Failure> {
        let database = Database::named(&args.ledger)?;
        let key_file = args.key_file.clone().unwrap_or_else(|| database.key_file());
        let actor = match &args.actor {
            Some(actor) => actor.in_lower_case(),
            None => user()?.in_lower_case(),
        };
        let checkpoints = checkpoints::folder(args.checkpoints.as_deref(), &key_file);
        let rulebook = args.rulebook.clone();
        Ok(Self { database, key_file, actor, rulebook, checkpoints, opened: Arc::default() })
    }

    /// The same place with its files in another folder, under the usual names. A database on a server stays.
    pub fn inside(&self, folder: &Path) -> Self {
        let database = match &self.database {
            Database::Sqlite(_) => Database::Sqlite(folder.join("svala.db")),
            server @ Database::Postgres { .. } => server.clone(),
        };
        Self {
            database,
            key_file: folder.join("svala.key"),
            checkpoints: folder.join("svala.checkpoints"),
            actor: self.actor.clone(),
            rulebook: self.rulebook.clone(),
            opened: self.opened.clone(),
        }
    }

    /// The same place, spoken to by somebody else.
    pub fn spoken_to_by(&self, actor: Actor) -> Self {
        Self {
            database: self.database.clone(),
            key_file: self.key_file.clone(),
            checkpoints: self.checkpoints.clone(),
            actor,
            rulebook: self.rulebook.clone(),
            opened: self.opened.clone(),
        }
    }

    /// What names the database at the command line, without a password.
    pub fn ledger(&self) -> String {
        match &self.database {
            Database::Sqlite(path) => format!("sqlite:{}", path.display()),
            Database::Postgres { url, .. } => without_password(url),
        }
    }

    /// The key file.
    pub fn key_file(&self) -> &Path {
        &self.key_file
    }

    /// The folder of checkpoints.
    pub fn checkpoints(&self) -> &Path {
        &self.checkpoints
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
        let environment = Environment::system();
        let begun = self.begun().await?;
        checkpoints::refuse_used(&self.checkpoints)?;
        if let Some((store, key)) = begun {
            return Ok(Ledger::init(self.start_up(store, key, environment), rulebook).await?);
        }
        // The key first: a database without its key would be useless, a key without a database harms nobody. A key
        // that is there is never taken: it may be another ledger's.
        let key = LedgerKey::generate()?;
        key.create_file(&self.key_file)?;
        let store = match self.create(Ledger::new_meta(&key, &environment)?).await {
            Ok(store) => self.note(store),
            Err(error) => {
                // The answer may have been lost after the ledger was made: its key must stay then.
                if !self.may_be_sealed_with(&key).await {
                    let _ = std::fs::remove_file(&self.key_file);
                }
                return Err(error.into());
            }
        };
        Ok(Ledger::init(self.start_up(store, key, environment), rulebook).await?)
    }

    /// A ledger whose creation was broken off before its first event, with its key. Any other ledger is refused.
    async fn begun(&self) -> Result<Option<(Arc<dyn Store>, LedgerKey)>, Failure> {
        let there = match self.open_store().await {
            // An interrupted creation may also leave an empty file: it is taken over.
            Err(StoreError::NoLedger { .. }) => return Ok(None),
            there => self.note(there?),
        };
        match LedgerKey::read_file(&self.key_file) {
            Ok(key) if there.head().await?.position == 0 && there.meta().await?.key_id == key.key_id() => {
                Ok(Some((there, key)))
            }
            _ => Err(StoreError::AlreadyThere { place: self.ledger() }.into()),
        }
    }

    async fn may_be_sealed_with(&self, key: &LedgerKey) -> bool {
        match self.open_store().await {
            Err(StoreError::NoLedger { .. }) => false,
            Err(_) => true,
            Ok(store) => !self.note(store).meta().await.is_ok_and(|meta| meta.key_id != key.key_id()),
        }
    }

    async fn create(&self, meta: LedgerMeta) -> Result<Arc<dyn Store>, StoreError> {
        Ok(match &self.database {
            Database::Sqlite(path) => Arc::new(SqliteStore::create(path, meta).await?),
            Database::Postgres { url, .. } => Arc::new(PostgresStore::create(url, meta).await?),
        })
    }

    /// Brings the schema up to date. A file is brought up to date whenever it is opened; on a server that is left to
    /// the schema's owner.
    pub async fn migrate(&self) -> Result<(), Failure> {
        if let Database::Postgres { url, .. } = &self.database {
            PostgresStore::prepare(url).await?;
        }
        self.note(self.open_store().await?);
        Ok(())
    }

    /// Puts the head of a log that a hand moved where the events end; answers with where that is.
    pub async fn restore_head(&self) -> Result<u64, Failure> {
        match &self.database {
            Database::Postgres { url, .. } => Ok(PostgresStore::restore_head(url).await?.position),
            Database::Sqlite(_) => Err(Failure::usage(
                "the head of a ledger in a file cannot be moved by hand: nothing is to restore",
            )),
        }
    }

    /// Copies a ledger in a file as it is at this moment into another file; answers with the head of the copy.
    pub async fn back_up(&self, out: &Path) -> Result<Head, Failure> {
        let Database::Sqlite(path) = &self.database else {
            return Err(Failure::usage(
                "a ledger on a server is backed up by the server's own means: `pg_dump`, as docs/POSTGRESQL.md shows",
            ));
        };
        if out.exists() {
            return Err(Failure::usage(format!("{} is there already: name a new file", out.display())));
        }
        if !path.is_file() {
            return Err(StoreError::NoLedger { place: path.display().to_string() }.into());
        }
        SqliteStore::back_up(path, out).await?;
        Ok(self.note(Arc::new(SqliteStore::open(out).await?)).head().await?)
    }

    async fn open_store(&self) -> Result<Arc<dyn Store>, StoreError> {
        Ok(match &self.database {
            Database::Sqlite(path) => Arc::new(SqliteStore::open(path).await?),
            Database::Postgres { url, .. } => Arc::new(PostgresStore::open(url).await?),
        })
    }

    fn note(&self, store: Arc<dyn Store>) -> Arc<dyn Store> {
        self.opened.lock().unwrap_or_else(PoisonError::into_inner).push(store.clone());
        store
    }

    /// Lets go of the database, which folds its write-ahead log into the one file.
    pub async fn close(&self) {
        let opened = std::mem::take(&mut *self.opened.lock().unwrap_or_else(PoisonError::into_inner));
        // What was taken of another goes before it.
        for store in opened.into_iter().rev() {
            // Everything acknowledged is on disk already; what is left to do is housekeeping.
            let _ = store.close().await;
        }
    }

    /// Opens the ledger to read it as it is at this moment: what others write meanwhile does not come between two answers.
    pub async fn open(&self) -> Result<Ledger, Failure> {
        let moment = self.open_live().await?.at_this_moment().await?;
        self.note(moment.store().clone());
        Ok(moment)
    }

    /// Opens the ledger as it goes on.
    pub async fn open_live(&self) -> Result<Ledger, Failure> {
        Ok(Ledger::open(self.start(self.open_store().await?)?).await?)
    }

    /// Opens the ledger to read, if there is one.
    pub async fn open_if_there(&self) -> Result<Option<Ledger>, Failure> {
        match self.open_store().await {
            Err(StoreError::NoLedger { .. }) => Ok(None),
            store => Ok(Some(Ledger::open(self.start(store?)?).await?)),
        }
    }

    /// Opens the ledger to show what a command would do: with the rulebook given, which is not adopted. Where that would not
    /// come into force, the command would do nothing else either.
    pub async fn open_to_try(&self) -> Result<Ledger, Failure> {
        let ledger = self.open().await?;
        let Some(rulebook) = self.given_rulebook()? else { return Ok(ledger) };
        match ledger.would_adopt(&rulebook).await? {
            Adoption::Already | Adoption::Now => Ok(ledger.as_if_adopted(rulebook)),
            Adoption::Proposed => {
                Err(only_proposed(&rulebook, "would be proposed", "nothing else would be done"))
            }
        }
    }

    /// Opens the ledger to find out what is wrong with it, where it could not be opened to work with.
    pub async fn open_to_inspect(&self) -> Result<Ledger, Failure> {
        let store = self.store_to_inspect().await?;
        Ok(Ledger::open_to_inspect(self.start(store)?).await?)
    }

    /// The database alone, for the same, without the ledger's key.
    pub async fn inspect_without_key(&self) -> Result<Arc<dyn Store>, Failure> {
        Ok(self.note(self.store_to_inspect().await?))
    }

    async fn store_to_inspect(&self) -> Result<Arc<dyn Store>, StoreError> {
        Ok(match &self.database {
            Database::Sqlite(path) => Arc::new(SqliteStore::open_to_inspect(path).await?),
            Database::Postgres { url, .. } => Arc::new(PostgresStore::open_to_inspect(url).await?),
        })
    }

    fn start(&self, store: Arc<dyn Store>) -> Result<StartUp, Failure> {
        let store = self.note(store);
        Ok(self.start_up(store, LedgerKey::read_file(&self.key_file)?, Environment::system()))
    }

    fn start_up(&self, store: Arc<dyn Store>, key: LedgerKey, environment: Environment) -> StartUp {
        let checkpoints = Some(checkpoints::at(&self.checkpoints));
        StartUp { store, key, environment, actor: self.actor.clone(), checkpoints }
    }

    /// Opens the ledger to write: a rulebook given with `--rulebook` comes into force first.
    pub async fn open_to_write(&self) -> Result<Ledger, Failure> {
        let mut ledger = self.open_live().await?;
        if let Some(rulebook) = self.given_rulebook()? {
            match ledger.adopt(rulebook.clone()).await? {
                Adoption::Already => {}
                Adoption::Now => remark(format!("rulebook {} is in force from now on", rulebook.version())),
                // What was to be decided by it is not decided by another.
                Adoption::Proposed => {
                    return Err(only_proposed(&rulebook, "is proposed", "nothing else was done"));
                }
            }
        }
        Ok(ledger)
    }
}

/// A rulebook that was given waits for a second person, and what was to be decided by it with it.
fn only_proposed(rulebook: &Rulebook, becomes: &str, rest: &str) -> Failure {
    let detail = format!(
        "rulebook {} {becomes} and not in force: another person must adopt it, by `svala rulebook adopt` of their own; {rest}",
        rulebook.version()
    );
    app::AppError::Refused(Refusal::new("second-person-needed", detail)).into()
}

/// Reads and checks a rulebook file.
pub fn read_rulebook(path: &Path) -> Result<Rulebook, Failure> {
    let document = std::fs::read_to_string(path).map_err(|error| {
        Failure::usage(format!("the rulebook {} cannot be read: {error}", path.display()))
    })?;
    Ok(Rulebook::parse(&document)?)
}

impl Database {
    fn named(url: &str) -> Result<Self, Failure> {
        if let Some(path) = url.strip_prefix("sqlite://").or_else(|| url.strip_prefix("sqlite:"))
            && !path.is_empty()
        {
            return Ok(Self::Sqlite(PathBuf::from(path)));
        }
        if let Some(rest) = url.strip_prefix("postgres://").or_else(|| url.strip_prefix("postgresql://")) {
            let path = rest.split(['?', '#']).next().unwrap_or_default();
            let name = path.split_once('/').map_or("", |(_, name)| name);
            let plain = name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'));
            if !name.is_empty() && plain {
                if !PostgresStore::understands(url) {
                    return Err(Failure::usage(format!(
                        "--ledger {}: what stands before or after the name of the database is not understood, such as sslmode, which is disable, prefer, require, verify-ca or verify-full, or a port that is no number",
                        without_password(url)
                    )));
                }
                return Ok(Self::Postgres { url: url.to_owned(), name: name.to_owned() });
            }
        }
        Err(Failure::usage(format!(
            "--ledger {}: a ledger is named sqlite:FILE, such as sqlite:svala.db, or postgres://USER@HOST/DATABASE",
            without_password(url)
        )))
    }

    /// Beside the file; for a database on a server in the current folder, under the database's name.
    fn key_file(&self) -> PathBuf {
        match self {
            Self::Sqlite(path) => path.with_extension("key"),
            Self::Postgres { name, .. } => PathBuf::from(format!("{name}.key")),
        }
    }
}

/// A URL as it may be shown: what could be a password is left out, whatever else is wrong with the URL.
fn without_password(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").map_or(("", url), |(scheme, rest)| (scheme, rest));
    let scheme_end = if scheme.is_empty() { "" } else { "://" };
    // A password may hold anything, also what would end it.
    let (user, rest) = rest.rsplit_once('@').map_or(("", rest), |(user, rest)| (user, rest));
    let (user, user_end) =
        (user.split(':').next().unwrap_or_default(), if user.is_empty() { "" } else { "@" });
    let (place, query) = rest.split_once('?').map_or((rest, ""), |(place, query)| (place, query));
    let kept: Vec<&str> = query.split('&').filter(|part| !part.starts_with("password")).collect();
    let kept = kept.join("&");
    let query_begin = if kept.is_empty() { "" } else { "?" };
    format!("{scheme}{scheme_end}{user}{user_end}{place}{query_begin}{kept}")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ledger_is_a_file_or_a_database_on_a_server() {
        let key = |url| Database::named(url).ok().map(|database| database.key_file().display().to_string());
        assert_eq!(key("sqlite:2024.db").as_deref(), Some("2024.key"));
        assert_eq!(key("sqlite:///srv/svala.db").as_deref(), Some("/srv/svala.key"));
        assert_eq!(key("postgres://anna@db.example/svala").as_deref(), Some("svala.key"));
        assert_eq!(key("postgresql:///svala?host=/run/pg&user=anna").as_deref(), Some("svala.key"));
        for bad in [
            "sqlite:",
            "svala.db",
            "mysql://x/y",
            "postgres://host",
            "postgres://host/",
            "postgres://h/a/b",
            "postgres:///svala?sslmode=bad",
            "postgres://h:port/svala",
            "",
        ] {
            assert!(Database::named(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn no_password_is_shown() {
        for (url, shown) in [
            ("postgres://anna:secret@db/svala", "postgres://anna@db/svala"),
            (
                "postgres://anna:se@cret@db/svala?sslmode=require&password=secret",
                "postgres://anna@db/svala?sslmode=require",
            ),
            ("postgres:///svala?password=secret", "postgres:///svala"),
            ("postgres://anna:se?cret@db/svala", "postgres://anna@db/svala"),
            ("postgres://anna:se/cr?et@db/svala?sslmode=require", "postgres://anna@db/svala?sslmode=require"),
            ("anna:secret@db/svala", "anna@db/svala"),
            ("postgres:///svala?host=/run/pg&user=anna", "postgres:///svala?host=/run/pg&user=anna"),
            ("sqlite:svala.db", "sqlite:svala.db"),
        ] {
            assert_eq!(without_password(url), shown);
        }
    }
}
