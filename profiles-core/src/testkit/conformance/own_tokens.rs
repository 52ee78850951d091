//! Tokens as their owner sees them: listing, making and ending them.

use std::sync::Arc;

use super::{is_known, known, register};
use crate::{
    model::{AccountId, Scope, Token, TokenId, TokenKind},
    store::{EndTokens, IssueToken, NewToken, Register, Store, Unique, Which},
    testkit::{Refusal, fixture, refusal},
};

const ADA: AccountId = AccountId::new(1);
const BOB: AccountId = AccountId::new(2);
const ALL: [&str; 6] = ["a", "b", "c", "d", "e", "f"];

/// Two accounts: `ada` has the API tokens `a` and `b`, the session `c` and the personal tokens `d` and `e`, with the
/// numbers 1 to 5; `bob` has the session `f`, with number 6.
async fn fill(store: &dyn Store) {
    let tokens = vec![fixture::token("a"), fixture::token("b"), fixture::session("c")];
    store.register(Register { tokens, ..fixture::register("ada") }).await.unwrap();
    for secret in ["d", "e"] {
        store.issue_token(fixture::issue(ADA, fixture::personal(secret))).await.unwrap();
    }
    let tokens = vec![fixture::session("f")];
    store.register(Register { tokens, ..fixture::register("bob") }).await.unwrap();
}

async fn end(store: &dyn Store, account: AccountId, which: Which) -> usize {
    store.end_tokens(fixture::end_tokens(account, which)).await.unwrap()
}

/// The tokens of an account are listed by number, each with all that it says, and nobody else's are.
pub async fn tokens_are_listed_with_all_they_say(store: Arc<dyn Store>) {
    assert_eq!(store.tokens_of(ADA, fixture::NOW).await.unwrap(), []);
    register(&*store, "ada").await;
    register(&*store, "bob").await;
    assert_eq!(store.tokens_of(ADA, fixture::NOW).await.unwrap(), []);
    let session = NewToken { origin: fixture::origin("2001:db8::1"), ..fixture::session_until("z", 60) };
    store.log_in(fixture::login(ADA, "ada", vec![session])).await.unwrap();
    store.log_in(fixture::login(BOB, "bob", vec![fixture::token("bob's")])).await.unwrap();
    let scopes = [Scope::StatusWrite, Scope::AccountRead].into_iter().collect();
    let personal = NewToken { scopes, origin: fixture::origin("192.0.2.1"), ..fixture::personal("a") };
    let command = IssueToken { at: fixture::after(5), ..fixture::issue(ADA, personal) };
    let issued = store.issue_token(command).await.unwrap();

    let session = Token {
        id: TokenId::new(1),
        account: ADA,
        kind: TokenKind::Session,
        name: None,
        scopes: fixture::token("").scopes,
        created_at: fixture::NOW,
        last_used_at: None,
        expires_at: Some(fixture::after(60)),
        origin: fixture::origin("2001:db8::1"),
    };
    let personal = Token {
        id: TokenId::new(3),
        kind: TokenKind::Personal,
        name: Some(fixture::token_name("a")),
        scopes,
        created_at: fixture::after(5),
        expires_at: None,
        origin: fixture::origin("192.0.2.1"),
        ..session.clone()
    };
    assert_eq!(issued, personal);
    assert_eq!(store.tokens_of(ADA, fixture::NOW).await.unwrap(), [session, personal.clone()]);
    assert_eq!(store.tokens_of(ADA, fixture::after(60)).await.unwrap(), [personal], "what is over is not listed");
    let found = store.principal(&fixture::digest("a"), fixture::NOW).await.unwrap().unwrap();
    assert_eq!((found.token, found.kind, found.scopes), (TokenId::new(3), TokenKind::Personal, scopes));
}

/// The number of a token that is gone is not given again, whoever gets the next.
pub async fn the_number_of_a_token_is_not_given_again(store: Arc<dyn Store>) {
    fill(&*store).await;
    store.revoke(&[fixture::digest("f")], fixture::NOW.into()).await.unwrap();
    assert_eq!(end(&*store, ADA, Which::One(TokenId::new(5))).await, 1);
    let issued = store.issue_token(fixture::issue(BOB, fixture::personal("g"))).await.unwrap();
    assert_eq!(issued.id, TokenId::new(7));
    // One that was refused takes no number.
    refusal(store.issue_token(fixture::issue(BOB, fixture::personal("g"))).await);
    let issued = store.issue_token(fixture::issue(ADA, fixture::personal("h"))).await.unwrap();
    assert_eq!(issued.id, TokenId::new(8));
}

