//! A database server in the place of the embedded database.

use std::time::Duration;

use profiles_postgres::{DatabaseUrl, PostgresConfig};

use super::{
    ConfigError,
    setting::settings,
    value::{Shown, Value},
};

settings! {
    /// A database server in the place of the embedded database.
    pub struct Database {
        /// PostgreSQL database that everything is kept in, as postgres://user:password@host:5432/name?sslmode=verify-full;
        /// unless set, an embedded database in `data_dir`. A command line can be read by everybody on the machine: if there
        /// is a password in it, prefer the file or the environment.
        "database" => url: Option<DatabaseUrl> = None;
        /// A copy of that database which follows it, for lists and for rows that anybody may read.
        "database_replica" => replica: Option<DatabaseUrl> = None;
        /// Connections at most, to each of the two.
        "database_connections" => connections: u32 = 16, 2..=10_000;
        /// Seconds to wait for a connection.
        "database_connect_timeout" => connect_timeout: Duration = Duration::from_secs(5), seconds(1)..=seconds(60);
        /// Seconds that one statement may take.
        "database_statement_timeout" => statement_timeout: Duration = Duration::from_secs(10), seconds(1)..=seconds(600);
        /// Seconds to wait for a row that another command has.
        "database_lock_timeout" => lock_timeout: Duration = Duration::from_secs(5), seconds(1)..=seconds(600);
        /// Seconds for which a command is tried again that the database could not take, or whose answer got lost.
        "database_retry_time" => retry_time: Duration = Duration::from_secs(10), seconds(0)..=seconds(300);
        /// Whether the server brings the database up to date at its start; else only `profiles-server migrate` does.
        "database_migrate" => migrate: bool = false;
    }
}

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

impl Database {
    /// What the store over PostgreSQL is told; `None` if the database is the embedded one.
    pub(crate) fn postgres(&self) -> Option<PostgresConfig> {
        let mut config = PostgresConfig::new(self.url.clone()?);
        config.replica.clone_from(&self.replica);
        config.max_connections = self.connections;
        config.acquire_timeout = self.connect_timeout;
        config.statement_timeout = self.statement_timeout;
        config.lock_timeout = self.lock_timeout;
        config.retry_for = self.retry_time;
        Some(config)
    }

    /// Whether the settings go together.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        match (&self.url, &self.replica) {
            (None, Some(_)) => Err(ConfigError::Conflict("database_replica is set, and database is not".to_owned())),
            _ => Ok(()),
        }
    }
}

/// There may be a password in it.
impl Value for DatabaseUrl {
    fn from_text(text: &str) -> Result<Self, String> {
        text.parse().map_err(|error: profiles_postgres::InvalidUrl| error.to_string())
    }

    fn shown(&self) -> Shown {
        Shown::Hidden
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn every_setting_reaches_the_store() {
        let usual = PostgresConfig::new("postgres://db/x".parse().unwrap());
        let mut database = Database { url: Some("postgres://db/x".parse().unwrap()), ..Database::default() };
        assert_eq!(format!("{:?}", database.postgres().unwrap()), format!("{usual:?}"));
        database.replica = Some("postgres://copy/x".parse().unwrap());
        (database.connections, database.connect_timeout) = (3, seconds(4));
        (database.statement_timeout, database.lock_timeout, database.retry_time) = (seconds(5), seconds(6), seconds(7));
        let config = database.postgres().unwrap();
        assert_eq!(config.replica.unwrap().to_string(), "copy:5432/x");
        assert_eq!((config.max_connections, config.acquire_timeout), (3, seconds(4)));
        assert_eq!(
            (config.statement_timeout, config.lock_timeout, config.retry_for),
            (seconds(5), seconds(6), seconds(7))
        );
        assert!(Database::default().postgres().is_none());
    }

    #[test]
    fn a_copy_needs_what_it_is_a_copy_of() {
        let mut config = Config::default();
        config.database.replica = Some("postgres://ada:hunter2@copy/x".parse().unwrap());
        let error = config.check().unwrap_err().to_string();
        assert_eq!(error, "the configuration does not do: database_replica is set, and database is not");
        config.database.url = Some("postgres://ada:hunter2@db/x".parse().unwrap());
        config.check().unwrap();
        assert!(!format!("{config:?}").contains("hunter2"));
    }
}
