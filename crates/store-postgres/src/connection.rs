//! Connections: what all have in common, and the one that writes.

use std::str::FromStr;
use std::sync::PoisonError;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use event_log::crash::crash_point;
use event_log::{Head, StoreError};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Connection};
use tokio::sync::{Mutex, MutexGuard};

use crate::assertions::{demand, settings};
use crate::columns::{hash, head, stored};
use crate::errors::{Failed, store_error};
use crate::patience::{Patience, answered, connect};

/// Leaves read at a time while a log is held against what was acknowledged.
const LEAVES_MAX: i64 = 10_000;

/// How long a statement waits for a lock.
const LOCK_TIMEOUT: &str = "30s";

/// What a connection may do.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Role {
    /// Create and migrate the schema.
    Owner,
    /// Add to the log, write rows of read models.
    Append,
    /// Read.
    Read,
}

impl Role {
    /// What the server calls it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Owner => "svala_owner",
            Self::Append => "svala_append",
            Self::Read => "svala_read",
        }
    }

    /// How long the server works on one statement for it: less than is waited for its answer ([`Patience`]).
    fn statement_timeout(self) -> &'static str {
        match self {
            // Bringing the schema of a long log up to date takes a while.
            Self::Owner => "3500s",
            Self::Append | Self::Read => "120s",
        }
    }

    /// How long the server waits for the next statement of a transaction. Whoever writes may hold the head of the log in
    /// it: when such a program stands still, its lock is gone before others have waited for it too long
    /// ([`LOCK_TIMEOUT`]). Who only reads holds nobody up, and may work on what it has read.
    fn idle_timeout(self) -> &'static str {
        match self {
            Self::Owner | Self::Append => "10s",
            Self::Read => "600s",
        }
    }
}

/// Reads a URL such as `postgres://user@host/database`.
pub(crate) fn parse(url: &str) -> Result<PgConnectOptions, StoreError> {
    // The error of the parser may quote the URL, and with it a password.
    PgConnectOptions::from_str(url)
        .map(|options| options.application_name("svala").disable_statement_logging())
        .map_err(|_| {
            StoreError::BadRequest("a PostgreSQL ledger is named postgres://USER@HOST/DATABASE".into())
        })
}

/// The options of a connection that acts in a role, whatever else its user may do. No statement, no lock and no
/// forgotten transaction holds the log up for longer than the limits say.
pub(crate) fn acting_as(options: &PgConnectOptions, role: Role) -> PgConnectOptions {
    options.clone().options([
        ("search_path", "svala"),
        ("role", role.name()),
        ("default_transaction_isolation", "read committed"),
        ("statement_timeout", role.statement_timeout()),
        ("lock_timeout", LOCK_TIMEOUT),
        ("idle_in_transaction_session_timeout", role.idle_timeout()),
    ])
}

/// Where the ledger is, for people; never with a password.
pub(crate) fn place(options: &PgConnectOptions) -> String {
    format!("postgres://{}/{}", options.get_host(), options.get_database().unwrap_or("postgres"))
}

/// Waits a little, longer with each attempt.
pub(crate) async fn pause(attempt: u32) {
    tokio::time::sleep(Duration::from_millis(10 << attempt.min(8))).await;
}

/// The only connection of this store that writes; made when it is first needed.
#[derive(Debug)]
pub(crate) struct Writer {
    options: PgConnectOptions,
    pub(crate) patience: Patience,
    slot: Mutex<Slot>,
    /// Everything was new and fitted lately, so a batch may be written without reading first.
    pub(crate) smooth: AtomicBool,
    /// The head after what was acknowledged last, by whatever connection.
    acknowledged: std::sync::Mutex<Option<Head>>,
}

/// Where the writing connection is while nobody uses it.
#[derive(Debug)]
enum Slot {
    /// Here, with the head of the log as this connection last wrote it.
    Idle(Box<PgConnection>, Option<Head>),
    /// Not made yet, or its last use did not end properly; the next one connects.
    None,
    Closed,
}

/// The writing connection in use. It goes back only when its last statement ended properly: whatever else happens
/// drops the connection, and with it an open transaction, so that no later caller inherits one.
#[derive(Debug)]
pub(crate) struct Held<'a> {
    slot: MutexGuard<'a, Slot>,
    pub(crate) connection: Box<PgConnection>,
    /// The head of the log as far as this connection knows. Others may have moved it.
    pub(crate) head: Option<Head>,
    is_new: bool,
}

impl Writer {
    pub(crate) fn new(options: &PgConnectOptions, patience: Patience) -> Self {
        Self {
            options: acting_as(options, Role::Append),
            patience,
            slot: Mutex::new(Slot::None),
            smooth: AtomicBool::new(true),
            acknowledged: std::sync::Mutex::default(),
        }
    }

    /// Notes what the server has acknowledged.
    pub(crate) fn has_written(&self, head: &Head) {
        *self.acknowledged.lock().unwrap_or_else(PoisonError::into_inner) = Some(head.clone());
    }

