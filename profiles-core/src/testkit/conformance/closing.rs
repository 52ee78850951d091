//! The end of a store. After it the store can't be verified, so each of these sees to that itself.

use std::{sync::Arc, time::Duration};

use super::{PATIENCE, assert_consistent, everything, next_kind, register, together};
use crate::{
    event::EventKind,
    model::{AccountId, AuditEvent, ChangeId, OutboxId, ProfileId, Revision, StatusId, TokenId, UsernameKey},
    store::{
        AccountChange, AuditFilter, Forgive, MailOutcome, ProfileChange, ProfileFilter, ProfileOrder, Register, Revoke,
        StatusFilter, StatusOrder, Store, StoreError, Wanted,
    },
    testkit::{Refusal, fixture, refusal},
};

/// A closed store refuses every call: nothing is written any more, and nothing is read.
pub async fn a_closed_store_refuses_everything(store: Arc<dyn Store>) {
    let command = Register { tokens: vec![fixture::token("token")], ..fixture::register("ada") };
    let made = store.register(command).await.unwrap();
    let (account, profile, first) = (made.account.id, made.profile.id, Revision::FIRST);
    let status = store.post_status(account, fixture::text("hello"), fixture::NOW).await.unwrap().id;
    assert_consistent(&*store).await;
    store.close().await.unwrap();

    let refused = refusals_of_every_read(&*store, account, profile, status)
        .await
        .into_iter()
        .chain(refusals_of_every_write(&*store, account, profile, status, first).await);
    for (call, refusal) in refused {
        assert_eq!(refusal, Refusal::Unavailable, "{call}");
    }
}

async fn refusals_of_every_read(
    store: &dyn Store,
    account: AccountId,
    profile: ProfileId,
    status: StatusId,
) -> Vec<(&'static str, Refusal)> {
    let (profiles, statuses) = (ProfileFilter::default(), StatusFilter::default());
    vec![
        ("account", refusal(store.account(account).await)),
        ("account_by_username", refusal(store.account_by_username(&UsernameKey::of("ada")).await)),
        (
            "account_by_verified_email",
            refusal(store.account_by_verified_email(&fixture::email("ada@example.org")).await),
        ),
        ("accounts_by_email", refusal(store.accounts_by_email(&fixture::email("ada@example.org"), 10).await)),
        ("accounts", refusal(store.accounts(None, 10).await)),
        ("tokens_of", refusal(store.tokens_of(account, fixture::NOW).await)),
        ("mail_key", refusal(store.mail_key(&fixture::digest("key"), fixture::NOW).await)),
        ("audit", refusal(store.audit(&AuditFilter::default(), None, 10).await)),
        ("principal", refusal(store.principal(&fixture::digest("token"), fixture::NOW).await)),
        (
            "principal_and",
            refusal(store.principal_and(&fixture::digest("token"), fixture::NOW, &Wanted::OwnAccount).await),
        ),
        ("profile", refusal(store.profile(profile).await)),
        ("profile_of", refusal(store.profile_of(account).await)),
        ("profiles", refusal(store.profiles(&profiles, ProfileOrder::Id, everything()).await)),
        ("count_profiles", refusal(store.count_profiles(&profiles).await)),
        ("status", refusal(store.status(status).await)),
        ("statuses", refusal(store.statuses(&statuses, StatusOrder::OldestFirst, everything()).await)),
        ("count_statuses", refusal(store.count_statuses(&statuses).await)),
        ("changes", refusal(store.changes(ChangeId::new(0), 10).await)),
        ("last_change", refusal(store.last_change().await)),
        ("request", refusal(store.request(&fixture::digest("request"), fixture::NOW).await)),
        ("next_mail", refusal(store.next_mail().await)),
        ("mails", refusal(store.mails(None, 10).await)),
        ("ready", refusal(store.ready().await)),
        ("verify", refusal(store.verify().await)),
    ]
}

