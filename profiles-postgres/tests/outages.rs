//! The database goes away and comes back: nothing acknowledged is lost, nothing is done twice, and the store goes on by
//! itself.
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

mod common;

use std::{sync::Arc, time::Duration};

use common::{Load, assert_once, config, open, post_until};
use profiles_core::{
    store::{StatusFilter, Store, StoreError},
    testkit::fixture,
};
use profiles_postgres::migrate;
use profiles_test_cluster::Cluster;
use tokio::{
    sync::watch,
    time::{Instant, sleep},
};

/// How long to wait for what comes by itself.
const PATIENCE: Duration = Duration::from_mins(1);

/// A cluster of its own, on the threads where waiting is allowed.
async fn start() -> Arc<Cluster> {
    Arc::new(tokio::task::spawn_blocking(Cluster::start).await.expect("a cluster"))
}

async fn on(cluster: &Arc<Cluster>, what: impl FnOnce(&Cluster) + Send + 'static) {
    let cluster = Arc::clone(cluster);
    tokio::task::spawn_blocking(move || what(&cluster)).await.expect("no panic");
}

async fn wait_until_ready(store: &Arc<dyn Store>) {
    let end = Instant::now() + PATIENCE;
    while store.ready().await.is_err() {
        assert!(Instant::now() < end, "the store did not come back");
        sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_database_loses_and_doubles_nothing() {
    let cluster = start().await;
    let database = cluster.database();
    migrate(&config(&database.url)).await.expect("tables");
    let store = open(config(&database.url)).await;
    let account = store.register(fixture::register("ada")).await.expect("an account").account.id;
    let (stop, stopped) = watch::channel(false);
    let load = tokio::spawn({
        let store = Arc::clone(&store);
        async move { post_until(&store, account, 16, stopped).await }
    });
    for _ in 0..3 {
        sleep(Duration::from_millis(400)).await;
        on(&cluster, |cluster| {
            cluster.kill();
            cluster.resume();
        })
        .await;
    }
    let before = store.count_statuses(&StatusFilter::default()).await.expect("a count");
    sleep(Duration::from_millis(400)).await;
    stop.send_replace(true);
    let load = load.await.expect("no panic");
    assert!(load.acknowledged.len() > 100, "{} were acknowledged", load.acknowledged.len());
    assert_once(&store, &load).await;
    let after = store.count_statuses(&StatusFilter::default()).await.expect("a count");
    assert!(after > before, "the store went on by itself");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_away_is_told_and_comes_back_by_itself() {
    let cluster = start().await;
    let database = cluster.database();
    migrate(&config(&database.url)).await.expect("tables");
    let mut impatient = config(&database.url);
    impatient.retry_for = Duration::from_millis(200);
    impatient.acquire_timeout = Duration::from_millis(500);
    let store = open(impatient).await;
    let ada = store.register(fixture::register("ada")).await.expect("an account").account;
    on(&cluster, Cluster::stop).await;
    assert!(store.ready().await.is_err());
    assert!(matches!(store.account(ada.id).await, Err(StoreError::Unavailable(_))));
    assert!(matches!(store.register(fixture::register("bob")).await, Err(StoreError::Unavailable(_))));
    on(&cluster, Cluster::resume).await;
    wait_until_ready(&store).await;
    assert_eq!(store.account(ada.id).await.expect("a read"), Some(ada));
    store.register(fixture::register("bob")).await.expect("a write");
    assert_eq!(store.verify().await.expect("a look"), []);
}

/// As a former primary that follows another now.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_only_reads_is_not_ready() {
    let cluster = start().await;
    let database = cluster.database();
    migrate(&config(&database.url)).await.expect("tables");
    let mut impatient = config(&database.url);
    impatient.retry_for = Duration::from_millis(200);
    let store = open(impatient).await;
    let ada = store.register(fixture::register("ada")).await.expect("an account").account;
    let name = database.name.clone();
    let read_only = move |value: &'static str| {
        let name = name.clone();
        move |cluster: &Cluster| {
            cluster.sql("postgres", &format!("alter database {name} set default_transaction_read_only = {value}"));
            let ended =
                "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'profiles-server'";
            cluster.sql("postgres", ended);
        }
    };
    on(&cluster, read_only("on")).await;
    assert!(store.ready().await.is_err());
    assert!(matches!(store.register(fixture::register("bob")).await, Err(StoreError::Unavailable(_))));
    assert_eq!(store.account(ada.id).await.expect("a read"), Some(ada));
    on(&cluster, read_only("off")).await;
    wait_until_ready(&store).await;
    store.register(fixture::register("bob")).await.expect("a write");
}

/// A disk that is full refuses writes, and takes them again when there is room. PostgreSQL itself gives up when its log
/// finds none, and is started again by whoever looks after it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_refuses_and_harms_nothing() {
    let cluster = tokio::task::spawn_blocking(|| Cluster::start_on_small_disk(150)).await.expect("no panic");
    let Some(cluster) = cluster.map(Arc::new) else {
        eprintln!("no rights to mount a file system: not tried");
        return;
    };
    let database = cluster.database();
    migrate(&config(&database.url)).await.expect("tables");
    let mut impatient = config(&database.url);
    impatient.retry_for = Duration::from_millis(500);
    let store = open(impatient).await;
    let account = store.register(fixture::register("ada")).await.expect("an account").account.id;
    on(&cluster, Cluster::fill).await;
    let mut load = Load::default();
    let refused = loop {
        let text = load.acknowledged.len().to_string();
        match store.post_status(account, fixture::text(&text), fixture::NOW).await {
            Ok(status) => drop(load.acknowledged.insert(status.id, text)),
            Err(error) => break error,
        }
    };
    assert!(matches!(refused, StoreError::Unavailable(_)), "{refused:?}");
    on(&cluster, Cluster::make_room).await;
    wait_until_ready(&store).await;
    store.post_status(account, fixture::text("again"), fixture::NOW).await.expect("a write");
    assert_once(&store, &load).await;
}
