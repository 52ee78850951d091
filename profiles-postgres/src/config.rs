//! How to reach the database, and how long to wait for it.

use std::{fmt, str::FromStr, sync::Arc, time::Duration};

use sqlx::{ConnectOptions as _, postgres::PgConnectOptions};

/// Where the database is: `postgres://user:password@host:port/name?sslmode=verify-full&sslrootcert=FILE`, as libpq reads
/// it. Its `Debug` and `Display` never show the password.
#[derive(Clone)]
pub struct DatabaseUrl(Arc<PgConnectOptions>);

/// The text is no address of a PostgreSQL database. It is not repeated, since it may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be like postgres://user:password@host:5432/name?sslmode=verify-full")]
pub struct InvalidUrl;

impl DatabaseUrl {
    pub(crate) fn options(&self) -> PgConnectOptions {
        PgConnectOptions::clone(&self.0)
    }
}

impl FromStr for DatabaseUrl {
    type Err = InvalidUrl;

    fn from_str(text: &str) -> Result<Self, InvalidUrl> {
        let known = text.starts_with("postgres://") || text.starts_with("postgresql://");
        if !known {
            return Err(InvalidUrl);
        }
        PgConnectOptions::from_str(text).map(|options| Self(Arc::new(options))).map_err(|_| InvalidUrl)
    }
}

/// Host, port and name of the database.
impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = self.0.to_url_lossy();
        let (host, port) = (url.host_str().unwrap_or("localhost"), self.0.get_port());
        write!(f, "{host}:{port}/{}", self.0.get_database().unwrap_or_default())
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseUrl({self})")
    }
}

/// How a store uses its database. Every field may be changed; [`PostgresConfig::new`] says what is usual.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PostgresConfig {
    /// The database that is written.
    pub url: DatabaseUrl,
    /// A copy of it that follows, for lists and for rows that anybody may read; see `replica.rs` for when it is asked.
    pub replica: Option<DatabaseUrl>,
    /// Connections at most, to each of the two. Twice the database's processors divided by the number of servers is a good
    /// beginning.
    pub max_connections: u32,
    /// How long a command waits for a connection.
    pub acquire_timeout: Duration,
    /// How long one statement may take. Committing is not counted: who waits for a copy waits for as long as it takes.
    pub statement_timeout: Duration,
    /// How long a command waits for another that has the same row.
    pub lock_timeout: Duration,
    /// For how long a command is tried again that the database could not take, or whose answer got lost. Then it is
    /// [`Unavailable`](profiles_core::store::StoreError::Unavailable).
    pub retry_for: Duration,
}

impl PostgresConfig {
    /// The usual: 16 connections, 5 s for one, 10 s for a statement, 5 s for a row, and 10 s of trying again.
    pub fn new(url: DatabaseUrl) -> Self {
        Self {
            url,
            replica: None,
            max_connections: 16,
            acquire_timeout: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(10),
            lock_timeout: Duration::from_secs(5),
            retry_for: Duration::from_secs(10),
        }
    }

    /// How long anybody waits for an answer, whatever happens.
    pub(crate) fn answer_within(&self) -> Duration {
        self.retry_for + self.acquire_timeout
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_shows_where_and_no_password() {
        let url: DatabaseUrl = "postgres://ada:hunter2@db.example.org:6432/profiles?sslmode=require".parse().unwrap();
        assert_eq!(url.to_string(), "db.example.org:6432/profiles");
        assert_eq!(format!("{url:?}"), "DatabaseUrl(db.example.org:6432/profiles)");
        let config = format!("{:?}", PostgresConfig::new(url));
        assert!(!config.contains("hunter2"), "{config}");
    }

    #[test]
    fn what_is_no_address_is_not_repeated() {
        for bad in ["", "hunter2", "mysql://ada:hunter2@db/x", "postgres://ada:hunter2@db:port/x"] {
            let error = bad.parse::<DatabaseUrl>().unwrap_err().to_string();
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
