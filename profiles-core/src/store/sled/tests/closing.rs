//! Closing, opening again, and what is there then.

use super::*;

#[tokio::test]
async fn what_was_written_is_there_after_opening_again() {
    let dir = directory();
    let store = open(dir.path());
    let made = store.register(registration("ada")).await.unwrap();
    let status = store.post_status(made.account.id, text("first"), NOW).await.unwrap();
    store.close().await.unwrap();
    drop(store);

    let store = open(dir.path());
    assert_eq!(store.account(made.account.id).await.unwrap(), Some(made.account.clone()));
    assert_eq!(store.account_by_username(&made.account.username.key()).await.unwrap(), Some(made.account.clone()));
    assert_eq!(store.status(status.id).await.unwrap(), Some(status.clone()));
    let next = store.post_status(made.account.id, text("second"), NOW).await.unwrap();
    assert_eq!(next.id.get(), status.id.get() + 1, "numbers go on where they were");
    assert_eq!(store.verify().await.unwrap(), nothing());
}

#[tokio::test]
async fn a_closed_directory_can_be_opened_at_once() {
    let dir = directory();
    for round in 0..20 {
        let store = open(dir.path());
        store.register(registration(&format!("user{round}"))).await.unwrap();
        if round % 2 == 0 {
            // Open again while the closed one still exists.
            store.close().await.unwrap();
            drop(open(dir.path()));
        }
    }
}

#[tokio::test]
async fn whether_the_last_end_was_clean_is_known_at_the_next_opening() {
    let dir = directory();
    let store = open(dir.path());
    assert!(!store.opened_unclean(), "there was no last time");
    drop(store);
    let store = open(dir.path());
    assert!(!store.opened_unclean());

    // What a crash leaves: the files as they are while the store is open.
    let crashed = directory();
    copy(dir.path(), crashed.path());
    assert!(open(crashed.path()).opened_unclean());
    assert!(!open(crashed.path()).opened_unclean(), "and clean again after a clean end");
}

#[tokio::test]
async fn after_closing_everything_is_refused_and_events_end() {
    let dir = directory();
    let store = open(dir.path());
    let mut events = store.events();
    let account = store.register(registration("ada")).await.unwrap().account;
    store.ready().await.unwrap();
    store.close().await.unwrap();
    // The account, and its mail.
    assert!(events.next().await.unwrap().is_ok());
    assert!(events.next().await.unwrap().is_ok());
    assert!(events.next().await.is_none());
    assert!(store.events().next().await.is_none());
    for refused in [
        store.ready().await,
        store.account(account.id).await.map(drop),
        store.accounts(None, 1).await.map(drop),
        store.register(registration("bob")).await.map(drop),
        store.close().await,
    ] {
        assert_eq!(refused.unwrap_err().to_string(), "the store is unavailable: the store is closed");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writes_that_wait_when_it_is_closed_are_done_first() {
    let dir = directory();
    let (store, orders, begun) = controlled(dir.path(), 64);
    let store = Arc::new(store);
    let mut waiting = Vec::new();
    for number in 0..10 {
        waiting.push(queue(register(&store, &format!("user{number}"))));
    }
    until(|| begun.load(Ordering::SeqCst) == 1).await;
    let closing = queue({
        let store = Arc::clone(&store);
        async move { store.close().await }
    });
    orders.send(Order::SyncAlways).unwrap();
    closing.await.unwrap().unwrap();
    for write in waiting {
        write.await.unwrap().unwrap();
    }
    drop(store);
    let store = open(dir.path());
    assert_eq!(store.accounts(None, 100).await.unwrap().len(), 10);
    assert_eq!(store.verify().await.unwrap(), nothing());
}

/// Copies the files of a directory.
pub(super) fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
