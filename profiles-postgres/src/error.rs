//! What the database's errors mean.

use profiles_core::store::{Inconsistency, StoreError, Unique};
use sqlx::{Error as SqlError, error::DatabaseError};

use crate::config::DatabaseUrl;

/// Why there is no store. `Display` is one line that says what to do, and shows no password.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Nobody answers there, or not with a database that lets us in.
    #[error("can't use the database at {url}: {error}")]
    Connect {
        /// Where.
        url: DatabaseUrl,
        /// Why.
        error: SqlError,
    },
    /// It is older than what this program can use.
    #[error("the database at {url} is PostgreSQL {version}, and {least} is the oldest that will do", least = crate::connect::OLDEST)]
    TooOld {
        /// Where.
        url: DatabaseUrl,
        /// What it says it is.
        version: String,
    },
    /// It keeps texts in another encoding.
    #[error("the database at {url} keeps texts as {encoding}: make one with the encoding UTF8")]
    Encoding {
        /// Where.
        url: DatabaseUrl,
        /// What it says.
        encoding: String,
    },
    /// It has no tables of ours yet, or not all.
    #[error("the database at {url} lacks {missing} of this program's migrations: run `profiles-server migrate`")]
    Unmigrated {
        /// Where.
        url: DatabaseUrl,
        /// How many.
        missing: usize,
    },
    /// A newer program was here.
    #[error("the database at {url} was changed by a newer program (migration {version}): use that one")]
    Newer {
        /// Where.
        url: DatabaseUrl,
        /// The migration that is unknown here.
        version: i64,
    },
    /// A migration is not the one that was applied, or was not finished, or failed.
    #[error("the database at {url} can't be migrated: {why}")]
    Migration {
        /// Where.
        url: DatabaseUrl,
        /// What is wrong.
        why: String,
    },
    /// Somebody else's tables are there.
    #[error("the database at {url} has a table `{table}` that is not ours: give this program a database of its own")]
    Foreign {
        /// Where.
        url: DatabaseUrl,
        /// Which.
        table: String,
    },
}

/// Why a step did not end well.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The command itself can't be done: told as it is.
    Refused(StoreError),
    /// The database did not do it.
    Database(SqlError),
    /// Another was faster, which shows only now: the same from the beginning.
    Overtaken,
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Refused(error)
    }
}

impl From<SqlError> for Failure {
    fn from(error: SqlError) -> Self {
        Self::Database(error)
    }
}

/// What can be done about an error of the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Remedy {
    /// Others were faster or in the way, and nothing was done: the same again.
    Repeat,
    /// The connection is gone, or leads to a database that does not write now: the same again, over another. If it was
    /// committing, nobody knows whether it did.
    Reconnect,
    /// None.
    None,
}

impl Remedy {
    pub(crate) fn of(error: &SqlError) -> Self {
        match error {
            SqlError::Io(_) | SqlError::Tls(_) | SqlError::Protocol(_) | SqlError::WorkerCrashed => Self::Reconnect,
            SqlError::Database(error) => match error.code().as_deref() {
                // Serialization failure, deadlock.
                Some("40001" | "40P01") => Self::Repeat,
                // Plans of an earlier schema, read-only (a former primary), the server shuts down or starts, connections of ours were ended.
                Some("0A000" | "26000" | "25006" | "57P01" | "57P02" | "57P03" | "57P05" | "53300" | "25P03") => {
                    Self::Reconnect
                }
                Some(code) if code.starts_with("08") => Self::Reconnect,
                _ => Self::None,
            },
            _ => Self::None,
        }
    }
}

/// What a caller is told.
pub(crate) fn to_store_error(error: SqlError) -> StoreError {
    if let SqlError::Database(database) = &error {
        if let Some(unique) = taken(&**database) {
            return StoreError::Taken(unique);
        }
        // Waited too long for a row that another has.
        if database.code().as_deref() == Some("55P03") {
            return StoreError::Busy;
        }
    }
    StoreError::unavailable(error)
}

/// Which unique thing was taken, by the name of the constraint.
fn taken(error: &dyn DatabaseError) -> Option<Unique> {
    if !error.is_unique_violation() {
        return None;
    }
    match error.constraint()? {
        "accounts_username" => Some(Unique::Username),
        "accounts_verified_email" => Some(Unique::VerifiedEmail),
        "tokens_pkey" | "mail_keys_pkey" => Some(Unique::Secret),
        "requests_pkey" => Some(Unique::Request),
        _ => None,
    }
}

/// Whether this is about that constraint.
pub(crate) fn is_violation(error: &SqlError, constraint: &str) -> bool {
    matches!(error, SqlError::Database(error) if error.constraint() == Some(constraint))
}

/// A row that can't be read as what it should be.
pub(crate) fn corrupt(what: impl Into<String>) -> StoreError {
    StoreError::Corrupt(Inconsistency(what.into()))
}
