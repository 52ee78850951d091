//! The connection breaks while a command commits: whether it was done is found out, and it is done once.
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

mod common;

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use common::{assert_once, config, open, post_until};
use profiles_core::{
    model::AuditEvent,
    store::{AuditFilter, EndTokens, Register, Store, Which},
    testkit::fixture,
};
use profiles_postgres::migrate;
use profiles_test_cluster::{Cluster, Database, cluster};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream, tcp::OwnedReadHalf},
    sync::watch,
};

/// When a proxy cuts a connection.
#[derive(Clone, Copy, Debug)]
enum Cut {
    /// Instead of handing on the commit: nothing is done.
    Before,
    /// Instead of handing on the answer to it: it is done, and nobody is told.
    After,
}

/// A way to the database that breaks at every commit whose number can be divided by `every`, before and after it in turn.
struct Proxy {
    address: SocketAddr,
    cuts: Arc<AtomicUsize>,
}

impl Proxy {
    async fn start(database: u16, every: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (commits, cuts) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let counted = Arc::clone(&cuts);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                // One that is away refuses, here as there.
                let Ok(server) = TcpStream::connect(("127.0.0.1", database)).await else { continue };
                tokio::spawn(hand_on(client, server, every, Arc::clone(&commits), Arc::clone(&counted)));
            }
        });
        Self { address, cuts }
    }
}

/// Hands on both ways until one side is gone or a commit is cut.
async fn hand_on(
    client: TcpStream,
    server: TcpStream,
    every: usize,
    commits: Arc<AtomicUsize>,
    cuts: Arc<AtomicUsize>,
) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let answers = tokio::spawn(async move {
        let _ = tokio::io::copy(&mut from_server, &mut to_client).await;
    });
    let mut buffer = vec![0; 64 * 1024];
    while let Some(read) = next(&mut from_client, &mut buffer).await {
        let message = buffer.get(..read).unwrap_or_default();
        let is_commit = message.starts_with(b"Q") && message.windows(6).any(|word| word == b"commit");
        if is_commit && (commits.fetch_add(1, Ordering::Relaxed) + 1).is_multiple_of(every) {
            let cut = if cuts.fetch_add(1, Ordering::Relaxed).is_multiple_of(2) { Cut::After } else { Cut::Before };
            // No answer to what comes now is handed on.
            answers.abort();
            if let Cut::After = cut {
                let _ = to_server.write_all(message).await;
                let _ = to_server.flush().await;
                // The database reads what was sent before the end.
                let _ = to_server.shutdown().await;
            }
            return;
        }
        if to_server.write_all(message).await.is_err() {
            break;
        }
    }
    let _ = answers.await;
}

async fn next(from: &mut OwnedReadHalf, buffer: &mut [u8]) -> Option<usize> {
    from.read(buffer).await.ok().filter(|read| *read > 0)
}

/// A store that reaches its database by a way that breaks.
async fn behind_a_proxy(cluster: &Cluster, every: usize) -> (Arc<dyn Store>, Proxy, Database) {
    let database = cluster.database();
    migrate(&config(&database.url)).await.expect("tables");
    let proxy = Proxy::start(cluster.port(), every).await;
    let url = database.url.replace(&format!(":{}/", cluster.port()), &format!(":{}/", proxy.address.port()));
    assert_ne!(url, database.url);
    (open(config(&url)).await, proxy, database)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn posts_are_there_once_each() {
    let (store, proxy, _database) = behind_a_proxy(cluster(), 3).await;
    let account = store.register(fixture::register("ada")).await.expect("an account").account.id;
    let (stop, stopped) = watch::channel(false);
    let load = tokio::spawn({
        let store = Arc::clone(&store);
        async move { post_until(&store, account, 8, stopped).await }
    });
    while proxy.cuts.load(Ordering::Relaxed) < 20 {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    stop.send_replace(true);
    let load = load.await.expect("no panic");
    assert_eq!(load.unavailable, 0, "each was done after all");
    assert_once(&store, &load).await;
}

/// Every commit is cut but each second: each command is found to be done, or done again, and leaves one line.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_of_every_kind_leave_one_trace_each() {
    let (store, proxy, _database) = behind_a_proxy(cluster(), 2).await;
    for number in 0..6 {
        let name = format!("name{number}");
        let secret = format!("secret{number}");
        let audit = Some(fixture::note(AuditEvent::Registration));
        let command = Register { tokens: vec![fixture::token(&secret)], audit, ..fixture::register(&name) };
        let made = store.register(command).await.expect("an account");
        assert_eq!(made.account.id.get(), number + 1);
        let token = store.tokens_of(made.account.id, fixture::NOW).await.expect("a list").remove(0).id;
        let audit = Some(fixture::note(AuditEvent::TokenRevocation));
        let end = EndTokens { account: made.account.id, which: Which::One(token), audit, at: fixture::NOW };
        assert_eq!(
            store.end_tokens(end).await.expect("an end"),
            1,
            "it counts what it ended, though it was done before"
        );
    }
    assert!(proxy.cuts.load(Ordering::Relaxed) >= 6);
    let trail = store.audit(&AuditFilter::default(), None, usize::MAX).await.expect("the trail");
    assert_eq!(trail.len(), 12, "one line for each command");
    assert_eq!(store.verify().await.expect("a look"), []);
}

/// The connection breaks while the commit waits for a copy of the database: it is not seen, and it comes. Until it has, nobody
/// is told that it has not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_that_waits_for_a_copy_is_waited_for() {
    let cluster = tokio::task::spawn_blocking(Cluster::start).await.expect("a cluster");
    let (store, proxy, database) = behind_a_proxy(&cluster, 2).await;
    let account = store.register(fixture::register("ada")).await.expect("an account").account.id;
    cluster.set("synchronous_standby_names", "a_copy_that_is_not_there");
    // Not by a reload, which nobody can tell the end of.
    cluster.stop();
    cluster.resume();
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    let posting = tokio::spawn({
        let store = Arc::clone(&store);
        async move { store.post_status(account, fixture::text("once"), fixture::NOW).await }
    });
    let waiting = "select count(*) from pg_stat_activity where wait_event = 'SyncRep'";
    while cluster.sql("postgres", waiting).trim() != "1" || proxy.cuts.load(Ordering::Relaxed) == 0 {
        assert!(!posting.is_finished(), "it waits");
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    assert_eq!(cluster.sql(&database.name, "select count(*) from statuses").trim(), "0", "nobody sees it");
    assert!(!posting.is_finished(), "nobody knows");
    cluster.set("synchronous_standby_names", "");
    cluster.sql("postgres", "select pg_reload_conf()");
    let posted = posting.await.expect("no panic").expect("it was done");
    assert_eq!(posted.id.get(), 1);
    assert_eq!(cluster.sql(&database.name, "select count(*) from statuses").trim(), "1");
    assert_eq!(store.verify().await.expect("a look"), []);
}
