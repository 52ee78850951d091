//! Events.

use std::{sync::Arc, time::Duration};

use super::{assert_nothing_more, digests, everything, next, next_kind, register, revision_after, together};
use crate::{
    event::{Event, EventKind, EventStream, Missed},
    model::{
        AccountId, AuditEvent, KeyPurpose, OutboxId, ProfileId, Revision, StatusId, Timestamp, TokenId, TokenKind,
        UsernameKey,
    },
    store::{
        AccountChange, Forgive, LogIn, MailOutcome, ProfileChange, ProfileFilter, Register, Revoke, SetPassword,
        StatusFilter, Store, Which,
    },
    testkit::{fixture, refusal},
};

const ADA: AccountId = AccountId::new(1);
const PROFILE: ProfileId = ProfileId::new(1);
const STATUS: StatusId = StatusId::new(1);

/// Every kind of write is told, once, in the order of the writes, with its moment and without a gap.
pub async fn every_write_is_told_in_order(store: Arc<dyn Store>) {
    let mut events = store.events();
    let at = fixture::after;
    store.register(Register { at: at(1), ..fixture::register("ada") }).await.unwrap();
    store.update_account(ADA, Revision::FIRST, AccountChange::default(), at(2).into()).await.unwrap();
    let tokens = vec![fixture::token("token"), fixture::session("session")];
    store.log_in(LogIn { at: at(3), ..fixture::login(ADA, "ada", tokens) }).await.unwrap();
    store.revoke(&digests(&["token"]), at(4).into()).await.unwrap();
    let password = fixture::set_password(ADA, revision_after(2), "new", Revoke::Everything);
    store.set_password(SetPassword { at: at(5), ..password }).await.unwrap();
    store.update_profile(PROFILE, Revision::FIRST, ProfileChange::default(), at(6).into()).await.unwrap();
    store.post_status(ADA, fixture::text("hello"), at(7)).await.unwrap();
    store.update_status(STATUS, Revision::FIRST, None, at(8).into()).await.unwrap();
    store.delete_status(STATUS, at(9).into()).await.unwrap();

    let expected = [
        EventKind::AccountRegistered { account: ADA, profile: PROFILE },
        EventKind::AccountChanged { account: ADA },
        EventKind::LoggedIn { account: ADA },
        EventKind::LoggedOut { account: ADA, kind: TokenKind::Api },
        // The sessions that end with a password are part of that, not a logout each.
        EventKind::PasswordChanged { account: ADA },
        EventKind::ProfileChanged { profile: PROFILE },
        EventKind::StatusPosted { status: STATUS, account: ADA },
        EventKind::StatusChanged { status: STATUS },
        EventKind::StatusDeleted { status: STATUS },
    ];
    for (sequence, kind) in (1..).zip(expected) {
        assert_eq!(next(&mut events).await, Ok(Event { sequence, at: at(sequence), kind }));
    }
    assert_nothing_more(&*store, &mut events).await;
}

/// Writes about logins, keys and the account's end are told as what they are, and what ends with a login before it.
pub async fn what_ends_and_what_replaces_it_is_told_in_order(store: Arc<dyn Store>) {
    let ada = Register { tokens: vec![fixture::session("former")], ..fixture::register("ada") };
    store.register(ada).await.unwrap();
    let cyd = register(&*store, "cyd").await;
    let (account, profile) = (cyd.account.id, cyd.profile.id);
    let key = |secret, purpose| fixture::send(account, fixture::key(secret, purpose, "cyd@example.org", 60));
    let mut events = store.events();
    let tokens = vec![fixture::token("a"), fixture::session("b")];
    store.log_in(fixture::login(account, "cyd", tokens)).await.unwrap();
    let (tokens, former) = (vec![fixture::token("c")], Some(fixture::digest("former")));
    store.log_in(LogIn { most: 1, former, ..fixture::login(account, "cyd", tokens) }).await.unwrap();
    store.log_in(fixture::login(account, "cyd", vec![fixture::session("d")])).await.unwrap();
    store.end_tokens(fixture::end_tokens(account, Which::OtherLogins(None))).await.unwrap();
    store.send_keys(key("confirm", KeyPurpose::ConfirmEmail)).await.unwrap();
    store.confirm_email(fixture::confirm("confirm")).await.unwrap();
    store.send_keys(key("reset", KeyPurpose::ResetPassword)).await.unwrap();
    store.reset_password(fixture::reset(account, "reset", "new")).await.unwrap();
    store.erase_account(fixture::erase(account, 10)).await.unwrap();
    let ended = |account, kind| EventKind::LoggedOut { account, kind };
    let expected = [
        EventKind::LoggedIn { account },
        ended(ADA, TokenKind::Session),
        ended(account, TokenKind::Api),
        ended(account, TokenKind::Session),
        EventKind::LoggedIn { account },
        EventKind::LoggedIn { account },
        ended(account, TokenKind::Api),
        ended(account, TokenKind::Session),
        EventKind::MailQueued { account },
        EventKind::AccountChanged { account },
        EventKind::MailQueued { account },
        EventKind::PasswordChanged { account },
        EventKind::AccountErased { account, profile },
    ];
    for kind in expected {
        assert_eq!(next_kind(&mut events).await, kind);
    }
    assert_nothing_more(&*store, &mut events).await;
}

