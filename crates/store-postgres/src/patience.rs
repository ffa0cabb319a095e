//! How long a server is waited for that has accepted a connection and then says nothing.
//!
//! The limits of the server ([`crate::connection::acting_as`]) end what it is busy with. They do not help where the
//! answer never arrives: a proxy that lost its other side, a machine that stands still.

use std::io;
use std::time::Duration;

use sqlx::ConnectOptions;
use sqlx::postgres::{PgConnectOptions, PgConnection};

/// How long a silent server is waited for. What takes longer is [`event_log::StoreError::Unreachable`].
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// Until a connection is made.
    pub connecting: Duration,
    /// Until a query, or all statements of one append, are answered. More than the server may take for a statement.
    pub answering: Duration,
    /// Until the schema is made or brought up to date, which on a long log may take a while.
    pub migrating: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connecting: Duration::from_secs(30),
            answering: Duration::from_secs(300),
            migrating: Duration::from_secs(3_600),
        }
    }
}

/// Makes a connection.
pub(crate) async fn connect(
    options: &PgConnectOptions,
    patience: Patience,
) -> Result<PgConnection, sqlx::Error> {
    answered(patience.connecting, options.connect()).await?
}

/// The answer to a request, or after this time the error of a connection that is lost ([`crate::errors::is_lost`]): what
/// became of the request is not known, and its connection must not be used again.
pub(crate) async fn answered<A>(limit: Duration, request: impl Future<Output = A>) -> Result<A, sqlx::Error> {
    tokio::time::timeout(limit, request).await.map_err(|_| {
        let why = format!(
            "the server has said nothing for {limit:?}, see whether it and the network to it are well"
        );
        sqlx::Error::Io(io::Error::new(io::ErrorKind::TimedOut, why))
    })
}
