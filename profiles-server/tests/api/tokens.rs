//! `/api/rest-auth/tokens/`

use std::time::Duration;

use profiles_server::http::Settings;
use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{As, PASSWORD, Result, TestApp};

const PATH: &str = "/api/rest-auth/tokens/";

fn new(name: &str, scopes: &[&str]) -> String {
    json!({ "name": name, "scopes": scopes }).to_string()
}

/// Makes a token; answers its key.
async fn make(app: &TestApp, by: &str, scopes: &[&str]) -> Result<String> {
    let answer = app.ask(As::Token(by), "POST", PATH, &new("robot", scopes)).await?;
    Ok(answer["key"].as_str().ok_or("no key")?.to_owned())
}

#[tokio::test]
async fn a_token_is_shown_once_and_listed_until_it_is_revoked() -> Result {
    let (mut app, _clock) = TestApp::start_timed(Settings::default(), |_| {}).await?;
    let (ada, bob) = (app.register("ada").await?, app.register("bob").await?);
    app.note(As::Token(&ada), "POST", PATH, &new("  my robot ", &["status:write", "profile:write"])).await?;
    let form = app.request(Method::POST, PATH).header("Authorization", format!("Token {ada}"));
    let fields = [
        ("name", "by form"),
        ("scopes", "read"),
        ("scopes", "account:read"),
        ("expires_at", "2024-03-01T01:00:00+01:00"),
    ];
    let made = app.note_request("POST a form by token", form.form(&fields)).await?;
    let made: Value = made.json().await?;
    app.note(As::Token(&ada), "GET", PATH, "").await?;
    app.note(As::Token(&ada), "OPTIONS", PATH, "").await?;
    let row = format!("{PATH}{}/", made["id"]);
    app.note(As::Token(&bob), "DELETE", &row, "").await?;
    // A login is no personal token.
    app.note(As::Token(&ada), "DELETE", &format!("{PATH}1/"), "").await?;
    app.note(As::Token(&ada), "DELETE", &row, "").await?;
    app.note(As::Token(&ada), "DELETE", &row, "").await?;
    app.note(As::Token(made["key"].as_str().ok_or("no key")?), "GET", "/api/profiles/1/", "").await?;
    insta::assert_snapshot!(app.transcript());
    app.verify().await
}

#[tokio::test]
async fn a_token_that_does_not_do_is_refused() -> Result {
    let (mut app, _clock) = TestApp::start_timed(Settings::default(), |_| {}).await?;
    let ada = app.register("ada").await?;
    for body in [
        json!({}),
        json!({ "name": "", "scopes": [], "expires_at": "" }),
        json!({ "name": null, "scopes": null, "expires_at": null }),
        json!({ "name": "x".repeat(101), "scopes": "read", "expires_at": 5 }),
        json!({ "name": "a\u{0}", "scopes": ["admin"], "expires_at": "tomorrow" }),
        json!({ "name": "x", "scopes": [1], "expires_at": "2024-02-30T00:00:00Z" }),
        json!({ "name": "x", "scopes": [["read"]], "expires_at": "2024-02-29T12:00:00Z" }),
        json!({ "name": "x", "scopes": ["STATUS:WRITE"], "expires_at": "2024-02-29T11:59:59.999Z" }),
        json!({ "name": "x", "scopes": vec!["read"; 101], "expires_at": "2024-03-01T00:00:00" }),
        json!({ "name": "\u{1b}[2J", "expires_at": "9999-12-31T23:59:59Z" }),
        json!({ "name": "x", "expires_at": "-009999-01-01T00:00:00Z" }),
    ] {
        app.note(As::Token(&ada), "POST", PATH, &body.to_string()).await?;
    }
    app.note(As::Anonymous, "POST", PATH, &new("x", &[])).await?;
    insta::assert_snapshot!(app.transcript());
    app.verify().await
}

