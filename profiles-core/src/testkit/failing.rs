//! A store that fails on request.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;

use crate::{
    event::EventStream,
    model::{
        Account, AccountId, Digest, Email, OutboxId, PasswordHash, Principal, Profile, ProfileId, Revision, Status,
        StatusId, StatusText, Timestamp, UsernameKey,
    },
    store::{
        AccountChange, Accounts, Inconsistency, Jobs, LogIn, MailOutcome, Maintenance, OutboxEntry, OutboxItem,
        ProfileChange, ProfileFilter, Profiles, Register, Registered, Result, Revoke, Rows, Slice, StatusFilter,
        Statuses, Store, StoreError, Tokens,
    },
};

/// How a call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// [`StoreError::Busy`]; nothing was done.
    Busy,
    /// [`StoreError::Unavailable`]; nothing was done.
    Unavailable,
    /// [`StoreError::Unavailable`], though it was done: the answer was lost.
    UnavailableThoughDone,
}

/// Hands every call on to another store, but for those that were asked to fail.
///
/// Writes are what changes data, [`Jobs::lease`] and [`Maintenance::sweep`] among them; all else is a read, except
/// `events` and `close`, which never fail here.
pub struct FailingStore {
    inner: Arc<dyn Store>,
    writes: Mutex<VecDeque<Failure>>,
    reads: Mutex<VecDeque<Failure>>,
}

impl FailingStore {
    /// Hands on to `inner`, and fails at nothing yet.
    pub fn new(inner: Arc<dyn Store>) -> Self {
        Self { inner, writes: Mutex::default(), reads: Mutex::default() }
    }

    /// The next write fails like this. Asked for several times, as many writes fail, in that order.
    pub fn fail_next_write(&self, failure: Failure) {
        queue(&self.writes).push_back(failure);
    }

    /// The next read fails like this. Asked for several times, as many reads fail, in that order.
    pub fn fail_next_read(&self, failure: Failure) {
        queue(&self.reads).push_back(failure);
    }
}

impl fmt::Debug for FailingStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { inner: _, writes, reads } = self;
        f.debug_struct("FailingStore").field("writes", writes).field("reads", reads).finish_non_exhaustive()
    }
}

fn queue(failures: &Mutex<VecDeque<Failure>>) -> MutexGuard<'_, VecDeque<Failure>> {
    failures.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Lets the next failure of `failures` come to pass, or else the call.
async fn run<T>(failures: &Mutex<VecDeque<Failure>>, call: impl Future<Output = Result<T>> + Send) -> Result<T> {
    let failure = queue(failures).pop_front();
    match failure {
        None => call.await,
        Some(Failure::Busy) => Err(StoreError::Busy),
        Some(Failure::Unavailable) => Err(StoreError::unavailable("a test asked for this")),
        Some(Failure::UnavailableThoughDone) => {
            call.await?;
            Err(StoreError::unavailable("a test asked for this, after it was done"))
        }
    }
}

#[async_trait]
impl Accounts for FailingStore {
    async fn register(&self, command: Register) -> Result<Registered> {
        run(&self.writes, self.inner.register(command)).await
    }

    async fn account(&self, id: AccountId) -> Result<Option<Account>> {
        run(&self.reads, self.inner.account(id)).await
    }

    async fn account_by_username(&self, key: &UsernameKey) -> Result<Option<Account>> {
        run(&self.reads, self.inner.account_by_username(key)).await
    }

    async fn account_by_verified_email(&self, email: &Email) -> Result<Option<Account>> {
        run(&self.reads, self.inner.account_by_verified_email(email)).await
    }

    async fn accounts(&self, after: Option<AccountId>, limit: usize) -> Result<Vec<Account>> {
        run(&self.reads, self.inner.accounts(after, limit)).await
    }

    async fn update_account(
        &self,
        id: AccountId,
        expected: Revision,
        change: AccountChange,
        at: Timestamp,
    ) -> Result<Account> {
        run(&self.writes, self.inner.update_account(id, expected, change, at)).await
    }

    async fn set_password(
        &self,
        id: AccountId,
        expected: Revision,
        password: PasswordHash,
        revoke: Revoke,
        at: Timestamp,
    ) -> Result<Account> {
        run(&self.writes, self.inner.set_password(id, expected, password, revoke, at)).await
    }
}

#[async_trait]
impl Tokens for FailingStore {
    async fn log_in(&self, command: LogIn) -> Result<Account> {
        run(&self.writes, self.inner.log_in(command)).await
    }

    async fn principal(&self, digest: &Digest, now: Timestamp) -> Result<Option<Principal>> {
        run(&self.reads, self.inner.principal(digest, now)).await
    }

    async fn revoke(&self, digests: &[Digest], at: Timestamp) -> Result<()> {
        run(&self.writes, self.inner.revoke(digests, at)).await
    }
}

