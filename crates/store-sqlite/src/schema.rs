//! The schema and its migrations, embedded in the program.

use event_log::StoreError;
use sqlx::migrate::{Migrate, Migrator};
use sqlx::sqlite::SqliteConnection;
use sqlx::{Connection, Row};

use crate::errors::{migration_error, store_error};

static MIGRATIONS: Migrator = sqlx::migrate!("../../migrations/sqlite");

/// Runs what is pending. Each migration was recorded with its checksum: one that changed since, or that this
/// program does not know, is refused.
pub(crate) async fn migrate(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    // Not run(): its bounds on lifetimes do not go together with async traits.
    MIGRATIONS.run_direct(None, connection, false).await.map_err(migration_error)
}

/// Brings an existing ledger up to date, under the write lock and all or nothing, if there is anything to do.
pub(crate) async fn migrate_existing(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    let applied =
        connection.list_applied_migrations(&MIGRATIONS.table_name).await.map_err(migration_error)?;
    if applied.len() >= MIGRATIONS.iter().count() {
        // Compares the checksums; writes nothing, so that a ledger opens while somebody else writes to it.
        return migrate(connection).await;
    }
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await.map_err(store_error)?;
    migrate(&mut transaction).await?;
    transaction.commit().await.map_err(store_error)
}

/// Whether a database has no tables at all.
pub(crate) async fn is_empty(connection: &mut SqliteConnection) -> Result<bool, StoreError> {
    count(connection, "SELECT count(*) FROM sqlite_schema").await.map(|tables| tables == 0)
}

/// Whether a database is a ledger of any version.
pub(crate) async fn is_ledger(connection: &mut SqliteConnection) -> Result<bool, StoreError> {
    let tables = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name IN ('ledger', 'log_head')";
    count(connection, tables).await.map(|tables| tables == 2)
}

async fn count(connection: &mut SqliteConnection, sql: &'static str) -> Result<i64, StoreError> {
    sqlx::query(sql).fetch_one(connection).await.and_then(|row| row.try_get(0)).map_err(store_error)
}
