//! A database that goes and comes back under a server that runs.

use std::{
    thread,
    time::{Duration, Instant},
};

use profiles_test_cluster::Cluster;

use super::{migrated, post, register};
use crate::place::{AGES, Place, Serving};

const IMPATIENT: &str = "--database-retry-time 1 --database-connect-timeout 1 --throttle off";

fn is_ready(server: &Serving) -> bool {
    server.ask("GET", "/health/ready", "").starts_with("HTTP/1.1 200")
}

fn until(what: &str, mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < AGES * 2, "{what} does not come");
        thread::sleep(Duration::from_millis(100));
    }
}

/// Reads and writes alike.
fn assert_served_by_503(server: &Serving, key: &str) {
    for answer in [server.ask("GET", "/api/profiles/", ""), post(server, key, "", "while it is away")] {
        assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
        assert!(answer.to_ascii_lowercase().contains("\r\nretry-after: "), "{answer}");
    }
    assert!(server.ask("GET", "/health/live", "").starts_with("HTTP/1.1 200"));
}

#[test]
fn it_is_stopped_and_killed_and_comes_back() {
    let cluster = Cluster::start();
    let (place, database) = (Place::new(), migrated(&cluster));
    let server = place.serve(&format!("--database {} {IMPATIENT}", database.url));
    let key = register(&server, "ada");
    assert!(is_ready(&server));
    for stop in [Cluster::stop, Cluster::kill] {
        stop(&cluster);
        until("red", || !is_ready(&server));
        assert_served_by_503(&server, &key);
        cluster.resume();
        until("green", || is_ready(&server));
        let posted = post(&server, &key, "", "it is back");
        assert!(posted.starts_with("HTTP/1.1 201"), "{posted}");
    }
    let list = server.ask("GET", "/api/profile-status/", "");
    assert!(list.contains("\"count\":2"), "{list}");
    server.signal("-TERM");
    let (status, log) = server.ended();
    assert!(status.success(), "{log}");
    assert!(log.contains("not ready"), "{log}");
    let check = place.run(&format!("check --database {}", database.url));
    assert_eq!(check.code, Some(0), "{check:?}");
}

#[test]
fn it_becomes_read_only_and_writable_again() {
    let cluster = Cluster::start();
    let (place, database) = (Place::new(), migrated(&cluster));
    let server = place.serve(&format!("--database {} {IMPATIENT}", database.url));
    let key = register(&server, "ada");
    let read_only = |on: &str| {
        cluster.sql("postgres", &format!("alter database {} set default_transaction_read_only = {on}", database.name));
        // It holds for new sessions.
        let others =
            format!("select pg_terminate_backend(pid) from pg_stat_activity where datname = '{}'", database.name);
        cluster.sql("postgres", &others);
    };
    read_only("on");
    until("red", || !is_ready(&server));
    let refused = post(&server, &key, "", "no");
    assert!(refused.starts_with("HTTP/1.1 503") && refused.to_ascii_lowercase().contains("retry-after"), "{refused}");
    let read = server.ask("GET", "/api/profiles/", "");
    assert!(read.starts_with("HTTP/1.1 200"), "reads go on: {read}");
    // A second server starts, says that it is not ready, and waits.
    let second = super::beside(&place).serve(&format!("--database {} {IMPATIENT}", database.url));
    assert!(!is_ready(&second));
    read_only("off");
    until("green", || is_ready(&server) && is_ready(&second));
    let posted = post(&second, &key, "", "yes");
    assert!(posted.starts_with("HTTP/1.1 201"), "{posted}");
}

#[test]
fn its_disk_is_full_and_has_room_again() {
    let Some(cluster) = Cluster::start_on_small_disk(150) else {
        // Without the rights to mount a file system there is no small disk.
        return;
    };
    let (place, database) = (Place::new(), migrated(&cluster));
    let server = place.serve(&format!("--database {} {IMPATIENT}", database.url));
    let key = register(&server, "ada");
    cluster.fill();
    let text = "x".repeat(200);
    let mut posted = 0;
    let start = Instant::now();
    let refused = loop {
        assert!(start.elapsed() < AGES * 2, "it never gets full");
        let answer = post(&server, &key, "", &text);
        if !answer.starts_with("HTTP/1.1 201") {
            break answer;
        }
        posted += 1;
    };
    assert!(refused.starts_with("HTTP/1.1 503") && refused.to_ascii_lowercase().contains("retry-after"), "{refused}");
    cluster.make_room();
    until("green", || is_ready(&server));
    until("a write", || post(&server, &key, "", "room").starts_with("HTTP/1.1 201"));
    let list = server.ask("GET", "/api/profile-status/", "");
    let count: u64 = list.split_once("\"count\":").unwrap().1.split(',').next().unwrap().parse().unwrap();
    assert_eq!(count, posted + 1, "what was acknowledged is there, and nothing else");
    server.signal("-TERM");
    assert!(server.ended().0.success());
    let check = place.run(&format!("check --database {}", database.url));
    assert_eq!(check.code, Some(0), "{check:?}");
}