/// An account may have so many personal tokens. Logins, other accounts' tokens and those that are over are not counted.
pub async fn personal_tokens_have_a_limit(store: Arc<dyn Store>) {
    fill(&*store).await;
    let issue = async |account, token, seconds| {
        let command = IssueToken { most: 3, at: fixture::after(seconds), ..fixture::issue(account, token) };
        store.issue_token(command).await
    };
    let short = NewToken { lifetime: fixture::token_until("", 60).lifetime, ..fixture::personal("short") };
    issue(ADA, short, 0).await.unwrap();
    for seconds in [0, 59] {
        assert_eq!(refusal(issue(ADA, fixture::personal("more"), seconds).await), Refusal::Full);
    }
    assert!(!is_known(&*store, "more").await);
    issue(BOB, fixture::personal("bob's"), 0).await.expect("each account has a limit of its own");
    issue(ADA, fixture::personal("more"), 60).await.expect("the short one is over");
    assert_eq!(refusal(issue(ADA, fixture::personal("still more"), 60).await), Refusal::Full);
    assert_eq!(end(&*store, ADA, Which::Personal(TokenId::new(4))).await, 1);
    issue(ADA, fixture::personal("still more"), 60).await.expect("one was ended");
}

/// A token for nobody is missing; a secret that is there already is taken.
pub async fn a_token_is_issued_once_and_to_somebody(store: Arc<dyn Store>) {
    fill(&*store).await;
    let issue = |account, secret| store.issue_token(fixture::issue(account, fixture::personal(secret)));
    assert_eq!(refusal(issue(AccountId::new(3), "new").await), Refusal::Missing);
    assert_eq!(refusal(issue(ADA, "f").await), Refusal::Taken(Unique::Secret));
    assert!(!is_known(&*store, "new").await);
    assert_eq!(store.tokens_of(ADA, fixture::NOW).await.unwrap().len(), 5);
}

/// One token is ended by its number, whatever its kind, once, and by its owner alone.
pub async fn one_token_is_ended_by_its_number(store: Arc<dyn Store>) {
    fill(&*store).await;
    for number in [0, 6, 7, u64::MAX] {
        assert_eq!(end(&*store, ADA, Which::One(TokenId::new(number))).await, 0, "{number} is none of ada's");
    }
    assert_eq!(end(&*store, AccountId::new(3), Which::One(TokenId::new(1))).await, 0);
    assert_eq!(known(&*store, &ALL).await, ALL);
    for (number, left) in [(2, vec!["a", "c", "d", "e", "f"]), (3, vec!["a", "d", "e", "f"]), (4, vec!["a", "e", "f"])]
    {
        assert_eq!(end(&*store, ADA, Which::One(TokenId::new(number))).await, 1);
        assert_eq!(known(&*store, &ALL).await, left);
        assert_eq!(end(&*store, ADA, Which::One(TokenId::new(number))).await, 0, "it has ended already");
    }
}

/// Where a personal token is to end, a login does not.
pub async fn a_personal_token_is_ended_by_its_number(store: Arc<dyn Store>) {
    fill(&*store).await;
    for number in [1, 3, 6] {
        assert_eq!(end(&*store, ADA, Which::Personal(TokenId::new(number))).await, 0);
    }
    assert_eq!(end(&*store, BOB, Which::Personal(TokenId::new(4))).await, 0);
    assert_eq!(end(&*store, ADA, Which::Personal(TokenId::new(4))).await, 1);
    assert_eq!(known(&*store, &ALL).await, ["a", "b", "c", "e", "f"]);
}

/// All other logins end at once; the one that is kept, personal tokens and other accounts go on.
pub async fn all_other_logins_end_at_once(store: Arc<dyn Store>) {
    fill(&*store).await;
    assert_eq!(end(&*store, ADA, Which::OtherLogins(Some(TokenId::new(2)))).await, 2);
    assert_eq!(known(&*store, &ALL).await, ["b", "d", "e", "f"]);
    assert_eq!(end(&*store, ADA, Which::OtherLogins(Some(TokenId::new(2)))).await, 0);
    assert_eq!(end(&*store, ADA, Which::OtherLogins(Some(TokenId::new(4)))).await, 1, "a personal one ends logins");
    assert_eq!(end(&*store, BOB, Which::OtherLogins(None)).await, 1);
    assert_eq!(known(&*store, &ALL).await, ["d", "e"]);
}

/// A token that is over can't be ended, whether it was swept or not.
pub async fn what_is_over_can_not_be_ended(store: Arc<dyn Store>) {
    let tokens = vec![fixture::token_until("token", 60), fixture::idle_session("session", 60)];
    store.register(Register { tokens, ..fixture::register("ada") }).await.unwrap();
    for which in [Which::One(TokenId::new(1)), Which::OtherLogins(None)] {
        let command = EndTokens { at: fixture::after(60), ..fixture::end_tokens(ADA, which) };
        assert_eq!(store.end_tokens(command).await.unwrap(), 0);
    }
    assert_eq!(store.sweep(fixture::after(60), 10).await.unwrap(), 2);
}
