//! Groups, the queue, and the end of a store whose disk fails.

use super::*;
use crate::{
    event::EventKind,
    store::{AccountChange, Unique},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writes_that_wait_together_share_one_sync() {
    let dir = directory();
    let (store, orders, begun) = controlled(dir.path(), 64);
    let store = Arc::new(store);
    let first = queue(register(&store, "first"));
    until(|| begun.load(Ordering::SeqCst) == 1).await;
    // The writer is in the first one's sync: these can only queue up.
    let mut events = store.events();
    let others: Vec<_> = (0..20).map(|number| queue(register(&store, &format!("user{number}")))).collect();
    orders.send(Order::Sync).unwrap();
    first.await.unwrap().unwrap();
    orders.send(Order::Sync).unwrap();
    let mut ids = Vec::new();
    for other in others {
        ids.push(other.await.unwrap().unwrap().account.id.get());
    }
    assert_eq!(begun.load(Ordering::SeqCst), 2);
    ids.sort_unstable();
    assert_eq!(ids, (2..=21).collect::<Vec<_>>(), "each has a number of its own");
    // Told in the order of committing, which is that of the numbers.
    let mut told = Vec::new();
    while told.len() < 21 {
        if let EventKind::AccountRegistered { account, .. } = events.next().await.unwrap().unwrap().kind {
            told.push(account.get());
        }
    }
    assert_eq!(told, (1..=21).collect::<Vec<_>>());
    orders.send(Order::SyncAlways).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_that_is_refused_leaves_nothing_and_stops_nobody() {
    let dir = directory();
    let (store, orders, begun) = controlled(dir.path(), 64);
    let store = Arc::new(store);
    let first = queue(register(&store, "first"));
    until(|| begun.load(Ordering::SeqCst) == 1).await;
    // One group: a name, the same name with other things, a secret that is taken, another name.
    let winner = queue(register(&store, "same"));
    let mut command = registration("other");
    command.username = Username::parse("SAME").unwrap();
    let loser = queue(send(&store, command));
    let mut command = registration("thief");
    command.tokens.extend(registration("same").tokens);
    let thief = queue(send(&store, command));
    let behind = queue(register(&store, "behind"));
    orders.send(Order::SyncAlways).unwrap();

    first.await.unwrap().unwrap();
    assert_eq!(winner.await.unwrap().unwrap().account.id.get(), 2);
    assert!(matches!(loser.await.unwrap(), Err(StoreError::Taken(Unique::Username))));
    assert!(matches!(thief.await.unwrap(), Err(StoreError::Taken(Unique::Secret))));
    assert_eq!(behind.await.unwrap().unwrap().account.id.get(), 3, "the number of a refused one is not lost");
    let thief = registration("thief");
    assert_eq!(store.account_by_username(&thief.username.key()).await.unwrap(), None);
    assert_eq!(store.principal(&thief.tokens[0].digest, NOW).await.unwrap(), None);
    assert_eq!(store.verify().await.unwrap(), nothing());
    // And its name is free.
    store.register(thief).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_queue_is_told_at_once() {
    let dir = directory();
    let (store, orders, begun) = controlled(dir.path(), 2);
    let store = Arc::new(store);
    let mut waiting = vec![queue(register(&store, "first"))];
    until(|| begun.load(Ordering::SeqCst) == 1).await;
    for name in ["second", "third"] {
        waiting.push(queue(register(&store, name)));
    }
    assert!(matches!(store.register(registration("fourth")).await, Err(StoreError::Busy)));
    orders.send(Order::SyncAlways).unwrap();
    for write in waiting {
        write.await.unwrap().unwrap();
    }
    assert_eq!(store.accounts(None, 9).await.unwrap().len(), 3, "what was refused was not done");
    store.register(registration("fourth")).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_fails_once_stops_the_store_for_good() {
    let dir = directory();
    let (store, orders, begun) = controlled(dir.path(), 64);
    let store = Arc::new(store);
    let mut events = store.events();
    orders.send(Order::Sync).unwrap();
    let kept = register(&store, "kept").await.unwrap().account;
    let failing = queue(register(&store, "failing"));
    until(|| begun.load(Ordering::SeqCst) == 2).await;
    let queued = queue(register(&store, "queued"));
    orders.send(Order::Fail).unwrap();

    let reason = "the store is unavailable: a write could not be made durable: the test pulled the plug";
    assert_eq!(failing.await.unwrap().unwrap_err().to_string(), reason);
    assert!(matches!(queued.await.unwrap(), Err(StoreError::Unavailable(_))));
    for refused in [
        store.ready().await,
        store.account(kept.id).await.map(drop),
        store.accounts(None, 1).await.map(drop),
        store.update_account(kept.id, kept.revision, AccountChange::default(), NOW.into()).await.map(drop),
        store.verify().await.map(drop),
        store.close().await,
    ] {
        assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    }
    let told = events.next().await.unwrap().unwrap().kind;
    assert!(matches!(told, EventKind::AccountRegistered { account, .. } if account == kept.id));
    assert_eq!(events.next().await.unwrap().unwrap().kind, EventKind::MailQueued { account: kept.id });
    assert!(events.next().await.is_none(), "nothing is told of what may not have happened");
    drop(store);

    let store = open(dir.path());
    assert!(store.opened_unclean());
    assert_eq!(store.account(kept.id).await.unwrap(), Some(kept));
    assert_eq!(store.verify().await.unwrap(), nothing());
}

#[tokio::test]
async fn a_command_that_panics_takes_nothing_with_it() {
    let dir = directory();
    let store = open(dir.path());
    store.register(registration("ada")).await.unwrap();
    let outcome: Result<()> = store
        .write(|transaction| {
            transaction.mark(vec![200])?;
            panic!("as sled does on some damage");
        })
        .await;
    assert_eq!(
        outcome.unwrap_err().to_string(),
        "stored data is damaged: the storage engine gave up: as sled does on some damage"
    );
    store.register(registration("bob")).await.unwrap();
    assert_eq!(store.verify().await.unwrap(), nothing());
}
