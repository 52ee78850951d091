//! Something answers, but not as this API does.

use std::{
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    thread,
};

use crate::program::{Program, Run};

/// What `arguments` come to if whatever is sent is answered with these bytes.
fn answered_with(answer: &'static str, arguments: &[&str]) -> Run {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut head = String::new();
            while reader.read_line(&mut head).unwrap() > 2 {}
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    Program::for_server(&format!("http://{address}")).run(arguments)
}

#[test]
fn a_web_page_is_told_from_an_answer() {
    for answer in [
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n<h1>Welcome</h1>",
        "HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n<h1>Not Found</h1>",
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n{\"hello\":\"world\"}",
        "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n",
    ] {
        let run = answered_with(answer, &["list"]);
        assert_eq!(run.code, 10, "{answer}: {}", run.err);
        assert!(run.err.contains("does not answer as the profiles API does"), "{answer}: {}", run.err);
    }
}

#[test]
fn what_speaks_no_http_is_said_to_speak_none() {
    let run = answered_with("SSH-2.0-OpenSSH_9.6\r\n", &["list"]);
    assert_eq!(run.code, 10, "{}", run.err);
    assert!(run.err.contains("does not speak HTTP"), "{}", run.err);
}

#[test]
fn a_redirect_is_shown_and_not_followed() {
    let answer =
        "HTTP/1.1 301 Moved Permanently\r\nLocation: https://example.org/api/profiles/\r\nConnection: close\r\n\r\n";
    let run = answered_with(answer, &["list"]);
    assert_eq!(run.code, 10, "{}", run.err);
    assert!(run.err.contains("https://example.org/api/profiles/"), "{}", run.err);
}

#[test]
fn a_server_that_fails_is_told_from_one_that_refuses() {
    let failing = "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n\
                   {\"detail\":\"The server is busy.\"}";
    let run = answered_with(failing, &["list"]);
    assert_eq!(run.code, 10);
    assert!(run.err.contains("HTTP 503: The server is busy."), "{}", run.err);

    let throttling = "HTTP/1.1 429 Too Many Requests\r\nContent-Type: application/json\r\nRetry-After: 60\r\n\
                      Connection: close\r\n\r\n{\"detail\":\"Request was throttled.\"}";
    let run = answered_with(throttling, &["list"]);
    assert_eq!(run.code, 9);
    assert!(run.err.contains("in 60 seconds"), "{}", run.err);
}

#[test]
fn what_a_server_says_cannot_steer_the_terminal() {
    let hostile = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n\
                   [{\"id\":1,\"user\":\"ada\",\"avatar\":null,\"bio\":\"\\u001b]0;owned\\u0007\\u009b2J\",\"city\":\"\\n\"}]";
    for arguments in [&["list", "--color", "never"] as &[_], &["list", "--json"], &["show", "ada", "--color", "never"]]
    {
        let run = answered_with(hostile, arguments);
        assert_eq!(run.code, 0, "{}", run.err);
        assert!(!run.out.chars().any(|character| character.is_control() && character != '\n'), "{:?}", run.out);
    }
    let refusal = "HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n\
                   {\"detail\":\"\\u001b[2J\"}";
    let run = answered_with(refusal, &["status", "show", "1"]);
    assert_eq!(run.code, 6);
    assert!(run.err.contains(r"\u{1b}[2J") && !run.err.contains('\u{1b}'), "{:?}", run.err);
}
