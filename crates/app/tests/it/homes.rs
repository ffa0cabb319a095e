//! The databases that ledgers are tested on.

use std::path::PathBuf;
use std::sync::Arc;

use event_log::{LedgerMeta, Store};
use store_postgres::PostgresStore;
use store_sqlite::SqliteStore;
use store_testing::contract::Place;
use store_testing::postgres::Database;
use tempfile::TempDir;

/// A place that another process can find.
pub trait Home: Place {
    /// What another process is told.
    fn address(&self) -> String;

    /// Opens the ledger at an address.
    fn at(address: &str) -> impl Future<Output = Arc<dyn Store>> + Send;
}

/// A file in a folder of its own.
pub struct SqliteHome(TempDir);

impl SqliteHome {
    pub fn path(&self) -> PathBuf {
        self.0.path().join("svala.db")
    }
}

impl Place for SqliteHome {
    async fn create(meta: LedgerMeta) -> Option<Self> {
        let home = Self(tempfile::tempdir().unwrap());
        SqliteStore::create(&home.path(), meta).await.unwrap().close().await.unwrap();
        Some(home)
    }

    async fn open(&self) -> Arc<dyn Store> {
        Self::at(&self.address()).await
    }
}

impl Home for SqliteHome {
    fn address(&self) -> String {
        self.path().into_os_string().into_string().unwrap()
    }

    async fn at(address: &str) -> Arc<dyn Store> {
        Arc::new(SqliteStore::open(address.as_ref()).await.unwrap())
    }
}

/// A database of its own on the server that is named for tests.
pub struct PostgresHome(Database);

impl Place for PostgresHome {
    async fn create(meta: LedgerMeta) -> Option<Self> {
        let prepare = async |url: String| PostgresStore::prepare(&url).await.unwrap();
        let database = Database::with_schema(prepare).await?;
        PostgresStore::create(&database.url(), meta).await.unwrap().close().await.unwrap();
        Some(Self(database))
    }

    async fn open(&self) -> Arc<dyn Store> {
        Self::at(&self.address()).await
    }
}

impl Home for PostgresHome {
    fn address(&self) -> String {
        self.0.url()
    }

    async fn at(address: &str) -> Arc<dyn Store> {
        Arc::new(PostgresStore::open(address).await.unwrap())
    }
}
