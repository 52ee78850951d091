//! Lists over more rows than one node of a counted index has, and lists that are read while they change.

use std::collections::BTreeSet;

use proptest::{collection::vec, prelude::*, sample::select, test_runner::TestRunner};
use tokio::runtime;

use super::*;
use crate::{
    model::{ProfileId, StatusId, UsernameKey},
    store::{
        Accounts as _, ProfileChange, ProfileFilter, ProfileOrder, ProfilePosition, Profiles as _, Slice, Start,
        StatusFilter, StatusOrder,
        sled::{
            keys::{self, Meta, Space},
            rank::Ranked,
            transaction::Transaction,
        },
    },
    testkit::fixture,
};

const ADA: AccountId = AccountId::new(1);

/// When the status with this number was posted: three at each moment.
fn posted_at(number: u64) -> Timestamp {
    NOW.plus(std::time::Duration::from_secs(number / 3))
}

async fn post(store: &SledStore, numbers: std::ops::RangeInclusive<u64>) {
    let statuses = numbers.map(|number| (ADA, text("hello"), posted_at(number))).collect();
    store.load_statuses(statuses).await.unwrap();
}

async fn remove(store: &SledStore, numbers: Vec<u64>) {
    let remove = move |transaction: &mut Transaction<'_>| {
        numbers.iter().try_for_each(|number| transaction.remove_status(ADA, StatusId::new(*number), NOW))
    };
    store.write(remove).await.unwrap();
}

/// Sets the number of the last status, as if many had been posted and deleted.
async fn leap(store: &SledStore, to: u64) {
    store.write(move |transaction| transaction.put(Meta::LastStatus.key(), &to)).await.unwrap();
}

/// Blocks of every level up to the third, with holes of every size, and a few rows far away.
async fn filled(store: &SledStore) -> Vec<u64> {
    store.register(registration("ada")).await.unwrap();
    post(store, 1..=3000).await;
    leap(store, 40_000).await;
    post(store, 40_001..=40_070).await;
    leap(store, (1 << 31) + 5).await;
    post(store, (1 << 31) + 6..=(1 << 31) + 8).await;
    let gone: Vec<u64> = (1..=3000).filter(|number| number % 7 == 0 || (1000..=2100).contains(number)).collect();
    remove(store, gone.clone()).await;
    let all = (1..=3000).chain(40_001..=40_070).chain((1 << 31) + 6..=(1 << 31) + 8);
    all.filter(|number| !gone.contains(number)).collect()
}

#[tokio::test]
async fn every_page_of_a_long_list_is_found() {
    let dir = directory();
    let store = open(dir.path());
    let numbers = filled(&store).await;
    assert_eq!(store.verify().await.unwrap(), nothing());
    let filter = StatusFilter::default();
    for (place, number) in numbers.iter().enumerate().filter(|(place, _)| place % 13 == 0 || place + 80 > numbers.len())
    {
        let slice = Slice { start: Start::Skip(place as u64), limit: 2 };
        let ids = async |order, slice| {
            let rows = store.statuses(&filter, order, slice).await.unwrap().rows;
            rows.iter().map(|row| row.id.get()).collect::<Vec<_>>()
        };
        let expected: Vec<u64> = numbers[place..].iter().take(2).copied().collect();
        assert_eq!(ids(StatusOrder::OldestFirst, slice).await, expected, "place {place}");
        let slice = Slice { start: Start::Skip((numbers.len() - 1 - place) as u64), limit: 2 };
        let expected: Vec<u64> = numbers[..=place].iter().rev().take(2).copied().collect();
        assert_eq!(ids(StatusOrder::NewestFirst, slice).await, expected, "place {place} from the end");

        let since = StatusFilter { since: Some(posted_at(*number)), ..StatusFilter::default() };
        let left = numbers.iter().filter(|other| posted_at(**other) >= posted_at(*number)).count() as u64;
        assert_eq!(store.count_statuses(&since).await.unwrap(), left, "since {number}");
        let until = StatusFilter { until: since.since, ..StatusFilter::default() };
        assert_eq!(store.count_statuses(&until).await.unwrap(), numbers.len() as u64 - left, "until {number}");
    }
}

#[tokio::test]
async fn a_counted_index_is_made_anew() {
    let dir = directory();
    let store = open(dir.path());
    let numbers = filled(&store).await;
    let spoil = |transaction: &mut Transaction<'_>| {
        transaction.remove(keys::rank(Space::StatusRank, 1, 0));
        transaction.rank(Ranked::Profiles, 70_000, 1)?;
        transaction.rank(Ranked::Statuses, 123_456, 5)
    };
    store.write(spoil).await.unwrap();
    assert_ne!(store.verify().await.unwrap(), nothing());
    let made = store.reindex().await.unwrap();
    assert_eq!(
        made,
        [("places of statuses", numbers.len() as u64), ("places of profiles", 1), ("search of profiles", 1)]
    );
    assert_eq!(store.verify().await.unwrap(), nothing());
}

/// What happens between two pages.
#[derive(Clone, Debug)]
enum Change {
    Make,
    Remove(usize),
}

fn changes() -> impl Strategy<Value = Vec<Vec<Change>>> {
    let change = prop_oneof![Just(Change::Make), (0..64_usize).prop_map(Change::Remove)];
    vec(vec(change, 0..6), 1..40)
}

/// Which rows are there and never removed.
const STEADY: u64 = 3;