    /// Refuses a log that has lost what was acknowledged, such as that of a standby that took over too early.
    pub(crate) fn has_lost(&self, head: &Head) -> Result<(), StoreError> {
        match &*self.acknowledged.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(known) if head.position < known.position => {
                Err(lost(known.position, &format!("ends at {}", head.position)))
            }
            Some(known) if head.position == known.position && head.root != known.root => {
                Err(lost(known.position, OTHER_EVENTS))
            }
            _ => Ok(()),
        }
    }

    /// Takes the connection, as soon as nobody else has it. A new one may lead to another server than the one before,
    /// so what must hold is asked again, and whether its log has what was acknowledged.
    pub(crate) async fn take(&self) -> Result<Held<'_>, Failed> {
        let mut held = self.take_unasked().await?;
        if held.is_new {
            let connection = &mut *held.connection;
            let asked = async {
                demand(&settings(connection).await?)?;
                self.goes_on(connection).await
            };
            answered(self.patience.answering, asked).await??;
        }
        Ok(held)
    }

    /// Refuses a log in which what was acknowledged does not stand as it did, however far it has come since. Reads the
    /// leaf of each event since. That needs no lock: what stands in the log of one server is never taken back.
    async fn goes_on(&self, connection: &mut PgConnection) -> Result<(), Failed> {
        let known = self.acknowledged.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(known) = known else { return Ok(()) };
        let sql = "SELECT position, root, frontier FROM log_head WHERE id = 1";
        let head = head(&sqlx::query(sql).fetch_one(&mut *connection).await?, 0)?;
        self.has_lost(&head)?;
        let mut frontier = known.frontier;
        while frontier.size() < head.position {
            let sql = "SELECT leaf_hash FROM events WHERE position > $1 AND position <= $2 ORDER BY position LIMIT $3";
            let leaves = sqlx::query(sql).bind(stored(frontier.size())?).bind(stored(head.position)?);
            let leaves = leaves.bind(LEAVES_MAX).fetch_all(&mut *connection).await?;
            if leaves.is_empty() {
                break;
            }
            leaves.iter().try_for_each(|leaf| hash(leaf, 0).map(|leaf| frontier.push(leaf)))?;
        }
        if frontier.root() == head.root { Ok(()) } else { Err(lost(known.position, OTHER_EVENTS).into()) }
    }

    /// Takes the connection without asking what holds on it: to look, and never to give it back.
    pub(crate) async fn take_unasked(&self) -> Result<Held<'_>, sqlx::Error> {
        let mut slot = self.slot.lock().await;
        crash_point("before-transaction");
        let (connection, head, is_new) = match std::mem::replace(&mut *slot, Slot::None) {
            Slot::Idle(connection, head) => (connection, head, false),
            Slot::None => (Box::new(connect(&self.options, self.patience).await?), None, true),
            Slot::Closed => {
                *slot = Slot::Closed;
                return Err(sqlx::Error::Configuration("the store was closed".into()));
            }
        };
        Ok(Held { slot, connection, head, is_new })
    }

    pub(crate) async fn close(&self) -> Result<(), StoreError> {
        match std::mem::replace(&mut *self.slot.lock().await, Slot::Closed) {
            Slot::Idle(connection, _) => {
                answered(self.patience.connecting, connection.close()).await.flatten().map_err(store_error)
            }
            Slot::None | Slot::Closed => Ok(()),
        }
    }
}

impl Held<'_> {
    /// Gives the connection back; it must not be inside a transaction.
    pub(crate) fn give_back(self) {
        let Self { mut slot, connection, head, .. } = self;
        *slot = Slot::Idle(connection, head);
    }
}

/// Of a log that is as long as what was acknowledged, or longer.
const OTHER_EVENTS: &str = "has other events up to there";

/// What was acknowledged is not in the log any more.
fn lost(position: u64, its_log: &str) -> StoreError {
    StoreError::Damaged(format!(
        "the server had acknowledged the events up to position {position}, and now its log {its_log}: a standby that was \
         behind may have taken over; nothing more was written"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whoever acts does so with limits, and the server's end before this program's patience does.
    #[test]
    fn every_role_has_the_limits_of_the_server() {
        let options = parse("postgres://anna@db/svala").unwrap();
        let Patience { answering, migrating, .. } = Patience::default();
        for (role, statement, idle, patience) in [
            (Role::Owner, 3_500, 10, migrating),
            (Role::Append, 120, 10, answering),
            (Role::Read, 120, 600, answering),
        ] {
            let acting = acting_as(&options, role);
            let given = acting.get_options().unwrap_or_default();
            for limit in [
                format!("statement_timeout={statement}s"),
                "lock_timeout=30s".into(),
                format!("idle_in_transaction_session_timeout={idle}s"),
                format!("role={}", role.name()),
            ] {
                assert!(given.contains(&format!("-c {limit}")), "{role:?}: {limit} in {given}");
            }
            assert!(Duration::from_secs(statement) < patience, "{role:?}");
        }
    }
}
