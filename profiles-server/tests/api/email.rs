//! Confirming an address, and changing it.

use std::time::Duration;

use profiles_core::{Verification, mail::MailKind};
use profiles_server::http::Settings;
use reqwest::Method;
use serde_json::json;

use crate::app::{As, PASSWORD, Result, TestApp};

const VERIFY: &str = "/api/rest-auth/registration/verify-email/";
const RESEND: &str = "/api/rest-auth/registration/resend-email/";
const CHANGE: &str = "/api/rest-auth/email/change/";
const USER: &str = "/api/rest-auth/user/";

fn key(key: &str) -> String {
    json!({ "key": key }).to_string()
}

fn email(email: &str) -> String {
    json!({ "email": email }).to_string()
}

fn change(email: &str, password: &str) -> String {
    json!({ "email": email, "password": password }).to_string()
}

async fn kinds(app: &TestApp, email: &str) -> Result<Vec<MailKind>> {
    Ok(app.mails(email).await?.iter().map(profiles_core::mail::Mail::kind).collect())
}

#[tokio::test]
async fn a_key_confirms_an_address_once() -> Result {
    let mut app = TestApp::start().await?;
    app.register("ada").await?;
    let mailed = app.mailed_key("ada@example.org").await?;
    for body in [
        "{}".to_owned(),
        key(""),
        r#"{"key": null}"#.to_owned(),
        r#"{"key": ["x"]}"#.to_owned(),
        key("a\u{0}b"),
        key("no-such-key"),
        key(mailed.get(..31).ok_or("a short key")?),
        key(&"x".repeat(10_240)),
        key(&format!(" {mailed}\n")),
        key(&mailed),
    ] {
        app.note(As::Anonymous, "POST", VERIFY, &body).await?;
    }
    for method in ["GET", "HEAD", "OPTIONS"] {
        app.note(As::Anonymous, method, VERIFY, "").await?;
    }
    insta::assert_snapshot!(app.transcript());
    app.verify().await
}

#[tokio::test]
async fn confirming_with_a_token_looks_at_no_session() -> Result {
    let mut app = TestApp::start().await?;
    let token = app.register("ada").await?;
    let mailed = app.mailed_key("ada@example.org").await?;
    let answer = app.note(As::Token(&token), "POST", VERIFY, &key(&mailed)).await?;
    assert_eq!((answer.status().as_u16(), answer.headers()["vary"].as_bytes()), (200, &b"Accept"[..]));
    Ok(())
}