/// A write that is refused is not told.
pub async fn a_refused_write_is_not_told(store: Arc<dyn Store>) {
    let command = Register { tokens: vec![fixture::token("token")], ..fixture::register("ada") };
    store.register(command).await.unwrap();
    store.post_status(ADA, fixture::text("hello"), fixture::NOW).await.unwrap();
    let mut events = store.events();
    let (stale, now) = (revision_after(1), fixture::NOW);
    refusal(store.register(fixture::register("ADA")).await);
    let change = AccountChange { is_staff: Some(true), ..AccountChange::default() };
    refusal(store.update_account(ADA, stale, change, now.into()).await);
    refusal(store.set_password(fixture::set_password(ADA, stale, "new", Revoke::Everything)).await);
    refusal(store.log_in(fixture::login(ADA, "wrong", vec![])).await);
    refusal(store.log_in(fixture::login(ADA, "ada", vec![fixture::token("token")])).await);
    store.revoke(&digests(&["nobody's"]), now.into()).await.unwrap();
    refusal(store.update_profile(PROFILE, stale, ProfileChange::default(), now.into()).await);
    refusal(store.post_status(AccountId::new(9), fixture::text("hello"), now).await);
    refusal(store.update_status(STATUS, stale, None, now.into()).await);
    refusal(store.delete_status(StatusId::new(9), now.into()).await);
    refusal(store.issue_token(fixture::issue(ADA, fixture::personal("token"))).await);
    store.end_tokens(fixture::end_one(ADA, TokenId::new(9))).await.unwrap();
    refusal(store.confirm_email(fixture::confirm("key")).await);
    refusal(store.reset_password(fixture::reset(ADA, "key", "new")).await);
    refusal(store.erase_account(fixture::erase(AccountId::new(9), 10)).await);
    assert_nothing_more(&*store, &mut events).await;
}

/// Reading is not told, nor is work on mails, nor is sweeping; nor are personal tokens, keys and uses, counting tries,
/// and the trail, which no reader of rows can see.
pub async fn what_changes_nothing_for_readers_is_not_told(store: Arc<dyn Store>) {
    let command = Register {
        tokens: vec![fixture::token_until("token", 10)],
        mail_key: Some(fixture::mail_key("key", "ada@example.org", 10)),
        outbox: vec![fixture::mail("ada", 1)],
        ..fixture::register("ada")
    };
    store.register(command).await.unwrap();
    let mut events = store.events();
    store.account(ADA).await.unwrap();
    store.account_by_username(&UsernameKey::of("ada")).await.unwrap();
    store.profiles(&ProfileFilter::default(), everything()).await.unwrap();
    store.count_statuses(&StatusFilter::default()).await.unwrap();
    store.principal(&fixture::digest("token"), fixture::NOW).await.unwrap();
    store.lease(fixture::NOW, Duration::from_mins(1), 1).await.unwrap();
    store.finish(OutboxId::new(1), 1, MailOutcome::Sent).await.unwrap();
    store.issue_token(fixture::issue(ADA, fixture::personal("personal"))).await.unwrap();
    store.touch(&[(fixture::digest("token"), fixture::after(1))]).await.unwrap();
    store.tokens_of(ADA, fixture::NOW).await.unwrap();
    store.mail_key(&fixture::digest("new"), fixture::NOW).await.unwrap();
    store.attempt(fixture::attempt(&["account"])).await.unwrap();
    store.forgive(&[Forgive::All(fixture::throttle("account"))]).await.unwrap();
    store.note(fixture::note(AuditEvent::Export), fixture::NOW).await.unwrap();
    store.forget_audit(fixture::after(1), 10).await.unwrap();
    store.sweep(fixture::after(10), 10).await.unwrap();
    store.ready().await.unwrap();
    store.verify().await.unwrap();
    assert_nothing_more(&*store, &mut events).await;
}

/// Each token that is revoked is told, in the order in which they were named; those that are not there are not.
pub async fn each_revoked_token_is_told(store: Arc<dyn Store>) {
    let tokens = vec![fixture::token("a"), fixture::session("b")];
    store.register(Register { tokens, ..fixture::register("ada") }).await.unwrap();
    let tokens = vec![fixture::token("c"), fixture::session("d")];
    let bob = store.register(Register { tokens, ..fixture::register("bob") }).await.unwrap().account.id;
    let mut events = store.events();
    store.revoke(&digests(&["d", "nobody's", "a", "d", "b"]), fixture::NOW.into()).await.unwrap();
    store.revoke(&digests(&["a", "c"]), fixture::NOW.into()).await.unwrap();
    let ended = [(bob, TokenKind::Session), (ADA, TokenKind::Api), (ADA, TokenKind::Session), (bob, TokenKind::Api)];
    for (account, kind) in ended {
        assert_eq!(next_kind(&mut events).await, EventKind::LoggedOut { account, kind });
    }
    assert_nothing_more(&*store, &mut events).await;
}

