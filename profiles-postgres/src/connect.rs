//! Connections: made, checked once, and set up alike.

use std::{io, time::Duration};

use sqlx::{
    ConnectOptions as _, Connection as _, Error as SqlError, Executor as _, PgConnection, PgPool, Row as _,
    postgres::{PgPoolOptions, PgRow},
};
use tokio::time::timeout;

use crate::{
    config::{DatabaseUrl, PostgresConfig},
    error::OpenError,
};

/// The oldest version of PostgreSQL that is supported, by its first number: the oldest that its developers maintain.
pub(crate) const OLDEST: i32 = 14;

/// How long a connection is used before another takes its place.
pub(crate) const LIFETIME: Duration = Duration::from_mins(30);

/// How long one lies unused before it is closed.
pub(crate) const IDLE: Duration = Duration::from_mins(10);

/// A pool over this address. It connects when it is asked to, and again after the database was away.
pub(crate) fn pool(config: &PostgresConfig, url: &DatabaseUrl) -> PgPool {
    let session = session(config);
    PgPoolOptions::new()
        .max_connections(config.max_connections)
        .acquire_timeout(config.acquire_timeout)
        // Nobody needs to ask whether a connection is there before using it: what fails is done again over another.
        .test_before_acquire(false)
        .max_lifetime(LIFETIME)
        .idle_timeout(IDLE)
        .after_connect(move |connection, _| {
            let session = session.clone();
            Box::pin(async move { connection.execute(sqlx::AssertSqlSafe(session)).await.map(drop) })
        })
        // It would write whole statements into the log.
        .connect_lazy_with(url.options().application_name("profiles-server").disable_statement_logging())
}

/// What holds for every session. A database that acknowledges before it has written does not do that to us; whether it
/// waits for its copies too is for its operator to say.
fn session(config: &PostgresConfig) -> String {
    let millis = |duration: Duration| duration.as_millis().min(i32::MAX as u128);
    format!(
        "set statement_timeout = {statement}; set lock_timeout = {lock}; \
         set idle_in_transaction_session_timeout = {idle}; \
         set default_transaction_isolation = 'read committed'; set timezone = 'UTC'; \
         select set_config('synchronous_commit', 'on', false) where current_setting('synchronous_commit') = 'off'",
        statement = millis(config.statement_timeout),
        lock = millis(config.lock_timeout),
        // A transaction has nothing to wait for but its own next statement.
        idle = millis(config.statement_timeout),
    )
}

/// The first connection. The pool would take a database that refuses connections for one that is about to start, and in the
/// end say only that it had to wait.
pub(crate) async fn first(config: &PostgresConfig) -> Result<PgConnection, OpenError> {
    let (url, patience) = (&config.url, config.acquire_timeout);
    let connect = |error| OpenError::Connect { url: url.clone(), error };
    let options = url.options().application_name("profiles-server");
    let Ok(connection) = timeout(patience, PgConnection::connect_with(&options)).await else {
        let why = format!("no answer within {} s", patience.as_secs());
        return Err(connect(SqlError::Io(io::Error::new(io::ErrorKind::TimedOut, why))));
    };
    connection.map_err(connect)
}

/// Refuses a database that can't be used, whatever is in it; warns of one that does not keep its word.
pub(crate) async fn check(connection: &mut PgConnection, url: &DatabaseUrl) -> Result<(), OpenError> {
    let connect = |error| OpenError::Connect { url: url.clone(), error };
    let row = sqlx::query(
        "select current_setting('server_version_num')::int / 10000 as number, \
                current_setting('server_version') as version, \
                current_setting('server_encoding') as encoding, \
                current_setting('fsync') = 'on' and current_setting('full_page_writes') = 'on' as careful",
    )
    .fetch_one(connection)
    .await
    .map_err(connect)?;
    let read = |row: &PgRow| -> Result<_, sqlx::Error> {
        let (number, version): (i32, String) = (row.try_get("number")?, row.try_get("version")?);
        let (encoding, careful): (String, bool) = (row.try_get("encoding")?, row.try_get("careful")?);
        Ok((number, version, encoding, careful))
    };
    let (number, version, encoding, careful) = read(&row).map_err(connect)?;
    if number < OLDEST {
        return Err(OpenError::TooOld { url: url.clone(), version });
    }
    if encoding != "UTF8" {
        return Err(OpenError::Encoding { url: url.clone(), encoding });
    }
    if !careful {
        tracing::warn!(database = %url, "fsync or full_page_writes is off: the database loses acknowledged writes with its power");
    }
    Ok(())
}

/// Whether this connection leads to a database that takes writes.
pub(crate) async fn is_writable(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    let read_only: bool =
        sqlx::query_scalar("select pg_is_in_recovery() or current_setting('transaction_read_only')::bool")
            .fetch_one(connection)
            .await?;
    Ok(!read_only)
}
