//! Personal access tokens.

use serde_json::json;

use crate::{program::Program, server::Server};

/// Makes a token, and gives its row with the key.
fn create(program: &Program, arguments: &[&str]) -> serde_json::Value {
    program.run(&[&["--json", "token", "create"], arguments].concat()).json()
}

#[test]
fn one_does_what_its_scopes_allow_until_it_is_ended() {
    let server = Server::start();
    let ada = server.user("ada");
    let new = create(&ada, &["weather", "--scope", "read", "--scope", "status:write", "--expires", "90d"]);
    assert_eq!(
        (&new["kind"], &new["name"], &new["scopes"], &new["current"]),
        (&json!("personal"), &json!("weather"), &json!(["read", "status:write"]), &json!(false))
    );
    let key = new["key"].as_str().unwrap();
    assert!(key.starts_with("pat_") && new["expires_at"].is_string(), "{new}");

    let station = server.anonymous().with("PROFILES_TOKEN", key);
    station.run(&["status", "post", "Rain."]).done();
    for refused in [&["edit", "--id", "1", "--city", "Paris"][..], &["account", "export"]] {
        let said = station.run(refused).failed(5);
        assert!(said.contains("what its scopes allow"), "{refused:?}: {said}");
    }

    let listed = ada.run(&["token", "list"]).done();
    assert!(listed.contains("weather  read status:write") && !listed.contains(key), "{listed}");
    let id = new["id"].to_string();
    assert_eq!(ada.run(&["token", "revoke", &id]).done(), format!("Ended token {id}.\n"));
    station.run(&["status", "post", "Sun."]).failed(4);
    ada.run(&["token", "revoke", &id]).failed(6);
    assert_eq!(ada.run(&["--json", "token", "list"]).json(), json!([]));
    server.verify();
}

#[test]
fn one_may_only_read_unless_it_was_given_more() {
    let server = Server::start();
    let ada = server.user("ada");
    let new = create(&ada, &["reader"]);
    assert_eq!((&new["scopes"], &new["expires_at"]), (&json!(["read"]), &json!(null)));
    let reader = server.anonymous().with("PROFILES_TOKEN", new["key"].as_str().unwrap());
    reader.run(&["list"]).done();
    reader.run(&["status", "post", "Rain."]).failed(5);
}

#[test]
fn one_that_would_have_ended_already_is_refused() {
    let server = Server::start();
    let ada = server.user("ada");
    let said = ada.run(&["token", "create", "late", "--expires", "2001-01-01"]).failed(3);
    assert!(said.contains("  expires: "), "{said}");
    assert_eq!(ada.run(&["--json", "token", "list"]).json(), json!([]));
}

#[test]
fn they_are_nobody_elses() {
    let server = Server::start();
    let (ada, grace) = (server.user("ada"), server.user("grace"));
    let id = create(&ada, &["mine"])["id"].to_string();
    assert_eq!(grace.run(&["--json", "token", "list"]).json(), json!([]));
    grace.run(&["token", "revoke", &id]).failed(6);
    assert_eq!(ada.run(&["--json", "token", "list"]).json()[0]["name"], "mine");
}
