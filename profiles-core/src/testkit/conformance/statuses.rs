//! Statuses.

use std::sync::Arc;

use super::{everything, register, revision_after};
use crate::{
    model::{AccountId, Revision, Status, StatusId},
    store::{AccountChange, Rows, Slice, Start, StatusFilter, StatusOrder, Store},
    testkit::{Refusal, fixture, refusal},
};

fn by(name: &str) -> StatusFilter {
    StatusFilter::by(name)
}

async fn post(store: &dyn Store, account: AccountId, text: &str) -> Status {
    store.post_status(account, fixture::text(text), fixture::NOW).await.unwrap()
}

async fn delete(store: &dyn Store, id: StatusId) {
    store.delete_status(id, fixture::NOW.into()).await.unwrap();
}

/// A status is kept as it was posted, under the profile of who posted it.
pub async fn posting_keeps_a_status(store: Arc<dyn Store>) {
    register(&*store, "bob").await;
    let ada = register(&*store, "Ada").await;
    for (number, text) in [(1, "hello".to_owned()), (2, "🎉".repeat(240)), (3, "hello".to_owned())] {
        let answer = store.post_status(ada.account.id, fixture::text(&text), fixture::after(number)).await.unwrap();
        let expected = Status {
            id: StatusId::new(number),
            account: ada.account.id,
            profile: ada.profile.id,
            username: fixture::username("Ada"),
            revision: Revision::FIRST,
            text: fixture::text(&text),
            created_at: fixture::after(number),
            updated_at: fixture::after(number),
        };
        assert_eq!(answer, expected);
        assert_eq!(store.status(expected.id).await.unwrap(), Some(expected));
    }
    for number in [0, 4, u64::MAX] {
        assert_eq!(store.status(StatusId::new(number)).await.unwrap(), None);
    }
}

/// Nobody posts who does not exist.
pub async fn nobody_posts_without_an_account(store: Arc<dyn Store>) {
    register(&*store, "ada").await;
    let answer = store.post_status(AccountId::new(2), fixture::text("hello"), fixture::NOW).await;
    assert_eq!(refusal(answer), Refusal::Missing);
    assert_eq!(store.count_statuses(&StatusFilter::default()).await.unwrap(), 0);
    assert_eq!(post(&*store, AccountId::new(1), "hello").await.id, StatusId::new(1));
}

/// A deletion that names a revision takes that one and no other.
pub async fn a_status_is_not_deleted_unless_it_is_as_expected(store: Arc<dyn Store>) {
    let ada = register(&*store, "ada").await.account.id;
    let status = post(&*store, ada, "hello").await;
    store.update_status(status.id, status.revision, None, fixture::NOW.into()).await.unwrap();
    let stale = store.delete_unchanged_status(status.id, status.revision, fixture::NOW.into()).await;
    assert_eq!(refusal(stale), Refusal::Stale);
    assert!(store.status(status.id).await.unwrap().is_some());
    store.delete_unchanged_status(status.id, revision_after(1), fixture::NOW.into()).await.unwrap();
    assert_eq!(store.status(status.id).await.unwrap(), None);
    let missing = store.delete_unchanged_status(status.id, revision_after(1), fixture::NOW.into()).await;
    assert_eq!(refusal(missing), Refusal::Missing);
}

/// An update writes the text, if it has one, and the time; it leaves when and by whom it was posted.
pub async fn updating_a_status_writes_its_text_and_time(store: Arc<dyn Store>) {
    let ada = register(&*store, "ada").await.account.id;
    let other = post(&*store, ada, "other").await;
    let mut expected = post(&*store, ada, "first").await;
    for (seconds, text) in [(10, Some("second")), (20, None), (30, Some("second")), (15, Some("third"))] {
        let at = fixture::after(seconds);
        let answer =
            store.update_status(expected.id, expected.revision, text.map(fixture::text), at.into()).await.unwrap();
        expected.text = text.map_or(expected.text, fixture::text);
        expected.updated_at = at;
        expected.revision = expected.revision.next();
        assert_eq!(answer, expected);
        assert_eq!(store.status(expected.id).await.unwrap().as_ref(), Some(&expected));
    }
    assert_eq!(store.status(other.id).await.unwrap(), Some(other), "no other status changed");
}

