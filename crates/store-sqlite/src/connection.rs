//! The one writer, its transactions, and the scripts they run.
//!
//! A connection lives on a thread of its own; each call to it costs a round trip of some ten microseconds, more
//! than SQLite needs for a small statement. A [`Script`] therefore carries several statements in one call.

use std::fmt::Write;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use event_log::crash::{crash_point, crash_point_inside_ahead};
use event_log::group::WriteBatch;
use event_log::{Append, AppendOutcome, Head, StoreError};
use sqlx::sqlite::{SqliteArguments, SqliteConnectOptions, SqliteConnection, SqliteRow, SqliteSynchronous};
use sqlx::{Arguments, AssertSqlSafe, ConnectOptions, Connection, Encode, Sqlite, Type};
use tokio::sync::{Mutex, MutexGuard};

use crate::append;
use crate::errors::{is_constraint, store_error};
use crate::readers::Readers;

/// How long a writer waits for another program's transaction.
const BUSY_MS_MAX: u64 = 30_000;

/// Rows a connection's thread may be ahead of the task that takes them.
const ROWS_AHEAD: usize = 1_024;

/// What every connection to a ledger has in common. Never creates a file.
pub(crate) fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .busy_timeout(Duration::from_millis(BUSY_MS_MAX))
        .foreign_keys(true)
        .synchronous(SqliteSynchronous::Full)
        // Nothing of a ledger is ever written to a temporary file.
        .pragma("temp_store", "MEMORY")
        .row_buffer_size(ROWS_AHEAD)
        // Statements are never logged: a log is not a place for what they carry.
        .disable_statement_logging()
}

/// What the writing connection needs besides.
pub(crate) fn writer_options(options: SqliteConnectOptions) -> SqliteConnectOptions {
    options
        // 32 MiB: the inner pages of the indexes on streams, commands and keys stay in memory.
        .pragma("cache_size", "-32768")
        // 16 MiB of log before it is folded into the file: digests are spread over their whole index, and a page
        // that many of them touch is then written to the file once.
        .pragma("wal_autocheckpoint", "4000")
        .statement_cache_capacity(200)
}

/// The only connection of this store that writes.
#[derive(Debug)]
pub(crate) struct Writer {
    options: SqliteConnectOptions,
    slot: Mutex<Slot>,
    /// Nothing conflicted lately, so a batch may be written without reading first.
    pub(crate) smooth: AtomicBool,
}

/// Where the writing connection is while nobody uses it.
#[derive(Debug)]
enum Slot {
    /// Here, with the head of the log as this connection last wrote it.
    Idle(SqliteConnection, Option<Head>),
    /// Its last transaction did not end properly; the next one connects anew.
    Lost,
    Closed,
}

impl Writer {
    pub(crate) fn new(options: SqliteConnectOptions, connection: SqliteConnection) -> Self {
        Self { options, slot: Mutex::new(Slot::Idle(connection, None)), smooth: AtomicBool::new(true) }
    }

    /// Takes the connection, as soon as nobody else has it.
    pub(crate) async fn take(&self) -> Result<Transaction<'_>, StoreError> {
        let mut slot = self.slot.lock().await;
        crash_point("before-transaction");
        let (connection, head) = match std::mem::replace(&mut *slot, Slot::Lost) {
            Slot::Idle(connection, head) => (connection, head),
            Slot::Lost => (self.options.connect().await.map_err(store_error)?, None),
            Slot::Closed => {
                *slot = Slot::Closed;
                return Err(StoreError::Database("the store was closed".into()));
            }
        };
        Ok(Transaction { slot, connection, head })
    }

    /// Begins a transaction and runs a script in it, in one round trip; answers with the script's rows.
    ///
    /// Always `IMMEDIATE`: a deferred transaction that reads and then writes fails at once when somebody else
    /// wrote in between, without waiting.
    pub(crate) async fn begin(
        &self,
        script: Script,
    ) -> Result<(Transaction<'_>, Vec<SqliteRow>), StoreError> {
        let mut transaction = self.take().await?;
        let rows = transaction.rows(script.after("BEGIN IMMEDIATE;")).await?;
        Ok((transaction, rows))
    }

    /// Closes the connection; the last one to a file also folds the write-ahead log into it.
    pub(crate) async fn close(&self) -> Result<(), StoreError> {
        match std::mem::replace(&mut *self.slot.lock().await, Slot::Closed) {
            Slot::Idle(connection, _) => connection.close().await.map_err(store_error),
            Slot::Lost | Slot::Closed => Ok(()),
        }
    }
}

impl WriteBatch for Writer {
    async fn write_batch(&self, batch: Vec<Append>) -> Result<Vec<AppendOutcome>, StoreError> {
        append::append(self, batch).await
    }
}

/// A transaction holds the connection itself, and gives it back only when it ended properly.
///
/// Whatever else happens (an error, a dropped future, a commit whose outcome is unknown) drops the connection with
/// it. SQLite rolls back when a connection closes, so nothing depends on a rollback that could fail as well, and
/// no later caller inherits a half-open transaction.
#[derive(Debug)]
pub(crate) struct Transaction<'a> {
    slot: MutexGuard<'a, Slot>,
    connection: SqliteConnection,
    /// The head of the log once this transaction commits, as far as this connection knows. Others may have moved it.
    pub(crate) head: Option<Head>,
}

