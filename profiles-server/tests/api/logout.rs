//! `POST /api/rest-auth/logout/`

use serde_json::{Value, json};

use crate::app::{As, Cookies, PASSWORD, Result, TestApp, cookies};

const PATH: &str = "/api/rest-auth/logout/";

#[tokio::test]
async fn ends_the_login_that_is_presented_and_no_other() -> Result {
    let mut app = TestApp::start().await?;
    let key = app.register("ada").await?;
    let (one, two) = (app.session("ada").await?, app.session("ada").await?);
    app.note(As::Token(&key), "POST", PATH, "{bad").await?;
    app.note(As::Token(&key), "POST", PATH, "").await?;
    app.note(As::Session(&one), "POST", PATH, "").await?;
    app.note(As::Session(&one), "GET", "/api/rest-auth/user/", "").await?;
    app.note(As::Session(&two), "GET", "/api/rest-auth/user/", "").await?;
    app.note(As::Anonymous, "POST", PATH, "").await?;
    insta::assert_snapshot!(app.transcript());
    app.verify().await
}

#[tokio::test]
async fn where_logins_open_no_session_it_takes_a_token() -> Result {
    let settings = profiles_server::http::Settings::default();
    let mut app = TestApp::start_with(settings, |core| core.session_login = false).await?;
    let body = json!({
        "username": "ada", "email": "ada@example.org", "password1": PASSWORD, "password2": PASSWORD,
    });
    let body = body.to_string();
    // Registering opens one all the same.
    let registered = app.note(As::Anonymous, "POST", "/api/rest-auth/registration/", &body).await?;
    let session = cookies(&registered);
    app.note(As::Session(&session), "GET", "/api/rest-auth/user/", "").await?;
    let login = json!({ "username": "ada", "password": PASSWORD }).to_string();
    let key = app.note(As::Anonymous, "POST", "/api/rest-auth/login/", &login).await?.json::<Value>().await?;
    app.note(As::Anonymous, "POST", PATH, "").await?;
    app.note(As::Session(&session), "POST", PATH, "").await?;
    let dead = Cookies { session: "dead-and-gone".into(), csrf: String::new() };
    app.note(As::Session(&dead), "POST", PATH, "").await?;
    app.note(As::Token(key["key"].as_str().ok_or("no key")?), "POST", PATH, "").await?;
    insta::assert_snapshot!(app.transcript());
    Ok(())
}

#[tokio::test]
async fn other_methods_are_refused_though_listed() -> Result {
    let mut app = TestApp::start().await?;
    let key = app.register("ada").await?;
    for method in ["GET", "HEAD", "PUT", "OPTIONS"] {
        app.note(As::Token(&key), method, PATH, "").await?;
    }
    insta::assert_snapshot!(app.transcript());
    Ok(())
}
