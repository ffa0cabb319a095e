//! A PostgreSQL database for each test, on the server that `SVALA_TEST_POSTGRES` names (`scripts/postgres run` makes
//! one).

use std::env;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Error};

/// The variable with the address of the server, as a role that may create databases.
pub const SERVER: &str = "SVALA_TEST_POSTGRES";

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
        let create = format!("CREATE DATABASE {name} TEMPLATE {template}");
        // A connection that was just closed may need a moment to be gone from the template.
        for attempt in 0.. {
            match run(&mut connection, &create).await {
                Ok(()) => break,
                Err(Error::Database(error)) if error.code().as_deref() == Some("55006") && attempt < 100 => {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                Err(error) => panic!("{create}: {error}"),
            }
        }
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
        eprintln!("SKIPPED: no PostgreSQL to test on; use `scripts/postgres run COMMAND` or set {SERVER}");
        return None;
    };
    Some(url.parse().unwrap_or_else(|error| panic!("{SERVER}: {error}")))
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
