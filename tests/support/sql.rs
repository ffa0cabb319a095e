//! The database of a test's ledger, as any program can use it that knows nothing of Svala.

use std::path::{Path, PathBuf};
use std::process::Command;

use sqlx::postgres::{PgConnection, PgRow, Postgres};
use sqlx::sqlite::{Sqlite, SqliteConnectOptions, SqliteConnection, SqliteRow};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Decode, Row, Type};
use store_postgres::PostgresStore;
use store_testing::postgres::{Database, SERVER};

use super::Ledger;

/// Whether the ledgers of this run are in PostgreSQL (`SVALA_TEST_LEDGER=postgres`); else each is in a file.
pub fn on_postgres() -> bool {
    std::env::var("SVALA_TEST_LEDGER").is_ok_and(|database| database == "postgres")
}

/// The text for SQLite, or the one for PostgreSQL.
pub fn either<T>(sqlite: T, postgres: T) -> T {
    if on_postgres() { postgres } else { sqlite }
}

/// SQL for this many bytes of zeros.
pub fn zeros(bytes: u32) -> String {
    either(format!("zeroblob({bytes})"), format!("decode(repeat('00', {bytes}), 'hex')"))
}

/// A row of an answer.
pub enum Found {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

impl Found {
    /// The value of a column. Numbers of any width are read as the type asked for.
    pub fn get<T>(&self, column: usize) -> T
    where
        T: for<'r> Decode<'r, Sqlite> + Type<Sqlite> + for<'r> Decode<'r, Postgres> + Type<Postgres>,
    {
        match self {
            Self::Sqlite(row) => row.get(column),
            Self::Postgres(row) => row.try_get_unchecked(column).unwrap(),
        }
    }
}

/// An empty database with the tables of a ledger; `None` where ledgers are files.
pub fn empty_database() -> Option<Database> {
    if !on_postgres() {
        return None;
    }
    let database = block_on(Database::with_schema(async |url| {
        PostgresStore::prepare(&url).await.unwrap();
    }));
    assert!(
        database.is_some(),
        "SVALA_TEST_LEDGER=postgres needs a server: set {SERVER}, or use scripts/postgres"
    );
    database
}

pub fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

/// Opens a file plainly, works on it and closes it again.
pub fn in_file<T>(path: &Path, work: impl AsyncFnOnce(&mut SqliteConnection) -> T) -> T {
    block_on(async {
        let mut connection = SqliteConnectOptions::new().filename(path).connect().await.unwrap();
        let answer = work(&mut connection).await;
        connection.close().await.unwrap();
        answer
    })
}

fn on_server<T>(database: &Database, work: impl AsyncFnOnce(&mut PgConnection) -> T) -> T {
    block_on(async {
        let mut connection = database.connect().await;
        sqlx::raw_sql("SET search_path TO svala").execute(&mut connection).await.unwrap();
        let answer = work(&mut connection).await;
        connection.close().await.unwrap();
        answer
    })
}

impl Ledger {
    /// Runs SQL as the owner of the database; answers with the number of rows changed.
    pub fn sql(&self, sql: &str) -> Result<u64, String> {
        let sql = AssertSqlSafe(sql);
        match &self.database {
            None => in_file(&self.path("svala.db"), async |db| {
                let done = sqlx::raw_sql(sql).execute(db).await;
                done.map(|done| done.rows_affected()).map_err(|error| error.to_string())
            }),
            Some(database) => on_server(database, async |db| {
                let done = sqlx::raw_sql(sql).execute(db).await;
                done.map(|done| done.rows_affected()).map_err(|error| error.to_string())
            }),
        }
    }

    /// Runs SQL that changes exactly one row or more.
    pub fn alter(&self, sql: &str) {
        assert!(self.sql(sql).unwrap_or_else(|error| panic!("{sql}: {error}")) > 0, "{sql} changed nothing");
    }

