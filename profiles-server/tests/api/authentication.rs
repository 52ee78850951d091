//! Tokens, sessions and CSRF, whatever they are used for.

use profiles_core::{model::UsernameKey, permissions::Reads};
use profiles_server::http::{AuthenticationOrder, Settings};
use reqwest::Method;

use crate::app::{As, Cookies, Result, TestApp};

const USER: &str = "/api/rest-auth/user/";

#[tokio::test]
async fn the_authorization_header_is_read_as_the_original_reads_it() -> Result {
    let mut app = TestApp::start().await?;
    let key = app.register("ada").await?;
    for (title, value) in [
        ("other scheme", format!("Bearer {key}").into_bytes()),
        ("no key", b"Token".to_vec()),
        ("two keys", b"Token a b".to_vec()),
        ("no text", b"Token \xe9\xff".to_vec()),
        ("unknown key", format!("Token {}", "9".repeat(40)).into_bytes()),
        ("upper case", format!("Token {}", key.to_uppercase()).into_bytes()),
        ("small scheme, two spaces", format!("token  {key}").into_bytes()),
    ] {
        let request = app.request(Method::GET, USER).header("Authorization", value);
        app.note_request(title, request).await?;
    }
    let request = app.request(Method::GET, "/api/profiles/1/").header("Authorization", "Token x");
    app.note_request("a bad token on an open read", request).await?;
    app.core.set_active(&UsernameKey::of("ada"), false).await?;
    app.note(As::Token(&key), "GET", USER, "").await?;
    insta::assert_snapshot!(app.transcript());
    Ok(())
}

#[tokio::test]
async fn a_session_needs_proof_for_what_is_unsafe() -> Result {
    let mut app = TestApp::start().await?;
    let key = app.register("ada").await?;
    let good = app.session("ada").await?;
    let body = r#"{"status_content": "x"}"#;
    let post = |app: &TestApp| {
        let cookie = format!("sessionid={}; csrftoken={}", good.session, good.csrf);
        app.request(Method::POST, "/api/profile-status/")
            .header("Cookie", cookie)
            .header("Content-Type", "application/json")
            .body(body)
    };
    app.note(As::Session(&good), "POST", "/api/profile-status/", body).await?;
    for (title, header, value) in [
        ("no proof", "X-Nothing", "x".to_owned()),
        ("short", "X-CSRFToken", "abc".to_owned()),
        ("wrong", "X-CSRFToken", "b".repeat(32)),
        ("no alphabet", "X-CSRFToken", "-".repeat(32)),
        ("another token header wins", "Authorization", format!("Token {key}")),
    ] {
        let request = post(&app).header(header, value);
        app.note_request(title, request).await?;
    }
    let request = post(&app).header("X-CSRFToken", &good.csrf).header("Origin", "http://evil.example");
    app.note_request("another site", request).await?;
    let request = post(&app).header("X-CSRFToken", &good.csrf).header("Origin", app.url.clone());
    app.note_request("our own page", request).await?;
    let request = app
        .request(Method::POST, "/api/profile-status/")
        .header("Cookie", format!("sessionid={}; csrftoken={}", good.session, good.csrf));
    let form = [("status_content", "from a form"), ("csrfmiddlewaretoken", &good.csrf)];
    app.note_request("a form field", request.form(&form)).await?;
    let dead = Cookies { session: "zzz".into(), csrf: good.csrf.clone() };
    app.note(As::Session(&dead), "GET", USER, "").await?;
    insta::assert_snapshot!(app.transcript());
    Ok(())
}

#[tokio::test]
async fn a_post_is_read_before_its_proof_and_after_its_origin() -> Result {
    let mut app = TestApp::start().await?;
    app.register("ada").await?;
    let good = app.session("ada").await?;
    for (title, content_type, body) in [
        ("malformed", "application/json", "{bad"),
        ("no media type", "text/plain", "x"),
        ("no object", "application/json", "[]"),
        ("a field of JSON is no proof", "application/json", &format!(r#"{{"csrfmiddlewaretoken": "{}"}}"#, good.csrf)),
        ("a form in capitals", "Application/X-WWW-Form-Urlencoded", &format!("csrfmiddlewaretoken={}", good.csrf)),
    ] {
        for (method, path) in [(Method::POST, "/api/profiles/"), (Method::PUT, "/api/profiles/1/")] {
            let cookie = format!("sessionid={}; csrftoken={}", good.session, good.csrf);
            let request =
                app.request(method.clone(), path).header("Cookie", cookie).header("Content-Type", content_type);
            app.note_request(&format!("{method} {title}"), request.body(body.to_owned())).await?;
        }
    }
    let cookie = format!("sessionid={}; csrftoken={}", good.session, good.csrf);
    let request = app.request(Method::POST, "/api/profiles/").header("Cookie", cookie).body("x");
    app.note_request("another site", request.header("Origin", "http://evil.example")).await?;
    insta::assert_snapshot!(app.transcript());
    Ok(())
}

#[tokio::test]
async fn a_csrf_cookie_that_cannot_be_one_is_replaced() -> Result {
    let mut app = TestApp::start().await?;
    let key = app.register("ada").await?;
    let good = app.session("ada").await?;
    for broken in ["", "abc", &"-".repeat(32)] {
        let cookies = Cookies { session: good.session.clone(), csrf: broken.to_owned() };
        app.note(As::Session(&cookies), "GET", USER, "").await?;
        app.note(As::Session(&cookies), "PATCH", USER, "{}").await?;
    }
    let request = app.request(Method::GET, "/api/profiles/").header("Cookie", "csrftoken=x");
    app.note_request("with a token", request.header("Authorization", format!("Token {key}"))).await?;
    let request = app.request(Method::GET, "/api/profiles/").header("Cookie", "csrftoken=x; sessionid=dead");
    app.note_request("beside a dead session", request).await?;
    insta::assert_snapshot!(app.transcript());
    Ok(())
}

#[tokio::test]
async fn a_session_cookie_that_cannot_be_one_is_taken_away() -> Result {
    let mut app = TestApp::start().await?;
    let key = app.register("ada").await?;
    for path in ["/api/profiles/1/", "/api/profiles/?format=xml", "/api/profiles", "/api/nope/"] {
        for cookie in ["sessionid=", "sessionid=1234567", "sessionid=12345678"] {
            let request = app.request(Method::GET, path).header("Cookie", cookie);
            let title = format!("{path} with {cookie}");
            app.note_request(&title, request.header("Authorization", format!("Token {key}"))).await?;
        }
    }
    insta::assert_snapshot!(app.transcript());
    Ok(())
}

#[tokio::test]
async fn where_sessions_come_first_anonymous_is_403() -> Result {
    let mut settings = Settings::default();
    settings.authentication = AuthenticationOrder::SessionFirst;
    let mut app = TestApp::start_with(settings, |core| core.reads = Reads::Authenticated).await?;
    let key = app.register("ada").await?;
    app.note(As::Anonymous, "GET", USER, "").await?;
    app.note(As::Anonymous, "GET", "/api/profiles/", "").await?;
    app.note(As::Token("x"), "GET", USER, "").await?;
    app.note(As::Token("x y"), "GET", "/api/profiles/", "").await?;
    let request = app.request(Method::GET, USER).header("Cookie", "sessionid=dead-and-gone");
    app.note_request("a bad token beside a dead session", request.header("Authorization", "Token x")).await?;
    app.note(As::Token(&key), "GET", USER, "").await?;
    insta::assert_snapshot!(app.transcript());
    Ok(())
}
