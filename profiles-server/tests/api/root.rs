//! `GET /api/`

use crate::app::{As, Result, TestApp};

#[tokio::test]
async fn lists_the_collections() -> Result {
    let mut app = TestApp::start().await?;
    for (method, path) in
        [("GET", "/api/"), ("GET", "/api/.json"), ("HEAD", "/api/"), ("POST", "/api/"), ("OPTIONS", "/api/")]
    {
        app.note(As::Anonymous, method, path, "").await?;
    }
    insta::assert_snapshot!(app.transcript());
    Ok(())
}
