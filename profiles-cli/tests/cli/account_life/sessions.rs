//! What is logged in to an account.

use serde_json::{Value, json};

use crate::canned::{self, Canned};

const LIST: &str = concat!(
    r#"[{"id":1,"kind":"token","name":"","scopes":[],"created_at":"2026-11-22T10:45:44.128854Z","#,
    r#""last_used_at":"2026-11-25T08:12:03.5Z","expires_at":null,"address":"203.0.113.7","agent":"profiles-cli/0.1.0","#,
    r#""current":true},"#,
    r#"{"id":2,"kind":"session","name":"","scopes":[],"created_at":"2026-11-23T10:00:00Z","last_used_at":null,"#,
    r#""expires_at":"2026-12-07T10:00:00Z","address":null,"agent":"Mozilla\u001b[2J","current":false}]"#
);

/// Answers the list, and anything else like this.
fn server(status: &'static str, body: &'static str) -> Canned {
    Canned::serve(move |line| match line {
        "GET /api/rest-auth/sessions/" => canned::json("200 OK", LIST),
        _ => canned::json(status, body),
    })
}

#[test]
fn are_listed_one_a_line() {
    let ada = Canned::with("200 OK", LIST).user();
    assert_eq!(
        ada.run(&["sessions", "list"]).done(),
        concat!(
            "ID  KIND     NAME  BEGAN                 LAST USED             ADDRESS      AGENT               THIS\n",
            "1   token          2026-11-22T10:45:44Z  2026-11-25T08:12:03Z  203.0.113.7  profiles-cli/0.1.0  yes\n",
            "2   session        2026-11-23T10:00:00Z  never                              Mozilla\\u{1b}[2J\n",
        )
    );
    assert_eq!(ada.run(&["--json", "sessions", "list"]).json(), serde_json::from_str::<Value>(LIST).unwrap());
}

#[test]
fn one_is_ended_and_its_token_goes_if_it_is_this_one() {
    let server = server("204 No Content", "");
    let ada = server.user();
    assert_eq!(ada.run(&["sessions", "revoke", "2"]).done(), "Ended login 2.\n");
    assert_eq!(server.last().0, "DELETE /api/rest-auth/sessions/2/");
    assert!(ada.token_file().exists());
    assert_eq!(ada.run(&["sessions", "revoke", "1"]).done(), "Ended login 1, which was this one.\n");
    assert!(!ada.token_file().exists());

    let ada = server.user();
    assert_eq!(ada.run(&["--json", "sessions", "revoke", "2"]).json(), json!({ "revoked": 2 }));
    // A token in the environment went before the kept one, which is another login.
    let ada = ada.with("PROFILES_TOKEN", canned::TOKEN);
    let run = ada.run(&["sessions", "revoke", "1"]);
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(run.err.contains("PROFILES_TOKEN has ended") && ada.token_file().exists(), "{}", run.err);
}

#[test]
fn one_that_is_not_there_is_named() {
    let said = server("404 Not Found", r#"{"detail":"Not found."}"#).user().run(&["sessions", "revoke", "7"]).failed(6);
    assert_eq!(said, "error: there is no login 7\nhint: see: profiles sessions list\n");
}

#[test]
fn all_others_are_ended_and_counted() {
    for (ended, words) in [(0, "no other login"), (1, "one login ended"), (3, "3 logins ended")] {
        let server = Canned::with("200 OK", format!(r#"{{"detail":"Logged out everywhere else.","ended":{ended}}}"#));
        let ada = server.user();
        let said = ada.run(&["sessions", "revoke", "--others"]).done();
        assert!(said.contains(words), "{said}");
        assert_eq!(server.last().0, "POST /api/rest-auth/sessions/revoke-others/");
        assert!(ada.token_file().exists());
        let value = ada.run(&["--json", "sessions", "revoke", "--others"]).json();
        assert_eq!(value, json!({ "detail": "Logged out everywhere else.", "ended": ended }));
    }
}

#[test]
fn of_another_shape_are_no_answer_of_this_api() {
    let of_another_kind = LIST.replace("\"token\"", "\"carrier pigeon\"");
    for body in [of_another_kind.as_str(), r#"{"count":0}"#, "[{}]"] {
        let said = Canned::with("200 OK", body).user().run(&["sessions", "list"]).failed(10);
        assert!(said.contains("does not answer as the profiles API does"), "{said}");
    }
    // A server that has no such path: the original, for one.
    let page = "HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n<h1>Not Found</h1>";
    Canned::serve(|_| page.to_owned()).user().run(&["sessions", "list"]).failed(10);
}
