//! The document that clients are generated from.

use std::{fs, path::Path};

use serde_json::Value;

use crate::app::{Result, TestApp};

/// `docs/openapi.json` is what the server would print; `UPDATE_OPENAPI=1 cargo test -p profiles-server` renews it.
#[tokio::test]
async fn the_committed_document_is_current() -> Result {
    let app = TestApp::start().await?;
    let served = app.request(reqwest::Method::GET, "/openapi.json").send().await?.text().await?;
    let served = format!("{}\n", served.trim());
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let path = above.map(|folder| folder.join("docs/openapi.json")).find(|path| path.exists()).ok_or("no document")?;
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        fs::write(&path, &served)?;
    }
    let committed = fs::read_to_string(&path)?;
    assert!(committed == served, "docs/openapi.json is out of date; run the test with UPDATE_OPENAPI=1 to renew it");
    Ok(())
}

/// What a reader of the document relies on, for every operation.
#[tokio::test]
async fn every_operation_is_described() -> Result {
    let app = TestApp::start().await?;
    let document: Value = app.request(reqwest::Method::GET, "/openapi.json").send().await?.json().await?;
    let schemes = document["components"]["securitySchemes"].as_object().ok_or("no schemes")?;
    assert_eq!(schemes.keys().collect::<Vec<_>>(), ["SessionAuth", "TokenAuth"]);
    let paths = document["paths"].as_object().ok_or("no paths")?;
    assert_eq!(paths.len(), 25);
    for (path, methods) in paths {
        assert!(path.ends_with('/'), "{path}");
        for (method, operation) in methods.as_object().into_iter().flatten() {
            assert!(operation["summary"].is_string(), "{method} {path} has no summary");
            assert!(operation["operationId"].is_string(), "{method} {path} has no id");
            for status in ["400", "401", "403", "404", "429", "503"] {
                let schema = &operation["responses"][status]["content"]["application/json"]["schema"];
                assert!(schema.is_object(), "{method} {path} does not describe {status}");
            }
            if let Some(content) = operation["requestBody"]["content"].as_object() {
                // A picture goes by multipart, and JSON can only take it away.
                let kinds = if path == "/api/avatar/" { 2 } else { 3 };
                assert_eq!(content.len(), kinds, "{method} {path}");
            }
        }
    }
    Ok(())
}
