//! What must hold before a ledger is used, and what `doctor` shows.

use std::path::Path;

use event_log::StoreError;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Row};

use crate::errors::store_error;
use crate::readers::Readers;
use crate::schema;

/// Older versions can lose a whole write-ahead log when it is reset at the wrong moment.
const VERSION_MIN: [u32; 3] = [3, 51, 3];

/// What is asserted, what was found, whether it holds.
pub(crate) type Assertion = (String, String, bool);

/// The assertions a ledger needs in order to open: fast ones, asked of the connection that will write.
pub(crate) async fn settings(connection: &mut SqliteConnection) -> Result<Vec<Assertion>, StoreError> {
    let version = ask(connection, "SELECT sqlite_version()").await?;
    let journal = ask(connection, "PRAGMA journal_mode").await?;
    let synchronous = ask(connection, "PRAGMA synchronous").await?;
    let foreign_keys = ask(connection, "PRAGMA foreign_keys").await?;
    let recent = at_least(&version, VERSION_MIN);
    Ok(vec![
        ("SQLite is 3.51.3 or newer".into(), version, recent),
        ("journal_mode is wal".into(), journal.clone(), journal == "wal"),
        ("synchronous is 2 (full)".into(), synchronous.clone(), synchronous == "2"),
        ("foreign_keys is 1 (on)".into(), foreign_keys.clone(), foreign_keys == "1"),
    ])
}

/// Whether the triggers that guard the log are there, word for word as the migrations make them.
pub(crate) async fn triggers(connection: &mut SqliteConnection) -> Result<Assertion, StoreError> {
    let mut fresh = SqliteConnectOptions::new().in_memory(true).connect().await.map_err(store_error)?;
    schema::migrate(&mut fresh).await?;
    let expected = all_triggers(&mut fresh).await?;
    let found = all_triggers(connection).await?;
    let wrong: Vec<&str> =
        expected.iter().filter(|trigger| !found.contains(trigger)).map(|(name, _)| name.as_str()).collect();
    let text = match wrong.as_slice() {
        [] => format!("all {} there", expected.len()),
        wrong => format!("missing or altered: {}", wrong.join(", ")),
    };
    Ok(("triggers guard the log".into(), text, wrong.is_empty()))
}

async fn all_triggers(connection: &mut SqliteConnection) -> Result<Vec<(String, String)>, StoreError> {
    let rows = sqlx::query("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' ORDER BY name")
        .fetch_all(connection)
        .await
        .map_err(store_error)?;
    rows.iter()
        .map(|row| Ok((row.try_get(0)?, row.try_get(1)?)))
        .collect::<Result<_, _>>()
        .map_err(store_error)
}

/// Reads the whole file and compares each table with its indexes, row by row: slow on a large ledger. A stream is found by
/// an index, which no hash covers.
pub(crate) async fn integrity_check(readers: &Readers) -> Result<Assertion, StoreError> {
    let rows = readers.fetch(sqlx::query("PRAGMA integrity_check(1)")).await?;
    let found: String = match rows.first() {
        Some(row) => row.try_get(0).map_err(store_error)?,
        None => "nothing".into(),
    };
    let holds = found == "ok";
    Ok(("integrity_check is ok".into(), found, holds))
}

/// The file holds what authorities know of people: only its owner may read it.
#[cfg(unix)]
pub(crate) fn permissions(path: &Path) -> Result<Assertion, StoreError> {
    use std::os::unix::fs::PermissionsExt;

    let metadata =
        std::fs::metadata(path).map_err(|e| StoreError::Database(format!("{}: {e}", path.display())))?;
    let mode = metadata.permissions().mode() & 0o777;
    Ok(("file mode is 0600".into(), format!("{mode:04o}"), mode == 0o600))
}

/// Elsewhere access is a matter of the folder's rights.
#[cfg(not(unix))]
pub(crate) fn permissions(_: &Path) -> Result<Assertion, StoreError> {
    Ok(("file mode is 0600".into(), "not asked on this system".into(), true))
}

/// The first assertion that fails, as the reason not to start.
pub(crate) fn demand(assertions: &[Assertion]) -> Result<(), StoreError> {
    match assertions.iter().find(|(_, _, holds)| !holds) {
        Some((what, found, _)) => Err(StoreError::Unsafe(format!("{what}: found {found}"))),
        None => Ok(()),
    }
}

/// A setting as text, whatever its type.
async fn ask(connection: &mut SqliteConnection, question: &'static str) -> Result<String, StoreError> {
    let row = sqlx::query(question).fetch_one(connection).await.map_err(store_error)?;
    row.try_get_unchecked(0).map_err(store_error)
}

fn at_least(version: &str, version_min: [u32; 3]) -> bool {
    let parts: Option<Vec<u32>> = version.split('.').map(|part| part.parse().ok()).collect();
    parts.is_some_and(|parts| parts.as_slice() >= version_min.as_slice())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_number() {
        let holds = |version| at_least(version, VERSION_MIN);
        assert_eq!(["3.51.3", "3.51.10", "3.60.0", "4.0.0"].map(holds), [true; 4]);
        assert_eq!(["3.51.2", "3.9.9", "3.40.1", "", "3.51.x"].map(holds), [false; 5]);
    }
}
