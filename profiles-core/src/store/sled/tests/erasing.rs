//! Erasures that take several steps, or are left behind.

use std::sync::atomic::AtomicBool;

use super::*;
use crate::{
    event::EventKind,
    model::{ProfileId, Revision},
    store::{
        AccountChange, AuditFilter, EraseAccount, Erasure, MailKeys as _, ProfileChange, ProfileFilter, ProfileOrder,
        Profiles as _, Slice, Start, StatusFilter, StatusOrder,
        sled::{place::Place, rows::corrupt},
    },
    testkit::{Refusal, fixture, refusal},
};

const ADA: AccountId = AccountId::new(1);
const POSTS: usize = 5;

/// Ada with one of everything and some statuses, and bob beside her.
async fn two(store: &SledStore) {
    for name in ["ada", "bob"] {
        let account = store.register(registration(name)).await.unwrap().account.id;
        for _ in 0..POSTS {
            store.post_status(account, text("hello"), NOW).await.unwrap();
        }
    }
}

async fn step(store: &SledStore, limit: usize) -> Result<Erasure> {
    let audit = Some(line(AuditEvent::Erasure, Some(ADA)));
    store.erase_account(EraseAccount { account: ADA, limit, audit, at: NOW }).await
}

/// Everything that has ada's number in its key, but for what says what she did.
async fn keys_of_ada(store: &SledStore) -> Vec<Place> {
    let found = store.scan(|view| {
        let mut found = Vec::new();
        for pair in view.scan(vec![]..vec![255]) {
            let (key, _) = pair?;
            let place = Place::parse(&key).ok_or_else(|| corrupt(Place::describe(&key)))?;
            if matches!(
                place,
                Place::Account(ADA)
                    | Place::Email(_, ADA)
                    | Place::ProfileOfAccount(ADA)
                    | Place::StatusOfAccount(ADA, _)
                    | Place::StatusCount(ADA)
                    | Place::TokenOfAccount(ADA, _)
                    | Place::MailKeyOfAccount(ADA, _)
                    | Place::Places(ADA)
                    | Place::Erasing(ADA)
            ) {
                found.push(place);
            }
        }
        Ok(found)
    });
    found.await.unwrap()
}

#[tokio::test]
async fn it_goes_on_after_a_restart_and_is_told_once() {
    let dir = directory();
    let store = open(dir.path());
    two(&store).await;
    assert_eq!(step(&store, 2).await.unwrap(), Erasure::Unfinished);
    assert_eq!(store.verify().await.unwrap(), nothing());
    drop(store);

    let store = open(dir.path());
    let mut events = store.events();
    assert_eq!(store.count_statuses(&StatusFilter::default()).await.unwrap(), 2 * POSTS as u64 - 2);
    assert_eq!(step(&store, 2).await.unwrap(), Erasure::Unfinished);
    assert_eq!(step(&store, 2).await.unwrap(), Erasure::Done);
    assert_eq!(refusal(step(&store, 2).await), Refusal::Missing);
    let told = events.next().await.unwrap().unwrap().kind;
    assert_eq!(told, EventKind::AccountErased { account: ADA, profile: ProfileId::new(1) });
    let trail = AuditFilter { event: Some(AuditEvent::Erasure), ..AuditFilter::default() };
    assert_eq!(crate::store::Audit::audit(&store, &trail, None, 9).await.unwrap().len(), 1);
    assert_eq!(keys_of_ada(&store).await, []);
    assert_eq!(store.verify().await.unwrap(), nothing());
    assert_eq!(store.count_statuses(&StatusFilter::default()).await.unwrap(), POSTS as u64);
    // Her name, address and secrets are free, and her number is not given again.
    assert_eq!(store.register(registration("ada")).await.unwrap().account.id, AccountId::new(3));
}

