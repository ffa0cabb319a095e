//! A new ledger: all of it or nothing.

use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use event_log::crash::crash_point;
use event_log::{Head, LedgerMeta, StoreError};
use sqlx::sqlite::SqliteJournalMode;
use sqlx::{ConnectOptions, Connection};

use crate::connection::{options, writer_options};
use crate::errors::store_error;
use crate::schema;

/// Makes the file, readable by its owner only from its first moment, and the ledger in it in one transaction.
///
/// A creation that was killed leaves a file without tables; creating again takes it over. Anything else that is
/// there already is left alone.
pub(crate) async fn create(path: &Path, meta: &LedgerMeta) -> Result<(), StoreError> {
    let made_now = make_file(path)?;
    if !made_now {
        if !holds_nothing(path).await {
            return Err(there(path));
        }
        owner_only(path)?;
    }
    let filled = fill(path, meta).await;
    if filled.is_err() && made_now && holds_nothing(path).await {
        remove(path);
    }
    filled
}

async fn fill(path: &Path, meta: &LedgerMeta) -> Result<(), StoreError> {
    crash_point("before-transaction");
    let options = writer_options(options(path)).journal_mode(SqliteJournalMode::Wal);
    let mut connection = options.connect().await.map_err(store_error)?;
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await.map_err(store_error)?;
    // Two creations at once: the second finds the tables of the first.
    if !schema::is_empty(&mut transaction).await? {
        return Err(there(path));
    }
    schema::migrate(&mut transaction).await?;
    sqlx::query("INSERT INTO ledger (id, ledger_id, key_id, created_at) VALUES (1, ?, ?, ?)")
        .bind(meta.ledger_id.as_bytes().as_slice())
        .bind(meta.key_id.as_slice())
        .bind(meta.created_at)
        .execute(&mut *transaction)
        .await
        .map_err(store_error)?;
    let head = Head::empty();
    sqlx::query("INSERT INTO log_head (id, position, root, frontier) VALUES (1, 0, ?, ?)")
        .bind(head.root.as_slice())
        .bind(head.frontier.to_bytes())
        .execute(&mut *transaction)
        .await
        .map_err(store_error)?;
    crash_point("before-commit");
    transaction.commit().await.map_err(store_error)?;
    crash_point("after-commit");
    connection.close().await.map_err(store_error)?;
    sync_folder(path)
}

/// Removes a file that was begun. The error that stopped it matters more than a file that stays.
pub(crate) fn remove(path: &Path) {
    for suffix in ["-wal", "-shm", ""] {
        let mut file = path.as_os_str().to_owned();
        file.push(suffix);
        let _ = std::fs::remove_file(PathBuf::from(file));
    }
}

/// Whether the file was made now; `false` if something has that name already.
pub(crate) fn make_file(path: &Path) -> Result<bool, StoreError> {
    let mut how = OpenOptions::new();
    how.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut how, 0o600);
    match how.open(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(file_error(path, &error)),
    }
}

/// Whether a file is a database without tables, such as an empty file.
async fn holds_nothing(path: &Path) -> bool {
    let Ok(mut connection) = options(path).read_only(true).connect().await else { return false };
    let empty = schema::is_empty(&mut connection).await.unwrap_or(false);
    // Closed before the answer is used: the file may be removed next.
    connection.close().await.is_ok() && empty
}

fn owner_only(path: &Path) -> Result<(), StoreError> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::Permissions::from_mode(0o600);
        std::fs::set_permissions(path, mode).map_err(|error| file_error(path, &error))?;
    }
    let _ = path;
    Ok(())
}

/// What was copied into a file, and its name, last.
pub(crate) fn sync_file(path: &Path) -> Result<(), StoreError> {
    File::open(path).and_then(|file| file.sync_all()).map_err(|error| file_error(path, &error))?;
    sync_folder(path)
}

/// SQLite syncs what is in the file; the name of a new file is in its folder.
fn sync_folder(path: &Path) -> Result<(), StoreError> {
    if let (true, Some(folder)) = (cfg!(unix), path.parent()) {
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| file_error(path, &error))?;
    }
    Ok(())
}

pub(crate) fn there(path: &Path) -> StoreError {
    StoreError::AlreadyThere { place: path.display().to_string() }
}

fn file_error(path: &Path, error: &std::io::Error) -> StoreError {
    match error.kind() {
        ErrorKind::StorageFull => StoreError::Full,
        _ => StoreError::Database(format!("{}: {error}", path.display())),
    }
}
