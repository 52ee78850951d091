//! `/api/rest-auth/sessions/`

use std::time::Duration;

use profiles_server::http::Settings;
use serde_json::{Value, json};

use crate::app::{As, PASSWORD, Result, TestApp};

const PATH: &str = "/api/rest-auth/sessions/";
const USER: &str = "/api/rest-auth/user/";

fn rows(list: &Value) -> &[Value] {
    list.as_array().map_or(&[], Vec::as_slice)
}

#[tokio::test]
async fn everybody_sees_their_own_logins_and_ends_them() -> Result {
    let (mut app, _clock) = TestApp::start_timed(Settings::default(), |_| {}).await?;
    let (ada, bob) = (app.register("ada").await?, app.register("bob").await?);
    let session = app.session("ada").await?;
    app.note(As::Token(&ada), "GET", PATH, "").await?;
    app.note(As::Session(&session), "GET", PATH, "").await?;
    let list = app.ask(As::Session(&session), "GET", PATH, "").await?;
    let current = rows(&list).iter().find(|row| row["current"] == true).ok_or("none is current")?["id"].clone();
    app.note(As::Session(&session), "DELETE", &format!("{PATH}{current}/"), "").await?;
    app.note(As::Session(&session), "GET", USER, "").await?;
    app.note(As::Token(&ada), "DELETE", &format!("{PATH}{current}/"), "").await?;
    let bobs = app.ask(As::Token(&bob), "GET", PATH, "").await?;
    // Somebody else's, and those that there never were, are the same.
    app.note(As::Token(&ada), "DELETE", &format!("{PATH}{}/", rows(&bobs)[0]["id"]), "").await?;
    for id in ["0", "99999999999999999999999", "x", "+1"] {
        app.note(As::Token(&ada), "DELETE", &format!("{PATH}{id}/"), "").await?;
    }
    insta::assert_snapshot!(app.transcript());
    assert_eq!(app.status(As::Token(&bob), "GET", USER, "").await?, 200);
    app.verify().await
}

#[tokio::test]
async fn all_other_logins_end_at_once_and_personal_tokens_go_on() -> Result {
    let mut app = TestApp::start().await?;
    let (ada, bob) = (app.register("ada").await?, app.register("bob").await?);
    let session = app.session("ada").await?;
    let token = r#"{"name": "robot", "scopes": ["account:read"]}"#;
    let personal = app.ask(As::Token(&ada), "POST", "/api/rest-auth/tokens/", token).await?;
    let all = format!("{PATH}revoke-others/");
    app.note(As::Session(&session), "POST", &all, "").await?;
    app.note(As::Session(&session), "POST", &all, "").await?;
    app.note(As::Token(&ada), "POST", &all, "").await?;
    app.note(As::Anonymous, "POST", &all, "").await?;
    insta::assert_snapshot!(app.transcript());
    for (by, status) in [
        (As::Token(&ada), 401),
        (As::Session(&session), 200),
        (As::Token(&bob), 200),
        (As::Token(personal["key"].as_str().ok_or("no key")?), 200),
    ] {
        assert_eq!(app.status(by, "GET", USER, "").await?, status);
    }
    app.verify().await
}

#[tokio::test]
async fn other_methods_and_strangers_are_refused() -> Result {
    let mut app = TestApp::start().await?;
    let ada = app.register("ada").await?;
    let session = app.session("ada").await?;
    let without_proof = crate::app::Cookies { csrf: String::new(), ..session };
    for (by, method, path) in [
        (As::Anonymous, "GET", PATH),
        (As::Anonymous, "DELETE", "/api/rest-auth/sessions/1/"),
        (As::Token(&ada), "POST", PATH),
        (As::Token(&ada), "GET", "/api/rest-auth/sessions/1/"),
        (As::Token(&ada), "DELETE", "/api/rest-auth/sessions/revoke-others/"),
        (As::Token(&ada), "OPTIONS", "/api/rest-auth/sessions/1/"),
        (As::Session(&without_proof), "POST", "/api/rest-auth/sessions/revoke-others/"),
        (As::Session(&without_proof), "DELETE", "/api/rest-auth/sessions/1/"),
    ] {
        app.note(by, method, path, "").await?;
    }
    insta::assert_snapshot!(app.transcript());
    assert_eq!(app.status(As::Token(&ada), "GET", USER, "").await?, 200);
    Ok(())
}

