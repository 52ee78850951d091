//! `/api/rest-auth/password/...`

use std::time::Duration;

use profiles_core::{Throttles, mail::MailKind, model::UsernameKey};
use profiles_server::http::Settings;
use reqwest::Method;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::app::{As, Cookies, PASSWORD, Result, TestApp, cookies};

const CHANGE: &str = "/api/rest-auth/password/change/";
const RESET: &str = "/api/rest-auth/password/reset/";
const CONFIRM: &str = "/api/rest-auth/password/reset/confirm/";
const USER: &str = "/api/rest-auth/user/";
const NEW: &str = "violet-waltz-47";

fn new_password(password: &str) -> String {
    json!({ "new_password1": password, "new_password2": password }).to_string()
}

fn old_and_new(old: &str, new: &str) -> String {
    json!({ "old_password": old, "new_password1": new, "new_password2": new }).to_string()
}

fn confirmation(uid: &str, token: &str, password: &str) -> String {
    json!({ "uid": uid, "token": token, "new_password1": password, "new_password2": password }).to_string()
}

async fn logs_in(app: &TestApp, username: &str, password: &str) -> Result<bool> {
    let body = json!({ "username": username, "password": password }).to_string();
    Ok(app.status(As::Anonymous, "POST", "/api/rest-auth/login/", &body).await? == 200)
}

/// Asks for a reset of this address; answers the mailed key.
async fn reset_key(app: &TestApp, email: &str) -> Result<String> {
    app.ask(As::Anonymous, "POST", RESET, &json!({ "email": email }).to_string()).await?;
    app.mailed_key(email).await
}

async fn kinds(app: &TestApp, email: &str) -> Result<Vec<MailKind>> {
    Ok(app.mails(email).await?.iter().map(profiles_core::mail::Mail::kind).collect())
}

#[tokio::test]
async fn a_new_password_is_the_only_one_and_its_owner_is_told() -> Result {
    let mut app = TestApp::start().await?;
    let key = app.register("ada").await?;
    app.note(As::Token(&key), "POST", CHANGE, &new_password(NEW)).await?;
    app.note(As::Token(&key), "GET", USER, "").await?;
    // The same again is allowed, as in the original, and white space around it is cut off.
    app.note(As::Token(&key), "POST", CHANGE, &new_password(&format!("  {NEW}\n"))).await?;
    insta::assert_snapshot!(app.transcript());
    assert!(logs_in(&app, "ada", NEW).await?);
    assert!(!logs_in(&app, "ada", PASSWORD).await?);
    let told = [MailKind::ConfirmEmail, MailKind::PasswordChanged, MailKind::PasswordChanged];
    assert_eq!(kinds(&app, "ada@example.org").await?, told);
    app.verify().await
}

/// What still works after a change, for each pair of settings: the token by which it was changed, another token, a
/// session, a personal token.
#[tokio::test]
async fn what_ends_with_a_password_is_configured() -> Result {
    for (revoke, log_out, works) in [
        (true, false, [200, 401, 401, 401]),
        (true, true, [401, 401, 401, 401]),
        (false, false, [200, 200, 401, 200]),
        (false, true, [200, 200, 401, 200]),
    ] {
        let settings = |core: &mut profiles_core::Settings| {
            core.revoke_on_password_change = revoke;
            core.log_out_on_password_change = log_out;
        };
        let app = TestApp::start_with(Settings::default(), settings).await?;
        let (own, session) = (app.register("ada").await?, app.session("ada").await?);
        let login = json!({ "username": "ada", "password": PASSWORD }).to_string();
        let other = app.ask(As::Anonymous, "POST", "/api/rest-auth/login/", &login).await?;
        let token = r#"{"name": "robot", "scopes": ["account:read"]}"#;
        let personal = app.ask(As::Token(&own), "POST", "/api/rest-auth/tokens/", token).await?;
        app.ask(As::Token(&own), "POST", CHANGE, &new_password(NEW)).await?;
        let (other, personal) = (other["key"].as_str(), personal["key"].as_str());
        let mut answers = [0; 4];
        for (answer, key) in answers.iter_mut().zip([Some(&*own), other, None, personal]) {
            let by = key.map_or(As::Session(&session), As::Token);
            *answer = app.status(by, "GET", USER, "").await?;
        }
        assert_eq!(answers, works, "revoke {revoke}, log out {log_out}");
        app.verify().await?;
    }
    Ok(())
}

