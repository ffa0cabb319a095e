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

#[cfg(test)]
mod tests {
    use sqlx::ConnectOptions;

    use super::*;
    use crate::connection::options;

    /// Two programs open an old ledger at once: one of them migrates it, the other finds that done.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn pending_migrations_are_run_once() {
        for _ in 0..20 {
            let folder = tempfile::tempdir().unwrap();
            let options = options(&folder.path().join("old.db")).create_if_missing(true);
            let mut first = options.connect().await.unwrap();
            // As old as can be: no migration at all.
            first.ensure_migrations_table(&MIGRATIONS.table_name).await.unwrap();
            let mut second = options.connect().await.unwrap();
            let (one, other) = tokio::join!(migrate_existing(&mut first), migrate_existing(&mut second));
            one.unwrap();
            other.unwrap();
            assert!(is_ledger(&mut second).await.unwrap());
        }
    }
}
