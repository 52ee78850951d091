//! `/api/profile-status/`

use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{As, Result, TestApp};

const PATH: &str = "/api/profile-status/";

#[tokio::test]
async fn are_posted_edited_and_deleted() -> Result {
    let mut app = TestApp::start().await?;
    let (ada, bob, staff) = (app.register("ada").await?, app.register("bob").await?, app.staff().await?);
    app.note(As::Token(&ada), "POST", PATH, r#"{"status_content": "Hello!", "id": 9, "user_profile": "bob"}"#).await?;
    let one = &app.post_status(&ada, "another").await?;
    app.note(As::Token(&ada), "PUT", one, r#"{"status_content": "edited"}"#).await?;
    app.note(As::Token(&staff), "PATCH", one, r#"{"status_content": "moderated"}"#).await?;
    for method in ["PUT", "PATCH", "DELETE"] {
        app.note(As::Token(&bob), method, one, r#"{"status_content": "hacked"}"#).await?;
        app.note(As::Anonymous, method, one, "{bad").await?;
    }
    app.note(As::Token(&ada), "DELETE", one, "{bad").await?;
    app.note(As::Token(&ada), "DELETE", one, "").await?;
    app.note(As::Anonymous, "GET", one, "").await?;
    app.note(As::Token(&staff), "DELETE", "/api/profile-status/1/", "").await?;
    app.note(As::Anonymous, "GET", PATH, "").await?;
    insta::assert_snapshot!(app.transcript());
    app.verify().await
}

#[tokio::test]
async fn the_text_is_required_trimmed_and_counted() -> Result {
    let mut app = TestApp::start().await?;
    let key = app.register("ada").await?;
    for body in [
        json!({}),
        json!({ "statusContent": "x" }),
        json!({ "status_content": " \t " }),
        json!({ "status_content": null }),
        json!({ "status_content": ["a"] }),
        json!({ "status_content": "x".repeat(241) }),
        json!({ "status_content": "\u{0}".repeat(300) }),
        json!({ "status_content": format!("  {}  ", "x".repeat(240)) }),
        json!({ "status_content": -0.0 }),
        json!({ "status_content": "<script>alert(1)</script> \"/\\\n'; DROP TABLE x; --" }),
    ] {
        app.note(As::Token(&key), "POST", PATH, &body.to_string()).await?;
    }
    for (method, body) in [("PUT", "{}"), ("PATCH", r#"{"status_content": ""}"#), ("PATCH", "{}")] {
        app.note(As::Token(&key), method, "/api/profile-status/1/", body).await?;
    }
    insta::assert_snapshot!(app.transcript());
    Ok(())
}

#[tokio::test]
async fn writing_moves_updated_at_and_never_created_at() -> Result {
    let app = TestApp::start().await?;
    let key = app.register("ada").await?;
    let path = app.post_status(&key, "same").await?;
    let row = async || Ok::<Value, reqwest::Error>(app.request(Method::GET, &path).send().await?.json().await?);
    let before = row().await.map_err(Box::new)?;
    let touch = app.request(Method::PATCH, &path).header("Authorization", format!("Token {key}"));
    touch.json(&json!({})).send().await?.error_for_status()?;
    let after = row().await.map_err(Box::new)?;
    assert_eq!(before["created_at"], after["created_at"]);
    assert!(before["updated_at"].as_str() < after["updated_at"].as_str());
    Ok(())
}

#[tokio::test]
async fn a_username_filters_lists_and_rows() -> Result {
    let mut app = TestApp::start().await?;
    let (ada, bob) = (app.register("ada").await?, app.register("bob").await?);
    let one = app.post_status(&ada, "ada's").await?;
    app.post_status(&bob, "bob's").await?;
    for query in ["username=bob", "username=Bob", "username=ada&username=bob", "username=", "username=a%00"] {
        app.note(As::Anonymous, "GET", &format!("{PATH}?{query}"), "").await?;
    }
    app.note(As::Anonymous, "GET", &format!("{one}?username=bob"), "").await?;
    app.note(As::Token(&ada), "DELETE", &format!("{one}?username=bob"), "").await?;
    app.note(As::Token(&ada), "OPTIONS", &format!("{one}?username=ada"), "").await?;
    app.note(As::Token(&bob), "OPTIONS", PATH, "").await?;
    insta::assert_snapshot!(app.transcript());
    Ok(())
}
