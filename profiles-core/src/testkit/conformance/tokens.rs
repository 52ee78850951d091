//! Tokens and sessions.

use std::{sync::Arc, time::Duration};

use super::{digests, is_known, register, revision_after};
use crate::{
    model::{Account, AccountId, Principal, Scopes, Timestamp, TokenId, TokenKind},
    store::{AccountChange, LogIn, Register, Revoke, Store, Unique},
    testkit::{Refusal, fixture, refusal},
};

/// A login keeps its tokens and notes when it was.
pub async fn a_login_keeps_its_tokens_and_its_time(store: Arc<dyn Store>) {
    let ada = register(&*store, "ada").await.account;
    let tokens = vec![fixture::token("token"), fixture::session("session")];
    let command = LogIn { at: fixture::after(5), ..fixture::login(ada.id, "ada", tokens) };
    let answer = store.log_in(command).await.unwrap();
    let expected = Account { last_login_at: Some(fixture::after(5)), revision: revision_after(1), ..ada };
    assert_eq!(answer, expected);
    assert_eq!(store.account(answer.id).await.unwrap(), Some(expected));
    assert!(is_known(&*store, "token").await && is_known(&*store, "session").await);
}

/// Logging in again ends nothing: each login has its own tokens.
pub async fn logins_do_not_end_each_other(store: Arc<dyn Store>) {
    let ada = register(&*store, "ada").await.account;
    for number in 1..=3 {
        let command = fixture::login(ada.id, "ada", vec![fixture::token(&format!("token{number}"))]);
        store.log_in(LogIn { at: fixture::after(number), ..command }).await.unwrap();
    }
    for number in 1..=3 {
        assert!(is_known(&*store, &format!("token{number}")).await);
    }
    let last = store.account(ada.id).await.unwrap().unwrap().last_login_at;
    assert_eq!(last, Some(fixture::after(3)));
}

/// A login may bring a stronger hash of the same password.
pub async fn a_login_may_replace_the_hash(store: Arc<dyn Store>) {
    let ada = register(&*store, "ada").await.account;
    let stronger = fixture::password("ada-stronger");
    let command =
        LogIn { rehashed: Some(stronger.clone()), ..fixture::login(ada.id, "ada", vec![fixture::token("token")]) };
    assert_eq!(store.log_in(command).await.unwrap().password, stronger);
    assert_eq!(store.account(ada.id).await.unwrap().unwrap().password, stronger);
    assert!(is_known(&*store, "token").await);
    // Who checked the password against the old hash is too late now.
    assert_eq!(refusal(store.log_in(fixture::login(ada.id, "ada", vec![])).await), Refusal::Stale);
}

/// Nobody logs in who does not exist.
pub async fn nobody_logs_in_without_an_account(store: Arc<dyn Store>) {
    let command = fixture::login(AccountId::new(1), "ada", vec![fixture::token("token")]);
    assert_eq!(refusal(store.log_in(command).await), Refusal::Missing);
    assert!(!is_known(&*store, "token").await);
}

/// A login whose password was replaced after it was checked comes to nothing.
pub async fn a_login_with_a_replaced_password_is_stale(store: Arc<dyn Store>) {
    let ada = register(&*store, "ada").await.account;
    let ada = store.set_password(fixture::set_password(ada.id, ada.revision, "new", Revoke::Everything)).await.unwrap();
    let rehashed = Some(fixture::password("ada-stronger"));
    let command = LogIn { rehashed, ..fixture::login(ada.id, "ada", vec![fixture::token("token")]) };
    assert_eq!(refusal(store.log_in(command).await), Refusal::Stale);
    assert!(!is_known(&*store, "token").await);
    assert_eq!(store.account(ada.id).await.unwrap(), Some(ada));
}

