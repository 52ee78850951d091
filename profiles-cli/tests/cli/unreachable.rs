//! Nobody is there.

use std::{fs, net::TcpListener};

use crate::program::Program;

/// An address where nobody listens: one that was free a moment ago.
fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

#[test]
fn the_address_is_named_and_how_to_set_another() {
    let url = nobody();
    let run = Program::for_server(&url).run(&["list"]);
    assert_eq!(run.code, 7, "{}", run.err);
    assert_eq!(run.out, "");
    for word in [url.as_str(), "--url", "PROFILES_URL"] {
        assert!(run.err.contains(word), "{word}: {}", run.err);
    }
}

#[test]
fn a_program_gets_the_same_as_json() {
    let run = Program::for_server(&nobody()).run(&["--json", "list"]);
    assert_eq!((run.code, run.out.as_str()), (7, ""));
    let error: serde_json::Value = serde_json::from_str(&run.err).unwrap();
    assert_eq!(error["error"]["kind"], "unreachable");
    assert_eq!(error["error"]["exit_code"], 7);
}

#[test]
fn the_address_comes_from_the_flag_then_the_environment_then_the_file() {
    let program = Program::new();
    fs::write(program.folder().join("config.toml"), "url = \"http://127.0.0.1:1/file\"\n").unwrap();
    assert!(program.run(&["list"]).err.contains("http://127.0.0.1:1/file/"));

    let program = program.with("PROFILES_URL", "http://127.0.0.1:1/environment");
    assert!(program.run(&["list"]).err.contains("http://127.0.0.1:1/environment/"));
    assert!(program.run(&["list", "--url", "http://127.0.0.1:1/flag"]).err.contains("http://127.0.0.1:1/flag/"));
}

#[test]
fn a_server_that_does_not_answer_in_time_is_given_up() {
    // It listens, so the connection stands; and it never answers.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let run = Program::for_server(&format!("http://{}", silent.local_addr().unwrap())).run(&["list", "--timeout", "1"]);
    assert_eq!(run.code, 7, "{}", run.err);
    assert!(run.err.contains("in time"), "{}", run.err);
}

#[test]
fn a_logout_that_reached_nobody_keeps_the_token() {
    let program = Program::for_server("http://127.0.0.1:1/");
    let file = program.folder().join("tokens").join("http%3A%2F%2F127.0.0.1%3A1%2F");
    fs::create_dir(program.folder().join("tokens")).unwrap();
    fs::write(&file, "0123456789abcdef0123456789abcdef01234567\n").unwrap();

    let run = program.run(&["logout"]);
    assert_eq!(run.code, 7, "{}", run.err);
    assert!(run.err.contains("the token was kept"), "{}", run.err);
    assert!(!run.err.contains("0123456789abcdef"), "{}", run.err);
    assert!(file.exists());
}