/// Walks a list by keys, forth and back, while `change` is called between the pages; answers the rows in the order of
/// the list.
async fn walk<Row, Key>(
    page: impl AsyncFn(Start<Key>) -> (Vec<Row>, bool),
    key: impl Fn(&Row) -> Key,
    backwards: Option<Key>,
    mut change: impl AsyncFnMut(),
) -> Vec<Row> {
    let back = backwards.is_some();
    let mut seen = Vec::new();
    let mut start = backwards.map_or(Start::Skip(0), Start::Before);
    loop {
        let (mut rows, more) = page(start).await;
        let last = if back { rows.first() } else { rows.last() };
        let Some(last) = last.map(&key) else { break };
        start = if back { Start::Before(last) } else { Start::After(last) };
        if back {
            rows.reverse();
        }
        seen.extend(rows);
        change().await;
        if !more {
            break;
        }
    }
    if back {
        seen.reverse();
    }
    seen
}

/// Walks statuses while others come and go.
async fn walk_statuses(order: StatusOrder, back: bool, limit: usize, script: Vec<Vec<Change>>) {
    let dir = directory();
    let store = open(dir.path());
    store.register(registration("ada")).await.unwrap();
    post(&store, 1..=45).await;
    let mut there: BTreeSet<u64> = (1..=45).collect();
    let steady: Vec<u64> = there.iter().copied().filter(|number| number % STEADY == 0).collect();
    let newest_first = order == StatusOrder::NewestFirst;
    let end = StatusId::new(if newest_first { 0 } else { u64::MAX });
    let mut script = script.into_iter();
    let page = async |start| {
        let rows = store.statuses(&StatusFilter::default(), order, Slice { start, limit }).await.unwrap();
        (rows.rows, rows.more)
    };
    let change = async || {
        for change in script.next().unwrap_or_default() {
            match change {
                Change::Make => {
                    there.insert(store.post_status(ADA, text("new"), NOW).await.unwrap().id.get());
                }
                Change::Remove(place) => {
                    let fleeting: Vec<u64> = there.iter().copied().filter(|number| number % STEADY != 0).collect();
                    if let Some(number) = fleeting.get(place % fleeting.len().max(1)) {
                        there.remove(number);
                        store.delete_status(StatusId::new(*number), NOW.into()).await.unwrap();
                    }
                }
            }
        }
    };
    let seen = walk(page, |row| row.id, back.then_some(end), change).await;
    let ids: Vec<u64> = seen.iter().map(|row| row.id.get()).collect();
    assert!(ids.is_sorted_by(|one, next| (one < next) != newest_first && one != next), "{ids:?}");
    let mut found: Vec<u64> = ids.into_iter().filter(|id| steady.contains(id)).collect();
    found.sort_unstable();
    assert_eq!(found, steady);
}

/// The same with profiles: others register and are erased.
async fn walk_profiles(order: ProfileOrder, back: bool, limit: usize, script: Vec<Vec<Change>>) {
    let dir = directory();
    let store = open(dir.path());
    // Names in another order than numbers.
    let name = |number: u64| format!("n{:02}", number * 37 % 97);
    let commands = (1..=24).map(|number| (fixture::register(&name(number)), ProfileChange::default()));
    store.load_accounts(commands.collect()).await.unwrap();
    let mut there: BTreeSet<u64> = (1..=24).collect();
    let steady: Vec<u64> = there.iter().copied().filter(|number| number % STEADY == 0).collect();
    let descends = matches!(order, ProfileOrder::IdDescending | ProfileOrder::UsernameDescending);
    let end = if descends { (0, "") } else { (u64::MAX, "\u{10ffff}") };
    let end = ProfilePosition { id: ProfileId::new(end.0), username: UsernameKey::of(end.1) };
    let mut script = script.into_iter();
    let page = async |start| {
        let rows = store.profiles(&ProfileFilter::default(), order, Slice { start, limit }).await.unwrap();
        (rows.rows, rows.more)
    };
    let mut made = 24;
    let change = async || {
        for change in script.next().unwrap_or_default() {
            match change {
                Change::Make if made < 90 => {
                    made += 1;
                    store.register(fixture::register(&name(made))).await.unwrap();
                    there.insert(made);
                }
                Change::Make => {}
                Change::Remove(place) => {
                    let fleeting: Vec<u64> = there.iter().copied().filter(|number| number % STEADY != 0).collect();
                    if let Some(number) = fleeting.get(place % fleeting.len().max(1)) {
                        there.remove(number);
                        store.erase_account(fixture::erase(AccountId::new(*number), 100)).await.unwrap();
                    }
                }
            }
        }
    };
    let seen = walk(page, |row| ProfilePosition::from(row), back.then_some(end), change).await;
    let key = |row: &crate::model::Profile| {
        let name = if order.is_by_username() { row.username.key() } else { UsernameKey::of("") };
        (name, row.id)
    };
    let keys: Vec<_> = seen.iter().map(key).collect();
    assert!(keys.is_sorted_by(|one, next| (one < next) != descends && one != next), "{keys:?}");
    let mut found: Vec<u64> = seen.iter().map(|row| row.id.get()).filter(|id| steady.contains(id)).collect();
    found.sort_unstable();
    assert_eq!(found, steady);
}

/// Every walk that the strategy makes up, in every order and both directions.
fn walks<Order: Clone + std::fmt::Debug + 'static>(
    orders: &'static [Order],
    walk: impl AsyncFn(Order, bool, usize, Vec<Vec<Change>>),
) {
    let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let config = ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() };
    let strategy = (select(orders), any::<bool>(), 1..7_usize, changes());
    let played = TestRunner::new(config).run(&strategy, |(order, back, limit, script)| {
        runtime.block_on(walk(order, back, limit, script));
        Ok(())
    });
    played.unwrap();
}

#[test]
fn a_walk_over_statuses_shows_every_untouched_one_once() {
    walks(&StatusOrder::ALL, walk_statuses);
}

#[test]
fn a_walk_over_profiles_shows_every_untouched_one_once() {
    walks(&ProfileOrder::ALL, walk_profiles);
}
