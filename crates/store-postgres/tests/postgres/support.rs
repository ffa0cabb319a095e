//! A ledger in a database of its own.

use event_log::LedgerMeta;
use store_postgres::PostgresStore;
use store_testing::postgres::Database;
use uuid::Uuid;

pub struct Ledger {
    pub store: PostgresStore,
    pub database: Database,
}

pub fn meta() -> LedgerMeta {
    LedgerMeta { ledger_id: Uuid::from_u128(77), key_id: vec![1, 2, 3], created_at: 1_700_000_000_000_000 }
}

impl Ledger {
    /// `None`, said aloud, where there is no server to test on.
    pub async fn new() -> Option<Self> {
        let database = Database::create().await?;
        let store = PostgresStore::create(&database.url(), meta()).await.unwrap();
        Some(Self { store, database })
    }

    pub async fn open_again(&self) -> PostgresStore {
        PostgresStore::open(&self.database.url()).await.unwrap()
    }
}
