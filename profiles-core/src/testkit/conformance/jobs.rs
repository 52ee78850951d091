//! The outbox.

use std::{sync::Arc, time::Duration};

use crate::{
    model::{OutboxId, Timestamp},
    store::{OutboxItem, Register, Store},
    testkit::fixture,
};

const HOLD: Duration = Duration::from_mins(1);

/// Puts mails with these numbers into the outbox, `per_account` with each registration.
pub(super) async fn fill(store: &dyn Store, count: u64, per_account: u64) {
    let mails: Vec<_> = (1..=count).map(|number| fixture::mail("reader", number)).collect();
    for (number, outbox) in mails.chunks(usize::try_from(per_account).unwrap()).enumerate() {
        let command = Register { outbox: outbox.to_vec(), ..fixture::register(&format!("sender{number}")) };
        store.register(command).await.unwrap();
    }
}

async fn lease(store: &dyn Store, seconds: u64, limit: usize) -> Vec<OutboxItem> {
    store.lease(fixture::after(seconds), HOLD, limit).await.unwrap()
}

/// The mail with this number, as [`fill`] made it, leased for the `attempt`th time.
fn item(number: u64, attempt: u32) -> OutboxItem {
    OutboxItem { id: OutboxId::new(number), mail: fixture::mail("reader", number), attempt }
}

/// Mails are leased in the order in which they were put there, no more than were asked for.
pub async fn mails_are_leased_oldest_first(store: Arc<dyn Store>) {
    assert_eq!(lease(&*store, 0, 10).await, []);
    fill(&*store, 5, 2).await;
    assert_eq!(lease(&*store, 0, 0).await, []);
    assert_eq!(lease(&*store, 0, 2).await, [item(1, 1), item(2, 1)]);
    assert_eq!(lease(&*store, 0, usize::MAX).await, [item(3, 1), item(4, 1), item(5, 1)]);
    assert_eq!(lease(&*store, 0, 10).await, []);
}

/// A mail is held until its moment, not before it and not after; then it is leased again, and its attempts count on.
pub async fn a_lease_ends_at_its_moment(store: Arc<dyn Store>) {
    fill(&*store, 1, 1).await;
    assert_eq!(lease(&*store, 0, 1).await, [item(1, 1)]);
    let just_before = Timestamp::from_micros(fixture::after(60).as_micros() - 1);
    assert_eq!(store.lease(just_before, HOLD, 1).await.unwrap(), []);
    assert_eq!(lease(&*store, 60, 1).await, [item(1, 2)]);
    assert_eq!(lease(&*store, 119, 1).await, []);
    assert_eq!(lease(&*store, 500, 1).await, [item(1, 3)]);
}

/// How long a lease holds is for each call to say.
pub async fn each_lease_has_its_own_hold(store: Arc<dyn Store>) {
    fill(&*store, 3, 3).await;
    for (seconds, number) in [(300, 1), (10, 2), (0, 3)] {
        let leased = store.lease(fixture::NOW, Duration::from_secs(seconds), 1).await.unwrap();
        assert_eq!(leased, [item(number, 1)]);
    }
    assert_eq!(lease(&*store, 9, 10).await, [item(3, 2)]);
    assert_eq!(lease(&*store, 10, 10).await, [item(2, 2)]);
    assert_eq!(lease(&*store, 300, 10).await, [item(1, 2), item(2, 3), item(3, 3)]);
}

/// A mail that comes back has kept its place before those that are younger.
pub async fn a_mail_that_comes_back_keeps_its_place(store: Arc<dyn Store>) {
    fill(&*store, 4, 1).await;
    assert_eq!(lease(&*store, 0, 2).await, [item(1, 1), item(2, 1)]);
    assert_eq!(lease(&*store, 60, 3).await, [item(1, 2), item(2, 2), item(3, 1)]);
    assert_eq!(lease(&*store, 60, 3).await, [item(4, 1)]);
}

/// A mail that is complete is never leased again.
pub async fn a_complete_mail_is_forgotten(store: Arc<dyn Store>) {
    fill(&*store, 3, 3).await;
    assert_eq!(lease(&*store, 0, 2).await, [item(1, 1), item(2, 1)]);
    store.complete(OutboxId::new(1)).await.unwrap();
    assert_eq!(lease(&*store, 1000, 10).await, [item(2, 2), item(3, 1)]);
    store.complete(OutboxId::new(2)).await.unwrap();
    store.complete(OutboxId::new(3)).await.unwrap();
    assert_eq!(lease(&*store, 5000, 10).await, []);
}

/// Completing is no error if the mail is gone or never was; nor is it for who comes late, after losing the lease.
pub async fn completing_twice_is_no_error(store: Arc<dyn Store>) {
    store.complete(OutboxId::new(1)).await.unwrap();
    fill(&*store, 2, 2).await;
    assert_eq!(lease(&*store, 0, 1).await, [item(1, 1)]);
    assert_eq!(lease(&*store, 60, 1).await, [item(1, 2)]);
    store.complete(OutboxId::new(1)).await.unwrap();
    store.complete(OutboxId::new(1)).await.unwrap();
    store.complete(OutboxId::new(u64::MAX)).await.unwrap();
    assert_eq!(lease(&*store, 1000, 10).await, [item(2, 1)]);
}

/// The number of a mail that is gone is not given again.
pub async fn the_number_of_a_mail_is_not_given_again(store: Arc<dyn Store>) {
    fill(&*store, 2, 2).await;
    for number in [1, 2] {
        store.complete(OutboxId::new(number)).await.unwrap();
    }
    let outbox = vec![fixture::mail("reader", 3)];
    store.register(Register { outbox, ..fixture::register("ada") }).await.unwrap();
    assert_eq!(lease(&*store, 0, 10).await, [item(3, 1)]);
}
