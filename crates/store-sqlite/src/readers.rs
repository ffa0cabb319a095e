//! Connections that only read.
//!
//! A connection is at hand for the next query as soon as its answer is there. The driver's own pool asks it first whether
//! it is still well, after each use: another change of threads and back for every query.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use event_log::StoreError;
use sqlx::query::Query;
use sqlx::sqlite::{Sqlite, SqliteArguments, SqliteConnectOptions, SqliteConnection, SqliteRow};
use sqlx::{ConnectOptions, Connection};
use tokio::sync::Semaphore;

use crate::errors::store_error;

/// Readers at the same time; WAL lets them read while the writer writes.
const READERS_MAX: u32 = 4;

/// Connections that only read, made when they are needed.
#[derive(Debug)]
pub(crate) struct Readers {
    options: SqliteConnectOptions,
    /// At hand; nothing is under way on them.
    idle: Mutex<Vec<SqliteConnection>>,
    /// Closed with the store.
    free: Semaphore,
    /// There is one connection, in one transaction.
    one_moment: bool,
    /// The one moment has been.
    begun: AtomicBool,
}

impl Readers {
    pub(crate) fn new(options: SqliteConnectOptions) -> Self {
        let free = Semaphore::new(READERS_MAX as usize);
        let (idle, begun) = (Mutex::default(), AtomicBool::new(false));
        Self { options: options.read_only(true), idle, free, one_moment: false, begun }
    }

    /// One connection that stays in one transaction: all it reads is as of its first query.
    pub(crate) fn at_one_moment(&self) -> Self {
        Self { free: Semaphore::new(1), one_moment: true, ..Self::new(self.options.clone()) }
    }

    fn take(&self) -> Option<SqliteConnection> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    async fn connect(&self) -> Result<SqliteConnection, sqlx::Error> {
        // Another connection would see another moment.
        if self.begun.load(Ordering::Relaxed) {
            return Err(sqlx::Error::PoolClosed);
        }
        let mut connection = self.options.connect().await?;
        if self.one_moment {
            self.begun.store(true, Ordering::Relaxed);
            sqlx::raw_sql("BEGIN").execute(&mut connection).await?;
        }
        Ok(connection)
    }

    /// Asks on any connection. It goes back when it has answered: one whose query was not waited for is dropped.
    pub(crate) async fn fetch(
        &self,
        query: Query<'_, Sqlite, SqliteArguments>,
    ) -> Result<Vec<SqliteRow>, StoreError> {
        let closed = |_| store_error(sqlx::Error::PoolClosed);
        let _free = self.free.acquire().await.map_err(closed)?;
        let mut connection = match self.take() {
            Some(connection) => connection,
            None => self.connect().await.map_err(store_error)?,
        };
        let rows = query.fetch_all(&mut connection).await;
        if !matches!(rows, Err(sqlx::Error::WorkerCrashed)) {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        }
        rows.map_err(store_error)
    }

    /// Waits for what is being read, and lets go of all connections.
    pub(crate) async fn close(&self) {
        let readers = if self.one_moment { 1 } else { READERS_MAX };
        let _all = self.free.acquire_many(readers).await;
        self.free.close();
        while let Some(connection) = self.take() {
            // Nothing is left to be written.
            let _ = connection.close().await;
        }
    }
}
