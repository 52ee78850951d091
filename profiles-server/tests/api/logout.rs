//! `POST /api/rest-auth/logout/`

use crate::app::{As, Result, TestApp};

const PATH: &str = "/api/rest-auth/logout/";

#[tokio::test]
async fn ends_the_login_that_is_presented_and_no_other() -> Result {
    let mut app = TestApp::start().await?;
    let key = app.register("ada").await?;
    let (one, two) = (app.session("ada").await?, app.session("ada").await?);
    app.note(As::Token(&key), "POST", PATH, "{bad").await?;
    app.note(As::Token(&key), "POST", PATH, "").await?;
    app.note(As::Session(&one), "POST", PATH, "").await?;
    app.note(As::Session(&one), "GET", "/api/rest-auth/user/", "").await?;
    app.note(As::Session(&two), "GET", "/api/rest-auth/user/", "").await?;
    app.note(As::Anonymous, "POST", PATH, "").await?;
    insta::assert_snapshot!(app.transcript());
    app.verify().await
}

#[tokio::test]
async fn other_methods_are_refused_though_listed() -> Result {
    let mut app = TestApp::start().await?;
    let key = app.register("ada").await?;
    for method in ["GET", "HEAD", "PUT", "OPTIONS"] {
        app.note(As::Token(&key), method, PATH, "").await?;
    }
    insta::assert_snapshot!(app.transcript());
    Ok(())
}
