//! Erasing an account.

use std::sync::Arc;

use super::{everything, known, mails, next_kind, register, trail, working_keys};
use crate::{
    event::EventKind,
    model::{Account, AccountId, AuditEvent, KeyPurpose, Profile, ProfileId, StatusId, TokenId, UsernameKey},
    store::{
        AccountChange, EraseAccount, Erasure, ProfileChange, ProfileFilter, ProfileOrder, Register, Revoke, SendKeys,
        StatusFilter, StatusOrder, Store,
    },
    testkit::{Refusal, fixture, refusal},
};

const ADA: AccountId = AccountId::new(1);
const BOB: AccountId = AccountId::new(2);
const SECRETS: [&str; 6] = ["ada token", "ada session", "ada personal", "bob token", "bob session", "bob personal"];
const KEYS: [&str; 4] = ["ada confirm", "ada reset", "bob confirm", "bob reset"];

/// Two accounts, `ada` and `bob`, that have something of everything. The statuses take turns: `ada` has the odd ones.
async fn fill(store: &dyn Store) {
    for name in ["ada", "bob"] {
        let address = format!("{name}@example.org");
        let command = Register {
            email_verified: true,
            tokens: vec![fixture::token(&format!("{name} token")), fixture::session(&format!("{name} session"))],
            place: Some(fixture::place("192.0.2.1")),
            mail_key: Some(fixture::mail_key(&format!("{name} confirm"), &address, 60)),
            outbox: vec![fixture::mail(name, 1)],
            audit: Some(fixture::note(AuditEvent::Registration)),
            ..fixture::register(name)
        };
        let id = store.register(command).await.unwrap().account.id;
        let personal = fixture::personal(&format!("{name} personal"));
        store.issue_token(fixture::issue(id, personal)).await.unwrap();
        let key = fixture::key(&format!("{name} reset"), KeyPurpose::ResetPassword, &address, 60);
        store.send_keys(SendKeys { audit: vec![], ..fixture::send(id, key) }).await.unwrap();
    }
    for number in 0..12 {
        store.post_status(AccountId::new(number % 2 + 1), fixture::text("hello"), fixture::NOW).await.unwrap();
    }
}

/// Erases step by step, with one status in each; panics if it does not come to an end.
pub(super) async fn erase(store: &dyn Store, account: AccountId) {
    for _ in 0..100 {
        if store.erase_account(fixture::erase(account, 1)).await.unwrap() == Erasure::Done {
            return;
        }
    }
    panic!("the erasure of a few rows does not end");
}

/// All that can be read of an account, its lists and its profile.
async fn read(store: &dyn Store, name: &str, id: u64) -> Seen {
    let (account, profile) = (AccountId::new(id), ProfileId::new(id));
    let email = fixture::email(&format!("{name}@example.org"));
    let statuses = StatusFilter::by(name);
    let by_number = store.account(account).await.unwrap();
    assert_eq!(store.account_by_username(&UsernameKey::of(name)).await.unwrap(), by_number);
    assert_eq!(store.account_by_verified_email(&email).await.unwrap(), by_number);
    assert_eq!(store.accounts_by_email(&email, 9).await.unwrap().first(), by_number.as_ref());
    let by_account = store.profile_of(account).await.unwrap();
    assert_eq!(store.profile(profile).await.unwrap(), by_account);
    let rows = store.statuses(&statuses, StatusOrder::OldestFirst, everything()).await.unwrap().rows;
    assert_eq!(store.count_statuses(&statuses).await.unwrap(), rows.len() as u64);
    Seen {
        account: by_number,
        profile: by_account,
        statuses: rows.iter().map(|row| row.id.get()).collect(),
        tokens: store.tokens_of(account, fixture::NOW).await.unwrap().iter().map(|token| token.id.get()).collect(),
    }
}

#[derive(Debug, PartialEq)]
struct Seen {
    account: Option<Account>,
    profile: Option<Profile>,
    statuses: Vec<u64>,
    tokens: Vec<u64>,
}

