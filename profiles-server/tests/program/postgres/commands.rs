//! What an operator does with a database that servers use.

use std::process::Stdio;

use super::{REGISTRATION, migrated, names, register, shared};
use crate::place::Place;

#[test]
fn it_is_migrated_served_and_looked_at() {
    let (place, database) = (Place::new(), shared().database());
    let with = format!("--database {}", database.url);
    let migrated = place.run(&format!("migrate {with}"));
    assert_eq!(migrated.code, Some(0), "{migrated:?}");
    assert!(migrated.out.contains("is up to date now (migration "), "{migrated:?}");
    let again = place.run(&format!("migrate {with}"));
    assert!(again.out.starts_with("nothing to do: the database at 127.0.0.1:"), "{again:?}");
    assert_eq!(names(&place.path(".")), Vec::<String>::new(), "it makes nothing here");
    let check = place.run(&format!("check {with}"));
    assert!(check.out.contains("contents: sound\nsecret key: none yet"), "{check:?}");

    let made =
        place.run_with(&format!("user create eve --email eve@example.org --password-stdin {with}"), "daisy-disco-7");
    assert_eq!(made.code, Some(0), "{made:?}");
    let mut server = place.serve(&with);
    // Servers send what commands queue.
    let ready = server.ask("GET", "/health/ready", "");
    assert!(ready.starts_with("HTTP/1.1 200 OK\r\n"), "{ready}");
    register(&server, "ada");
    server.log_until("a mail is sent");
    assert_eq!(names(&place.path("profiles-data")), ["secret.key"]);

    // While it runs, by themselves.
    let listed = place.run(&format!("user list {with}"));
    assert!(listed.out.contains("  ada  ") && listed.out.contains("  eve  "), "{listed:?}");
    let deactivated = place.run(&format!("user deactivate ada {with}"));
    assert_eq!(deactivated.code, Some(0), "{deactivated:?}");
    let login = server.ask("POST", "/api/rest-auth/login/", r#"{"username":"ada","password":"tulip-tango-92"}"#);
    assert!(login.starts_with("HTTP/1.1 400"), "{login}");
    let trail = place.run(&format!("audit {with}"));
    assert_eq!(trail.code, Some(0), "{trail:?}");
    assert!(trail.out.contains("account 2    by=anonymous address=127.0.0.1"), "{trail:?}");
    let mails = place.run(&format!("mail list {with}"));
    assert_eq!(mails.code, Some(0), "{mails:?}");
    let reindex = place.run(&format!("reindex {with}"));
    assert_eq!((reindex.code, reindex.out.starts_with("nothing to do: PostgreSQL keeps its own")), (Some(0), true));
    let compact = place.run(&format!("compact {with}"));
    assert_eq!((compact.code, compact.out.starts_with("nothing to do: PostgreSQL uses again")), (Some(0), true));
    let check = place.run(&format!("check {with}"));
    assert_eq!(check.code, Some(0), "{check:?}");
    for part in
        ["database: PostgreSQL at 127.0.0.1:", "database: PostgreSQL 1", "contents: sound", "that of all servers"]
    {
        assert!(check.out.contains(part), "{part}: {check:?}");
    }

    server.signal("-TERM");
    let (status, log) = server.ended();
    assert!(status.success(), "{log}");
    let password = database.url.split(['/', '@']).nth(2).unwrap().split(':').nth(1).unwrap();
    assert!(!log.contains(password), "{log}");
}

#[test]
fn what_does_not_fit_is_found() {
    let (place, database) = (Place::new(), migrated(shared()));
    let with = format!("--database {}", database.url);
    assert_eq!(place.run(&format!("generate --profiles 20 --statuses 50 {with}")).code, Some(0));
    assert_eq!(place.run(&format!("check {with}")).code, Some(0));
    let again = place.run(&format!("generate --profiles 1 {with}"));
    assert!(again.err.contains("the database is not empty"), "{again:?}");
    shared().sql(&database.name, "update status_book set count = count + 1");
    let check = place.run(&format!("check {with}"));
    assert_eq!(check.code, Some(1), "{check:?}");
    assert!(check.out.contains("contents: ") && !check.out.contains("contents: sound"), "{check:?}");
}

#[test]
fn the_address_is_shown_to_nobody() {
    let place = Place::new();
    place.write("profiles.toml", "database = \"postgres://ada:hunter2@db.example.org/x\"\n");
    let shown = place.run("config");
    assert!(shown.out.contains("# database = (hidden) # profiles.toml:1\n"), "{shown:?}");
    assert!(!shown.out.contains("hunter2"), "{shown:?}");
}

#[test]
fn an_embedded_database_needs_no_migration() {
    let place = Place::new();
    let migrated = place.run("migrate");
    assert_eq!(migrated.code, Some(0), "{migrated:?}");
    assert!(migrated.out.starts_with("nothing to do: "), "{migrated:?}");
    assert_eq!(names(&place.path(".")), Vec::<String>::new());
}

#[test]
fn many_migrate_at_once_and_one_does() {
    let (place, database) = (Place::new(), shared().database());
    let start = || {
        let mut command = place.command(&format!("migrate --database {}", database.url));
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let all: Vec<_> = (0..6).map(|_| start()).collect();
    for child in all {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{output:?}");
    }
    let applied = shared().sql(&database.name, "select count(*), count(distinct version) from profiles_migrations");
    let (rows, versions) = applied.trim().split_once('|').unwrap();
    assert_eq!(rows, versions);
}

#[test]
fn servers_that_are_told_to_migrate_at_their_start() {
    let (one, two, database) = (Place::new(), Place::new(), shared().database());
    let key = "5ec7e7".repeat(10) + "abcd";
    let arguments = format!("--database {} --database-migrate true --secret-key {key}", database.url);
    let (first, second) = std::thread::scope(|scope| {
        let second = scope.spawn(|| two.serve(&arguments));
        (one.serve(&arguments), second.join().unwrap())
    });
    register(&first, "ada");
    let taken = second.ask("POST", REGISTRATION, r#"{"username":"ada"}"#);
    assert!(taken.contains("A user with that username already exists."), "{taken}");
}
