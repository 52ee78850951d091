//! Servers that are set up in other ways.

use profiles_core::{Verification, permissions::Reads};
use profiles_server::http::AuthenticationOrder;
use serde_json::json;

use crate::server::{Deployment, PASSWORD, Server, log_in, register};

#[test]
fn one_may_be_mounted_under_a_path() {
    let server = Server::deployed(Deployment { prefix: "/accounts", ..Deployment::default() });
    let ada = server.anonymous();
    assert!(register(&ada, "ada").done().contains("/accounts/ as ada."));
    ada.run(&["edit", "--city", "London"]).done();
    server.post_statuses(&ada, "again", 15);
    // Two pages: the address of the second has the path too.
    assert_eq!(ada.run(&["status", "list"]).done().lines().count(), 16);
    assert_eq!(ada.run(&["--json", "list", "--search", "london"]).json().as_array().unwrap().len(), 1);
    ada.run(&["logout"]).done();
    let outside = server.url.strip_suffix("/accounts").unwrap();
    server.anonymous().run(&["--url", outside, "list"]).failed(10);
    server.verify();
}

#[test]
fn one_that_wants_the_address_confirmed_logs_nobody_in() {
    let mut deployment = Deployment::default();
    deployment.core.verification = Verification::Mandatory;
    let server = Server::deployed(deployment);
    let ada = server.anonymous();
    assert_eq!(register(&ada, "ada").done(), "Verification e-mail sent.\n");
    assert_eq!(ada.run(&["whoami"]).failed(4).lines().count(), 2);
    let said = log_in(&ada, "ada").failed(3);
    assert!(said.contains("E-mail is not verified."), "{said}");
    assert!(std::fs::read_dir(ada.folder().join("tokens")).unwrap().next().is_none(), "no token is kept");

    let form = ["--json", "register", "-u", "grace", "-e", "grace@example.org", "--password-stdin"];
    assert_eq!(
        ada.run_with_input(&form, PASSWORD).json(),
        json!({
            "server": format!("{}/", server.url), "username": "grace", "logged_in": false,
            "detail": "Verification e-mail sent.",
        })
    );
}

#[test]
fn one_may_do_without_addresses() {
    let mut deployment = Deployment::default();
    deployment.core.email_required = false;
    let server = Server::deployed(deployment);
    server.anonymous().run_with_input(&["register", "-u", "ada", "--password-stdin"], PASSWORD).done();
    server.verify();
}

#[test]
fn one_may_answer_only_those_who_are_logged_in() {
    for order in [AuthenticationOrder::TokenFirst, AuthenticationOrder::SessionFirst] {
        let mut deployment = Deployment::default();
        deployment.core.reads = Reads::Authenticated;
        deployment.http.authentication = order;
        let server = Server::deployed(deployment);
        let ada = server.user("ada");
        ada.run(&["list"]).done();
        for command in [&["list"][..], &["show", "1"], &["status", "list"]] {
            let said = server.anonymous().run(command).failed(4);
            let expected = "error: the server answers only those who are logged in\nhint: log in: profiles login\n";
            assert_eq!(said, expected, "{order:?} {command:?}");
        }
        let stale = server.anonymous().with("PROFILES_TOKEN", "9999999999999999999999999999999999999999");
        assert!(stale.run(&["list"]).failed(4).contains("PROFILES_TOKEN"), "{order:?}");
    }
}
