//! A ledger in a database of its own.

use std::sync::Arc;
use std::time::Duration;

use event_log::{LedgerMeta, Store};
use sqlx::AssertSqlSafe;
use sqlx::postgres::PgConnection;
use store_postgres::PostgresStore;
use store_testing::contract::{Place, meta};
use store_testing::postgres::Database;

pub struct Ledger {
    pub store: PostgresStore,
    pub database: Database,
}

impl Place for Ledger {
    async fn create(meta: LedgerMeta) -> Option<Self> {
        let prepare = async |url: String| PostgresStore::prepare(&url).await.unwrap();
        let database = Database::with_schema(prepare).await?;
        let store = PostgresStore::create(&database.url(), meta).await.unwrap();
        Some(Self { store, database })
    }

    async fn open(&self) -> Arc<dyn Store> {
        Arc::new(self.open_again().await)
    }
}

impl Ledger {
    /// `None`, said aloud, where there is no server to test on.
    pub async fn new() -> Option<Self> {
        Self::create(meta()).await
    }

    pub async fn open_again(&self) -> PostgresStore {
        PostgresStore::open(&self.database.url()).await.unwrap()
    }
}

/// Runs SQL as the owner of the database.
pub async fn sql(connection: &mut PgConnection, sql: &str) {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await.unwrap();
}

/// Changes a setting for all connections that are made from now on.
pub async fn set_on_database(ledger: &Ledger, setting: &str) {
    let mut connection = ledger.database.connect().await;
    let name: String =
        sqlx::query_scalar("SELECT current_database()::text").fetch_one(&mut connection).await.unwrap();
    sql(&mut connection, &format!("ALTER DATABASE {name} SET {setting}")).await;
}

/// Waits until the answer to a question is yes.
pub async fn until(connection: &mut PgConnection, question: &'static str) {
    for _ in 0..2_000 {
        if sqlx::query_scalar(question).fetch_one(&mut *connection).await.unwrap() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("never: {question}");
}
