//! Taking one's own data away, and having it erased.

use std::fs;

use serde_json::{Value, json};

use crate::server::{PASSWORD, Server, log_in, register};

#[test]
fn an_export_holds_what_the_account_holds_and_no_secret() {
    let server = Server::start();
    let ada = server.user("ada");
    ada.run(&["edit", "--city", "London"]).done();
    // More than a piece of an answer.
    server.post_statuses(&ada, &"😀".repeat(240), 200);
    let path = ada.folder().join("account.json");
    ada.run(&["account", "export", "--output", path.to_str().unwrap()]).done();
    let text = fs::read_to_string(&path).unwrap();
    let export: Value = serde_json::from_str(&text).unwrap();
    assert!(export.is_object());
    for held in ["ada@example.org", "London"] {
        assert!(text.contains(held), "{held}");
    }
    assert_eq!(text.matches(&"😀".repeat(240)).count(), 200);
    let token = fs::read_to_string(ada.token_file()).unwrap();
    for secret in [token.trim(), "$argon2", PASSWORD] {
        assert!(!text.contains(secret), "{secret}");
    }
    assert!(ada.run(&["account", "export"]).json().is_object());
}

#[test]
fn an_account_is_erased_with_everything_in_it() {
    let server = Server::start();
    let (ada, grace) = (server.user("ada"), server.user("grace"));
    ada.run(&["status", "post", "mine"]).done();
    grace.run(&["status", "post", "hers"]).done();
    let elsewhere = server.anonymous();
    log_in(&elsewhere, "ada").done();

    let arguments = ["account", "delete", "--yes", "--password-stdin"];
    let said = ada.run_with_input(&arguments, "wrong-wrong-1").failed(3);
    assert!(said.contains("  password: "), "{said}");
    ada.run(&["whoami"]).done();

    ada.run_with_input(&arguments, PASSWORD).done();
    assert!(ada.run(&["whoami"]).failed(4).contains("not logged in"), "its token is not kept");
    elsewhere.run(&["whoami"]).failed(4);
    log_in(&server.anonymous(), "ada").failed(3);
    let names = |list: &[&str], key: &str| {
        let Value::Array(rows) = server.anonymous().run(list).json() else { panic!("no list") };
        rows.into_iter().map(|row| row[key].clone()).collect::<Vec<_>>()
    };
    assert_eq!(names(&["--json", "list"], "user"), [json!("grace")]);
    assert_eq!(names(&["--json", "status", "list"], "user_profile"), [json!("grace")]);
    server.verify();
}

#[test]
fn an_erased_address_can_register_again() {
    let server = Server::start();
    let ada = server.user("ada");
    ada.run_with_input(&["account", "delete", "--yes", "--password-stdin"], PASSWORD).done();
    let email = ["register", "-u", "ada.again", "-e", "ada@example.org", "--password-stdin"];
    server.anonymous().run_with_input(&email, PASSWORD).done();
    register(&server.anonymous(), "grace").done();
    server.verify();
}
