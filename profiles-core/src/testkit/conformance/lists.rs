//! Orders, directions and filters of lists.

use std::sync::Arc;

use super::{everything, register};
use crate::{
    model::{Profile, ProfileId, Status, StatusId, UsernameKey},
    store::{
        AccountChange, ProfileFilter, ProfileOrder, ProfilePosition, Rows, Slice, Start, StatusFilter, StatusOrder,
        Store,
    },
    testkit::fixture,
};

/// Limits that are tried.
const LIMITS: [usize; 5] = [0, 1, 3, 8, usize::MAX];

/// The part of a list after so many rows.
fn from<T: Clone>(list: &[T], skipped: usize, limit: usize) -> Rows<T> {
    let rest = list.get(skipped..).unwrap_or_default();
    Rows { rows: rest.iter().take(limit).cloned().collect(), more: rest.len() > limit }
}

/// The part of a list that ends before the row at this place.
fn up_to<T: Clone>(list: &[T], place: usize, limit: usize) -> Rows<T> {
    let before = list.get(..place).unwrap_or_default();
    let first = before.len().saturating_sub(limit);
    Rows { rows: before.get(first..).unwrap_or_default().to_vec(), more: first > 0 }
}

/// Twelve statuses that are left of sixteen, by two accounts in turn, one a second.
async fn posted(store: &dyn Store) -> Vec<Status> {
    let (ada, bob) = (register(store, "ada").await.account.id, register(store, "bob").await.account.id);
    let mut left = Vec::new();
    for number in 1..=16_u64 {
        let account = if number % 3 == 0 { bob } else { ada };
        let status = store.post_status(account, fixture::text("hello"), fixture::after(number)).await.unwrap();
        if number % 4 == 0 {
            store.delete_status(status.id, fixture::NOW.into()).await.unwrap();
        } else {
            left.push(status);
        }
    }
    left
}

/// What this filter shows is `list`, in both orders, in parts of every size, wherever they start and whichever way they
/// are read.
async fn check_statuses(store: &dyn Store, filter: &StatusFilter, list: &[Status]) {
    assert_eq!(store.count_statuses(filter).await.unwrap(), list.len() as u64, "{filter:?}");
    for order in StatusOrder::ALL {
        let mut list = list.to_vec();
        let newest_first = order == StatusOrder::NewestFirst;
        if newest_first {
            list.reverse();
        }
        for limit in LIMITS {
            for number in 0..=17_u64 {
                // Places of the first row behind this id, and of the first that is not before it.
                let (id, behind) = (StatusId::new(number), |row: &Status| (row.id.get() < number) == newest_first);
                let after = list.iter().take_while(|row| !behind(row) || row.id == id).count();
                let before = list.iter().take_while(|row| !behind(row) && row.id != id).count();
                let skip = usize::try_from(number).unwrap();
                for (start, part) in [
                    (Start::Skip(number), from(&list, skip, limit)),
                    (Start::After(id), from(&list, after, limit)),
                    (Start::Before(id), up_to(&list, before, limit)),
                ] {
                    let answer = store.statuses(filter, order, Slice { start, limit }).await.unwrap();
                    assert_eq!(answer, part, "{filter:?} {order:?} {start:?} {limit}");
                }
            }
        }
    }
}

/// Statuses are listed in both orders, from both ends and from every row on.
pub async fn statuses_are_listed_in_both_orders(store: Arc<dyn Store>) {
    check_statuses(&*store, &StatusFilter::default(), &[]).await;
    let all = posted(&*store).await;
    check_statuses(&*store, &StatusFilter::default(), &all).await;
    let first =
        async |order, start| store.statuses(&StatusFilter::default(), order, Slice { start, limit: 1 }).await.unwrap();
    let nothing = Rows { rows: vec![], more: false };
    assert_eq!(first(StatusOrder::NewestFirst, Start::Skip(u64::MAX)).await, nothing);
    assert_eq!(first(StatusOrder::NewestFirst, Start::After(StatusId::new(0))).await, nothing);
    let newest = first(StatusOrder::NewestFirst, Start::After(StatusId::new(u64::MAX))).await;
    assert_eq!(newest, Rows { rows: vec![all.last().unwrap().clone()], more: true });
}

