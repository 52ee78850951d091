//! What only this store does with mails: leases that end with their process, and the mails of an account.

use std::time::Duration;

use super::*;
use crate::{
    mail::MailProblem,
    model::OutboxId,
    store::{Jobs, MailOutcome, MailState},
};

const HOLD: Duration = Duration::from_hours(1);

#[tokio::test]
async fn leases_end_with_the_process_that_had_them() {
    let dir = directory();
    let store = open(dir.path());
    for name in ["ada", "bob", "cyd", "dan"] {
        store.register(registration(name)).await.unwrap();
    }
    assert_eq!(store.lease(NOW, HOLD, 3).await.unwrap().len(), 3);
    store.finish(OutboxId::new(2), 1, MailOutcome::Dead { why: MailProblem::new("no") }).await.unwrap();
    let later = MailOutcome::Later { at: LATER, why: MailProblem::new("busy"), unsure: true };
    store.finish(OutboxId::new(3), 1, later).await.unwrap();
    // It is leased a second time before the process ends: it was due then, and not when the first lease ended.
    store.lease(LATER, HOLD, 1).await.unwrap();
    store.close().await.unwrap();
    drop(store);

    let store = open(dir.path());
    let states: Vec<_> = store
        .mails(None, 10)
        .await
        .unwrap()
        .iter()
        .map(|entry| (entry.state, entry.attempts, entry.unsure, entry.due))
        .collect();
    // Nobody knows whether the first and the fourth arrived; of the third it was said that nobody does.
    assert_eq!(states[0], (MailState::Waiting, 1, 1, NOW));
    assert_eq!((states[1].0, states[1].2), (MailState::Dead, 0));
    assert_eq!(states[2], (MailState::Waiting, 1, 1, LATER));
    assert_eq!(states[3], (MailState::Waiting, 1, 1, NOW));
    assert_eq!(store.verify().await.unwrap(), nothing());
    let leased: Vec<_> = store.lease(NOW, HOLD, 10).await.unwrap().iter().map(|item| item.id.get()).collect();
    assert_eq!(leased, [1, 4]);
}

#[tokio::test]
async fn the_mails_of_an_account_go_and_others_stay() {
    let dir = directory();
    let store = open(dir.path());
    for name in ["ada", "bob"] {
        let one = registration(name);
        let outbox = [one.outbox.clone(), one.outbox.clone(), one.outbox.clone()].concat();
        store.register(Register { outbox, ..one }).await.unwrap();
    }
    store.lease(NOW, HOLD, 2).await.unwrap();
    store.finish(OutboxId::new(1), 1, MailOutcome::Dead { why: MailProblem::new("no") }).await.unwrap();
    store.write(|transaction| transaction.remove_mails_of(AccountId::new(1))).await.unwrap();
    let left: Vec<_> = store.mails(None, 10).await.unwrap().iter().map(|entry| entry.id.get()).collect();
    assert_eq!(left, [4, 5, 6]);
    assert_eq!(store.verify().await.unwrap(), nothing());
    store.write(|transaction| transaction.remove_mails_of(AccountId::new(1))).await.unwrap();
    assert_eq!(store.mails(None, 10).await.unwrap().len(), 3);
}
