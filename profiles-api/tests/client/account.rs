//! The life of an account: what is sent for each step, with or without the token, and what comes of the answers.

use std::{
    io::{self, BufRead as _, BufReader, Write},
    net::{TcpListener, TcpStream},
    time::Duration,
};

use profiles_api::{
    Client, ClientError, LoginKind, PersonalTokenRequest, Scope,
    client::{EXPORT_LIMIT, PasswordChange, PasswordReset},
};

use crate::{
    canned::{Canned, json},
    token,
};

const ROW: &str = concat!(
    r#"{"id":7,"kind":"personal","name":"ci","scopes":["read"],"created_at":"2026-11-22T10:45:44Z","#,
    r#""last_used_at":null,"expires_at":null,"address":"203.0.113.7","agent":null,"current":false"#
);

/// A server with this one answer, and a client of it that has a token.
fn canned(status: &'static str, body: impl Into<String>) -> (Canned, Client) {
    let body = body.into();
    let canned = Canned::serve(move |_, _| json(status, &body));
    let client = Client::new(&canned.url(), Some(&token())).unwrap();
    (canned, client)
}

fn request(line: &str, body: &str, with_token: bool) -> (String, String, bool) {
    (line.to_owned(), body.to_owned(), with_token)
}

#[tokio::test]
async fn a_password_is_changed_with_the_token_and_reset_without() {
    let (server, client) = canned("200 OK", r#"{"detail":"New password has been saved."}"#);
    let change = PasswordChange { old_password: Some("old".into()), new_password: "new".into() };
    assert_eq!(client.change_password(&change).await.unwrap(), "New password has been saved.");
    let body = r#"{"new_password1":"new","new_password2":"new","old_password":"old"}"#;
    assert_eq!(server.only_request(), request("post /api/rest-auth/password/change/", body, true));

    let (server, client) = canned("200 OK", r#"{"detail":"Password reset e-mail has been sent."}"#);
    client.request_password_reset("ada@example.org").await.unwrap();
    let body = r#"{"email":"ada@example.org"}"#;
    assert_eq!(server.only_request(), request("post /api/rest-auth/password/reset/", body, false));

    let (server, client) = canned("200 OK", r#"{"detail":"Password has been reset with the new password."}"#);
    let reset = PasswordReset { uid: "2s".into(), token: "k3y".into(), new_password: "new".into() };
    client.reset_password(&reset).await.unwrap();
    let body = r#"{"uid":"2s","token":"k3y","new_password1":"new","new_password2":"new"}"#;
    assert_eq!(server.only_request(), request("post /api/rest-auth/password/reset/confirm/", body, false));
    assert!(!format!("{reset:?} {change:?}").contains("k3y") && !format!("{change:?}").contains("old\""));
}

#[tokio::test]
async fn an_address_is_confirmed_without_the_token_and_changed_with_it() {
    let (server, client) = canned("200 OK", r#"{"detail":"ok"}"#);
    assert_eq!(client.verify_email(&"k3y".into()).await.unwrap(), "ok");
    let path = "post /api/rest-auth/registration/verify-email/";
    assert_eq!(server.only_request(), request(path, r#"{"key":"k3y"}"#, false));

    let (server, client) = canned("200 OK", r#"{"detail":"ok"}"#);
    client.resend_email("ada@example.org").await.unwrap();
    let path = "post /api/rest-auth/registration/resend-email/";
    assert_eq!(server.only_request(), request(path, r#"{"email":"ada@example.org"}"#, false));

    let (server, client) = canned("200 OK", r#"{"detail":"Confirmation e-mail sent."}"#);
    client.change_email("ada@example.com", &"pw".into()).await.unwrap();
    let body = r#"{"email":"ada@example.com","password":"pw"}"#;
    assert_eq!(server.only_request(), request("post /api/rest-auth/email/change/", body, true));

    let (_server, client) = canned("404 Not Found", r#"{"detail":"Not found."}"#);
    assert!(matches!(client.verify_email(&"k3y".into()).await, Err(ClientError::NotFound { .. })));
}

#[tokio::test]
async fn logins_are_listed_and_ended() {
    let (server, client) = canned("200 OK", format!("[{ROW}}}]"));
    let [login] = <[_; 1]>::try_from(client.sessions().await.unwrap()).unwrap();
    assert_eq!((login.id, login.kind, login.address.as_deref()), (7, LoginKind::Personal, Some("203.0.113.7")));
    assert_eq!(server.only_request(), request("get /api/rest-auth/sessions/", "", true));

    let (server, client) = canned("204 No Content", "");
    client.revoke_session(7).await.unwrap();
    assert_eq!(server.only_request(), request("delete /api/rest-auth/sessions/7/", "", true));

    let (server, client) = canned("200 OK", r#"{"detail":"Logged out everywhere else.","ended":3}"#);
    assert_eq!(client.revoke_other_sessions().await.unwrap().ended, 3);
    assert_eq!(server.only_request(), request("post /api/rest-auth/sessions/revoke-others/", "", true));
}

#[tokio::test]
async fn personal_tokens_are_listed_made_and_ended() {
    let (server, client) = canned("200 OK", format!("[{ROW}}}]"));
    assert_eq!(client.personal_tokens().await.unwrap()[0].name, "ci");
    assert_eq!(server.only_request(), request("get /api/rest-auth/tokens/", "", true));

    let (server, client) = canned("201 Created", format!(r#"{ROW},"key":"pat_abc"}}"#));
    let wanted = PersonalTokenRequest {
        name: "ci".into(),
        scopes: Some(vec![Scope::Read, Scope::StatusWrite]),
        expires_at: Some("2027-01-01T00:00:00Z".into()),
    };
    assert_eq!(client.create_personal_token(&wanted).await.unwrap().key, "pat_abc");
    let body = r#"{"name":"ci","scopes":["read","status:write"],"expires_at":"2027-01-01T00:00:00Z"}"#;
    assert_eq!(server.only_request(), request("post /api/rest-auth/tokens/", body, true));

    let (server, client) = canned("204 No Content", "");
    client.revoke_personal_token(7).await.unwrap();
    assert_eq!(server.only_request(), request("delete /api/rest-auth/tokens/7/", "", true));
}

#[tokio::test]
async fn an_account_is_erased_with_its_password() {
    let (server, client) = canned("204 No Content", "");
    client.delete_account(&"pw".into()).await.unwrap();
    assert_eq!(server.only_request(), request("delete /api/rest-auth/user/", r#"{"password":"pw"}"#, true));

    let (_server, client) = canned("400 Bad Request", r#"{"password":["Wrong password."]}"#);
    let error = client.delete_account(&"pw".into()).await.unwrap_err();
    assert!(matches!(&error, ClientError::Invalid(errors) if errors.get("password") == ["Wrong password."]), "{error}");
}

#[tokio::test]
async fn an_export_is_written_as_it_came() {
    let export = format!(r#"{{"statuses": ["{}"]}}"#, "Zoë \u{1b}".repeat(500_000));
    let (server, client) = canned("200 OK", export.clone());
    let mut written = Vec::new();
    let bytes = client.export_account(&mut written).await.unwrap();
    assert_eq!((written.len() as u64, String::from_utf8(written).unwrap()), (bytes, export));
    assert_eq!(server.only_request(), request("get /api/rest-auth/user/export/", "", true));
}

#[tokio::test]
async fn an_export_that_is_none_or_not_whole_is_an_error() {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n";
    for (answer, words) in [
        (format!("{head}\r\n{{\"statuses\":[{{\"id\":1}},"), "ends in the middle"),
        (format!("{head}\r\n"), "ends in the middle"),
        (format!("{head}\r\n[]"), "no JSON object"),
        (format!("{head}Content-Length: 900\r\n\r\n{{\"statuses\":["), ""),
        ("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n{}".to_owned(), "text/html"),
        (json("403 Forbidden", r#"{"detail":"No."}"#), "No."),
        (json("429 Too Many Requests", r#"{"detail":"Request was throttled."}"#), "too many requests"),
    ] {
        let canned = Canned::serve(move |_, _| answer.clone());
        let client = Client::new(&canned.url(), Some(&token())).unwrap();
        let error = client.export_account(&mut io::sink()).await.unwrap_err();
        assert!(error.to_string().contains(words), "{words}: {error}");
    }
}

#[tokio::test]
async fn an_export_goes_nowhere_but_where_it_can_be_written() {
    struct Full;

    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    let (_server, client) = canned("200 OK", "{}");
    let error = client.export_account(&mut Full).await.unwrap_err();
    assert!(matches!(error, ClientError::Write { kind: io::ErrorKind::StorageFull, .. }), "{error}");
}

/// The next connection, once its client has asked: it breaks off one that answers before.
fn asked(listener: &TcpListener) -> TcpStream {
    let (stream, _) = listener.accept().unwrap();
    let mut reader = BufReader::new(&stream);
    let mut line = String::new();
    while reader.read_line(&mut line).unwrap() > 2 {
        line.clear();
    }
    stream
}

#[tokio::test]
async fn an_export_without_end_is_given_up() {
    // A gigabyte in memory is too much for a test, so the server makes it as it goes.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let mut stream = asked(&listener);
        let head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n{\"a\":\"";
        let piece = vec![b'x'; 64 * 1024];
        let mut sent = stream.write_all(head);
        while sent.is_ok() {
            sent = stream.write_all(&piece);
        }
    });
    let client = Client::new(&url, Some(&token())).unwrap();
    let error = client.export_account(&mut io::sink()).await.unwrap_err();
    let words = format!("longer than {} MiB", EXPORT_LIMIT / 1024 / 1024);
    assert!(matches!(&error, ClientError::Unexpected { reason, .. } if reason.contains(&words)), "{error}");
}

#[tokio::test]
async fn an_export_that_stops_coming_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let silent = std::thread::spawn(move || {
        let mut stream = asked(&listener);
        let head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n{\"a\":";
        stream.write_all(head).unwrap();
        stream
    });
    let client = Client::builder(&url).token(token()).timeout(Duration::from_secs(1)).build().unwrap();
    let error = client.export_account(&mut io::sink()).await.unwrap_err();
    assert!(matches!(&error, ClientError::Unreachable { reason, .. } if reason.contains("in time")), "{error}");
    drop(silent.join());
}
