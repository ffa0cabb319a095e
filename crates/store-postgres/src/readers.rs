//! Connections that only read.
//!
//! A connection is at hand for the next query as soon as its answer is there. The driver's own pool asks it first whether
//! it is still well, after each use: a second round trip for every query, during which the next one needs another
//! connection.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use event_log::StoreError;
use sqlx::Connection;
use sqlx::postgres::{PgArguments, PgConnectOptions, PgConnection, PgRow, Postgres};
use sqlx::query::Query;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::connection::{Role, acting_as, pause};
use crate::errors::{attempts_used, error_as, is_lost, store_error};
use crate::patience::{Patience, answered, connect};

/// Readers at the same time.
const READERS_MAX: u32 = 8;
/// How often a query is asked that loses its connection. After the server was away each connection at hand may be
/// dead, and the first new one may meet a server that is still starting.
const ASKED_MAX: u32 = READERS_MAX + 2;
/// How long a query waits for one of them.
const READER_WAIT: Duration = Duration::from_secs(15);
/// All that is read is as of the first query.
const ONE_MOMENT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// Connections that only read, made when they are needed.
#[derive(Debug)]
pub(crate) struct Readers {
    options: PgConnectOptions,
    patience: Patience,
    /// At hand; nothing is under way on them.
    idle: Mutex<Vec<PgConnection>>,
    /// Closed with the store.
    free: Semaphore,
    /// There is one connection, in one transaction. When it is lost, so is the moment, and nothing is asked again.
    one_moment: bool,
    /// The one moment has been.
    begun: AtomicBool,
}

impl Readers {
    pub(crate) fn new(options: &PgConnectOptions, patience: Patience) -> Self {
        Self {
            options: acting_as(options, Role::Read),
            patience,
            idle: Mutex::default(),
            free: Semaphore::new(READERS_MAX as usize),
            one_moment: false,
            begun: AtomicBool::new(false),
        }
    }

    /// The same with a connection that is there.
    pub(crate) fn with(self, connection: PgConnection) -> Self {
        self.put_back(connection);
        self
    }

    /// One connection that stays in one transaction: all it reads is as of its first query.
    pub(crate) fn at_one_moment(options: &PgConnectOptions, patience: Patience) -> Self {
        Self { free: Semaphore::new(1), one_moment: true, ..Self::new(options, patience) }
    }

    fn put_back(&self, connection: PgConnection) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
    }

    fn take(&self) -> Option<PgConnection> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    /// A connection of its own, for what is not one query.
    pub(crate) async fn connect(&self) -> Result<PgConnection, sqlx::Error> {
        // Another connection would see another moment.
        if self.begun.load(Ordering::Relaxed) {
            return Err(sqlx::Error::PoolClosed);
        }
        let mut connection = connect(&self.options, self.patience).await?;
        if self.one_moment {
            self.begun.store(true, Ordering::Relaxed);
            let begun = sqlx::raw_sql(ONE_MOMENT).execute(&mut connection);
            answered(self.patience.answering, begun).await.flatten()?;
        }
        Ok(connection)
    }

    /// Asks on any connection. It goes back only when its query ended properly: whatever else happens drops it.
    async fn ask(&self, query: Query<'_, Postgres, PgArguments>) -> Result<Vec<PgRow>, sqlx::Error> {
        let wait = READER_WAIT.min(self.patience.connecting);
        let free = timeout(wait, self.free.acquire()).await.map_err(|_| sqlx::Error::PoolTimedOut)?;
        let _free = free.map_err(|_| sqlx::Error::PoolClosed)?;
        let mut connection = match self.take() {
            Some(connection) => connection,
            None => self.connect().await?,
        };
        let asked = answered(self.patience.answering, query.fetch_all(&mut connection)).await.flatten();
        if !asked.as_ref().is_err_and(is_lost) {
            self.put_back(connection);
        }
        asked
    }

    /// Runs a query that changes nothing; again if its connection turns out to be gone.
    pub(crate) async fn fetch<'q>(
        &self,
        query: impl Fn() -> Query<'q, Postgres, PgArguments>,
    ) -> Result<Vec<PgRow>, StoreError> {
        let asked_max = if self.one_moment { 1 } else { ASKED_MAX };
        let mut attempt = 0;
        loop {
            match self.ask(query()).await {
                Err(error) if is_lost(&error) && !self.free.is_closed() => {
                    attempt += attempts_used(&error, asked_max);
                    if attempt >= asked_max {
                        return Err(store_error(error));
                    }
                    pause(attempt / 2).await;
                }
                other => return other.map_err(error_as(Role::Read)),
            }
        }
    }

    /// Waits for what is being read, and lets go of all connections; of those that do not answer, without their leave.
    pub(crate) async fn close(&self) {
        let readers = if self.one_moment { 1 } else { READERS_MAX };
        let _ = timeout(self.patience.connecting, async {
            let _all = self.free.acquire_many(readers).await;
            self.free.close();
            while let Some(connection) = self.take() {
                let _ = connection.close().await;
            }
        })
        .await;
        self.free.close();
    }
}
