//! What is asked on a terminal.

use crate::{
    canned::{self, Canned},
    terminal::Terminal,
};

const ADA: &str = r#"{"pk":1,"username":"ada","email":"ada@example.org","first_name":"","last_name":""}"#;

fn asked(server: &Canned, arguments: &[&str], answers: &[(&str, &str)]) -> (i32, String) {
    let program = server.user();
    let mut terminal = Terminal::start(&mut program.command(arguments), 80);
    for (question, keys) in answers {
        terminal.answer(question, &format!("{keys}\r"));
    }
    let (code, screen) = terminal.finish();
    let secrets = ["0ld-s3cret", "n3w-s3cret"];
    assert!(secrets.iter().all(|secret| !screen.contains(secret)), "{screen}");
    assert_eq!(code != 0 || arguments[0] != "account", program.token_file().exists(), "{screen}");
    (code, screen)
}

#[test]
fn a_change_of_password_asks_for_both_and_shows_neither() {
    let server = Canned::with("200 OK", r#"{"detail":"New password has been saved."}"#);
    let answers =
        [("Present password:", "0ld-s3cret"), ("New password:", "n3w-s3cret"), ("New password again:", "n3w-s3cret")];
    for arguments in [&["password", "change"][..], &["password", "change", "--password-stdin", "--new-password-stdin"]]
    {
        let (code, screen) = asked(&server, arguments, &answers);
        assert_eq!(code, 0, "{screen}");
        let body = r#"{"new_password1":"n3w-s3cret","new_password2":"n3w-s3cret","old_password":"0ld-s3cret"}"#;
        assert_eq!(server.last().1, body);
    }
}

#[test]
fn a_reset_asks_for_the_address_and_then_for_link_and_password() {
    let server = Canned::with("200 OK", r#"{"detail":"Done."}"#);
    let (code, screen) = asked(&server, &["password", "reset"], &[("E-mail:", "ada@example.org")]);
    assert_eq!((code, server.last().1.as_str()), (0, r#"{"email":"ada@example.org"}"#), "{screen}");

    let answers = [
        ("Link in the mail:", "https://app.example/reset/2s/k3y/"),
        ("New password:", "n3w-s3cret"),
        ("New password again:", "n3w-s3cret"),
    ];
    let (code, screen) = asked(&server, &["password", "reset-confirm"], &answers);
    assert_eq!(code, 0, "{screen}");
    assert!(server.last().1.starts_with(r#"{"uid":"2s","token":"k3y","#));
}

#[test]
fn addresses_keys_and_names_are_asked_for() {
    let server = Canned::with("200 OK", r#"{"detail":"ok"}"#);
    let (code, screen) =
        asked(&server, &["email", "verify"], &[("Link in the mail:", "https://app.example/confirm/k3y")]);
    assert_eq!((code, server.last().1.as_str()), (0, r#"{"key":"k3y"}"#), "{screen}");
    let (code, screen) = asked(&server, &["email", "resend"], &[("E-mail:", "ada@example.org")]);
    assert_eq!((code, server.last().1.as_str()), (0, r#"{"email":"ada@example.org"}"#), "{screen}");
    let answers = [("New e-mail:", "ada@example.com"), ("Password:", "0ld-s3cret")];
    let (code, screen) = asked(&server, &["email", "change"], &answers);
    assert_eq!(code, 0, "{screen}");
    assert_eq!(server.last().1, r#"{"email":"ada@example.com","password":"0ld-s3cret"}"#);

    let row = concat!(
        r#"{"id":7,"kind":"personal","name":"ci","scopes":["read"],"created_at":"2026-11-22T10:45:44Z","#,
        r#""last_used_at":null,"expires_at":null,"address":null,"agent":null,"current":false,"key":"pat_k3y"}"#
    );
    let server = Canned::with("201 Created", row);
    let (code, screen) = asked(&server, &["token", "create"], &[("Name of the token:", "ci")]);
    assert_eq!((code, server.last().1.as_str()), (0, r#"{"name":"ci"}"#), "{screen}");
    assert!(screen.contains("pat_k3y\n") && screen.contains("will not be shown again"), "{screen}");
}

#[test]
fn an_account_is_erased_by_whoever_types_its_name() {
    let server = Canned::serve(|line| match line {
        "GET /api/rest-auth/user/" => canned::json("200 OK", ADA),
        _ => canned::json("204 No Content", ""),
    });
    let (code, screen) = asked(&server, &["account", "delete"], &[("Username, to confirm:", "adam")]);
    assert_eq!(code, 1, "{screen}");
    assert!(screen.contains("nothing was erased"), "{screen}");
    let (code, screen) = asked(&server, &["account", "delete"], &[("Username, to confirm:", "\u{3}")]);
    assert_eq!(code, 1, "{screen}");
    assert!(server.requests().iter().all(|request| request.line.starts_with("GET ")));

    let answers = [("Username, to confirm:", "ada"), ("Password:", "0ld-s3cret")];
    let (code, screen) = asked(&server, &["account", "delete"], &answers);
    assert_eq!(code, 0, "{screen}");
    assert!(screen.contains("erases the account ada on "), "{screen}");
    assert_eq!(server.last(), ("DELETE /api/rest-auth/user/".into(), r#"{"password":"0ld-s3cret"}"#.into()));

    let (code, screen) = asked(&server, &["account", "delete", "--yes"], &[("Password:", "0ld-s3cret")]);
    assert_eq!(code, 0, "{screen}");
    assert!(!screen.contains("Username"), "{screen}");
}
