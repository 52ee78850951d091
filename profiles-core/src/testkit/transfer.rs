//! Carrying everything from one store to another, and comparing the two.

use std::{sync::Arc, time::Duration};

use tokio::sync::mpsc;

use super::fixture;
use crate::{
    mail::MailProblem,
    model::{
        AccountId, AuditActor, AuditEvent, AuditNote, AuditOutcome, Lifetime, Revision, Scope, Stamp, StatusId,
        TokenKind,
    },
    store::{
        AccountChange, AuditFilter, EraseAccount, Erasure, LogIn, MailOutcome, NewToken, ProfileChange, ProfileFilter,
        ProfileOrder, Record, Register, Result, Slice, Start, StatusFilter, StatusOrder, Store, StoreError,
    },
};

/// Everything that a store holds, as it sends it.
pub async fn records(store: &Arc<dyn Store>) -> Vec<Record> {
    let (to, mut from) = mpsc::channel(2);
    let sending = tokio::spawn({
        let store = Arc::clone(store);
        async move { store.export(to).await }
    });
    let mut records = Vec::new();
    while let Some(some) = from.recv().await {
        records.extend(some);
    }
    sending.await.expect("no panic").expect("an export");
    records
}

/// Has a store take these records, a few at a time.
pub async fn import(store: &Arc<dyn Store>, records: Vec<Record>) -> Result<()> {
    let (to, from) = mpsc::channel(2);
    let taking = tokio::spawn({
        let store = Arc::clone(store);
        async move { store.import(from).await }
    });
    let mut records = records.into_iter();
    loop {
        let some: Vec<_> = records.by_ref().take(7).collect();
        // One that has refused some wants no more.
        if some.is_empty() || to.send(some).await.is_err() {
            break;
        }
    }
    drop(to);
    taking.await.expect("no panic")
}

/// Copies everything from one store into another, which has to be empty.
///
/// # Errors
/// What the other has to say; if it is content, what the first has.
pub async fn copy(from: &Arc<dyn Store>, to: &Arc<dyn Store>) -> Result<()> {
    let (sender, receiver) = mpsc::channel(2);
    let sending = tokio::spawn({
        let store = Arc::clone(from);
        async move { store.export(sender).await }
    });
    to.import(receiver).await?;
    sending.await.map_err(StoreError::unavailable)?
}

/// Panics unless both stores hold the same, and give the same answers to all that can be asked for without knowing a
/// secret.
pub async fn assert_same_content(one: &Arc<dyn Store>, other: &Arc<dyn Store>) {
    let (left, right) = (records(one).await, records(other).await);
    for (left, right) in left.iter().zip(&right) {
        assert_eq!(left, right);
    }
    assert_eq!(left.len(), right.len());
    assert_eq!(left.last().map(Record::kind_name), Some("numbers"));
    assert_eq!(answers(&**one, &left).await, answers(&**other, &right).await);
}

fn all<Key>() -> Slice<Key> {
    Slice { start: Start::Skip(0), limit: usize::MAX }
}

