//! Keys that are mailed: who gets them, what they do, and when they end.

use std::sync::Arc;

use super::{mails, register, revision_after, set_active, trail, working_keys};
use crate::{
    model::{Account, AccountId, AuditEvent, KeyPurpose, PendingKey, Revision, Timestamp},
    store::{
        Admission, ConfirmEmail, EmailConfirmation, Forgive, KeyToSend, NewMailKey, Register, ResetPassword, SendKeys,
        Store, Unique,
    },
    testkit::{Refusal, fixture, refusal},
};

const ADA: AccountId = AccountId::new(1);
const BOB: AccountId = AccountId::new(2);
const ADDRESS: &str = "ada@example.org";

fn reset(secret: &str, seconds: u64) -> NewMailKey {
    fixture::key(secret, KeyPurpose::ResetPassword, ADDRESS, seconds)
}

fn change(secret: &str, address: &str) -> NewMailKey {
    fixture::key(secret, KeyPurpose::ChangeEmail, address, 60)
}

async fn send(store: &dyn Store, account: AccountId, key: NewMailKey) {
    store.send_keys(fixture::send(account, key)).await.unwrap();
}

async fn account(store: &dyn Store, id: AccountId) -> Account {
    store.account(id).await.unwrap().unwrap()
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

/// A key confirms the account's address, once: it is verified, the mails go, and all keys that could confirm it end.
pub async fn confirming_verifies_the_address(store: Arc<dyn Store>) {
    let ada = register(&*store, "ada").await.account;
    send(&*store, ADA, fixture::mail_key("key", ADDRESS, 60)).await;
    send(&*store, ADA, fixture::mail_key("other", ADDRESS, 60)).await;
    send(&*store, ADA, reset("reset", 60)).await;
    send(&*store, ADA, change("change", "new@example.org")).await;
    let before = mails(&*store).await.len();
    let audit = Some(fixture::note(AuditEvent::EmailConfirmation));
    let command =
        || ConfirmEmail { outbox: vec![fixture::mail("ada", 9)], audit: audit.clone(), ..fixture::confirm("key") };
    let confirmed = store.confirm_email(command()).await.unwrap();
    let expected = Account { email_verified: true, revision: revision_after(1), ..ada };
    assert_eq!(confirmed, EmailConfirmation::Confirmed(expected.clone()));
    assert_eq!(account(&*store, ADA).await, expected);
    let found = store.account_by_verified_email(&fixture::email(ADDRESS)).await.unwrap();
    assert_eq!(found, Some(expected));
    assert_eq!(working_keys(&*store, &["key", "other", "reset", "change"]).await, ["reset", "change"]);
    assert_eq!(mails(&*store).await[before..], [fixture::mail("ada", 9)]);

    assert_eq!(refusal(store.confirm_email(command()).await), Refusal::Missing, "it is used up");
    assert_eq!((mails(&*store).await.len(), trail(&*store).await.len()), (before + 1, 1));
    // Once more changes nothing but the revision.
    send(&*store, ADA, fixture::mail_key("again", ADDRESS, 60)).await;
    store.confirm_email(fixture::confirm("again")).await.unwrap();
    assert_eq!(account(&*store, ADA).await.revision, revision_after(2));
}

/// A key for a new address makes it theirs, verified; the old one is free, and every other key of the account ends.
pub async fn confirming_a_change_moves_the_address(store: Arc<dyn Store>) {
    let ada = store.register(Register { email_verified: true, ..fixture::register("ada") }).await.unwrap().account;
    register(&*store, "bob").await;
    send(&*store, ADA, reset("reset", 60)).await;
    send(&*store, ADA, fixture::mail_key("confirm", ADDRESS, 60)).await;
    send(&*store, ADA, change("change", "new@example.org")).await;
    send(&*store, BOB, fixture::mail_key("bob's", "bob@example.org", 60)).await;
    let new = fixture::email("new@example.org");
    let expected = Account { email: Some(new.clone()), email_verified: true, revision: revision_after(1), ..ada };
    let confirmed = store.confirm_email(fixture::confirm("change")).await.unwrap();
    assert_eq!(confirmed, EmailConfirmation::Confirmed(expected.clone()));
    assert_eq!(working_keys(&*store, &["reset", "confirm", "change", "bob's"]).await, ["bob's"]);

    assert_eq!(store.account_by_verified_email(&new).await.unwrap().as_ref(), Some(&expected));
    assert_eq!(store.accounts_by_email(&new, 10).await.unwrap(), [expected]);
    let old = fixture::email(ADDRESS);
    assert_eq!(store.account_by_verified_email(&old).await.unwrap(), None);
    assert_eq!(store.accounts_by_email(&old, 10).await.unwrap(), []);
    let next = Register { email: Some(old), email_verified: true, ..fixture::register("cyd") };
    store.register(next).await.expect("the old address is free");
    let taken = Register { email: Some(new), ..fixture::register("dan") };
    assert_eq!(refusal(store.register(taken).await), Refusal::Taken(Unique::VerifiedEmail));
}

/// A key for an address that another account has verified first is used up, and nothing else is done: no mails, no line.
pub async fn an_address_that_was_taken_uses_the_key_up(store: Arc<dyn Store>) {
    let shared = || Some(fixture::email("shared@example.org"));
    let ada = store.register(Register { email: shared(), ..fixture::register("ada") }).await.unwrap().account;
    let bob = register(&*store, "bob").await.account;
    send(&*store, ADA, fixture::mail_key("confirm", "shared@example.org", 60)).await;
    send(&*store, ADA, fixture::mail_key("other", "shared@example.org", 60)).await;
    send(&*store, BOB, change("change", "shared@example.org")).await;
    let cyd = Register { email: shared(), email_verified: true, ..fixture::register("cyd") };
    let cyd = store.register(cyd).await.unwrap().account;
    let before = mails(&*store).await.len();
    for secret in ["confirm", "change"] {
        let audit = Some(fixture::note(AuditEvent::EmailConfirmation));
        let command =
            || ConfirmEmail { outbox: vec![fixture::mail("ada", 9)], audit: audit.clone(), ..fixture::confirm(secret) };
        assert_eq!(store.confirm_email(command()).await.unwrap(), EmailConfirmation::TakenByAnother);
        assert_eq!(refusal(store.confirm_email(command()).await), Refusal::Missing);
    }
    assert_eq!(working_keys(&*store, &["confirm", "other", "change"]).await, ["other"]);
    assert_eq!((account(&*store, ADA).await, account(&*store, BOB).await), (ada, bob));
    let found = store.account_by_verified_email(&fixture::email("shared@example.org")).await.unwrap();
    assert_eq!(found, Some(cyd));
    assert_eq!((mails(&*store).await.len(), trail(&*store).await), (before, vec![]));
}

/// A key resets the password of its account, once; with it ends what the command says, and every key that could reset it.
pub async fn a_key_resets_the_password(store: Arc<dyn Store>) {
    let ada = register(&*store, "ada").await.account;
    for key in [reset("key", 60), reset("other", 60), fixture::mail_key("confirm", ADDRESS, 60)] {
        send(&*store, ADA, key).await;
    }
    let before = mails(&*store).await.len();
    let audit = Some(fixture::note(AuditEvent::PasswordReset));
    let command = || ResetPassword {
        outbox: vec![fixture::mail("ada", 9)],
        audit: audit.clone(),
        ..fixture::reset(ADA, "key", "new")
    };
    let answer = store.reset_password(command()).await.unwrap();
    assert_eq!(answer, Account { password: fixture::password("new"), revision: revision_after(1), ..ada });
    assert_eq!(account(&*store, ADA).await, answer);
    assert_eq!(working_keys(&*store, &["key", "other", "confirm"]).await, ["confirm"]);
    assert_eq!(mails(&*store).await[before..], [fixture::mail("ada", 9)]);
    assert_eq!(refusal(store.reset_password(command()).await), Refusal::Missing, "it is used up");
    assert_eq!((mails(&*store).await.len(), trail(&*store).await.len()), (before + 1, 1));
}

/// A key does nothing but what it is for, nothing for another account and nothing at its end; trying does not use it up.
pub async fn a_key_does_nothing_but_what_it_is_for(store: Arc<dyn Store>) {
    register(&*store, "ada").await;
    register(&*store, "bob").await;
    send(&*store, ADA, fixture::mail_key("confirm", ADDRESS, 60)).await;
    send(&*store, ADA, reset("reset", 60)).await;
    send(&*store, ADA, change("change", "new@example.org")).await;
    let missing = [
        refusal(store.confirm_email(fixture::confirm("reset")).await),
        refusal(store.confirm_email(fixture::confirm("another")).await),
        refusal(store.reset_password(fixture::reset(ADA, "confirm", "new")).await),
        refusal(store.reset_password(fixture::reset(ADA, "change", "new")).await),
        refusal(store.reset_password(fixture::reset(ADA, "another", "new")).await),
        refusal(store.reset_password(fixture::reset(BOB, "reset", "new")).await),
        refusal(store.reset_password(fixture::reset(AccountId::new(3), "reset", "new")).await),
    ];
    assert!(missing.iter().all(|refusal| *refusal == Refusal::Missing), "{missing:?}");
    let at = fixture::after(60);
    for secret in ["confirm", "change"] {
        let command = ConfirmEmail { at, ..fixture::confirm(secret) };
        assert_eq!(refusal(store.confirm_email(command).await), Refusal::Missing, "{secret} has expired");
    }
    let command = ResetPassword { at, ..fixture::reset(ADA, "reset", "new") };
    assert_eq!(refusal(store.reset_password(command).await), Refusal::Missing);
    assert_eq!(working_keys(&*store, &["confirm", "reset", "change"]).await, ["confirm", "reset", "change"]);
    for id in [ADA, BOB] {
        assert_eq!(account(&*store, id).await.revision, Revision::FIRST);
    }
    store.reset_password(fixture::reset(ADA, "reset", "new")).await.expect("it works as before");
    store.confirm_email(fixture::confirm("change")).await.expect("it works as before");
}

/// A key does not confirm an address that is no longer the account's.
pub async fn a_key_for_a_former_address_confirms_nothing(store: Arc<dyn Store>) {
    let mail_key = Some(fixture::mail_key("key", "elsewhere@example.org", 60));
    store.register(Register { mail_key, ..fixture::register("ada") }).await.unwrap();
    assert_eq!(refusal(store.confirm_email(fixture::confirm("key")).await), Refusal::Missing);
    assert!(!account(&*store, ADA).await.email_verified);
}

/// Nobody gets into an inactive account by a mailed key; the key works again with the account.
pub async fn an_inactive_account_has_no_new_password(store: Arc<dyn Store>) {
    register(&*store, "ada").await;
    send(&*store, ADA, reset("key", 60)).await;
    let inactive = set_active(&*store, ADA, false).await;
    assert_eq!(refusal(store.reset_password(fixture::reset(ADA, "key", "new")).await), Refusal::Missing);
    assert_eq!(account(&*store, ADA).await, inactive);
    set_active(&*store, ADA, true).await;
    store.reset_password(fixture::reset(ADA, "key", "new")).await.unwrap();
}
