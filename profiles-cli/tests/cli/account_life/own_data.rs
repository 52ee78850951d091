//! Taking one's own data away, and having it erased.

use std::fs;

use serde_json::json;

use crate::{
    canned::{self, Canned, TOKEN},
    program::Program,
};

const EXPORT: &str = "{\"username\":\"ada\",\"statuses\":[{\"status_content\":\"Zoë \u{9b}2J\\u001b\"}]}";

#[test]
fn an_export_goes_into_a_file_of_ones_own() {
    let server = Canned::with("200 OK", EXPORT);
    let ada = server.user();
    let path = ada.folder().join("account.json");
    let name = path.to_str().unwrap();
    let said = ada.run(&["account", "export", "--output", name]).done();
    assert_eq!(said, format!("Wrote {} bytes into {name}.\n", EXPORT.len()));
    assert_eq!(fs::read_to_string(&path).unwrap(), EXPORT, "byte by byte");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    fs::write(&path, "something else").unwrap();
    let said = ada.run(&["account", "export", "-o", name]).failed(1);
    assert!(said.contains("is there already") && said.contains("--force"), "{said}");
    assert_eq!(fs::read_to_string(&path).unwrap(), "something else");
    assert_eq!(server.requests().len(), 1, "nothing is fetched that can't be kept");

    let value = ada.run(&["--json", "account", "export", "-o", name, "--force"]).json();
    assert_eq!(value, json!({ "file": name, "bytes": EXPORT.len() }));
    assert_eq!(fs::read_to_string(&path).unwrap(), EXPORT);
}

#[test]
fn an_export_to_standard_output_steers_no_terminal() {
    for arguments in [&["account", "export"][..], &["account", "export", "--json"]] {
        let out = Canned::with("200 OK", EXPORT).user().run(arguments);
        let value = out.json();
        assert_eq!(value, serde_json::from_str::<serde_json::Value>(EXPORT).unwrap());
    }
    let out = Canned::with("200 OK", EXPORT).user().run(&["account", "export"]).done();
    assert!(out.contains("Zoë") && !out.contains('\u{9b}'), "{out:?}");
}

#[test]
fn an_export_that_nobody_reads_is_no_error() {
    let ada = Canned::with("200 OK", EXPORT).user();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = ada.command(&["account", "export"]).stdout(writer).output().unwrap();
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]));
}

#[test]
fn an_export_that_fails_leaves_no_file() {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n";
    for (answer, code) in [
        (format!("{head}{{\"statuses\":["), 10),
        (format!("{head}[]"), 10),
        (canned::json("401 Unauthorized", r#"{"detail":"Invalid token."}"#), 4),
        (canned::json("503 Service Unavailable", r#"{"detail":"the service is unavailable"}"#), 10),
    ] {
        let ada = Canned::serve(move |_| answer.clone()).user();
        fs::create_dir(ada.folder().join("export")).unwrap();
        let path = ada.folder().join("export/account.json");
        ada.run(&["account", "export", "-o", path.to_str().unwrap()]).failed(code);
        assert_eq!(fs::read_dir(ada.folder().join("export")).unwrap().count(), 0);
    }
    let nowhere = Canned::with("200 OK", "{}").user().run(&["account", "export", "-o", "/nowhere/account.json"]);
    assert!(nowhere.failed(1).contains("/nowhere/account.json"));
}

#[test]
fn an_account_is_erased_and_its_token_goes() {
    let server = Canned::with("204 No Content", "");
    let ada = server.user();
    let arguments = ["account", "delete", "--yes", "--password-stdin"];
    let said = ada.run_with_input(&arguments, "s3cret\n").done();
    assert_eq!(said, format!("Erased the account on {}/ with everything in it.\n", server.url));
    assert_eq!(server.last(), ("DELETE /api/rest-auth/user/".into(), r#"{"password":"s3cret"}"#.into()));
    assert!(!ada.token_file().exists());

    let value = server.user().run_with_input(&[&["--json"], &arguments[..]].concat(), "s3cret\n").json();
    assert_eq!(value, json!({ "server": format!("{}/", server.url), "erased": true }));

    // A token in the environment went before the kept one, which may be another account's.
    let ada = server.user().with("PROFILES_TOKEN", TOKEN);
    let run = ada.run_with_input(&arguments, "s3cret\n");
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(run.err.contains("PROFILES_TOKEN has ended") && ada.token_file().exists(), "{}", run.err);
}

#[test]
fn an_account_is_not_erased_by_accident() {
    let server = Canned::with("204 No Content", "");
    let ada = server.user();
    assert!(ada.run_with_input(&["account", "delete", "--password-stdin"], "s3cret\n").failed(2).contains("--yes"));
    assert!(ada.run(&["account", "delete", "--yes"]).failed(2).contains("--password-stdin"));
    Program::for_server(&server.url).run(&["account", "delete", "--yes"]).failed(4);
    assert!(server.requests().is_empty());

    let refusing = Canned::with("400 Bad Request", r#"{"password":["Wrong password."]}"#);
    let ada = refusing.user();
    let said = ada.run_with_input(&["account", "delete", "--yes", "--password-stdin"], "wrong\n").failed(3);
    assert_eq!(said, "error: the server refused the request\n  password: Wrong password.\n");
    assert!(ada.token_file().exists());
}

/// Whoever interrupts an export is left with nothing half done.
#[cfg(unix)]
#[test]
fn an_export_that_is_interrupted_leaves_no_file() {
    use std::{
        io::{BufRead, BufReader, Write},
        net::TcpListener,
        process::{Command, Stdio},
    };

    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let ada = Program::for_server(&url).with("PROFILES_TOKEN", TOKEN);
    let path = ada.folder().join("account.json");
    let mut command = ada.command(&["account", "export", "-o", path.to_str().unwrap()]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();

    let (mut stream, _) = listener.accept().unwrap();
    let mut head = String::new();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    while reader.read_line(&mut head).unwrap() > 2 {}
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{\"statuses\":[").unwrap();
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "error: cancelled\n");
    assert_eq!(fs::read_dir(ada.folder()).unwrap().count(), 0);
}
