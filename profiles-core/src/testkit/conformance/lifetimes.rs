//! When tokens end, and how use prolongs them.

use std::{sync::Arc, time::Duration};

use super::register;
use crate::{
    model::{AccountId, Lifetime, Principal, Timestamp, Token},
    store::{NewToken, Register, Store},
    testkit::fixture,
};

const ADA: AccountId = AccountId::new(1);

/// Registers `ada` at [`fixture::NOW`] with this token.
async fn with(store: &dyn Store, token: NewToken) {
    store.register(Register { tokens: vec![token], ..fixture::register("ada") }).await.unwrap();
}

async fn touch(store: &dyn Store, secret: &str, seconds: u64) {
    store.touch(&[(fixture::digest(secret), fixture::after(seconds))]).await.unwrap();
}

async fn principal(store: &dyn Store, secret: &str, at: Timestamp) -> Option<Principal> {
    store.principal(&fixture::digest(secret), at).await.unwrap()
}

/// Panics unless this token, the only one, works until this second and not at it; and unless the list says the same.
async fn assert_ends_at(store: &dyn Store, secret: &str, seconds: u64) {
    let end = fixture::after(seconds);
    let just_before = Timestamp::from_micros(end.as_micros() - 1);
    let found = principal(store, secret, just_before).await.expect("it works until its moment");
    assert_eq!(found.expires_at, Some(end));
    assert_eq!(principal(store, secret, end).await, None, "it ends at its moment");
    let listed = store.tokens_of(ADA, just_before).await.unwrap();
    assert_eq!(listed.iter().map(|token| token.expires_at).collect::<Vec<_>>(), [Some(end)]);
    assert_eq!(store.tokens_of(ADA, end).await.unwrap(), []);
}

async fn only_token(store: &dyn Store) -> Token {
    let mut tokens = store.tokens_of(ADA, fixture::NOW).await.unwrap();
    assert_eq!(tokens.len(), 1);
    tokens.remove(0)
}

/// A token with a fixed end works until that moment, used or not.
pub async fn a_token_ends_at_its_fixed_moment(store: Arc<dyn Store>) {
    with(&*store, fixture::token_until("token", 60)).await;
    assert_ends_at(&*store, "token", 60).await;
    touch(&*store, "token", 50).await;
    assert_ends_at(&*store, "token", 60).await;
}

/// A token that lies unused ends so long after it was made.
pub async fn an_unused_token_ends_at_its_moment(store: Arc<dyn Store>) {
    with(&*store, fixture::idle_session("session", 60)).await;
    assert_ends_at(&*store, "session", 60).await;
}

/// Each use prolongs a token with a limit on idleness, again and again, and the sweep goes by the last one.
pub async fn use_prolongs_an_idle_token(store: Arc<dyn Store>) {
    with(&*store, fixture::idle_session("session", 60)).await;
    for seconds in [50, 109, 120] {
        touch(&*store, "session", seconds).await;
        assert_ends_at(&*store, "session", seconds + 60).await;
    }
    assert_eq!(store.sweep(fixture::after(179), 10).await.unwrap(), 0);
    assert_eq!(store.sweep(fixture::after(180), 10).await.unwrap(), 1);
}

/// Of a fixed end and a limit on idleness, whichever comes first ends a token.
pub async fn the_first_of_two_ends_holds(store: Arc<dyn Store>) {
    let lifetime = Lifetime { ends_at: Some(fixture::after(100)), idle: Some(Duration::from_mins(1)) };
    with(&*store, NewToken { lifetime, ..fixture::session("session") }).await;
    assert_ends_at(&*store, "session", 60).await;
    touch(&*store, "session", 39).await;
    assert_ends_at(&*store, "session", 99).await;
    touch(&*store, "session", 90).await;
    assert_ends_at(&*store, "session", 100).await;
}

/// A token that was not used yet says so; then it says when it last was. That moves only forward.
pub async fn the_last_use_moves_only_forward(store: Arc<dyn Store>) {
    with(&*store, fixture::token("token")).await;
    let seen_at = async || principal(&*store, "token", fixture::NOW).await.unwrap().seen_at;
    assert_eq!((only_token(&*store).await.last_used_at, seen_at().await), (None, fixture::NOW));
    let before_it_was_made = Timestamp::from_micros(fixture::NOW.as_micros() - 1);
    store.touch(&[(fixture::digest("token"), before_it_was_made)]).await.unwrap();
    assert_eq!((only_token(&*store).await.last_used_at, seen_at().await), (None, fixture::NOW));
    for (seconds, last) in [(50, 50), (30, 50), (50, 50), (51, 51)] {
        touch(&*store, "token", seconds).await;
        let last = fixture::after(last);
        assert_eq!((only_token(&*store).await.last_used_at, seen_at().await), (Some(last), last));
    }
}

/// Use at or after its end does not bring a token back.
pub async fn use_does_not_revive_a_token(store: Arc<dyn Store>) {
    with(&*store, fixture::idle_session("session", 60)).await;
    for seconds in [60, 61, 1000] {
        touch(&*store, "session", seconds).await;
        assert_ends_at(&*store, "session", 60).await;
    }
}

/// Several uses are noted at once, in any order; tokens that are not there are passed over.
pub async fn several_uses_are_noted_at_once(store: Arc<dyn Store>) {
    register(&*store, "ada").await;
    let tokens = vec![fixture::token("a"), fixture::token("b"), fixture::token("c")];
    store.log_in(fixture::login(ADA, "ada", tokens)).await.unwrap();
    let used = [("nobody's", 5), ("b", 20), ("a", 7), ("b", 10)];
    let used = used.map(|(secret, seconds)| (fixture::digest(secret), fixture::after(seconds)));
    store.touch(&used).await.unwrap();
    store.touch(&[]).await.unwrap();
    let tokens = store.tokens_of(ADA, fixture::NOW).await.unwrap();
    let last: Vec<_> = tokens.iter().map(|token| token.last_used_at).collect();
    assert_eq!(last, [Some(fixture::after(7)), Some(fixture::after(20)), None]);
}