#[async_trait]
impl Profiles for FailingStore {
    async fn profile(&self, id: ProfileId) -> Result<Option<Profile>> {
        run(&self.reads, self.inner.profile(id)).await
    }

    async fn profile_of(&self, account: AccountId) -> Result<Option<Profile>> {
        run(&self.reads, self.inner.profile_of(account)).await
    }

    async fn update_profile(
        &self,
        id: ProfileId,
        expected: Revision,
        change: ProfileChange,
        at: Timestamp,
    ) -> Result<Profile> {
        run(&self.writes, self.inner.update_profile(id, expected, change, at)).await
    }

    async fn profiles(&self, filter: &ProfileFilter, slice: Slice<ProfileId>) -> Result<Rows<Profile>> {
        run(&self.reads, self.inner.profiles(filter, slice)).await
    }

    async fn count_profiles(&self, filter: &ProfileFilter) -> Result<u64> {
        run(&self.reads, self.inner.count_profiles(filter)).await
    }
}

#[async_trait]
impl Statuses for FailingStore {
    async fn post_status(&self, account: AccountId, text: StatusText, at: Timestamp) -> Result<Status> {
        run(&self.writes, self.inner.post_status(account, text, at)).await
    }

    async fn status(&self, id: StatusId) -> Result<Option<Status>> {
        run(&self.reads, self.inner.status(id)).await
    }

    async fn update_status(
        &self,
        id: StatusId,
        expected: Revision,
        text: Option<StatusText>,
        at: Timestamp,
    ) -> Result<Status> {
        run(&self.writes, self.inner.update_status(id, expected, text, at)).await
    }

    async fn delete_status(&self, id: StatusId, at: Timestamp) -> Result<()> {
        run(&self.writes, self.inner.delete_status(id, at)).await
    }

    async fn statuses(&self, filter: &StatusFilter, slice: Slice<StatusId>) -> Result<Rows<Status>> {
        run(&self.reads, self.inner.statuses(filter, slice)).await
    }

    async fn count_statuses(&self, filter: &StatusFilter) -> Result<u64> {
        run(&self.reads, self.inner.count_statuses(filter)).await
    }
}

#[async_trait]
impl Jobs for FailingStore {
    async fn lease(&self, now: Timestamp, hold: Duration, limit: usize) -> Result<Vec<OutboxItem>> {
        run(&self.writes, self.inner.lease(now, hold, limit)).await
    }

    async fn finish(&self, id: OutboxId, attempt: u32, outcome: MailOutcome) -> Result<()> {
        run(&self.writes, self.inner.finish(id, attempt, outcome)).await
    }

    async fn next_mail(&self) -> Result<Option<Timestamp>> {
        run(&self.reads, self.inner.next_mail()).await
    }

    async fn mails(&self, after: Option<OutboxId>, limit: usize) -> Result<Vec<OutboxEntry>> {
        run(&self.reads, self.inner.mails(after, limit)).await
    }

    async fn retry_mail(&self, id: OutboxId, now: Timestamp) -> Result<bool> {
        run(&self.writes, self.inner.retry_mail(id, now)).await
    }

    async fn drop_mail(&self, id: OutboxId) -> Result<bool> {
        run(&self.writes, self.inner.drop_mail(id)).await
    }
}

#[async_trait]
impl Maintenance for FailingStore {
    async fn ready(&self) -> Result<()> {
        run(&self.reads, self.inner.ready()).await
    }

    async fn verify(&self) -> Result<Vec<Inconsistency>> {
        run(&self.reads, self.inner.verify()).await
    }

    async fn sweep(&self, now: Timestamp, limit: usize) -> Result<usize> {
        run(&self.writes, self.inner.sweep(now, limit)).await
    }

    fn events(&self) -> EventStream {
        self.inner.events()
    }

    async fn close(&self) -> Result<()> {
        self.inner.close().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        store::MemoryStore,
        testkit::{Refusal, fixture, refusal},
    };

    #[tokio::test]
    async fn it_fails_as_often_as_asked_and_then_no_more() {
        let store = FailingStore::new(Arc::new(MemoryStore::new()));
        store.fail_next_write(Failure::Busy);
        store.fail_next_write(Failure::UnavailableThoughDone);
        store.fail_next_read(Failure::Unavailable);
        assert_eq!(refusal(store.register(fixture::register("ada")).await), Refusal::Busy);
        assert_eq!(refusal(store.account(AccountId::new(1)).await), Refusal::Unavailable);
        assert_eq!(store.account(AccountId::new(1)).await.unwrap(), None, "busy means that nothing was done");
        assert_eq!(refusal(store.register(fixture::register("ada")).await), Refusal::Unavailable);
        let ada = store.account(AccountId::new(1)).await.unwrap().expect("it was done");
        store.register(fixture::register("bob")).await.unwrap();
        assert_eq!(ada.username, fixture::username("ada"));
    }
}
