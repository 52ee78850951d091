//! Confirming an address, and changing it.

use serde_json::json;

use crate::{canned::Canned, program::Program};

#[test]
fn an_address_is_confirmed_with_the_link_or_its_key() {
    let server = Canned::with("200 OK", r#"{"detail":"ok"}"#);
    let ada = server.user();
    for link in ["k3y", "http://127.0.0.1:8000/api/rest-auth/registration/account-confirm-email/k3y/"] {
        assert_eq!(ada.run(&["email", "verify", link]).done(), "The address is confirmed.\n");
        let path = "POST /api/rest-auth/registration/verify-email/";
        assert_eq!(server.last(), (path.into(), r#"{"key":"k3y"}"#.into()));
    }
    assert_eq!(ada.run(&["--json", "email", "verify", "k3y"]).json(), json!({ "detail": "ok" }));
    assert!(server.requests().iter().all(|request| !request.with_token));
    assert!(ada.run(&["email", "verify"]).failed(2).contains("LINK or KEY"));
    assert!(ada.run(&["email", "verify", "https://app.example/"]).failed(2).contains("paste it whole"));
}

#[test]
fn a_dead_key_says_how_to_get_a_new_one() {
    let server = Canned::with("404 Not Found", r#"{"detail":"Not found."}"#);
    let said = Program::for_server(&server.url).run(&["email", "verify", "k3y"]).failed(6);
    assert_eq!(
        said,
        "error: the server does not know this key\n\
         hint: the link is not whole, was used, or is too old; get a new one: profiles email resend\n"
    );
}

#[test]
fn the_mail_is_sent_again_without_a_login() {
    let server = Canned::with("200 OK", r#"{"detail":"ok"}"#);
    let said = server.user().run(&["email", "resend", "ada@example.org"]).done();
    assert!(said.contains("if ada@example.org is an address to be confirmed"), "{said}");
    let path = "POST /api/rest-auth/registration/resend-email/";
    assert_eq!(server.last(), (path.into(), r#"{"email":"ada@example.org"}"#.into()));
    assert!(!server.requests()[0].with_token);
}

#[test]
fn a_new_address_needs_a_login_and_the_password() {
    let server = Canned::with("200 OK", r#"{"detail":"Confirmation e-mail sent."}"#);
    let ada = server.user();
    let arguments = ["email", "change", "ada@example.com", "--password-stdin"];
    let said = ada.run_with_input(&arguments, "s3cret\n").done();
    assert!(said.starts_with("Confirmation e-mail sent. It went to ada@example.com."), "{said}");
    let body = r#"{"email":"ada@example.com","password":"s3cret"}"#;
    assert_eq!(server.last(), ("POST /api/rest-auth/email/change/".into(), body.into()));

    assert!(ada.run(&["email", "change", "ada@example.com"]).failed(2).contains("--password-stdin"));
    assert!(ada.run(&["email", "change"]).failed(2).contains("EMAIL"));
    let nobody = Program::for_server(&server.url).run_with_input(&arguments, "s3cret\n").failed(4);
    assert!(nobody.contains("profiles login"), "{nobody}");
    assert_eq!(server.requests().len(), 1);
}
