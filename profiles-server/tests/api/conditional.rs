//! `ETag`, `If-None-Match` and `If-Match`.
#![expect(clippy::unwrap_used, reason = "a task of a test fails by panicking")]

use std::{collections::BTreeSet, sync::Arc};

use profiles_server::http::Settings;
use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::app::{Result, TestApp};

async fn get(app: &TestApp, path: &str, known: &str) -> Result<Response> {
    let request = app.request(Method::GET, path);
    Ok(if known.is_empty() { request } else { request.header("If-None-Match", known) }.send().await?)
}

async fn write(app: &TestApp, method: Method, path: &str, key: &str, if_match: &str, body: &Value) -> Result<Response> {
    let request = app.request(method, path).header("Authorization", format!("Token {key}")).json(body);
    Ok(if if_match.is_empty() { request } else { request.header("If-Match", if_match) }.send().await?)
}

fn tag(answer: &Response) -> Result<String> {
    Ok(answer.headers().get("etag").ok_or("no tag")?.to_str()?.to_owned())
}

#[tokio::test]
async fn what_a_client_has_is_not_sent_again() -> Result {
    let app = TestApp::start().await?;
    let key = app.register("ada").await?;
    let status = app.post_status(&key, "hello").await?;
    for path in [&status, "/api/profiles/1/", "/api/profiles/", "/api/profile-status/?username=ada"] {
        let whole = get(&app, path, "").await?;
        let own = tag(&whole)?;
        assert!(own.starts_with('"') && own.ends_with('"') && own.len() == 34, "{own}");
        let again = get(&app, path, &own).await?;
        assert_eq!((again.status().as_u16(), tag(&again)?), (304, own.clone()));
        assert_eq!(again.headers()["vary"], whole.headers()["vary"]);
        assert_eq!(again.bytes().await?.len(), 0);
        let head = app.request(Method::HEAD, path).header("If-None-Match", &own).send().await?;
        assert_eq!(head.status(), 304);
        // Other white space is another representation, and a row may be written by either's tag.
        let indented = app.client().get(format!("{}{path}", app.url)).header("Accept", "application/json; indent=2");
        let indented = indented.header("If-None-Match", &own).send().await?;
        let expected = format!("{}-2\"", own.trim_end_matches('"'));
        assert_eq!((indented.status().as_u16(), tag(&indented)?), (200, expected));
    }
    let before = tag(&get(&app, &status, "").await?)?;
    let edited = write(&app, Method::PATCH, &status, &key, "", &json!({ "status_content": "new" })).await?;
    let after = tag(&edited)?;
    assert_ne!(after, before);
    assert_eq!(get(&app, &status, &before).await?.status(), 200);
    assert_eq!(get(&app, &status, &after).await?.status(), 304);
    assert_eq!(get(&app, "/api/profile-status/9/", &after).await?.status(), 404);
    Ok(())
}

#[tokio::test]
async fn a_row_that_has_changed_is_not_overwritten() -> Result {
    let app = TestApp::start().await?;
    let (key, other) = (app.register("ada").await?, app.register("bob").await?);
    let status = app.post_status(&key, "hello").await?;
    let (text, city) = (json!({ "status_content": "new" }), json!({ "city": "Oslo" }));
    let rows = [(status.as_str(), &text), ("/api/profiles/1/", &city)];
    for (path, body) in rows {
        for method in [Method::PUT, Method::PATCH] {
            let seen = tag(&get(&app, path, "").await?)?;
            let written = write(&app, method.clone(), path, &key, &seen, body).await?;
            assert_eq!(written.status(), 200);
            assert_eq!(tag(&written)?, tag(&get(&app, path, "").await?)?);
            let refused = write(&app, method.clone(), path, &key, "\"another\"", body).await?;
            assert_eq!(refused.status(), 412);
            assert_eq!(refused.json::<Value>().await?["detail"], "The row has changed. Read it again.");
            assert_eq!(write(&app, method.clone(), path, &key, "*", body).await?.status(), 200);
            // Who may not write at all is told that, and a body that does not do comes after both.
            assert_eq!(write(&app, method.clone(), path, &other, "\"another\"", body).await?.status(), 403);
            let bad = json!({ "status_content": "", "city": "x".repeat(31) });
            assert_eq!(write(&app, method.clone(), path, &key, "\"another\"", &bad).await?.status(), 412);
            assert_eq!(write(&app, method, path, &key, "*", &bad).await?.status(), 400);
        }
    }
    let seen = tag(&get(&app, &status, "").await?)?;
    write(&app, Method::PATCH, &status, &key, "", &text).await?;
    let delete = |key: String, if_match: String| {
        let request = app.request(Method::DELETE, &status).header("Authorization", format!("Token {key}"));
        request.header("If-Match", if_match).send()
    };
    assert_eq!(delete(key.clone(), seen).await?.status(), 412);
    assert_eq!(delete(other, "\"another\"".into()).await?.status(), 403);
    let now = tag(&get(&app, &status, "").await?)?;
    assert_eq!(delete(key.clone(), now).await?.status(), 204);
    assert_eq!(delete(key, "*".into()).await?.status(), 404);
    app.verify().await
}

/// Of many who have seen the same row and edit it at once, one does.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_editors_one_wins() -> Result {
    let app = Arc::new(TestApp::start().await?);
    let key = app.register("ada").await?;
    let status = app.post_status(&key, "hello").await?;
    let seen = tag(&get(&app, &status, "").await?)?;
    let mut writing = tokio::task::JoinSet::new();
    for number in 0..20 {
        let (app, status, key, seen) = (Arc::clone(&app), status.clone(), key.clone(), seen.clone());
        writing.spawn(async move {
            let body = json!({ "status_content": format!("by {number}") });
            let method = if number % 2 == 0 { Method::PUT } else { Method::PATCH };
            write(&app, method, &status, &key, &seen, &body).await.unwrap().status().as_u16()
        });
    }
    let answers = writing.join_all().await;
    assert_eq!(answers.iter().filter(|status| **status == 200).count(), 1, "{answers:?}");
    assert_eq!(answers.iter().collect::<BTreeSet<_>>(), BTreeSet::from([&200, &412]));
    Ok(())
}

#[tokio::test]
async fn without_tags_nothing_depends_on_them() -> Result {
    let mut settings = Settings::default();
    settings.etags = false;
    let app = TestApp::start_with(settings, |_| {}).await?;
    let key = app.register("ada").await?;
    let status = app.post_status(&key, "hello").await?;
    let answer = get(&app, &status, "*").await?;
    assert_eq!((answer.status().as_u16(), answer.headers().get("etag")), (200, None));
    assert_eq!(get(&app, "/api/profiles/", "*").await?.status(), 200);
    let body = json!({ "status_content": "new" });
    assert_eq!(write(&app, Method::PUT, &status, &key, "\"another\"", &body).await?.status(), 200);
    assert_eq!(write(&app, Method::DELETE, &status, &key, "\"another\"", &json!({})).await?.status(), 204);
    Ok(())
}
