//! Reads: one statement, asked again over another connection if its own is gone.

use profiles_core::store::Result;
use sqlx::{
    Error as SqlError, PgPool, Postgres,
    pool::PoolConnection,
    postgres::{PgArguments, PgRow},
    query::Query,
};
use tokio::time::Instant;

use crate::{
    error::{Remedy, to_store_error},
    store::Inner,
};

/// A statement with its values.
pub(crate) type Statement<'q> = Query<'q, Postgres, PgArguments>;

/// Tries of a read at most: as many connections may have been cut at once as there are, but one is made anew after the
/// first that fails.
const TRIES: u32 = 3;

impl Inner {
    /// The rows of a statement, which is made anew for each try.
    pub(crate) async fn rows<'q>(&self, statement: impl Fn() -> Statement<'q> + Send + Sync) -> Result<Vec<PgRow>> {
        self.check_open()?;
        let end = Instant::now() + self.config.retry_for;
        let mut tries = 0;
        loop {
            tries += 1;
            match rows_once(&self.pool, statement()).await {
                Ok(rows) => return Ok(rows),
                Err(error) if tries < TRIES && Instant::now() < end && Remedy::of(&error) != Remedy::None => {
                    tracing::debug!(%error, "a read is tried again");
                }
                Err(error) => return Err(to_store_error(error)),
            }
        }
    }

    /// The first row of a statement, if there is one.
    pub(crate) async fn row<'q>(&self, statement: impl Fn() -> Statement<'q> + Send + Sync) -> Result<Option<PgRow>> {
        Ok(self.rows(statement).await?.into_iter().next())
    }
}

async fn rows_once(pool: &PgPool, statement: Statement<'_>) -> Result<Vec<PgRow>, SqlError> {
    let mut connection = pool.acquire().await?;
    let answer = statement.fetch_all(&mut *connection).await;
    if let Err(error) = &answer {
        give_up_broken(&mut connection, error);
    }
    answer
}

/// A connection that is of no use any more is not put back.
pub(crate) fn give_up_broken(connection: &mut PoolConnection<Postgres>, error: &SqlError) {
    if Remedy::of(error) == Remedy::Reconnect {
        connection.close_on_drop();
    }
}
