//! Mailed keys at work: confirming an address, changing it, and resetting a password.

use std::sync::Arc;

use super::{
    mail_keys::{ADA, ADDRESS, BOB, change, reset, send},
    mails, register, revision_after, set_active, trail, working_keys,
};
use crate::{
    model::{Account, AccountId, AuditEvent, Revision},
    store::{ConfirmEmail, EmailConfirmation, Register, ResetPassword, Store, Unique},
    testkit::{Refusal, fixture, refusal},
};

async fn account(store: &dyn Store, id: AccountId) -> Account {
    store.account(id).await.unwrap().unwrap()
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
    store.confirm_email(fixture::confirm("confirm")).await.expect("it works as before");
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
