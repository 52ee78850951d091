//! Lists: in pages or whole, searched, limited, empty, and read by nobody.

use std::{io::Read, process::Stdio};

use profiles_server::http::Pagination;
use serde_json::{Value, json};

use crate::{program::Program, server::Server};

const EVERY_STYLE: [Pagination; 3] = [
    Pagination::PageNumber { size: 2, max_size: Some(3) },
    Pagination::PageNumber { size: 2, max_size: None },
    Pagination::None,
];

fn ids(value: &Value) -> Vec<u64> {
    value.as_array().unwrap().iter().map(|row| row["id"].as_u64().unwrap()).collect()
}

fn first_words(out: &str) -> Vec<&str> {
    out.lines().skip(1).map(|line| line.split_whitespace().next().unwrap()).collect()
}

#[test]
fn are_whole_however_the_server_cuts_them() {
    for style in EVERY_STYLE {
        let server = Server::with_lists(style);
        let users: Vec<Program> = (1..=7).map(|number| server.user(&format!("user{number}"))).collect();
        for (user, city) in users.iter().zip(["London", "Paris", "London", "Rome", "londonderry", "Oslo", "London"]) {
            user.run(&["edit", "--city", city]).done();
            user.run(&["status", "post", city]).done();
        }
        let program = server.anonymous();
        for list in [&["list"][..], &["status", "list"]] {
            assert_eq!(first_words(&program.run(list).done()), ["1", "2", "3", "4", "5", "6", "7"], "{style:?}");
            assert_eq!(ids(&program.run(&[list, &["--json", "--limit", "5"]].concat()).json()), [1, 2, 3, 4, 5]);
        }
        assert_eq!(ids(&program.run(&["--json", "list", "--search", "london"]).json()), [1, 3, 5, 7], "{style:?}");
        assert_eq!(ids(&program.run(&["--json", "list", "--search", "london user3"]).json()), [3]);
        assert_eq!(ids(&program.run(&["--json", "status", "list", "--username", "user4"]).json()), [4]);
        server.verify();
    }
}

#[test]
fn that_are_empty_say_so_and_print_nothing() {
    let server = Server::start();
    for (list, note) in [(&["list", "--search", "x"][..], "no profiles\n"), (&["status", "list"], "no statuses\n")] {
        let run = server.anonymous().run(list);
        assert_eq!((run.code, run.out.as_str(), run.err.as_str()), (0, "", note));
        assert_eq!(server.anonymous().run(&[&["--json"], list].concat()).json(), json!([]));
    }
}

#[test]
fn may_be_left_off_reading() {
    let server = Server::start();
    let ada = server.user("ada");
    // More than a pipe holds.
    server.post_statuses(&ada, &"😀".repeat(240), 100);
    for arguments in [&["status", "list"][..], &["status", "list", "--json"]] {
        let mut child = ada.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut first = [0; 2];
        child.stdout.take().unwrap().read_exact(&mut first).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]), "{arguments:?}");
    }
}
