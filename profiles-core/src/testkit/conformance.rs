//! The behaviour that every store has: one function per sentence, each over an empty store.
//!
//! [`store_conformance!`](crate::store_conformance) makes a test of each of them; the list stands there.

pub mod accounts;
pub mod audit;
pub mod closing;
pub mod concurrency;
pub mod contention;
pub mod erasure;
pub mod events;
pub mod feed;
pub mod jobs;
pub mod key_use;
pub mod lifetimes;
pub mod logins;
pub mod mail_keys;
pub mod maintenance;
pub mod own_tokens;
pub mod passwords;
pub mod places;
pub mod profiles;
pub mod recognition;
pub mod registration;
pub mod requests;
pub mod statuses;
pub mod throttles;
pub mod tokens;
pub mod transfer;

mod list;
pub mod lists;

use std::{future::Future, sync::Arc, time::Duration};

use tokio::{sync::Barrier, task::JoinSet};

use super::fixture;
use crate::{
    event::{Event, EventKind, EventStream, Missed},
    mail::Mail,
    model::{Account, AccountId, AuditEntry, Digest, Revision},
    store::{AccountChange, AuditFilter, Registered, Slice, Start, Store},
};

/// How long a test waits for what must come before it calls it lost. Nothing waits so long unless it fails.
const PATIENCE: Duration = Duration::from_secs(20);

/// Callers at once, where many are.
const MANY: usize = 64;

/// How long a behaviour may take in all. A store that answers never, or for ever the same, fails by this.
const LIMIT: Duration = Duration::from_mins(2);

/// Tries a behaviour on an empty store; panics if the store does not have it, takes minutes for it, or contradicts
/// itself at the end.
pub async fn check<Behaviour: Future<Output = ()>>(
    store: Arc<dyn Store>,
    behaviour: impl FnOnce(Arc<dyn Store>) -> Behaviour,
) {
    check_closing(Arc::clone(&store), behaviour).await;
    assert_consistent(&*store).await;
}

/// As [`check`], for a behaviour that closes the store: it looks for contradictions itself, before it does.
pub async fn check_closing<Behaviour: Future<Output = ()>>(
    store: Arc<dyn Store>,
    behaviour: impl FnOnce(Arc<dyn Store>) -> Behaviour,
) {
    tokio::time::timeout(LIMIT, behaviour(store)).await.expect("no behaviour takes minutes");
}

async fn assert_consistent(store: &dyn Store) {
    let found = store.verify().await.expect("a store that was not closed verifies itself");
    assert!(found.is_empty(), "the store contradicts itself: {found:?}");
}

/// Registers an account as [`fixture::register`] says.
async fn register(store: &dyn Store, name: &str) -> Registered {
    store.register(fixture::register(name)).await.unwrap()
}

/// Whether this token speaks for anybody at [`fixture::NOW`].
async fn is_known(store: &dyn Store, secret: &str) -> bool {
    store.principal(&fixture::digest(secret), fixture::NOW).await.unwrap().is_some()
}

/// Which of these secrets speak for somebody at [`fixture::NOW`].
async fn known<'a>(store: &dyn Store, secrets: &[&'a str]) -> Vec<&'a str> {
    let mut known = Vec::new();
    for secret in secrets {
        if is_known(store, secret).await {
            known.push(*secret);
        }
    }
    known
}

/// Which of these secrets are mailed keys that work at [`fixture::NOW`].
async fn working_keys<'a>(store: &dyn Store, secrets: &[&'a str]) -> Vec<&'a str> {
    let mut working = Vec::new();
    for secret in secrets {
        if store.mail_key(&fixture::digest(secret), fixture::NOW).await.unwrap().is_some() {
            working.push(*secret);
        }
    }
    working
}

/// Deactivates an account, or activates it again.
async fn set_active(store: &dyn Store, account: AccountId, is_active: bool) -> Account {
    let revision = store.account(account).await.unwrap().unwrap().revision;
    let change = AccountChange { is_active: Some(is_active), ..AccountChange::default() };
    store.update_account(account, revision, change, fixture::NOW.into()).await.unwrap()
}

/// The mails in the outbox, in the order in which they were put there.
async fn mails(store: &dyn Store) -> Vec<Mail> {
    store.mails(None, usize::MAX).await.unwrap().into_iter().map(|entry| entry.mail).collect()
}

/// The whole audit trail.
async fn trail(store: &dyn Store) -> Vec<AuditEntry> {
    store.audit(&AuditFilter::default(), None, usize::MAX).await.unwrap()
}

/// The whole list.
fn everything<Id>() -> Slice<Id> {
    Slice { start: Start::Skip(0), limit: usize::MAX }
}

fn digests(secrets: &[&str]) -> Vec<Digest> {
    secrets.iter().map(|secret| fixture::digest(secret)).collect()
}

/// The revision of a row that was written so often after it was made.
fn revision_after(writes: u64) -> Revision {
    Revision::new(Revision::FIRST.get() + writes)
}

/// Runs `task` for 0, 1, .. `count` - 1 as tasks that start together; their answers, in the order of the numbers.
async fn together<T, Task>(count: usize, task: impl Fn(usize) -> Task) -> Vec<T>
where
    T: Send + 'static,
    Task: Future<Output = T> + Send + 'static,
{
    let start = Arc::new(Barrier::new(count));
    let mut tasks = JoinSet::new();
    for number in 0..count {
        let (start, task) = (Arc::clone(&start), task(number));
        tasks.spawn(async move {
            start.wait().await;
            (number, task.await)
        });
    }
    let mut answers = tasks.join_all().await;
    answers.sort_by_key(|(number, _)| *number);
    answers.into_iter().map(|(_, answer)| answer).collect()
}

/// The next thing the stream has to tell; panics if nothing comes.
async fn next(events: &mut EventStream) -> Result<Event, Missed> {
    let next = tokio::time::timeout(PATIENCE, events.next()).await.expect("an event comes soon after its write");
    next.expect("the stream goes on while the store is there")
}

/// What happened next; panics if events were missed.
async fn next_kind(events: &mut EventStream) -> EventKind {
    next(events).await.expect("no event is missed by a reader that keeps up").kind
}

/// Panics if an event was published that was not read yet: makes an account, and expects to be told of that first.
async fn assert_nothing_more(store: &dyn Store, events: &mut EventStream) {
    let last = register(store, "nothing.more").await;
    let told = next_kind(events).await;
    assert_eq!(told, EventKind::AccountRegistered { account: last.account.id, profile: last.profile.id });
}
