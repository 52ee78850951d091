//! `/api/avatar/` and `/media/avatars/`

use profiles_core::fields::name;
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::Value;

use crate::app::{As, Result, TestApp};

const PATH: &str = "/api/avatar/";
/// A pixel, by another encoder than ours.
const GIF: &[u8] =
    b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff!\xf9\x04\x01\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x01D\0;";

/// A part of a form; a file if it has a name.
fn part(field: &str, file_name: Option<&str>, content: &[u8]) -> Vec<u8> {
    let file_name = file_name.map(|name| format!("; filename=\"{name}\"")).unwrap_or_default();
    let head = format!("--b\r\nContent-Disposition: form-data; name=\"{field}\"{file_name}\r\n\r\n");
    [head.as_bytes(), content, b"\r\n"].concat()
}

fn form(app: &TestApp, method: Method, key: &str, parts: &[Vec<u8>]) -> RequestBuilder {
    let request = app.request(method, PATH).header("Authorization", format!("Token {key}"));
    request
        .header("Content-Type", "multipart/form-data; boundary=b")
        .body([&parts.concat(), &b"--b--\r\n"[..]].concat())
}

fn file(app: &TestApp, key: &str, file_name: &str, content: &[u8]) -> RequestBuilder {
    form(app, Method::PUT, key, &[part(name::AVATAR, Some(file_name), content)])
}

async fn link(answer: Response) -> Result<String> {
    let body: Value = answer.error_for_status()?.json().await?;
    Ok(body["avatar"].as_str().ok_or("no link")?.to_owned())
}

