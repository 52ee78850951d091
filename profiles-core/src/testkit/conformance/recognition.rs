//! Who asks, and the row that they ask for, in one look-up.

use std::sync::Arc;

use super::{register, set_active};
use crate::{
    model::{AccountId, Principal, ProfileId, StatusId, Timestamp, UsernameKey},
    store::{AccountChange, Erasure, Found, ProfileChange, Register, Store, Wanted},
    testkit::fixture,
};

/// What the look-ups answer that ask for one thing each.
async fn one_by_one(store: &dyn Store, secret: &str, now: Timestamp, wanted: &Wanted) -> Option<(Principal, Found)> {
    let principal = store.principal(&fixture::digest(secret), now).await.unwrap()?;
    let found = match wanted {
        Wanted::Profile(id) => Found::Profile(store.profile(*id).await.unwrap()),
        Wanted::ProfileNamed(name) => match store.account_by_username(name).await.unwrap() {
            Some(account) => Found::Profile(store.profile_of(account.id).await.unwrap()),
            None => Found::Profile(None),
        },
        Wanted::Status(id) => Found::Status(store.status(*id).await.unwrap()),
        Wanted::OwnAccount => Found::Account(store.account(principal.account).await.unwrap()),
    };
    Some((principal, found))
}

async fn at_once(store: &dyn Store, secret: &str, now: Timestamp, wanted: &Wanted) -> Option<(Principal, Found)> {
    store.principal_and(&fixture::digest(secret), now, wanted).await.unwrap()
}

/// Every row that a request may name here, there or not.
fn every_wanted() -> Vec<Wanted> {
    let numbers = [0, 1, 2, 3, 4, 9, u64::MAX];
    let profiles = numbers.map(|id| Wanted::Profile(ProfileId::new(id)));
    let statuses = numbers.map(|id| Wanted::Status(StatusId::new(id)));
    let names = ["ada", "ADA", "bob", "cyd", "dan", "nobody", "", "ada\0", "%"];
    let by_name = names.map(|name| Wanted::ProfileNamed(UsernameKey::of(name)));
    [Wanted::OwnAccount].into_iter().chain(profiles).chain(statuses).chain(by_name).collect()
}

/// Whoever asks, and whatever for: the answer is that of the look-ups that ask for one thing each.
pub async fn who_asks_and_the_row_are_told_as_one_by_one(store: Arc<dyn Store>) {
    let tokens = vec![fixture::token("token"), fixture::session("session"), fixture::token_until("minute", 60)];
    let ada = store.register(Register { is_staff: true, tokens, ..fixture::register("Ada") }).await.unwrap().account;
    store.issue_token(fixture::issue(ada.id, fixture::personal("personal"))).await.unwrap();
    let bob = Register { tokens: vec![fixture::token("bob's")], ..fixture::register("bob") };
    let bob = store.register(bob).await.unwrap();
    // Out of use, and erased, with a token each.
    let cyd = Register { tokens: vec![fixture::token("cyd's")], ..fixture::register("cyd") };
    let cyd = store.register(cyd).await.unwrap().account.id;
    set_active(&*store, cyd, false).await;
    let dan = Register { tokens: vec![fixture::token("dan's")], ..fixture::register("dan") };
    let dan = store.register(dan).await.unwrap().account.id;
    assert_eq!(store.erase_account(fixture::erase(dan, 100)).await.unwrap(), Erasure::Done);

    let change = ProfileChange {
        bio: Some(fixture::bio("an animal\n🎉")),
        city: Some(fixture::city("Brno")),
        avatar: Some(Some(fixture::avatar(7))),
    };
    store.update_profile(bob.profile.id, bob.profile.revision, change, fixture::NOW.into()).await.unwrap();
    for (account, text) in [(ada.id, "hello"), (bob.account.id, "🎉"), (cyd, "bye"), (bob.account.id, "gone")] {
        store.post_status(account, fixture::text(text), fixture::after(1)).await.unwrap();
    }
    store.delete_status(StatusId::new(4), fixture::NOW.into()).await.unwrap();

    let mut there = 0;
    for secret in ["token", "session", "personal", "minute", "bob's", "cyd's", "dan's", "nobody's", ""] {
        for now in [fixture::NOW, fixture::after(60)] {
            for wanted in every_wanted() {
                let answer = at_once(&*store, secret, now, &wanted).await;
                there += usize::from(answer.is_some());
                assert_eq!(answer, one_by_one(&*store, secret, now, &wanted).await, "{secret} at {now}: {wanted:?}");
            }
        }
    }
    assert_eq!(there, (5 * 2 + 1) * every_wanted().len(), "five know somebody always, one for a minute");
}

