//! Requests that are done once.

use std::sync::Arc;

use super::{MANY, erasure, register, together};
use crate::{
    model::{AccountId, KeptRequest, NewRequest, StatusId},
    store::{Posted, Register, StatusFilter, Store, Unique},
    testkit::{Refusal, fixture, refusal},
};

async fn post(store: &dyn Store, account: AccountId, request: NewRequest, seconds: u64) -> Posted {
    store.post_status_once(account, fixture::text("hello"), request, fixture::after(seconds)).await.unwrap()
}

async fn count(store: &dyn Store) -> u64 {
    store.count_statuses(&StatusFilter::default()).await.unwrap()
}

/// The number of the status that was posted now; panics if it was before.
fn now(posted: &Posted) -> StatusId {
    match posted {
        Posted::Now(status) => status.id,
        Posted::Before(before) => panic!("it was done before: {before:?}"),
    }
}

/// The same key again posts nothing, whatever is asked for, and says what was done.
pub async fn a_request_with_a_key_posts_once(store: Arc<dyn Store>) {
    let ada = register(&*store, "ada").await.account.id;
    let request = fixture::request("key", "hello", 60);
    let posted = post(&*store, ada, request, 0).await;
    let Posted::Now(status) = &posted else { panic!("{posted:?}") };
    assert_eq!(store.status(status.id).await.unwrap().as_ref(), Some(status));
    let kept = KeptRequest { account: ada, fingerprint: fixture::digest("hello"), status: Some(status.id) };
    assert_eq!(post(&*store, ada, request, 1).await, Posted::Before(kept));
    assert_eq!(post(&*store, ada, fixture::request("key", "other", 99), 1).await, Posted::Before(kept));
    assert_eq!(store.request(&request.key, fixture::after(59)).await.unwrap(), Some(kept));
    assert_eq!(store.request(&fixture::digest("other"), fixture::NOW).await.unwrap(), None);
    // That the status is gone changes nothing.
    store.delete_status(status.id, fixture::NOW.into()).await.unwrap();
    assert_eq!(post(&*store, ada, request, 1).await, Posted::Before(kept));
    assert_eq!(count(&*store).await, 0);
    let nobody = AccountId::new(9);
    let refused = store.post_status_once(nobody, fixture::text("x"), fixture::request("n", "x", 9), fixture::NOW).await;
    assert_eq!(refusal(refused), Refusal::Missing);
    assert_eq!(store.request(&fixture::digest("n"), fixture::NOW).await.unwrap(), None);
}

/// A registration is remembered with its account, and its key is looked at before its name.
pub async fn a_registration_with_a_key_is_remembered(store: Arc<dyn Store>) {
    let request = fixture::request("key", "ada", 60);
    let command = Register { request: Some(request), ..fixture::register("ada") };
    let ada = store.register(command.clone()).await.unwrap().account.id;
    let kept = KeptRequest { account: ada, fingerprint: fixture::digest("ada"), status: None };
    assert_eq!(store.request(&request.key, fixture::NOW).await.unwrap(), Some(kept));
    assert_eq!(refusal(store.register(command).await), Refusal::Taken(Unique::Request));
    let other = Register { request: Some(request), ..fixture::register("bob") };
    assert_eq!(refusal(store.register(other.clone()).await), Refusal::Taken(Unique::Request));
    // Once it has expired, the key is free.
    store.register(Register { at: fixture::after(60), ..other }).await.unwrap();
    let taken = Register { request: Some(fixture::request("new", "ada", 60)), ..fixture::register("ada") };
    assert_eq!(refusal(store.register(taken).await), Refusal::Taken(Unique::Username));
    assert_eq!(store.request(&fixture::digest("new"), fixture::NOW).await.unwrap(), None);
}

/// From its moment on a request is as if it had not been, whether it was swept or not.
pub async fn a_request_is_remembered_until_it_expires(store: Arc<dyn Store>) {
    let ada = register(&*store, "ada").await.account.id;
    let first = now(&post(&*store, ada, fixture::request("key", "hello", 60), 0).await);
    assert!(matches!(post(&*store, ada, fixture::request("key", "hello", 99), 59).await, Posted::Before(_)));
    assert_eq!(store.request(&fixture::digest("key"), fixture::after(60)).await.unwrap(), None);
    assert_ne!(now(&post(&*store, ada, fixture::request("key", "hello", 120), 60).await), first);
    assert_eq!(store.sweep(fixture::after(119), 9).await.unwrap(), 0);
    assert_eq!(store.sweep(fixture::after(120), 9).await.unwrap(), 1);
    now(&post(&*store, ada, fixture::request("key", "hello", 180), 0).await);
}

/// Of too many, those are forgotten that end first; of other accounts none is.
pub async fn an_account_has_so_many_requests(store: Arc<dyn Store>) {
    let bob = register(&*store, "bob").await.account.id;
    post(&*store, bob, fixture::request("bob", "x", 1), 0).await;
    let ada = register(&*store, "ada").await.account.id;
    let most = u64::try_from(KeptRequest::MOST).unwrap();
    // The later they come, the earlier they end; the last two push out the one that ends first, one of them itself.
    for number in 0..most + 2 {
        post(&*store, ada, fixture::request(&format!("key {number}"), "x", 9000 - number), 0).await;
    }
    let kept = async |key: String| store.request(&fixture::digest(&key), fixture::NOW).await.unwrap().is_some();
    assert!(kept("key 0".into()).await && kept(format!("key {}", most - 1)).await);
    assert!(!kept(format!("key {most}")).await && !kept(format!("key {}", most + 1)).await);
    assert!(kept("bob".into()).await);
}

/// Nothing is remembered of who is gone.
pub async fn a_request_goes_with_its_account(store: Arc<dyn Store>) {
    let request = fixture::request("key", "ada", 60);
    let ada = store.register(Register { request: Some(request), ..fixture::register("ada") }).await.unwrap().account.id;
    post(&*store, ada, fixture::request("post", "x", 60), 0).await;
    erasure::erase(&*store, ada).await;
    for key in ["key", "post"] {
        assert_eq!(store.request(&fixture::digest(key), fixture::NOW).await.unwrap(), None);
    }
    assert_eq!(store.sweep(fixture::after(60), 9).await.unwrap(), 0);
}

/// Of many at once with one key, one posts, and all hear of the same status.
pub async fn one_of_many_requests_with_a_key_posts(store: Arc<dyn Store>) {
    let ada = register(&*store, "ada").await.account.id;
    let writer = Arc::clone(&store);
    let answers = together(MANY, move |_| {
        let store = Arc::clone(&writer);
        async move { post(&*store, ada, fixture::request("key", "hello", 60), 0).await }
    })
    .await;
    assert_eq!(answers.iter().filter(|posted| matches!(posted, Posted::Now(_))).count(), 1);
    for posted in answers {
        let id = match posted {
            Posted::Now(status) => Some(status.id),
            Posted::Before(before) => before.status,
        };
        assert_eq!(id, Some(StatusId::new(1)));
    }
    assert_eq!(count(&*store).await, 1);
}
