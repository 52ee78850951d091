//! The cluster does what tests ask of it, and leaves nothing behind.
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::allow_attributes,
        reason = "a test fails by panicking"
    )
)]

use std::{
    fs,
    io::{BufRead as _, BufReader},
    net::TcpStream,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use profiles_test_cluster::{Cluster, cluster};

#[tokio::test]
async fn tests_have_databases_of_their_own_and_copies_of_filled_ones() {
    let (first, second) = (cluster().database(), cluster().database());
    cluster().sql(&first.name, "create table a (b int)");
    assert_eq!(cluster().sql(&second.name, "select to_regclass('a') is null"), "t\n");
    let mut filled = 0;
    let mut copies = Vec::new();
    for _ in 0..2 {
        let copy = cluster().database_like("filled", async |url| {
            let name = url.rsplit('/').next().unwrap_or_default();
            cluster().sql(name, "create table a as select 7 as b");
            filled += 1;
        });
        copies.push(copy.await);
    }
    assert_eq!(filled, 1);
    cluster().sql(&copies[0].name, "delete from a");
    assert_eq!(cluster().sql(&copies[1].name, "select b from a"), "7\n");
}

#[test]
fn it_stops_dies_and_comes_back_with_what_was_written() {
    let cluster = Cluster::start();
    let database = cluster.database();
    cluster.sql(&database.name, "create table a as select 7 as b");
    let listens = || TcpStream::connect(("127.0.0.1", cluster.port())).is_ok();
    assert!(listens());
    cluster.stop();
    assert!(!listens());
    cluster.resume();
    cluster.kill();
    assert!(!listens());
    cluster.resume();
    assert_eq!(cluster.sql(&database.name, "select b from a"), "7\n");
    let folder = cluster.data();
    drop(cluster);
    assert!(!fs::exists(folder.parent().unwrap()).unwrap());
}

#[test]
fn nothing_is_left_when_the_process_is_killed() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_with-postgres"));
    // It prints the address, so that it is known when the cluster is there, and waits.
    child.args(["sh", "-c", "echo $TEST_POSTGRES; exec cat"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = child.spawn().unwrap();
    let mut url = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut url).unwrap();
    let port: u16 = url.trim().trim_end_matches('/').rsplit(':').next().unwrap().parse().unwrap();
    assert!(TcpStream::connect(("127.0.0.1", port)).is_ok());
    child.kill().unwrap();
    child.wait().unwrap();
    let start = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_ok() {
        assert!(start.elapsed() < Duration::from_secs(20), "it is still there");
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_standby_follows_and_can_be_promoted() {
    let cluster = Cluster::start();
    let database = cluster.database();
    cluster.sql(&database.name, "create table a as select 7 as b");
    let standby = cluster.standby();
    cluster.sql(&database.name, "insert into a values (8)");
    let start = Instant::now();
    while standby.sql(&database.name, "select sum(b) from a") != "15\n" {
        assert!(start.elapsed() < Duration::from_mins(1), "it does not follow");
        thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(standby.sql(&database.name, "select pg_is_in_recovery()"), "t\n");
    standby.promote();
    standby.sql(&database.name, "insert into a values (9)");
    assert_eq!(cluster.sql(&database.name, "select sum(b) from a"), "15\n", "they have nothing to do with each other");
}
