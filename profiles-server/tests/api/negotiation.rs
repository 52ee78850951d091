//! `Accept`, `?format=` and suffixes.

use reqwest::Method;

use crate::app::{As, Result, TestApp};

const PATH: &str = "/api/profiles/1/";

#[tokio::test]
async fn accept_decides() -> Result {
    let mut app = TestApp::start().await?;
    app.register("ada").await?;
    for accept in
        ["*/*", "application/json; indent=4", "text/html;q=0.1, application/json", "application/xml", "zzz", ""]
    {
        let client = reqwest::Client::builder().no_proxy().build()?;
        let request = client.request(Method::GET, format!("{}{PATH}", app.url)).header("Accept", accept);
        app.note_request(&format!("Accept: {accept}"), request).await?;
    }
    insta::assert_snapshot!(app.transcript());
    Ok(())
}

#[tokio::test]
async fn a_format_decides_before_it() -> Result {
    let mut app = TestApp::start().await?;
    app.register("ada").await?;
    for path in [
        "/api/profiles/1/?format=json",
        "/api/profiles/1/?format=",
        "/api/profiles/1.json",
        "/api/profiles/1/?format=xml",
        "/api/profiles/1.xml",
        "/api/profiles/1/?format=api",
        "/api/profiles/1.0/",
        "/api/profiles/1.json?format=xml",
        "/api/profiles/1.xml?format=json",
        "/api/?format=json",
    ] {
        app.note(As::Anonymous, "GET", path, "").await?;
    }
    insta::assert_snapshot!(app.transcript());
    Ok(())
}
