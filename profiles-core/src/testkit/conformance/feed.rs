//! The log of changes.

use std::sync::Arc;

use super::{MANY, erasure, next_kind, register, together};
use crate::{
    event::EventKind,
    model::{AccountId, Change, ChangeId, ChangeKind, Revision, StatusId},
    store::{AccountChange, Changes, Store},
    testkit::{Refusal, fixture, refusal},
};

const BEGINNING: ChangeId = ChangeId::new(0);

async fn post(store: &dyn Store, account: AccountId) -> StatusId {
    store.post_status(account, fixture::text("hello"), fixture::NOW).await.unwrap().id
}

/// The changes after this one; panics if the log does not reach back so far.
async fn since(store: &dyn Store, after: ChangeId, limit: usize) -> Vec<Change> {
    match store.changes(after, limit).await.unwrap() {
        Changes::Since(changes) => changes,
        Changes::Lost => panic!("the log reaches back to {after}"),
    }
}

/// What happened to which status, from the beginning.
async fn told(store: &dyn Store) -> Vec<(ChangeKind, u64)> {
    let changes = since(store, BEGINNING, usize::MAX).await;
    changes.iter().map(|change| (change.kind, change.status.get())).collect()
}

/// Posting, editing and deleting leave a change each, with their moment; a rename leaves none.
pub async fn every_write_of_a_status_leaves_a_change(store: Arc<dyn Store>) {
    assert_eq!(store.last_change().await.unwrap(), BEGINNING);
    assert_eq!(since(&*store, BEGINNING, 9).await, []);
    let ada = register(&*store, "ada").await.account;
    let status = store.post_status(ada.id, fixture::text("hello"), fixture::after(1)).await.unwrap();
    store.update_status(status.id, status.revision, None, fixture::after(2).into()).await.unwrap();
    let change = AccountChange { username: Some(fixture::username("eve")), ..AccountChange::default() };
    store.update_account(ada.id, ada.revision, change, fixture::after(3).into()).await.unwrap();
    store.delete_status(status.id, fixture::after(4).into()).await.unwrap();
    let expected = [(1, 1, ChangeKind::Created), (2, 2, ChangeKind::Updated), (3, 4, ChangeKind::Deleted)];
    let expected = expected.map(|(number, seconds, kind)| Change {
        number: ChangeId::new(number),
        at: fixture::after(seconds),
        kind,
        status: status.id,
        account: ada.id,
    });
    assert_eq!(since(&*store, BEGINNING, 9).await, expected);
    assert_eq!(store.last_change().await.unwrap(), ChangeId::new(3));
}

/// What was not done is not told.
pub async fn a_refused_write_leaves_no_change(store: Arc<dyn Store>) {
    let ada = register(&*store, "ada").await.account.id;
    let id = post(&*store, ada).await;
    let nobody = store.post_status(AccountId::new(2), fixture::text("hello"), fixture::NOW).await;
    assert_eq!(refusal(nobody), Refusal::Missing);
    let stale = store.update_status(id, Revision::new(9), None, fixture::NOW.into()).await;
    assert_eq!(refusal(stale), Refusal::Stale);
    let missing = store.delete_status(StatusId::new(9), fixture::NOW.into()).await;
    assert_eq!(refusal(missing), Refusal::Missing);
    assert_eq!(told(&*store).await, [(ChangeKind::Created, 1)]);
}

/// Part by part the log is the same as in one.
pub async fn changes_are_read_in_parts(store: Arc<dyn Store>) {
    let ada = register(&*store, "ada").await.account.id;
    for _ in 0..7 {
        post(&*store, ada).await;
    }
    let whole = since(&*store, BEGINNING, usize::MAX).await;
    assert_eq!(whole.len(), 7);
    let mut parts = Vec::new();
    while let Some(last) = {
        let after = parts.last().map_or(BEGINNING, |change: &Change| change.number);
        let part = since(&*store, after, 3).await;
        parts.extend(part.iter().copied());
        part.last().copied()
    } {
        assert!(last.number.get() <= 7);
    }
    assert_eq!(parts, whole);
    assert_eq!(since(&*store, ChangeId::new(3), 0).await, []);
    assert_eq!(since(&*store, ChangeId::new(7), 9).await, []);
}

/// A number from elsewhere, or from a time that a backup has undone, is told apart from one after which nothing happened.
pub async fn a_number_that_was_not_given_is_lost(store: Arc<dyn Store>) {
    assert_eq!(store.changes(ChangeId::new(1), 9).await.unwrap(), Changes::Lost);
    let ada = register(&*store, "ada").await.account.id;
    post(&*store, ada).await;
    for number in [2, u64::MAX] {
        for limit in [0, 9] {
            assert_eq!(store.changes(ChangeId::new(number), limit).await.unwrap(), Changes::Lost);
        }
    }
}

/// Whoever keeps a copy hears of each status that goes with its account, in the order of posting.
pub async fn the_statuses_of_an_erased_account_are_told_of(store: Arc<dyn Store>) {
    let ada = register(&*store, "ada").await.account.id;
    let bob = register(&*store, "bob").await.account.id;
    for account in [ada, bob, ada, ada] {
        post(&*store, account).await;
    }
    erasure::erase(&*store, ada).await;
    let deleted = [1, 3, 4].map(|status| (ChangeKind::Deleted, status));
    assert_eq!(told(&*store).await.split_off(4), deleted);
}

/// Who was told of an event finds its change.
pub async fn what_was_told_is_in_the_log(store: Arc<dyn Store>) {
    let ada = register(&*store, "ada").await.account.id;
    let mut events = store.events();
    for number in 1..=20 {
        let writing = tokio::spawn({
            let store = Arc::clone(&store);
            async move { post(&*store, ada).await }
        });
        assert_eq!(
            next_kind(&mut events).await,
            EventKind::StatusPosted { status: StatusId::new(number), account: ada }
        );
        assert_eq!(since(&*store, ChangeId::new(number - 1), 9).await.len(), 1);
        assert_eq!(store.last_change().await.unwrap(), ChangeId::new(number));
        writing.await.unwrap();
    }
}

/// Of many that write at once each has a number, and they follow each other.
pub async fn changes_of_many_at_once_have_no_gap(store: Arc<dyn Store>) {
    let ada = register(&*store, "ada").await.account.id;
    let writer = Arc::clone(&store);
    together(MANY, move |number| {
        let store = Arc::clone(&writer);
        async move {
            let id = post(&*store, ada).await;
            if number % 2 == 0 {
                store.delete_status(id, fixture::NOW.into()).await.unwrap();
            }
        }
    })
    .await;
    let changes = since(&*store, BEGINNING, usize::MAX).await;
    let numbers: Vec<u64> = changes.iter().map(|change| change.number.get()).collect();
    assert_eq!(numbers, (1..=MANY as u64 * 3 / 2).collect::<Vec<_>>());
    for change in &changes {
        let before = changes.iter().take_while(|other| other.number < change.number);
        let posted = before.filter(|other| other.status == change.status).count();
        assert_eq!(posted, usize::from(change.kind == ChangeKind::Deleted), "{change:?}");
    }
}
