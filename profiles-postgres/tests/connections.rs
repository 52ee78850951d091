//! Connections are few, shared by many, and none is spoilt by who gives up.
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

mod common;

use std::{sync::Arc, time::Duration};

use common::{config, open};
use profiles_core::{model::AccountId, store::Store, testkit::fixture};
use profiles_postgres::migrate;
use profiles_test_cluster::{Database, cluster};
use tokio::{task::JoinSet, time::timeout};

/// A store of so many connections, with accounts from number 1 on by these names.
async fn store_of(max_connections: u32, names: &[&str]) -> (Arc<dyn Store>, Database) {
    let database = cluster().database();
    let mut config = config(&database.url);
    config.max_connections = max_connections;
    migrate(&config).await.expect("tables");
    let store = open(config).await;
    for name in names {
        store.register(fixture::register(name)).await.expect("an account");
    }
    (store, database)
}

async fn name_of(store: &dyn Store, id: u64) -> String {
    let account = store.account(AccountId::new(id)).await.expect("an answer").expect("an account");
    account.username.to_string()
}

/// Whoever gives up, at whatever moment, leaves no answer behind that another would take for theirs.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_that_is_given_up_spoils_nothing() {
    let (store, _database) = store_of(1, &["ada", "bob"]).await;
    for micros in (0..2000).step_by(10) {
        let _ = timeout(Duration::from_micros(micros), name_of(&*store, 1)).await;
        assert_eq!(name_of(&*store, 2).await, "bob");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_share_few() {
    let (store, database) = store_of(2, &["ada", "bob"]).await;
    let mut callers = JoinSet::new();
    for caller in 0..64 {
        let store = Arc::clone(&store);
        callers.spawn(async move {
            for number in 0..20 {
                let (id, name) = if (caller + number) % 2 == 0 { (1, "ada") } else { (2, "bob") };
                assert_eq!(name_of(&*store, id).await, name);
            }
        });
    }
    callers.join_all().await;
    let connections = format!("select count(*) from pg_stat_activity where datname = '{}'", database.name);
    let count: u32 = cluster().sql("postgres", &connections).trim().parse().expect("a number");
    assert!(count <= 3, "two, and one that listens, are no more than {count}");
    store.close().await.expect("an end");
}
