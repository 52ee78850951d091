//! New passwords: what ends with the old one.

use std::sync::Arc;

use super::{known, mails, register, revision_after, working_keys};
use crate::{
    model::{Account, KeyPurpose, TokenId},
    store::{Admission, Forgive, LogIn, Register, RenewSession, ResetPassword, Revoke, SetPassword, Store, Unique},
    testkit::{Refusal, fixture, refusal},
};

/// What ends with a password is what the command says, of its account alone, by both ways to a new one.
pub async fn each_revocation_ends_what_it_says(store: Arc<dyn Store>) {
    let secrets = ["token", "session", "personal", "other token", "other session"];
    let bob = Register { tokens: vec![fixture::session("bob's")], ..fixture::register("bob") };
    store.register(bob).await.unwrap();
    let ada = register(&*store, "ada").await.account.id;
    let key = || fixture::key("key", KeyPurpose::ResetPassword, "ada@example.org", 60);
    for number in 0..6 {
        for by_key in [false, true] {
            let tokens = secrets.map(|secret| match secret {
                "session" | "other session" => fixture::session(secret),
                "personal" => fixture::personal(secret),
                _ => fixture::token(secret),
            });
            let account = store.account(ada).await.unwrap().unwrap();
            let checked = account.password.clone();
            let account = store.log_in(LogIn { checked, ..fixture::login(ada, "", tokens.to_vec()) }).await;
            let tokens = store.tokens_of(ada, fixture::NOW).await.unwrap();
            let (token, session) = (tokens[0].id, tokens[1].id);
            let (revoke, left) = match number {
                0 => (Revoke::Everything, vec![]),
                1 => (Revoke::Sessions, vec!["token", "personal", "other token"]),
                2 => (Revoke::EverythingBut(token), vec!["token"]),
                3 => (Revoke::EverythingBut(session), vec!["session"]),
                4 => (Revoke::SessionsBut(session), vec!["token", "session", "personal", "other token"]),
                _ => (Revoke::SessionsBut(token), vec!["token", "personal", "other token"]),
            };
            if by_key {
                store.send_keys(fixture::send(ada, key())).await.unwrap();
                store.reset_password(ResetPassword { revoke, ..fixture::reset(ada, "key", "new") }).await.unwrap();
            } else {
                let command = fixture::set_password(ada, account.unwrap().revision, "new", revoke);
                store.set_password(command).await.unwrap();
            }
            assert_eq!(known(&*store, &secrets).await, left, "{revoke:?}, by key: {by_key}");
            let rest: Vec<_> = secrets.iter().map(|secret| fixture::digest(secret)).collect();
            store.revoke(&rest, fixture::NOW.into()).await.unwrap();
        }
    }
    assert_eq!(known(&*store, &["bob's"]).await, ["bob's"]);
}

/// A session may go on under a new id, whatever else ends; one that is not there, or no session of this account, may not.
pub async fn a_session_is_renewed_with_the_password(store: Arc<dyn Store>) {
    let bob = Register { tokens: vec![fixture::session("bob's")], ..fixture::register("bob") };
    store.register(bob).await.unwrap();
    let tokens = vec![fixture::token("token"), fixture::session_until("over", 60)];
    let tokens = Register { tokens, ..fixture::register("ada") };
    let mut ada = store.register(tokens).await.unwrap().account;
    let all = ["token", "over", "old", "bob's"];
    let ways: [fn(TokenId) -> Revoke; 4] =
        [|_| Revoke::Sessions, Revoke::SessionsBut, Revoke::EverythingBut, |_| Revoke::Everything];
    for way in ways {
        let checked = ada.password.clone();
        let login = fixture::login(ada.id, "", vec![fixture::session("old")]);
        ada = store.log_in(LogIn { checked, ..login }).await.unwrap();
        // The old one ends even where it is the one that is kept.
        let revoke = way(store.tokens_of(ada.id, fixture::NOW).await.unwrap().last().unwrap().id);
        for (number, former) in ["old", "old", "token", "bob's", "over", "nobody's"].into_iter().enumerate() {
            let before = known(&*store, &all).await;
            let new = format!("{number} {revoke:?}");
            let renew = Some(RenewSession { former: fixture::digest(former), session: fixture::session(&new) });
            let at = fixture::after(60);
            let command = SetPassword { renew, at, ..fixture::set_password(ada.id, ada.revision, "new", revoke) };
            ada = store.set_password(command).await.unwrap();
            let renewed = former == "old" && before.contains(&"old");
            assert_eq!(
                known(&*store, &["old", &new]).await,
                if renewed { vec![new.as_str()] } else { vec![] },
                "{former}"
            );
        }
    }
    assert_eq!(known(&*store, &all).await, ["bob's"]);

    let checked = ada.password.clone();
    let login = LogIn { checked, ..fixture::login(ada.id, "", vec![fixture::session("old")]) };
    let ada = store.log_in(login).await.unwrap();
    // Another's secret, whether there is a session to renew or not, and the one that ends.
    for (former, new) in [("old", "bob's"), ("nobody's", "bob's"), ("old", "old")] {
        let renew = Some(RenewSession { former: fixture::digest(former), session: fixture::session(new) });
        let command = SetPassword { renew, ..fixture::set_password(ada.id, ada.revision, "other", Revoke::Sessions) };
        assert_eq!(refusal(store.set_password(command).await), Refusal::Taken(Unique::Secret), "{former}");
    }
    assert_eq!(known(&*store, &all).await, ["old", "bob's"]);
    assert_eq!(store.account(ada.id).await.unwrap(), Some(ada));
}

/// A new password ends every key that could reset it or change the address, sends its mails, and forgives the tries that it names.
pub async fn a_new_password_comes_with_all_that_it_says(store: Arc<dyn Store>) {
    let ada = register(&*store, "ada").await.account;
    let bob = register(&*store, "bob").await.account.id;
    let keys = [
        (ada.id, fixture::key("reset", KeyPurpose::ResetPassword, "ada@example.org", 60)),
        (ada.id, fixture::key("reset too", KeyPurpose::ResetPassword, "ada@example.org", 60)),
        (ada.id, fixture::mail_key("confirm", "ada@example.org", 60)),
        (ada.id, fixture::key("change", KeyPurpose::ChangeEmail, "new@example.org", 60)),
        (bob, fixture::key("bob's", KeyPurpose::ResetPassword, "bob@example.org", 60)),
    ];
    for (account, key) in keys {
        store.send_keys(fixture::send(account, key)).await.unwrap();
    }
    for _ in 0..3 {
        store.attempt(fixture::attempt(&["account"])).await.unwrap();
    }
    let before = mails(&*store).await.len();
    let command = SetPassword {
        outbox: vec![fixture::mail("ada", 8), fixture::mail("ada", 9)],
        forgive: vec![Forgive::One(fixture::throttle("account"))],
        ..fixture::set_password(ada.id, ada.revision, "new", Revoke::Everything)
    };
    let set = store.set_password(command).await.unwrap();
    assert_eq!(set, Account { password: fixture::password("new"), revision: revision_after(1), ..ada });
    let all = ["reset", "reset too", "confirm", "change", "bob's"];
    assert_eq!(working_keys(&*store, &all).await, ["confirm", "bob's"]);
    assert_eq!(mails(&*store).await[before..], [fixture::mail("ada", 8), fixture::mail("ada", 9)]);
    for granted in [true, false] {
        assert_eq!(store.attempt(fixture::attempt(&["account"])).await.unwrap() == Admission::Granted, granted);
    }
}
