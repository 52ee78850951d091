//! Logins: what they end, and what they forgive.

use std::sync::Arc;

use super::{known, mails, register, trail, working_keys};
use crate::{
    mail::Mail,
    model::{AccountId, AuditEvent, KeyPurpose},
    store::{Admission, Forgive, LogIn, NewToken, Register, Store},
    testkit::{Refusal, fixture, refusal},
};

/// Logs `ada` in at this second, and keeps no more than so many logins.
async fn log_in(store: &dyn Store, ada: AccountId, seconds: u64, most: usize, tokens: Vec<NewToken>) {
    let command = LogIn { most, at: fixture::after(seconds), ..fixture::login(ada, "ada", tokens) };
    store.log_in(command).await.unwrap();
}

/// Of more logins than may be, those end that were not used for longest. Personal tokens are not counted and go on.
pub async fn logins_beyond_the_most_end(store: Arc<dyn Store>) {
    let ada = register(&*store, "ada").await.account.id;
    let bob = Register { tokens: vec![fixture::token("bob's")], ..fixture::register("bob") };
    store.register(bob).await.unwrap();
    store.issue_token(fixture::issue(ada, fixture::personal("personal"))).await.unwrap();
    for (seconds, secret) in [(1, "a"), (2, "b"), (3, "c")] {
        log_in(&*store, ada, seconds, 3, vec![fixture::token(secret)]).await;
    }
    let all = ["a", "b", "c", "d", "e", "f", "g", "personal", "bob's"];
    assert_eq!(known(&*store, &all).await, ["a", "b", "c", "personal", "bob's"]);

    store.touch(&[(fixture::digest("a"), fixture::after(10))]).await.unwrap();
    log_in(&*store, ada, 11, 3, vec![fixture::session("d")]).await;
    assert_eq!(known(&*store, &all).await, ["a", "c", "d", "personal", "bob's"], "b was not used for longest");
    log_in(&*store, ada, 12, 2, vec![fixture::token("e")]).await;
    assert_eq!(known(&*store, &all).await, ["d", "e", "personal", "bob's"], "a smaller number ends several");
    log_in(&*store, ada, 13, 1, vec![fixture::token("f"), fixture::session("g")]).await;
    assert_eq!(known(&*store, &all).await, ["g", "personal", "bob's"], "of one moment, the lower number ends");
}

/// A login that has expired is not counted, whether it was swept or not.
pub async fn expired_logins_are_not_counted(store: Arc<dyn Store>) {
    let ada = register(&*store, "ada").await.account.id;
    log_in(&*store, ada, 0, 2, vec![fixture::token("old")]).await;
    log_in(&*store, ada, 1, 2, vec![fixture::token_until("over", 5)]).await;
    log_in(&*store, ada, 5, 2, vec![fixture::token("new")]).await;
    assert_eq!(known(&*store, &["old", "new"]).await, ["old", "new"]);
}

/// A session that a login takes the place of ends if it is another account's; one's own goes on.
pub async fn a_former_session_of_another_account_ends(store: Arc<dyn Store>) {
    let ada = Register { tokens: vec![fixture::session("ada's")], ..fixture::register("ada") };
    let ada = store.register(ada).await.unwrap().account.id;
    let bob = Register { tokens: vec![fixture::session("bob's")], ..fixture::register("bob") };
    store.register(bob).await.unwrap();
    for former in ["ada's", "nobody's", "bob's", "bob's"] {
        let former = Some(fixture::digest(former));
        let command = LogIn { former, ..fixture::login(ada, "ada", vec![]) };
        store.log_in(command).await.unwrap();
    }
    assert_eq!(known(&*store, &["ada's", "bob's"]).await, ["ada's"]);

    let former = Some(fixture::digest("ada's"));
    let tokens = vec![fixture::session("cyd's")];
    store.register(Register { tokens, former, ..fixture::register("cyd") }).await.unwrap();
    assert_eq!(known(&*store, &["ada's", "cyd's"]).await, ["cyd's"], "a registration does the same");
}

