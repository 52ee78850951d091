//! Keys that are mailed: who gets them, what they say, and when they end.

use std::sync::Arc;

use super::{mails, register, set_active, trail, working_keys};
use crate::{
    model::{AccountId, AuditEvent, KeyPurpose, PendingKey, Timestamp},
    store::{Admission, Forgive, KeyToSend, NewMailKey, Register, SendKeys, Store, Unique},
    testkit::{Refusal, fixture, refusal},
};

pub(super) const ADA: AccountId = AccountId::new(1);
pub(super) const BOB: AccountId = AccountId::new(2);
pub(super) const ADDRESS: &str = "ada@example.org";

/// A key that resets the password of [`ADA`].
pub(super) fn reset(secret: &str, seconds: u64) -> NewMailKey {
    fixture::key(secret, KeyPurpose::ResetPassword, ADDRESS, seconds)
}

/// A key to change to this address.
pub(super) fn change(secret: &str, address: &str) -> NewMailKey {
    fixture::key(secret, KeyPurpose::ChangeEmail, address, 60)
}

pub(super) async fn send(store: &dyn Store, account: AccountId, key: NewMailKey) {
    store.send_keys(fixture::send(account, key)).await.unwrap();
}

/// A key says whose it is, what it is good for and until when, and asking does not use it up. At its end it is gone.
pub async fn a_key_says_what_it_is_good_for(store: Arc<dyn Store>) {
    register(&*store, "bob").await;
    let mail_key = Some(fixture::mail_key("confirm", ADDRESS, 30));
    let ada = store.register(Register { mail_key, ..fixture::register("ada") }).await.unwrap().account.id;
    send(&*store, ada, reset("reset", 60)).await;
    send(&*store, ada, fixture::key("change", KeyPurpose::ChangeEmail, "new@example.org", 90)).await;
    let expected = [
        ("confirm", KeyPurpose::ConfirmEmail, ADDRESS, 30),
        ("reset", KeyPurpose::ResetPassword, ADDRESS, 60),
        ("change", KeyPurpose::ChangeEmail, "new@example.org", 90),
    ];
    for (secret, purpose, address, end) in expected {
        let expires_at = fixture::after(end);
        let pending = PendingKey { account: ada, purpose, email: fixture::email(address), expires_at };
        let found = async |at| store.mail_key(&fixture::digest(secret), at).await.unwrap();
        let just_before = Timestamp::from_micros(expires_at.as_micros() - 1);
        for at in [fixture::NOW, just_before, just_before] {
            assert_eq!(found(at).await.as_ref(), Some(&pending));
        }
        assert_eq!(found(expires_at).await, None, "{secret} ends at its moment");
    }
    assert_eq!(store.mail_key(&fixture::digest("another"), fixture::NOW).await.unwrap(), None);
}

/// Keys are kept with their mails, one line of the trail each, and the forgiving, in one step.
pub async fn keys_are_sent_with_all_that_belongs_to_them(store: Arc<dyn Store>) {
    register(&*store, "ada").await;
    register(&*store, "bob").await;
    for _ in 0..3 {
        store.attempt(fixture::attempt(&["account"])).await.unwrap();
    }
    let bobs = fixture::mail_key("bob's", "bob@example.org", 60);
    let command = SendKeys {
        keys: vec![
            KeyToSend { account: ADA, key: reset("ada's", 60), mail: fixture::mail("ada", 1) },
            KeyToSend { account: BOB, key: bobs, mail: fixture::mail("bob", 2) },
        ],
        audit: vec![fixture::note(AuditEvent::PasswordResetRequest), fixture::note(AuditEvent::ConfirmationRequest)],
        forgive: vec![Forgive::All(fixture::throttle("account"))],
        at: fixture::after(5),
    };
    store.send_keys(command).await.unwrap();
    assert_eq!(working_keys(&*store, &["ada's", "bob's"]).await, ["ada's", "bob's"]);
    assert_eq!(mails(&*store).await, [fixture::mail("ada", 1), fixture::mail("bob", 2)]);
    let lines: Vec<_> = trail(&*store).await.into_iter().map(|line| (line.at, line.note.event)).collect();
    let at = fixture::after(5);
    assert_eq!(lines, [(at, AuditEvent::PasswordResetRequest), (at, AuditEvent::ConfirmationRequest)]);
    assert_eq!(store.attempt(fixture::attempt(&["account"])).await.unwrap(), Admission::Granted);
}

