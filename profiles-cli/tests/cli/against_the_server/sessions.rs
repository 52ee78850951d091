//! What is logged in to an account.

use serde_json::Value;

use crate::{
    program::Program,
    server::{Server, log_in},
};

/// The rows of the list.
fn list(program: &Program) -> Vec<Value> {
    let Value::Array(rows) = program.run(&["--json", "sessions", "list"]).json() else { panic!("no list") };
    rows
}

/// The number of this login.
fn current(program: &Program) -> u64 {
    let [row] = list(program).into_iter().filter(|row| row["current"] == true).collect::<Vec<_>>().try_into().unwrap();
    assert_eq!((&row["kind"], &row["name"]), (&"token".into(), &"".into()), "{row}");
    row["id"].as_u64().unwrap()
}

#[test]
fn every_login_is_listed_and_one_of_them_is_this() {
    let server = Server::start();
    let ada = server.user("ada");
    let elsewhere = server.anonymous();
    log_in(&elsewhere, "ada").done();
    assert_ne!(current(&ada), current(&elsewhere));
    let ids = |program| list(program).iter().map(|row| row["id"].as_u64().unwrap()).collect::<Vec<_>>();
    assert_eq!(ids(&ada), ids(&elsewhere));
    let shown = ada.run(&["sessions", "list"]).done();
    assert!(shown.starts_with("ID  KIND"), "{shown}");
    assert_eq!(shown.lines().filter(|line| line.ends_with("  yes")).count(), 1, "{shown}");
    // Nobody else's.
    let grace = server.user("grace");
    assert!(!ids(&grace).iter().any(|id| ids(&ada).contains(id)));
}

#[test]
fn one_can_be_ended_from_elsewhere() {
    let server = Server::start();
    let (ada, grace) = (server.user("ada"), server.user("grace"));
    let elsewhere = server.anonymous();
    log_in(&elsewhere, "ada").done();
    let id = current(&elsewhere).to_string();
    let said = grace.run(&["sessions", "revoke", &id]).failed(6);
    assert!(said.contains(&format!("there is no login {id}")), "nobody ends another's: {said}");
    elsewhere.run(&["whoami"]).done();
    assert_eq!(ada.run(&["sessions", "revoke", &id]).done(), format!("Ended login {id}.\n"));
    elsewhere.run(&["whoami"]).failed(4);
    ada.run(&["sessions", "revoke", &id]).failed(6);

    let id = current(&ada).to_string();
    assert!(ada.run(&["sessions", "revoke", &id]).done().contains("which was this one"));
    assert!(ada.run(&["whoami"]).failed(4).contains("not logged in"), "its token is not kept");
    server.verify();
}

#[test]
fn all_others_can_be_ended_at_once() {
    let server = Server::start();
    let ada = server.user("ada");
    let elsewhere = [server.anonymous(), server.anonymous()];
    for program in &elsewhere {
        log_in(program, "ada").done();
    }
    let value = ada.run(&["--json", "sessions", "revoke", "--others"]).json();
    assert!(value["ended"].as_u64().unwrap() >= 2, "{value}");
    for program in &elsewhere {
        program.run(&["whoami"]).failed(4);
    }
    current(&ada);
    assert_eq!(list(&ada).len(), 1);
    assert_eq!(ada.run(&["sessions", "revoke", "--others"]).done(), "There was no other login.\n");
}
