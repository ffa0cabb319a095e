//! Creating and opening a ledger: who may, what is refused, what the program's role cannot do.

use event_log::{Store, StoreError};
use sqlx::{AssertSqlSafe, PgConnection};
use store_postgres::PostgresStore;
use store_testing::contract::{Build, command, meta, one, stream};
use store_testing::postgres::Database;
use uuid::Uuid;

use crate::support::{Ledger, set_on_database};

async fn sql(connection: &mut PgConnection, sql: &str) -> Result<u64, sqlx::Error> {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(connection).await.map(|done| done.rows_affected())
}

/// The code of the server's refusal.
async fn refused(connection: &mut PgConnection, statement: &str) -> String {
    let error = sql(connection, statement).await.expect_err(statement);
    let code = error.as_database_error().and_then(|error| error.code()).unwrap_or_default().into_owned();
    format!("{statement}: {code}")
}

#[tokio::test]
async fn a_ledger_is_created_once() {
    let Some(ledger) = Ledger::new().await else { return };
    one(&ledger.store, command(1).on(1, 0)).await;
    let again = PostgresStore::create(&ledger.database.url(), meta()).await;
    assert!(matches!(again, Err(StoreError::AlreadyThere { .. })), "{again:?}");
    assert_eq!(ledger.store.head().await.unwrap().position, 1);
}

#[tokio::test]
async fn two_programs_create_one_ledger() {
    let Some(database) = Database::create().await else { return };
    let url = database.url();
    let (a, b) = tokio::join!(PostgresStore::create(&url, meta()), PostgresStore::create(&url, meta()));
    let made = [&a, &b].into_iter().filter(|made| made.is_ok()).count();
    assert_eq!(made, 1, "{a:?} {b:?}");
    assert!([a, b].into_iter().any(|made| matches!(made, Err(StoreError::AlreadyThere { .. }))));
}

#[tokio::test]
async fn no_ledger_no_server_and_no_address_are_told_apart() {
    let Some(database) = Database::create().await else { return };
    let open = PostgresStore::open(&database.url()).await;
    assert!(matches!(open, Err(StoreError::NoLedger { .. })), "{open:?}");
    PostgresStore::prepare(&database.url()).await.unwrap();
    let prepared = PostgresStore::open(&database.url()).await;
    assert!(matches!(prepared, Err(StoreError::NoLedger { .. })), "{prepared:?}");
    let nobody = PostgresStore::open("postgres://nobody@127.0.0.1:9/none").await;
    assert!(matches!(nobody, Err(StoreError::Unreachable(_))), "{nobody:?}");
    let nonsense = PostgresStore::open("postgres://u:secret@[/x").await;
    let text = format!("{nonsense:?}");
    assert!(matches!(nonsense, Err(StoreError::BadRequest(_))) && !text.contains("secret"), "{text}");
}

/// Who may append can stop everybody by moving the head; nothing is lost by it, and who owns the schema puts it back.
#[tokio::test]
async fn a_head_that_was_moved_by_hand_is_put_where_the_events_end() {
    let Some(ledger) = Ledger::new().await else { return };
    for version in 0..3 {
        one(&ledger.store, command(version + 1).on(1, version)).await;
    }
    let before = ledger.store.head().await.unwrap();
    let mut connection = ledger.database.connect().await;
    sql(&mut connection, "SET search_path = svala; SET ROLE svala_append").await.unwrap();
    for moved in [
        "UPDATE log_head SET position = position + 9",
        "UPDATE log_head SET position = 4, root = sha256('x'), frontier = sha256('y')",
        // What comes after a gap is no event of the log.
        "INSERT INTO events SELECT 9, 'case-x', 1, event_type, schema_version, command_id, actor, recorded_at, body, leaf_hash
         FROM events WHERE position = 1",
    ] {
        sql(&mut connection, moved).await.unwrap();
        let url = ledger.database.url();
        assert_eq!(PostgresStore::restore_head(&url).await.unwrap(), before, "{moved}");
        assert_eq!(PostgresStore::restore_head(&url).await.unwrap(), before, "once more changes nothing");
        assert_eq!(ledger.open_again().await.head().await.unwrap(), before);
        assert_eq!(refused(&mut connection, "UPDATE log_head SET root = root").await, "UPDATE log_head SET root = root: 23001");
    }
    one(&ledger.open_again().await, command(4).on(1, 3)).await;
}

