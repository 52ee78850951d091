//! Personal access tokens.

use serde_json::{Value, json};

use crate::{
    canned::{Canned, TOKEN},
    program::Program,
};

const ROW: &str = concat!(
    r#"{"id":7,"kind":"personal","name":"weather","scopes":["read","status:write"],"created_at":"2026-11-22T10:45:44.1Z","#,
    r#""last_used_at":null,"expires_at":"2027-01-01T00:00:00Z","address":null,"agent":null,"current":false"#
);

fn created() -> Canned {
    Canned::with("201 Created", format!(r#"{ROW},"key":"pat_k3y"}}"#))
}

#[test]
fn a_key_is_printed_once_and_alone() {
    let server = created();
    let ada = server.user();
    let run = ada.run(&[
        "token",
        "create",
        "weather",
        "--scope",
        "read",
        "--scope",
        "status:write",
        "--expires",
        "2027-01-01",
    ]);
    assert_eq!((run.code, run.out.as_str()), (0, "pat_k3y\n"), "a script can take it from there");
    assert_eq!(
        run.err,
        "Token 7, weather, may: read, status:write. It ends at 2027-01-01T00:00:00Z. Keep the key now: it will not be \
         shown again.\n"
    );
    let body = r#"{"name":"weather","scopes":["read","status:write"],"expires_at":"2027-01-01T00:00:00Z"}"#;
    assert_eq!(server.last(), ("POST /api/rest-auth/tokens/".into(), body.into()));

    let value = ada.run(&["--json", "token", "create", "weather"]).json();
    assert_eq!(value, serde_json::from_str::<Value>(&format!(r#"{ROW},"key":"pat_k3y"}}"#)).unwrap());
    assert_eq!(server.last().1, r#"{"name":"weather"}"#, "what was not said is for the server to say");
    let kept = std::fs::read_to_string(ada.token_file()).unwrap();
    assert_eq!(kept, TOKEN, "the key is not kept");
}

#[test]
fn a_duration_counts_from_now() {
    let server = created();
    let run = server.user().run(&["token", "create", "weather", "--expires", "90d"]);
    assert_eq!(run.code, 0, "{}", run.err);
    let sent: Value = serde_json::from_str(&server.last().1).unwrap();
    let expires: jiff::Timestamp = sent["expires_at"].as_str().unwrap().parse().unwrap();
    let days = expires.duration_since(jiff::Timestamp::now()).as_hours() / 24;
    assert!((89..=90).contains(&days), "{sent}");
}

#[test]
fn what_no_token_can_be_is_not_sent() {
    let server = created();
    let ada = server.user();
    for (arguments, words) in [
        (&["token", "create"][..], "NAME"),
        (&["token", "create", "x", "--scope", "everything"], "profile:write"),
        (&["token", "create", "x", "--expires", "soon"], "90d"),
        (&["token", "create", "x", "--expires", "4294967295w"], "leave it out"),
    ] {
        let said = ada.run(arguments).failed(2);
        assert!(said.contains(words), "{arguments:?}: {said}");
    }
    Program::for_server(&server.url).run(&["token", "create", "x"]).failed(4);
    assert!(server.requests().is_empty());
}

#[test]
fn tokens_are_listed_and_ended() {
    let list = format!("[{ROW}}}]");
    let ada = Canned::with("200 OK", list.clone()).user();
    assert_eq!(
        ada.run(&["token", "list"]).done(),
        concat!(
            "ID  NAME     SCOPES             MADE                  LAST USED  ENDS\n",
            "7   weather  read status:write  2026-11-22T10:45:44Z  never      2027-01-01T00:00:00Z\n",
        )
    );
    assert_eq!(ada.run(&["--json", "token", "list"]).json(), serde_json::from_str::<Value>(&list).unwrap());
    let none = Canned::with("200 OK", "[]").user().run(&["token", "list"]);
    assert_eq!((none.code, none.out.as_str(), none.err.as_str()), (0, "", "no personal access tokens\n"));

    let server = Canned::with("204 No Content", "");
    assert_eq!(server.user().run(&["token", "revoke", "7"]).done(), "Ended token 7.\n");
    assert_eq!(server.last().0, "DELETE /api/rest-auth/tokens/7/");
    assert_eq!(server.user().run(&["--json", "token", "revoke", "7"]).json(), json!({ "revoked": 7 }));
    let said =
        Canned::with("404 Not Found", r#"{"detail":"Not found."}"#).user().run(&["token", "revoke", "7"]).failed(6);
    assert_eq!(said, "error: there is no token 7\nhint: see: profiles token list\n");
}

#[test]
fn a_token_that_may_not_is_told_from_somebody_who_may_not() {
    let refusal = r#"{"detail":"You do not have permission to perform this action."}"#;
    let server = Canned::with("403 Forbidden", refusal);
    for command in [&["status", "post", "x"][..], &["sessions", "list"], &["account", "export"]] {
        let said = server.user().with("PROFILES_TOKEN", "pat_k3y").run(command).failed(5);
        assert!(said.contains("what its scopes allow") && !said.contains("k3y"), "{command:?}: {said}");
    }
    assert!(server.user().run(&["status", "post", "x"]).failed(5).contains("only its owner and staff"));
}