#[tokio::test]
async fn a_login_ends_when_it_lies_unused_or_is_too_old() -> Result {
    let lifetimes = |core: &mut profiles_core::Settings| {
        core.session_idle = Some(Duration::from_hours(1));
        core.token_idle = Some(Duration::from_hours(2));
        core.token_age = Some(Duration::from_hours(24));
    };
    let (app, clock) = TestApp::start_timed(Settings::default(), lifetimes).await?;
    let token = app.register("ada").await?;
    let session = app.session("ada").await?;
    for _ in 0..6 {
        clock.advance(Duration::from_mins(50));
        assert_eq!(app.status(As::Session(&session), "GET", USER, "").await?, 200, "used within an hour");
        assert_eq!(app.status(As::Token(&token), "GET", USER, "").await?, 200, "used within two");
    }
    // What is known of its last use may be some minutes off, to its owner's good.
    clock.advance(Duration::from_mins(66));
    assert_eq!(app.status(As::Session(&session), "GET", USER, "").await?, 401);
    assert_eq!(app.status(As::Token(&token), "GET", USER, "").await?, 200);
    for _ in 0..18 {
        clock.advance(Duration::from_hours(1));
        app.status(As::Token(&token), "GET", USER, "").await?;
    }
    assert_eq!(app.status(As::Token(&token), "GET", USER, "").await?, 401, "a day old");
    app.verify().await
}

#[tokio::test]
async fn when_it_was_used_is_noted_now_and_then() -> Result {
    let (app, clock) = TestApp::start_timed(Settings::default(), |_| {}).await?;
    let token = app.register("ada").await?;
    let last_used = async || -> Result<Value> {
        let list = app.ask(As::Token(&token), "GET", PATH, "").await?;
        Ok(rows(&list)[0]["last_used_at"].clone())
    };
    clock.advance(Duration::from_mins(4));
    for _ in 0..50 {
        assert_eq!(last_used().await?, Value::Null, "so soon after the login nothing is written");
    }
    clock.advance(Duration::from_mins(1));
    assert_eq!(last_used().await?, "2024-02-29T12:05:00Z");
    clock.advance(Duration::from_mins(4));
    assert_eq!(last_used().await?, "2024-02-29T12:05:00Z", "no write for each request");
    clock.advance(Duration::from_mins(1));
    assert_eq!(last_used().await?, "2024-02-29T12:10:00Z");
    app.verify().await
}

#[tokio::test]
async fn a_login_is_listed_with_where_it_came_from() -> Result {
    let mut settings = Settings::default();
    settings.trusted_proxies = vec!["127.0.0.1".parse()?];
    let mut app = TestApp::start_with(settings, |_| {}).await?;
    app.register("ada").await?;
    app.forwarded_for = Some("2001:db8::7");
    let login = json!({ "username": "ada", "password": PASSWORD });
    let agent = "x".repeat(1000);
    let request = app.request(reqwest::Method::POST, "/api/rest-auth/login/").header("User-Agent", &agent);
    let answer: Value = request.json(&login).send().await?.json().await?;
    let key = answer["key"].as_str().ok_or("no key")?;
    let list = app.ask(As::Token(key), "GET", PATH, "").await?;
    let row = rows(&list).iter().find(|row| row["current"] == true).ok_or("none is current")?;
    assert_eq!(row["address"], "2001:db8::7");
    let kept = row["agent"].as_str().ok_or("no agent")?;
    assert!(agent.starts_with(kept) && kept.len() < agent.len(), "{}", kept.len());
    Ok(())
}