/// Whoever the user is, the program acts as a role that can only add.
#[tokio::test]
async fn the_programs_role_can_change_nothing_of_the_log() {
    let Some(ledger) = Ledger::new().await else { return };
    one(&ledger.store, command(1).on(1, 0).key("receipt", 1)).await;
    let mut connection = ledger.database.connect().await;
    sql(&mut connection, "SET search_path = svala").await.unwrap();
    for role in ["svala_append", "svala_read"] {
        sql(&mut connection, &format!("SET ROLE {role}")).await.unwrap();
        for statement in [
            "UPDATE events SET actor = 'x'",
            "DELETE FROM events",
            "TRUNCATE events",
            "DELETE FROM log_head",
            "UPDATE commands SET first_position = 1",
            "DELETE FROM commands",
            "UPDATE unique_keys SET position = 1",
            "UPDATE ledger SET created_at = 1",
            "DELETE FROM ledger",
            "ALTER TABLE events DISABLE TRIGGER ALL",
            "DROP TRIGGER events_never_change ON events",
            "CREATE TABLE mine ()",
        ] {
            assert_eq!(refused(&mut connection, statement).await, format!("{statement}: 42501"), "{role}");
        }
    }
    assert_eq!(
        refused(&mut connection, "INSERT INTO sealed_runs VALUES (0, 'x')").await.split_at(39).1,
        ": 42501"
    );
}

/// What the program's role may add by hand is believed by nobody: not a command that no event tells of.
#[tokio::test]
async fn a_command_is_not_done_because_a_row_says_so() {
    let Some(ledger) = Ledger::new().await else { return };
    one(&ledger.store, command(1).on(1, 0).and(1)).await;
    let mut connection = ledger.database.connect().await;
    sql(&mut connection, "SET search_path = svala; SET ROLE svala_append").await.unwrap();
    let id = Uuid::from_u128(9);
    let forged = format!("INSERT INTO commands SELECT '{id}', fingerprint, 1, 2 FROM commands LIMIT 1");
    sql(&mut connection, &forged).await.unwrap();
    // Nor is an event that no root speaks of: what its stream says cannot be known any more.
    let columns =
        "stream_version + 9, event_type, schema_version, command_id, actor, recorded_at, body, leaf_hash";
    let forged =
        format!("INSERT INTO events SELECT 1000000, stream_id, {columns} FROM events WHERE position = 1");
    sql(&mut connection, &forged).await.unwrap();
    let read = ledger.store.read_streams(&[stream(1)]).await;
    assert!(
        matches!(&read, Err(StoreError::Damaged(why)) if why.contains("position 1000000") && why.contains("ends at position 2")),
        "{read:?}"
    );
    let refused = ledger.store.append(vec![command(9).on(2, 0)]).await;
    assert!(
        matches!(&refused, Err(StoreError::Damaged(why)) if why.contains("wrote the positions 1 to 2, whose events are not its own")),
        "{refused:?}"
    );
}

/// The owner has the rights, and is stopped by the triggers until they are put away on purpose.
#[tokio::test]
async fn the_owner_is_stopped_by_triggers() {
    let Some(ledger) = Ledger::new().await else { return };
    one(&ledger.store, command(1).on(1, 0).key("receipt", 1)).await;
    let mut connection = ledger.database.connect().await;
    sql(&mut connection, "SET search_path = svala; SET ROLE svala_owner").await.unwrap();
    for statement in [
        "UPDATE events SET actor = 'x'",
        "DELETE FROM events",
        "TRUNCATE events",
        "DELETE FROM log_head",
        "UPDATE log_head SET root = root",
        "UPDATE log_head SET position = 0",
        "UPDATE commands SET first_position = 1",
        "DELETE FROM commands",
        "UPDATE unique_keys SET position = 1",
        "TRUNCATE unique_keys",
        "UPDATE ledger SET created_at = 1",
        "DELETE FROM ledger",
        "INSERT INTO events SELECT * FROM events ON CONFLICT (position) DO UPDATE SET actor = 'x'",
    ] {
        assert_eq!(refused(&mut connection, statement).await, format!("{statement}: 23001"));
    }
    // A ledger without its triggers is not opened.
    sql(&mut connection, "ALTER TABLE events DISABLE TRIGGER events_never_change").await.unwrap();
    let open = PostgresStore::open(&ledger.database.url()).await;
    assert!(
        matches!(&open, Err(StoreError::Unsafe(why)) if why.contains("missing, disabled or altered: events_never_change")),
        "{open:?}"
    );
    let inspected = PostgresStore::open_to_inspect(&ledger.database.url()).await.unwrap();
    let wrong: Vec<_> = inspected.assertions().await.unwrap().into_iter().filter(|a| !a.2).collect();
    assert_eq!(wrong.len(), 1, "{wrong:?}");
}

