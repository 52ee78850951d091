//! Carrying everything from one store to another.

use std::sync::Arc;

use super::{assert_consistent, known, register, set_active, working_keys};
use crate::{
    model::{AccountId, AuditEvent, ChangeKind, Timestamp},
    store::{Attempt, ErasureRow, MemoryStore, Numbers, Record, Register, Start, StatusFilter, StatusOrder, Store},
    testkit::{
        Refusal, fixture, refusal,
        transfer::{assert_same_content, copy, fill, import, records},
    },
};

/// One of the numbers.
type GivenOut = fn(&mut Numbers) -> &mut u64;

/// The oracle, with something of everything.
async fn filled() -> Arc<dyn Store> {
    let memory: Arc<dyn Store> = Arc::new(MemoryStore::new());
    fill(&*memory).await;
    memory
}

/// An empty store sends that no number was given out, and takes that.
pub async fn an_empty_store_is_carried(store: Arc<dyn Store>) {
    let nothing = vec![Record::Numbers(Numbers::default())];
    assert_eq!(records(&store).await, nothing);
    import(&store, nothing.clone()).await.unwrap();
    assert_eq!(records(&store).await, nothing);
    assert_eq!(register(&*store, "ada").await.account.id, AccountId::new(1));
}

/// A store that was told the same as another sends the same.
pub async fn equal_stores_send_equal_records(store: Arc<dyn Store>) {
    fill(&*store).await;
    assert_same_content(&store, &filled().await).await;
}

/// What one store sends, another takes; then it holds the same and answers the same.
pub async fn a_copy_has_the_same_content(store: Arc<dyn Store>) {
    let original = filled().await;
    copy(&original, &store).await.unwrap();
    assert_same_content(&store, &original).await;
    assert_eq!(
        records(&original).await.iter().map(Record::kind_name).collect::<std::collections::BTreeSet<_>>().len(),
        11
    );
}

/// Tokens and mailed keys work in a copy, and passwords are the same.
pub async fn secrets_work_in_a_copy(store: Arc<dyn Store>) {
    let secrets = ["ada token", "ada session", "ada short", "ada idle", "ada personal", "another"];
    let original = filled().await;
    copy(&original, &store).await.unwrap();
    assert_eq!(known(&*store, &secrets).await, secrets[..5]);
    let keys = ["ada key", "reset key"];
    assert_eq!(working_keys(&*store, &keys).await, working_keys(&*original, &keys).await);
    let ada = AccountId::new(1);
    store.log_in(fixture::login(ada, "Ada", vec![fixture::token("new")])).await.unwrap();
    assert_eq!(known(&*store, &["new"]).await, ["new"]);
}

/// A copy goes on where the original was: numbers are not given again, tries are counted, mails come, and it remembers
/// requests.
pub async fn a_copy_goes_on_as_the_original_would(store: Arc<dyn Store>) {
    let original = filled().await;
    copy(&original, &store).await.unwrap();
    for store in [&store, &original] {
        let dora = Register {
            tokens: vec![fixture::token("dora")],
            outbox: vec![fixture::mail("dora", 1)],
            audit: Some(fixture::note(AuditEvent::Registration)),
            ..fixture::register("dora")
        };
        let dora = store.register(dora).await.unwrap();
        assert_eq!(dora.account.id, AccountId::new(7));
        let early = store.post_status(dora.account.id, fixture::text("new"), fixture::NOW).await.unwrap();
        assert_eq!((early.id.get(), early.created_at), (23, fixture::after(90)), "no later status is from before that");
        let again = fixture::request("status", "hello", 300);
        store.post_status_once(AccountId::new(2), fixture::text("once"), again, fixture::after(40)).await.unwrap();
        for name in ["told", "untold"] {
            let audit = Some(fixture::note(AuditEvent::Login));
            store.attempt(Attempt { audit, ..fixture::attempt(&[name]) }).await.unwrap();
        }
        assert_eq!(store.lease(fixture::after(499), std::time::Duration::from_mins(10), 9).await.unwrap().len(), 2);
        store.sweep(fixture::after(55), usize::MAX).await.unwrap();
    }
    assert_same_content(&store, &original).await;
}

/// A store that something was ever written to takes nothing, and stays as it is.
pub async fn a_store_that_is_not_empty_takes_nothing(store: Arc<dyn Store>) {
    let original = filled().await;
    let ada = register(&*store, "ada").await.account.id;
    let before = records(&store).await;
    assert_eq!(refusal(copy(&original, &store).await), Refusal::NotEmpty);
    assert_eq!(records(&store).await, before);
    store.erase_account(fixture::erase(ada, usize::MAX)).await.unwrap();
    assert_eq!(refusal(copy(&original, &store).await), Refusal::NotEmpty, "its numbers were given out");
}

/// Counts of tries are something, too.
pub async fn a_store_with_nothing_but_tries_is_not_empty(store: Arc<dyn Store>) {
    store.attempt(fixture::attempt(&["ada"])).await.unwrap();
    assert_eq!(refusal(copy(&filled().await, &store).await), Refusal::NotEmpty);
}