#[tokio::test]
async fn a_picture_is_set_shown_kept_and_taken_away() -> Result {
    let mut app = TestApp::start().await?;
    let key = app.register("ada").await?;
    let before = part("other", Some("huge.bin"), &vec![0; 100_000]);
    let parts =
        [part(name::AVATAR, None, b"a text, over which a file wins"), before, part(name::AVATAR, Some("a.gif"), GIF)];
    app.note_request("a file", form(&app, Method::PATCH, &key, &parts)).await?;
    app.note_request("nothing", form(&app, Method::PUT, &key, &[part("other", None, b"x")])).await?;
    app.note(As::Token(&key), "PUT", PATH, "{}").await?;
    app.note(As::Anonymous, "GET", "/api/profiles/1/", "").await?;
    app.note(As::Anonymous, "GET", "/api/profiles/", "").await?;
    app.note(As::Token(&key), "PATCH", "/api/profiles/1/", r#"{"city": "Turin", "avatar": null}"#).await?;
    app.note(As::Token(&key), "PATCH", PATH, r#"{"avatar": null}"#).await?;
    app.note_request("the file again", file(&app, &key, "a.gif", GIF)).await?;
    app.note_request("a blank field", form(&app, Method::PUT, &key, &[part(name::AVATAR, None, b"")])).await?;
    app.note(As::Anonymous, "GET", "/api/profiles/1/", "").await?;
    insta::assert_snapshot!(app.transcript());
    app.verify().await
}

#[tokio::test]
async fn what_is_no_picture_is_refused_in_the_words_of_the_original() -> Result {
    let mut app =
        TestApp::start_with(profiles_server::http::Settings::default(), |core| core.avatars.max_bytes = 50_000).await?;
    let key = app.register("ada").await?;
    for (file_name, content) in [
        ("a.gif", &b""[..]),
        ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        ("a.exe", GIF),
        ("a.gif\0", GIF),
        ("../../a\u{7f}.gif", GIF),
        (&format!("{}.gif", "x".repeat(200)), GIF),
        ("a.gif", &[GIF, b"<script>alert(1)</script>"].concat()),
        ("a.gif", &vec![0; 50_001]),
    ] {
        let title = format!("{:?}, {} bytes", file_name.get(..20).unwrap_or(file_name), content.len());
        app.note_request(&title, file(&app, &key, file_name, content)).await?;
    }
    let long = [part("other", None, &vec![0; 3_000_000])];
    app.note_request("another field of 3 MB", form(&app, Method::PUT, &key, &long)).await?;
    let without = app.request(Method::PUT, PATH).header("Authorization", format!("Token {key}"));
    app.note_request("no boundary", without.header("Content-Type", "multipart/form-data").body("x")).await?;
    app.note(As::Token(&key), "PUT", PATH, r#"{"avatar": "a.gif"}"#).await?;
    app.note(As::Token(&key), "PUT", PATH, "{").await?;
    app.note_request("a text", form(&app, Method::PUT, &key, &[part(name::AVATAR, None, b"x")])).await?;
    app.note(As::Anonymous, "PUT", PATH, "{").await?;
    for method in ["GET", "POST", "DELETE", "HEAD", "OPTIONS"] {
        app.note(As::Token(&key), method, PATH, "").await?;
    }
    insta::assert_snapshot!(app.transcript());
    let rows = app.request(Method::GET, "/api/profiles/1/").send().await?.json::<Value>().await?;
    assert_eq!(rows["avatar"], Value::Null);
    app.verify().await
}

#[tokio::test]
async fn a_name_is_cut_before_it_is_counted() -> Result {
    let app = TestApp::start().await?;
    let key = app.register("ada").await?;
    for (file_name, status, told) in [
        (format!("{}.gif", "x".repeat(300)), 400, "Ensure this filename has at most 100 characters (it has 255)."),
        ("a.exe\"; filename*=\"utf-8''a.gif".to_owned(), 200, "/media/avatars/"),
        ("a.gif\"; filename*=\"utf-8''a.exe".to_owned(), 400, "File extension “exe” is not allowed."),
    ] {
        let answer = file(&app, &key, &file_name, GIF).send().await?;
        assert_eq!(answer.status(), status, "{file_name}");
        let text = answer.text().await?;
        assert!(text.contains(told), "{text}");
    }
    Ok(())
}

#[tokio::test]
async fn a_form_is_taken_apart_as_the_original_does_it() -> Result {
    let app = TestApp::start().await?;
    let key = app.register("ada").await?;
    // GIF, in base 64.
    let text = "R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7";
    let encoded = "Content-Transfer-Encoding: base64";
    let many = ["X: y"; 40].join("\r\n");
    let large = format!("X: {}", "y".repeat(1000));
    for (head, content, status, told) in [
        (encoded, text.as_bytes(), 200, "/media/avatars/"),
        (encoded, &text.as_bytes()[..54], 400, "Multipart form parse error - Could not decode base64 data."),
        (encoded, b"!!!!", 400, "The submitted file is empty."),
        (&many, GIF, 200, "/media/avatars/"),
        ("no header", GIF, 200, "/media/avatars/"),
        (" folded", GIF, 200, "/media/avatars/"),
        (&large, GIF, 400, "Multipart form parse error - Request max total header size exceeded."),
    ] {
        let file = part(name::AVATAR, Some("a.gif"), content);
        let file = [b"--b\r\n", head.as_bytes(), file.get(3..).ok_or("no part")?].concat();
        let answer = form(&app, Method::PUT, &key, &[file]).send().await?;
        assert_eq!(answer.status(), status, "{head}");
        let text = answer.text().await?;
        assert!(text.contains(told), "{text}");
    }
    Ok(())
}

#[tokio::test]
async fn no_body_is_an_empty_form_even_without_a_boundary() -> Result {
    let app = TestApp::start().await?;
    let key = app.register("ada").await?;
    let set = link(file(&app, &key, "a.gif", GIF).send().await?).await?;
    for method in [Method::PUT, Method::PATCH] {
        let request = app.request(method, PATH).header("Authorization", format!("Token {key}"));
        let request = request.header("Content-Type", "multipart/form-data").header("Content-Length", "0");
        assert_eq!(link(request.send().await?).await?, set);
    }
    Ok(())
}

#[tokio::test]
async fn a_file_is_served_for_ever_and_runs_nothing() -> Result {
    let app = TestApp::start().await?;
    let key = app.register("ada").await?;
    let link = link(file(&app, &key, "a.gif", GIF).send().await?).await?;
    let path = link.strip_prefix(&app.url).ok_or("another server")?;
    let answer = app.request(Method::GET, path).send().await?;
    let headers = answer.headers().clone();
    for (name, value) in [
        ("content-type", "image/png"),
        ("cache-control", "public, max-age=31536000, immutable"),
        ("content-security-policy", "default-src 'none'; sandbox"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
    ] {
        assert_eq!(headers.get(name).and_then(|value| value.to_str().ok()), Some(value), "{name}");
    }
    let content = answer.bytes().await?;
    assert!(content.starts_with(b"\x89PNG"));
    let head = app.request(Method::HEAD, path).send().await?;
    assert_eq!(head.headers().get("content-length"), Some(&content.len().into()));
    assert!(head.bytes().await?.is_empty());

    let tag = headers["etag"].to_str()?;
    for (tags, status) in [(format!("\"x\", W/{tag}"), 304), ("*".to_owned(), 304), ("\"x\"".to_owned(), 200)] {
        let answer = app.request(Method::GET, path).header("If-None-Match", tags).send().await?;
        assert_eq!(answer.status(), status);
        assert_eq!(answer.bytes().await?.is_empty(), status == 304);
    }
    assert_eq!(app.request(Method::GET, &path.replace("large", "small")).send().await?.status(), StatusCode::OK);
    for wrong in [
        "/media/avatars/",
        "/media/avatars/x",
        "/media/avatars/..%2f..%2fsecret.key",
        "/media/",
        &format!("{path}.html"),
    ] {
        let answer = app.request(Method::GET, wrong).send().await?;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{wrong}");
        assert_eq!(answer.headers().get("cache-control"), None, "nobody keeps that a file is missing");
    }
    assert_eq!(app.request(Method::POST, path).send().await?.status(), StatusCode::METHOD_NOT_ALLOWED);

    // Gone with the last who showed it.
    let cleared = app.request(Method::PUT, PATH).header("Authorization", format!("Token {key}"));
    cleared.json(&serde_json::json!({ "avatar": null })).send().await?.error_for_status()?;
    assert_eq!(app.request(Method::GET, path).send().await?.status(), StatusCode::NOT_FOUND);
    Ok(())
}

#[tokio::test]
async fn an_export_has_the_link_and_an_erasure_takes_the_file() -> Result {
    let app = TestApp::start().await?;
    let key = app.register("ada").await?;
    let link = link(file(&app, &key, "a.gif", GIF).send().await?).await?;
    let token = format!("Token {key}");
    let export = app.request(Method::GET, "/api/rest-auth/user/export/").header("Authorization", &token);
    let export: Value = export.send().await?.json().await?;
    assert_eq!(export["profile"]["avatar"], link.as_str());
    let erase = app.request(Method::DELETE, "/api/rest-auth/user/").header("Authorization", &token);
    let erase = erase.json(&serde_json::json!({ "password": crate::app::PASSWORD }));
    assert_eq!(erase.send().await?.status(), StatusCode::NO_CONTENT);
    assert_eq!(reqwest::get(&link).await?.status(), StatusCode::NOT_FOUND);
    app.verify().await
}

#[tokio::test]
async fn where_there_are_no_pictures_the_path_is_unknown() -> Result {
    let mut settings = profiles_server::http::Settings::default();
    settings.avatars = false;
    let app = TestApp::start_with(settings, |_| {}).await?;
    let key = app.register("ada").await?;
    let answer = file(&app, &key, "a.gif", GIF).send().await?;
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    assert_eq!(app.request(Method::GET, "/media/avatars/x").send().await?.status(), StatusCode::NOT_FOUND);
    Ok(())
}

/// A connection that ends in the middle of a file leaves no picture.
#[tokio::test]
async fn half_a_form_sets_nothing() -> Result {
    let app = TestApp::start().await?;
    let key = app.register("ada").await?;
    let whole = part(name::AVATAR, Some("a.gif"), GIF);
    let request = app.request(Method::PUT, PATH).header("Authorization", format!("Token {key}"));
    let request = request.header("Content-Type", "multipart/form-data; boundary=b");
    let answer = request.body(whole[..whole.len() - 10].to_vec()).send().await?;
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    Ok(())
}
