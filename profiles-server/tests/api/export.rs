//! `GET /api/rest-auth/user/export/`, and the end of an account.

use profiles_core::model::StatusText;
use profiles_server::http::Settings;
use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{As, PASSWORD, Result, TestApp};

const USER: &str = "/api/rest-auth/user/";
const EXPORT: &str = "/api/rest-auth/user/export/";

#[tokio::test]
async fn everything_that_is_held_and_no_secret() -> Result {
    let (mut app, _clock) = TestApp::start_timed(Settings::default(), |_| {}).await?;
    let (ada, bob) = (app.register("ada").await?, app.register("bob").await?);
    app.post_status(&ada, "mine, \"quoted\"").await?;
    app.post_status(&bob, "not mine").await?;
    let session = app.session("ada").await?;
    let personal = app.ask(As::Token(&ada), "POST", "/api/rest-auth/tokens/", r#"{"name": "robot"}"#).await?;
    app.ask(As::Token(&ada), "PATCH", "/api/profiles/1/", r#"{"bio": "Countess", "city": "London"}"#).await?;
    let answer = app.note(As::Token(&ada), "GET", EXPORT, "").await?;
    let text = answer.text().await?;
    let keys = [ada.as_str(), session.session.as_str(), personal["key"].as_str().ok_or("no key")?];
    for secret in keys.into_iter().chain(["$argon2", PASSWORD, "password\""]) {
        assert!(!text.contains(secret), "{secret}");
    }
    for key in keys {
        let digest = profiles_core::model::SecretKey::presented(key).digest();
        let hex = digest.as_bytes().iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
        assert!(!text.to_lowercase().contains(&hex));
    }
    app.note(As::Token(&ada), "HEAD", EXPORT, "").await?;
    app.note(As::Anonymous, "GET", EXPORT, "").await?;
    app.note(As::Token(&ada), "POST", EXPORT, "").await?;
    insta::assert_snapshot!(app.transcript());
    app.verify().await
}

/// It is read in chunks of 500 rows.
#[tokio::test]
async fn an_export_of_many_rows_is_whole_and_in_order() -> Result {
    for count in [0, 1, 499, 500, 501, 1001] {
        let app = TestApp::start().await?;
        let (ada, bob) = (app.register("ada").await?, app.register("bob").await?);
        app.post_status(&bob, "before").await?;
        let key = profiles_core::model::SecretKey::presented(&ada);
        let known = app.core.authenticate(&key, profiles_core::model::Carrier::Header).await?;
        let profiles_core::Authentication::Known(principal) = known else { return Err("not known".into()) };
        for number in 0..count {
            let text = StatusText::parse(&format!("number {number}")).map_err(|_| "a text")?;
            app.core.post_status(profiles_core::permissions::Actor::from(&principal), text).await?;
        }
        let export = app.ask(As::Token(&ada), "GET", EXPORT, "").await?;
        let texts: Vec<_> = export["statuses"].as_array().ok_or("no list")?.iter().collect();
        assert_eq!(texts.len(), count);
        for (number, row) in texts.into_iter().enumerate() {
            assert_eq!(row["status_content"], format!("number {number}"));
        }
    }
    Ok(())
}

#[tokio::test]
async fn an_erased_account_leaves_nothing_and_its_name_is_free() -> Result {
    let mut app = TestApp::start().await?;
    let ada = app.register("ada").await?;
    let session = app.session("ada").await?;
    let status = app.post_status(&ada, "to be forgotten").await?;
    app.ask(As::Anonymous, "POST", "/api/rest-auth/password/reset/", r#"{"email": "ada@example.org"}"#).await?;
    let key = app.mailed_key("ada@example.org").await?;
    for body in ["{}", r#"{"password": ""}"#, r#"{"password": null}"#, r#"{"password": "not-the-one"}"#, "{bad"] {
        app.note(As::Token(&ada), "DELETE", USER, body).await?;
    }
    app.note(As::Anonymous, "DELETE", USER, &json!({ "password": PASSWORD }).to_string()).await?;
    app.note(As::Token(&ada), "OPTIONS", USER, "").await?;
    app.note(As::Session(&session), "DELETE", USER, &json!({ "password": PASSWORD }).to_string()).await?;
    app.note(As::Token(&ada), "GET", USER, "").await?;
    app.note(As::Session(&session), "GET", USER, "").await?;
    app.note(As::Anonymous, "GET", &status, "").await?;
    app.note(As::Anonymous, "GET", "/api/profiles/1/", "").await?;
    app.note(As::Anonymous, "POST", "/api/rest-auth/login/", r#"{"username": "ada", "password": "tulip-tango-92"}"#)
        .await?;
    let reset = json!({ "uid": "1", "token": key, "new_password1": PASSWORD, "new_password2": PASSWORD });
    app.note(As::Anonymous, "POST", "/api/rest-auth/password/reset/confirm/", &reset.to_string()).await?;
    insta::assert_snapshot!(app.transcript());
    assert_eq!(app.mails("ada@example.org").await?, []);
    let again = app.register("ada").await?;
    let user = app.ask(As::Token(&again), "GET", USER, "").await?;
    assert_eq!(user["pk"], 2, "a number is never used twice");
    app.verify().await
}

#[tokio::test]
async fn where_it_is_not_wanted_nobody_erases_an_account() -> Result {
    let mut settings = Settings::default();
    settings.account_deletion = false;
    let mut app = TestApp::start_with(settings, |_| {}).await?;
    let ada = app.register("ada").await?;
    app.note(As::Token(&ada), "DELETE", USER, &json!({ "password": PASSWORD }).to_string()).await?;
    insta::assert_snapshot!(app.transcript());
    assert_eq!(app.status(As::Token(&ada), "GET", USER, "").await?, 200);
    Ok(())
}

/// Whoever posts while their account is erased gets a plain refusal in the end, and leaves nothing behind.
#[tokio::test(flavor = "multi_thread")]
async fn erasing_while_posting_leaves_nothing_behind() -> Result {
    let app = TestApp::start().await?;
    let ada = app.register("ada").await?;
    let bob = app.register("bob").await?;
    let post = |number: usize| {
        let key = ada.clone();
        let app = &app;
        async move {
            let request =
                app.request(Method::POST, "/api/profile-status/").header("Authorization", format!("Token {key}"));
            let answer = request.json(&json!({ "status_content": format!("number {number}") })).send().await?;
            Result::Ok(answer.status().as_u16())
        }
    };
    for number in 0..50 {
        assert_eq!(post(number).await?, 201);
    }
    let erase = async {
        let body = json!({ "password": PASSWORD }).to_string();
        app.status(As::Token(&ada), "DELETE", USER, &body).await
    };
    let posts = futures_util::future::join_all((0..200).map(post));
    let (erased, posted) = futures_util::future::join(erase, posts).await;
    assert_eq!(erased?, 204);
    for status in posted {
        let status = status?;
        assert!(matches!(status, 201 | 401 | 404), "{status}");
    }
    assert_eq!(post(0).await?, 401);
    let left: Value = app.ask(As::Token(&bob), "GET", "/api/profile-status/", "").await?;
    assert_eq!(left["count"], 0);
    app.verify().await
}