/// A filter by profile shows what was posted under it; with a name, what fits both.
pub async fn statuses_are_filtered_by_profile(store: Arc<dyn Store>) {
    let all = posted(&*store).await;
    for (profile, other) in [(1, "bob"), (2, "ada")] {
        let filter = StatusFilter { profile: Some(ProfileId::new(profile)), ..StatusFilter::default() };
        let theirs: Vec<Status> = all.iter().filter(|status| status.profile.get() == profile).cloned().collect();
        assert!(theirs.len() > 3);
        check_statuses(&*store, &filter, &theirs).await;
        let own = StatusFilter { username: Some(theirs[0].username.to_string()), ..filter.clone() };
        check_statuses(&*store, &own, &theirs).await;
        check_statuses(&*store, &StatusFilter { username: Some(other.to_owned()), ..filter }, &[]).await;
    }
    for nobody in [0, 3, u64::MAX] {
        let filter = StatusFilter { profile: Some(ProfileId::new(nobody)), ..StatusFilter::default() };
        check_statuses(&*store, &filter, &[]).await;
    }
}

/// A filter by time shows what was posted at its beginning or later, and before its end; with an owner, what fits both.
pub async fn statuses_are_filtered_by_time(store: Arc<dyn Store>) {
    let all = posted(&*store).await;
    let times = [None, Some(0), Some(1), Some(4), Some(9), Some(15), Some(16), Some(17)];
    let owners = [StatusFilter::default(), StatusFilter::by("ada"), StatusFilter::by("nobody")];
    for (since, until) in times.into_iter().flat_map(|since| times.map(|until| (since, until))) {
        for owner in &owners {
            let filter =
                StatusFilter { since: since.map(fixture::after), until: until.map(fixture::after), ..owner.clone() };
            let within =
                |number: u64| since.is_none_or(|since| number >= since) && until.is_none_or(|until| number < until);
            // The number of a status is the second in which it was posted.
            let shown = all.iter().filter(|status| within(status.id.get()));
            let shown = shown.filter(|status| owner.username.is_none() || status.username.as_str() == "ada");
            let shown: Vec<Status> =
                if owner.username.as_deref() == Some("nobody") { vec![] } else { shown.cloned().collect() };
            assert_eq!(store.count_statuses(&filter).await.unwrap(), shown.len() as u64, "{filter:?}");
            let answer = store.statuses(&filter, StatusOrder::OldestFirst, everything()).await.unwrap();
            assert_eq!(answer, Rows { rows: shown.clone(), more: false }, "{filter:?}");
            assert!(shown.iter().all(|status| filter.matches(status)));
        }
    }
    let middle = |number: u64| (6..14).contains(&number);
    let shown: Vec<Status> = all.into_iter().filter(|status| middle(status.id.get())).collect();
    let filter =
        StatusFilter { since: Some(fixture::after(6)), until: Some(fixture::after(14)), ..StatusFilter::default() };
    check_statuses(&*store, &filter, &shown).await;
}

/// A status is never from before the one that was posted before it, whatever the clock says, and even if that one is
/// gone.
pub async fn the_time_of_posting_does_not_go_back(store: Arc<dyn Store>) {
    let ada = register(&*store, "ada").await.account.id;
    for (at, kept) in [(10, 10), (3, 10), (11, 11), (7, 11), (12, 12)] {
        let status = store.post_status(ada, fixture::text("hello"), fixture::after(at)).await.unwrap();
        assert_eq!((status.created_at, status.updated_at), (fixture::after(kept), fixture::after(kept)));
        assert_eq!(store.status(status.id).await.unwrap(), Some(status.clone()));
        store.delete_status(status.id, fixture::NOW.into()).await.unwrap();
    }
    let status = store.post_status(ada, fixture::text("hello"), fixture::after(1)).await.unwrap();
    assert_eq!(status.created_at, fixture::after(12));
    let filter = StatusFilter { since: Some(fixture::after(12)), ..StatusFilter::default() };
    assert_eq!(store.count_statuses(&filter).await.unwrap(), 1);
}