/// What a store answers, in words that can be compared.
async fn answers(store: &dyn Store, records: &[Record]) -> Vec<String> {
    let mut said = Vec::new();
    let mut say = |answer: &dyn std::fmt::Debug| said.push(format!("{answer:?}"));
    let accounts = store.accounts(None, usize::MAX).await.unwrap();
    for account in &accounts {
        say(&store.account_by_username(&account.username.key()).await.unwrap());
        if let Some(email) = &account.email {
            say(&store.account_by_verified_email(email).await.unwrap());
            say(&store.accounts_by_email(email, usize::MAX).await.unwrap());
        }
        say(&store.profile_of(account.id).await.unwrap());
        say(&store.tokens_of(account.id, fixture::NOW).await.unwrap());
        say(&store.places_of(account.id).await.unwrap());
        say(&store.mails_of(account.id, usize::MAX).await.unwrap());
        let about = AuditFilter { account: Some(account.id), ..AuditFilter::default() };
        say(&store.audit(&about, None, usize::MAX).await.unwrap());
        let by = StatusFilter { username: Some(account.username.as_str().to_owned()), ..StatusFilter::default() };
        say(&store.statuses(&by, StatusOrder::NewestFirst, all()).await.unwrap());
        say(&store.count_statuses(&by).await.unwrap());
        let start: String = account.username.as_str().chars().take(3).collect();
        let search = ProfileFilter { terms: vec![start] };
        say(&store.profiles(&search, ProfileOrder::Id, all()).await.unwrap());
        say(&store.count_profiles(&search).await.unwrap());
    }
    say(&accounts);
    for order in ProfileOrder::ALL {
        say(&store.profiles(&ProfileFilter::default(), order, all()).await.unwrap());
    }
    say(&store.count_profiles(&ProfileFilter::default()).await.unwrap());
    for order in StatusOrder::ALL {
        say(&store.statuses(&StatusFilter::default(), order, all()).await.unwrap());
    }
    say(&store
        .statuses(&StatusFilter::default(), StatusOrder::OldestFirst, Slice { start: Start::Skip(2), limit: 2 })
        .await);
    say(&store.count_statuses(&StatusFilter::default()).await.unwrap());
    say(&store.audit(&AuditFilter::default(), None, usize::MAX).await.unwrap());
    say(&store.mails(None, usize::MAX).await.unwrap());
    say(&store.next_mail().await.unwrap());
    let last = store.last_change().await.unwrap();
    say(&last);
    for record in records {
        match record {
            Record::Token(row) => say(&store.principal(&row.digest, fixture::NOW).await.unwrap()),
            Record::MailKey(row) => say(&store.mail_key(&row.digest, fixture::NOW).await.unwrap()),
            Record::Request(row) => say(&store.request(&row.key, fixture::NOW).await.unwrap()),
            Record::Profile(row) => {
                say(&store.profile(row.id).await.unwrap());
                if let Some(avatar) = row.avatar {
                    say(&store.avatar_in_use(avatar).await.unwrap());
                }
            }
            Record::Status(row) => say(&store.status(row.id).await.unwrap()),
            Record::Change(row) => {
                let before = crate::model::ChangeId::new(row.number.get() - 1);
                say(&store.changes(before, usize::MAX).await.unwrap());
            }
            _ => {}
        }
    }
    said
}

/// Fills an empty store with something of everything: texts in many scripts, gaps where rows were, every kind of token,
/// mails that wait, are held and are dead, and tries that were refused.
pub async fn fill(store: &dyn Store) {
    let ada = register_ada(store).await;
    let zoe = store.register(fixture::register("Zoë.Ünïcode中")).await.unwrap().account.id;
    let bob = Register {
        request: Some(fixture::request("registration", "bob", 600)),
        outbox: vec![
            fixture::mail("bob", 1),
            fixture::mail("bob", 2),
            fixture::mail("bob", 3),
            fixture::mail("bob", 4),
        ],
        ..fixture::register("bob")
    };
    let bob = store.register(bob).await.unwrap().account.id;
    let carl = store.register(fixture::register("carl")).await.unwrap().account.id;
    // Unverified, and of two: so said before it was verified.
    let twin = Register { email: Some(fixture::email("both@example.org")), ..fixture::register("twin") };
    store.register(twin).await.unwrap();
    let verified =
        Register { email_verified: true, email: Some(fixture::email("one@example.org")), ..fixture::register("one") };
    store.register(verified).await.unwrap();
    fill_profiles(store).await;
    fill_statuses(store, [ada, zoe, bob, carl]).await;
    fill_outbox(store).await;
    for _ in 0..5 {
        let refused = AuditNote { outcome: AuditOutcome::Throttled, ..fixture::note(AuditEvent::Login) };
        let attempt = crate::store::Attempt { audit: Some(refused), ..fixture::attempt(&["told"]) };
        store.attempt(attempt).await.unwrap();
        store.attempt(fixture::attempt(&["untold", "other"])).await.unwrap();
    }
    let erase = EraseAccount {
        audit: Some(AuditNote {
            actor: AuditActor::Account(carl),
            account: Some(carl),
            ..fixture::note(AuditEvent::Erasure)
        }),
        ..fixture::erase(carl, usize::MAX)
    };
    assert_eq!(store.erase_account(erase).await.unwrap(), Erasure::Done);
    let off = AccountChange {
        is_active: Some(false),
        first_name: Some(fixture::person_name("Bob \"🎉\"\n")),
        ..AccountChange::default()
    };
    let operator = AuditNote {
        actor: AuditActor::Operator,
        account: Some(bob),
        object: Some(9),
        origin: fixture::origin("2001:db8::7"),
        ..fixture::note(AuditEvent::AccountChange)
    };
    let stamp = Stamp { at: fixture::after(3), audit: Some(operator) };
    store.update_account(bob, Revision::FIRST, off, stamp).await.unwrap();
    // A number that is given, and gone.
    let last = store.post_status(ada, fixture::text("gone"), fixture::after(90)).await.unwrap();
    store.delete_status(last.id, fixture::after(91).into()).await.unwrap();
}

