//! A store of one's own: here one that hands every call on to another, and counts and tells of the writes.
//!
//! `cargo run -p profiles-examples --bin custom_store`. The tests of this file run the behaviour suite that every store
//! has to pass: `cargo test -p profiles-examples --bin custom_store`.
#![forbid(unsafe_code)]

use std::{
    error::Error,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use profiles_core::{
    Core, Registration,
    event::EventStream,
    model::{
        Account, AccountId, Digest, Email, OutboxId, PasswordHash, Principal, Profile, ProfileId, Revision, Status,
        StatusId, StatusText, Timestamp, UsernameKey,
    },
    store::{
        AccountChange, Accounts, Inconsistency, Jobs, LogIn, MailOutcome, Maintenance, MemoryStore, OutboxEntry,
        OutboxItem, ProfileChange, ProfileFilter, Profiles, Register, Registered, Result, Revoke, Rows, Slice,
        StatusFilter, Statuses, Store, Tokens,
    },
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // A core takes any store; it does not know which it has.
    let store = Arc::new(CountingStore::new(Arc::new(MemoryStore::new())));
    let core = Core::builder(Arc::clone(&store) as Arc<dyn Store>).build()?;
    for _ in 0..2 {
        let form = Registration::parse("ada", "ada@example.org", "tulip-tango-9", "tulip-tango-9");
        if let Err(refusal) = core.register(form).await {
            println!("not registered: {refusal}");
        }
    }
    println!("{} writes were done", store.writes());
    Ok(())
}

/// Hands every call on, and counts the writes that were done.
struct CountingStore {
    inner: Arc<dyn Store>,
    writes: AtomicU64,
}

impl CountingStore {
    fn new(inner: Arc<dyn Store>) -> Self {
        Self { inner, writes: AtomicU64::new(0) }
    }

    /// How many writes were done.
    fn writes(&self) -> u64 {
        self.writes.load(Ordering::Relaxed)
    }

    /// Does a write and tells of it.
    async fn write<T>(&self, name: &str, write: impl Future<Output = Result<T>> + Send) -> Result<T> {
        let answer = write.await;
        match &answer {
            Ok(_) => {
                self.writes.fetch_add(1, Ordering::Relaxed);
                println!("{name}: done");
            }
            Err(error) => println!("{name}: {error}"),
        }
        answer
    }
}

// A store is whatever has these six parts. What each method promises stands at the traits; no method reads a clock,
// hashes or decides a permission.

#[async_trait]
impl Accounts for CountingStore {
    async fn register(&self, command: Register) -> Result<Registered> {
        self.write("register", self.inner.register(command)).await
    }

    async fn account(&self, id: AccountId) -> Result<Option<Account>> {
        self.inner.account(id).await
    }

    async fn account_by_username(&self, key: &UsernameKey) -> Result<Option<Account>> {
        self.inner.account_by_username(key).await
    }

    async fn account_by_verified_email(&self, email: &Email) -> Result<Option<Account>> {
        self.inner.account_by_verified_email(email).await
    }

    async fn accounts(&self, after: Option<AccountId>, limit: usize) -> Result<Vec<Account>> {
        self.inner.accounts(after, limit).await
    }

    async fn update_account(
        &self,
        id: AccountId,
        expected: Revision,
        change: AccountChange,
        at: Timestamp,
    ) -> Result<Account> {
        self.write("update_account", self.inner.update_account(id, expected, change, at)).await
    }

    async fn set_password(
        &self,
        id: AccountId,
        expected: Revision,
        password: PasswordHash,
        revoke: Revoke,
        at: Timestamp,
    ) -> Result<Account> {
        self.write("set_password", self.inner.set_password(id, expected, password, revoke, at)).await
    }
}

#[async_trait]
impl Tokens for CountingStore {
    async fn log_in(&self, command: LogIn) -> Result<Account> {
        self.write("log_in", self.inner.log_in(command)).await
    }

    async fn principal(&self, digest: &Digest, now: Timestamp) -> Result<Option<Principal>> {
        self.inner.principal(digest, now).await
    }

    async fn revoke(&self, digests: &[Digest], at: Timestamp) -> Result<()> {
        self.write("revoke", self.inner.revoke(digests, at)).await
    }
}

#[async_trait]
impl Profiles for CountingStore {
    async fn profile(&self, id: ProfileId) -> Result<Option<Profile>> {
        self.inner.profile(id).await
    }

    async fn profile_of(&self, account: AccountId) -> Result<Option<Profile>> {
        self.inner.profile_of(account).await
    }

    async fn update_profile(
        &self,
        id: ProfileId,
        expected: Revision,
        change: ProfileChange,
        at: Timestamp,
    ) -> Result<Profile> {
        self.write("update_profile", self.inner.update_profile(id, expected, change, at)).await
    }

    async fn profiles(&self, filter: &ProfileFilter, slice: Slice<ProfileId>) -> Result<Rows<Profile>> {
        self.inner.profiles(filter, slice).await
    }

    async fn count_profiles(&self, filter: &ProfileFilter) -> Result<u64> {
        self.inner.count_profiles(filter).await
    }
}

#[async_trait]
impl Statuses for CountingStore {
    async fn post_status(&self, account: AccountId, text: StatusText, at: Timestamp) -> Result<Status> {
        self.write("post_status", self.inner.post_status(account, text, at)).await
    }

    async fn status(&self, id: StatusId) -> Result<Option<Status>> {
        self.inner.status(id).await
    }

    async fn update_status(
        &self,
        id: StatusId,
        expected: Revision,
        text: Option<StatusText>,
        at: Timestamp,
    ) -> Result<Status> {
        self.write("update_status", self.inner.update_status(id, expected, text, at)).await
    }

    async fn delete_status(&self, id: StatusId, at: Timestamp) -> Result<()> {
        self.write("delete_status", self.inner.delete_status(id, at)).await
    }

    async fn statuses(&self, filter: &StatusFilter, slice: Slice<StatusId>) -> Result<Rows<Status>> {
        self.inner.statuses(filter, slice).await
    }

    async fn count_statuses(&self, filter: &StatusFilter) -> Result<u64> {
        self.inner.count_statuses(filter).await
    }
}

#[async_trait]
impl Jobs for CountingStore {
    async fn lease(&self, now: Timestamp, hold: Duration, limit: usize) -> Result<Vec<OutboxItem>> {
        self.write("lease", self.inner.lease(now, hold, limit)).await
    }

    async fn finish(&self, id: OutboxId, attempt: u32, outcome: MailOutcome) -> Result<()> {
        self.write("finish", self.inner.finish(id, attempt, outcome)).await
    }

    async fn next_mail(&self) -> Result<Option<Timestamp>> {
        self.inner.next_mail().await
    }

    async fn mails(&self, after: Option<OutboxId>, limit: usize) -> Result<Vec<OutboxEntry>> {
        self.inner.mails(after, limit).await
    }

    async fn retry_mail(&self, id: OutboxId, now: Timestamp) -> Result<bool> {
        self.write("retry_mail", self.inner.retry_mail(id, now)).await
    }

    async fn drop_mail(&self, id: OutboxId) -> Result<bool> {
        self.write("drop_mail", self.inner.drop_mail(id)).await
    }
}

#[async_trait]
impl Maintenance for CountingStore {
    async fn ready(&self) -> Result<()> {
        self.inner.ready().await
    }

    async fn verify(&self) -> Result<Vec<Inconsistency>> {
        self.inner.verify().await
    }

    async fn sweep(&self, now: Timestamp, limit: usize) -> Result<usize> {
        self.write("sweep", self.inner.sweep(now, limit)).await
    }

    fn events(&self) -> EventStream {
        self.inner.events()
    }

    async fn close(&self) -> Result<()> {
        self.inner.close().await
    }
}

/// The suite: one test for each promise, each over a new and empty store, and each ending in `verify`.
#[cfg(test)]
mod conformance {
    use std::{
        future::{Ready, ready},
        sync::Arc,
    };

    use profiles_core::store::{MemoryStore, Store};

    use super::CountingStore;

    /// The store, and what has to live as long as it does: a folder, say, or a database. This one needs nothing.
    fn open() -> Ready<(Arc<dyn Store>, ())> {
        ready((Arc::new(CountingStore::new(Arc::new(MemoryStore::new()))), ()))
    }

    profiles_core::store_conformance!(open());
}
