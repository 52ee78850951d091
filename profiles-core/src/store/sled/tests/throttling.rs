//! What counting tries costs.

use std::time::Duration;

use super::*;
use crate::{
    model::{Limit, ThrottleKey},
    store::{Admission, Attempt, Audit as _, AuditFilter, Throttles as _},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tries_during_a_wait_that_was_told_of_do_not_come_near_the_disk() {
    let dir = directory();
    let (store, orders, begun) = controlled(dir.path(), 64);
    let store = Arc::new(store);
    let limit = Limit::steady(1, Duration::from_mins(1));
    let limits = vec![(ThrottleKey::of(&["login", "ada"]), limit), (ThrottleKey::of(&["login", "here"]), limit)];
    let attempt = Attempt { limits, audit: Some(line(AuditEvent::Login, None)), at: NOW };
    let refused = Admission::Refused { until: NOW.plus(Duration::from_mins(1)) };
    for expected in [Admission::Granted, refused] {
        orders.send(Order::Sync).unwrap();
        assert_eq!(store.attempt(attempt.clone()).await.unwrap(), expected);
    }
    // The writer is in somebody's sync, which does not end until the tries are answered.
    let somebody = queue(register(&store, "bob"));
    until(|| begun.load(Ordering::SeqCst) == 3).await;
    for _ in 0..100 {
        let answer = tokio::time::timeout(Duration::from_secs(10), store.attempt(attempt.clone()));
        assert_eq!(answer.await.expect("it waits for the disk").unwrap(), refused);
    }
    orders.send(Order::SyncAlways).unwrap();
    somebody.await.unwrap().unwrap();
    let told = AuditFilter { event: Some(AuditEvent::Login), ..AuditFilter::default() };
    assert_eq!(store.audit(&told, None, 9).await.unwrap().len(), 1);

    // The wait ends by itself, and the next one is told of again.
    let attempt = Attempt { at: NOW.plus(Duration::from_mins(1)), ..attempt };
    assert_eq!(store.attempt(attempt.clone()).await.unwrap(), Admission::Granted);
    assert!(matches!(store.attempt(attempt).await.unwrap(), Admission::Refused { .. }));
    assert_eq!(store.audit(&told, None, 9).await.unwrap().len(), 2);
    assert_eq!(store.verify().await.unwrap(), nothing());
}

#[tokio::test]
async fn counts_outlive_the_process() {
    let dir = directory();
    let limits = vec![(ThrottleKey::of(&["login", "ada"]), Limit::steady(1, Duration::from_mins(1)))];
    let attempt = Attempt { limits, audit: None, at: NOW };
    let store = open(dir.path());
    assert_eq!(store.attempt(attempt.clone()).await.unwrap(), Admission::Granted);
    drop(store);
    let store = open(dir.path());
    assert!(matches!(store.attempt(attempt).await.unwrap(), Admission::Refused { .. }));
}