/// Of an erased account nothing is found by any question, and everything of others is there as before.
pub async fn an_erased_account_is_gone_by_every_question(store: Arc<dyn Store>) {
    fill(&*store).await;
    let bob = read(&*store, "bob", 2).await;
    erase(&*store, ADA).await;
    let nothing = Seen { account: None, profile: None, statuses: vec![], tokens: vec![] };
    assert_eq!(read(&*store, "ada", 1).await, nothing);
    assert_eq!(read(&*store, "bob", 2).await, bob);
    assert_eq!(known(&*store, &SECRETS).await, ["bob token", "bob session", "bob personal"]);
    assert_eq!(working_keys(&*store, &KEYS).await, ["bob confirm", "bob reset"]);
    assert_eq!(mails(&*store).await, [fixture::mail("bob", 1), fixture::mail("reader", 1)]);

    let left: Vec<_> = store.accounts(None, 9).await.unwrap().iter().map(|row| row.id).collect();
    assert_eq!(left, [BOB]);
    let rows = store.profiles(&ProfileFilter::default(), ProfileOrder::Id, everything()).await.unwrap().rows;
    assert_eq!(rows.iter().map(|row| row.account).collect::<Vec<_>>(), [BOB]);
    assert_eq!(store.count_profiles(&ProfileFilter::default()).await.unwrap(), 1);
    let rows = store.statuses(&StatusFilter::default(), StatusOrder::OldestFirst, everything()).await.unwrap().rows;
    assert!(rows.len() == 6 && rows.iter().all(|row| row.account == BOB));
    assert_eq!(store.count_statuses(&StatusFilter::default()).await.unwrap(), 6);
    assert_eq!(store.status(StatusId::new(1)).await.unwrap(), None);
    assert_eq!(store.sweep(fixture::after(60), 99).await.unwrap(), 2, "only the other's keys are left to expire");
}

/// Name and address of an erased account are free, its numbers are not: who comes after it gets nothing of it.
pub async fn name_and_address_of_an_erased_account_are_free(store: Arc<dyn Store>) {
    fill(&*store).await;
    erase(&*store, ADA).await;
    let tokens = vec![fixture::token("ada token")];
    let mail_key = Some(fixture::mail_key("ada reset", "ada@example.org", 60));
    let command = Register { email_verified: true, tokens, mail_key, ..fixture::register("ada") };
    let made = store.register(command).await.unwrap();
    assert_eq!((made.account.id, made.profile.id), (AccountId::new(3), ProfileId::new(3)));
    let seen = read(&*store, "ada", 3).await;
    assert_eq!((seen.statuses, seen.tokens), (vec![], vec![7]));
    let status = store.post_status(made.account.id, fixture::text("hello"), fixture::NOW).await.unwrap();
    assert_eq!(status.id, StatusId::new(13));
    assert_eq!(store.account(ADA).await.unwrap(), None);
}

/// Who does not exist, or not any more, is not erased.
pub async fn erasing_twice_is_missing(store: Arc<dyn Store>) {
    assert_eq!(refusal(store.erase_account(fixture::erase(ADA, 10)).await), Refusal::Missing);
    register(&*store, "ada").await;
    erase(&*store, ADA).await;
    assert_eq!(refusal(store.erase_account(fixture::erase(ADA, 10)).await), Refusal::Missing);
}

/// An account of no more statuses than a step may have is erased in one.
pub async fn a_small_account_is_erased_in_one_step(store: Arc<dyn Store>) {
    fill(&*store).await;
    assert_eq!(store.erase_account(fixture::erase(ADA, 6)).await.unwrap(), Erasure::Done);
    register(&*store, "cyd").await;
    assert_eq!(store.erase_account(fixture::erase(AccountId::new(3), 0)).await.unwrap(), Erasure::Done);
}

/// The trail tells of an erasure once, with its first step, and keeps what it told of the account before. So do events,
/// with the last step: the account's statuses are not told of one by one.
pub async fn an_erasure_is_told_once(store: Arc<dyn Store>) {
    fill(&*store).await;
    let mut events = store.events();
    let command = || EraseAccount { audit: Some(fixture::note(AuditEvent::Erasure)), ..fixture::erase(ADA, 1) };
    let mut unfinished = store.erase_account(command()).await.unwrap() == Erasure::Unfinished;
    let told = async || trail(&*store).await.into_iter().map(|line| line.note.event).collect::<Vec<_>>();
    let lines = [AuditEvent::Registration, AuditEvent::Registration, AuditEvent::Erasure];
    assert_eq!(told().await, lines);
    while unfinished {
        unfinished = store.erase_account(command()).await.unwrap() == Erasure::Unfinished;
    }
    assert_eq!(told().await, lines);
    assert_eq!(trail(&*store).await[0].note.account, Some(ADA));
    let erased = EventKind::AccountErased { account: ADA, profile: ProfileId::new(1) };
    assert_eq!(next_kind(&mut events).await, erased);
    super::assert_nothing_more(&*store, &mut events).await;
}