/// Keys for accounts that are gone or inactive, or have another address by now, are passed over with their mails; the
/// others are sent, and the trail tells of it in any case.
pub async fn keys_are_not_sent_to_whom_they_do_not_concern(store: Arc<dyn Store>) {
    register(&*store, "ada").await;
    register(&*store, "bob").await;
    register(&*store, "cyd").await;
    set_active(&*store, BOB, false).await;
    let bob = "bob@example.org";
    let keys = [
        (AccountId::new(9), reset("nobody's", 60)),
        (BOB, fixture::key("inactive", KeyPurpose::ResetPassword, bob, 60)),
        (BOB, change("inactive change", "new@example.org")),
        (ADA, fixture::key("other address", KeyPurpose::ResetPassword, bob, 60)),
        (ADA, fixture::mail_key("another address", bob, 60)),
        (ADA, reset("reset", 60)),
        (ADA, fixture::mail_key("confirm", "ADA@example.org", 60)),
        (ADA, change("change", bob)),
    ];
    let secrets = ["nobody's", "inactive", "inactive change", "other address", "another address", "reset", "confirm"];
    let numbered = keys.into_iter().zip(0..).map(|((account, key), number)| KeyToSend {
        account,
        key,
        mail: fixture::mail("reader", number),
    });
    let audit = vec![fixture::note(AuditEvent::PasswordResetRequest)];
    let command = SendKeys { keys: numbered.collect(), audit, forgive: vec![], at: fixture::NOW };
    store.send_keys(command).await.unwrap();
    assert_eq!(working_keys(&*store, &secrets).await, ["reset", "confirm"]);
    assert_eq!(working_keys(&*store, &["change"]).await, ["change"], "an address to change to may be anybody's");
    assert_eq!(mails(&*store).await, [5, 6, 7].map(|number| fixture::mail("reader", number)));
    assert_eq!(trail(&*store).await.len(), 1);

    let nobody = SendKeys { audit: vec![fixture::note(AuditEvent::Login)], ..fixture::send(BOB, reset("none", 60)) };
    store.send_keys(nobody).await.unwrap();
    assert_eq!((mails(&*store).await.len(), trail(&*store).await.len()), (3, 2));
}

/// A secret that is there already refuses all keys of the command, whomever it is for.
pub async fn a_secret_of_a_key_is_kept_once(store: Arc<dyn Store>) {
    register(&*store, "ada").await;
    send(&*store, ADA, reset("key", 60)).await;
    for secrets in [["new", "key"], ["twice", "twice"]] {
        let keys = secrets.into_iter().map(|secret| KeyToSend {
            account: ADA,
            key: reset(secret, 60),
            mail: fixture::mail("ada", 2),
        });
        let audit = vec![fixture::note(AuditEvent::PasswordResetRequest)];
        let command = SendKeys { keys: keys.collect(), audit, forgive: vec![], at: fixture::NOW };
        assert_eq!(refusal(store.send_keys(command).await), Refusal::Taken(Unique::Secret));
    }
    assert_eq!(working_keys(&*store, &["new", "key", "twice"]).await, ["key"]);
    assert_eq!((mails(&*store).await.len(), trail(&*store).await.len()), (1, 0));
}

/// So many keys of an account work for a purpose; of more, those go that end first. Only one address to change to can be
/// confirmed. Other purposes and other accounts are not counted.
pub async fn an_account_has_so_many_keys_for_a_purpose(store: Arc<dyn Store>) {
    register(&*store, "ada").await;
    register(&*store, "bob").await;
    send(&*store, BOB, fixture::key("bob's", KeyPurpose::ResetPassword, "bob@example.org", 1)).await;
    send(&*store, ADA, fixture::mail_key("confirm", ADDRESS, 1)).await;
    for (secret, seconds) in [("a", 50), ("b", 20), ("c", 40), ("d", 30), ("e", 60)] {
        send(&*store, ADA, reset(secret, seconds)).await;
    }
    let all = ["a", "b", "c", "d", "e", "f", "g", "bob's", "confirm"];
    assert_eq!(working_keys(&*store, &all).await, ["a", "b", "c", "d", "e", "bob's", "confirm"]);
    send(&*store, ADA, reset("f", 10)).await;
    assert_eq!(working_keys(&*store, &all).await, ["a", "c", "d", "e", "f", "bob's", "confirm"], "the new one stays");
    send(&*store, ADA, reset("g", 70)).await;
    assert_eq!(working_keys(&*store, &all).await, ["a", "c", "d", "e", "g", "bob's", "confirm"]);

    send(&*store, ADA, change("first", "first@example.org")).await;
    send(&*store, ADA, change("second", "second@example.org")).await;
    assert_eq!(working_keys(&*store, &["first", "second"]).await, ["second"]);
    assert_eq!(refusal(store.confirm_email(fixture::confirm("first")).await), Refusal::Missing);
}
