//! Many at once, each with a thing of its own.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use super::{MANY, erasure, everything, is_known, jobs, mails, register, revision_after, together};
use crate::{
    model::{AccountId, KeyPurpose, ProfileId, Status, StatusId},
    store::{
        ProfileChange, ProfileFilter, Register, Revoke, Slice, Start, StatusFilter, StatusOrder, Store, StoreError,
    },
    testkit::fixture,
};

/// Registrations of different names do not disturb each other.
pub async fn registrations_of_different_names_all_succeed(store: Arc<dyn Store>) {
    let made = together(MANY, |number| {
        let store = Arc::clone(&store);
        async move { register(&*store, &format!("account{number}")).await }
    })
    .await;
    let numbers: BTreeSet<_> = made.iter().map(|made| made.account.id.get()).collect();
    assert_eq!(numbers, (1..=MANY as u64).collect());
    for made in made {
        assert_eq!(store.profile_of(made.account.id).await.unwrap(), Some(made.profile));
        assert_eq!(store.account(made.account.id).await.unwrap(), Some(made.account));
    }
    assert_eq!(store.count_profiles(&ProfileFilter::default()).await.unwrap(), MANY as u64);
}

/// Updaters who read again when they are stale all get through, and the revision counts every one.
pub async fn the_revision_counts_every_update_of_many(store: Arc<dyn Store>) {
    const UPDATERS: usize = 16;
    const ROUNDS: usize = 8;
    let profile = register(&*store, "ada").await.profile.id;
    together(UPDATERS, |number| {
        let store = Arc::clone(&store);
        async move {
            for round in 0..ROUNDS {
                set_city(&*store, profile, &format!("{number}.{round}")).await;
            }
        }
    })
    .await;
    let profile = store.profile(profile).await.unwrap().unwrap();
    assert_eq!(profile.revision, revision_after((UPDATERS * ROUNDS) as u64));
}

/// Reads the profile and writes it with this city, until nobody was faster.
async fn set_city(store: &dyn Store, id: ProfileId, city: &str) {
    loop {
        let found = store.profile(id).await.unwrap().unwrap();
        let change = ProfileChange { city: Some(fixture::city(city)), ..ProfileChange::default() };
        match store.update_profile(id, found.revision, change, fixture::NOW.into()).await {
            Ok(written) => return assert_eq!(written.revision, found.revision.next()),
            // Lets go of the thread, so that a store that is always stale can be given up.
            Err(StoreError::Stale) => tokio::task::yield_now().await,
            Err(other) => panic!("{other}"),
        }
    }
}

/// Nobody ever reads half an update.
pub async fn no_update_is_seen_half_applied(store: Arc<dyn Store>) {
    let profile = register(&*store, "ada").await.profile.id;
    together(9, |number| {
        let store = Arc::clone(&store);
        async move {
            for round in 0..32_u64 {
                let found = store.profile(profile).await.unwrap().unwrap();
                assert_eq!(found.bio.as_str(), found.city.as_str(), "half of an update");
                if number == 0 {
                    let both = round.to_string();
                    let (bio, city) = (Some(fixture::bio(&both)), Some(fixture::city(&both)));
                    let change = ProfileChange { bio, city, avatar: None };
                    store.update_profile(profile, revision_after(round), change, fixture::NOW.into()).await.unwrap();
                }
            }
        }
    })
    .await;
}

/// Counts are exact when posts and deletions of several accounts are over.
pub async fn counts_are_exact_after_many_at_once(store: Arc<dyn Store>) {
    const WRITERS: usize = 32;
    let names = ["ada", "bob"];
    for name in names {
        register(&*store, name).await;
    }
    together(WRITERS, |number| {
        let store = Arc::clone(&store);
        let account = AccountId::new(number as u64 % 2 + 1);
        async move {
            let mut posted = Vec::new();
            for _ in 0..6 {
                posted.push(store.post_status(account, fixture::text("hello"), fixture::NOW).await.unwrap().id);
            }
            for id in posted.into_iter().skip(number % 5) {
                store.delete_status(id, fixture::NOW.into()).await.unwrap();
            }
        }
    })
    .await;
    let left = |parity| (0..WRITERS).filter(move |number| number % 2 == parity).map(|number| number % 5).sum::<usize>();
    let mut filters = vec![(StatusFilter::default(), left(0) + left(1))];
    filters.extend(names.into_iter().zip([left(0), left(1)]).map(|(name, left)| (StatusFilter::by(name), left)));
    for (filter, left) in filters {
        assert_eq!(store.count_statuses(&filter).await.unwrap(), left as u64, "{filter:?}");
        assert_eq!(
            store.statuses(&filter, StatusOrder::OldestFirst, everything()).await.unwrap().rows.len(),
            left,
            "{filter:?}"
        );
    }
}

/// A list that is read in parts while others write has every row that was there all the time, once and in order.
pub async fn pages_read_while_others_write_lose_nothing(store: Arc<dyn Store>) {
    let ada = register(&*store, "ada").await.account.id;
    let mut steady = Vec::new();
    for _ in 0..40 {
        steady.push(store.post_status(ada, fixture::text("steady"), fixture::NOW).await.unwrap().id);
        store.post_status(ada, fixture::text("fleeting"), fixture::NOW).await.unwrap();
    }
    let seen = together(8, |number| {
        let store = Arc::clone(&store);
        async move {
            if number % 2 == 0 {
                return Some(read_in_parts(&*store, 7).await);
            }
            for fleeting in (1..=40_u64).filter(|fleeting| fleeting % 4 == number as u64 / 2) {
                store.post_status(ada, fixture::text("new"), fixture::NOW).await.unwrap();
                store.delete_status(StatusId::new(fleeting * 2), fixture::NOW.into()).await.unwrap();
            }
            None
        }
    })
    .await;
    for rows in seen.into_iter().flatten() {
        assert!(rows.is_sorted_by(|one, next| one.id < next.id), "in order, and none twice");
        let found: Vec<_> = rows.iter().filter(|row| row.text.as_str() == "steady").map(|row| row.id).collect();
        assert_eq!(found, steady);
    }
}

