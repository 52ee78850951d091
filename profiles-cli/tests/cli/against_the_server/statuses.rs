//! Statuses: posting, changing and deleting them, and what may stand in them.

use serde_json::{Value, json};

use crate::server::Server;

#[test]
fn a_status_is_posted_shown_changed_and_deleted() {
    let server = Server::start();
    let ada = server.user("ada");
    let posted = ada.run(&["status", "post", "The Analytical Engine weaves algebraic patterns."]).done();
    assert!(posted.starts_with("Status    1\nUsername  ada\nText      The Analytical Engine weaves"), "{posted}");
    assert_eq!(server.anonymous().run(&["status", "show", "1"]).done(), posted);
    assert!(ada.run(&["status", "edit", "1", "Corrected."]).done().contains("Text      Corrected.\n"));
    let listed = ada.run(&["status", "list", "--username", "ada"]).done();
    let lines: Vec<_> = listed.lines().collect();
    assert_eq!(lines.len(), 2, "{listed}");
    assert!(lines[0].starts_with("ID  USER  POSTED") && lines[1].ends_with("Z  Corrected."), "{listed}");
    assert_eq!(ada.run(&["status", "delete", "1"]).done(), "Deleted status 1.\n");
    ada.run(&["status", "show", "1"]).failed(6);
    server.verify();
}

#[test]
fn a_status_comes_from_standard_input_without_its_last_newline() {
    let server = Server::start();
    let ada = server.user("ada");
    let run = |arguments: &[&str], input| ada.run_with_input(arguments, input).json()["status_content"].clone();
    assert_eq!(run(&["--json", "status", "post", "-"], "from a pipe\n"), "from a pipe");
    assert_eq!(run(&["--json", "status", "edit", "1", "-"], "two\nlines\n"), "two\nlines");
    assert_eq!(run(&["--json", "status", "post", "--", "-5 degrees"], ""), "-5 degrees");
    let said = ada.run_with_input(&["status", "post", "-"], "").failed(3);
    assert!(said.contains("text: This field may not be blank."), "{said}");
}

#[test]
fn programs_get_the_shapes_of_the_api() {
    let server = Server::start();
    let ada = server.user("ada");
    let posted = ada.run(&["--json", "status", "post", "one"]).json();
    let Value::Object(fields) = &posted else { panic!("{posted}") };
    let names: Vec<_> = fields.keys().collect();
    assert_eq!(names, ["id", "user_profile", "status_content", "created_at", "updated_at"]);
    assert_eq!(
        (&posted["id"], &posted["user_profile"], &posted["status_content"]),
        (&json!(1), &json!("ada"), &json!("one"))
    );
    assert_eq!(ada.run(&["--json", "status", "show", "1"]).json(), posted);
    assert_eq!(ada.run(&["--json", "status", "list"]).json(), json!([posted]));
    let edited = ada.run(&["--json", "status", "edit", "1", "two"]).json();
    assert_eq!((&edited["created_at"], &edited["status_content"]), (&posted["created_at"], &json!("two")));
    assert_eq!(ada.run(&["--json", "status", "delete", "1"]).json(), json!({ "deleted": 1 }));
    assert_eq!(ada.run(&["--json", "status", "list"]).json(), json!([]));
}

#[test]
fn hostile_text_comes_back_whole_and_steers_no_terminal() {
    let server = Server::start();
    let ada = server.user("ada");
    let hostile = "a\u{1b}]0;owned\u{7}\u{1b}[2J\u{9b}31m\nb\r\u{202e}gnp\u{2028}";
    let posted = ada.run(&["--json", "status", "post", hostile]);
    assert_eq!(posted.json()["status_content"], hostile.trim_end());
    ada.run(&["edit", "--bio", hostile, "--city", "\u{1b}[1mX"]).done();
    for command in [&["status", "list"][..], &["status", "show", "1"], &["list"], &["show", "ada"], &["list", "--json"]]
    {
        for color in ["never", "always"] {
            let out = server.anonymous().run(&[command, &["--color", color]].concat()).done();
            let plain = out.replace("\u{1b}[1m", "").replace("\u{1b}[0m", "");
            let harmful = |c: char| c != '\n' && (c.is_control() || matches!(c, '\u{202e}' | '\u{2028}'));
            assert!(!plain.contains(harmful) && !out.contains("\u{1b}[1mX"), "{command:?}: {out:?}");
        }
    }
}

#[test]
fn the_limit_counts_characters_as_people_do() {
    let server = Server::start();
    let ada = server.user("ada");
    let out = ada.run(&["status", "post", &"😀".repeat(240)]).done();
    assert_eq!(out.lines().count(), 5, "into a pipe a text is one line: {out}");
    assert!(out.contains(&"😀".repeat(240)));
    let said = ada.run(&["status", "post", &"😀".repeat(241)]).failed(3);
    assert!(said.contains("text: Ensure this field has no more than 240 characters."), "{said}");
}
