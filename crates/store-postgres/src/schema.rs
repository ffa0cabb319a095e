//! The schema: its roles, its migrations, and whether it is there.

use event_log::crash::crash_point;
use event_log::{Frontier, Head, LedgerMeta, StoreError};
use sqlx::Connection;
use sqlx::migrate::{Migrate, MigrateError, Migrator};
use sqlx::postgres::{PgConnectOptions, PgConnection};

use crate::connection::{Role, acting_as, pause, place};
use crate::errors::{error_as, is_unique_violation, migration_error, store_error, was_made_meanwhile};
use crate::patience::{Patience, answered, connect};

const ROLES: &str = include_str!("../../../migrations/postgres/roles.sql");

const SCHEMA: &str = "CREATE SCHEMA IF NOT EXISTS svala AUTHORIZATION svala_owner";

/// Asked first: to make a schema that is there already is refused to who may make none.
const SCHEMA_IS_THERE: &str = "SELECT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = 'svala')";

/// Also answered to who may not use the schema.
const TABLES_ARE_THERE: &str = "
SELECT EXISTS (
    SELECT 1 FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE nspname = 'svala' AND relname = 'ledger'
)";

fn migrations() -> Migrator {
    let mut migrations = sqlx::migrate!("../../migrations/postgres");
    // It would be an advisory lock, which not every engine has; whoever comes second tries again.
    migrations.set_locking(false);
    migrations
}

/// Hashes of events read at a time.
const LEAVES_READ: i64 = 10_000;

/// How often the schema is prepared when other programs prepare theirs at the same moment.
const ATTEMPTS_MAX: u32 = 8;

/// Makes roles, schema and tables where they are missing. Needs a user who may create roles and a schema in the
/// database; where both are there, one who is a member of `svala_owner`.
pub(crate) async fn prepare(options: &PgConnectOptions, patience: Patience) -> Result<(), StoreError> {
    let mut attempt = 0;
    loop {
        let prepared = answered(patience.migrating, try_prepare(options, patience)).await;
        match prepared.map_err(MigrateError::Execute).flatten() {
            Err(MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _))
                if was_made_meanwhile(&error) && attempt + 1 < ATTEMPTS_MAX =>
            {
                pause(attempt).await;
            }
            other => return other.map_err(|error| migration_error(Role::Owner, error)),
        }
        attempt += 1;
    }
}

async fn try_prepare(options: &PgConnectOptions, patience: Patience) -> Result<(), MigrateError> {
    crash_point("before-transaction");
    let mut connection = connect(options, patience).await?;
    // Does nothing, and needs no right, where the roles are there and the user can act as their owner.
    sqlx::raw_sql(ROLES).execute(&mut connection).await?;
    if !sqlx::query_scalar::<_, bool>(SCHEMA_IS_THERE).fetch_one(&mut connection).await? {
        sqlx::raw_sql(SCHEMA).execute(&mut connection).await?;
    }
    connection.close().await?;
    let mut connection = connect(&acting_as(options, Role::Owner), patience).await?;
    let mut transaction = connection.begin().await?;
    crash_point("in-transaction");
    migrations().run_direct(None, &mut *transaction, false).await?;
    transaction.commit().await?;
    Ok(connection.close().await?)
}

/// Makes a ledger in prepared tables: its identity and the head of an empty log.
pub(crate) async fn fill(
    options: &PgConnectOptions,
    patience: Patience,
    meta: &LedgerMeta,
) -> Result<(), StoreError> {
    let mut connection =
        connect(&acting_as(options, Role::Owner), patience).await.map_err(error_as(Role::Owner))?;
    let head = Head::empty();
    crash_point("before-commit");
    let made = sqlx::query(
        "WITH made AS (INSERT INTO ledger (id, ledger_id, key_id, created_at) VALUES (1, $1, $2, $3))
         INSERT INTO log_head (id, position, root, frontier) VALUES (1, 0, $4, $5)",
    )
    .bind(meta.ledger_id)
    .bind(meta.key_id.as_slice())
    .bind(meta.created_at)
    .bind(head.root.as_slice())
    .bind(head.frontier.to_bytes());
    let made = answered(patience.answering, made.execute(&mut connection)).await.flatten();
    crash_point("after-commit");
    match made {
        Ok(_) => answered(patience.connecting, connection.close()).await.flatten().map_err(store_error),
        Err(error) if is_unique_violation(&error) => Err(StoreError::AlreadyThere { place: place(options) }),
        Err(error) => Err(error_as(Role::Owner)(error)),
    }
}

