//! Looking after the store.

use async_trait::async_trait;
use profiles_core::{
    event::EventStream,
    model::{AccountId, Timestamp},
    store::{Inconsistency, Maintenance, Result, StoreError},
};
use sqlx::query;

use crate::{
    PostgresStore, connect,
    erasure::GoOnErasing,
    error::{Failure, to_store_error},
    row::{get_number, limit, number},
    write::{Command, Work},
};

#[async_trait]
impl Maintenance for PostgresStore {
    async fn ready(&self) -> Result<()> {
        self.inner.check_open()?;
        let mut connection = self.inner.connections.acquire().await.map_err(to_store_error)?;
        match connect::is_writable(&mut connection).await {
            Ok(true) => Ok(()),
            Ok(false) => {
                connection.give_up();
                Err(StoreError::unavailable("the database does not take writes"))
            }
            Err(error) => {
                connection.give_up();
                Err(to_store_error(error))
            }
        }
    }

    async fn verify(&self) -> Result<Vec<Inconsistency>> {
        self.inner.verify().await
    }

    async fn sweep(&self, now: Timestamp, limit: usize) -> Result<usize> {
        // These are not counted: nobody but this store knows of them.
        while self.write(ForgetNumbers).await? == NUMBERS {}
        let mut removed = self.write(Sweep { now, limit }).await?;
        while removed < limit {
            let begun = "select id from accounts where erasing_since is not null order by id limit 1";
            let Some(row) = self.inner.row(|| query(begun)).await? else { break };
            let account = AccountId::new(get_number(&row, "id")?);
            let gone = self.write(GoOnErasing { account, limit: limit - removed, at: now }).await?;
            removed += gone;
        }
        Ok(removed)
    }

    fn events(&self) -> EventStream {
        self.inner.source.subscribe()
    }

    async fn close(&self) -> Result<()> {
        self.inner.close().await
    }
}

/// Removes what has expired. What somebody holds is left for the next time, and what was renewed meanwhile stays.
struct Sweep {
    now: Timestamp,
    limit: usize,
}

#[async_trait]
impl Command for Sweep {
    type Answer = usize;

    async fn run(&self, work: &mut Work) -> Result<usize, Failure> {
        let mut removed = 0;
        for statement in [
            "delete from tokens where expires_at <= $1 and digest in \
                 (select digest from tokens where expires_at <= $1 limit $2 for update skip locked)",
            "delete from mail_keys where expires_at <= $1 and digest in \
                 (select digest from mail_keys where expires_at <= $1 limit $2 for update skip locked)",
            "delete from tallies where forgotten_at <= $1 and key in \
                 (select key from tallies where forgotten_at <= $1 limit $2 for update skip locked)",
            "delete from requests where expires_at <= $1 and key in \
                 (select key from requests where expires_at <= $1 limit $2 for update skip locked)",
        ] {
            let left = self.limit - removed;
            let swept = query(statement).bind(self.now.as_micros()).bind(limit(left)).execute(work.sql()).await?;
            removed += usize::try_from(swept.rows_affected()).unwrap_or(left).min(left);
        }
        Ok(removed)
    }
}

/// Numbers of commands that are forgotten in one step.
const NUMBERS: u64 = 10_000;

/// Forgets numbers of commands whose answers nobody waits for any more; answers how many.
struct ForgetNumbers;

#[async_trait]
impl Command for ForgetNumbers {
    type Answer = u64;

    async fn run(&self, work: &mut Work) -> Result<u64, Failure> {
        // By the clock of the database, which made their moments.
        let forgotten = query(
            "delete from commands where id in (select id from commands where made_at < now() - interval '1 hour' \
             order by made_at limit $1 for update skip locked)",
        )
        .bind(number(NUMBERS))
        .execute(work.sql())
        .await?;
        Ok(forgotten.rows_affected())
    }
}
