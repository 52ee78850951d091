//! The outbox.

use std::{sync::Arc, time::Duration};

use super::{assert_nothing_more, next, register};
use crate::{
    event::{Event, EventKind},
    mail::{Mail, MailProblem},
    model::{AccountId, OutboxId, Timestamp},
    store::{MailOutcome, MailState, OutboxEntry, OutboxItem, Register, Store},
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

/// The mail with this number, as [`fill`] made it, leased for the `attempt`th time; the leases before were lost.
fn item(number: u64, attempt: u32) -> OutboxItem {
    let mail = fixture::mail("reader", number);
    OutboxItem { id: OutboxId::new(number), mail, attempt, unsure: attempt - 1, queued_at: fixture::NOW }
}

async fn finish(store: &dyn Store, number: u64, attempt: u32, outcome: MailOutcome) {
    store.finish(OutboxId::new(number), attempt, outcome).await.unwrap();
}

fn problem() -> MailProblem {
    MailProblem::new("450 try later")
}

fn later(seconds: u64, unsure: bool) -> MailOutcome {
    MailOutcome::Later { at: fixture::after(seconds), why: problem(), unsure }
}

fn dead() -> MailOutcome {
    MailOutcome::Dead { why: problem() }
}

async fn entry(store: &dyn Store, number: u64) -> OutboxEntry {
    let after = number.checked_sub(1).map(OutboxId::new);
    let entries = store.mails(after, 1).await.unwrap();
    entries.into_iter().find(|entry| entry.id.get() == number).expect("the mail is listed")
}

async fn numbers(store: &dyn Store) -> Vec<u64> {
    store.mails(None, usize::MAX).await.unwrap().iter().map(|entry| entry.id.get()).collect()
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

/// Every kind of mail comes out as it went in.
pub async fn every_kind_of_mail_is_kept(store: Arc<dyn Store>) {
    let (username, to, at) = (fixture::username("ada"), fixture::email("ada@example.org"), fixture::after(7));
    let Mail::ConfirmEmail { seed, .. } = fixture::mail("ada", 1) else { panic!("it is of that kind") };
    let (address, agent) = ("2001:db8::1".to_owned(), "curl/8 \u{1f600}".to_owned());
    let outbox = vec![
        Mail::ConfirmEmail { username: username.clone(), to: to.clone(), seed },
        Mail::ResetPassword { username: username.clone(), to: to.clone(), account: AccountId::new(u64::MAX), seed },
        Mail::ConfirmNewEmail { username: username.clone(), to: to.clone(), seed },
        Mail::PasswordChanged { username: username.clone(), to: to.clone(), at },
        Mail::EmailChanged { username: username.clone(), to: to.clone(), at },
        Mail::NewLogin { username, to, at, address, agent },
    ];
    store.register(Register { outbox: outbox.clone(), ..fixture::register("ada") }).await.unwrap();
    let leased = lease(&*store, 0, 10).await.into_iter().map(|item| item.mail).collect::<Vec<_>>();
    assert_eq!(leased, outbox);
    let listed = store.mails(None, 10).await.unwrap().into_iter().map(|entry| entry.mail).collect::<Vec<_>>();
    assert_eq!(listed, outbox);
}

/// A mail is due from the moment of its command, and not before it.
pub async fn a_mail_is_due_from_its_command(store: Arc<dyn Store>) {
    assert_eq!(store.next_mail().await.unwrap(), None);
    let outbox = vec![fixture::mail("reader", 1)];
    store.register(Register { outbox, at: fixture::after(10), ..fixture::register("ada") }).await.unwrap();
    assert_eq!(store.next_mail().await.unwrap(), Some(fixture::after(10)));
    assert_eq!(lease(&*store, 9, 10).await, []);
    assert_eq!(lease(&*store, 10, 10).await, [OutboxItem { queued_at: fixture::after(10), ..item(1, 1) }]);
    assert_eq!(store.next_mail().await.unwrap(), Some(fixture::after(70)), "the end of the lease");
}

/// A mail is held until its moment, not before it and not after; then it is leased again, its attempts count on, and
/// nobody knows what came of the one that was lost.
pub async fn a_lease_ends_at_its_moment(store: Arc<dyn Store>) {
    fill(&*store, 1, 1).await;
    assert_eq!(lease(&*store, 0, 1).await, [item(1, 1)]);
    let just_before = Timestamp::from_micros(fixture::after(60).as_micros() - 1);
    assert_eq!(store.lease(just_before, HOLD, 1).await.unwrap(), []);
    assert_eq!(lease(&*store, 60, 1).await, [item(1, 2)]);
    assert_eq!(lease(&*store, 119, 1).await, []);
    assert_eq!(lease(&*store, 500, 1).await, [item(1, 3)]);
}

/// How long a lease holds is for each call to say; what comes back comes in the order of the moments at which it did.
pub async fn each_lease_has_its_own_hold(store: Arc<dyn Store>) {
    fill(&*store, 3, 3).await;
    for (seconds, number) in [(300, 1), (10, 2), (0, 3)] {
        let leased = store.lease(fixture::NOW, Duration::from_secs(seconds), 1).await.unwrap();
        assert_eq!(leased, [item(number, 1)]);
    }
    assert_eq!(lease(&*store, 9, 10).await, [item(3, 2)]);
    assert_eq!(lease(&*store, 10, 10).await, [item(2, 2)]);
    assert_eq!(lease(&*store, 300, 10).await, [item(3, 3), item(2, 3), item(1, 2)]);
}

/// A mail that comes back stands behind those that were due before it.
pub async fn a_mail_that_comes_back_waits_its_turn(store: Arc<dyn Store>) {
    fill(&*store, 4, 1).await;
    assert_eq!(lease(&*store, 0, 2).await, [item(1, 1), item(2, 1)]);
    finish(&*store, 1, 1, later(30, false)).await;
    let back = OutboxItem { unsure: 0, ..item(1, 2) };
    assert_eq!(lease(&*store, 60, 3).await, [item(3, 1), item(4, 1), back]);
    assert_eq!(lease(&*store, 60, 3).await, [item(2, 2)]);
}

/// A mail that is sent is never leased again.
pub async fn a_mail_that_is_sent_is_forgotten(store: Arc<dyn Store>) {
    fill(&*store, 3, 3).await;
    assert_eq!(lease(&*store, 0, 2).await, [item(1, 1), item(2, 1)]);
    finish(&*store, 1, 1, MailOutcome::Sent).await;
    assert_eq!(lease(&*store, 1000, 10).await, [item(3, 1), item(2, 2)]);
    finish(&*store, 2, 2, MailOutcome::Sent).await;
    finish(&*store, 3, 1, MailOutcome::Sent).await;
    assert_eq!(lease(&*store, 5000, 10).await, []);
    assert_eq!((numbers(&*store).await, store.next_mail().await.unwrap()), (vec![], None));
}

/// Finishing is no error if the mail is gone or never was; nor is it for who comes late, after losing the lease.
pub async fn finishing_twice_is_no_error(store: Arc<dyn Store>) {
    finish(&*store, 1, 1, MailOutcome::Sent).await;
    finish(&*store, 1, 1, dead()).await;
    fill(&*store, 2, 2).await;
    assert_eq!(lease(&*store, 0, 1).await, [item(1, 1)]);
    assert_eq!(lease(&*store, 60, 1).await, [item(2, 1)]);
    assert_eq!(lease(&*store, 60, 1).await, [item(1, 2)]);
    finish(&*store, 1, 1, MailOutcome::Sent).await;
    finish(&*store, 1, 2, MailOutcome::Sent).await;
    finish(&*store, 1, 2, later(0, true)).await;
    finish(&*store, u64::MAX, 1, dead()).await;
    assert_eq!(lease(&*store, 1000, 10).await, [item(2, 2)]);
}

/// A mail that could not be sent comes back at its moment, with what is known of it.
pub async fn a_mail_comes_back_later(store: Arc<dyn Store>) {
    fill(&*store, 1, 1).await;
    lease(&*store, 0, 1).await;
    finish(&*store, 1, 1, later(90, false)).await;
    assert_eq!(store.next_mail().await.unwrap(), Some(fixture::after(90)));
    assert_eq!(lease(&*store, 89, 1).await, [], "though its lease would have ended");
    assert_eq!(lease(&*store, 90, 1).await, [OutboxItem { unsure: 0, ..item(1, 2) }]);
    finish(&*store, 1, 2, later(100, true)).await;
    assert_eq!(lease(&*store, 100, 1).await, [OutboxItem { unsure: 1, ..item(1, 3) }]);
    // The end of the lease is before now: it is due at once.
    finish(&*store, 1, 3, later(0, true)).await;
    assert_eq!(lease(&*store, 100, 1).await, [OutboxItem { unsure: 2, ..item(1, 4) }]);
}

/// Only the attempt that is under way says what comes of it: who has lost the lease changes nothing.
pub async fn who_lost_the_lease_changes_nothing(store: Arc<dyn Store>) {
    fill(&*store, 1, 1).await;
    lease(&*store, 0, 1).await;
    assert_eq!(lease(&*store, 60, 1).await, [item(1, 2)]);
    let before = entry(&*store, 1).await;
    for outcome in [later(61, true), dead()] {
        finish(&*store, 1, 1, outcome).await;
        assert_eq!(entry(&*store, 1).await, before);
    }
    finish(&*store, 1, 2, later(70, false)).await;
    let waiting = entry(&*store, 1).await;
    assert_eq!((waiting.state, waiting.due), (MailState::Waiting, fixture::after(70)));
    finish(&*store, 1, 2, dead()).await;
    assert_eq!(entry(&*store, 1).await, waiting, "it is finished already");
}

/// A dead letter is kept and listed, and never leased.
pub async fn a_dead_letter_stays_and_is_not_leased(store: Arc<dyn Store>) {
    fill(&*store, 2, 2).await;
    lease(&*store, 0, 2).await;
    finish(&*store, 1, 1, dead()).await;
    assert_eq!(lease(&*store, 1_000_000, 10).await, [item(2, 2)]);
    finish(&*store, 2, 2, MailOutcome::Sent).await;
    assert_eq!(lease(&*store, u64::from(u32::MAX), 10).await, []);
    assert_eq!(store.next_mail().await.unwrap(), None);
    let dead = entry(&*store, 1).await;
    assert_eq!((dead.state, dead.attempts, dead.problem), (MailState::Dead, 1, Some(problem())));
}

/// Mails are listed by number, in parts, with all that is known of each.
pub async fn mails_are_listed_by_number(store: Arc<dyn Store>) {
    assert_eq!(store.mails(None, 10).await.unwrap(), []);
    fill(&*store, 3, 2).await;
    lease(&*store, 0, 2).await;
    finish(&*store, 1, 1, later(90, true)).await;
    let waiting = |number, account| OutboxEntry {
        id: OutboxId::new(number),
        account: AccountId::new(account),
        mail: fixture::mail("reader", number),
        state: MailState::Waiting,
        attempts: 0,
        unsure: 0,
        due: fixture::NOW,
        problem: None,
        queued_at: fixture::NOW,
    };
    let one =
        OutboxEntry { attempts: 1, unsure: 1, due: fixture::after(90), problem: Some(problem()), ..waiting(1, 1) };
    let two = OutboxEntry { state: MailState::Held, attempts: 1, due: fixture::after(60), ..waiting(2, 1) };
    let all = [one, two, waiting(3, 2)];
    assert_eq!(store.mails(None, 10).await.unwrap(), all);
    assert_eq!(store.mails(None, 2).await.unwrap(), all[..2]);
    assert_eq!(store.mails(Some(OutboxId::new(2)), usize::MAX).await.unwrap(), all[2..]);
    assert_eq!(store.mails(None, 0).await.unwrap(), []);
    assert_eq!(store.mails(Some(OutboxId::new(u64::MAX)), 10).await.unwrap(), []);
}

/// An operator's retry makes a mail due at once, dead or not, and its attempts begin anew; one that is on its way is
/// left alone.
pub async fn a_mail_is_tried_again_when_an_operator_says_so(store: Arc<dyn Store>) {
    let retry = |number: u64, seconds: u64| {
        let store = Arc::clone(&store);
        async move { store.retry_mail(OutboxId::new(number), fixture::after(seconds)).await.unwrap() }
    };
    assert!(!retry(1, 0).await);
    fill(&*store, 3, 3).await;
    lease(&*store, 0, 3).await;
    finish(&*store, 1, 1, dead()).await;
    finish(&*store, 2, 1, later(5000, true)).await;
    assert!(retry(1, 10).await && retry(2, 20).await && retry(3, 30).await);
    assert_eq!(entry(&*store, 3).await.state, MailState::Held);
    let two = entry(&*store, 2).await;
    assert_eq!((two.state, two.attempts, two.unsure, two.due), (MailState::Waiting, 0, 0, fixture::after(20)));
    assert_eq!(two.problem, Some(problem()), "what was wrong is still told");
    assert_eq!(lease(&*store, 30, 10).await, [item(1, 1), item(2, 1)]);
}

/// A mail that an operator drops is gone, whatever its state.
pub async fn a_dropped_mail_is_gone(store: Arc<dyn Store>) {
    assert!(!store.drop_mail(OutboxId::new(1)).await.unwrap());
    fill(&*store, 4, 4).await;
    lease(&*store, 0, 2).await;
    finish(&*store, 1, 1, dead()).await;
    for number in [1, 2, 3] {
        assert!(store.drop_mail(OutboxId::new(number)).await.unwrap());
        assert!(!store.drop_mail(OutboxId::new(number)).await.unwrap());
    }
    finish(&*store, 2, 1, later(10, false)).await;
    assert_eq!(numbers(&*store).await, [4]);
    assert_eq!(lease(&*store, 1000, 10).await, [item(4, 1)]);
}

/// Mails that are put into the outbox are told once for their command, after what they are about; so is a retry.
pub async fn queued_mails_are_told_once_a_command(store: Arc<dyn Store>) {
    let mut events = store.events();
    let outbox = vec![fixture::mail("reader", 1), fixture::mail("reader", 2)];
    let made = store.register(Register { outbox, ..fixture::register("ada") }).await.unwrap();
    let (account, profile) = (made.account.id, made.profile.id);
    let queued = EventKind::MailQueued { account };
    let told = next(&mut events).await.unwrap();
    assert_eq!(told.kind, EventKind::AccountRegistered { account, profile });
    assert_eq!(next(&mut events).await, Ok(Event { sequence: 2, at: fixture::NOW, kind: queued }));
    lease(&*store, 0, 1).await;
    store.retry_mail(OutboxId::new(1), fixture::after(1)).await.unwrap();
    store.retry_mail(OutboxId::new(9), fixture::after(1)).await.unwrap();
    store.retry_mail(OutboxId::new(2), fixture::after(2)).await.unwrap();
    assert_eq!(next(&mut events).await, Ok(Event { sequence: 3, at: fixture::after(2), kind: queued }));
    register(&*store, "bob").await;
    assert!(matches!(next(&mut events).await.unwrap().kind, EventKind::AccountRegistered { .. }));
    assert_nothing_more(&*store, &mut events).await;
}

/// The number of a mail that is gone is not given again.
pub async fn the_number_of_a_mail_is_not_given_again(store: Arc<dyn Store>) {
    fill(&*store, 2, 2).await;
    finish(&*store, 1, 0, MailOutcome::Sent).await;
    assert!(store.drop_mail(OutboxId::new(2)).await.unwrap());
    let outbox = vec![fixture::mail("reader", 3)];
    store.register(Register { outbox, ..fixture::register("ada") }).await.unwrap();
    assert_eq!(lease(&*store, 0, 10).await, [item(3, 1)]);
}

/// The mails of one account are listed without those of others, and no more than were asked for.
pub async fn the_mails_of_an_account_are_listed_oldest_first(store: Arc<dyn Store>) {
    fill(&*store, 5, 3).await;
    let numbers = async |account, limit| {
        let mails = store.mails_of(AccountId::new(account), limit).await.unwrap();
        mails.iter().map(|mail| mail.id.get()).collect::<Vec<_>>()
    };
    assert_eq!(numbers(1, 10).await, [1, 2, 3]);
    assert_eq!(numbers(1, 2).await, [1, 2]);
    assert_eq!(numbers(2, 10).await, [4, 5]);
    assert_eq!(numbers(3, 10).await, [0; 0]);
    store.drop_mail(OutboxId::new(2)).await.unwrap();
    assert_eq!(numbers(1, 10).await, [1, 3]);
}