/// Puts the head of the log where its events end, whatever it says: their recorded hashes, in their order, give it. For a head
/// that a hand moved, so that nobody can read or append any more. Whether these are the events that were acknowledged is not
/// asked here: a verification tells, and the checkpoints.
pub(crate) async fn restore_head(options: &PgConnectOptions, patience: Patience) -> Result<Head, StoreError> {
    let failed = error_as(Role::Owner);
    let connection = connect(&acting_as(options, Role::Owner), patience).await;
    let mut connection = connection.map_err(&failed)?;
    if !is_there(&mut connection).await.map_err(&failed)? {
        return Err(StoreError::NoLedger { place: place(options) });
    }
    let mut transaction = connection.begin().await.map_err(&failed)?;
    // Nobody appends meanwhile.
    let found: (i64, Vec<u8>, Vec<u8>) =
        sqlx::query_as("SELECT position, root, frontier FROM log_head FOR UPDATE")
            .fetch_one(&mut *transaction)
            .await
            .map_err(&failed)?;
    let mut frontier = Frontier::new();
    'events: loop {
        let after = signed(frontier.size())?;
        let page: Vec<(i64, Vec<u8>)> = sqlx::query_as(
            "SELECT position, leaf_hash FROM events WHERE position > $1 ORDER BY position LIMIT $2",
        )
        .bind(after)
        .bind(LEAVES_READ)
        .fetch_all(&mut *transaction)
        .await
        .map_err(&failed)?;
        if page.is_empty() {
            break;
        }
        for (position, leaf) in page {
            // What follows a gap is no event of the log.
            if u64::try_from(position) != Ok(frontier.size() + 1) {
                break 'events;
            }
            frontier.push(
                leaf.try_into()
                    .map_err(|_| StoreError::Damaged(format!("position {position}: its hash is not one")))?,
            );
        }
    }
    let head = Head { position: frontier.size(), root: frontier.root(), frontier };
    let (position, bytes) = (signed(head.position)?, head.frontier.to_bytes());
    if found != (position, head.root.to_vec(), bytes.clone()) {
        sqlx::raw_sql("ALTER TABLE log_head DISABLE TRIGGER log_head_only_forward")
            .execute(&mut *transaction)
            .await
            .map_err(&failed)?;
        sqlx::query("UPDATE log_head SET position = $1, root = $2, frontier = $3")
            .bind(position)
            .bind(head.root.as_slice())
            .bind(bytes)
            .execute(&mut *transaction)
            .await
            .map_err(&failed)?;
        sqlx::raw_sql("ALTER TABLE log_head ENABLE TRIGGER log_head_only_forward")
            .execute(&mut *transaction)
            .await
            .map_err(&failed)?;
    }
    transaction.commit().await.map_err(&failed)?;
    connection.close().await.map_err(&failed)?;
    Ok(head)
}

fn signed(position: u64) -> Result<i64, StoreError> {
    i64::try_from(position).map_err(|_| StoreError::Damaged(format!("position {position} is no position")))
}

/// Whether the database has the tables of a ledger; anybody may ask.
pub(crate) async fn is_there(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(TABLES_ARE_THERE).fetch_one(connection).await
}

/// Whether a ledger is there that this program can work with.
pub(crate) async fn check(
    connection: &mut PgConnection,
    options: &PgConnectOptions,
) -> Result<(), StoreError> {
    let read = error_as(Role::Read);
    let migrated = |error| migration_error(Role::Read, error);
    if !is_there(connection).await.map_err(&read)? {
        return Err(StoreError::NoLedger { place: place(options) });
    }
    let migrations = migrations();
    let applied = connection.list_applied_migrations(&migrations.table_name).await.map_err(migrated)?;
    for migration in &applied {
        match migrations.iter().find(|known| known.version == migration.version) {
            None => {
                return Err(migrated(MigrateError::VersionMissing(migration.version)));
            }
            Some(known) if known.checksum != migration.checksum => {
                return Err(migrated(MigrateError::VersionMismatch(migration.version)));
            }
            Some(_) => {}
        }
    }
    if applied.len() < migrations.iter().count() {
        return Err(StoreError::Unsafe(
            "its schema is older than this program: let somebody with the role svala_owner run `svala migrate`, which brings it \
             up to date"
                .into(),
        ));
    }
    let filled = "SELECT EXISTS (SELECT 1 FROM ledger)";
    let filled: bool = sqlx::query_scalar(filled).fetch_one(connection).await.map_err(read)?;
    if filled { Ok(()) } else { Err(StoreError::NoLedger { place: place(options) }) }
}
