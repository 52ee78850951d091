//! A store that fails on request.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::store::{Delegate, Result, Store, StoreError};

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

/// Hands every call on to another store, but for those that were asked to fail. What is a write and what a read, and that
/// `events` and `close` are neither and never fail here, is for [`Delegate`] to say.
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

impl Delegate for FailingStore {
    fn inner(&self) -> &dyn Store {
        &*self.inner
    }

    async fn read<T: Send>(&self, _: &'static str, read: impl Future<Output = Result<T>> + Send) -> Result<T> {
        run(&self.reads, read).await
    }

    async fn write<T: Send>(&self, _: &'static str, write: impl Future<Output = Result<T>> + Send) -> Result<T> {
        run(&self.writes, write).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::AccountId,
        store::{Accounts, MemoryStore},
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
