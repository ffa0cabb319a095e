//! What the server answers, as errors of the store's trait.

use std::io::ErrorKind;

use event_log::StoreError;
use sqlx::migrate::MigrateError;

use crate::connection::Role;

/// Why an attempt came to nothing.
#[derive(Debug)]
pub(crate) enum Failed {
    /// The server refused a statement, or is gone.
    Query(sqlx::Error),
    /// The server answered what cannot be.
    Answer(StoreError),
}

impl From<sqlx::Error> for Failed {
    fn from(error: sqlx::Error) -> Self {
        Self::Query(error)
    }
}

impl From<StoreError> for Failed {
    fn from(error: StoreError) -> Self {
        Self::Answer(error)
    }
}

impl Failed {
    /// As the error of the store's trait, on a connection that acts in a role or was to.
    pub(crate) fn told(self, role: Role) -> StoreError {
        match self {
            Self::Query(error) => error_as(role)(error),
            Self::Answer(error) => error,
        }
    }
}

/// Sorts an error of the server. Of its answer only the message and the code are kept: a detail may quote values.
pub(crate) fn store_error(error: sqlx::Error) -> StoreError {
    match error {
        sqlx::Error::Database(error) => by_code(&error.code().unwrap_or_default(), error.message()),
        sqlx::Error::PoolTimedOut => StoreError::Unreachable("it gave no connection in time".into()),
        error @ (sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_)) => {
            StoreError::Damaged(error.to_string())
        }
        // It says itself what happened and what to do.
        sqlx::Error::Io(error) if error.kind() == ErrorKind::TimedOut => {
            StoreError::Unreachable(error.to_string())
        }
        error if is_lost(&error) => StoreError::Unreachable(error.to_string()),
        error => StoreError::Database(error.to_string()),
    }
}

/// As [`store_error`], on a connection that acts in a role: whoever may not do what was tried is told which role it needs.
pub(crate) fn error_as(role: Role) -> impl Fn(sqlx::Error) -> StoreError {
    move |error| match (is_refused(&error), store_error(error)) {
        (true, StoreError::Denied(message)) => StoreError::Denied(format!("{message}: {}", wanted(role))),
        (_, error) => error,
    }
}

/// What is missing where the server refuses what a role may do.
fn wanted(role: Role) -> String {
    let name = role.name();
    match role {
        Role::Owner => format!(
            "making and migrating the schema needs a user with the role {name}, or one who may create roles and a \
             schema; an administrator can prepare them with migrations/postgres/roles.sql"
        ),
        Role::Append => format!("writing needs a user with the role {name} (`GRANT {name} TO …`)"),
        Role::Read => format!(
            "reading needs a user with the role {name}, or {}, who may read and write (`GRANT {name} TO …`)",
            Role::Append.name()
        ),
    }
}

/// What the server answers to who may not do what was tried.
const REFUSED: &str = "42501";

/// Whether a right is missing.
pub(crate) fn is_refused(error: &sqlx::Error) -> bool {
    code_of(error).is_some_and(|code| code == REFUSED)
}

/// By SQLSTATE (https://www.postgresql.org/docs/current/errcodes-appendix.html).
fn by_code(code: &str, message: &str) -> StoreError {
    match code {
        "53100" => StoreError::Full,
        // Lock or statement timeout; what is still 40001 or 40P01 after all attempts.
        "55P03" | "57014" | "40001" | "40P01" => StoreError::Busy(message.to_owned()),
        // Also a wrong password, an unknown user, and a database that is not there: waiting helps nobody.
        REFUSED | "28000" | "28P01" | "3D000" => StoreError::Denied(message.to_owned()),
        // The schema's only reference is from a text to the key that opens it.
        "23503" => StoreError::BadRequest("a text of a person who has no key".into()),
        // Our triggers, and pages that cannot be read.
        "23001" | "XX001" | "XX002" => StoreError::Damaged(message.to_owned()),
        "53300" => StoreError::Unreachable(message.to_owned()),
        _ if is_end(code) => StoreError::Unreachable(message.to_owned()),
        _ => StoreError::Database(format!("{message} (SQLSTATE {code})")),
    }
}

/// The SQLSTATE of the server's answer.
pub(crate) fn code_of(error: &sqlx::Error) -> Option<String> {
    error.as_database_error().and_then(|error| error.code()).map(String::from)
}

/// Whether a row was refused because one like it is there.
pub(crate) fn is_unique_violation(error: &sqlx::Error) -> bool {
    code_of(error).is_some_and(|code| code == "23505")
}

/// Whether something that was to be made is there already, or is being made by somebody else.
pub(crate) fn was_made_meanwhile(error: &sqlx::Error) -> bool {
    let codes = ["23505", "42P06", "42P07", "42710", "42723", "XX000"];
    code_of(error).is_some_and(|code| codes.contains(&code.as_str())) || is_collision(error)
}

/// Whether the transaction lost against another one and can simply be tried again: a serialisation failure or a
/// deadlock.
pub(crate) fn is_collision(error: &sqlx::Error) -> bool {
    code_of(error).is_some_and(|code| code == "40001" || code == "40P01")
}

/// Whether the connection is gone or was never there, so that what became of the last statement is not known.
pub(crate) fn is_lost(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::PoolClosed => true,
        // Or the server has no connection left.
        error => code_of(error).is_some_and(|code| is_end(&code) || code == "53300"),
    }
}

/// Whether the server ends the session: it is shutting down, starting up, or found it idle inside a transaction (25P03).
fn is_end(code: &str) -> bool {
    code.starts_with("08") || code.starts_with("57P") || code == "25P03"
}

/// How many of all attempts an error uses up: one, but half of them if the server has been silent, because that took as
/// long as anybody should wait.
pub(crate) fn attempts_used(error: &sqlx::Error, attempts_max: u32) -> u32 {
    match error {
        sqlx::Error::Io(error) if error.kind() == ErrorKind::TimedOut => attempts_max.div_ceil(2),
        _ => 1,
    }
}

/// Sorts an error of a migration, or of looking which there were.
pub(crate) fn migration_error(role: Role, error: MigrateError) -> StoreError {
    match error {
        MigrateError::VersionMissing(version) => StoreError::Unsafe(format!(
            "its schema has migration {version}, which this program does not know: use a newer program"
        )),
        MigrateError::VersionMismatch(version) => {
            StoreError::Unsafe(format!("migration {version} is not the one its schema was made with"))
        }
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => error_as(role)(error),
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
            StoreError::Denied(_) => "denied",
            StoreError::Unreachable(_) => "unreachable",
            _ => "database",
        };
        let sorted = [
            "40001", "40P01", "55P03", "57014", "53100", "23001", "XX001", "42501", "28P01", "3D000",
            "53300", "57P01", "08006", "25P03", "22000",
        ];
        assert_eq!(
            sorted.map(kind),
            [
                "busy",
                "busy",
                "busy",
                "busy",
                "full",
                "damaged",
                "damaged",
                "denied",
                "denied",
                "denied",
                "unreachable",
                "unreachable",
                "unreachable",
                "unreachable",
                "database"
            ]
        );
    }
}
