//! `POST /api/rest-auth/registration/`

use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{As, PASSWORD, Result, TestApp};

const PATH: &str = "/api/rest-auth/registration/";

fn form(changes: &Value) -> String {
    let mut form = json!({
        "username": "ada", "email": "ada@example.org", "password1": PASSWORD, "password2": PASSWORD,
    });
    for (name, value) in changes.as_object().into_iter().flatten() {
        match form.as_object_mut() {
            Some(form) if value == "<absent>" => drop(form.remove(name)),
            Some(form) => drop(form.insert(name.clone(), value.clone())),
            None => {}
        }
    }
    form.to_string()
}

#[tokio::test]
async fn makes_an_account_a_profile_a_token_and_a_session() -> Result {
    let mut app = TestApp::start().await?;
    let answer = app.note(As::Anonymous, "POST", PATH, &form(&json!({}))).await?;
    let cookies = crate::app::cookies(&answer);
    app.note(As::Session(&cookies), "GET", "/api/rest-auth/user/", "").await?;
    app.note(As::Anonymous, "GET", "/api/profiles/1/", "").await?;
    insta::assert_snapshot!(app.transcript());
    app.verify().await
}

#[tokio::test]
async fn tells_of_every_field_at_once() -> Result {
    let mut app = TestApp::start().await?;
    app.register("taken").await?;
    for changes in [
        json!({ "username": "<absent>", "email": "<absent>", "password1": "<absent>", "password2": "<absent>" }),
        json!({ "username": "", "email": " ", "password1": "", "password2": "\u{a0}" }),
        json!({ "username": null, "email": null, "password1": null, "password2": null }),
        json!({ "username": true, "email": 12, "password1": ["x"], "password2": {} }),
        json!({ "username": "TAKEN", "email": "nope", "password1": "8451", "password2": "other" }),
        json!({ "username": "two words", "password1": "PassWord", "password2": "PassWord" }),
        json!({ "username": "x".repeat(151) }),
        json!({ "username": "a\u{0}", "email": "a\u{0}@b.co", "password1": "good\u{0}Secret", "password2": "x" }),
        json!({ "password2": "another-tango-92" }),
        json!({ "password1": "ada@example.org", "password2": "ada@example.org" }),
        json!({ "username": "tulip-tango" }),
    ] {
        app.note(As::Anonymous, "POST", PATH, &form(&changes)).await?;
    }
    insta::assert_snapshot!(app.transcript());
    app.verify().await
}

#[tokio::test]
async fn keeps_what_was_written_and_folds_what_must_be() -> Result {
    let mut app = TestApp::start().await?;
    let padded = json!({ "username": " Ada.Ж ", "email": "ADA@Example.ORG", "password1": format!("  {PASSWORD} ") });
    let answer = app.note(As::Anonymous, "POST", PATH, &form(&padded)).await?;
    let cookies = crate::app::cookies(&answer);
    app.note(As::Session(&cookies), "GET", "/api/rest-auth/user/", "").await?;
    // A second account may have the address, which nobody has verified yet.
    app.note(As::Anonymous, "POST", PATH, &form(&json!({ "username": 1e22 }))).await?;
    insta::assert_snapshot!(app.transcript());
    app.verify().await
}

#[tokio::test]
async fn a_weak_password_leaves_no_account_behind() -> Result {
    let app = TestApp::start().await?;
    let weak = form(&json!({ "password1": "ada", "password2": "ada" }));
    let post =
        |body: String| app.request(Method::POST, PATH).header("Content-Type", "application/json").body(body).send();
    assert_eq!(post(weak).await?.status(), 400);
    assert_eq!(post(form(&json!({}))).await?.status(), 201);
    app.verify().await
}

#[tokio::test]
async fn where_confirmation_is_mandatory_nobody_is_logged_in() -> Result {
    let settings = profiles_server::http::Settings::default();
    let mandatory = |core: &mut profiles_core::Settings| core.verification = profiles_core::Verification::Mandatory;
    let mut app = TestApp::start_with(settings, mandatory).await?;
    app.note(As::Anonymous, "POST", PATH, &form(&json!({}))).await?;
    let login = |password| json!({ "username": "ada", "password": password }).to_string();
    app.note(As::Anonymous, "POST", "/api/rest-auth/login/", &login(PASSWORD)).await?;
    app.note(As::Anonymous, "POST", "/api/rest-auth/login/", &login("wrong-one-1")).await?;
    insta::assert_snapshot!(app.transcript());
    app.verify().await
}

#[tokio::test]
async fn an_address_is_optional_where_configured() -> Result {
    let settings = profiles_server::http::Settings::default();
    let mut app = TestApp::start_with(settings, |core| core.email_required = false).await?;
    app.note(As::Anonymous, "POST", PATH, &form(&json!({ "email": "<absent>" }))).await?;
    app.note(As::Anonymous, "POST", PATH, &form(&json!({ "username": "bob", "email": "" }))).await?;
    insta::assert_snapshot!(app.transcript());
    app.verify().await
}
