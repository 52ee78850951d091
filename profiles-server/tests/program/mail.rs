//! `mail`: what waits, and what to do about it.

use std::net::TcpListener;

use serde_json::{Value, json};

use crate::place::{Place, Serving};

/// A mail server that nobody is.
fn nowhere() -> String {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    format!("--mail-transport smtp --smtp-host 127.0.0.1 --smtp-tls none --smtp-port {port}")
}

fn register(server: &Serving, name: &str) {
    let form = json!({ "username": name, "email": format!("{name}@example.org"), "password1": "tulip-tango-92",
        "password2": "tulip-tango-92" });
    let answer = server.ask("POST", "/api/rest-auth/registration/", &form.to_string());
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
}

fn mails(place: &Place, arguments: &str) -> Vec<Value> {
    let listed = place.run(&format!("mail list --json {arguments}"));
    assert_eq!(listed.code, Some(0), "{listed:?}");
    listed.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn mails_are_listed_sent_again_and_dropped_whether_a_server_runs_or_not() {
    let place = Place::new();
    let mut server = place.serve(&nowhere());
    register(&server, "ada");
    register(&server, "bob");
    let log = server.log_until("a mail waits") + &server.log_until("a mail waits");
    assert!(!log.contains("@example.org"), "{log}");
    let waiting = mails(&place, "");
    assert_eq!(waiting.len(), 2);
    for (mail, name) in waiting.iter().zip(["ada", "bob"]) {
        assert_eq!((&mail["state"], &mail["kind"]), (&json!("waiting"), &json!("confirm_email")), "{mail}");
        assert_eq!((&mail["attempts"], &mail["unsure"]), (&json!(1), &json!(0)), "{mail}");
        assert_eq!(mail["to"], json!(format!("{name}@example.org")));
        assert!(mail["problem"].as_str().unwrap().contains("no connection"), "{mail}");
    }
    assert_eq!(mails(&place, "--dead"), Vec::<Value>::new());

    // The running server takes it up at once: a minute has not passed.
    let retried = place.run("mail retry 2");
    assert_eq!((retried.code, retried.out.as_str()), (Some(0), "mail 2 is sent again\n"), "{retried:?}");
    server.log_until("a mail waits");
    assert_eq!(mails(&place, "")[1]["attempts"], json!(1), "counted anew");

    server.signal("-TERM");
    assert!(server.ended().0.success());
    let dropped = place.run("mail drop 1 7");
    assert_eq!((dropped.code, dropped.out.as_str()), (Some(1), "mail 1 is dropped\n"));
    assert_eq!(dropped.err, "profiles-server: there is no mail 7\n");
    let listed = place.run("mail list");
    let columns: Vec<_> = listed.out.split_whitespace().take(4).collect();
    assert_eq!(columns, ["2", "waiting", "confirm_email", "bob@example.org"], "{listed:?}");
    assert_eq!(listed.out.lines().count(), 1);
}

#[test]
fn which_mails_must_be_said_and_in_one_way() {
    let place = Place::new();
    for arguments in ["mail retry", "mail drop", "mail drop --dead 3", "mail retry one", "mail retry -1"] {
        assert_eq!(place.run(arguments).code, Some(2), "{arguments}");
    }
    assert_eq!(place.run("mail retry --dead").code, Some(0), "none is no error");
}

#[test]
fn what_is_wrong_with_the_mail_settings_is_told_at_the_start() {
    let place = Place::new();
    place.write("own/new_login.html", "<p>\n{{ usrname }}</p>");
    place.write("ca.pem", "none");
    for (arguments, told) in [
        ("--mail-transport smtp", "mail_transport is \"smtp\", which needs smtp_host"),
        ("--mail-transport file", "mail_transport is \"file\", which needs mail_folder"),
        ("--mail-transport file --mail-folder ca.pem", "mail_folder ca.pem can't be made: "),
        ("--mail-transport smtp --smtp-host a --smtp-ca-file ca.pem", "smtp_ca_file ca.pem holds no certificate"),
        ("--mail-templates own", "mail template own/new_login.html:2: "),
        ("--mail-templates none", "can't read mail templates from none: "),
        (
            "--password-reset-url https://a/{key}",
            "--password-reset-url: password_reset_url must be an http or https URL",
        ),
        ("--confirm-email-url javascript:{key}", "--confirm-email-url: confirm_email_url must be an http or https URL"),
    ] {
        let ended = place.run(&format!("serve --bind 127.0.0.1:0 {arguments}"));
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert!(ended.err.contains(told) && ended.err.lines().count() == 1, "{told}: {ended:?}");
    }
    assert!(!place.path("profiles-data").exists(), "nothing was made");
}
