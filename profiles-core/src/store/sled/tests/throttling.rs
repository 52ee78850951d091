//! What counting tries costs.

use std::time::Duration;

use super::*;
use crate::{
    model::{AuditId, Limit, ThrottleKey},
    store::{Admission, Attempt, Audit as _, AuditFilter, Throttles as _},
};

#[tokio::test]
async fn tries_during_a_wait_that_was_told_of_cost_no_sync() {
    let dir = directory();
    let (store, orders, begun) = controlled(dir.path(), 64);
    orders.send(Order::SyncAlways).unwrap();
    let limit = Limit::steady(1, Duration::from_mins(1));
    let limits = vec![(ThrottleKey::of(&["login", "ada"]), limit), (ThrottleKey::of(&["login", "here"]), limit)];
    let attempt = Attempt { limits, audit: Some(line(AuditEvent::Login, None)), at: NOW };
    assert_eq!(store.attempt(attempt.clone()).await.unwrap(), Admission::Granted);
    let refused = Admission::Refused { until: NOW.plus(Duration::from_mins(1)) };
    assert_eq!(store.attempt(attempt.clone()).await.unwrap(), refused);
    let syncs = begun.load(Ordering::SeqCst);
    for _ in 0..100 {
        assert_eq!(store.attempt(attempt.clone()).await.unwrap(), refused);
    }
    assert_eq!(begun.load(Ordering::SeqCst), syncs);
    let told = store.audit(&AuditFilter::default(), None, 9).await.unwrap();
    assert_eq!(told.iter().map(|entry| entry.id).collect::<Vec<_>>(), [AuditId::new(1)]);

    // The wait ends by itself, and the next one is told of again.
    let attempt = Attempt { at: NOW.plus(Duration::from_mins(1)), ..attempt };
    assert_eq!(store.attempt(attempt.clone()).await.unwrap(), Admission::Granted);
    assert!(matches!(store.attempt(attempt).await.unwrap(), Admission::Refused { .. }));
    assert_eq!(store.audit(&AuditFilter::default(), None, 9).await.unwrap().len(), 2);
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
