//! Reads: one statement, asked again over another connection if its own is gone.

use std::io::ErrorKind;

use profiles_core::store::Result;
use sqlx::{
    Error as SqlError, Postgres,
    postgres::{PgArguments, PgRow},
    query::Query,
};
use tokio::time::{Instant, sleep, timeout};

use crate::{
    connections::Connection,
    error::{Remedy, to_store_error},
    store::Inner,
    write::{FIRST_PAUSE, LONGEST_PAUSE},
};

/// A statement with its values.
pub(crate) type Statement<'q> = Query<'q, Postgres, PgArguments>;

impl Inner {
    /// The rows of a statement, which is made anew for each try: as the database is now.
    pub(crate) async fn rows<'q>(&self, statement: impl Fn() -> Statement<'q> + Send + Sync) -> Result<Vec<PgRow>> {
        self.check_open()?;
        let end = Instant::now() + self.config.retry_for;
        let mut pause = FIRST_PAUSE;
        loop {
            match self.rows_once(statement()).await {
                Ok(rows) => return Ok(rows),
                Err(error) if Remedy::of(&error) != Remedy::None && Instant::now() + pause < end => {
                    tracing::debug!(%error, "a read is tried again");
                }
                Err(error) => return Err(to_store_error(error)),
            }
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// The first row of a statement, if there is one.
    pub(crate) async fn row<'q>(&self, statement: impl Fn() -> Statement<'q> + Send + Sync) -> Result<Option<PgRow>> {
        Ok(self.rows(statement).await?.into_iter().next())
    }

    /// As [`Inner::rows`], perhaps from a copy of the database.
    pub(crate) async fn rows_anywhere<'q>(
        &self,
        statement: impl Fn() -> Statement<'q> + Send + Sync,
    ) -> Result<Vec<PgRow>> {
        if let Some(replica) = &self.replica {
            self.check_open()?;
            if let Some(connection) = replica.connection().await {
                match self.answer(connection, statement()).await {
                    Ok(rows) => return Ok(rows),
                    Err(error) => replica.failed(&error),
                }
            }
        }
        self.rows(statement).await
    }

    /// As [`Inner::row`], perhaps from a copy of the database. One that has no such row may only be late.
    pub(crate) async fn row_anywhere<'q>(
        &self,
        statement: impl Fn() -> Statement<'q> + Send + Sync,
    ) -> Result<Option<PgRow>> {
        if self.replica.is_some()
            && let Some(row) = self.rows_anywhere(&statement).await?.into_iter().next()
        {
            return Ok(Some(row));
        }
        self.row(statement).await
    }

    async fn rows_once(&self, statement: Statement<'_>) -> Result<Vec<PgRow>, SqlError> {
        let connection = self.connections.acquire().await?;
        self.answer(connection, statement).await
    }

    /// A database that says nothing at all has no more time than its own limit allows.
    async fn answer(&self, mut connection: Connection, statement: Statement<'_>) -> Result<Vec<PgRow>, SqlError> {
        let answer = timeout(self.config.statement_timeout, statement.fetch_all(&mut *connection)).await;
        let answer = answer.unwrap_or_else(|_| Err(SqlError::Io(ErrorKind::TimedOut.into())));
        match &answer {
            Ok(_) => connection.put_back(),
            Err(error) if Remedy::of(error) == Remedy::Reconnect => connection.give_up(),
            Err(_) => {}
        }
        answer
    }
}
