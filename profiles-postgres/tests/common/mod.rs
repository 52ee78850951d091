//! What the tests of this crate share.
#![allow(
    dead_code,
    clippy::allow_attributes,
    clippy::expect_used,
    clippy::panic,
    reason = "each test target uses a part"
)]

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use profiles_core::{
    model::{AccountId, StatusId},
    store::{Slice, Start, StatusFilter, StatusOrder, Store, StoreError},
    testkit::fixture,
};
use profiles_postgres::{PostgresConfig, PostgresStore};
use tokio::sync::watch;

pub(crate) fn config(url: &str) -> PostgresConfig {
    PostgresConfig::new(url.parse().expect("an address"))
}

/// A store over a database that is there and migrated.
pub(crate) async fn open(config: PostgresConfig) -> Arc<dyn Store> {
    Arc::new(PostgresStore::open(config).await.expect("a store"))
}

/// What was posted by many at once, until they were told to stop: acknowledged texts by number, and how often a post was
/// refused because the database was away.
#[derive(Debug, Default)]
pub(crate) struct Load {
    pub(crate) acknowledged: BTreeMap<StatusId, String>,
    pub(crate) unavailable: usize,
}

/// Posts by so many callers, each text once, until `stop`.
pub(crate) async fn post_until(
    store: &Arc<dyn Store>,
    account: AccountId,
    callers: usize,
    stop: watch::Receiver<bool>,
) -> Load {
    let mut tasks = tokio::task::JoinSet::new();
    for caller in 0..callers {
        let (store, stop) = (Arc::clone(store), stop.clone());
        tasks.spawn(async move {
            let mut load = Load::default();
            for number in 0.. {
                if *stop.borrow() {
                    break;
                }
                let text = format!("{caller}.{number}");
                match store.post_status(account, fixture::text(&text), fixture::NOW).await {
                    Ok(status) => drop(load.acknowledged.insert(status.id, text)),
                    Err(StoreError::Unavailable(_) | StoreError::Busy) => {
                        load.unavailable += 1;
                        tokio::time::sleep(Duration::from_millis(20)).await;
                    }
                    Err(other) => panic!("{other}"),
                }
            }
            load
        });
    }
    let mut all = Load::default();
    for load in tasks.join_all().await {
        all.acknowledged.extend(load.acknowledged);
        all.unavailable += load.unavailable;
    }
    all
}

/// Panics unless all that was acknowledged is there as it was posted, no text is there twice, and the store fits together.
pub(crate) async fn assert_once(store: &Arc<dyn Store>, load: &Load) {
    let all = Slice { start: Start::Skip(0), limit: usize::MAX };
    let rows = store.statuses(&StatusFilter::default(), StatusOrder::OldestFirst, all).await.expect("a list").rows;
    let mut texts = BTreeMap::new();
    for row in &rows {
        let other = texts.insert(row.text.to_string(), row.id);
        assert_eq!(other, None, "{} was posted twice", row.text);
    }
    for (id, text) in &load.acknowledged {
        assert_eq!(texts.get(text), Some(id), "{text} was acknowledged as {id}");
    }
    assert_eq!(store.count_statuses(&StatusFilter::default()).await.expect("a count"), rows.len() as u64);
    assert_eq!(store.verify().await.expect("a look"), []);
}
