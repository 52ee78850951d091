//! Changing a password, and choosing a new one by mail.

use serde_json::json;

use crate::{canned::Canned, program::Program};

const BOTH: [&str; 4] = ["password", "change", "--password-stdin", "--new-password-stdin"];

#[test]
fn a_script_gives_the_present_password_and_the_new_one_on_two_lines() {
    let server = Canned::with("200 OK", r#"{"detail":"New password has been saved."}"#);
    let ada = server.user();
    assert_eq!(ada.run_with_input(&BOTH, "old one\nnew one\n").done(), "New password has been saved.\n");
    let body = r#"{"new_password1":"new one","new_password2":"new one","old_password":"old one"}"#;
    assert_eq!(server.last(), ("POST /api/rest-auth/password/change/".into(), body.into()));
    assert!(ada.token_file().exists(), "the token is still good");

    let value = ada.run_with_input(&["--json", "password", "change", "--new-password-stdin"], "new one").json();
    assert_eq!(value, json!({ "detail": "New password has been saved." }));
    assert_eq!(server.last().1, r#"{"new_password1":"new one","new_password2":"new one"}"#);
}

#[test]
fn a_change_without_what_it_needs_is_not_sent() {
    let server = Canned::with("200 OK", r#"{"detail":"New password has been saved."}"#);
    let ada = server.user();
    for (arguments, input, words) in [
        (&BOTH[..2], "", "--new-password-stdin"),
        (&BOTH[..3], "old\nnew\n", "--new-password-stdin"),
        (&BOTH, "old\n", "there is no new password on standard input"),
        (&BOTH, "\nnew\n", "there is no present password on standard input"),
    ] {
        let said = ada.run_with_input(arguments, input).failed(2);
        assert!(said.contains(words), "{arguments:?}: {said}");
    }
    let said = Program::for_server(&server.url).run_with_input(&BOTH, "old\nnew\n").failed(4);
    assert!(said.contains("profiles login"), "{said}");
    assert!(server.requests().is_empty());
}

#[test]
fn a_refused_change_says_which_password_and_what_to_do() {
    let required = r#"{"old_password":["This field is required."]}"#;
    let said = Canned::with("400 Bad Request", required)
        .user()
        .run_with_input(&["password", "change", "--new-password-stdin"], "new")
        .failed(3);
    assert_eq!(
        said,
        "error: the server refused the request\n  present password: This field is required.\n\
         hint: this server wants the present password: give it with --password-stdin\n"
    );

    let weak = r#"{"new_password2":["This password is too common."]}"#;
    let said = Canned::with("400 Bad Request", weak).user().run_with_input(&BOTH, "s3cret\npassword\n").failed(3);
    assert_eq!(said, "error: the server refused the request\n  new password: This password is too common.\n");
}

#[test]
fn a_reset_is_asked_for_without_a_login() {
    let server = Canned::with("200 OK", r#"{"detail":"Password reset e-mail has been sent."}"#);
    let ada = server.user();
    let said = ada.run(&["password", "reset", "ada@example.org"]).done();
    assert!(said.contains("ada@example.org") && said.contains("profiles password reset-confirm"), "{said}");
    assert_eq!(server.last(), ("POST /api/rest-auth/password/reset/".into(), r#"{"email":"ada@example.org"}"#.into()));
    let value = ada.run(&["password", "reset", "ada@example.org", "--json"]).json();
    assert_eq!(value, json!({ "detail": "Password reset e-mail has been sent." }));
    assert!(server.requests().iter().all(|request| !request.with_token));
    assert!(ada.run(&["password", "reset"]).failed(2).contains("EMAIL"));
}

#[test]
fn a_new_password_is_chosen_with_the_link_or_its_parts() {
    let server = Canned::with("200 OK", r#"{"detail":"Password has been reset with the new password."}"#);
    let ada = Program::for_server(&server.url);
    for link in [&["https://app.example/reset/2s/k3y/"][..], &["2s", "k3y"], &["<https://app.example/reset/2s/k3y>"]] {
        let arguments = [&["password", "reset-confirm", "--new-password-stdin"], link].concat();
        let said = ada.run_with_input(&arguments, "new").done();
        assert_eq!(said, "Password has been reset with the new password. Log in with it: profiles login\n");
        let body = r#"{"uid":"2s","token":"k3y","new_password1":"new","new_password2":"new"}"#;
        assert_eq!(server.last(), ("POST /api/rest-auth/password/reset/confirm/".into(), body.into()));
    }
    let count = server.requests().len();
    for (arguments, words) in [
        (&["password", "reset-confirm"][..], "LINK"),
        (&["password", "reset-confirm", "2s", "--new-password-stdin"], "paste it whole"),
        (&["password", "reset-confirm", "2s", "k3y"], "--new-password-stdin"),
    ] {
        let said = ada.run_with_input(arguments, "new").failed(2);
        assert!(said.contains(words), "{arguments:?}: {said}");
    }
    assert_eq!(server.requests().len(), count, "nothing of this was sent");
}

#[test]
fn a_dead_link_says_how_to_get_a_new_one() {
    for refusal in [r#"{"uid":["Invalid value"]}"#, r#"{"token":["Invalid value"]}"#] {
        let program = Program::for_server(&Canned::with("400 Bad Request", refusal).url);
        let arguments = ["password", "reset-confirm", "2s", "k3y", "--new-password-stdin"];
        let said = program.run_with_input(&arguments, "new").failed(3);
        assert!(said.contains("Invalid value") && said.contains("profiles password reset\n"), "{said}");
    }
}

#[test]
fn whoever_asks_too_often_is_told_when_to_try_again() {
    let throttled = "HTTP/1.1 429 Too Many Requests\r\nContent-Type: application/json\r\nRetry-After: 60\r\n\
                     Connection: close\r\n\r\n\
                     {\"detail\":\"Request was throttled. Expected available in 60 seconds.\"}";
    let server = Canned::serve(|_| throttled.to_owned());
    let said = server.user().run(&["password", "reset", "ada@example.org"]).failed(9);
    assert!(said.contains("in 60 seconds"), "{said}");
}
