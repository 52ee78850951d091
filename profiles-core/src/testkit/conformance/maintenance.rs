//! Looking after the store.

use std::sync::Arc;

use super::{assert_consistent, everything, is_known};
use crate::{
    store::{ProfileFilter, ProfileOrder, Register, Rows, StatusFilter, StatusOrder, Store},
    testkit::fixture,
};

/// A new store serves, is consistent, and has nothing in it.
pub async fn a_new_store_is_ready_and_empty(store: Arc<dyn Store>) {
    store.ready().await.unwrap();
    assert_consistent(&*store).await;
    assert_eq!(store.accounts(None, usize::MAX).await.unwrap(), []);
    let nothing = Rows { rows: vec![], more: false };
    assert_eq!(store.profiles(&ProfileFilter::default(), ProfileOrder::Id, everything()).await.unwrap(), nothing);
    let nothing = Rows { rows: vec![], more: false };
    assert_eq!(
        store.statuses(&StatusFilter::default(), StatusOrder::OldestFirst, everything()).await.unwrap(),
        nothing
    );
    assert_eq!(store.count_profiles(&ProfileFilter::default()).await.unwrap(), 0);
    assert_eq!(store.count_statuses(&StatusFilter::default()).await.unwrap(), 0);
    assert_eq!(store.sweep(fixture::NOW, usize::MAX).await.unwrap(), 0);
    store.ready().await.unwrap();
}

/// A sweep removes what has expired, a key at its very moment too, and tells how much; the rest stays.
pub async fn a_sweep_removes_what_has_expired(store: Arc<dyn Store>) {
    let session = fixture::session_until("session", 20);
    let tokens = vec![fixture::token("forever"), fixture::token_until("ten", 10), session];
    let mail_key = Some(fixture::mail_key("key", "ada@example.org", 15));
    store.register(Register { tokens, mail_key, ..fixture::register("ada") }).await.unwrap();
    for (seconds, swept) in [(0, 0), (9, 0), (10, 1), (10, 0), (14, 0), (15, 1), (19, 0), (99, 1), (99, 0)] {
        assert_eq!(store.sweep(fixture::after(seconds), 10).await.unwrap(), swept, "after {seconds} s");
        let at = fixture::NOW;
        let known = store.principal(&fixture::digest("session"), at).await.unwrap().is_some();
        assert_eq!(known, seconds < 99, "what has not expired is not swept");
    }
    assert!(is_known(&*store, "forever").await && !is_known(&*store, "ten").await);
}

/// A sweep does no more than it was asked to; the next goes on.
pub async fn a_sweep_has_a_limit(store: Arc<dyn Store>) {
    for account in 0..4 {
        let tokens = (0..3).map(|number| fixture::token_until(&format!("{account}-{number}"), number)).collect();
        let mail_key = Some(fixture::mail_key(&format!("key{account}"), "a@example.org", 1));
        store.register(Register { tokens, mail_key, ..fixture::register(&format!("account{account}")) }).await.unwrap();
    }
    assert_eq!(store.sweep(fixture::after(100), 0).await.unwrap(), 0);
    let mut swept = Vec::new();
    for _ in 0..5 {
        swept.push(store.sweep(fixture::after(100), 5).await.unwrap());
    }
    assert_eq!(swept, [5, 5, 5, 1, 0]);
}

/// What was swept is gone, so that its digest could be kept anew.
pub async fn a_swept_digest_is_free(store: Arc<dyn Store>) {
    let registration = |name| Register {
        tokens: vec![fixture::token_until("token", 10)],
        mail_key: Some(fixture::mail_key("key", "ada@example.org", 10)),
        ..fixture::register(name)
    };
    store.register(registration("ada")).await.unwrap();
    assert_eq!(store.sweep(fixture::after(10), 10).await.unwrap(), 2);
    let bob = store.register(registration("bob")).await.unwrap();
    let principal = store.principal(&fixture::digest("token"), fixture::NOW).await.unwrap().unwrap();
    assert_eq!(principal.account, bob.account.id);
}
