//! A database that can't be used: one clear line at the start, a code that is not zero, and nothing made.

use std::net::TcpListener;

use super::{migrated, names, shared};
use crate::place::{Ended, Place};

/// Every command that needs the database says this, in one line and without the password.
fn told(url: &str, expected: &str) {
    let place = Place::new();
    for command in ["serve --bind 127.0.0.1:0", "user list", "check", "audit"] {
        let ended = place.run(&format!("{command} --database-connect-timeout 2 --database {url}"));
        line(&ended, expected);
    }
    assert_eq!(names(&place.path(".")), Vec::<String>::new(), "something was made");
}

fn line(ended: &Ended, expected: &str) {
    // What `check` has found so far it has said.
    let out = ended.out.replace("configuration: valid\n", "");
    assert_eq!((ended.code, out.as_str()), (Some(1), ""), "{ended:?}");
    let line = ended.err.strip_suffix('\n').unwrap();
    assert!(line.starts_with("profiles-server: ") && !line.contains('\n'), "{line}");
    assert!(line.contains(expected), "{expected}: {line}");
    assert!(!line.contains("hunter2"), "{line}");
}

#[test]
fn nobody_is_there() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    told(&format!("postgres://ada:hunter2@127.0.0.1:{port}/x"), "Connection refused");
}

/// It takes the connection and says nothing.
#[test]
fn nobody_answers() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    told(&format!("postgres://ada:hunter2@127.0.0.1:{port}/x"), "no answer within 2 s");
}

#[test]
fn the_name_leads_nowhere() {
    told("postgres://ada:hunter2@db.invalid/x", "db.invalid:5432/x");
}

#[test]
fn we_are_not_let_in() {
    let database = shared().database();
    let wrong = format!("postgres://postgres:hunter2-wrong@127.0.0.1:{}/{}", shared().port(), database.name);
    told(&wrong, "password authentication failed for user \"postgres\"");
}

#[test]
fn there_is_no_such_database() {
    told(&shared().url("nowhere"), "database \"nowhere\" does not exist");
}

#[test]
fn its_encoding_is_another() {
    shared().sql("postgres", "create database latin template template0 encoding latin1 locale 'C'");
    told(&shared().url("latin"), "keeps texts as LATIN1: make one with the encoding UTF8");
}

#[test]
fn it_is_empty() {
    told(&shared().database().url, "run `profiles-server migrate`");
}

#[test]
fn it_is_somebody_elses() {
    let database = shared().database();
    shared().sql(&database.name, "create table accounts (id int)");
    let ended = Place::new().run(&format!("migrate --database {}", database.url));
    line(&ended, "has a table `accounts` that is not ours: give this program a database of its own");
    assert_eq!(shared().sql(&database.name, "select count(*) from pg_tables where schemaname = 'public'"), "1\n");
}

#[test]
fn a_newer_program_was_there() {
    let database = migrated(shared());
    let newer = "insert into profiles_migrations select 99, 'later', now(), true, checksum, 0 \
                 from profiles_migrations limit 1";
    shared().sql(&database.name, newer);
    told(&database.url, "was changed by a newer program (migration 99): use that one");
    let ended = Place::new().run(&format!("migrate --database {}", database.url));
    line(&ended, "was changed by a newer program (migration 99)");
}

/// A copy, or the primary of before: it can be looked at, and the server waits for it to take writes.
#[test]
fn it_does_not_take_writes() {
    let database = shared().database();
    let read_only = format!("alter database {} set default_transaction_read_only = on", database.name);
    shared().sql("postgres", &read_only);
    let ended = Place::new().run(&format!("migrate --database {}", database.url));
    line(&ended, "read-only");
}

#[test]
fn an_address_that_is_none_is_not_repeated() {
    let place = Place::new();
    place.write("profiles.toml", "database = \"mysql://ada:hunter2@db/x\"\n");
    line(&place.run("check"), "profiles.toml:1: database must be like postgres://user:password@host:5432/name");
    line(
        &Place::new().run("check --database-replica postgres://ada:hunter2@db/x"),
        "the configuration does not do: database_replica is set, and database is not",
    );
}
