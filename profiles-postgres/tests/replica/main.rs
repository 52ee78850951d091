//! Reading from a copy: real standbys that are late, die and are left over from a former primary.
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

#[path = "../common/mod.rs"]
mod common;
mod switch;

use std::{sync::Arc, time::Duration};

use common::{config, open};
use profiles_core::{
    model::AccountId,
    store::{Register, Slice, Start, StatusFilter, StatusOrder, Store, Wanted},
    testkit::fixture,
};
use profiles_postgres::migrate;
use profiles_test_cluster::{Cluster, Database};
use tokio::time::{Instant, sleep};

use self::switch::Switch;

/// How long to wait for what comes by itself.
const PATIENCE: Duration = Duration::from_mins(1);

const DEFAULT_DATABASE: &str = "postgres";

/// Does what waits for programs where waiting is allowed.
async fn on<T: Send + 'static>(what: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(what).await.expect("no panic")
}

/// A standby that logs what it is asked.
async fn standby_of(cluster: &Arc<Cluster>) -> Arc<Cluster> {
    let cluster = Arc::clone(cluster);
    on(move || {
        let standby = cluster.standby();
        standby.sql(DEFAULT_DATABASE, "alter system set log_statement = 'all'");
        standby.sql(DEFAULT_DATABASE, "select pg_reload_conf()");
        Arc::new(standby)
    })
    .await
}

/// How often a list of statuses was asked of it.
fn lists(standby: &Cluster) -> usize {
    standby.log().matches("order by s.id").count()
}

fn stop_replaying(standby: &Cluster) {
    standby.sql(DEFAULT_DATABASE, "select pg_wal_replay_pause()");
    let start = std::time::Instant::now();
    while standby.sql(DEFAULT_DATABASE, "select pg_get_wal_replay_pause_state()").trim() != "paused" {
        assert!(start.elapsed() < PATIENCE, "it goes on");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn go_on_replaying(standby: &Cluster) {
    standby.sql(DEFAULT_DATABASE, "select pg_wal_replay_resume()");
}

/// Two servers over one primary, of which one has a copy beside it.
struct Site {
    primary: Arc<Cluster>,
    standby: Arc<Cluster>,
    database: Database,
    without: Arc<dyn Store>,
    with: Arc<dyn Store>,
    ada: AccountId,
}

impl Site {
    async fn start() -> Self {
        let primary = Arc::new(on(Cluster::start).await);
        let standby = standby_of(&primary).await;
        let database = primary.database();
        migrate(&config(&database.url)).await.expect("tables");
        let without = open(config(&database.url)).await;
        let command = Register { tokens: vec![fixture::token("token")], ..fixture::register("ada") };
        let ada = without.register(command).await.expect("an account").account.id;
        let mut beside = config(&database.url);
        beside.replica = Some(standby.url(&database.name).parse().expect("an address"));
        let with = open(beside).await;
        let site = Self { primary, standby, database, without, with, ada };
        site.until_the_copy_is_asked().await;
        site
    }

    /// Posts through the server that has no copy.
    async fn post(&self, text: &str) {
        self.without.post_status(self.ada, fixture::text(text), fixture::NOW).await.expect("a post");
    }

    async fn until_the_copy_is_asked(&self) {
        until_asked(&self.with, &self.standby).await;
    }
}

async fn until_asked(store: &Arc<dyn Store>, standby: &Cluster) {
    let (start, before) = (Instant::now(), lists(standby));
    while lists(standby) == before {
        assert!(start.elapsed() < PATIENCE, "the copy is not asked");
        sleep(Duration::from_millis(50)).await;
        recognise(store).await;
        texts(store).await;
    }
}

/// What happens first when a request comes with a token.
async fn recognise(store: &Arc<dyn Store>) {
    store.principal(&fixture::digest("token"), fixture::NOW).await.expect("an answer").expect("somebody");
}

async fn texts(store: &Arc<dyn Store>) -> Vec<String> {
    let all = Slice { start: Start::Skip(0), limit: usize::MAX };
    let rows = store.statuses(&StatusFilter::default(), StatusOrder::OldestFirst, all).await.expect("a list").rows;
    rows.iter().map(|status| status.text.to_string()).collect()
}

/// Whoever shows a token reads what was written through another server, though the copy does not have it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_shows_a_token_reads_what_was_written_elsewhere() {
    let site = Site::start().await;
    stop_replaying(&site.standby);
    let asked = lists(&site.standby);
    for number in 0..5 {
        site.post(&number.to_string()).await;
        let start = Instant::now();
        if number % 2 == 0 {
            recognise(&site.with).await;
        } else {
            let wanted = Wanted::OwnAccount;
            let found = site.with.principal_and(&fixture::digest("token"), fixture::NOW, &wanted).await;
            found.expect("an answer").expect("somebody");
        }
        assert_eq!(texts(&site.with).await.len(), number + 1);
        assert!(start.elapsed() < Duration::from_secs(5), "nobody waits long for a copy");
    }
    assert_eq!(lists(&site.standby), asked, "the copy lacks them, and was not asked");

    go_on_replaying(&site.standby);
    site.until_the_copy_is_asked().await;
    assert_eq!(texts(&site.with).await.len(), 5);
}

/// A copy that follows is asked under steady writes too, by whichever server, and never shows less than was acknowledged.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_is_waited_for_under_steady_writes() {
    let site = Site::start().await;
    let asked = lists(&site.standby);
    for number in 0..100 {
        if number % 2 == 0 {
            site.post(&number.to_string()).await;
            recognise(&site.with).await;
        } else {
            // What was written here is there for everybody here.
            site.with.post_status(site.ada, fixture::text("here"), fixture::NOW).await.expect("a post");
        }
        assert_eq!(texts(&site.with).await.len(), number + 1);
    }
    let asked = lists(&site.standby) - asked;
    assert!(asked > 10, "of 100 lists the copy was asked for {asked}");
}