    /// Runs SQL as the owner of the database can: with the triggers put away before and put back after.
    pub fn alter_as_owner(&self, sql: &str) {
        if self.database.is_some() {
            // For this one connection.
            return self.alter(&format!("SET session_replication_role = replica; {sql}"));
        }
        let triggers = self.ask("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'", |row| {
            (row.get::<String>(0), row.get::<String>(1))
        });
        for (name, _) in &triggers {
            self.sql(&format!("DROP TRIGGER {name}")).unwrap();
        }
        self.alter(sql);
        for (_, sql) in &triggers {
            self.sql(sql).unwrap();
        }
    }

    /// Removes the ledger with its tables; the key stays.
    pub fn remove_database(&self) {
        match &self.database {
            None => std::fs::remove_file(self.path("svala.db")).unwrap(),
            Some(_) => drop(self.sql("DROP SCHEMA svala CASCADE").unwrap()),
        }
    }

    /// Puts the database of another ledger, such as an older copy, in place of this one's.
    pub fn take_database_of(&mut self, other: Ledger) {
        match other.database {
            None => drop(std::fs::copy(other.folder.path().join("svala.db"), self.path("svala.db")).unwrap()),
            database => self.database = database,
        }
    }

    /// Takes all triggers away that guard the ledger.
    pub fn drop_triggers(&self) {
        let sql = either(
            "SELECT 'DROP TRIGGER ' || name FROM sqlite_schema WHERE type = 'trigger'",
            "SELECT format('DROP TRIGGER %I ON %s', tgname, tgrelid::regclass) FROM pg_trigger
             WHERE NOT tgisinternal",
        );
        for drop in self.ask(sql, |row| row.get::<String>(0)) {
            self.sql(&drop).unwrap();
        }
    }

    /// The database's address as `pg_dump` understands it. `None`, said aloud, where that program is not there.
    pub fn address_for_pg_dump(&self) -> Option<String> {
        if let Err(error) = Command::new("pg_dump").arg("--version").output() {
            store_testing::missing(&format!("pg_dump cannot be run: {error}"));
            return None;
        }
        let url = self.database.as_ref().unwrap().url();
        // What follows is for our library; other programs do not know all of it.
        Some(url.split('?').next().unwrap().to_owned())
    }

    /// A dump of the database as SQL, as the server's own program writes it. `None`, said aloud, where that is not
    /// there.
    pub fn dump(&self) -> Option<PathBuf> {
        let path = self.path("dump.sql");
        let dumped = Command::new("pg_dump")
            .arg("--file")
            .arg(&path)
            .arg(self.address_for_pg_dump()?)
            .output()
            .unwrap();
        assert!(dumped.status.success(), "{}", String::from_utf8_lossy(&dumped.stderr));
        Some(path)
    }

    /// Answers a query.
    pub fn ask<T>(&self, sql: &str, read: impl Fn(Found) -> T) -> Vec<T> {
        let sql = AssertSqlSafe(sql);
        let rows: Vec<Found> = match &self.database {
            None => in_file(&self.path("svala.db"), async |db| {
                let rows = sqlx::query(sql).fetch_all(db).await.unwrap();
                rows.into_iter().map(Found::Sqlite).collect()
            }),
            Some(database) => on_server(database, async |db| {
                let rows = sqlx::query(sql).fetch_all(db).await.unwrap();
                rows.into_iter().map(Found::Postgres).collect()
            }),
        };
        rows.into_iter().map(read).collect()
    }

    /// The one number that a query answers with.
    pub fn number(&self, sql: &str) -> i64 {
        self.ask(sql, |row| row.get(0))[0]
    }

    /// Position and stream of the first event of a type.
    pub fn first_event(&self, event_type: &str) -> (i64, String) {
        let sql = format!(
            "SELECT position, stream_id FROM events WHERE event_type = '{event_type}' ORDER BY 1 LIMIT 1"
        );
        self.ask(&sql, |row| (row.get(0), row.get(1))).remove(0)
    }
}
