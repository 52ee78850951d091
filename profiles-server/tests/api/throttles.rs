//! What may not be tried too often.

use std::{sync::Arc, time::Duration};

use profiles_core::{Throttles, mail::MailKind, testkit::ManualClock};
use profiles_server::http::Settings;
use serde_json::json;

use crate::app::{As, PASSWORD, Result, TestApp};

const LOGIN: &str = "/api/rest-auth/login/";
const REGISTRATION: &str = "/api/rest-auth/registration/";
const RESET: &str = "/api/rest-auth/password/reset/";
const RESEND: &str = "/api/rest-auth/registration/resend-email/";
const VERIFY: &str = "/api/rest-auth/registration/verify-email/";

/// A server with the limits of a new deployment, which believes the test about where requests come from.
async fn start() -> Result<(TestApp, Arc<ManualClock>)> {
    let mut settings = Settings::default();
    settings.trusted_proxies = vec!["127.0.0.1".parse()?];
    let (mut app, clock) = TestApp::start_timed(settings, |core| core.throttles = Throttles::default()).await?;
    app.forwarded_for = Some("203.0.113.1");
    Ok((app, clock))
}

fn login(username: &str, password: &str) -> String {
    json!({ "username": username, "password": password }).to_string()
}

fn registration(name: &str, email: &str) -> String {
    json!({ "username": name, "email": email, "password1": PASSWORD, "password2": PASSWORD }).to_string()
}

fn email(email: &str) -> String {
    json!({ "email": email }).to_string()
}

#[tokio::test]
async fn wrong_passwords_make_whoever_tries_wait_and_nobody_else() -> Result {
    let (mut app, clock) = start().await?;
    app.register("ada").await?;
    let (wrong, right) = (login("ada", "not-the-one"), login("ADA", PASSWORD));
    for _ in 0..10 {
        assert_eq!(app.status(As::Anonymous, "POST", LOGIN, &wrong).await?, 400);
    }
    app.note(As::Anonymous, "POST", LOGIN, &wrong).await?;
    app.note(As::Anonymous, "POST", LOGIN, &right).await?;
    clock.advance(Duration::from_secs(29));
    app.note(As::Anonymous, "POST", LOGIN, &right).await?;
    // The owner comes from somewhere else, and is not held up.
    app.forwarded_for = Some("203.0.113.2");
    assert_eq!(app.status(As::Anonymous, "POST", LOGIN, &right).await?, 200);
    app.forwarded_for = Some("203.0.113.1");
    clock.advance(Duration::from_secs(1));
    assert_eq!(app.status(As::Anonymous, "POST", LOGIN, &wrong).await?, 400);
    app.note(As::Anonymous, "POST", LOGIN, &right).await?;
    clock.advance(Duration::from_mins(1));
    assert_eq!(app.status(As::Anonymous, "POST", LOGIN, &right).await?, 200);
    // A right one wipes the slate.
    for _ in 0..10 {
        assert_eq!(app.status(As::Anonymous, "POST", LOGIN, &wrong).await?, 400);
    }
    assert_eq!(app.status(As::Anonymous, "POST", LOGIN, &wrong).await?, 429);
    insta::assert_snapshot!(app.transcript());
    app.verify().await
}

/// Waits double, to a quarter of an hour and no longer, and after a day without a try all is forgotten.
#[tokio::test]
async fn waits_grow_to_a_bound_and_end() -> Result {
    let (app, clock) = start().await?;
    app.register("ada").await?;
    let wrong = login("ada", "not-the-one");
    for _ in 0..10 {
        assert_eq!(app.status(As::Anonymous, "POST", LOGIN, &wrong).await?, 400);
    }
    for wait in [30, 60, 120, 240, 480, 900, 900] {
        clock.advance(Duration::from_secs(wait - 1));
        assert_eq!(app.status(As::Anonymous, "POST", LOGIN, &wrong).await?, 429, "{wait}");
        clock.advance(Duration::from_secs(1));
        assert_eq!(app.status(As::Anonymous, "POST", LOGIN, &wrong).await?, 400, "{wait}");
    }
    clock.advance(Duration::from_hours(24));
    for _ in 0..10 {
        assert_eq!(app.status(As::Anonymous, "POST", LOGIN, &wrong).await?, 400);
    }
    assert_eq!(app.status(As::Anonymous, "POST", LOGIN, &wrong).await?, 429);
    app.verify().await
}