impl Transaction<'_> {
    /// Runs a script; answers with the rows of all its statements, in order.
    pub(crate) async fn rows(&mut self, script: Script) -> Result<Vec<SqliteRow>, StoreError> {
        let mut rows = Vec::new();
        for Part { sql, arguments } in script.into_parts() {
            let query = sqlx::query_with(AssertSqlSafe(sql), arguments);
            rows.extend(query.fetch_all(&mut self.connection).await.map_err(store_error)?);
        }
        Ok(rows)
    }

    /// Runs a script without looking at its rows.
    pub(crate) async fn run(&mut self, script: Script) -> Result<(), StoreError> {
        for Part { sql, arguments } in script.into_parts() {
            crash_point("in-transaction");
            let query = sqlx::query_with(AssertSqlSafe(sql), arguments);
            query.execute(&mut self.connection).await.map_err(store_error)?;
        }
        Ok(())
    }

    /// Runs a last script and commits, in one round trip. On an error nothing of the transaction remains, unless
    /// the disk failed during the commit itself: then a restart decides, and the command id tells.
    pub(crate) async fn commit(mut self, mut last: Script) -> Result<(), StoreError> {
        if crash_point_inside_ahead() {
            self.run(std::mem::take(&mut last)).await?;
            crash_point("before-commit");
        }
        last.push("COMMIT;");
        self.run(last).await?;
        crash_point("after-commit");
        self.give_back();
        Ok(())
    }

    /// Runs a whole transaction in one round trip; answers whether it was committed. It was not if the schema
    /// refused a row, or the script is too long for one round trip: then nothing was written.
    pub(crate) async fn commit_at_once(&mut self, script: Script) -> Result<bool, StoreError> {
        let mut script = script.after("BEGIN IMMEDIATE;");
        script.push("COMMIT;");
        let only = script.into_only_part().filter(|_| !crash_point_inside_ahead());
        let Some(Part { sql, arguments }) = only else { return Ok(false) };
        match sqlx::query_with(AssertSqlSafe(sql), arguments).execute(&mut self.connection).await {
            Ok(_) => {
                crash_point("after-commit");
                Ok(true)
            }
            Err(error) if is_constraint(&error) => self.run(Script::new("ROLLBACK;")).await.map(|()| false),
            Err(error) => Err(store_error(error)),
        }
    }

    /// Ends a transaction that wrote nothing.
    pub(crate) async fn rollback(mut self) -> Result<(), StoreError> {
        self.run(Script::new("ROLLBACK;")).await?;
        self.give_back();
        Ok(())
    }

    /// Gives the connection back to the writer; it must not be inside a transaction.
    pub(crate) fn give_back(self) {
        let Self { mut slot, connection, head } = self;
        *slot = Slot::Idle(connection, head);
    }

    /// The connection itself, for what is no transaction.
    pub(crate) fn connection(&mut self) -> &mut SqliteConnection {
        &mut self.connection
    }
}

/// Statements with their arguments. Each part is run in one round trip; there is one part, unless there are many
/// rows to write. An error stops at the statement that caused it.
#[derive(Debug, Default)]
pub(crate) struct Script {
    parts: Vec<Part>,
    last: Part,
}

/// The text is the key of the statement cache: it is put together from few shapes and never contains a value.
#[derive(Debug, Default)]
struct Part {
    sql: String,
    arguments: SqliteArguments,
}

impl Script {
    pub(crate) fn new(sql: &str) -> Self {
        let mut script = Self::default();
        script.push(sql);
        script
    }

    /// Adds a statement, its semicolon included.
    pub(crate) fn push(&mut self, sql: &str) {
        self.last.sql.push_str(sql);
    }

    /// What comes next is in another part than what is there.
    pub(crate) fn part(&mut self) {
        if !self.last.sql.is_empty() {
            self.parts.push(std::mem::take(&mut self.last));
        }
    }

    /// The same script with a statement without arguments before it.
    fn after(mut self, first: &str) -> Self {
        let part = self.parts.first_mut().unwrap_or(&mut self.last);
        part.sql.insert_str(0, first);
        self
    }

    fn into_parts(mut self) -> Vec<Part> {
        self.part();
        self.parts
    }

    fn into_only_part(self) -> Option<Part> {
        self.parts.is_empty().then_some(self.last)
    }

    /// Runs the script on a connection that only reads; answers with its rows.
    pub(crate) async fn fetch(self, readers: &Readers) -> Result<Vec<SqliteRow>, StoreError> {
        let mut rows = Vec::new();
        for Part { sql, arguments } in self.into_parts() {
            rows.extend(readers.fetch(sqlx::query_with(AssertSqlSafe(sql), arguments)).await?);
        }
        Ok(rows)
    }

    /// The value of the next `?`.
    pub(crate) fn bind<'t, T>(&mut self, value: T) -> Result<(), StoreError>
    where
        T: Encode<'t, Sqlite> + Type<Sqlite>,
    {
        self.last.arguments.add(value).map_err(|e| StoreError::BadRequest(e.to_string()))
    }

    /// Binds a position, version or count.
    pub(crate) fn bind_number(&mut self, number: u64) -> Result<(), StoreError> {
        let number = i64::try_from(number).map_err(|_| {
            StoreError::BadRequest(format!("{number} is beyond the numbers a ledger can hold"))
        })?;
        self.bind(number)
    }
}

/// A JSON list of texts that need no escaping: hexadecimal and names of a-z, 0-9 and dashes.
pub(crate) fn json_list<T: std::fmt::Display>(texts: impl IntoIterator<Item = T>) -> String {
    let mut list = String::from("[");
    for (place, text) in texts.into_iter().enumerate() {
        let comma = if place == 0 { "" } else { "," };
        // Writing to a String cannot fail.
        let _ = write!(list, "{comma}\"{text}\"");
    }
    list.push(']');
    list
}