async fn read_in_parts(store: &dyn Store, limit: usize) -> Vec<Status> {
    let mut all = Vec::new();
    let mut start = Start::Skip(0);
    loop {
        let part =
            store.statuses(&StatusFilter::default(), StatusOrder::OldestFirst, Slice { start, limit }).await.unwrap();
        start = part.rows.last().map_or(start, |row| Start::After(row.id));
        all.extend(part.rows);
        if !part.more {
            return all;
        }
    }
}

/// After a new password that ends everything, no login with the old one is left, however they met.
pub async fn no_login_survives_a_new_password(store: Arc<dyn Store>) {
    let ada = register(&*store, "ada").await.account.id;
    together(MANY, |number| {
        let store = Arc::clone(&store);
        async move {
            if number == MANY / 2 {
                return set_password(&*store, ada).await;
            }
            let tokens = vec![fixture::token(&format!("token{number}"))];
            match store.log_in(fixture::login(ada, "ada", tokens)).await {
                Ok(_) | Err(StoreError::Stale) => {}
                Err(other) => panic!("{other}"),
            }
        }
    })
    .await;
    for number in 0..MANY {
        assert!(!is_known(&*store, &format!("token{number}")).await, "token{number} survived");
    }
}

/// Logins are writes of the account, so its revision has to be read again until none came between.
async fn set_password(store: &dyn Store, id: AccountId) {
    loop {
        let revision = store.account(id).await.unwrap().unwrap().revision;
        match store.set_password(fixture::set_password(id, revision, "new", Revoke::Everything)).await {
            Ok(_) => return,
            // Lets go of the thread, so that a store that is always stale can be given up.
            Err(StoreError::Stale) => tokio::task::yield_now().await,
            Err(other) => panic!("{other}"),
        }
    }
}

/// No mail is held by two workers at once; what they lose comes back, and again to one of them.
pub async fn workers_never_hold_the_same_mail(store: Arc<dyn Store>) {
    const MAILS: u64 = 96;
    jobs::fill(&*store, MAILS, 8).await;
    for attempt in 1..=3 {
        let leased = together(8, |_| {
            let store = Arc::clone(&store);
            async move { lease_all(&*store, u64::from(attempt) * 60, MAILS).await }
        })
        .await;
        let mut leased = leased.concat();
        leased.sort_unstable();
        assert_eq!(leased, (1..=MAILS).map(|number| (number, attempt)).collect::<Vec<_>>());
    }
}

/// Leases five at a time, for a minute, until nothing is left; the numbers and attempts.
async fn lease_all(store: &dyn Store, seconds: u64, mails: u64) -> Vec<(u64, u32)> {
    let mut all = Vec::new();
    loop {
        let part = store.lease(fixture::after(seconds), Duration::from_mins(1), 5).await.unwrap();
        if part.is_empty() {
            return all;
        }
        all.extend(part.into_iter().map(|item| (item.id.get(), item.attempt)));
        assert!(all.len() as u64 <= mails, "one worker leased more mails than there are");
    }
}

/// An account that is erased while others write to it leaves nothing behind: whoever came too late was told so.
pub async fn nothing_is_left_of_an_account_erased_while_it_writes(store: Arc<dyn Store>) {
    const WRITERS: usize = 24;
    let tokens = vec![fixture::token("first")];
    let ada = store.register(Register { tokens, ..fixture::register("ada") }).await.unwrap().account.id;
    let bob = register(&*store, "bob").await.account.id;
    store.post_status(bob, fixture::text("hello"), fixture::NOW).await.unwrap();
    together(WRITERS, |number| {
        let store = Arc::clone(&store);
        async move {
            if number == WRITERS / 2 {
                return erasure::erase(&*store, ada).await;
            }
            for round in 0..8 {
                let secret = format!("{number}.{round}");
                let late = match number % 4 {
                    0 => store.log_in(fixture::login(ada, "ada", vec![fixture::token(&secret)])).await.err(),
                    1 => store.issue_token(fixture::issue(ada, fixture::personal(&secret))).await.err(),
                    2 => {
                        let key = fixture::key(&secret, KeyPurpose::ResetPassword, "ada@example.org", 60);
                        store.send_keys(fixture::send(ada, key)).await.err()
                    }
                    _ => store.post_status(ada, fixture::text("hello"), fixture::NOW).await.err(),
                };
                assert!(matches!(late, None | Some(StoreError::Missing)), "{late:?}");
            }
        }
    })
    .await;
    assert_eq!(store.account(ada).await.unwrap(), None);
    assert_eq!(store.count_statuses(&StatusFilter::default()).await.unwrap(), 1);
    let rows = store.statuses(&StatusFilter::default(), StatusOrder::OldestFirst, everything()).await.unwrap().rows;
    assert!(rows.len() == 1 && rows[0].account == bob);
    assert_eq!(store.tokens_of(ada, fixture::NOW).await.unwrap(), []);
    assert!(!is_known(&*store, "first").await);
    assert_eq!(mails(&*store).await, []);
    assert_eq!(store.sweep(fixture::after(60), usize::MAX).await.unwrap(), 0, "no key is left to expire");
}