/// A login ends every key that could reset the password, and no other key: who knows the password needs none.
pub async fn a_login_ends_keys_that_reset(store: Arc<dyn Store>) {
    let ada = register(&*store, "ada").await.account.id;
    let bob = register(&*store, "bob").await.account.id;
    let keys = [
        (ada, "confirm", KeyPurpose::ConfirmEmail, "ada@example.org"),
        (ada, "reset", KeyPurpose::ResetPassword, "ada@example.org"),
        (ada, "reset too", KeyPurpose::ResetPassword, "ada@example.org"),
        (ada, "change", KeyPurpose::ChangeEmail, "new@example.org"),
        (bob, "bob's", KeyPurpose::ResetPassword, "bob@example.org"),
    ];
    for (account, secret, purpose, address) in keys {
        store.send_keys(fixture::send(account, fixture::key(secret, purpose, address, 60))).await.unwrap();
    }
    let all = keys.map(|(_, secret, ..)| secret);
    assert_eq!(working_keys(&*store, &all).await, all);
    store.log_in(fixture::login(ada, "ada", vec![])).await.unwrap();
    assert_eq!(working_keys(&*store, &all).await, ["confirm", "change", "bob's"]);
}

/// A login forgives the tries that it names.
pub async fn a_login_forgives_tries(store: Arc<dyn Store>) {
    let ada = register(&*store, "ada").await.account.id;
    for _ in 0..3 {
        let granted = store.attempt(fixture::attempt(&["account", "address"])).await.unwrap();
        assert_eq!(granted, Admission::Granted);
    }
    let forgive = vec![Forgive::All(fixture::throttle("account")), Forgive::One(fixture::throttle("address"))];
    store.log_in(LogIn { forgive, ..fixture::login(ada, "ada", vec![]) }).await.unwrap();
    for granted in [true, false] {
        let answer = store.attempt(fixture::attempt(&["account", "address"])).await.unwrap();
        assert_eq!(answer == Admission::Granted, granted);
    }
}

/// A login that is refused ends nothing, forgives nothing, sends nothing and leaves no line.
pub async fn a_refused_login_does_nothing(store: Arc<dyn Store>) {
    let ada = register(&*store, "ada").await.account.id;
    let tokens = vec![fixture::session("former")];
    let bob = Register { tokens, ..fixture::register("bob") };
    store.register(bob).await.unwrap();
    let key = fixture::key("key", KeyPurpose::ResetPassword, "ada@example.org", 60);
    store.send_keys(fixture::send(ada, key)).await.unwrap();
    let places = ["192.0.2.1", "198.51.100.1"].map(fixture::place);
    let first = LogIn { place: Some(places[0]), ..fixture::login(ada, "ada", vec![fixture::token("token")]) };
    store.log_in(first).await.unwrap();
    let key = fixture::key("key", KeyPurpose::ResetPassword, "ada@example.org", 60);
    store.send_keys(fixture::send(ada, key)).await.unwrap();
    for _ in 0..3 {
        store.attempt(fixture::attempt(&["account"])).await.unwrap();
    }
    let before = mails(&*store).await;

    let command = |checked: &str, token| LogIn {
        checked: fixture::password(checked),
        most: 0,
        former: Some(fixture::digest("former")),
        place: Some(places[1]),
        if_new_place: Some(new_place()),
        forgive: vec![Forgive::All(fixture::throttle("account"))],
        audit: Some(fixture::note(AuditEvent::Login)),
        ..fixture::login(ada, "ada", vec![fixture::token(token)])
    };
    assert_eq!(refusal(store.log_in(command("wrong", "new")).await), Refusal::Stale);
    refusal(store.log_in(command("ada", "token")).await);

    assert_eq!(known(&*store, &["token", "former", "new"]).await, ["token", "former"]);
    assert_eq!(working_keys(&*store, &["key"]).await, ["key"]);
    assert_eq!(mails(&*store).await, before);
    assert_eq!(trail(&*store).await, []);
    assert_ne!(store.attempt(fixture::attempt(&["account"])).await.unwrap(), Admission::Granted);
    // The place was not noted: it is new to the next login.
    let next = LogIn { place: Some(places[1]), if_new_place: Some(new_place()), ..fixture::login(ada, "ada", vec![]) };
    store.log_in(next).await.unwrap();
    assert_eq!(mails(&*store).await.len(), before.len() + 1);
}

fn new_place() -> Mail {
    fixture::mail("ada", 7)
}