#[tokio::test]
async fn where_accounts_need_no_address_another_mail_needs_none() -> Result {
    for (required, status) in [(true, 400), (false, 200)] {
        let settings = profiles_server::http::Settings::default();
        let app = TestApp::start_with(settings, |core| core.email_required = required).await?;
        assert_eq!(app.status(As::Anonymous, "POST", RESEND, "{}").await?, status);
        assert_eq!(app.status(As::Anonymous, "POST", RESEND, r#"{"email": ""}"#).await?, 400);
        let form = app.request(reqwest::Method::POST, RESEND).form(&[("email", "")]);
        assert_eq!(form.send().await?.status(), status);
        for path in [RESEND, "/api/rest-auth/registration/"] {
            let told = app.ask(As::Anonymous, "OPTIONS", path, "").await?;
            assert_eq!(told["actions"]["POST"]["email"]["required"], required, "{path}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_key_ends_after_three_days() -> Result {
    let (app, clock) = TestApp::start_timed(Settings::default(), |_| {}).await?;
    app.register("ada").await?;
    let mailed = app.mailed_key("ada@example.org").await?;
    clock.advance(Duration::from_hours(72));
    assert_eq!(app.status(As::Anonymous, "POST", VERIFY, &key(&mailed)).await?, 404);
    app.ask(As::Anonymous, "POST", RESEND, &email("ada@example.org")).await?;
    let fresh = app.mailed_key("ada@example.org").await?;
    clock.advance(Duration::from_hours(72) - Duration::from_secs(1));
    assert_eq!(app.status(As::Anonymous, "POST", VERIFY, &key(&fresh)).await?, 200);
    app.verify().await
}

#[tokio::test]
async fn where_it_is_mandatory_a_confirmed_address_lets_its_owner_in() -> Result {
    let mandatory = |core: &mut profiles_core::Settings| core.verification = Verification::Mandatory;
    let app = TestApp::start_with(Settings::default(), mandatory).await?;
    let form = json!({
        "username": "ada", "email": "ada@example.org", "password1": PASSWORD, "password2": PASSWORD,
    });
    app.ask(As::Anonymous, "POST", "/api/rest-auth/registration/", &form.to_string()).await?;
    let login = json!({ "username": "ada", "password": PASSWORD }).to_string();
    let logs_in = || app.status(As::Anonymous, "POST", "/api/rest-auth/login/", &login);
    assert_eq!(logs_in().await?, 400);
    // A reset confirms nothing, as in the original.
    app.ask(As::Anonymous, "POST", "/api/rest-auth/password/reset/", &email("ada@example.org")).await?;
    let reset = app.mailed_key("ada@example.org").await?;
    let reset = json!({ "uid": "1", "token": reset, "new_password1": PASSWORD, "new_password2": PASSWORD });
    app.ask(As::Anonymous, "POST", "/api/rest-auth/password/reset/confirm/", &reset.to_string()).await?;
    assert_eq!(logs_in().await?, 400);
    app.ask(As::Anonymous, "POST", RESEND, &email("ada@example.org")).await?;
    let mailed = app.mailed_key("ada@example.org").await?;
    app.ask(As::Anonymous, "POST", VERIFY, &key(&mailed)).await?;
    assert_eq!(logs_in().await?, 200);
    app.verify().await
}

/// An address may be that of several accounts until one of them confirms it.
#[tokio::test]
async fn of_several_accounts_the_first_that_confirms_an_address_has_it() -> Result {
    let app = TestApp::start().await?;
    app.register("ada").await?;
    let first = app.mailed_key("ada@example.org").await?;
    let twin = json!({ "username": "twin", "email": "ada@example.org", "password1": PASSWORD, "password2": PASSWORD });
    app.ask(As::Anonymous, "POST", "/api/rest-auth/registration/", &twin.to_string()).await?;
    // So soon after the first there is no second mail.
    assert_eq!(app.mailed_key("ada@example.org").await?, first);
    assert_eq!(app.status(As::Anonymous, "POST", VERIFY, &key(&first)).await?, 200);
    let registration = json!({
        "username": "third", "email": "ADA@example.org", "password1": PASSWORD, "password2": PASSWORD,
    });
    let answer = app.status(As::Anonymous, "POST", "/api/rest-auth/registration/", &registration.to_string()).await?;
    assert_eq!(answer, 400);
    app.verify().await
}

#[tokio::test]
async fn another_mail_is_sent_to_who_needs_it_and_nobody_is_told() -> Result {
    let mut app = TestApp::start().await?;
    app.register("ada").await?;
    app.register("bob").await?;
    let bob = app.mailed_key("bob@example.org").await?;
    app.ask(As::Anonymous, "POST", VERIFY, &key(&bob)).await?;
    for body in [
        email(" ADA@example.org"),
        email("bob@example.org"),
        email("nobody@example.org"),
        email("nope"),
        email(""),
        "{}".to_owned(),
        r#"{"email": null}"#.to_owned(),
    ] {
        app.note(As::Anonymous, "POST", RESEND, &body).await?;
    }
    app.note(As::Anonymous, "OPTIONS", RESEND, "").await?;
    insta::assert_snapshot!(app.transcript());
    assert_eq!(kinds(&app, "ada@example.org").await?, [MailKind::ConfirmEmail; 2]);
    assert_eq!(kinds(&app, "bob@example.org").await?, [MailKind::ConfirmEmail]);
    assert_eq!(kinds(&app, "nobody@example.org").await?, []);
    app.verify().await
}

#[tokio::test]
async fn an_address_changes_when_the_new_one_is_confirmed_and_the_old_one_is_told() -> Result {
    let mut app = TestApp::start().await?;
    let token = app.register("ada").await?;
    let first = app.mailed_key("ada@example.org").await?;
    app.note(As::Token(&token), "POST", CHANGE, &change("Countess@Example.org ", PASSWORD)).await?;
    app.note(As::Token(&token), "GET", USER, "").await?;
    let mailed = app.mailed_key("countess@example.org").await?;
    app.note(As::Anonymous, "POST", VERIFY, &key(&mailed)).await?;
    app.note(As::Token(&token), "GET", USER, "").await?;
    app.note(As::Anonymous, "POST", VERIFY, &key(&mailed)).await?;
    // What was mailed to the old address is good for nothing now.
    app.note(As::Anonymous, "POST", VERIFY, &key(&first)).await?;
    app.note(As::Anonymous, "POST", RESEND, &email("countess@example.org")).await?;
    app.note(As::Token(&token), "OPTIONS", CHANGE, "").await?;
    insta::assert_snapshot!(app.transcript());
    assert_eq!(kinds(&app, "ada@example.org").await?, [MailKind::ConfirmEmail, MailKind::EmailChanged]);
    assert_eq!(kinds(&app, "countess@example.org").await?, [MailKind::ConfirmNewEmail]);
    app.verify().await
}

#[tokio::test]
async fn a_change_that_does_not_do_is_refused() -> Result {
    let mut app = TestApp::start().await?;
    let token = app.register("ada").await?;
    app.register("bob").await?;
    for name in ["ada", "bob"] {
        let mailed = app.mailed_key(&format!("{name}@example.org")).await?;
        app.ask(As::Anonymous, "POST", VERIFY, &key(&mailed)).await?;
    }
    for body in [
        "{}".to_owned(),
        r#"{"email": null, "password": 1.5}"#.to_owned(),
        change("nope", ""),
        change("new@example.org", "not-the-one"),
        change("ada@example.org", PASSWORD),
        change("BOB@example.org", PASSWORD),
        change("BOB@example.org", "not-the-one"),
        change("new@example.org\r\nBcc: eve@example.org", PASSWORD),
    ] {
        app.note(As::Token(&token), "POST", CHANGE, &body).await?;
    }
    app.note(As::Anonymous, "POST", CHANGE, &change("new@example.org", PASSWORD)).await?;
    insta::assert_snapshot!(app.transcript());
    assert_eq!(app.mails("new@example.org").await?, []);
    assert_eq!(kinds(&app, "bob@example.org").await?, [MailKind::ConfirmEmail]);
    app.verify().await
}

/// Only the last address that was asked for can be confirmed; one that somebody else has meanwhile confirmed can't.
#[tokio::test]
async fn a_change_that_was_overtaken_is_refused() -> Result {
    let app = TestApp::start().await?;
    let token = app.register("ada").await?;
    let verify = async |mailed: &str| -> Result<(u16, String)> {
        let request = app.request(Method::POST, VERIFY).header("Content-Type", "application/json");
        let answer = request.body(key(mailed)).send().await?;
        Ok((answer.status().as_u16(), answer.text().await?))
    };
    app.ask(As::Token(&token), "POST", CHANGE, &change("one@example.org", PASSWORD)).await?;
    let one = app.mailed_key("one@example.org").await?;
    app.ask(As::Token(&token), "POST", CHANGE, &change("two@example.org", PASSWORD)).await?;
    let two = app.mailed_key("two@example.org").await?;
    assert_eq!(verify(&one).await?.0, 404);
    let other = json!({ "username": "bob", "email": "two@example.org", "password1": PASSWORD, "password2": PASSWORD });
    app.ask(As::Anonymous, "POST", "/api/rest-auth/registration/", &other.to_string()).await?;
    let theirs = app.mailed_key("two@example.org").await?;
    assert_eq!(verify(&theirs).await?, (200, r#"{"detail":"ok"}"#.to_owned()));
    let refusal = r#"{"key":["User is already registered with this e-mail address."]}"#;
    assert_eq!(verify(&two).await?, (400, refusal.to_owned()));
    let user = app.ask(As::Token(&token), "GET", USER, "").await?;
    assert_eq!(user["email"], "ada@example.org");
    app.verify().await
}

/// Whoever has taken their account back by a new password does not lose it by a link that was mailed before.
#[tokio::test]
async fn a_change_that_was_asked_for_dies_with_the_password() -> Result {
    let app = TestApp::start().await?;
    let token = app.register("ada").await?;
    app.ask(As::Token(&token), "POST", CHANGE, &change("eve@example.org", PASSWORD)).await?;
    let eves = app.mailed_key("eve@example.org").await?;
    app.ask(As::Anonymous, "POST", "/api/rest-auth/password/reset/", &email("ada@example.org")).await?;
    let reset = app.mailed_key("ada@example.org").await?;
    let reset =
        json!({ "uid": "1", "token": reset, "new_password1": "violet-waltz-47", "new_password2": "violet-waltz-47" });
    app.ask(As::Anonymous, "POST", "/api/rest-auth/password/reset/confirm/", &reset.to_string()).await?;
    assert_eq!(app.status(As::Anonymous, "POST", VERIFY, &key(&eves)).await?, 404);
    app.verify().await
}