/// A login to an account that was deactivated after it was looked at comes to nothing.
pub async fn a_login_to_a_deactivated_account_is_stale(store: Arc<dyn Store>) {
    let ada = register(&*store, "ada").await.account;
    let change = AccountChange { is_active: Some(false), ..AccountChange::default() };
    let ada = store.update_account(ada.id, ada.revision, change, fixture::NOW.into()).await.unwrap();
    let command = fixture::login(ada.id, "ada", vec![fixture::token("token")]);
    assert_eq!(refusal(store.log_in(command).await), Refusal::Stale);
    assert!(!is_known(&*store, "token").await);
    assert_eq!(store.account(ada.id).await.unwrap(), Some(ada));
}

/// A login with a secret that is there already keeps nothing and notes nothing.
pub async fn a_login_with_a_known_secret_is_refused(store: Arc<dyn Store>) {
    let command = Register { tokens: vec![fixture::token("token")], ..fixture::register("ada") };
    store.register(command).await.unwrap();
    let bob = register(&*store, "bob").await.account;
    for tokens in [["new", "token"], ["twice", "twice"]] {
        let tokens = tokens.into_iter().map(fixture::token).collect();
        let command = LogIn { rehashed: Some(fixture::password("b")), ..fixture::login(bob.id, "bob", tokens) };
        assert_eq!(refusal(store.log_in(command).await), Refusal::Taken(Unique::Secret));
    }
    assert!(!is_known(&*store, "new").await && !is_known(&*store, "twice").await);
    assert_eq!(store.account(bob.id).await.unwrap(), Some(bob));
}

/// A token says all that a request needs to know of who presents it.
pub async fn a_token_says_who_it_speaks_for(store: Arc<dyn Store>) {
    register(&*store, "bob").await;
    let session = fixture::session_until("session", 60);
    let tokens = vec![fixture::token("token"), session];
    let command = Register { is_staff: true, tokens, ..fixture::register("Ada") };
    let made = store.register(command).await.unwrap();
    let expected = Principal {
        token: TokenId::new(1),
        account: made.account.id,
        profile: made.profile.id,
        username: fixture::username("Ada"),
        is_staff: true,
        is_active: true,
        kind: TokenKind::Api,
        scopes: Scopes::default(),
        expires_at: None,
        seen_at: fixture::NOW,
    };
    let of = async |secret| store.principal(&fixture::digest(secret), fixture::NOW).await.unwrap();
    assert_eq!(of("token").await, Some(expected.clone()));
    let end = Some(fixture::after(60));
    let session = Principal { token: TokenId::new(2), kind: TokenKind::Session, expires_at: end, ..expected };
    assert_eq!(of("session").await, Some(session));
    assert_eq!(of("Token").await, None);
    assert_eq!(of("").await, None);
}

/// A token ends at its moment, not before it and not after; one without a moment does not end.
pub async fn an_expired_token_speaks_for_nobody(store: Arc<dyn Store>) {
    let tokens = vec![fixture::token("forever"), fixture::token_until("minute", 60)];
    let ada = store.register(Register { tokens, ..fixture::register("ada") }).await.unwrap().account;
    let session = fixture::session_until("session", 30);
    store.log_in(fixture::login(ada.id, "ada", vec![session])).await.unwrap();

    let known = async |secret, now| store.principal(&fixture::digest(secret), now).await.unwrap().is_some();
    let just_before = |end: Timestamp| Timestamp::from_micros(end.as_micros() - 1);
    for (secret, end) in [("minute", fixture::after(60)), ("session", fixture::after(30))] {
        assert!(known(secret, fixture::NOW).await && known(secret, just_before(end)).await);
        assert!(!known(secret, end).await, "{secret} ends at its moment");
        assert!(!known(secret, end.plus(Duration::from_secs(1))).await);
    }
    assert!(known("forever", Timestamp::from_micros(i64::MAX)).await);
    assert!(known("minute", fixture::NOW).await, "asking later about now is answered for now: nothing was written");
}

