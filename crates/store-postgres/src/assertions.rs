//! What must hold before a ledger is used, and what `doctor` shows.

use event_log::StoreError;
use sqlx::Row;
use sqlx::postgres::PgConnection;

/// Version 15 of the server, as the server writes it.
const VERSION_MIN: i32 = 150_000;

/// What is asserted, what was found, whether it holds.
pub(crate) type Assertion = (String, String, bool);

/// The triggers that guard the log.
const TRIGGERS: [&str; 6] = [
    "commands_never_change",
    "events_never_change",
    "ledger_never_changes",
    "log_head_never_goes",
    "log_head_only_forward",
    "unique_keys_never_change",
];

/// Everything that is asked of the server in one query.
const ASK: &str = "
SELECT current_setting('server_version_num')::int, current_setting('server_version'), current_setting('fsync'),
       current_setting('synchronous_commit'), current_setting('full_page_writes'),
       current_setting('server_encoding'), current_user::text,
       (SELECT coalesce(string_agg(tgname, ',' ORDER BY tgname COLLATE \"C\"), '') FROM pg_trigger
        WHERE tgrelid IN ('ledger'::regclass, 'events'::regclass, 'log_head'::regclass, 'commands'::regclass,
                          'unique_keys'::regclass)
          AND NOT tgisinternal AND tgenabled IN ('O', 'A')),
       (SELECT bool_or(has_table_privilege(program, tabled, privilege))
        FROM unnest(ARRAY['svala_append', 'svala_read']) AS program,
             unnest(ARRAY['events', 'commands', 'ledger', 'unique_keys', 'log_head']) AS tabled,
             unnest(ARRAY['UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER']) AS privilege
        WHERE NOT (tabled = 'log_head' AND privilege = 'UPDATE'))";

/// Asks the connection that is to be used, in one round trip.
pub(crate) async fn settings(connection: &mut PgConnection) -> Result<Vec<Assertion>, sqlx::Error> {
    let row = sqlx::raw_sql(ASK).fetch_one(connection).await?;
    let text = |column: usize| row.try_get::<String, _>(column);
    let number: i32 = row.try_get(0)?;
    let rights: bool = row.try_get(8)?;
    let (version, fsync, commit, pages) = (text(1)?, text(2)?, text(3)?, text(4)?);
    let (encoding, user, triggers) = (text(5)?, text(6)?, text(7)?);
    let missing: Vec<&str> =
        TRIGGERS.into_iter().filter(|trigger| !triggers.split(',').any(|found| found == *trigger)).collect();
    let found = match missing.as_slice() {
        [] => format!("all {} there", TRIGGERS.len()),
        missing => format!("missing or disabled: {}", missing.join(", ")),
    };
    Ok(vec![
        ("PostgreSQL is 15 or newer".into(), version, number >= VERSION_MIN),
        ("fsync is on".into(), fsync.clone(), fsync == "on"),
        (
            "synchronous_commit is on or remote_apply".into(),
            commit.clone(),
            commit == "on" || commit == "remote_apply",
        ),
        ("full_page_writes is on".into(), pages.clone(), pages == "on"),
        ("the database is in UTF8".into(), encoding.clone(), encoding == "UTF8"),
        ("triggers guard the log".into(), found, missing.is_empty()),
        ("the program cannot change the log".into(), format!("it acts as {user}"), !rights),
    ])
}

/// The first assertion that fails, as the reason not to start.
pub(crate) fn demand(assertions: &[Assertion]) -> Result<(), StoreError> {
    match assertions.iter().find(|(_, _, holds)| !holds) {
        Some((what, found, _)) => Err(StoreError::Unsafe(format!("{what}: found {found}"))),
        None => Ok(()),
    }
}