/// A sweep goes on with an erasure that was begun and left; then the account is gone as if it had been finished.
pub async fn a_sweep_finishes_an_erasure(store: Arc<dyn Store>) {
    fill(&*store).await;
    store.erase_account(fixture::erase(ADA, 1)).await.unwrap();
    for _ in 0..100 {
        if store.sweep(fixture::NOW, 2).await.unwrap() == 0 {
            break;
        }
    }
    assert_eq!(store.sweep(fixture::NOW, usize::MAX).await.unwrap(), 0);
    let nothing = Seen { account: None, profile: None, statuses: vec![], tokens: vec![] };
    assert_eq!(read(&*store, "ada", 1).await, nothing);
    assert_eq!(refusal(store.erase_account(fixture::erase(ADA, 1)).await), Refusal::Missing);
    register(&*store, "ada").await;
}

/// From the first step on nobody is logged in, no key works, and whatever would write to the account finds it missing: it
/// is on its way out, and nothing brings it back.
pub async fn nothing_brings_back_an_account_under_erasure(store: Arc<dyn Store>) {
    fill(&*store).await;
    let before = store.account(ADA).await.unwrap().unwrap();
    store.erase_account(fixture::erase(ADA, 1)).await.unwrap();
    assert_eq!(known(&*store, &SECRETS).await, ["bob token", "bob session", "bob personal"]);
    assert_eq!(working_keys(&*store, &KEYS).await, ["bob confirm", "bob reset"]);
    assert_eq!(store.tokens_of(ADA, fixture::NOW).await.unwrap(), []);
    assert!(store.account(ADA).await.unwrap().is_none_or(|account| !account.is_active));

    // Its revision, if it is still there; which is for each store to say.
    let revision = store.account(ADA).await.unwrap().unwrap_or(before).revision;
    let profile = store.profile_of(ADA).await.unwrap().map_or(revision, |profile| profile.revision);
    let active = AccountChange { is_active: Some(true), ..AccountChange::default() };
    let password = fixture::set_password(ADA, revision, "new", Revoke::Everything);
    let tries = [
        ("update_account", refusal(store.update_account(ADA, revision, active, fixture::NOW.into()).await)),
        ("set_password", refusal(store.set_password(password).await)),
        ("log_in", refusal(store.log_in(fixture::login(ADA, "ada", vec![fixture::token("new")])).await)),
        ("issue_token", refusal(store.issue_token(fixture::issue(ADA, fixture::personal("new"))).await)),
        ("confirm_email", refusal(store.confirm_email(fixture::confirm("ada confirm")).await)),
        ("reset_password", refusal(store.reset_password(fixture::reset(ADA, "ada reset", "new")).await)),
        ("post_status", refusal(store.post_status(ADA, fixture::text("hello"), fixture::NOW).await)),
        (
            "update_profile",
            refusal(
                store.update_profile(ProfileId::new(1), profile, ProfileChange::default(), fixture::NOW.into()).await,
            ),
        ),
    ];
    for (call, refusal) in tries {
        assert_eq!(refusal, Refusal::Missing, "{call}");
    }
    let sent = mails(&*store).await;
    let key = fixture::key("new", KeyPurpose::ResetPassword, "ada@example.org", 60);
    store.send_keys(fixture::send(ADA, key)).await.unwrap();
    assert_eq!(store.end_tokens(fixture::end_one(ADA, TokenId::new(1))).await.unwrap(), 0);
    assert_eq!(working_keys(&*store, &["new"]).await.len() + known(&*store, &["new"]).await.len(), 0);
    assert_eq!(mails(&*store).await, sent);

    while store.erase_account(fixture::erase(ADA, 1)).await.is_ok() {}
    assert_eq!(store.account(ADA).await.unwrap(), None);
}
