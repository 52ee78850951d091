//! What kind of database it is, for who looks after it.

use profiles_core::store::Result;
use sqlx::query;

use crate::{PostgresStore, error::corrupt, row::get};

/// What a database says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct About {
    /// The version of PostgreSQL, as it writes it.
    pub version: String,
    /// The number of the newest migration that was applied.
    pub migration: i64,
    /// Whether it takes writes now: a copy does not, nor does one that was set to be read only.
    pub is_writable: bool,
}

impl PostgresStore {
    /// Which database this is.
    ///
    /// # Errors
    /// It does not answer.
    pub async fn about(&self) -> Result<About> {
        let statement = || {
            query(
                "select current_setting('server_version') as version, \
                        (select max(version) from profiles_migrations where success) as migration, \
                        not (pg_is_in_recovery() or current_setting('transaction_read_only')::bool) as is_writable",
            )
        };
        let row = self.inner.row(statement).await?.ok_or_else(|| corrupt("the database says nothing of itself"))?;
        Ok(About {
            version: get(&row, "version")?,
            migration: get(&row, "migration")?,
            is_writable: get(&row, "is_writable")?,
        })
    }
}
