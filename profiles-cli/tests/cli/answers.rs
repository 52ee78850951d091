//! Answers that are not what was asked for: of another program, of a failing server, of a hostile one, to a stale token.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    thread,
};

use crate::program::{Program, Run};

/// What `arguments` come to if whatever is sent is answered with these bytes.
fn answered_with(answer: &'static str, arguments: &[&str]) -> Run {
    Program::for_server(&server(answer)).run(arguments)
}

/// The address of a server that answers everything with these bytes.
fn server(answer: &'static str) -> String {
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
    format!("http://{address}")
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
    let refusal = "HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n\
                   {\"detail\":\"\\u001b[2J\"}";
    let run = answered_with(refusal, &["status", "show", "1"]);
    assert_eq!(run.code, 5);
    assert!(run.err.contains(r"\u{1b}[2J") && !run.err.contains('\u{1b}'), "{:?}", run.err);
}

#[test]
fn a_stale_token_says_where_it_came_from_and_a_bad_one_is_not_sent() {
    let stale = "HTTP/1.1 401 Unauthorized\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n\
                 {\"detail\":\"Invalid token.\"}";
    let program = Program::for_server(&server(stale)).with("PROFILES_TOKEN", "abc");
    let run = program.run(&["whoami"]);
    assert_eq!(run.code, 4, "{}", run.err);
    assert!(run.err.contains("PROFILES_TOKEN"), "{}", run.err);

    let run = Program::for_server("http://127.0.0.1:1").with("PROFILES_TOKEN", "s3 cret").run(&["whoami"]);
    assert_eq!(run.code, 4, "{}", run.err);
    assert!(run.err.contains("PROFILES_TOKEN") && !run.err.contains("s3 cret"), "{}", run.err);
}

#[test]
fn a_login_whose_token_cannot_be_kept_is_not_tried() {
    let program = Program::for_server("http://127.0.0.1:1");
    fs::write(program.folder().join("tokens"), "a file where the folder should be").unwrap();
    let run = program.run_with_input(&["login", "--username", "ada", "--password-stdin"], "s3cret\n");
    assert_eq!(run.code, 1, "{}", run.err);
    assert!(run.err.contains("tokens"), "{}", run.err);
}

#[test]
fn a_login_keeps_its_token_and_a_logout_ends_it() {
    let key = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n\
               {\"key\":\"0123456789abcdef0123456789abcdef01234567\",\"detail\":\"Successfully logged out.\"}";
    let program = Program::for_server(&server(key));
    let kept = || fs::read_dir(program.folder().join("tokens")).unwrap().count();
    for _ in 0..2 {
        let run = program.run_with_input(&["login", "--username", "ada", "--password-stdin"], "s3cret\n");
        assert_eq!((run.code, kept()), (0, 1), "{}", run.err);
        assert!(!run.out.contains("0123456789abcdef"), "{}", run.out);
    }
    assert_eq!((program.run(&["logout"]).code, kept()), (0, 0));
    assert_eq!(program.run(&["whoami"]).code, 4);
}