#[tokio::test]
async fn the_session_by_which_it_is_changed_goes_on_unless_it_is_configured_otherwise() -> Result {
    for (log_out, after) in [(false, 200), (true, 401)] {
        let settings = |core: &mut profiles_core::Settings| core.log_out_on_password_change = log_out;
        let app = TestApp::start_with(Settings::default(), settings).await?;
        app.register("ada").await?;
        let (own, other) = (app.session("ada").await?, app.session("ada").await?);
        let renewed = change(&app, As::Session(&own), None).await?;
        let renewed = Cookies { session: renewed, csrf: own.csrf.clone() };
        assert_eq!(app.status(As::Session(&renewed), "GET", USER, "").await?, after);
        assert_eq!(app.status(As::Session(&own), "GET", USER, "").await?, 401, "whoever knows the old id is out");
        assert_eq!(app.status(As::Session(&other), "GET", USER, "").await?, 401);
        assert_eq!(renewed.session.is_empty(), log_out);
        app.verify().await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_session_beside_a_token_is_renewed_if_it_is_ones_own() -> Result {
    let app = TestApp::start().await?;
    let key = app.register("ada").await?;
    app.register("bob").await?;
    let (own, bobs) = (app.session("ada").await?, app.session("bob").await?);
    let renewed = change(&app, As::Token(&key), Some(&own.session)).await?;
    let renewed = Cookies { session: renewed, csrf: own.csrf.clone() };
    assert_eq!(app.status(As::Session(&renewed), "PATCH", USER, "{}").await?, 200);
    assert_eq!(app.status(As::Session(&own), "GET", USER, "").await?, 401);
    // A cookie for nobody is of no use.
    for session in [None, Some(own.session.as_str()), Some(&bobs.session), Some(&key)] {
        assert_eq!(change(&app, As::Token(&key), session).await?, "", "{session:?}");
    }
    assert_eq!(app.status(As::Session(&bobs), "GET", USER, "").await?, 200, "it is none of theirs");
    app.verify().await
}

/// Changes the password; answers the session id that the answer sets, or nothing.
async fn change(app: &TestApp, by: As<'_>, beside: Option<&str>) -> Result<String> {
    let mut request = app.request(Method::POST, CHANGE).header("Content-Type", "application/json");
    request = match by {
        As::Anonymous => request,
        As::Token(key) => request.header("Authorization", format!("Token {key}")),
        As::Session(cookies) => request
            .header("Cookie", format!("sessionid={}; csrftoken={}", cookies.session, cookies.csrf))
            .header("X-CSRFToken", &cookies.csrf),
    };
    if let Some(session) = beside {
        request = request.header("Cookie", format!("sessionid={session}"));
    }
    let answer = request.body(new_password(NEW)).send().await?.error_for_status()?;
    Ok(cookies(&answer).session)
}

#[tokio::test]
async fn a_change_that_ends_the_login_looks_at_no_session() -> Result {
    for (log_out, vary) in [(false, "Accept, Cookie"), (true, "Accept")] {
        let settings = |core: &mut profiles_core::Settings| core.log_out_on_password_change = log_out;
        let mut app = TestApp::start_with(Settings::default(), settings).await?;
        let key = app.register("ada").await?;
        let answer = app.note(As::Token(&key), "POST", CHANGE, &new_password(NEW)).await?;
        assert_eq!(answer.headers()["vary"], vary);
    }
    Ok(())
}

#[tokio::test]
async fn the_number_of_an_account_is_read_as_python_reads_it() -> Result {
    let app = TestApp::start().await?;
    app.register("ada").await?;
    for (uid, is_ada) in [
        ("1", true),
        ("+1", true),
        ("0_1", true),
        ("\u{a0}1 ", true),
        ("\u{661}", true),
        ("0000000000001", true),
        ("00000000000001", false),
        ("1_", false),
        ("-1", false),
        ("0x1", false),
        ("", false),
    ] {
        let request = app.request(Method::POST, CONFIRM).header("Content-Type", "application/json");
        let answer = request.body(confirmation(uid, "no-such-token", NEW)).send().await?.text().await?;
        assert_eq!(answer.starts_with(r#"{"token":"#), is_ada, "{uid:?}: {answer}");
    }
    Ok(())
}

#[tokio::test]
async fn what_is_wrong_with_a_change_is_told_as_djangos_form_tells_it() -> Result {
    let mut app = TestApp::start().await?;
    let key = app.register("ada-lovelace").await?;
    app.ask(As::Token(&key), "PATCH", USER, r#"{"first_name": "Augusta", "last_name": "Byron-King"}"#).await?;
    for body in [
        json!({}),
        json!({ "new_password1": null, "new_password2": ["x"] }),
        json!({ "new_password1": "", "new_password2": "   " }),
        json!({ "new_password1": NEW, "new_password2": "another-waltz-47" }),
        json!({ "new_password1": "x", "new_password2": "y" }),
        json!({ "new_password1": "8451", "new_password2": "8451" }),
        json!({ "new_password1": "ada-lovelace1", "new_password2": "ada-lovelace1" }),
        json!({ "new_password1": "augusta1", "new_password2": "augusta1" }),
        json!({ "new_password1": "byron-king", "new_password2": "byron-king" }),
        json!({ "new_password1": "ada-lovelace@example.org", "new_password2": "ada-lovelace@example.org" }),
        json!({ "new_password1": "é".repeat(129), "new_password2": "é".repeat(129) }),
        json!({ "new_password1": "a\u{0}", "new_password2": 12 }),
    ] {
        app.note(As::Token(&key), "POST", CHANGE, &body.to_string()).await?;
    }
    let surrogate = r#"{"new_password1": "\ud800 and more", "new_password2": "\udfff"}"#;
    app.note(As::Token(&key), "POST", CHANGE, surrogate).await?;
    app.note(As::Anonymous, "POST", CHANGE, &new_password(NEW)).await?;
    app.note(As::Token(&key), "GET", CHANGE, "").await?;
    app.note(As::Token(&key), "OPTIONS", CHANGE, "").await?;
    insta::assert_snapshot!(app.transcript());
    assert!(logs_in(&app, "ada-lovelace", PASSWORD).await?);
    app.ask(As::Token(&key), "POST", CHANGE, &new_password(&"é".repeat(128))).await?;
    assert!(logs_in(&app, "ada-lovelace", &"é".repeat(128)).await?);
    Ok(())
}

#[tokio::test]
async fn the_present_password_is_asked_for_where_configured() -> Result {
    let old = |core: &mut profiles_core::Settings| core.old_password = true;
    let mut app = TestApp::start_with(Settings::default(), old).await?;
    let key = app.register("ada").await?;
    for body in [
        new_password(NEW),
        old_and_new("", "8451"),
        old_and_new("not-the-one", NEW),
        old_and_new("not-the-one", ""),
        old_and_new(&"x".repeat(129), NEW),
        old_and_new(PASSWORD, "8451"),
        old_and_new(&format!(" {PASSWORD} "), NEW),
        old_and_new(PASSWORD, PASSWORD),
    ] {
        app.note(As::Token(&key), "POST", CHANGE, &body).await?;
    }
    app.note(As::Token(&key), "OPTIONS", CHANGE, "").await?;
    insta::assert_snapshot!(app.transcript());
    assert!(logs_in(&app, "ada", NEW).await?);
    app.verify().await
}

/// Whoever knows the present password and looks for a new one that will do is no guesser.
#[tokio::test]
async fn a_right_present_password_is_not_counted_whatever_is_wrong_with_the_new_one() -> Result {
    let guarded = |core: &mut profiles_core::Settings| {
        core.old_password = true;
        core.throttles = Throttles::default();
    };
    let (app, _clock) = TestApp::start_timed(Settings::default(), guarded).await?;
    let key = app.register("ada").await?;
    for _ in 0..12 {
        assert_eq!(app.status(As::Token(&key), "POST", CHANGE, &old_and_new(PASSWORD, "8451")).await?, 400);
        assert_eq!(app.status(As::Token(&key), "POST", CHANGE, &old_and_new(PASSWORD, "")).await?, 400);
    }
    for _ in 0..10 {
        assert_eq!(app.status(As::Token(&key), "POST", CHANGE, &old_and_new("wrong", NEW)).await?, 400);
    }
    assert_eq!(app.status(As::Token(&key), "POST", CHANGE, &old_and_new("wrong", NEW)).await?, 429);
    assert_eq!(app.status(As::Token(&key), "POST", CHANGE, &old_and_new(PASSWORD, NEW)).await?, 429);
    app.verify().await
}

/// A request whose body comes slowly outlives the login that sends it. It must not take the account back from whoever has
/// just ended that login.
#[tokio::test]
async fn a_change_that_was_under_way_when_its_login_ended_changes_nothing() -> Result {
    let app = TestApp::start().await?;
    let stolen = app.register("ada").await?;
    for (path, body) in [(CHANGE, new_password(NEW)), ("/api/rest-auth/tokens/", r#"{"name": "back door"}"#.to_owned())]
    {
        let stolen = if path == CHANGE { stolen.clone() } else { log_in(&app, "violet-reset-47").await? };
        let mut slow = TcpStream::connect(app.url.trim_start_matches("http://")).await?;
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Token {stolen}\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\nExpect: 100-continue\r\n\r\n",
            body.len()
        );
        slow.write_all(head.as_bytes()).await?;
        // The server asks for the body once it knows who sends it.
        let mut asked = [0; 25];
        slow.read_exact(&mut asked).await?;
        assert!(asked.starts_with(b"HTTP/1.1 100"), "{}", String::from_utf8_lossy(&asked));
        let key = reset_key(&app, "ada@example.org").await?;
        app.ask(As::Anonymous, "POST", CONFIRM, &confirmation("1", &key, "violet-reset-47")).await?;
        slow.write_all(body.as_bytes()).await?;
        let mut answer = String::new();
        slow.read_to_string(&mut answer).await?;
        assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
        assert!(logs_in(&app, "ada", "violet-reset-47").await?);
    }
    assert!(!logs_in(&app, "ada", NEW).await?);
    app.verify().await
}

async fn log_in(app: &TestApp, password: &str) -> Result<String> {
    let body = json!({ "username": "ada", "password": password }).to_string();
    let answer = app.ask(As::Anonymous, "POST", "/api/rest-auth/login/", &body).await?;
    Ok(answer["key"].as_str().ok_or("no key")?.to_owned())
}

#[tokio::test]
async fn a_reset_does_not_tell_whose_an_address_is() -> Result {
    let mut app = TestApp::start().await?;
    app.register("ada").await?;
    app.register("sleeper").await?;
    app.core.set_active(&UsernameKey::of("sleeper"), false).await?;
    for body in [
        json!({ "email": "ada@example.org" }),
        json!({ "email": " ADA@Example.ORG " }),
        json!({ "email": "nobody@example.org" }),
        json!({ "email": "sleeper@example.org" }),
        json!({}),
        json!({ "email": "" }),
        json!({ "email": null }),
        json!({ "email": ["ada@example.org"] }),
        json!({ "email": "ada" }),
        json!({ "email": "ada@example.org\nBcc: eve@example.org" }),
        json!({ "email": "ada@example.org,eve@example.org" }),
        json!({ "email": format!("{}@example.org", "x".repeat(10_240)) }),
        // A Cyrillic letter in the name, a Greek one in the host: others' addresses, or none.
        json!({ "email": "аda@example.org" }),
        json!({ "email": "ada@exαmple.org" }),
    ] {
        app.note(As::Anonymous, "POST", RESET, &body.to_string()).await?;
    }
    app.note(As::Anonymous, "GET", RESET, "").await?;
    app.note(As::Anonymous, "OPTIONS", RESET, "").await?;
    insta::assert_snapshot!(app.transcript());
    let resets = kinds(&app, "ada@example.org").await?;
    assert_eq!(resets, [MailKind::ConfirmEmail, MailKind::ResetPassword, MailKind::ResetPassword]);
    for nobody in ["nobody@example.org", "ada@exαmple.org", "eve@example.org"] {
        assert_eq!(app.mails(nobody).await?, []);
    }
    assert_eq!(kinds(&app, "sleeper@example.org").await?, [MailKind::ConfirmEmail]);
    app.verify().await
}

/// An address that nobody has confirmed may be that of several accounts. Each has a key of its own.
#[tokio::test]
async fn each_account_of_an_address_gets_a_key_that_is_for_it_alone() -> Result {
    let app = TestApp::start().await?;
    app.register("ada").await?;
    let twin = json!({ "username": "twin", "email": "ada@example.org", "password1": PASSWORD, "password2": PASSWORD });
    app.ask(As::Anonymous, "POST", "/api/rest-auth/registration/", &twin.to_string()).await?;
    let key = reset_key(&app, "ada@example.org").await?;
    let resets = kinds(&app, "ada@example.org").await?.into_iter().filter(|kind| *kind == MailKind::ResetPassword);
    assert_eq!(resets.count(), 2);
    assert_eq!(app.status(As::Anonymous, "POST", CONFIRM, &confirmation("1", &key, NEW)).await?, 400);
    assert_eq!(app.status(As::Anonymous, "POST", CONFIRM, &confirmation("2", &key, NEW)).await?, 200);
    assert!(logs_in(&app, "twin", NEW).await?);
    assert!(logs_in(&app, "ada", PASSWORD).await?);
    app.verify().await
}

#[tokio::test]
async fn a_reset_key_works_once_and_ends_every_login() -> Result {
    let mut app = TestApp::start().await?;
    let (token, session) = (app.register("ada").await?, app.session("ada").await?);
    app.register("bob").await?;
    let confirmation_key = app.mailed_key("ada@example.org").await?;
    let key = reset_key(&app, "ada@example.org").await?;
    let truncated = key.get(..31).ok_or("a short key")?;
    for body in [
        json!({}).to_string(),
        json!({ "uid": "", "token": null, "new_password1": "x", "new_password2": [] }).to_string(),
        json!({ "uid": "a\u{0}", "token": "a\u{0}", "new_password1": NEW, "new_password2": NEW }).to_string(),
        confirmation("zzzz", &key, "8451"),
        confirmation("1_", &key, NEW),
        confirmation("1", truncated, NEW),
        confirmation("1", &key.to_uppercase(), NEW),
        confirmation("1", &confirmation_key, NEW),
        confirmation("1", &"x".repeat(10_240), NEW),
        confirmation("2", &key, NEW),
        confirmation("1", &key, "8451"),
        json!({ "uid": "1", "token": key, "new_password1": NEW, "new_password2": "other-waltz-47" }).to_string(),
        confirmation("1", &key, &"é".repeat(129)),
        confirmation("1", &format!(" {key} "), NEW),
        confirmation("1", &key, NEW),
    ] {
        app.note(As::Anonymous, "POST", CONFIRM, &body).await?;
    }
    app.note(As::Token(&token), "GET", USER, "").await?;
    app.note(As::Session(&session), "GET", USER, "").await?;
    app.note(As::Anonymous, "OPTIONS", CONFIRM, "").await?;
    insta::assert_snapshot!(app.transcript());
    assert!(logs_in(&app, "ada", NEW).await?);
    assert_eq!(kinds(&app, "ada@example.org").await?.last(), Some(&MailKind::PasswordChanged));
    app.verify().await
}

#[tokio::test]
async fn a_reset_key_dies_with_what_it_was_asked_for() -> Result {
    let (app, clock) = TestApp::start_timed(Settings::default(), |_| {}).await?;
    let token = app.register("ada").await?;
    let refused = async |key: &str, why: &str| -> Result {
        let answer = app.request(Method::POST, CONFIRM).header("Content-Type", "application/json");
        let answer = answer.body(confirmation("1", key, NEW)).send().await?;
        assert_eq!(answer.text().await?, r#"{"token":["Invalid value"]}"#, "after {why}");
        Ok(())
    };

    let key = reset_key(&app, "ada@example.org").await?;
    app.session("ada").await?;
    refused(&key, "a login").await?;

    let key = reset_key(&app, "ada@example.org").await?;
    app.ask(As::Token(&token), "POST", CHANGE, &new_password(PASSWORD)).await?;
    refused(&key, "a change of password").await?;

    let (first, second) = (reset_key(&app, "ada@example.org").await?, reset_key(&app, "ada@example.org").await?);
    app.ask(As::Anonymous, "POST", CONFIRM, &confirmation("1", &second, PASSWORD)).await?;
    refused(&first, "another reset").await?;

    let token = log_in(&app, PASSWORD).await?;
    let key = reset_key(&app, "ada@example.org").await?;
    let change = json!({ "email": "countess@example.org", "password": PASSWORD }).to_string();
    app.ask(As::Token(&token), "POST", "/api/rest-auth/email/change/", &change).await?;
    let confirm = json!({ "key": app.mailed_key("countess@example.org").await? }).to_string();
    app.ask(As::Anonymous, "POST", "/api/rest-auth/registration/verify-email/", &confirm).await?;
    refused(&key, "a change of address").await?;

    let key = reset_key(&app, "countess@example.org").await?;
    clock.advance(Duration::from_hours(72) - Duration::from_secs(1));
    let weak = app.status(As::Anonymous, "POST", CONFIRM, &confirmation("1", &key, "x")).await?;
    assert_eq!(weak, 400, "a weak password does not use a key up");
    clock.advance(Duration::from_secs(1));
    refused(&key, "three days").await?;
    app.verify().await
}
