//! Where logins come from.

use std::sync::Arc;

use super::{mails, register};
use crate::{
    model::AccountId,
    store::{LogIn, Register, Store},
    testkit::fixture,
};

/// Logs `name` in from this address, or from nowhere known; answers whether a mail tells of it.
async fn is_told(store: &dyn Store, account: AccountId, name: &str, address: Option<&str>) -> bool {
    let before = mails(store).await.len();
    let (place, if_new_place) = (address.map(fixture::place), Some(fixture::mail(name, 1)));
    store.log_in(LogIn { place, if_new_place, ..fixture::login(account, name, vec![]) }).await.unwrap();
    let told = mails(store).await.len() - before;
    assert!(told <= 1);
    told == 1
}

/// The first place that is known of an account is not told; another is, once, and each is known from then on.
pub async fn a_new_place_is_told_once(store: Arc<dyn Store>) {
    let ada = register(&*store, "ada").await.account.id;
    let bob = register(&*store, "bob").await.account.id;
    let (home, work) = (Some("192.0.2.1"), Some("198.51.100.1"));
    for (address, told) in [(home, false), (home, false), (work, true), (work, false), (home, false)] {
        assert_eq!(is_told(&*store, ada, "ada", address).await, told, "{address:?}");
    }
    assert!(!is_told(&*store, bob, "bob", work).await, "each account has places of its own");
    assert!(is_told(&*store, bob, "bob", home).await);
}

/// The place of a registration is the first one.
pub async fn a_registration_has_a_place(store: Arc<dyn Store>) {
    let place = Some(fixture::place("192.0.2.1"));
    let ada = store.register(Register { place, ..fixture::register("ada") }).await.unwrap().account.id;
    assert!(!is_told(&*store, ada, "ada", Some("192.0.2.1")).await);
    assert!(is_told(&*store, ada, "ada", Some("198.51.100.1")).await);
}

/// A login from nowhere known is not told and is no place.
pub async fn nowhere_is_no_place(store: Arc<dyn Store>) {
    let ada = register(&*store, "ada").await.account.id;
    for address in [None, Some("192.0.2.1"), None] {
        assert!(!is_told(&*store, ada, "ada", address).await, "{address:?}");
    }
}

/// What is near is the same place, of IPv4 and of IPv6 alike, and the two are never the same.
pub async fn neighbours_are_one_place(store: Arc<dyn Store>) {
    let ada = register(&*store, "ada").await.account.id;
    let logins = [
        ("192.0.2.1", false),
        ("192.0.2.255", false),
        ("::ffff:192.0.2.7", false),
        ("192.0.3.1", true),
        ("2001:db8:1::1", true),
        ("2001:db8:1:ffff::1", false),
        ("2001:db8:2::1", true),
        ("::", true),
        ("0.0.0.0", true),
    ];
    for (address, told) in logins {
        assert_eq!(is_told(&*store, ada, "ada", Some(address)).await, told, "{address}");
    }
}

/// Twenty places are kept; a new one takes the place of the one that was not seen for longest.
pub async fn the_place_not_seen_for_longest_is_forgotten(store: Arc<dyn Store>) {
    let ada = register(&*store, "ada").await.account.id;
    let is_told = async |number: u8| is_told(&*store, ada, "ada", Some(&format!("192.0.{number}.1"))).await;
    for number in 1..=20 {
        assert_eq!(is_told(number).await, number > 1);
    }
    assert!(!is_told(1).await, "all twenty are known, and this is the one seen last now");
    assert!(is_told(21).await);
    for number in (3..=20).chain([1, 21]) {
        assert!(!is_told(number).await, "{number} is known");
    }
    assert!(is_told(2).await, "this one was not seen for longest");
}

/// The places of an account can be listed, the one that was not seen for longest first.
pub async fn places_are_listed_by_when_they_were_seen(store: Arc<dyn Store>) {
    let ada = register(&*store, "ada").await.account.id;
    assert_eq!(store.places_of(ada).await.unwrap(), []);
    for (seconds, address) in [(1, "192.0.2.1"), (2, "198.51.100.1"), (3, "192.0.2.9")] {
        let place = Some(fixture::place(address));
        let command = LogIn { place, at: fixture::after(seconds), ..fixture::login(ada, "ada", vec![]) };
        store.log_in(command).await.unwrap();
    }
    let expected =
        [(fixture::place("198.51.100.1"), fixture::after(2)), (fixture::place("192.0.2.1"), fixture::after(3))];
    assert_eq!(store.places_of(ada).await.unwrap(), expected);
    assert_eq!(store.places_of(AccountId::new(9)).await.unwrap(), []);
}
