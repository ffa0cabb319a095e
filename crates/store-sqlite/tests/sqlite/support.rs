//! A ledger in a folder of its own, and a plain connection to its file.

use std::path::PathBuf;
use std::sync::Arc;

use event_log::{LedgerMeta, Store, StoreError};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions};
use store_sqlite::SqliteStore;
use store_testing::contract::{Place, meta};
use tempfile::TempDir;

pub struct Ledger {
    pub store: SqliteStore,
    pub folder: TempDir,
}

impl Place for Ledger {
    async fn create(meta: LedgerMeta) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::create(&folder.path().join("svala.db"), meta).await.unwrap();
        Some(Self { store, folder })
    }

    async fn open(&self) -> Arc<dyn Store> {
        Arc::new(self.open_again().await)
    }
}

impl Ledger {
    pub async fn new() -> Self {
        Self::create(meta()).await.unwrap()
    }

    pub fn path(&self) -> PathBuf {
        self.store.path().to_owned()
    }

    pub async fn open_again(&self) -> SqliteStore {
        SqliteStore::open(&self.path()).await.unwrap()
    }

    /// A connection as any program has it that knows nothing of this crate.
    pub async fn raw(&self) -> SqliteConnection {
        SqliteConnectOptions::new().filename(self.path()).connect().await.unwrap()
    }

    /// Runs SQL as somebody at the command line would.
    pub async fn sql(&self, sql: &str) -> Result<u64, sqlx::Error> {
        use sqlx::Connection;
        let mut raw = self.raw().await;
        let done = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut raw).await;
        raw.close().await.unwrap();
        done.map(|done| done.rows_affected())
    }
}

pub fn is_damaged<T>(result: Result<T, StoreError>) -> bool {
    matches!(result, Err(StoreError::Damaged(_)))
}