/// An update of a status that does not exist, or that has changed meanwhile, is refused and changes nothing.
pub async fn a_status_is_not_updated_unless_it_is_as_expected(store: Arc<dyn Store>) {
    let ada = register(&*store, "ada").await.account.id;
    let status = post(&*store, ada, "hello").await;
    let update = |id, revision| store.update_status(id, revision, Some(fixture::text("x")), fixture::after(5).into());
    assert_eq!(refusal(update(StatusId::new(2), Revision::FIRST).await), Refusal::Missing);
    assert_eq!(refusal(update(status.id, revision_after(1)).await), Refusal::Stale);
    assert_eq!(refusal(update(status.id, Revision::new(0)).await), Refusal::Stale);
    assert_eq!(store.status(status.id).await.unwrap(), Some(status));
}

/// A deleted status is gone, from the lists and counts too; there is no second time.
pub async fn a_deleted_status_is_gone(store: Arc<dyn Store>) {
    let ada = register(&*store, "ada").await.account.id;
    let (first, second) = (post(&*store, ada, "first").await, post(&*store, ada, "second").await);
    // Whatever its revision.
    store.update_status(first.id, first.revision, None, fixture::NOW.into()).await.unwrap();
    delete(&*store, first.id).await;
    assert_eq!(store.status(first.id).await.unwrap(), None);
    for filter in [StatusFilter::default(), by("ada")] {
        let left = Rows { rows: vec![second.clone()], more: false };
        assert_eq!(store.statuses(&filter, StatusOrder::OldestFirst, everything()).await.unwrap(), left);
        assert_eq!(store.count_statuses(&filter).await.unwrap(), 1);
    }
    assert_eq!(refusal(store.delete_status(first.id, fixture::NOW.into()).await), Refusal::Missing);
    assert_eq!(refusal(store.delete_status(StatusId::new(9), fixture::NOW.into()).await), Refusal::Missing);
    assert_eq!(
        refusal(store.update_status(first.id, revision_after(1), None, fixture::NOW.into()).await),
        Refusal::Missing
    );
    assert_eq!(store.count_statuses(&StatusFilter::default()).await.unwrap(), 1);
}

/// The number of a deleted status is not given again, even if it was the last.
pub async fn a_number_is_not_given_again(store: Arc<dyn Store>) {
    let ada = register(&*store, "ada").await.account.id;
    for number in 1..=4 {
        let status = post(&*store, ada, "hello").await;
        assert_eq!(status.id, StatusId::new(number));
        delete(&*store, status.id).await;
    }
}

/// Statuses are listed by number. Parts of every size make up the whole, wherever they start, even after a status that
/// is gone, and each says whether there are more behind it.
pub async fn statuses_are_listed_in_parts(store: Arc<dyn Store>) {
    let all = StatusFilter::default();
    let nothing = Rows { rows: vec![], more: false };
    assert_eq!(store.statuses(&all, StatusOrder::OldestFirst, everything()).await.unwrap(), nothing);
    let (ada, bob) = (register(&*store, "ada").await.account.id, register(&*store, "bob").await.account.id);
    let mut expected = Vec::new();
    for number in 1..=14_u64 {
        let status = post(&*store, if number % 3 == 0 { bob } else { ada }, &format!("status {number}")).await;
        if number % 4 == 0 || number == 14 { delete(&*store, status.id).await } else { expected.push(status) }
    }
    for limit in (0..=12).chain([usize::MAX]) {
        for start in 0..=15 {
            let part = |rest: Vec<&Status>| {
                let more = rest.len() > limit;
                Rows { rows: rest.into_iter().take(limit).cloned().collect(), more }
            };
            let skip = Slice { start: Start::Skip(start), limit };
            let rest = expected.iter().skip(usize::try_from(start).unwrap()).collect();
            assert_eq!(store.statuses(&all, StatusOrder::OldestFirst, skip).await.unwrap(), part(rest), "{skip:?}");
            let after = Slice { start: Start::After(StatusId::new(start)), limit };
            let rest = expected.iter().filter(|status| status.id.get() > start).collect();
            assert_eq!(store.statuses(&all, StatusOrder::OldestFirst, after).await.unwrap(), part(rest), "{after:?}");
        }
    }
    for start in [Start::Skip(u64::MAX), Start::After(StatusId::new(u64::MAX))] {
        assert_eq!(store.statuses(&all, StatusOrder::OldestFirst, Slice { start, limit: 5 }).await.unwrap(), nothing);
    }
}

