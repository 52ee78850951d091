//! What needs no server: wrong usage, missing values, and what the program says about itself.

use std::{fs, io};

use crate::program::Program;

/// Nobody listens there; a test that gets as far as sending fails with another exit code.
const NOWHERE: &str = "http://127.0.0.1:1";

#[test]
fn what_is_missing_is_named_when_nobody_can_be_asked() {
    let program = Program::for_server(NOWHERE).with("PROFILES_TOKEN", "abc");
    for (arguments, flag) in [
        (&["login"] as &[_], "--username"),
        (&["login", "--username", "ada"], "--password-stdin"),
        (&["register"], "--username"),
        (&["register", "--username", "ada", "--email", "ada@example.org"], "--password-stdin"),
        (&["edit"], "--bio"),
        (&["status", "post"], "TEXT"),
        (&["status", "edit", "1"], "TEXT"),
        (&["password", "change"], "--new-password-stdin"),
        (&["password", "reset"], "EMAIL"),
        (&["email", "change", "ada@example.org"], "--password-stdin"),
        (&["token", "create"], "NAME"),
        (&["account", "delete"], "--yes"),
    ] {
        let run = program.run(arguments);
        assert_eq!(run.code, 2, "{arguments:?}: {}", run.err);
        assert!(run.err.contains(flag), "{arguments:?}: {}", run.err);
    }
}

#[test]
fn an_empty_password_is_not_sent() {
    let arguments = ["login", "--username", "ada", "--password-stdin"];
    for input in ["", "\n"] {
        let run = Program::for_server(NOWHERE).run_with_input(&arguments, input);
        assert_eq!(run.code, 2, "{}", run.err);
    }
    assert_eq!(Program::for_server(NOWHERE).run_with_input(&arguments, "s3cret\n").code, 7);
}

#[test]
fn wrong_usage_is_json_too_if_asked_for() {
    let run = Program::new().run(&["--json", "status", "show", "abc"]);
    assert_eq!(run.code, 2);
    let error: serde_json::Value = serde_json::from_str(&run.err).unwrap();
    assert_eq!(error["error"]["kind"], "usage");
    assert!(error["error"]["message"].as_str().unwrap().contains("abc"));
}

#[test]
fn a_command_that_needs_a_login_says_how_to_get_one() {
    for arguments in [
        &["whoami"] as &[_],
        &["show"],
        &["edit", "--city", "Paris"],
        &["status", "delete", "1"],
        &["password", "change"],
        &["email", "change"],
        &["sessions", "revoke", "1"],
        &["token", "create"],
        &["account", "export", "--output", "account.json"],
        &["account", "delete"],
    ] {
        let run = Program::for_server(NOWHERE).run(arguments);
        assert_eq!(run.code, 4, "{arguments:?}: {}", run.err);
        assert!(run.err.contains("profiles login"), "{arguments:?}: {}", run.err);
    }
}

#[test]
fn a_config_file_that_is_wrong_is_named() {
    let program = Program::new();
    fs::write(program.folder().join("config.toml"), "adress = 1").unwrap();
    let run = program.run(&["list"]);
    assert_eq!(run.code, 1, "{}", run.err);
    assert!(run.err.contains("config.toml") && run.err.contains("adress"), "{}", run.err);
    assert_eq!(program.run(&["man"]).code, 0, "the manual needs no configuration");
}

#[test]
fn the_program_describes_itself() {
    let program = Program::new();
    assert!(program.run(&["--help"]).out.contains("Exit codes:"));
    assert!(program.run(&["--version"]).out.starts_with("profiles "));
    assert!(program.run(&["man"]).out.contains(".SH \"EXIT STATUS\""));
    for shell in ["bash", "zsh", "fish"] {
        assert!(program.run(&["completions", shell]).out.contains("profiles"), "{shell}");
    }
}

#[test]
fn a_reader_that_went_away_is_no_error() {
    for arguments in [&["man"] as &[_], &["completions", "bash"], &["--help"]] {
        let (reader, writer) = io::pipe().unwrap();
        drop(reader);
        let output = Program::new().command(arguments).stdout(writer).output().unwrap();
        assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), b"" as &[u8]), "{arguments:?}");
    }
}
