//! `POST /api/rest-auth/login/`

use profiles_core::{LoginBy, model::UsernameKey};
use profiles_server::http::Settings;
use serde_json::json;

use crate::app::{As, PASSWORD, Result, TestApp};

const PATH: &str = "/api/rest-auth/login/";

#[tokio::test]
async fn every_login_has_a_key_of_its_own() -> Result {
    let mut app = TestApp::start().await?;
    let first = app.register("ada").await?;
    let body = json!({ "username": " ADA ", "email": "", "password": format!(" {PASSWORD}\n") }).to_string();
    let answer = app.note(As::Anonymous, "POST", PATH, &body).await?;
    let second: serde_json::Value = answer.json().await?;
    let second = second["key"].as_str().unwrap_or_default().to_owned();
    assert_ne!(first, second);
    for key in [&first, &second] {
        app.note(As::Token(key), "GET", "/api/rest-auth/user/", "").await?;
    }
    insta::assert_snapshot!(app.transcript());
    app.verify().await
}

#[tokio::test]
async fn a_login_takes_the_place_of_somebody_elses_session() -> Result {
    let mut app = TestApp::start().await?;
    app.register("ada").await?;
    let bob = json!({ "username": "bob", "email": "bob@example.org", "password1": PASSWORD, "password2": PASSWORD });
    for (path, body) in [
        (PATH, json!({ "username": "ada", "password": "not-the-one" })),
        (PATH, json!({ "username": "ada", "password": PASSWORD })),
        ("/api/rest-auth/registration/", bob),
        (PATH, json!({ "username": "bob", "password": PASSWORD })),
    ] {
        let (former, other) = (app.session("ada").await?, app.session("ada").await?);
        app.note(As::Session(&former), "POST", path, &body.to_string()).await?;
        app.note(As::Session(&former), "GET", "/api/rest-auth/user/", "").await?;
        app.note(As::Session(&other), "GET", "/api/rest-auth/user/", "").await?;
    }
    insta::assert_snapshot!(app.transcript());
    app.verify().await
}

#[tokio::test]
async fn refusals_reveal_nothing() -> Result {
    let mut app = TestApp::start().await?;
    app.register("ada").await?;
    app.register("sleeper").await?;
    app.core.set_active(&UsernameKey::of("sleeper"), false).await?;
    for body in [
        json!({ "username": "ada", "password": "not-the-one" }),
        json!({ "username": "nobody", "password": PASSWORD }),
        json!({ "username": "sleeper", "password": PASSWORD }),
        json!({ "username": "sleeper", "password": "not-the-one" }),
        json!({ "username": "ada@example.org", "password": PASSWORD }),
        json!({ "username": "two words", "password": 1 }),
        json!({ "username": "x".repeat(5000), "password": PASSWORD }),
    ] {
        app.note(As::Anonymous, "POST", PATH, &body.to_string()).await?;
    }
    insta::assert_snapshot!(app.transcript());
    Ok(())
}

#[tokio::test]
async fn what_is_missing_is_named() -> Result {
    let mut app = TestApp::start().await?;
    for body in [
        json!({}),
        json!({ "password": "x" }),
        json!({ "email": "ada@example.org", "password": "x" }),
        json!({ "username": "", "password": "x" }),
        json!({ "username": "x", "password": "   " }),
        json!({ "username": null, "password": null }),
        json!({ "username": {}, "email": "zzz", "password": "x\u{0}" }),
        json!({ "username": "a\u{0}", "password": "x" }),
    ] {
        app.note(As::Anonymous, "POST", PATH, &body.to_string()).await?;
    }
    app.note(As::Anonymous, "POST", PATH, r#"{"username": "\ud800", "password": "x"}"#).await?;
    insta::assert_snapshot!(app.transcript());
    Ok(())
}

/// As the original answers with `LOGIN_METHODS` of addresses, and of both.
#[tokio::test]
async fn people_log_in_with_what_is_configured() -> Result {
    for (login_by, name) in [(LoginBy::Email, "by_email"), (LoginBy::Either, "by_either")] {
        let mut app = TestApp::start_with(Settings::default(), |core| core.login_by = login_by).await?;
        app.register("ada").await?;
        for body in [
            json!({ "email": "ada@example.org", "password": PASSWORD }),
            json!({ "email": " ADA@Example.org ", "password": PASSWORD }),
            json!({ "username": "ada", "password": PASSWORD }),
            json!({ "username": "ada@example.org", "password": PASSWORD }),
            json!({ "username": "ada", "email": "", "password": PASSWORD }),
            json!({ "username": "ada", "email": "nobody@example.org", "password": PASSWORD }),
            json!({ "email": "ada@example.org", "password": "not-the-one" }),
            json!({ "email": "nobody@example.org", "password": PASSWORD }),
            json!({ "email": "nope", "password": PASSWORD }),
            json!({ "username": "", "email": "", "password": PASSWORD }),
            json!({ "password": PASSWORD }),
            json!({}),
        ] {
            app.note(As::Anonymous, "POST", PATH, &body.to_string()).await?;
        }
        let form = |username: &str, email: &str| {
            json!({ "username": username, "email": email, "password1": PASSWORD, "password2": PASSWORD }).to_string()
        };
        let unnamed = json!({ "email": "grace.hopper@example.org", "password1": PASSWORD, "password2": PASSWORD });
        for body in [unnamed.to_string(), form("", "new@example.org"), form("new", "")] {
            app.note(As::Anonymous, "POST", "/api/rest-auth/registration/", &body).await?;
        }
        app.note(As::Anonymous, "OPTIONS", "/api/rest-auth/registration/", "").await?;
        insta::assert_snapshot!(name, app.transcript());
        let profiles = app.ask(As::Anonymous, "GET", "/api/profiles/", "").await?;
        let named = profiles["results"].as_array().into_iter().flatten().any(|row| row["user"] == "grace.hopper");
        assert_eq!(named, login_by == LoginBy::Email, "a name is made of the address where none is asked for");
        app.verify().await?;
    }
    Ok(())
}