/// Everything that a token could be sent to, and what each scope may do there.
#[tokio::test]
async fn a_token_may_do_what_its_scopes_say_and_no_more() -> Result {
    let app = TestApp::start().await?;
    let ada = app.register("ada").await?;
    app.register("bob").await?;
    let status = app.post_status(&ada, "mine").await?;
    let (own, strange) = ("/api/profiles/1/", "/api/profiles/2/");
    let text = r#"{"status_content": "by a robot"}"#;
    let password = json!({ "password": PASSWORD }).to_string();
    let change = json!({ "new_password1": "violet-waltz-47", "new_password2": "violet-waltz-47" }).to_string();
    let email = json!({ "email": "eve@example.org", "password": PASSWORD }).to_string();
    let token = new("another", &[]);
    let one = "/api/rest-auth/sessions/1/";
    let requests = [
        ("GET", "/api/", "", None),
        ("GET", "/api/profiles/", "", None),
        ("GET", own, "", None),
        ("GET", &status, "", None),
        ("PUT", own, r#"{"city": "Turin"}"#, Some("profile:write")),
        ("PATCH", own, r#"{"city": "Rome"}"#, Some("profile:write")),
        ("POST", "/api/profile-status/", text, Some("status:write")),
        ("PUT", &status, text, Some("status:write")),
        ("PATCH", &status, text, Some("status:write")),
        ("GET", "/api/rest-auth/user/", "", Some("account:read")),
        ("PATCH", strange, r#"{"city": "Rome"}"#, Some("never")),
        ("PUT", "/api/rest-auth/user/", r#"{"username": "eve"}"#, Some("never")),
        ("PATCH", "/api/rest-auth/user/", r#"{"first_name": "Eve"}"#, Some("never")),
        ("DELETE", "/api/rest-auth/user/", &password, Some("never")),
        ("GET", "/api/rest-auth/user/export/", "", Some("never")),
        ("POST", "/api/rest-auth/password/change/", &change, Some("never")),
        ("POST", "/api/rest-auth/email/change/", &email, Some("never")),
        ("GET", "/api/rest-auth/sessions/", "", Some("never")),
        ("DELETE", one, "", Some("never")),
        ("POST", "/api/rest-auth/sessions/revoke-others/", "", Some("never")),
        ("GET", PATH, "", Some("never")),
        ("POST", PATH, &token, Some("never")),
        ("DELETE", "/api/rest-auth/tokens/1/", "", Some("never")),
    ];
    for scope in ["read", "account:read", "profile:write", "status:write"] {
        let key = make(&app, &ada, &[scope]).await?;
        for (method, path, body, needs) in requests {
            let allowed = needs.is_none_or(|needed| needed == scope);
            let answer = app.status(As::Token(&key), method, path, body).await?;
            assert_eq!(answer < 300, allowed, "{method} {path} with {scope}: {answer}");
            assert!(allowed || answer == 403, "{method} {path} with {scope}: {answer}");
        }
    }
    let writes = make(&app, &ada, &["status:write"]).await?;
    assert_eq!(app.status(As::Token(&make(&app, &ada, &["read"]).await?), "DELETE", &status, "").await?, 403);
    assert_eq!(app.status(As::Token(&writes), "DELETE", &status, "").await?, 204);
    assert_eq!(app.status(As::Token(&ada), "GET", "/api/rest-auth/user/", "").await?, 200);
    app.verify().await
}

#[tokio::test]
async fn a_refusal_says_whether_a_scope_or_a_login_is_missing() -> Result {
    let mut app = TestApp::start().await?;
    let ada = app.register("ada").await?;
    let key = make(&app, &ada, &[]).await?;
    app.note(As::Token(&key), "PATCH", "/api/profiles/1/", "{bad").await?;
    app.note(As::Token(&key), "POST", "/api/profile-status/", "{bad").await?;
    app.note(As::Token(&key), "GET", "/api/rest-auth/user/", "").await?;
    app.note(As::Token(&key), "GET", "/api/rest-auth/sessions/", "").await?;
    app.note(As::Token(&key), "POST", PATH, &new("more", &["status:write"])).await?;
    // It can end itself: whoever has it may throw it away.
    app.note(As::Token(&key), "POST", "/api/rest-auth/logout/", "").await?;
    app.note(As::Token(&key), "GET", "/api/profiles/1/", "").await?;
    insta::assert_snapshot!(app.transcript());
    app.verify().await
}

/// A token of staff moderates, if it has the scope for it, and does not otherwise.
#[tokio::test]
async fn a_token_of_staff_has_as_much_of_their_rights_as_its_scopes_say() -> Result {
    let app = TestApp::start().await?;
    let (ada, staff) = (app.register("ada").await?, app.staff().await?);
    let status = app.post_status(&ada, "to be moderated").await?;
    let (reads, writes) = (make(&app, &staff, &[]).await?, make(&app, &staff, &["status:write"]).await?);
    let text = r#"{"status_content": "moderated"}"#;
    assert_eq!(app.status(As::Token(&reads), "PATCH", &status, text).await?, 403);
    assert_eq!(app.status(As::Token(&writes), "PATCH", "/api/profiles/1/", r#"{"city": "Rome"}"#).await?, 403);
    assert_eq!(app.status(As::Token(&writes), "PATCH", &status, text).await?, 200);
    Ok(())
}

#[tokio::test]
async fn a_token_ends_when_it_said_it_would() -> Result {
    let (app, clock) = TestApp::start_timed(Settings::default(), |_| {}).await?;
    let ada = app.register("ada").await?;
    let body = json!({ "name": "robot", "expires_at": "2024-03-01T12:00:00Z" }).to_string();
    let made = app.ask(As::Token(&ada), "POST", PATH, &body).await?;
    let key = made["key"].as_str().ok_or("no key")?;
    clock.advance(Duration::from_hours(24) - Duration::from_secs(1));
    assert_eq!(app.status(As::Token(key), "GET", "/api/profiles/", "").await?, 200);
    clock.advance(Duration::from_secs(1));
    assert_eq!(app.status(As::Token(key), "GET", "/api/profiles/", "").await?, 401);
    assert_eq!(app.ask(As::Token(&ada), "GET", PATH, "").await?, json!([]));
    app.verify().await
}

#[tokio::test]
async fn an_account_has_fifty_tokens_at_most() -> Result {
    let mut app = TestApp::start().await?;
    let ada = app.register("ada").await?;
    for _ in 0..50 {
        make(&app, &ada, &[]).await?;
    }
    app.note(As::Token(&ada), "POST", PATH, &new("one too many", &[])).await?;
    let list = app.ask(As::Token(&ada), "GET", PATH, "").await?;
    let first = list[0]["id"].clone();
    app.note(As::Token(&ada), "DELETE", &format!("/api/rest-auth/sessions/{first}/"), "").await?;
    insta::assert_snapshot!(app.transcript());
    make(&app, &ada, &[]).await?;
    app.verify().await
}