/// Triggers that have their names and do something else guard nothing.
#[tokio::test]
async fn a_trigger_that_does_something_else_is_noticed() {
    let Some(ledger) = Ledger::new().await else { return };
    let mut connection = ledger.database.connect().await;
    sql(&mut connection, "SET search_path = svala; SET ROLE svala_owner").await.unwrap();
    let body: String = sqlx::query_scalar("SELECT pg_get_functiondef('never'::regproc)")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    let nothing =
        "CREATE OR REPLACE FUNCTION never() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'";
    let fewer =
        "CREATE OR REPLACE TRIGGER events_never_change BEFORE DELETE ON events EXECUTE FUNCTION never()";
    let seldom = "CREATE OR REPLACE TRIGGER log_head_only_forward BEFORE UPDATE ON log_head FOR EACH ROW
                  WHEN (NEW.id = 2) EXECUTE FUNCTION log_head_only_forward()";
    for (change, told) in [
        (nothing, "commands_never_change, events_never_change, ledger_never_changes"),
        (fewer, "altered: events_never_change"),
        (seldom, "log_head_only_forward"),
    ] {
        sql(&mut connection, change).await.unwrap();
        let open = PostgresStore::open(&ledger.database.url()).await;
        assert!(matches!(&open, Err(StoreError::Unsafe(why)) if why.contains(told)), "{change}: {open:?}");
        sql(&mut connection, &body).await.unwrap();
    }
}

/// A role with more rights than it needs is as good as no role.
#[tokio::test]
async fn a_program_that_could_change_the_log_refuses_to_start() {
    let Some(ledger) = Ledger::new().await else { return };
    let mut connection = ledger.database.connect().await;
    sql(&mut connection, "SET search_path = svala").await.unwrap();
    for (right, on) in
        [("UPDATE", "events"), ("UPDATE (actor)", "events"), ("TRUNCATE", "commands"), ("DELETE", "log_head")]
    {
        sql(&mut connection, &format!("GRANT {right} ON {on} TO svala_append")).await.unwrap();
        let open = PostgresStore::open(&ledger.database.url()).await;
        assert!(
            matches!(&open, Err(StoreError::Unsafe(why)) if why.contains("cannot change the log")),
            "{open:?}"
        );
        sql(&mut connection, &format!("REVOKE {right} ON {on} FROM svala_append")).await.unwrap();
    }
    PostgresStore::open(&ledger.database.url()).await.unwrap();
}

#[tokio::test]
async fn unsafe_settings_refuse_to_start() {
    let Some(ledger) = Ledger::new().await else { return };
    set_on_database(&ledger, "synchronous_commit = off").await;
    let open = PostgresStore::open(&ledger.database.url()).await;
    assert!(matches!(&open, Err(StoreError::Unsafe(why)) if why.contains("synchronous_commit")), "{open:?}");
}

#[tokio::test]
async fn a_schema_of_another_program_is_refused() {
    let Some(ledger) = Ledger::new().await else { return };
    let mut connection = ledger.database.connect().await;
    sql(&mut connection, "SET search_path = svala").await.unwrap();
    for (change, told) in [
        (
            "UPDATE _sqlx_migrations SET checksum = '\\x00' WHERE version = 1",
            "not the one its schema was made with",
        ),
        ("UPDATE _sqlx_migrations SET version = 99 WHERE version = 1", "use a newer program"),
        ("DELETE FROM _sqlx_migrations", "run `svala migrate`"),
    ] {
        sql(&mut connection, change).await.unwrap();
        let open = PostgresStore::open(&ledger.database.url()).await;
        assert!(matches!(&open, Err(StoreError::Unsafe(why)) if why.contains(told)), "{change}: {open:?}");
    }
}
