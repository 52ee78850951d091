//! Erasing an account, step by step.
//!
//! The first step marks it, takes away all by which somebody could use it, and deactivates it; nothing that would bring it
//! back is done to a marked account. Then its statuses go, so many in a step, and with the last step all else. A step is
//! bounded, so that nobody waits long behind an account with a million statuses.

use async_trait::async_trait;
use profiles_core::{
    event::EventKind,
    model::{Account, AccountId, ChangeKind, StatusId, Timestamp},
    store::{EraseAccount, Erasure, Result, StoreError},
};
use sqlx::query;

use crate::{
    error::Failure,
    row::{account as to_account, get, get_number, limit, number},
    statuses::Written,
    write::{Command, Work},
};

#[async_trait]
impl Command for EraseAccount {
    type Answer = Erasure;

    async fn run(&self, work: &mut Work) -> Result<Erasure, Failure> {
        let (account, is_marked) = work.account_or_its_rest(self.account).await?.ok_or(StoreError::Missing)?;
        if !is_marked {
            work.begin_erasing(account, self.at).await?;
            work.note(self.at, self.audit.as_ref()).await?;
        }
        work.erase_statuses(self.account, self.limit, self.at).await?;
        if work.has_statuses(self.account).await? {
            return Ok(Erasure::Unfinished);
        }
        work.finish_erasing(self.account, self.at).await?;
        Ok(Erasure::Done)
    }
}

/// Goes on with an erasure that was begun, by up to `limit` rows; answers how many it removed.
pub(crate) struct GoOnErasing {
    pub(crate) account: AccountId,
    pub(crate) limit: usize,
    pub(crate) at: Timestamp,
}

#[async_trait]
impl Command for GoOnErasing {
    type Answer = usize;

    async fn run(&self, work: &mut Work) -> Result<usize, Failure> {
        let found = work.account_or_its_rest(self.account).await?;
        if !found.is_some_and(|(_, is_marked)| is_marked) {
            return Ok(0);
        }
        let removed = work.erase_statuses(self.account, self.limit, self.at).await?;
        if removed == self.limit {
            return Ok(removed);
        }
        work.finish_erasing(self.account, self.at).await?;
        Ok(removed + 1)
    }
}

impl Work {
    /// An account, and whether it is being erased; this transaction's until it ends.
    async fn account_or_its_rest(&mut self, id: AccountId) -> Result<Option<(Account, bool)>, Failure> {
        let row = query("select *, erasing_since is not null as is_marked from accounts where id = $1 for update")
            .bind(number(id.get()))
            .fetch_optional(self.sql())
            .await?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some((to_account(&row)?, get(&row, "is_marked")?)))
    }

    async fn begin_erasing(&mut self, mut account: Account, at: Timestamp) -> Result<(), Failure> {
        account.is_active = false;
        self.put_account(&mut account).await?;
        query(
            "with marked as (update accounts set erasing_since = $2 where id = $1), \
             ended as (delete from tokens where account = $1), \
             forgotten as (delete from requests where account = $1), \
             useless as (delete from mail_keys where account = $1) \
             delete from outbox where account = $1",
        )
        .bind(number(account.id.get()))
        .bind(at.as_micros())
        .execute(self.sql())
        .await?;
        Ok(())
    }

    /// Removes some statuses of an account, the first of them first; answers how many. No event tells of each, but the log
    /// of changes does.
    async fn erase_statuses(&mut self, account: AccountId, most: usize, at: Timestamp) -> Result<usize, Failure> {
        let rows = query("select id from statuses where account = $1 order by id limit $2 for update")
            .bind(number(account.get()))
            .bind(limit(most))
            .fetch_all(self.sql())
            .await?;
        let mut written = Written::default();
        for row in &rows {
            let id = StatusId::new(get_number(row, "id")?);
            written.deleted.push(id);
            written.changes.push((at, ChangeKind::Deleted, id, account));
        }
        self.write_statuses(written).await?;
        Ok(rows.len())
    }

    async fn has_statuses(&mut self, account: AccountId) -> Result<bool, Failure> {
        let row = query("select exists (select from statuses where account = $1) as any")
            .bind(number(account.get()))
            .fetch_one(self.sql())
            .await?;
        Ok(get(&row, "any")?)
    }

    async fn finish_erasing(&mut self, id: AccountId, at: Timestamp) -> Result<(), Failure> {
        let profile = self.profile_of(id).await?;
        query("update profile_book set count = count - 1").execute(self.sql()).await?;
        self.rank_profile(profile, -1).await?;
        for statement in [
            "delete from profiles where account = $1",
            "delete from status_counts where account = $1",
            "delete from places where account = $1",
            "delete from accounts where id = $1",
        ] {
            query(statement).bind(number(id.get())).execute(self.sql()).await?;
        }
        self.tell(at, EventKind::AccountErased { account: id, profile });
        Ok(())
    }
}
