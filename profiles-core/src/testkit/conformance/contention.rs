//! Many who want the same thing: one gets it.

use std::{sync::Arc, time::Duration};

use super::{MANY, assert_nothing_more, is_known, mails, next_kind, register, revision_after, together, trail};
use crate::{
    event::EventKind,
    model::{AccountId, AuditEvent, KeyPurpose, Limit, Revision},
    store::{
        AccountChange, Admission, Attempt, ConfirmEmail, EmailConfirmation, Erasure, IssueToken, ProfileChange,
        ProfileFilter, Register, Result, StatusFilter, Store, Unique,
    },
    testkit::{Refusal, fixture, refusal},
};

/// Splits off the one answer that is `Ok`; panics if there is another number of them, or another refusal than this.
#[track_caller]
fn only_winner<T: std::fmt::Debug>(answers: Vec<Result<T>>, loser: Refusal) -> T {
    let (mut winners, losers): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert_eq!(winners.len(), 1, "one wins");
    assert!(losers.into_iter().all(|answer| refusal(answer) == loser), "the others are told that it is {loser:?}");
    winners.remove(0).unwrap()
}

/// Of many registrations of one name at once one wins, and of the others nothing is left.
pub async fn one_of_many_registrations_of_a_name_wins(store: Arc<dyn Store>) {
    let mut events = store.events();
    let answers = together(MANY, |number| {
        let store = Arc::clone(&store);
        let name = if number % 2 == 0 { "Ada" } else { "aDA" };
        let command = Register {
            email: Some(fixture::email(&format!("{number}@example.org"))),
            email_verified: true,
            tokens: vec![fixture::token(&format!("token{number}"))],
            mail_key: Some(fixture::mail_key(&format!("key{number}"), "ada@example.org", 1)),
            outbox: vec![fixture::mail("ada", number as u64)],
            ..fixture::register(name)
        };
        async move { store.register(command).await }
    })
    .await;
    let winner = answers.iter().position(Result::is_ok);
    let ada = only_winner(answers, Refusal::Taken(Unique::Username)).account;

    assert_eq!(store.accounts(None, usize::MAX).await.unwrap(), std::slice::from_ref(&ada));
    assert_eq!(store.count_profiles(&ProfileFilter::default()).await.unwrap(), 1);
    for number in 0..MANY {
        let won = Some(number) == winner;
        assert_eq!(is_known(&*store, &format!("token{number}")).await, won);
        let address = fixture::email(&format!("{number}@example.org"));
        assert_eq!(store.account_by_verified_email(&address).await.unwrap().is_some(), won);
    }
    let mails = store.lease(fixture::NOW, Duration::from_mins(1), usize::MAX).await.unwrap();
    assert_eq!(mails.len(), 1);
    assert_eq!(store.sweep(fixture::after(1), usize::MAX).await.unwrap(), 1, "one mail key was kept");
    next_kind(&mut events).await;
    assert!(matches!(next_kind(&mut events).await, EventKind::MailQueued { .. }));
    assert_nothing_more(&*store, &mut events).await;
}

/// Of many who verify one address at once one wins.
pub async fn one_of_many_registrations_of_an_address_wins(store: Arc<dyn Store>) {
    let answers = together(MANY, |number| {
        let store = Arc::clone(&store);
        let email = Some(fixture::email("shared@example.org"));
        let command = Register { email, email_verified: true, ..fixture::register(&format!("account{number}")) };
        async move { store.register(command).await }
    })
    .await;
    let winner = only_winner(answers, Refusal::Taken(Unique::VerifiedEmail)).account;
    let found = store.account_by_verified_email(&fixture::email("shared@example.org")).await.unwrap();
    assert_eq!(found, Some(winner));
    assert_eq!(store.accounts(None, usize::MAX).await.unwrap().len(), 1);
}

/// Of many who bring one secret at once one keeps it.
pub async fn a_secret_is_kept_by_one_of_many(store: Arc<dyn Store>) {
    let ada = register(&*store, "ada").await.account.id;
    let answers = together(MANY, |_| {
        let store = Arc::clone(&store);
        async move { store.log_in(fixture::login(ada, "ada", vec![fixture::token("token")])).await }
    })
    .await;
    only_winner(answers, Refusal::Taken(Unique::Secret));
    assert_eq!(store.account(ada).await.unwrap().unwrap().revision, revision_after(1));
}