/// Records that are not whole, not in order, or do not fit are refused, and nothing of them is kept.
pub async fn what_does_not_fit_is_refused_whole(store: Arc<dyn Store>) {
    let good = records(&filled().await).await;
    let first = |kind: &str| good.iter().position(|record| record.kind_name() == kind).unwrap();
    let change = |what: &str, change: &dyn Fn(&mut Vec<Record>)| {
        let mut records = good.clone();
        change(&mut records);
        assert_ne!(records, good, "{what}");
        (what.to_owned(), records)
    };
    let mut all = vec![
        change("without its end", &|records| drop(records.pop())),
        change("nothing", &Vec::clear),
        change("something after the end", &|records| records.push(good[0].clone())),
        change("an account twice", &|records| records.insert(1, good[0].clone())),
        change("accounts in the wrong order", &|records| records.swap(0, 1)),
        change("a profile before its account", &|records| records.rotate_left(first("profile"))),
        change("a name twice", &|records| {
            if let Record::Account(row) = &mut records[1] {
                row.account.username = fixture::username("ADA");
            }
        }),
        change("a verified address twice", &|records| {
            if let Record::Account(row) = &mut records[2] {
                (row.account.email, row.account.email_verified) = (Some(fixture::email("ada@example.org")), true);
            }
        }),
        change("two profiles of one account", &|records| {
            if let Record::Profile(row) = &mut records[first("profile") + 1] {
                row.account = AccountId::new(1);
            }
        }),
        change("an early status", &|records| {
            if let Record::Status(row) = &mut records[first("status") + 9] {
                row.created_at = Timestamp::from_micros(0);
            }
        }),
        change("a gap in the log", &|records| drop(records.remove(first("change") + 2))),
        change("a log that ends early", &|records| drop(records.remove(good.len() - 2))),
        change("an erasure of an account that is in use", &|records| {
            let erasure = ErasureRow { account: AccountId::new(1), begun_at: fixture::NOW };
            records.insert(good.len() - 1, Record::Erasure(erasure));
        }),
        change("the moment of the last status", &|records| {
            if let Some(Record::Numbers(numbers)) = records.last_mut() {
                numbers.status_at = None;
            }
        }),
    ];
    for kind in ["account", "profile"] {
        all.push(change(&format!("without an {kind}"), &|records| drop(records.remove(first(kind)))));
    }
    let numbers: [(&str, GivenOut); 7] = [
        ("account", |numbers| &mut numbers.account),
        ("profile", |numbers| &mut numbers.profile),
        ("status", |numbers| &mut numbers.status),
        ("token", |numbers| &mut numbers.token),
        ("mail", |numbers| &mut numbers.mail),
        ("audit", |numbers| &mut numbers.audit),
        ("change", |numbers| &mut numbers.change),
    ];
    for (kind, number) in numbers {
        for wrong in [1, u64::MAX] {
            all.push(change(&format!("the last {kind} is {wrong}"), &|records| {
                if let Some(Record::Numbers(numbers)) = records.last_mut() {
                    *number(numbers) = wrong;
                }
            }));
        }
    }
    for (what, records) in all {
        assert_eq!(refusal(import(&store, records).await), Refusal::Unfit, "{what}");
        let nothing = vec![Record::Numbers(Numbers::default())];
        assert_eq!(self::records(&store).await, nothing, "{what}");
    }
    assert_consistent(&*store).await;
    import(&store, good.clone()).await.unwrap();
    assert_eq!(records(&store).await, good);
}

/// Every kind of row that belongs to an account is refused without it.
pub async fn a_row_without_its_account_is_refused(store: Arc<dyn Store>) {
    let good = records(&filled().await).await;
    for kind in ["profile", "status", "token", "mail_key", "request", "mail"] {
        let mut records = good.clone();
        let row = records.iter_mut().find(|record| record.kind_name() == kind).unwrap();
        let nobody = AccountId::new(4);
        match row {
            Record::Profile(row) => row.account = nobody,
            Record::Status(row) => row.account = nobody,
            Record::Token(row) => row.account = nobody,
            Record::MailKey(row) => row.account = nobody,
            Record::Request(row) => row.account = nobody,
            Record::Mail(row) => row.account = nobody,
            other => panic!("{other} has no account"),
        }
        assert_eq!(refusal(import(&store, records).await), Refusal::Unfit, "{kind}");
    }
    import(&store, good).await.unwrap();
}

/// An erasure that was begun elsewhere goes on, and ends with a sweep at the latest.
pub async fn an_erasure_under_way_is_carried(store: Arc<dyn Store>) {
    let original: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let erin = register(&*original, "erin").await.account.id;
    let bob = register(&*original, "bob").await.account.id;
    for account in [erin, bob, erin, erin, bob] {
        original.post_status(account, fixture::text("hello"), fixture::NOW).await.unwrap();
    }
    set_active(&*original, erin, false).await;
    let mut sent = records(&original).await;
    let erasure = ErasureRow { account: erin, begun_at: fixture::NOW };
    sent.insert(sent.len() - 1, Record::Erasure(erasure));
    import(&store, sent).await.unwrap();

    while store.sweep(fixture::NOW, 2).await.unwrap() > 0 {}
    original.erase_account(fixture::erase(erin, usize::MAX)).await.unwrap();
    assert_same_content(&store, &original).await;
    let all = crate::store::Slice { start: Start::Skip(0), limit: 9 };
    let left = store.statuses(&StatusFilter::default(), StatusOrder::OldestFirst, all).await.unwrap().rows;
    assert!(left.len() == 2 && left.iter().all(|status| status.account == bob));
    let deleted = records(&store).await;
    let deleted =
        deleted.iter().filter(|record| matches!(record, Record::Change(row) if row.kind == ChangeKind::Deleted));
    assert_eq!(deleted.count(), 3);
    register(&*store, "erin").await;
}
