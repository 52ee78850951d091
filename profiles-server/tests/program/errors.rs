//! One clear line, a code that is not zero, and nothing changed.

use std::{ffi::OsStr, fs, net::TcpListener, os::unix::ffi::OsStrExt};

use crate::place::{Ended, Place};

/// The one line of a command that failed.
fn line(ended: &Ended) -> &str {
    assert_eq!((ended.code, ended.out.as_str()), (Some(1), ""), "{ended:?}");
    let line = ended.err.strip_suffix('\n').unwrap();
    assert!(!line.contains('\n'), "{line}");
    line.strip_prefix("profiles-server: ").unwrap()
}

#[test]
fn a_port_in_use_is_named_and_nothing_is_made() {
    let place = Place::new();
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = other.local_addr().unwrap();
    let ended = place.run(&format!("--bind {address}"));
    let expected = format!("{address} is in use: stop what listens there, or choose another address with --bind");
    assert_eq!(line(&ended), expected);
    assert!(!place.path("profiles-data").exists());
}

#[test]
fn data_that_a_server_uses_is_left_to_it() {
    let place = Place::new();
    let server = place.serve("");
    let expected =
        "another profiles-server is using ./profiles-data; stop it first, or name another directory with --data-dir";
    for command in ["user list", "check", "--bind 127.0.0.1:0", "user promote ada"] {
        let ended = place.run(&format!("{command} --control-socket off"));
        // What `check` has found so far it has said.
        let ended = Ended { out: ended.out.replace("configuration: valid\n", ""), ..ended };
        assert_eq!(line(&ended), expected, "{command}");
    }
    assert!(server.ask("GET", "/health/ready", "").starts_with("HTTP/1.1 200 OK\r\n"));
}

#[test]
fn a_configuration_that_does_not_do_is_told_by_line() {
    let place = Place::new();
    place.write("profiles.toml", "bind = \"127.0.0.1:0\"\ndatadir = \"x\"\n");
    let expected = "profiles.toml:2: there is no setting \"datadir\"; did you mean \"data_dir\"?";
    for command in ["", "serve", "config", "check", "user list", "openapi"] {
        assert_eq!(line(&place.run(command)), expected, "{command}");
    }
    let ended = place.run("--config nowhere.toml");
    assert!(line(&ended).starts_with("can't read nowhere.toml: No such file"), "{ended:?}");
    place.write("weak.toml", "argon2_memory_kib = 7168\n");
    assert!(line(&place.run("config --config weak.toml")).contains("weaker than OWASP's minimum"));
    assert_eq!(fs::read_dir(place.path(".")).unwrap().count(), 2);
}

#[test]
fn an_unknown_flag_is_a_usage_error() {
    let ended = Place::new().run("--page-sise 3");
    assert_eq!(ended.code, Some(2));
    assert!(ended.err.contains("--page-size"), "{ended:?}");
}

#[test]
fn a_damaged_database_is_told_and_left_as_it_is() {
    let place = Place::new();
    assert_eq!(place.run("user list").code, Some(0));
    let database = place.path("profiles-data/store/db");
    let whole = fs::read(&database).unwrap();
    let damaged = vec![0xa5; whole.len()];
    fs::write(&database, &damaged).unwrap();
    for command in ["--bind 127.0.0.1:0", "user list"] {
        let ended = place.run(command);
        assert!(line(&ended).contains("profiles-data/store is damaged"), "{ended:?}");
    }
    assert_eq!(fs::read(&database).unwrap(), damaged);
}

#[test]
fn damage_that_sled_panics_on_is_one_line_too() {
    let place = Place::new();
    assert_eq!(place.run("user list").code, Some(0));
    // sled takes every name in this directory for text.
    fs::write(place.path("profiles-data/store/blobs").join(OsStr::from_bytes(b"\xff")), "").unwrap();
    for command in ["--bind 127.0.0.1:0", "user list"] {
        let ended = place.run(command);
        assert!(line(&ended).contains("profiles-data/store is damaged (called `Option::unwrap()`"), "{ended:?}");
    }
}

#[test]
fn a_directory_of_something_else_is_left_alone() {
    let place = Place::new();
    place.write("profiles-data/store/letters.txt", "dear ada");
    let ended = place.run("--bind 127.0.0.1:0");
    assert!(line(&ended).contains("is not a profiles database"), "{ended:?}");
    assert_eq!(fs::read_dir(place.path("profiles-data/store")).unwrap().count(), 1);
}

#[test]
fn a_file_in_the_place_of_the_data_is_told() {
    let place = Place::new();
    place.write("afile", "dear ada");
    std::os::unix::fs::symlink("nowhere", place.path("dangling")).unwrap();
    for data in ["afile", "dangling"] {
        for command in ["--bind 127.0.0.1:0", "user list", "check"] {
            let ended = place.run(&format!("{command} --data-dir {data}"));
            // What `check` has found so far it has said.
            let ended = Ended { out: ended.out.replace("configuration: valid\n", ""), ..ended };
            assert!(line(&ended).starts_with(&format!("the database at {data}/store can't be opened")), "{ended:?}");
        }
    }
    assert_eq!(fs::read_to_string(place.path("afile")).unwrap(), "dear ada");
    let none_yet = place.run("check --data-dir none-yet");
    assert_eq!(none_yet.code, Some(0), "{none_yet:?}");
    assert!(!place.path("none-yet").exists());
}

#[test]
fn a_damaged_secret_is_told() {
    let place = Place::new();
    assert_eq!(place.run("user list").code, Some(0));
    place.write("profiles-data/secret.key", "gone");
    let ended = place.run("--bind 127.0.0.1:0");
    assert!(line(&ended).contains("profiles-data/secret.key does not hold a secret key"), "{ended:?}");
    let check = place.run("check");
    assert_eq!(check.code, Some(1), "{check:?}");
}

#[test]
fn a_secret_in_the_configuration_is_never_shown() {
    let place = Place::new();
    let key = "5ec7e7".repeat(10) + "abcd";
    place.write("profiles.toml", &format!("secret_key = \"{key}\"\n"));
    let shown = place.run("config");
    assert!(shown.out.contains("# secret_key = (hidden) # profiles.toml:1\n"), "{shown:?}");
    place.write("profiles.toml", &format!("secret_key = \"{key}x\"\n"));
    let ended = place.run("config");
    assert_eq!(line(&ended), "profiles.toml:1: secret_key must be 64 hex digits");
}
