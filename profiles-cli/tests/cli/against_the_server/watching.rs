//! Following what happens to statuses.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, ChildStdout, Stdio},
};

use serde_json::{Value, json};

use crate::{program::Program, server::Server};

/// A program that watches, until it is dropped.
struct Watching {
    child: Child,
    out: BufReader<ChildStdout>,
}

impl Watching {
    fn start(program: &Program, arguments: &[&str]) -> Self {
        let arguments = [&["status", "watch"], arguments].concat();
        let mut child = program.command(&arguments).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        Self { child, out }
    }

    /// The next line that it prints.
    fn line(&mut self) -> String {
        let mut line = String::new();
        self.out.read_line(&mut line).unwrap();
        line
    }

    fn event(&mut self) -> Value {
        serde_json::from_str(&self.line()).unwrap()
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn what_happens_is_told_to_people_and_to_programs() {
    let server = Server::start();
    let ada = server.user("ada");
    let posted = ada.run(&["--json", "status", "post", "a\u{1b}[2Jb"]).json();
    ada.run(&["status", "edit", "1", "new"]).done();
    let edited = ada.run(&["--json", "status", "show", "1"]).json();
    server.user("bob").run(&["status", "post", "other"]).done();
    ada.run(&["status", "delete", "1"]).done();
    // The row was deleted since: of its beginning there is nothing left to tell.
    let mut json = Watching::start(&ada, &["--json", "--after", "0"]);
    assert_eq!(json.event()["status"]["status_content"], "other");
    let gone = json!({ "id": 4, "event": "deleted", "status": { "id": 1, "user_profile": "ada" } });
    assert_eq!(json.event(), gone);
    assert_eq!(posted["created_at"], edited["created_at"]);

    let mut text = Watching::start(&server.anonymous(), &["--username", "ada", "--after", "0"]);
    assert_eq!(text.line(), "deleted 1 by ada\n");
    ada.run(&["status", "post", "a\u{1b}[2Jb"]).done();
    let line = text.line();
    assert!(line.starts_with("created 3 by ada, 2") && line.ends_with(": a\\u{1b}[2Jb\n"), "{line}");
    assert_eq!(json.event()["id"], 5);

    let mut lost = Watching::start(&ada, &["--json", "--after", "1000"]);
    assert_eq!(lost.event(), json!({ "id": 5, "event": "reset" }));
}

#[test]
fn watching_goes_on_over_a_restart_without_a_gap_and_without_a_repetition() {
    let server = Server::start();
    let ada = server.user("ada");
    let mut watching = Watching::start(&ada, &["--json", "--after", "0"]);
    let mut told = Vec::new();
    for number in 1..=3 {
        ada.run(&["status", "post", &format!("before {number}")]).done();
    }
    told.extend((0..2).map(|_| watching.event()));
    let server = server.stop().start();
    for number in 1..=3 {
        ada.run(&["status", "post", &format!("after {number}")]).done();
    }
    told.extend((0..4).map(|_| watching.event()));
    let ids: Vec<_> = told.iter().map(|event| event["id"].as_u64().unwrap()).collect();
    assert_eq!(ids, [1, 2, 3, 4, 5, 6]);
    assert_eq!(told[3]["status"]["status_content"], "after 1");
    server.verify();
}

#[test]
fn a_server_that_was_never_reached_is_a_failure() {
    let program = Program::for_server("http://127.0.0.1:1");
    program.run(&["status", "watch"]).failed(7);
}