/// Ada has logged in from two places and has one token of every kind and lifetime.
async fn register_ada(store: &dyn Store) -> AccountId {
    let ends = Lifetime { ends_at: Some(fixture::after(9000)), idle: Some(Duration::from_secs(77)) };
    let session =
        NewToken { lifetime: ends, origin: fixture::origin("203.0.113.7"), ..fixture::session("ada session") };
    let ada = Register {
        email_verified: true,
        is_staff: true,
        tokens: vec![fixture::token("ada token"), session, fixture::token_until("ada short", 50)],
        place: Some(fixture::place("203.0.113.7")),
        mail_key: Some(fixture::mail_key("ada key", "ada@example.org", 60)),
        ..fixture::register("Ada")
    };
    let ada = store.register(ada).await.unwrap().account.id;
    let place = Some(fixture::place("2001:db8:1:2::"));
    let login = fixture::login(ada, "Ada", vec![fixture::idle_session("ada idle", 3600)]);
    store.log_in(LogIn { place, at: fixture::after(2), ..login }).await.unwrap();
    let scopes = [Scope::Read, Scope::StatusWrite].into_iter().collect();
    let personal = NewToken { scopes, ..fixture::personal("ada personal") };
    assert_eq!(store.issue_token(fixture::issue(ada, personal)).await.unwrap().kind, TokenKind::Personal);
    store.touch(&[(fixture::digest("ada idle"), fixture::after(40))]).await.unwrap();
    let key = fixture::key("reset key", crate::model::KeyPurpose::ResetPassword, "ada@example.org", 600);
    store.send_keys(fixture::send(ada, key)).await.unwrap();
    ada
}

async fn fill_profiles(store: &dyn Store) {
    let profiles = store.profiles(&ProfileFilter::default(), ProfileOrder::Id, all()).await.unwrap().rows;
    for (profile, number) in profiles.into_iter().zip(0_u8..) {
        let change = ProfileChange {
            bio: Some(fixture::bio("\u{202e}línea\n\"👩‍👩‍👧\" \\ \u{7f}")),
            city: Some(fixture::city(["Łódź", "東京", ""][usize::from(number % 3)])),
            // Two of them show the same.
            avatar: Some((number < 3).then(|| fixture::avatar(number / 2))),
        };
        store.update_profile(profile.id, profile.revision, change, fixture::NOW.into()).await.unwrap();
    }
}

async fn fill_statuses(store: &dyn Store, accounts: [AccountId; 4]) {
    for number in 0..20 {
        let account = accounts[number % 4];
        let text = format!("{number} ✓ \"quoted\" \t и так далее 🎉");
        let at = fixture::after(number as u64 / 3);
        let posted = store.post_status(account, fixture::text(&text), at).await.unwrap();
        if number % 5 == 1 {
            let text = Some(fixture::text("written again"));
            store.update_status(posted.id, posted.revision, text, fixture::after(30).into()).await.unwrap();
        }
    }
    store.delete_status(StatusId::new(7), fixture::after(31).into()).await.unwrap();
    let request = fixture::request("status", "hello", 300);
    store.post_status_once(accounts[1], fixture::text("once"), request, fixture::after(32)).await.unwrap();
}

/// Of the mails, one waits, one was put off, one is dead, and two are held.
async fn fill_outbox(store: &dyn Store) {
    let leased = store.lease(fixture::after(1), Duration::from_mins(10), 4).await.unwrap();
    let why = MailProblem::new("450 später");
    let later = MailOutcome::Later { at: fixture::after(500), why: why.clone(), unsure: true };
    store.finish(leased[0].id, leased[0].attempt, later).await.unwrap();
    store.finish(leased[1].id, leased[1].attempt, MailOutcome::Dead { why }).await.unwrap();
}
