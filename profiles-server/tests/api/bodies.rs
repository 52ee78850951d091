//! Bodies of every kind, good and bad.

use reqwest::Method;

use crate::app::{Result, TestApp};

const PATH: &str = "/api/profile-status/";

#[tokio::test]
async fn json_forms_and_multipart_do_the_same() -> Result {
    let mut app = TestApp::start().await?;
    let key = format!("Token {}", app.register("ada").await?);
    let multipart = "--b\r\nContent-Disposition: form-data; name=\"status_content\"\r\n\r\nfrom multipart\r\n--b--\r\n";
    for (content_type, body) in [
        ("application/json; charset=nope", r#"{"status_content": "from JSON"}"#),
        ("application/x-www-form-urlencoded", "status_content=from+a+form&status_content=the%20last"),
        ("multipart/form-data; boundary=b", multipart),
    ] {
        let request = app.request(Method::POST, PATH).header("Authorization", &key);
        app.note_request(content_type, request.header("Content-Type", content_type).body(body)).await?;
    }
    insta::assert_snapshot!(app.transcript());
    Ok(())
}

#[tokio::test]
async fn hostile_ones_get_a_clear_refusal() -> Result {
    let mut app = TestApp::start().await?;
    let key = format!("Token {}", app.register("ada").await?);
    let deep = format!("{{\"status_content\": {}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    let long = format!("{{\"pad\": \"{}\"}}", "x".repeat(3_000_000));
    let many = "a=1&".repeat(1001);
    for (title, content_type, body) in [
        ("nothing", "application/json", Vec::new()),
        ("white space", "application/json", b"   ".to_vec()),
        ("malformed", "application/json", b"{bad".to_vec()),
        ("cut off", "application/json", br#"{"status_content": "a"#.to_vec()),
        ("no UTF-8", "application/json", b"{\"status_content\": \"\xff\xfe\"}".to_vec()),
        ("NaN", "application/json", br#"{"status_content": NaN}"#.to_vec()),
        ("a list", "application/json", b"[]".to_vec()),
        ("null", "application/json", b"null".to_vec()),
        ("too deep", "application/json", deep.into_bytes()),
        ("too long", "application/json", long.into_bytes()),
        ("too many fields", "application/x-www-form-urlencoded", many.into_bytes()),
        ("text", "text/plain", b"x".to_vec()),
        ("long text", "text/plain", vec![b'x'; 3_000_000]),
        ("no text", "text/plain", Vec::new()),
        ("no boundary", "multipart/form-data", b"abc".to_vec()),
        ("wrong boundary", "multipart/form-data; boundary=zzz", b"abc".to_vec()),
    ] {
        let request = app.request(Method::POST, PATH).header("Authorization", &key);
        app.note_request(title, request.header("Content-Type", content_type).body(body)).await?;
    }
    insta::assert_snapshot!(app.transcript());
    app.verify().await
}
