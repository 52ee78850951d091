//! `Idempotency-Key`
#![expect(clippy::unwrap_used, reason = "a task of a test fails by panicking")]

use std::{collections::BTreeSet, sync::Arc};

use profiles_core::{Throttles, Verification};
use profiles_server::http::Settings;
use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{PASSWORD, Result, TestApp};

/// Posts this; the status of the answer and its body.
async fn send(app: &TestApp, path: &str, token: &str, key: &str, body: &Value) -> Result<(u16, Value)> {
    let request = app.request(Method::POST, path).header("Idempotency-Key", key).json(body);
    let request = if token.is_empty() { request } else { request.header("Authorization", format!("Token {token}")) };
    let answer = request.send().await?;
    Ok((answer.status().as_u16(), answer.json().await?))
}

async fn post(app: &TestApp, token: &str, key: &str, text: &str) -> Result<(u16, Value)> {
    send(app, "/api/profile-status/", token, key, &json!({ "status_content": text })).await
}

async fn register(app: &TestApp, key: &str, name: &str, password: &str) -> Result<(u16, Value)> {
    let email = format!("{name}@example.org");
    let body = json!({ "username": name, "email": email, "password1": password, "password2": password });
    send(app, "/api/rest-auth/registration/", "", key, &body).await
}

async fn count(app: &TestApp, path: &str) -> Result<Value> {
    Ok(app.request(Method::GET, path).send().await?.json::<Value>().await?["count"].clone())
}

#[tokio::test]
async fn the_same_post_again_makes_no_second_row() -> Result {
    let app = TestApp::start().await?;
    let (ada, bob) = (app.register("ada").await?, app.register("bob").await?);
    let first = post(&app, &ada, "k1", "hello").await?;
    assert_eq!(first.0, 201);
    assert_eq!(post(&app, &ada, "k1", "hello").await?, first);
    // In quotes, as the draft writes it.
    assert_eq!(post(&app, &ada, "\"k1\"", "hello").await?, first);
    let other = json!({ "detail": "This Idempotency-Key was used for another request." });
    assert_eq!(post(&app, &ada, "k1", "other").await?, (422, other));
    assert_eq!(post(&app, &bob, "k1", "hello").await?.1["user_profile"], "bob");
    assert_ne!(post(&app, &ada, "k2", "hello").await?.1["id"], first.1["id"]);
    assert_eq!(post(&app, &ada, "k3", "").await?.0, 400);
    assert_eq!(post(&app, &ada, "k3", "good").await?.0, 201);
    assert_eq!(count(&app, "/api/profile-status/").await?, 4);
    for bad in ["", "\"\"", &"x".repeat(256), "a\tb", "é"] {
        assert_eq!(post(&app, &ada, bad, "hello").await?.0, 400, "{bad:?}");
    }
    assert_eq!(post(&app, &ada, &"x".repeat(255), "hello").await?.0, 201);
    let gone = app.request(Method::DELETE, "/api/profile-status/1/").header("Authorization", format!("Token {ada}"));
    assert_eq!(gone.send().await?.status(), 204);
    assert_eq!(post(&app, &ada, "k1", "hello").await?.0, 404);
    app.verify().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_posts_at_once_one_makes_a_row() -> Result {
    let app = Arc::new(TestApp::start().await?);
    let ada = app.register("ada").await?;
    let mut posting = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let (app, ada) = (Arc::clone(&app), ada.clone());
        posting.spawn(async move { post(&app, &ada, "key", "hello").await.unwrap() });
    }
    let answers = posting.join_all().await;
    let expected = answers.first().ok_or("none")?.clone();
    assert_eq!(expected.0, 201);
    assert!(answers.iter().all(|answer| *answer == expected), "{answers:?}");
    assert_eq!(count(&app, "/api/profile-status/").await?, 1);
    Ok(())
}

#[tokio::test]
async fn the_same_registration_again_is_a_login() -> Result {
    let app = TestApp::start().await?;
    let (status, first) = register(&app, "k1", "ada", PASSWORD).await?;
    let (again, second) = register(&app, "k1", "ada", PASSWORD).await?;
    assert_eq!((status, again), (201, 201));
    assert_ne!(first["key"], second["key"]);
    for key in [&first["key"], &second["key"]] {
        let header = format!("Token {}", key.as_str().ok_or("no key")?);
        let who = app.request(Method::GET, "/api/rest-auth/user/").header("Authorization", header).send().await?;
        assert_eq!(who.json::<Value>().await?["username"], "ada");
    }
    for (name, password) in [("ada", "another-tango-92"), ("bob", PASSWORD), ("Ada", PASSWORD)] {
        assert_eq!(register(&app, "k1", name, password).await?.0, 422, "{name} {password}");
    }
    // Without the key it is another registration.
    assert_eq!(register(&app, "k2", "ada", PASSWORD).await?.0, 400);
    assert_eq!(register(&app, &"x".repeat(256), "eve", PASSWORD).await?.0, 400);
    assert_eq!(count(&app, "/api/profiles/").await?, 1);
    app.verify().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_registrations_at_once_one_makes_an_account() -> Result {
    let app = Arc::new(TestApp::start().await?);
    let mut registering = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let app = Arc::clone(&app);
        registering.spawn(async move { register(&app, "key", "ada", PASSWORD).await.unwrap().0 });
    }
    let answers: BTreeSet<u16> = registering.join_all().await.into_iter().collect();
    assert!(answers.contains(&201) && answers.is_subset(&BTreeSet::from([201, 409])), "{answers:?}");
    assert_eq!(count(&app, "/api/profiles/").await?, 1);
    app.verify().await
}

/// The key is no way around what slows guessing down.
#[tokio::test]
async fn wrong_passwords_are_counted() -> Result {
    let app = TestApp::start_with(Settings::default(), |core| core.throttles = Throttles::default()).await?;
    register(&app, "key", "ada", PASSWORD).await?;
    let mut answers = Vec::new();
    for number in 0..12 {
        answers.push(register(&app, "key", "ada", &format!("wrong-tango-{number}")).await?.0);
    }
    assert_eq!(answers, [[422; 10].as_slice(), &[429; 2]].concat());
    Ok(())
}

#[tokio::test]
async fn where_the_address_comes_first_the_same_registration_says_so_again() -> Result {
    let app = TestApp::start_with(Settings::default(), |core| core.verification = Verification::Mandatory).await?;
    let first = register(&app, "key", "ada", PASSWORD).await?;
    assert_eq!(first, (201, json!({ "detail": "Verification e-mail sent." })));
    assert_eq!(register(&app, "key", "ada", PASSWORD).await?, first);
    assert_eq!(register(&app, "key", "ada", "another-tango-92").await?.0, 422);
    Ok(())
}

#[tokio::test]
async fn where_keys_do_not_count_each_request_does() -> Result {
    let mut settings = Settings::default();
    settings.idempotency_keys = false;
    let app = TestApp::start_with(settings, |_| {}).await?;
    let ada = app.register("ada").await?;
    assert_ne!(post(&app, &ada, "key", "hello").await?, post(&app, &ada, "key", "hello").await?);
    assert_eq!(post(&app, &ada, &"x".repeat(256), "hello").await?.0, 201);
    Ok(())
}
