//! Profiles: showing and editing them.

use serde_json::json;

use crate::server::Server;

#[test]
fn a_profile_is_edited_by_its_owner_and_seen_by_everybody() {
    let server = Server::start();
    let ada = server.user("ada");
    let shown = "Profile   1\nUsername  ada\nCity      London\nBio       Writes programs\nAvatar\n";
    assert_eq!(ada.run(&["edit", "--bio", "Writes programs", "--city", "London"]).done(), shown);
    for (program, command) in [
        (&ada, &["show"][..]),
        (&server.anonymous(), &["show", "1"]),
        (&server.anonymous(), &["show", "ada"]),
        (&server.anonymous(), &["show", "ADA"]),
    ] {
        assert_eq!(program.run(command).done(), shown, "{command:?}");
    }
    // What is not named stays; what is empty is cleared.
    ada.run(&["edit", "--city", "Paris"]).done();
    let value = ada.run(&["--json", "edit", "--bio", ""]).json();
    assert_eq!(value, json!({ "id": 1, "user": "ada", "avatar": null, "bio": "", "city": "Paris" }));
    assert_eq!(ada.run(&["--json", "show"]).json(), value);
    server.verify();
}

#[test]
fn staff_edit_anybody() {
    let server = Server::start();
    server.user("ada");
    let staff = server.staff();
    assert!(staff.run(&["edit", "--id", "1", "--city", "Paris"]).done().contains("Username  ada\nCity      Paris\n"));
    // Without a number it is one's own.
    assert!(staff.run(&["edit", "--city", "Rome"]).done().contains("Username  moderator\nCity      Rome\n"));
    assert!(server.anonymous().run(&["show", "ada"]).done().contains("Paris"));
}

#[test]
fn a_name_that_is_a_number_or_part_of_another_is_found() {
    let server = Server::start();
    for name in ["adam", "2", "ada", "a.da+x"] {
        server.user(name);
    }
    let program = server.anonymous();
    let id = |arguments: &[&str]| program.run(&[&["--json", "show"], arguments].concat()).json()["id"].clone();
    assert_eq!(id(&["ada"]), 3);
    assert_eq!(id(&["2"]), 2);
    assert_eq!(id(&["--username", "2"]), 2);
    assert_eq!(id(&["a.da+x"]), 4);
}
