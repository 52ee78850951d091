//! Addresses: confirming one, and changing it.

use profiles_core::Verification;

use crate::server::{Deployment, PASSWORD, Server, log_in, register};

fn where_confirmation_is_mandatory() -> Server {
    let mut deployment = Deployment::default();
    deployment.core.verification = Verification::Mandatory;
    Server::deployed(deployment)
}

#[test]
fn an_account_opens_with_the_mailed_link() {
    let server = where_confirmation_is_mandatory();
    let mails = server.mails();
    let ada = server.anonymous();
    register(&ada, "ada").done();
    log_in(&ada, "ada").failed(3);
    let link = mails.confirmation_link("ada@example.org");
    assert_eq!(ada.run(&["email", "verify", &link]).done(), "The address is confirmed.\n");
    log_in(&ada, "ada").done();
    assert!(ada.run(&["email", "verify", &link]).failed(6).contains("profiles email resend"), "it works once");
    server.verify();
}

#[test]
fn the_mail_comes_again_if_it_was_lost() {
    let server = where_confirmation_is_mandatory();
    let mails = server.mails();
    let ada = server.anonymous();
    register(&ada, "ada").done();
    mails.confirmation_link("ada@example.org");
    let said = ada.run(&["email", "resend", "ada@example.org"]).done();
    let link = mails.confirmation_link("ada@example.org");
    let key = link.trim_end_matches('/').rsplit('/').next().unwrap();
    ada.run(&["email", "verify", key]).done();
    log_in(&ada, "ada").done();
    let of_nobody = ada.run(&["email", "resend", "nobody@example.org"]).done();
    assert_eq!(of_nobody.replace("nobody", "ada"), said, "it does not tell who has an account");
}

#[test]
fn a_key_of_nobody_is_told_with_what_to_do() {
    let said = Server::start().anonymous().run(&["email", "verify", "mzxw6ytboi5gk43umvzwk3tdmvzxgzlo"]).failed(6);
    assert!(said.contains("the server does not know this key") && said.contains("profiles email resend"), "{said}");
}

#[test]
fn an_address_changes_once_the_new_one_is_confirmed() {
    let server = Server::start();
    let ada = server.user("ada");
    let mails = server.mails();
    let arguments = ["email", "change", "ada@example.com", "--password-stdin"];
    let wrong = ada.run_with_input(&arguments, "wrong-wrong-1").failed(3);
    assert!(wrong.contains("  password: "), "{wrong}");

    ada.run_with_input(&arguments, PASSWORD).done();
    assert!(ada.run(&["whoami"]).done().contains("ada@example.org"), "not yet");
    ada.run(&["email", "verify", &mails.confirmation_link("ada@example.com")]).done();
    assert!(ada.run(&["whoami"]).done().contains("ada@example.com"));
    server.verify();
}