/// The row is that of now: nothing of an earlier look is kept.
pub async fn the_row_is_told_as_it_is_now(store: Arc<dyn Store>) {
    let tokens = vec![fixture::token("token")];
    let ada = store.register(Register { tokens, ..fixture::register("ada") }).await.unwrap();
    let bob = register(&*store, "bob").await;
    let status = store.post_status(bob.account.id, fixture::text("hello"), fixture::NOW).await.unwrap();
    let found = async |wanted| at_once(&*store, "token", fixture::NOW, &wanted).await.unwrap().1;
    let (profile, post) = (Wanted::Profile(bob.profile.id), Wanted::Status(status.id));
    assert_eq!(found(profile.clone()).await, Found::Profile(Some(bob.profile.clone())));
    assert_eq!(found(post.clone()).await, Found::Status(Some(status.clone())));

    let city = ProfileChange { city: Some(fixture::city("Brno")), ..ProfileChange::default() };
    let moved = store.update_profile(bob.profile.id, bob.profile.revision, city, fixture::NOW.into()).await.unwrap();
    assert_eq!(found(profile.clone()).await, Found::Profile(Some(moved)));
    let text = Some(fixture::text("bye"));
    let edited = store.update_status(status.id, status.revision, text, fixture::after(1).into()).await.unwrap();
    assert_eq!(found(post.clone()).await, Found::Status(Some(edited)));

    let name = AccountChange { username: Some(fixture::username("Rob")), ..AccountChange::default() };
    store.update_account(bob.account.id, bob.account.revision, name, fixture::NOW.into()).await.unwrap();
    let named = async |name| found(Wanted::ProfileNamed(UsernameKey::of(name))).await;
    assert_eq!(named("bob").await, Found::Profile(None));
    let Found::Profile(Some(renamed)) = named("rob").await else { panic!("it is there by its new name") };
    assert_eq!((renamed.id, renamed.username), (bob.profile.id, fixture::username("Rob")));
    let Found::Status(Some(by_rob)) = found(post.clone()).await else { panic!("it is there") };
    assert_eq!(by_rob.username, fixture::username("Rob"));

    store.delete_status(status.id, fixture::NOW.into()).await.unwrap();
    assert_eq!(found(post).await, Found::Status(None));
    let own = store.account(ada.account.id).await.unwrap();
    assert_eq!(found(Wanted::OwnAccount).await, Found::Account(own));
    let inactive = set_active(&*store, ada.account.id, false).await;
    assert_eq!(found(Wanted::OwnAccount).await, Found::Account(Some(inactive)));
}

/// That a row is not there takes nothing away from who asks, and that nobody asks is told whatever is there.
pub async fn a_missing_row_takes_nothing_from_who_asks(store: Arc<dyn Store>) {
    let tokens = vec![fixture::token("token")];
    store.register(Register { tokens, ..fixture::register("ada") }).await.unwrap();
    let (missing, there) = (Wanted::Profile(ProfileId::new(7)), Wanted::Profile(ProfileId::new(1)));
    let (principal, found) = at_once(&*store, "token", fixture::NOW, &missing).await.expect("somebody");
    assert_eq!((principal.account, found), (AccountId::new(1), Found::Profile(None)));
    assert_eq!(at_once(&*store, "nobody's", fixture::NOW, &there).await, None);
}