/// Profiles are listed in every order, from both ends and from every row on; by name it is the canonical name that
/// counts.
pub async fn profiles_are_listed_in_every_order(store: Arc<dyn Store>) {
    let mut profiles: Vec<Profile> = Vec::new();
    for name in ["cyd", "Bob", "жанна", "ada", "Zoe", "a.b", "bobby", "Émile"] {
        profiles.push(register(&*store, name).await.profile);
    }
    for order in ProfileOrder::ALL {
        let mut list = profiles.clone();
        let by_name = order.is_by_username();
        list.sort_by_key(|row| if by_name { row.username.key() } else { UsernameKey::of("") });
        let descends = matches!(order, ProfileOrder::IdDescending | ProfileOrder::UsernameDescending);
        if descends {
            list.reverse();
        }
        for limit in LIMITS {
            for (place, row) in list.iter().enumerate() {
                let position = ProfilePosition::from(row);
                for (start, part) in [
                    (Start::Skip(place as u64), from(&list, place, limit)),
                    (Start::After(position.clone()), from(&list, place + 1, limit)),
                    (Start::Before(position), up_to(&list, place, limit)),
                ] {
                    let slice = Slice { start, limit };
                    let answer = store.profiles(&ProfileFilter::default(), order, slice.clone()).await.unwrap();
                    assert_eq!(answer, part, "{order:?} {slice:?}");
                }
            }
        }
        let terms = ProfileFilter { terms: vec!["b".to_owned()] };
        let found: Vec<Profile> =
            list.iter().filter(|row| row.username.key().as_str().contains('b')).cloned().collect();
        for skipped in 0..=found.len() {
            let slice = Slice { start: Start::Skip(skipped as u64), limit: 2 };
            assert_eq!(store.profiles(&terms, order, slice).await.unwrap(), from(&found, skipped, 2), "{order:?}");
        }
        let slice = Slice { start: Start::Before(ProfilePosition::from(&found[2])), limit: 1 };
        assert_eq!(store.profiles(&terms, order, slice).await.unwrap(), up_to(&found, 2, 1), "{order:?}");
    }
}

/// A name that nobody has is a position too: whoever is renamed stands elsewhere from then on.
pub async fn a_list_by_name_goes_by_the_present_names(store: Arc<dyn Store>) {
    let (ada, bob) = (register(&*store, "ada").await, register(&*store, "bob").await);
    register(&*store, "cyd").await;
    let at_bob = ProfilePosition::from(&bob.profile);
    let change = AccountChange { username: Some(fixture::username("dan")), ..AccountChange::default() };
    store.update_account(bob.account.id, bob.account.revision, change, fixture::NOW.into()).await.unwrap();
    let names = async |order, start| {
        let slice = Slice { start, limit: 5 };
        let rows = store.profiles(&ProfileFilter::default(), order, slice).await.unwrap().rows;
        rows.iter().map(|row| row.username.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(names(ProfileOrder::Username, Start::Skip(0)).await, ["ada", "cyd", "dan"]);
    assert_eq!(names(ProfileOrder::Username, Start::After(at_bob.clone())).await, ["cyd", "dan"]);
    assert_eq!(names(ProfileOrder::UsernameDescending, Start::After(at_bob.clone())).await, ["ada"]);
    assert_eq!(names(ProfileOrder::UsernameDescending, Start::Before(at_bob)).await, ["dan", "cyd"]);
    assert_eq!(names(ProfileOrder::Id, Start::After((&ada.profile).into())).await, ["dan", "cyd"]);
}