/// What a token says is what is so now.
pub async fn a_token_tells_of_changes_at_once(store: Arc<dyn Store>) {
    let command = Register { tokens: vec![fixture::token("token")], ..fixture::register("ada") };
    let ada = store.register(command).await.unwrap().account;
    let staff = AccountChange { is_staff: Some(true), ..AccountChange::default() };
    let ada = store.update_account(ada.id, ada.revision, staff, fixture::NOW.into()).await.unwrap();
    let principal = async || store.principal(&fixture::digest("token"), fixture::NOW).await.unwrap().unwrap();
    assert!(principal().await.is_staff);
    let demoted = AccountChange { is_staff: Some(false), ..AccountChange::default() };
    store.update_account(ada.id, ada.revision, demoted, fixture::NOW.into()).await.unwrap();
    assert!(!principal().await.is_staff);
}

/// The tokens of a deactivated account stay, say that it is, and work again with it.
pub async fn deactivation_leaves_tokens_in_place(store: Arc<dyn Store>) {
    let tokens = vec![fixture::token("token"), fixture::session("session")];
    let mut ada = store.register(Register { tokens, ..fixture::register("ada") }).await.unwrap().account;
    for is_active in [false, true] {
        let change = AccountChange { is_active: Some(is_active), ..AccountChange::default() };
        ada = store.update_account(ada.id, ada.revision, change, fixture::NOW.into()).await.unwrap();
        for secret in ["token", "session"] {
            let principal = store.principal(&fixture::digest(secret), fixture::NOW).await.unwrap().unwrap();
            assert_eq!(principal.is_active, is_active);
        }
    }
}

/// Revoking ends the tokens it names, and no others.
pub async fn revoking_ends_the_tokens_it_names(store: Arc<dyn Store>) {
    let tokens = ["a", "b", "c"].map(fixture::token).to_vec();
    store.register(Register { tokens, ..fixture::register("ada") }).await.unwrap();
    let tokens = vec![fixture::session("d"), fixture::session("e")];
    store.register(Register { tokens, ..fixture::register("bob") }).await.unwrap();
    store.revoke(&digests(&["b", "d"]), fixture::NOW.into()).await.unwrap();
    for (secret, known) in [("a", true), ("b", false), ("c", true), ("d", false), ("e", true)] {
        assert_eq!(is_known(&*store, secret).await, known, "{secret}");
    }
}

/// Revoking what is not there is no error, and does not keep the rest from being revoked.
pub async fn revoking_passes_over_what_is_not_there(store: Arc<dyn Store>) {
    let tokens = ["a", "b"].map(fixture::token).to_vec();
    store.register(Register { tokens, ..fixture::register("ada") }).await.unwrap();
    store.revoke(&[], fixture::NOW.into()).await.unwrap();
    store.revoke(&digests(&["nobody's"]), fixture::NOW.into()).await.unwrap();
    store.revoke(&digests(&["nobody's", "a", "a"]), fixture::NOW.into()).await.unwrap();
    store.revoke(&digests(&["a"]), fixture::NOW.into()).await.unwrap();
    assert!(!is_known(&*store, "a").await && is_known(&*store, "b").await);
}

/// Of a revoked token nothing is left, so that its digest could be kept anew.
pub async fn a_revoked_token_is_gone(store: Arc<dyn Store>) {
    let command = Register { tokens: vec![fixture::token_until("token", 60)], ..fixture::register("ada") };
    let ada = store.register(command).await.unwrap().account;
    store.revoke(&digests(&["token"]), fixture::NOW.into()).await.unwrap();
    store.log_in(fixture::login(ada.id, "ada", vec![fixture::session("token")])).await.unwrap();
    let principal = store.principal(&fixture::digest("token"), fixture::after(60)).await.unwrap().unwrap();
    assert_eq!((principal.kind, principal.expires_at), (TokenKind::Session, None));
    assert_eq!(store.sweep(fixture::after(60), 10).await.unwrap(), 0, "the first one's end is forgotten too");
}
