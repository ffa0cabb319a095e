//! What must hold before a ledger is used, and what `doctor` shows.

use event_log::StoreError;
use sqlx::Row;
use sqlx::postgres::PgConnection;

/// Version 15 of the server, as the server writes it.
const VERSION_MIN: i32 = 150_000;

/// What is asserted, what was found, whether it holds.
pub(crate) type Assertion = (String, String, bool);

/// The triggers that guard the log, as the server writes what the schema makes.
const TRIGGERS: [Trigger; 6] = [
    Trigger {
        name: "commands_never_change",
        when: "BEFORE DELETE OR UPDATE OR TRUNCATE ON commands FOR EACH STATEMENT",
        function: "never",
    },
    Trigger {
        name: "events_never_change",
        when: "BEFORE DELETE OR UPDATE OR TRUNCATE ON events FOR EACH STATEMENT",
        function: "never",
    },
    Trigger {
        name: "ledger_never_changes",
        when: "BEFORE DELETE OR UPDATE OR TRUNCATE ON ledger FOR EACH STATEMENT",
        function: "never",
    },
    Trigger {
        name: "log_head_never_goes",
        when: "BEFORE DELETE OR TRUNCATE ON log_head FOR EACH STATEMENT",
        function: "never",
    },
    Trigger {
        name: "log_head_only_forward",
        when: "BEFORE UPDATE ON log_head FOR EACH ROW",
        function: "log_head_only_forward",
    },
    Trigger {
        name: "unique_keys_never_change",
        when: "BEFORE UPDATE OR TRUNCATE ON unique_keys FOR EACH STATEMENT",
        function: "never",
    },
];

#[derive(Debug)]
struct Trigger {
    name: &'static str,
    when: &'static str,
    function: &'static str,
}

impl Trigger {
    /// Its definition and that of its function, as [`ASK`] gives them.
    fn expected(&self) -> String {
        let Self { name, when, function } = self;
        let body = body_of(function);
        format!("CREATE TRIGGER {name} {when} EXECUTE FUNCTION {function}(){UNIT}plpgsql{UNIT}{body}")
    }
}

/// Between the parts of what is found of a trigger, and between triggers: in no definition.
const UNIT: char = '\u{1f}';
const RECORD: char = '\u{1e}';

/// What a function of the schema does, word for word.
fn body_of(function: &str) -> &'static str {
    const SCHEMA: &str = include_str!("../../../migrations/postgres/0001_ledger.sql");
    let made = SCHEMA.split_once(&format!("CREATE FUNCTION {function}()")).map_or("", |(_, made)| made);
    made.split("$$").nth(1).unwrap_or_default()
}

/// Everything that is asked of the server in one query.
const ASK: &str = "
SELECT current_setting('server_version_num')::int, current_setting('server_version'), current_setting('fsync'),
       current_setting('synchronous_commit'), current_setting('full_page_writes'),
       current_setting('server_encoding'), current_user::text,
       (SELECT coalesce(string_agg(replace(pg_get_triggerdef(guard.oid), 'svala.', '') || chr(31) || lanname ||
                                   chr(31) || prosrc, chr(30)), '')
        FROM pg_trigger AS guard JOIN pg_proc ON pg_proc.oid = tgfoid JOIN pg_language ON pg_language.oid = prolang
        WHERE tgrelid IN ('ledger'::regclass, 'events'::regclass, 'log_head'::regclass, 'commands'::regclass,
                          'unique_keys'::regclass)
          AND NOT tgisinternal AND tgenabled IN ('O', 'A')),
       (SELECT bool_or(has_table_privilege(program, tabled, privilege)
                       OR privilege = 'UPDATE' AND has_any_column_privilege(program, tabled, privilege))
        FROM unnest(ARRAY['svala_append', 'svala_read']) AS program,
             unnest(ARRAY['events', 'commands', 'ledger', 'unique_keys', 'log_head']) AS tabled,
             unnest(ARRAY['UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER']) AS privilege
        WHERE NOT (tabled = 'log_head' AND privilege = 'UPDATE'))";

/// What the server answers to that.
#[derive(Debug, Clone)]
struct Found {
    version_number: i32,
    version: String,
    fsync: String,
    synchronous_commit: String,
    full_page_writes: String,
    encoding: String,
    user: String,
    /// Those that are there and not disabled, with what they do.
    triggers: String,
    can_change_the_log: bool,
}

/// Asks the connection that is to be used, in one round trip.
pub(crate) async fn settings(connection: &mut PgConnection) -> Result<Vec<Assertion>, sqlx::Error> {
    let row = sqlx::raw_sql(ASK).fetch_one(connection).await?;
    Ok(judged(Found {
        version_number: row.try_get(0)?,
        version: row.try_get(1)?,
        fsync: row.try_get(2)?,
        synchronous_commit: row.try_get(3)?,
        full_page_writes: row.try_get(4)?,
        encoding: row.try_get(5)?,
        user: row.try_get(6)?,
        triggers: row.try_get(7)?,
        can_change_the_log: row.try_get(8)?,
    }))
}

