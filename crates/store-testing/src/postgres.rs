//! A PostgreSQL database for each test, on the server that `SVALA_TEST_POSTGRES` names (`scripts/postgres run` makes
//! one).

use std::env;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Error};

/// The variable with the address of the server, as a role that may create databases.
pub const SERVER: &str = "SVALA_TEST_POSTGRES";

/// Databases that others are copied from are called so, with their version.
const TEMPLATE_PREFIX: &str = "svala_template_";

/// Databases of tests are called so, with the second of their making, the process and a number.
const PREFIX: &str = "svala_test_";

/// What is left of a test that was killed is removed after this time; no test takes so long.
const LEFT_OVER_AFTER: Duration = Duration::from_secs(6 * 3_600);

/// A database of its own; removed with everything in it when this is dropped, whoever is connected to it.
#[derive(Debug)]
pub struct Database {
    server: PgConnectOptions,
    name: String,
}

impl Database {
    /// An empty database. `None`, said aloud, where no server is named.
    pub async fn create() -> Option<Self> {
        Some(Self::made_from(server()?, "template1").await)
    }

    /// A database as `prepare` makes it from an empty one, given its URL. Of each version that is done once for each
    /// server, whoever comes first; all others are copies.
    pub async fn prepared(version: &str, prepare: impl AsyncFnOnce(String)) -> Option<Self> {
        let server = server()?;
        let template = format!("{TEMPLATE_PREFIX}{version}");
        make_template(&server, &template, prepare).await;
        Some(Self::made_from(server, &template).await)
    }

    /// A database with the tables of a ledger, made once by `prepare` for each version of them.
    pub async fn with_schema(prepare: impl AsyncFnOnce(String)) -> Option<Self> {
        Self::prepared(&schema_version(), prepare).await
    }

    /// A copy of this database as it is now. Nobody may be connected to it meanwhile.
    pub async fn copy(&self) -> Self {
        Self::made_from(self.server.clone(), &self.name).await
    }

    async fn made_from(server: PgConnectOptions, template: &str) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("{PREFIX}{}_{}_{number}", now().as_secs(), std::process::id());
        let mut connection = server.connect().await.unwrap_or_else(|error| panic!("{SERVER}: {error}"));
        remove_left_over(&mut connection).await;
        run_on_unused(&mut connection, &format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
        connection.close().await.unwrap();
        Self { server, name }
    }

    /// Where it is: `postgres://…`.
    pub fn url(&self) -> String {
        self.options().to_url_lossy().to_string()
    }

    /// A connection to it as the role that owns it and may do everything.
    pub async fn connect(&self) -> PgConnection {
        self.options().connect().await.unwrap()
    }

    fn options(&self) -> PgConnectOptions {
        self.server.clone().database(&self.name)
    }
}

impl Drop for Database {
    /// On a thread of its own: it is dropped inside and outside of runtimes.
    fn drop(&mut self) {
        let (server, name) = (self.server.clone(), std::mem::take(&mut self.name));
        let removed = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let mut connection = server.connect().await?;
                remove(&mut connection, &name).await?;
                connection.close().await
            })
        });
        // The next run removes what could not be removed now.
        if !matches!(removed.join(), Ok(Ok(()))) {
            eprintln!("a test's database could not be removed");
        }
    }
}

/// The server to test on. `None`, said aloud, where none is named.
pub fn server() -> Option<PgConnectOptions> {
    let Some(url) = env::var(SERVER).ok().filter(|url| !url.is_empty()) else {
        crate::missing(&format!(
            "no PostgreSQL to test on; use `scripts/postgres run COMMAND` or set {SERVER}"
        ));
        return None;
    };
    Some(url.parse().unwrap_or_else(|error| panic!("{SERVER}: {error}")))
}

/// Another schema is another template.
fn schema_version() -> String {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    for migration in sqlx::migrate!("../../migrations/postgres").iter() {
        (migration.version, &migration.checksum).hash(&mut hasher);
    }
    format!("{:016x}", hasher.finish())
}

async fn make_template(server: &PgConnectOptions, template: &str, prepare: impl AsyncFnOnce(String)) {
    let mut connection = server.connect().await.unwrap_or_else(|error| panic!("{SERVER}: {error}"));
    // Many tests may start at once; all but one wait here. The lock goes with the connection.
    run(&mut connection, "SELECT pg_advisory_lock(7835140221)").await.unwrap();
    let there = sqlx::query("SELECT FROM pg_database WHERE datname = $1").bind(template);
    if there.fetch_optional(&mut connection).await.unwrap().is_none() {
        // Under another name until it is whole: whoever made it may have been killed.
        let draft = format!("{template}_draft");
        remove(&mut connection, &draft).await.unwrap();
        run(&mut connection, &format!("CREATE DATABASE {draft}")).await.unwrap();
        prepare(server.clone().database(&draft).to_url_lossy().to_string()).await;
        run_on_unused(&mut connection, &format!("ALTER DATABASE {draft} RENAME TO {template}")).await;
    }
    connection.close().await.unwrap();
}

