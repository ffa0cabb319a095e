//! What the database answers, as errors of the store's trait.

use event_log::StoreError;
use sqlx::error::DatabaseError;
use sqlx::migrate::MigrateError;

// Primary result codes (https://www.sqlite.org/rescode.html); an extended code carries its primary in the low byte.
const BUSY: i32 = 5;
const LOCKED: i32 = 6;
const READONLY: i32 = 8;
const CORRUPT: i32 = 11;
const FULL: i32 = 13;
const CONSTRAINT: i32 = 19;
const NOT_A_DATABASE: i32 = 26;
// Extended: the shared-memory file beside the database could not grow, which is how a full disk first shows.
const IOERR_SHMSIZE: i32 = 4874;
// Extended: one of our triggers refused. The store checks before it writes, so the stored data disagree.
const CONSTRAINT_TRIGGER: i32 = 1811;
// Extended: the schema's only reference is from a text to the key that opens it.
const CONSTRAINT_FOREIGNKEY: i32 = 787;

/// Sorts an error of the database. Messages of SQLite name tables and columns, never values.
pub(crate) fn store_error(error: sqlx::Error) -> StoreError {
    match error {
        sqlx::Error::Database(error) => by_code(code(&*error), error.message()),
        error @ (sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_)) => {
            StoreError::Damaged(error.to_string())
        }
        error => StoreError::Database(error.to_string()),
    }
}

/// Whether a row was refused, by a constraint or a trigger.
pub(crate) fn is_constraint(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|error| code(error) & 0xff == CONSTRAINT)
}

/// The extended result code.
fn code(error: &dyn DatabaseError) -> i32 {
    error.code().and_then(|code| code.parse().ok()).unwrap_or(0)
}

fn by_code(code: i32, message: &str) -> StoreError {
    match (code, code & 0xff) {
        (IOERR_SHMSIZE, _) | (_, FULL) => StoreError::Full,
        (CONSTRAINT_TRIGGER, _) | (_, CORRUPT | NOT_A_DATABASE) => StoreError::Damaged(message.to_owned()),
        (CONSTRAINT_FOREIGNKEY, _) => StoreError::BadRequest("a text of a person who has no key".into()),
        (_, READONLY) => StoreError::Database(
            "its file or its folder cannot be written to, which SQLite needs also for reading; copy the file into a folder of your own"
                .into(),
        ),
        (_, BUSY | LOCKED) => StoreError::Busy(message.to_owned()),
        _ => StoreError::Database(format!("{message} (SQLite code {code})")),
    }
}

/// Sorts an error of a migration.
pub(crate) fn migration_error(error: MigrateError) -> StoreError {
    match error {
        MigrateError::VersionMissing(version) => StoreError::Unsafe(format!(
            "its schema has migration {version}, which this program does not know: use a newer program"
        )),
        MigrateError::VersionMismatch(version) => {
            StoreError::Unsafe(format!("migration {version} is not the one its schema was made with"))
        }
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => store_error(error),
        error => StoreError::Database(error.to_string()),
    }
}

/// A stored value that no writer of this store can have written.
pub(crate) fn damaged(what: impl Into<String>) -> StoreError {
    StoreError::Damaged(what.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_sorted_by_what_the_caller_can_do() {
        let kind = |code| match by_code(code, "text") {
            StoreError::Busy(said) if said == "text" => "busy",
            StoreError::Full => "full",
            StoreError::Damaged(_) => "damaged",
            _ => "database",
        };
        // 517 is BUSY_SNAPSHOT, 779 CORRUPT_INDEX, 2067 CONSTRAINT_UNIQUE, 1034 IOERR_FSYNC.
        let sorted = [5, 6, 517, 13, 4874, 11, 779, 26, 1811, 2067, 1034, 8].map(kind);
        assert_eq!(
            sorted,
            [
                "busy", "busy", "busy", "full", "full", "damaged", "damaged", "damaged", "damaged",
                "database", "database", "database"
            ]
        );
    }
}
