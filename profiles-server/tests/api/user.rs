//! `/api/rest-auth/user/`

use serde_json::json;

use crate::app::{As, Result, TestApp};

const PATH: &str = "/api/rest-auth/user/";

#[tokio::test]
async fn shows_and_changes_ones_own_details() -> Result {
    let mut app = TestApp::start().await?;
    let key = app.register("ada").await?;
    let status = app.post_status(&key, "before the rename").await?;
    app.note(As::Token(&key), "GET", PATH, "").await?;
    app.note(As::Token(&key), "PATCH", PATH, r#"{"first_name": "Ada", "pk": 9, "is_staff": true, "email": "x"}"#)
        .await?;
    app.note(As::Token(&key), "PUT", PATH, r#"{"username": "Countess", "last_name": "Lovelace"}"#).await?;
    app.note(As::Anonymous, "GET", &status, "").await?;
    app.note(As::Anonymous, "GET", "/api/profiles/1/", "").await?;
    insta::assert_snapshot!(app.transcript());
    app.verify().await
}

#[tokio::test]
async fn refuses_what_does_not_do() -> Result {
    let mut app = TestApp::start().await?;
    let key = app.register("ada").await?;
    app.register("bob").await?;
    for (method, body) in [
        ("PUT", json!({ "first_name": "A" })),
        ("PUT", json!({ "username": "ada" })),
        ("PUT", json!({ "username": "ADA" })),
        ("PATCH", json!({ "username": "BOB", "first_name": null, "last_name": "x".repeat(151) })),
        ("PATCH", json!({ "username": "", "first_name": "a\u{0}" })),
        ("PATCH", json!({ "username": null, "last_name": false })),
        ("PATCH", json!({ "username": " a b\u{0}" })),
        ("PATCH", json!({ "username": "😀".repeat(151) })),
        ("PATCH", json!({ "username": "x".repeat(151) })),
        ("PATCH", json!({ "first_name": "", "last_name": "  " })),
    ] {
        app.note(As::Token(&key), method, PATH, &body.to_string()).await?;
    }
    for method in ["GET", "PATCH", "POST", "OPTIONS"] {
        app.note(As::Anonymous, method, PATH, "").await?;
    }
    for method in ["HEAD", "POST", "DELETE", "OPTIONS"] {
        app.note(As::Token(&key), method, PATH, "").await?;
    }
    insta::assert_snapshot!(app.transcript());
    app.verify().await
}
