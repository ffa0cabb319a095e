//! A copy of a ledger's file as of one moment, while others go on writing.

use std::path::Path;

use event_log::StoreError;
use sqlx::sqlite::SqliteJournalMode;
use sqlx::{ConnectOptions, Connection};

use crate::connection::options;
use crate::create::{make_file, remove, sync_file, there};
use crate::errors::store_error;
use crate::schema;

/// Copies the ledger into a new file that only its owner may read: all that was acknowledged before, also what stands only in
/// the write-ahead log, which a copy of the file alone would leave out.
pub(crate) async fn copy(path: &Path, out: &Path) -> Result<(), StoreError> {
    let mut ledger = options(path).connect().await.map_err(store_error)?;
    if !schema::is_ledger(&mut ledger).await? {
        return Err(StoreError::NoLedger { place: path.display().to_string() });
    }
    if !make_file(out)? {
        return Err(there(out));
    }
    let copied = async {
        sqlx::query("VACUUM INTO ?").bind(out.to_str()).execute(&mut ledger).await.map_err(store_error)?;
        // The copy is as good a ledger as the first one.
        let copy = options(out).journal_mode(SqliteJournalMode::Wal);
        copy.connect().await.map_err(store_error)?.close().await.map_err(store_error)?;
        sync_file(out)
    };
    let copied = copied.await;
    if copied.is_err() {
        remove(out);
    }
    copied
}