/// Nobody learns from a throttle who has an account.
#[tokio::test]
async fn an_account_that_is_not_there_is_guarded_as_one_that_is() -> Result {
    let (mut app, _clock) = start().await?;
    app.register("ada").await?;
    for name in ["ada", "Nobody", "ada@example.org", "two words", "😀"] {
        for _ in 0..10 {
            assert_eq!(app.status(As::Anonymous, "POST", LOGIN, &login(name, "not-the-one")).await?, 400, "{name}");
        }
        app.note(As::Anonymous, "POST", LOGIN, &login(&name.to_uppercase(), "not-the-one")).await?;
    }
    insta::assert_snapshot!(app.transcript());
    app.verify().await
}

/// Nor whose an address is, where both name and address will do.
#[tokio::test]
async fn tries_by_name_and_by_address_are_counted_apart() -> Result {
    let guarded = |core: &mut profiles_core::Settings| {
        core.throttles = Throttles::default();
        core.login_by = profiles_core::LoginBy::Either;
    };
    let (app, _clock) = TestApp::start_timed(Settings::default(), guarded).await?;
    app.register("ada").await?;
    for _ in 0..10 {
        assert_eq!(app.status(As::Anonymous, "POST", LOGIN, &login("ada", "not-the-one")).await?, 400);
    }
    assert_eq!(app.status(As::Anonymous, "POST", LOGIN, &login("ada", "not-the-one")).await?, 429);
    for address in ["ada@example.org", "nobody@example.org"] {
        assert_eq!(app.status(As::Anonymous, "POST", LOGIN, &login(address, "not-the-one")).await?, 400);
    }
    Ok(())
}

#[tokio::test]
async fn who_tries_many_accounts_has_to_wait_too() -> Result {
    let (mut app, _clock) = start().await?;
    app.register("ada").await?;
    for number in 0..100 {
        let body = login(&format!("name{number}"), "not-the-one");
        assert_eq!(app.status(As::Anonymous, "POST", LOGIN, &body).await?, 400);
    }
    assert_eq!(app.status(As::Anonymous, "POST", LOGIN, &login("ada", PASSWORD)).await?, 429);
    // An IPv6 client is a network of 64 bits.
    app.forwarded_for = Some("2001:db8:1:2::1");
    for number in 0..100 {
        let body = login(&format!("name{number}"), "not-the-one");
        assert_eq!(app.status(As::Anonymous, "POST", LOGIN, &body).await?, 400);
    }
    app.forwarded_for = Some("2001:db8:1:2:ffff::1");
    assert_eq!(app.status(As::Anonymous, "POST", LOGIN, &login("ada", PASSWORD)).await?, 429);
    app.forwarded_for = Some("2001:db8:1:3::1");
    assert_eq!(app.status(As::Anonymous, "POST", LOGIN, &login("ada", PASSWORD)).await?, 200);
    app.verify().await
}

#[tokio::test]
async fn registrations_are_limited_and_so_is_asking_for_addresses() -> Result {
    let (mut app, clock) = start().await?;
    app.register("ada").await?;
    let key = json!({ "key": app.mailed_key("ada@example.org").await? }).to_string();
    app.ask(As::Anonymous, "POST", VERIFY, &key).await?;
    // A form that does not do tells nothing of anybody's address, and is not counted.
    for _ in 0..100 {
        let body = registration("ada", "new@example.org");
        assert_eq!(app.status(As::Anonymous, "POST", REGISTRATION, &body).await?, 400);
    }
    for number in 0..30 {
        let body = registration(&format!("name{number}"), &format!("name{number}@example.org"));
        assert_eq!(app.status(As::Anonymous, "POST", REGISTRATION, &body).await?, 201);
    }
    for _ in 0..29 {
        let body = registration("another", "ada@example.org");
        assert_eq!(app.status(As::Anonymous, "POST", REGISTRATION, &body).await?, 400);
    }
    app.note(As::Anonymous, "POST", REGISTRATION, &registration("another", "ada@example.org")).await?;
    app.note(As::Anonymous, "POST", REGISTRATION, &registration("another", "another@example.org")).await?;
    clock.advance(Duration::from_mins(1));
    app.note(As::Anonymous, "POST", REGISTRATION, &registration("another", "another@example.org")).await?;
    app.note(As::Anonymous, "POST", REGISTRATION, &registration("third", "third@example.org")).await?;
    app.forwarded_for = Some("203.0.113.2");
    assert_eq!(
        app.status(As::Anonymous, "POST", REGISTRATION, &registration("third", "third@example.org")).await?,
        201
    );
    insta::assert_snapshot!(app.transcript());
    app.verify().await
}

