//! Paths, slashes, ids and methods.

use std::io::{Read as _, Write as _};

use crate::app::{As, Result, TestApp};

#[tokio::test]
async fn a_missing_slash_is_redirected_and_everything_else_is_not_found() -> Result {
    let mut app = TestApp::start().await?;
    for (method, path) in [
        ("GET", "/api"),
        ("GET", "/api/profiles?a=1"),
        ("POST", "/api/profile-status"),
        ("DELETE", "/api/profile-status/1"),
        ("POST", "/api/rest-auth/registration"),
        ("GET", "/api/rest-auth/user"),
        ("GET", "/nope"),
        ("GET", "/api/nope/"),
        ("GET", "/api/Profiles/"),
        ("GET", "/api//profiles/"),
        ("GET", "/api/rest-auth/"),
    ] {
        app.note(As::Anonymous, method, path, "").await?;
    }
    insta::assert_snapshot!(app.transcript());
    Ok(())
}

#[tokio::test]
async fn odd_ids_are_told_apart_as_the_original_does() -> Result {
    let mut app = TestApp::start().await?;
    app.register("ada").await?;
    let long = "1".repeat(200);
    for id in [
        "001",
        "999",
        "0",
        "-1",
        "+1",
        "1_0",
        "abc",
        "1'",
        "%20",
        "%00",
        "%FF",
        "%C3%A9",
        "0x1",
        "99999999999999999999",
        &long,
    ] {
        app.note(As::Anonymous, "GET", &format!("/api/profiles/{id}/"), "").await?;
    }
    insta::assert_snapshot!(app.transcript());
    Ok(())
}

#[tokio::test]
async fn methods_are_refused_after_the_caller_is_known() -> Result {
    let mut app = TestApp::start().await?;
    let key = app.register("ada").await?;
    for (method, path) in [
        ("POST", "/api/profiles/"),
        ("DELETE", "/api/profile-status/"),
        ("PURGE", "/api/profiles/"),
        ("GET", "/api/rest-auth/login/"),
    ] {
        app.note(As::Anonymous, method, path, "").await?;
        app.note(As::Token(&key), method, path, "").await?;
    }
    insta::assert_snapshot!(app.transcript());
    Ok(())
}

/// A client would encode these by itself; a socket does not.
#[tokio::test]
async fn the_query_of_a_redirect_is_encoded() -> Result {
    let app = TestApp::start().await?;
    let mut socket = std::net::TcpStream::connect(app.url.trim_start_matches("http://"))?;
    let request = "GET /api/profiles?a={|}\\^`&b=%7b+~[] HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let answer = tokio::task::spawn_blocking(move || {
        socket.write_all(request.as_bytes())?;
        let mut answer = String::new();
        socket.read_to_string(&mut answer).map(|_| answer)
    });
    let answer = answer.await??;
    assert!(answer.contains("location: /api/profiles/?a=%7B%7C%7D%5C%5E%60&b=%7b+~[]\r\n"), "{answer}");
    Ok(())
}

/// A client would not send these; a socket does.
#[tokio::test]
async fn broken_requests_never_hang_or_crash_the_server() -> Result {
    let app = TestApp::start().await?;
    let address = app.url.trim_start_matches("http://").to_owned();
    for request in [
        "GET /api/profiles/%zz/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        "GET /api/profiles/?search=%ff%zz&page=%00 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        "GET * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        "GET //evil.example/api HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        "GET http://other/api/ HTTP/1.1\r\nHost: \"><script>\r\nConnection: close\r\n\r\n",
        "POST /api/rest-auth/login/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: -1\r\n\r\n",
        "POST /api/rest-auth/login/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "\x00\x01\x02\r\n\r\n",
    ] {
        let (address, request) = (address.clone(), request.to_owned());
        let answer = tokio::task::spawn_blocking(move || {
            let mut socket = std::net::TcpStream::connect(address)?;
            socket.set_read_timeout(Some(std::time::Duration::from_secs(20)))?;
            socket.write_all(request.as_bytes())?;
            let mut answer = Vec::new();
            socket.read_to_end(&mut answer).map(|_| answer)
        });
        let answer = String::from_utf8_lossy(&answer.await??).into_owned();
        let status = answer.split(' ').nth(1).unwrap_or_default().to_owned();
        assert!(status.is_empty() || status.starts_with(['2', '3', '4']), "{answer}");
        assert!(!answer.contains("evil.example/api/\r\n") || !answer.contains("location: //"), "{answer}");
    }
    assert!(app.register("ada").await.is_ok());
    Ok(())
}