/// A filter shows the statuses of the account with exactly this name: not of parts of it, nor of other cases.
pub async fn statuses_are_filtered_by_exact_name(store: Arc<dyn Store>) {
    let (ada, adam) = (register(&*store, "Ada").await.account.id, register(&*store, "Adam").await.account.id);
    register(&*store, "silent").await;
    let mut expected = Vec::new();
    for number in 0..4 {
        expected.push(post(&*store, ada, &format!("by ada {number}")).await);
        post(&*store, adam, "by adam").await;
    }
    let rows = Rows { rows: expected, more: false };
    assert_eq!(store.statuses(&by("Ada"), StatusOrder::OldestFirst, everything()).await.unwrap(), rows);
    assert_eq!(store.count_statuses(&by("Ada")).await.unwrap(), 4);
    assert_eq!(store.count_statuses(&by("Adam")).await.unwrap(), 4);
    for name in ["ada", "ADA", "Ad", "da", "silent", "nobody", "", "two words", "Ada\0", "%"] {
        let nothing = Rows { rows: vec![], more: false };
        assert_eq!(
            store.statuses(&by(name), StatusOrder::OldestFirst, everything()).await.unwrap(),
            nothing,
            "{name:?}"
        );
        assert_eq!(store.count_statuses(&by(name)).await.unwrap(), 0, "{name:?}");
    }
}

/// The parts of a filtered list are cut from what the filter shows, not from the whole.
pub async fn filtered_statuses_are_listed_in_parts(store: Arc<dyn Store>) {
    let (ada, bob) = (register(&*store, "ada").await.account.id, register(&*store, "bob").await.account.id);
    let mut expected = Vec::new();
    for _ in 0..8 {
        post(&*store, bob, "by bob").await;
        expected.push(post(&*store, ada, "by ada").await);
    }
    delete(&*store, expected.remove(3).id).await;
    for limit in 0..=9 {
        for start in 0..=17 {
            let part = |rest: Vec<&Status>| {
                let more = rest.len() > limit;
                Rows { rows: rest.into_iter().take(limit).cloned().collect(), more }
            };
            let skip = Slice { start: Start::Skip(start), limit };
            let rest = expected.iter().skip(usize::try_from(start).unwrap()).collect();
            assert_eq!(
                store.statuses(&by("ada"), StatusOrder::OldestFirst, skip).await.unwrap(),
                part(rest),
                "{skip:?}"
            );
            let after = Slice { start: Start::After(StatusId::new(start)), limit };
            let rest = expected.iter().filter(|status| status.id.get() > start).collect();
            assert_eq!(
                store.statuses(&by("ada"), StatusOrder::OldestFirst, after).await.unwrap(),
                part(rest),
                "{after:?}"
            );
        }
    }
}

/// The filter goes by the name that the account has now, in the case that it has now.
pub async fn the_filter_goes_by_the_present_name(store: Arc<dyn Store>) {
    let ada = register(&*store, "ada").await.account;
    let status = post(&*store, ada.id, "hello").await;
    let mut revision = ada.revision;
    for name in ["Ada", "grace"] {
        let change = AccountChange { username: Some(fixture::username(name)), ..AccountChange::default() };
        revision = store.update_account(ada.id, revision, change, fixture::NOW.into()).await.unwrap().revision;
        for other in ["ada", "Ada", "grace"] {
            let rows = store.statuses(&by(other), StatusOrder::OldestFirst, everything()).await.unwrap().rows;
            let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
            assert_eq!(ids, if other == name { vec![status.id] } else { vec![] }, "{other} of {name}");
        }
    }
    // Who takes the old name does not take the old statuses.
    register(&*store, "ada").await;
    assert_eq!(store.count_statuses(&by("ada")).await.unwrap(), 0);
}

/// Counts are those of the lists, of all and of each account, after every post and every deletion.
pub async fn statuses_are_counted(store: Arc<dyn Store>) {
    let (ada, bob) = (register(&*store, "ada").await.account.id, register(&*store, "bob").await.account.id);
    let mut left = [0, 0];
    let mut posted = Vec::new();
    for step in 0..24_usize {
        let who = usize::from(step % 3 == 0);
        if step % 4 == 3 {
            let (id, of): (_, usize) = posted.remove(step % posted.len());
            delete(&*store, id).await;
            left[of] -= 1;
        } else {
            posted.push((post(&*store, [ada, bob][who], "hello").await.id, who));
            left[who] += 1;
        }
        let count = async |filter| store.count_statuses(&filter).await.unwrap();
        assert_eq!([count(by("ada")).await, count(by("bob")).await], left, "step {step}");
        assert_eq!(count(StatusFilter::default()).await, left[0] + left[1], "step {step}");
    }
}