/// Of many who rename their accounts to one name at once one wins.
pub async fn one_of_many_renames_wins(store: Arc<dyn Store>) {
    for number in 1..=MANY {
        register(&*store, &format!("account{number}")).await;
    }
    let answers = together(MANY, |number| {
        let store = Arc::clone(&store);
        let change = AccountChange { username: Some(fixture::username("ada")), ..AccountChange::default() };
        let id = AccountId::new(number as u64 + 1);
        async move { store.update_account(id, Revision::FIRST, change, fixture::NOW.into()).await }
    })
    .await;
    only_winner(answers, Refusal::Taken(Unique::Username));
}

/// Of many updates that expect the same revision one wins, on every kind of row.
pub async fn one_of_many_updates_of_a_revision_wins(store: Arc<dyn Store>) {
    let made = register(&*store, "ada").await;
    let (account, profile) = (made.account.id, made.profile.id);
    let status = store.post_status(account, fixture::text("hello"), fixture::NOW).await.unwrap().id;

    let answers = together(MANY, |number| {
        let store = Arc::clone(&store);
        let name = fixture::person_name(&number.to_string());
        let change = AccountChange { first_name: Some(name), ..AccountChange::default() };
        async move { store.update_account(account, Revision::FIRST, change, fixture::NOW.into()).await }
    })
    .await;
    let winner = only_winner(answers, Refusal::Stale);
    assert_eq!(store.account(account).await.unwrap(), Some(winner));

    let answers = together(MANY, |number| {
        let store = Arc::clone(&store);
        let change = ProfileChange { bio: Some(fixture::bio(&number.to_string())), ..ProfileChange::default() };
        async move { store.update_profile(profile, Revision::FIRST, change, fixture::NOW.into()).await }
    })
    .await;
    let winner = only_winner(answers, Refusal::Stale);
    assert_eq!(store.profile(profile).await.unwrap(), Some(winner));

    let answers = together(MANY, |number| {
        let store = Arc::clone(&store);
        let text = Some(fixture::text(&number.to_string()));
        async move { store.update_status(status, Revision::FIRST, text, fixture::NOW.into()).await }
    })
    .await;
    let winner = only_winner(answers, Refusal::Stale);
    assert_eq!(store.status(status).await.unwrap(), Some(winner));
}

/// Of many who delete one status at once one does, and it is counted once.
pub async fn one_of_many_deletions_wins(store: Arc<dyn Store>) {
    let ada = register(&*store, "ada").await.account.id;
    let mut posted = Vec::new();
    for _ in 0..2 {
        posted.push(store.post_status(ada, fixture::text("hello"), fixture::NOW).await.unwrap().id);
    }
    let doomed = posted[0];
    let answers = together(MANY, |_| {
        let store = Arc::clone(&store);
        async move { store.delete_status(doomed, fixture::NOW.into()).await }
    })
    .await;
    only_winner(answers, Refusal::Missing);
    assert_eq!(store.count_statuses(&StatusFilter::default()).await.unwrap(), 1);
}

