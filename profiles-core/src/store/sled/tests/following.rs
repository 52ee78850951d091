//! The log of changes: its bound, and that it tells of nothing that a loss of power could undo.

use super::*;
use crate::{
    model::{AccountId, ChangeId},
    store::{Changes, Feed as _},
};

const ADA: AccountId = AccountId::new(1);

fn keeping(path: &Path, changes: u64) -> SledStore {
    SledStore::open(SledConfig { changes, ..SledConfig::new(path) }).unwrap()
}

/// The numbers that the log has after this one; `None` if it does not reach back to it.
async fn numbers(store: &SledStore, after: u64) -> Option<Vec<u64>> {
    match store.changes(ChangeId::new(after), 100).await.unwrap() {
        Changes::Since(changes) => Some(changes.iter().map(|change| change.number.get()).collect()),
        Changes::Lost => None,
    }
}

#[tokio::test]
async fn the_oldest_changes_are_forgotten_and_the_numbers_go_on() {
    let dir = directory();
    let store = keeping(dir.path(), 5);
    store.register(registration("ada")).await.unwrap();
    for _ in 0..7 {
        store.post_status(ADA, text("hello"), NOW).await.unwrap();
    }
    assert_eq!(numbers(&store, 1).await, None);
    assert_eq!(store.changes(ChangeId::new(1), 0).await.unwrap(), Changes::Lost);
    assert_eq!(numbers(&store, 2).await, Some(vec![3, 4, 5, 6, 7]));
    assert_eq!(store.verify().await.unwrap(), nothing());
    store.close().await.unwrap();
    drop(store);

    // With a lower number, the surplus goes as new lines come: two for one.
    let store = keeping(dir.path(), 2);
    assert_eq!(store.last_change().await.unwrap(), ChangeId::new(7));
    assert_eq!(numbers(&store, 2).await, Some(vec![3, 4, 5, 6, 7]));
    for (after, left) in [(4, vec![5, 6, 7, 8]), (6, vec![7, 8, 9]), (8, vec![9, 10]), (9, vec![10, 11])] {
        store.post_status(ADA, text("hello"), NOW).await.unwrap();
        assert_eq!(numbers(&store, after).await, Some(left));
        assert_eq!(numbers(&store, after - 1).await, None);
        assert_eq!(store.verify().await.unwrap(), nothing());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_that_is_not_on_the_disk_is_not_told() {
    let dir = directory();
    let (store, orders, begun) = controlled(dir.path(), 64);
    let store = Arc::new(store);
    orders.send(Order::Sync).unwrap();
    store.register(registration("ada")).await.unwrap();
    let before = begun.load(Ordering::SeqCst);
    let posting = queue({
        let store = Arc::clone(&store);
        async move { store.post_status(ADA, text("hello"), NOW).await }
    });
    until(|| begun.load(Ordering::SeqCst) > before).await;
    // It is applied: its number and its row can be read. But its sync has not ended.
    assert!(store.status(crate::model::StatusId::new(1)).await.unwrap().is_some());
    assert_eq!(numbers(&store, 0).await, Some(vec![]));
    assert_eq!(store.last_change().await.unwrap(), ChangeId::new(0));
    orders.send(Order::SyncAlways).unwrap();
    posting.await.unwrap().unwrap();
    assert_eq!(numbers(&store, 0).await, Some(vec![1]));
}
