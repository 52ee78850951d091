//! Accounts: opening one, logging in and out, and what is kept of it.

use std::{fs, path::PathBuf};

use serde_json::json;

use crate::{
    program::Program,
    server::{PASSWORD, Server, log_in, register},
};

/// The files with tokens.
fn kept(program: &Program) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(program.folder().join("tokens")) else { return Vec::new() };
    entries.map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn registering_logs_in_and_logging_out_ends_it() {
    let server = Server::start();
    let ada = server.anonymous();
    assert_eq!(register(&ada, "ada").done(), format!("Registered and logged in to {}/ as ada.\n", server.url));
    assert_eq!(
        ada.run(&["whoami"]).done(),
        "Account   1\nUsername  ada\nE-mail    ada@example.org\nName\n",
        "a name that nobody gave is empty"
    );
    assert_eq!(ada.run(&["logout"]).done(), format!("Logged out of {}/.\n", server.url));
    let complaint = ada.run(&["whoami"]).failed(4);
    assert_eq!(complaint, format!("error: not logged in to {}/\nhint: log in: profiles login\n", server.url));
    assert_eq!(ada.run(&["logout"]).done(), format!("There was no login to {}/.\n", server.url));
    assert_eq!(log_in(&ada, "ada").done(), format!("Logged in to {}/ as ada.\n", server.url));
    ada.run(&["whoami"]).done();
    server.verify();
}

#[test]
fn programs_get_the_same_as_json() {
    let server = Server::start();
    let (ada, url) = (server.anonymous(), format!("{}/", server.url));
    let password = format!("{PASSWORD}\n");
    let form = ["--json", "register", "-u", "ada", "-e", "ada@example.org", "--password-stdin"];
    let value = ada.run_with_input(&form, &password).json();
    assert_eq!(value, json!({ "server": url, "username": "ada", "logged_in": true }));
    let value = ada.run(&["--json", "whoami"]).json();
    let account = json!({ "pk": 1, "username": "ada", "email": "ada@example.org", "first_name": "", "last_name": "" });
    assert_eq!(value, account);
    let value = ada.run(&["--json", "logout"]).json();
    assert_eq!(value, json!({ "server": url, "logged_in": false, "detail": format!("Logged out of {url}.") }));
    let value = ada.run_with_input(&["--json", "login", "-u", "ada", "--password-stdin"], &password).json();
    assert_eq!(value, json!({ "server": url, "username": "ada", "logged_in": true }));
}

#[test]
fn a_token_is_private_and_nothing_else_is_kept() {
    let server = Server::start();
    let ada = server.user("ada");
    let [file] = kept(&ada).try_into().unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;

        let mode = |path: &PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&file), mode(&ada.folder().join("tokens"))), (0o600, 0o700));
    }
    let token = fs::read_to_string(&file).unwrap();
    assert!(token.trim().len() == 40 && !token.contains(PASSWORD));

    // It is the same login wherever the token is.
    let elsewhere = server.anonymous().with("PROFILES_TOKEN", token.trim());
    assert!(elsewhere.run(&["whoami"]).done().contains("ada@example.org"));
    ada.run(&["logout"]).done();
    assert_eq!(kept(&ada), Vec::<PathBuf>::new());
    assert!(elsewhere.run(&["whoami"]).failed(4).contains("the token in PROFILES_TOKEN is stale"));
}

#[test]
fn a_stale_token_is_told_and_a_logout_deletes_it() {
    let server = Server::start();
    let ada = server.user("ada");
    let [file] = kept(&ada).try_into().unwrap();
    for (content, complaint) in [
        (&b"9999999999999999999999999999999999999999\n"[..], "the server does not accept the login: Invalid token."),
        (b"", "the token is empty"),
        (b"two words", "characters that no token has"),
        (b"\xff\xfe\0\x01", "characters that no token has"),
    ] {
        fs::write(&file, content).unwrap();
        for command in [&["whoami"][..], &["list"], &["status", "post", "x"]] {
            let said = ada.run(command).failed(4);
            assert!(said.contains(complaint) && said.contains("profiles login"), "{command:?}: {said}");
        }
        assert_eq!(ada.run(&["--json", "whoami"]).failed_json(4)["kind"], "unauthorized");
        assert!(ada.run(&["logout"]).done().contains("had already ended"));
        assert!(kept(&ada).is_empty());
        ada.run(&["list"]).done();
    }
    log_in(&ada, "ada").done();
    ada.run(&["whoami"]).done();
}

#[test]
fn each_server_has_its_own_login() {
    let (one, other) = (Server::start(), Server::start());
    let program = Program::new();
    let on = |server: &Server, command: &str| program.run(&["--url", &server.url, command]);
    let form = |server: &Server, name: &str| {
        let email = format!("{name}@example.org");
        let arguments = ["--url", &server.url, "register", "-u", name, "-e", &email, "--password-stdin"];
        program.run_with_input(&arguments, PASSWORD).done()
    };
    form(&one, "ada");
    assert!(on(&other, "whoami").failed(4).contains(&other.url), "the other server gets no token");
    form(&other, "grace");
    assert!(on(&one, "whoami").done().contains("ada@example.org"));
    assert!(on(&other, "whoami").done().contains("grace@example.org"));
    assert_eq!(kept(&program).len(), 2);
    on(&one, "logout").done();
    on(&one, "whoami").failed(4);
    on(&other, "whoami").done();
    // Slashes at the end make no other server of it.
    assert!(program.run(&["--url", &format!("{}//", other.url), "whoami"]).done().contains("grace"));
}

#[test]
fn a_wrong_password_and_an_unknown_name_sound_alike() {
    let server = Server::start();
    server.user("ada");
    let program = server.anonymous();
    for (name, password) in [("ada", "wrong-wrong-1"), ("nobody", PASSWORD)] {
        let run = program.run_with_input(&["login", "-u", name, "--password-stdin"], password);
        let said = run.failed(3);
        assert_eq!(said, "error: the server refused the request\n  Unable to log in with provided credentials.\n");
    }
    assert!(kept(&program).is_empty());
}

#[test]
fn what_a_login_needs_is_said() {
    let server = Server::start();
    let ada = server.user("ada");
    let said = ada.run_with_input(&["login", "-e", "ada@example.org", "--password-stdin"], PASSWORD).failed(3);
    assert!(said.contains("hint: not every server takes an e-mail address"), "{said}");
    let ada = ada.with("PROFILES_TOKEN", "9999999999999999999999999999999999999999");
    assert!(log_in(&ada, "ada").err.contains("PROFILES_TOKEN is set, and goes before this login"));
}