/// Of many wrong passwords at once, exactly as many are let through as are free.
pub async fn exactly_the_free_ones_of_many_tries_are_granted(store: Arc<dyn Store>) {
    const TRIES: usize = 1000;
    let (hour, day) = (Duration::from_hours(1), Duration::from_hours(24));
    let limits = [("account", 7), ("address", 20)];
    let limits = limits.map(|(name, free)| (fixture::throttle(name), Limit::new(free, hour, day, day)));
    let answers = together(TRIES, |_| {
        let store = Arc::clone(&store);
        let audit = Some(fixture::note(AuditEvent::Login));
        let command = Attempt { limits: limits.to_vec(), audit, at: fixture::NOW };
        async move { store.attempt(command).await }
    })
    .await;
    let mut granted = 0;
    for answer in answers {
        match answer {
            Ok(Admission::Granted) => granted += 1,
            Ok(Admission::Refused { until }) => assert_eq!(until, fixture::NOW.plus(hour)),
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!(granted, 7);
    assert_eq!(trail(&*store).await.len(), 1, "one wait is told once");
    // The other key counted the granted ones alone.
    let rest = Attempt { limits: vec![limits[1]], audit: None, at: fixture::NOW };
    for number in 7..=20 {
        let answer = store.attempt(rest.clone()).await.unwrap();
        assert_eq!(answer == Admission::Granted, number < 20, "try {number}");
    }
}

/// A key that many bring at once works exactly once, to reset a password and to confirm an address.
pub async fn a_mailed_key_works_for_one_of_many(store: Arc<dyn Store>) {
    const BEARERS: usize = 100;
    let ada = register(&*store, "ada").await.account.id;
    for (secret, purpose) in [("reset", KeyPurpose::ResetPassword), ("confirm", KeyPurpose::ConfirmEmail)] {
        let key = fixture::key(secret, purpose, "ada@example.org", 60);
        store.send_keys(fixture::send(ada, key)).await.unwrap();
    }
    let answers = together(BEARERS, |number| {
        let store = Arc::clone(&store);
        let command = fixture::reset(ada, "reset", &format!("password{number}"));
        async move { store.reset_password(command).await }
    })
    .await;
    let winner = only_winner(answers, Refusal::Missing);
    assert_eq!(store.account(ada).await.unwrap(), Some(winner));

    let answers = together(BEARERS, |_| {
        let store = Arc::clone(&store);
        let command = ConfirmEmail { outbox: vec![fixture::mail("ada", 9)], ..fixture::confirm("confirm") };
        async move { store.confirm_email(command).await }
    })
    .await;
    only_winner(answers, Refusal::Missing);
    assert_eq!(store.account(ada).await.unwrap().unwrap().revision, revision_after(2));
    assert_eq!(mails(&*store).await.len(), 3, "both keys, and one mail of who was served");
}

/// Of many who confirm one address for accounts of their own at once, one gets it.
pub async fn an_address_is_confirmed_by_one_of_many(store: Arc<dyn Store>) {
    for number in 1..=MANY {
        let made = register(&*store, &format!("account{number}")).await;
        let key = fixture::key(&format!("key{number}"), KeyPurpose::ChangeEmail, "shared@example.org", 60);
        store.send_keys(fixture::send(made.account.id, key)).await.unwrap();
    }
    let answers = together(MANY, |number| {
        let store = Arc::clone(&store);
        async move { store.confirm_email(fixture::confirm(&format!("key{}", number + 1))).await.unwrap() }
    })
    .await;
    let confirmed = answers.into_iter().filter_map(|answer| match answer {
        EmailConfirmation::Confirmed(account) => Some(account),
        EmailConfirmation::TakenByAnother => None,
    });
    let confirmed: Vec<_> = confirmed.collect();
    let shared = fixture::email("shared@example.org");
    assert_eq!(store.accounts_by_email(&shared, MANY).await.unwrap(), confirmed);
    assert_eq!(confirmed.len(), 1);
}

/// However many ask for personal tokens at once, an account gets no more than it may have.
pub async fn many_personal_tokens_keep_to_their_limit(store: Arc<dyn Store>) {
    let ada = register(&*store, "ada").await.account.id;
    let answers = together(MANY, |number| {
        let store = Arc::clone(&store);
        let command = fixture::issue(ada, fixture::personal(&format!("token{number}")));
        async move { store.issue_token(IssueToken { most: 5, ..command }).await }
    })
    .await;
    let (made, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert_eq!(made.len(), 5);
    assert!(refused.into_iter().all(|answer| refusal(answer) == Refusal::Full));
    assert_eq!(store.tokens_of(ada, fixture::NOW).await.unwrap().len(), 5);
}

/// Of many who erase an account at once one finishes it, and the account is gone for all.
pub async fn an_account_is_erased_once(store: Arc<dyn Store>) {
    let ada = register(&*store, "ada").await;
    for _ in 0..10 {
        store.post_status(ada.account.id, fixture::text("hello"), fixture::NOW).await.unwrap();
    }
    let mut events = store.events();
    let finished = together(16, |_| {
        let store = Arc::clone(&store);
        async move {
            loop {
                match store.erase_account(fixture::erase(ada.account.id, 1)).await {
                    Ok(Erasure::Done) => return true,
                    Ok(Erasure::Unfinished) => {}
                    answer => {
                        assert_eq!(refusal(answer), Refusal::Missing);
                        return false;
                    }
                }
            }
        }
    })
    .await;
    assert_eq!(finished.into_iter().filter(|finished| *finished).count(), 1);
    let erased = EventKind::AccountErased { account: ada.account.id, profile: ada.profile.id };
    assert_eq!(next_kind(&mut events).await, erased);
    assert_nothing_more(&*store, &mut events).await;
}