#[tokio::test]
async fn the_sweeper_finishes_what_was_left_and_counts_rows() {
    let dir = directory();
    let store = open(dir.path());
    two(&store).await;
    assert_eq!(step(&store, 1).await.unwrap(), Erasure::Unfinished);
    assert_eq!(store.sweep(NOW, 0).await.unwrap(), 0);
    assert_eq!(store.sweep(NOW, 3).await.unwrap(), 3);
    assert_eq!(store.sweep(NOW, 1).await.unwrap(), 1);
    assert!(store.account(ADA).await.unwrap().is_some(), "there was no room for the account itself");
    assert_eq!(store.sweep(NOW, 9).await.unwrap(), 1);
    assert_eq!(store.account(ADA).await.unwrap(), None);
    assert_eq!(store.sweep(NOW, 9).await.unwrap(), 0);
    assert_eq!(keys_of_ada(&store).await, []);
    assert_eq!(store.verify().await.unwrap(), nothing());
}

#[tokio::test]
async fn nothing_brings_back_what_is_half_erased() {
    let dir = directory();
    let store = open(dir.path());
    two(&store).await;
    let token = registration("ada").tokens[0].digest;
    assert_eq!(step(&store, 1).await.unwrap(), Erasure::Unfinished);
    let account = store.account(ADA).await.unwrap().unwrap();
    assert!(!account.is_active);
    assert_eq!(store.principal(&token, NOW).await.unwrap(), None);
    assert_eq!(store.mail_key(&Digest::of("ada"), NOW).await.unwrap(), None);

    let activate = AccountChange { is_active: Some(true), ..AccountChange::default() };
    let mut login = fixture::login(ADA, "ada", vec![fixture::token("new")]);
    login.checked = account.password.clone();
    let change = fixture::set_password(ADA, account.revision, "new", crate::store::Revoke::Everything);
    for refused in [
        store.update_account(ADA, account.revision, activate, NOW.into()).await.map(drop),
        store.log_in(login).await.map(drop),
        store.issue_token(fixture::issue(ADA, fixture::personal("new"))).await.map(drop),
        store.set_password(change).await.map(drop),
        store.post_status(ADA, text("still here"), NOW).await.map(drop),
        store.update_profile(ProfileId::new(1), Revision::FIRST, ProfileChange::default(), NOW.into()).await.map(drop),
    ] {
        assert_eq!(refusal(refused), Refusal::Missing);
    }
    let again = store.register(registration("ada")).await;
    assert_eq!(refusal(again), Refusal::Taken(crate::store::Unique::Username), "the name is free with the last step");
    assert_eq!(store.verify().await.unwrap(), nothing());
}

/// A reader reads several rows for one answer, and the account may go between two of them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_beside_it_see_an_account_or_none_and_never_damage() {
    let dir = directory();
    let store = Arc::new(open(dir.path()));
    let done = Arc::new(AtomicBool::new(false));
    let reading = tokio::spawn({
        let (store, done) = (Arc::clone(&store), Arc::clone(&done));
        async move {
            let command = registration("ada");
            let mut number = 0;
            while !done.load(Ordering::SeqCst) {
                store.account_by_username(&command.username.key()).await.unwrap();
                store.account_by_verified_email(command.email.as_ref().unwrap()).await.unwrap();
                store.accounts_by_email(command.email.as_ref().unwrap(), 9).await.unwrap();
                let all = Slice { start: Start::Skip(0), limit: 100 };
                store.statuses(&StatusFilter::default(), StatusOrder::OldestFirst, all).await.unwrap();
                let all = Slice { start: Start::Skip(0), limit: 100 };
                for profile in store.profiles(&ProfileFilter::default(), ProfileOrder::Id, all).await.unwrap().rows {
                    number = profile.account.get();
                }
                for id in number..number + 3 {
                    store.principal(&Digest::of(&id.to_string()), NOW).await.unwrap();
                    store.profile_of(AccountId::new(id)).await.unwrap();
                    store.profile(ProfileId::new(id)).await.unwrap();
                    store.tokens_of(AccountId::new(id), NOW).await.unwrap();
                }
            }
        }
    });
    for number in 1..=300 {
        let mut command = registration("ada");
        // By the number that the account will have.
        command.tokens = vec![fixture::token(&number.to_string())];
        let account = store.register(command).await.unwrap().account.id;
        store.post_status(account, text("hello"), NOW).await.unwrap();
        let command = EraseAccount { account, limit: 9, audit: None, at: NOW };
        assert_eq!(store.erase_account(command).await.unwrap(), Erasure::Done);
    }
    done.store(true, Ordering::SeqCst);
    reading.await.unwrap();
    assert_eq!(store.verify().await.unwrap(), nothing());
}