/// Who shows nothing reads what is two seconds old, and of a copy that is later than that nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_two_seconds_old_is_read_by_everybody() {
    let site = Site::start().await;
    stop_replaying(&site.standby);
    site.post("hello").await;
    let start = Instant::now();
    while texts(&site.with).await.is_empty() {
        assert!(start.elapsed() < Duration::from_secs(10), "it is not shown");
        sleep(Duration::from_millis(50)).await;
    }
    // It is known to be late by now, and nobody waits for it.
    sleep(Duration::from_secs(3)).await;
    let mut shortest = PATIENCE;
    for _ in 0..20 {
        let start = Instant::now();
        assert_eq!(texts(&site.with).await, ["hello"]);
        shortest = shortest.min(start.elapsed());
    }
    assert!(shortest < Duration::from_millis(25), "every read waits: {shortest:?} at least");
    go_on_replaying(&site.standby);
    site.until_the_copy_is_asked().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reads_go_on_without_the_copy_and_come_back_to_it() {
    let site = Site::start().await;
    site.post("hello").await;
    let standby = Arc::clone(&site.standby);
    on(move || standby.kill()).await;
    for _ in 0..20 {
        let start = Instant::now();
        recognise(&site.with).await;
        assert_eq!(texts(&site.with).await, ["hello"]);
        assert!(start.elapsed() < Duration::from_secs(5), "a read waited {:?}", start.elapsed());
        sleep(Duration::from_millis(100)).await;
    }
    let standby = Arc::clone(&site.standby);
    on(move || standby.resume()).await;
    site.until_the_copy_is_asked().await;
    assert_eq!(texts(&site.with).await, ["hello"]);
}

/// An address may lead to several copies, of which one is late: what it lacks is not read from it, and the other is asked.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_several_copies_those_are_asked_that_have_it() {
    let site = Site::start().await;
    let late = standby_of(&site.primary).await;
    let read = Switch::to(&[&site.standby, &late]).await;
    let mut config = config(&site.database.url);
    config.replica = Some(read.url(&site.standby, &site.database.name).parse().expect("an address"));
    let store = open(config).await;
    for standby in [&site.standby, &late] {
        let (start, before) = (Instant::now(), lists(standby));
        while lists(standby) == before {
            assert!(start.elapsed() < PATIENCE, "a copy is not asked");
            recognise(&store).await;
            // Several at once, so that there are several connections.
            tokio::join!(texts(&store), texts(&store), texts(&store), texts(&store));
        }
    }
    stop_replaying(&late);
    let asked = [lists(&site.standby), lists(&late)];
    for number in 1..=30 {
        site.post("hello").await;
        recognise(&store).await;
        let answers = tokio::join!(texts(&store), texts(&store), texts(&store), texts(&store));
        for texts in <[_; 4]>::from(answers) {
            assert_eq!(texts.len(), number);
        }
    }
    assert!(lists(&site.standby) > asked[0]);
    assert_eq!(lists(&late), asked[1]);
}

/// The primary dies, a standby that lacks some of its log takes over, and the copy is left over: it has more of a log that
/// counts no more, and is not asked. One that follows the new primary is, though that log is shorter than the lost one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_that_is_left_over_is_not_asked() {
    let Site { primary, standby: left_over, database, ada, with, without } = Site::start().await;
    drop((with, without));
    let next = standby_of(&primary).await;
    let (write, read) = (Switch::to(&[&primary]).await, Switch::to(&[&left_over]).await);
    let mut config = config(&write.url(&primary, &database.name));
    config.replica = Some(read.url(&left_over, &database.name).parse().expect("an address"));
    let store = open(config).await;
    until_asked(&store, &left_over).await;

    // What the next primary has not got when this one dies, and what makes its log long.
    on({
        let next = Arc::clone(&next);
        move || next.stop()
    })
    .await;
    store.post_status(ada, fixture::text("lost"), fixture::NOW).await.expect("a post");
    primary.sql(&database.name, "create table ballast as select repeat('x', 1000) from generate_series(1, 100000)");
    recognise(&store).await;
    assert_eq!(texts(&store).await, ["lost"]);
    let end = primary.sql(&database.name, "select pg_current_wal_flush_lsn()").trim().to_owned();
    let has_it = format!("select pg_last_wal_replay_lsn() >= '{end}'");
    while left_over.sql(DEFAULT_DATABASE, &has_it).trim() != "t" {
        sleep(Duration::from_millis(50)).await;
    }
    on({
        let next = Arc::clone(&next);
        move || {
            primary.kill();
            next.resume();
            next.promote();
        }
    })
    .await;
    write.turn_to(&[&next]);

    let asked = lists(&left_over);
    for number in 1..=60 {
        store.post_status(ada, fixture::text("kept"), fixture::NOW).await.expect("a post");
        recognise(&store).await;
        assert_eq!(texts(&store).await, vec!["kept"; number], "nothing that was lost, and all that was not");
        sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(lists(&left_over), asked);

    let follower = standby_of(&next).await;
    read.turn_to(&[&follower]);
    until_asked(&store, &follower).await;
    assert_eq!(texts(&store).await, vec!["kept"; 60]);
    let longer = format!("select pg_last_wal_replay_lsn() < '{end}'");
    assert_eq!(follower.sql(DEFAULT_DATABASE, &longer).trim(), "t", "the lost log was the longer one");
}
