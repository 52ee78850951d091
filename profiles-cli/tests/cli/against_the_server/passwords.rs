//! Passwords: changing one, and choosing a new one by mail.

use crate::{
    program::{Program, Run},
    server::{PASSWORD, Server, log_in},
};

const NEW: &str = "pepper-pebble-57";

fn log_in_with(program: &Program, password: &str) -> Run {
    program.run_with_input(&["login", "--username", "ada", "--password-stdin"], password)
}

#[test]
fn a_change_keeps_this_login_and_ends_all_others() {
    let server = Server::start();
    let ada = server.user("ada");
    let elsewhere = server.anonymous();
    log_in(&elsewhere, "ada").done();

    let arguments = ["password", "change", "--password-stdin", "--new-password-stdin"];
    let said = ada.run_with_input(&arguments, &format!("{PASSWORD}\n{NEW}\n")).done();
    assert_eq!(said, "New password has been saved.\n");
    ada.run(&["whoami"]).done();
    elsewhere.run(&["whoami"]).failed(4);
    log_in_with(&elsewhere, PASSWORD).failed(3);
    log_in_with(&elsewhere, NEW).done();
    server.verify();
}

#[test]
fn a_weak_password_is_refused_and_changes_nothing() {
    let server = Server::start();
    let ada = server.user("ada");
    let arguments = ["password", "change", "--password-stdin", "--new-password-stdin"];
    let said = ada.run_with_input(&arguments, &format!("{PASSWORD}\npassword\n")).failed(3);
    assert!(said.contains("  new password: This password is too common."), "{said}");
    log_in(&server.anonymous(), "ada").done();
}

#[test]
fn a_lost_password_is_replaced_by_the_mailed_link_once() {
    let server = Server::start();
    server.user("ada");
    let mails = server.mails();
    let anybody = server.anonymous();
    let said = anybody.run(&["password", "reset", "ada@example.org"]).done();
    let link = mails.reset_link("ada@example.org");

    let arguments = ["password", "reset-confirm", &link, "--new-password-stdin"];
    let weak = anybody.run_with_input(&arguments, "password").failed(3);
    assert!(weak.contains("  new password: "), "{weak}");
    anybody.run_with_input(&arguments, NEW).done();
    log_in_with(&anybody, PASSWORD).failed(3);
    log_in_with(&anybody, NEW).done();
    let again = anybody.run_with_input(&arguments, "another-other-31").failed(3);
    assert!(again.contains("Invalid value") && again.contains("profiles password reset"), "{again}");

    let of_nobody = anybody.run(&["password", "reset", "nobody@example.org"]).done();
    assert_eq!(of_nobody.replace("nobody", "ada"), said, "it does not tell who has an account");
    server.verify();
}

#[test]
fn a_login_makes_the_mailed_link_worthless() {
    let server = Server::start();
    let ada = server.user("ada");
    let mails = server.mails();
    ada.run(&["password", "reset", "ada@example.org"]).done();
    let link = mails.reset_link("ada@example.org");
    log_in(&ada, "ada").done();
    let arguments = ["password", "reset-confirm", &link, "--new-password-stdin"];
    ada.run_with_input(&arguments, NEW).failed(3);
    log_in(&ada, "ada").done();
}