fn judged(found: Found) -> Vec<Assertion> {
    let there: Vec<&str> = found.triggers.split(RECORD).collect();
    let missing: Vec<&str> = TRIGGERS
        .iter()
        .filter(|trigger| !there.contains(&trigger.expected().as_str()))
        .map(|trigger| trigger.name)
        .collect();
    let triggers = match missing.as_slice() {
        [] => format!("all {} there", TRIGGERS.len()),
        missing => format!("missing, disabled or altered: {}", missing.join(", ")),
    };
    let one_of = |what: &str, setting: String, allowed: &[&str]| {
        let holds = allowed.contains(&setting.as_str());
        (what.to_owned(), setting, holds)
    };
    vec![
        ("PostgreSQL is 15 or newer".into(), found.version, found.version_number >= VERSION_MIN),
        one_of("fsync is on", found.fsync, &["on"]),
        one_of("synchronous_commit is on or remote_apply", found.synchronous_commit, &["on", "remote_apply"]),
        one_of("full_page_writes is on", found.full_page_writes, &["on"]),
        one_of("the database is in UTF8", found.encoding, &["UTF8"]),
        ("triggers guard the log".into(), triggers, missing.is_empty()),
        (
            "the program cannot change the log".into(),
            format!("it acts as {}", found.user),
            !found.can_change_the_log,
        ),
    ]
}

/// The first assertion that fails, as the reason not to start.
pub(crate) fn demand(assertions: &[Assertion]) -> Result<(), StoreError> {
    match assertions.iter().find(|(_, _, holds)| !holds) {
        Some((what, found, _)) => Err(StoreError::Unsafe(format!("{what}: found {found}"))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The triggers that are found, without the first few.
    fn all_but(first: usize) -> String {
        let found: Vec<_> = TRIGGERS.iter().skip(first).map(Trigger::expected).collect();
        found.join(&RECORD.to_string())
    }

    fn good() -> Found {
        Found {
            version_number: 150_000,
            version: "15.0".into(),
            fsync: "on".into(),
            synchronous_commit: "on".into(),
            full_page_writes: "on".into(),
            encoding: "UTF8".into(),
            user: "svala_append".into(),
            triggers: all_but(0),
            can_change_the_log: false,
        }
    }

    #[test]
    fn a_server_as_it_should_be_is_taken() {
        demand(&judged(good())).unwrap();
        demand(&judged(Found { version_number: 180_001, ..good() })).unwrap();
        demand(&judged(Found { synchronous_commit: "remote_apply".into(), ..good() })).unwrap();
    }

    #[test]
    fn what_the_functions_do_is_read_from_the_schema() {
        assert!(body_of("never").contains("RAISE EXCEPTION '% of % is never allowed'"));
        assert!(body_of("log_head_only_forward").contains("NEW.position <= OLD.position"));
    }

    #[test]
    fn each_setting_alone_is_a_reason_not_to_start() {
        let off = || "off".to_owned();
        for (wrong, told) in [
            (
                Found { version_number: 149_999, version: "14.99".into(), ..good() },
                "15 or newer: found 14.99",
            ),
            (Found { fsync: off(), ..good() }, "fsync is on: found off"),
            (
                Found { synchronous_commit: off(), ..good() },
                "synchronous_commit is on or remote_apply: found off",
            ),
            (Found { synchronous_commit: "local".into(), ..good() }, "remote_apply: found local"),
            (
                Found { synchronous_commit: "remote_write".into(), ..good() },
                "remote_apply: found remote_write",
            ),
            (Found { full_page_writes: off(), ..good() }, "full_page_writes is on: found off"),
            (Found { encoding: "SQL_ASCII".into(), ..good() }, "in UTF8: found SQL_ASCII"),
            (Found { triggers: all_but(1), ..good() }, "missing, disabled or altered: commands_never_change"),
            (
                Found { triggers: all_but(0).replace("is never allowed", "is allowed"), ..good() },
                "missing, disabled or altered: commands_never_change, events_never_change",
            ),
            (Found { triggers: String::new(), ..good() }, "unique_keys_never_change"),
            (
                Found { can_change_the_log: true, ..good() },
                "cannot change the log: found it acts as svala_append",
            ),
        ] {
            let judged = judged(wrong);
            assert_eq!(judged.iter().filter(|(_, _, holds)| !holds).count(), 1, "{told}");
            let refused = demand(&judged);
            assert!(
                matches!(&refused, Err(StoreError::Unsafe(why)) if why.contains(told)),
                "{told}: {refused:?}"
            );
        }
    }
}
