//! What the server refuses, in words and in exit codes.

use serde_json::json;

use crate::server::{PASSWORD, Server, register};

#[test]
fn refused_values_are_told_by_field() {
    let server = Server::start();
    let ada = server.user("ada");
    let said = register(&server.anonymous(), "ADA").failed(3);
    assert!(said.contains("  username: A user with that username already exists.\n"), "{said}");

    let arguments = ["register", "-u", "two words", "-e", "nope", "--password-stdin"];
    let said = server.anonymous().run_with_input(&arguments, "1234\n").failed(3);
    for line in ["  username: Enter a valid username.", "  email: Enter a valid email address.", "  password: This "] {
        assert!(said.contains(line), "{line}: {said}");
    }
    assert!(!said.contains("1234"), "{said}");

    let said = ada.run(&["edit", "--bio", &"x".repeat(241), "--city", &"x".repeat(31)]).failed(3);
    assert_eq!(
        said,
        "error: the server refused the request\n  bio: Ensure this field has no more than 240 characters.\n  \
         city: Ensure this field has no more than 30 characters.\n"
    );
    assert_eq!(
        ada.run(&["status", "post", " "]).failed(3),
        "error: the server refused the request\n  text: This field may not be blank.\n"
    );
    assert_eq!(
        ada.run(&["--json", "status", "post", " "]).failed_json(3),
        json!({
            "kind": "invalid", "exit_code": 3, "message": "the server refused the request",
            "fields": { "status_content": ["This field may not be blank."] },
        }),
        "a program gets the API's names"
    );
}

#[test]
fn an_address_that_the_server_wants_is_asked_for() {
    let arguments = ["register", "-u", "ada", "--password-stdin"];
    let said = Server::start().anonymous().run_with_input(&arguments, PASSWORD).failed(3);
    assert!(said.contains("email:") && said.contains("hint: give an address with --email"), "{said}");
}

#[test]
fn what_is_somebody_elses_is_left_alone() {
    let server = Server::start();
    let (ada, grace) = (server.user("ada"), server.user("grace"));
    ada.run(&["status", "post", "mine"]).done();
    let said = "error: You do not have permission to perform this action.\n\
                hint: only its owner and staff may change or delete it\n";
    for command in
        [&["edit", "--id", "1", "--city", "Paris"][..], &["status", "edit", "1", "yours"], &["status", "delete", "1"]]
    {
        assert_eq!(grace.run(command).failed(5), said, "{command:?}");
    }
    assert_eq!(grace.run(&["--json", "status", "delete", "1"]).failed_json(5)["kind"], "forbidden");
    assert!(grace.run(&["status", "show", "1"]).done().contains("mine"));
    server.verify();
}

#[test]
fn what_is_missing_is_named() {
    let server = Server::start();
    let ada = server.user("ada");
    for (command, complaint) in [
        (&["status", "show", "7"][..], "error: there is no status 7\n"),
        (&["status", "edit", "7", "text"], "error: there is no status 7\n"),
        (&["status", "delete", "7"], "error: there is no status 7\n"),
        (&["show", "7"], "error: there is no profile 7\n"),
        (&["edit", "--id", "7", "--city", "Paris"], "error: there is no profile 7\n"),
        (&["show", "nobody"], "error: Nobody is called nobody.\n"),
        (&["show", "--username", "7"], "error: Nobody is called 7.\n"),
    ] {
        assert_eq!(ada.run(command).failed(6), complaint, "{command:?}");
    }
    assert_eq!(ada.run(&["--json", "show", "7"]).failed_json(6)["kind"], "not_found");
}

#[test]
fn an_address_that_goes_too_far_is_noticed() {
    let server = Server::start();
    for path in ["/api", "/api/", "/nowhere"] {
        let url = format!("{}{path}", server.url);
        let said = server.anonymous().run(&["--url", &url, "list"]).failed(6);
        assert!(said.contains("without `/api/`"), "{said}");
    }
}

#[test]
fn an_account_that_was_switched_off_is_told_so() {
    let server = Server::start();
    let ada = server.user("ada");
    server.deactivate("ada");
    let said = ada.run(&["whoami"]).failed(4);
    assert!(said.contains("User inactive or deleted."), "{said}");
}