#[tokio::test]
async fn one_client_asks_for_so_many_mails() -> Result {
    let (mut app, clock) = start().await?;
    for number in 0..30 {
        let body = email(&format!("name{number}@example.org"));
        assert_eq!(app.status(As::Anonymous, "POST", RESET, &body).await?, 200);
        assert_eq!(app.status(As::Anonymous, "POST", RESEND, &body).await?, 200);
    }
    app.note(As::Anonymous, "POST", RESET, &email("name@example.org")).await?;
    app.note(As::Anonymous, "POST", RESEND, &email("name@example.org")).await?;
    clock.advance(Duration::from_mins(1));
    app.note(As::Anonymous, "POST", RESET, &email("name@example.org")).await?;
    insta::assert_snapshot!(app.transcript());
    app.verify().await
}

/// Whoever asks, an address gets so many mails and then no more for a while; the answer is the same.
#[tokio::test]
async fn nobody_is_sent_mails_in_masses() -> Result {
    let (mut app, clock) = start().await?;
    app.register("ada").await?;
    let clients = ["203.0.113.1", "203.0.113.2", "203.0.113.3", "203.0.113.4"];
    for (path, kind) in [(RESET, MailKind::ResetPassword), (RESEND, MailKind::ConfirmEmail)] {
        let count = async |app: &TestApp| -> Result<usize> {
            let mails = app.mails("ada@example.org").await?;
            Ok(mails.iter().filter(|mail| mail.kind() == kind).count())
        };
        let before = count(&app).await?;
        for number in 0..12 {
            app.forwarded_for = Some(clients[number % 4]);
            assert_eq!(app.status(As::Anonymous, "POST", path, &email("ADA@example.org")).await?, 200);
        }
        assert_eq!(count(&app).await? - before, 5, "{path}");
        clock.advance(Duration::from_mins(10));
        for _ in 0..3 {
            assert_eq!(app.status(As::Anonymous, "POST", path, &email("ada@example.org")).await?, 200);
        }
        assert_eq!(count(&app).await? - before, 6, "{path}");
    }
    app.verify().await
}

/// Keys can't be guessed; but each try would leave a line in the trail.
#[tokio::test]
async fn keys_that_are_no_good_are_counted_and_good_ones_are_not() -> Result {
    let (mut app, _clock) = start().await?;
    app.register("ada").await?;
    let good = app.mailed_key("ada@example.org").await?;
    let reset = json!({ "uid": "1", "token": "bad", "new_password1": PASSWORD, "new_password2": PASSWORD }).to_string();
    for _ in 0..50 {
        assert_eq!(app.status(As::Anonymous, "POST", VERIFY, r#"{"key": "bad"}"#).await?, 404);
        let confirm = app.status(As::Anonymous, "POST", "/api/rest-auth/password/reset/confirm/", &reset).await?;
        assert_eq!(confirm, 400);
    }
    app.note(As::Anonymous, "POST", VERIFY, r#"{"key": "bad"}"#).await?;
    app.note(As::Anonymous, "POST", "/api/rest-auth/password/reset/confirm/", &reset).await?;
    app.note(As::Anonymous, "POST", VERIFY, &json!({ "key": good }).to_string()).await?;
    insta::assert_snapshot!(app.transcript());
    app.verify().await
}

#[tokio::test]
async fn without_limits_nobody_is_held_up() -> Result {
    let app = TestApp::start().await?;
    app.register("ada").await?;
    for _ in 0..120 {
        assert_eq!(app.status(As::Anonymous, "POST", LOGIN, &login("ada", "not-the-one")).await?, 400);
    }
    assert_eq!(app.status(As::Anonymous, "POST", LOGIN, &login("ada", PASSWORD)).await?, 200);
    Ok(())
}