/// Runs what needs a database that nobody is connected to: a connection that was just closed may need a moment to go.
async fn run_on_unused(connection: &mut PgConnection, sql: &str) {
    for attempt in 0.. {
        match run(connection, sql).await {
            Ok(()) => return,
            Err(Error::Database(error)) if error.code().as_deref() == Some("55006") && attempt < 200 => {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            Err(error) => panic!("{sql}: {error}"),
        }
    }
}

async fn remove_left_over(connection: &mut PgConnection) {
    let names: Vec<String> =
        sqlx::query_scalar("SELECT datname FROM pg_database WHERE starts_with(datname, $1)")
            .bind(PREFIX)
            .fetch_all(&mut *connection)
            .await
            .unwrap();
    for name in names {
        let made = name[PREFIX.len()..].split('_').next().and_then(|second| second.parse().ok());
        let age = made.map(|made| now().saturating_sub(Duration::from_secs(made)));
        if age.is_some_and(|age| age > LEFT_OVER_AFTER) {
            // Another test may be removing it as well.
            let _ = remove(connection, &name).await;
        }
    }
}

async fn remove(connection: &mut PgConnection, name: &str) -> Result<(), Error> {
    run(connection, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await
}

async fn run(connection: &mut PgConnection, sql: &str) -> Result<(), Error> {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await.map(|_| ())
}

fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    async fn databases(server: &PgConnectOptions) -> Vec<String> {
        let mut connection = server.connect().await.unwrap();
        sqlx::query_scalar("SELECT datname FROM pg_database").fetch_all(&mut connection).await.unwrap()
    }

    #[tokio::test]
    async fn each_test_has_a_database_of_its_own_and_leaves_nothing() {
        let Some(one) = Database::create().await else { return };
        let mut connection = one.connect().await;
        run(&mut connection, "CREATE TABLE mine (n INTEGER); INSERT INTO mine VALUES (1)").await.unwrap();
        connection.close().await.unwrap();

        let copy = one.copy().await;
        let mut connected = copy.connect().await;
        run(&mut connected, "INSERT INTO mine VALUES (2)").await.unwrap();
        let count = "SELECT count(*) FROM mine";
        let found: i64 = sqlx::query_scalar(count).fetch_one(&mut connected).await.unwrap();
        assert_eq!(found, 2);
        let found: i64 = sqlx::query_scalar(count).fetch_one(&mut one.connect().await).await.unwrap();
        assert_eq!(found, 1, "a copy is a database of its own");

        let (server, names) = (one.server.clone(), [one.name.clone(), copy.name.clone()]);
        assert!(names.iter().all(|name| one.url().contains(name) || copy.url().contains(name)));
        drop((one, copy));
        let left = databases(&server).await;
        assert!(names.iter().all(|name| !left.contains(name)), "{left:?}");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn what_is_prepared_once_is_there_in_each_copy() {
        let Some(server) = server() else { return };
        let prepared = Arc::new(AtomicU32::new(0));
        let version = format!("test_{}", std::process::id());
        let copies = [(); 4].map(|()| {
            let (prepared, version) = (prepared.clone(), version.clone());
            tokio::spawn(async move {
                let prepare = async |url: String| {
                    prepared.fetch_add(1, Ordering::Relaxed);
                    let options: PgConnectOptions = url.parse().unwrap();
                    let mut connection = options.connect().await.unwrap();
                    run(&mut connection, "CREATE TABLE mine (n INTEGER)").await.unwrap();
                };
                let copy = Database::prepared(&version, prepare).await.unwrap();
                run(&mut copy.connect().await, "INSERT INTO mine VALUES (1)").await.unwrap();
            })
        });
        for copy in copies {
            copy.await.unwrap();
        }
        assert_eq!(prepared.load(Ordering::Relaxed), 1);
        let mut connection = server.connect().await.unwrap();
        remove(&mut connection, &format!("{TEMPLATE_PREFIX}{version}")).await.unwrap();
    }

    #[tokio::test]
    async fn what_a_killed_test_left_is_removed_in_time() {
        let Some(server) = server() else { return };
        let mut connection = server.connect().await.unwrap();
        let (old, young) = (format!("{PREFIX}1000_1_1"), format!("{PREFIX}{}_1_1", now().as_secs()));
        for name in [&old, &young] {
            run(&mut connection, &format!("CREATE DATABASE {name}")).await.unwrap();
        }
        drop(Database::create().await);
        let left = databases(&server).await;
        remove(&mut connection, &young).await.unwrap();
        assert!(!left.contains(&old) && left.contains(&young), "{left:?}");
    }
}