async fn refusals_of_every_write(
    store: &dyn Store,
    account: AccountId,
    profile: ProfileId,
    status: StatusId,
    revision: Revision,
) -> Vec<(&'static str, Refusal)> {
    let now = fixture::NOW;
    let key = fixture::mail_key("key", "ada@example.org", 60);
    let password = fixture::set_password(account, revision, "new", Revoke::Everything);
    vec![
        ("register", refusal(store.register(fixture::register("bob")).await)),
        (
            "update_account",
            refusal(store.update_account(account, revision, AccountChange::default(), now.into()).await),
        ),
        ("set_password", refusal(store.set_password(password).await)),
        ("log_in", refusal(store.log_in(fixture::login(account, "ada", vec![])).await)),
        ("erase_account", refusal(store.erase_account(fixture::erase(account, 10)).await)),
        ("issue_token", refusal(store.issue_token(fixture::issue(account, fixture::personal("new"))).await)),
        ("end_tokens", refusal(store.end_tokens(fixture::end_one(account, TokenId::new(1))).await)),
        ("touch", refusal(store.touch(&[(fixture::digest("token"), fixture::after(1))]).await)),
        ("send_keys", refusal(store.send_keys(fixture::send(account, key)).await)),
        ("confirm_email", refusal(store.confirm_email(fixture::confirm("key")).await)),
        ("reset_password", refusal(store.reset_password(fixture::reset(account, "key", "new")).await)),
        ("attempt", refusal(store.attempt(fixture::attempt(&["account"])).await)),
        ("forgive", refusal(store.forgive(&[Forgive::All(fixture::throttle("account"))]).await)),
        ("note", refusal(store.note(fixture::note(AuditEvent::Login), now).await)),
        ("forget_audit", refusal(store.forget_audit(now, 10).await)),
        ("revoke", refusal(store.revoke(&[fixture::digest("token")], now.into()).await)),
        (
            "update_profile",
            refusal(store.update_profile(profile, revision, ProfileChange::default(), now.into()).await),
        ),
        ("post_status", refusal(store.post_status(account, fixture::text("hello"), now).await)),
        (
            "post_status_once",
            refusal(store.post_status_once(account, fixture::text("hello"), fixture::request("k", "x", 9), now).await),
        ),
        ("update_status", refusal(store.update_status(status, revision, None, now.into()).await)),
        ("delete_status", refusal(store.delete_status(status, now.into()).await)),
        ("delete_unchanged_status", refusal(store.delete_unchanged_status(status, revision, now.into()).await)),
        ("lease", refusal(store.lease(now, Duration::from_mins(1), 10).await)),
        ("finish", refusal(store.finish(OutboxId::new(1), 1, MailOutcome::Sent).await)),
        ("retry_mail", refusal(store.retry_mail(OutboxId::new(1), now).await)),
        ("drop_mail", refusal(store.drop_mail(OutboxId::new(1)).await)),
        ("sweep", refusal(store.sweep(now, 10).await)),
        ("close", refusal(store.close().await)),
    ]
}

/// Of the writes that race with closing, each is done or refused as unavailable: none hangs.
pub async fn closing_answers_every_waiting_write(store: Arc<dyn Store>) {
    let account = register(&*store, "ada").await.account.id;
    let answers = together(32, |number| {
        let store = Arc::clone(&store);
        async move {
            if number == 16 {
                return store.close().await;
            }
            store.post_status(account, fixture::text("hello"), fixture::NOW).await.map(drop)
        }
    })
    .await;
    for answer in answers {
        assert!(matches!(answer, Ok(()) | Err(StoreError::Unavailable(_))), "{answer:?}");
    }
    assert_eq!(refusal(store.ready().await), Refusal::Unavailable);
}

/// A stream tells what was committed before the store went, and then that it is over.
pub async fn streams_end_with_the_store(store: Arc<dyn Store>) {
    let mut events = store.events();
    let made = register(&*store, "ada").await;
    assert_consistent(&*store).await;
    drop(store);
    let told = next_kind(&mut events).await;
    assert_eq!(told, EventKind::AccountRegistered { account: made.account.id, profile: made.profile.id });
    let end =
        tokio::time::timeout(PATIENCE, events.next()).await.expect("a stream does not wait for a store that is gone");
    assert_eq!(end, None);
}
