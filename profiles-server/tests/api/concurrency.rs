//! Many at once.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{As, PASSWORD, Result, TestApp};

#[tokio::test(flavor = "multi_thread")]
async fn of_a_thousand_registrations_of_one_name_one_wins() -> Result {
    let app = TestApp::start().await?;
    let register = |number: usize| {
        let name = if number.is_multiple_of(2) { "ada" } else { "ADA" };
        let body = json!({
            "username": name, "email": format!("a{number}@example.org"), "password1": PASSWORD, "password2": PASSWORD,
        });
        app.request(Method::POST, "/api/rest-auth/registration/").json(&body).send()
    };
    let mut won = 0;
    // In waves: a thousand sockets at once would test the client's limits.
    for wave in (0..1000).collect::<Vec<_>>().chunks(250) {
        for answer in join_all(wave.iter().copied().map(register)).await {
            let answer = answer?;
            let status = answer.status().as_u16();
            let body: Value = answer.json().await?;
            match status {
                201 => won += 1,
                400 => assert_eq!(body, json!({ "username": ["A user with that username already exists."] })),
                // The hashing queue is bounded; who does not fit is told to try again.
                503 => assert_eq!(body, json!({ "detail": "too busy, try again in a moment" })),
                _ => return Err(format!("{status} {body}").into()),
            }
        }
    }
    assert_eq!(won, 1);
    let profiles: Value = app.request(Method::GET, "/api/profiles/").send().await?.json().await?;
    assert_eq!(profiles["count"], 1);
    app.verify().await
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_updates_of_one_row_none_is_half_applied_and_each_is_counted() -> Result {
    let app = TestApp::start().await?;
    let key = app.register("ada").await?;
    let update = |number: usize| {
        let request = app.request(Method::PATCH, "/api/profiles/1/").header("Authorization", format!("Token {key}"));
        request.json(&json!({ "bio": format!("n{number}"), "city": format!("n{number}") })).send()
    };
    for wave in (0..200).collect::<Vec<_>>().chunks(50) {
        for answer in join_all(wave.iter().copied().map(update)).await {
            let row: Value = answer?.error_for_status()?.json().await?;
            assert_eq!(row["bio"], row["city"]);
        }
    }
    let profile = app.core.store().profile(profiles_core::model::ProfileId::new(1)).await?.ok_or("no profile")?;
    assert_eq!(profile.revision.get(), 201);
    assert_eq!(profile.bio.as_str(), profile.city.as_str());
    app.verify().await
}

/// A key that was mailed works once, however many come with it at once.
#[tokio::test(flavor = "multi_thread")]
async fn of_a_hundred_requests_with_one_mailed_key_one_is_served() -> Result {
    let app = TestApp::start().await?;
    app.register("ada").await?;
    let send = async |path: &str, body: &dyn Fn(usize) -> Value| -> Result<Vec<(usize, u16)>> {
        let requests = (0..100).map(|number| {
            let request = app.request(Method::POST, path).json(&body(number));
            async move { Result::Ok((number, request.send().await?.status().as_u16())) }
        });
        join_all(requests).await.into_iter().collect()
    };
    let key = app.mailed_key("ada@example.org").await?;
    let answers = send("/api/rest-auth/registration/verify-email/", &|_| json!({ "key": key })).await?;
    assert_eq!(answers.iter().filter(|(_, status)| *status == 200).count(), 1);
    assert_eq!(answers.iter().filter(|(_, status)| *status == 404).count(), 99);

    let ask = json!({ "email": "ada@example.org" }).to_string();
    app.ask(As::Anonymous, "POST", "/api/rest-auth/password/reset/", &ask).await?;
    let key = app.mailed_key("ada@example.org").await?;
    let password = |number: usize| format!("violet-waltz-{number}");
    let body = |number: usize| json!({ "uid": "1", "token": key, "new_password1": password(number), "new_password2": password(number) });
    let answers = send("/api/rest-auth/password/reset/confirm/", &body).await?;
    let won: Vec<usize> = answers.iter().filter(|(_, status)| *status == 200).map(|(number, _)| *number).collect();
    assert_eq!(won.len(), 1, "{answers:?}");
    assert!(answers.iter().all(|(_, status)| matches!(status, 200 | 400 | 503)), "{answers:?}");
    let login = |number| json!({ "username": "ada", "password": password(number) }).to_string();
    assert_eq!(app.status(As::Anonymous, "POST", "/api/rest-auth/login/", &login(won[0])).await?, 200);
    assert_eq!(app.status(As::Anonymous, "POST", "/api/rest-auth/login/", &login((won[0] + 1) % 100)).await?, 400);
    app.verify().await
}