/// A stream begins where it was asked for, and every stream tells the same.
pub async fn every_reader_is_told_the_same_from_its_beginning(store: Arc<dyn Store>) {
    let mut first = store.events();
    register(&*store, "ada").await;
    let mut second = store.events();
    register(&*store, "bob").await;
    assert_eq!(next(&mut first).await.unwrap().sequence, 1);
    let bob = next(&mut first).await;
    assert_eq!(bob.unwrap().sequence, 2);
    assert_eq!(next(&mut second).await, bob);
}

/// Nobody needs to listen: what is published meanwhile is counted all the same.
pub async fn events_are_counted_when_nobody_listens(store: Arc<dyn Store>) {
    register(&*store, "ada").await;
    drop(store.events());
    register(&*store, "bob").await;
    let mut events = store.events();
    register(&*store, "cyd").await;
    assert_eq!(next(&mut events).await.unwrap().sequence, 3);
}

/// Many writers at once are told without a gap and in the order of committing: numbers are given in that order.
pub async fn concurrent_writes_are_told_in_the_order_of_committing(store: Arc<dyn Store>) {
    let ada = register(&*store, "ada").await.account.id;
    let mut events = store.events();
    together(64, |number| {
        let store = Arc::clone(&store);
        async move {
            for round in 0..4 {
                store.post_status(ada, fixture::text("hello"), fixture::NOW).await.unwrap();
                register(&*store, &format!("account{number}.{round}")).await;
            }
        }
    })
    .await;
    let (mut accounts, mut statuses) = (1, 0);
    for sequence in 2..2 + 64 * 8 {
        let event = next(&mut events).await.unwrap();
        assert_eq!(event.sequence, sequence);
        match event.kind {
            EventKind::AccountRegistered { account, .. } => {
                accounts += 1;
                assert_eq!(account.get(), accounts);
            }
            EventKind::StatusPosted { status, .. } => {
                statuses += 1;
                assert_eq!(status.get(), statuses);
            }
            other => panic!("nobody did {other:?}"),
        }
    }
    assert_eq!((accounts, statuses), (1 + 256, 256));
}

/// What an event tells of is there to be read when it is told.
pub async fn what_is_told_can_be_read(store: Arc<dyn Store>) {
    let ada = register(&*store, "ada").await.account.id;
    let mut events = store.events();
    let writer = {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            for _ in 0..64 {
                store.post_status(ada, fixture::text("hello"), fixture::NOW).await.unwrap();
            }
        })
    };
    for _ in 0..64 {
        let EventKind::StatusPosted { status, .. } = next_kind(&mut events).await else { panic!("nobody else writes") };
        assert!(store.status(status).await.unwrap().is_some(), "status {status} was told before it was there");
    }
    writer.await.unwrap();
}

/// A reader that falls too far behind is told how much it missed, and goes on with the oldest that is left.
pub async fn a_slow_reader_is_told_what_it_missed(store: Arc<dyn Store>) {
    // One registration and so many logouts: more than a stream holds, in few writes.
    let excess = 100;
    let secrets: Vec<_> = (0..EventStream::CAPACITY + excess).map(|number| format!("token{number}")).collect();
    let mut slow = store.events();
    register(&*store, "ada").await;
    for part in secrets.chunks(64) {
        let tokens = part.iter().map(|secret| fixture::token(secret)).collect();
        store.log_in(fixture::login(ADA, "ada", tokens)).await.unwrap();
    }
    for part in secrets.chunks(64) {
        let part: Vec<_> = part.iter().map(|secret| fixture::digest(secret)).collect();
        store.revoke(&part, fixture::after(1).into()).await.unwrap();
    }
    let logins = secrets.len().div_ceil(64) as u64;
    let published = 1 + logins + secrets.len() as u64;
    let missed = published - EventStream::CAPACITY as u64;
    assert_eq!(next(&mut slow).await, Err(Missed(missed)));
    for sequence in missed + 1..=published {
        assert_eq!(next(&mut slow).await.unwrap().sequence, sequence);
    }
    assert_nothing_more(&*store, &mut slow).await;
    // It did not hold up or rob anybody: the store goes on.
    let mut quick = store.events();
    store
        .update_profile(PROFILE, Revision::FIRST, ProfileChange::default(), Timestamp::from_micros(5).into())
        .await
        .unwrap();
    assert_eq!(next(&mut quick).await.unwrap().at, Timestamp::from_micros(5));
}
