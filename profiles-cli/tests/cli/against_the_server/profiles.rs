//! Profiles: showing and editing them.

use serde_json::json;

use crate::{server::Server, terminal::Terminal};

/// A pixel.
const GIF: &[u8] =
    b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff!\xf9\x04\x01\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x01D\0;";

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

#[test]
fn an_image_is_sent_shown_and_taken_away() {
    let server = Server::start();
    let ada = server.user("ada");
    let path = ada.folder().join("me \"today\" ü.gif");
    std::fs::write(&path, GIF).unwrap();
    let path = path.to_str().unwrap();
    let shown = ada.run(&["edit", "--avatar", path, "--city", "London"]).done();
    let link = format!("{}/media/avatars/", server.url);
    assert!(shown.contains("London") && shown.contains(&format!("Avatar    {link}")), "{shown}");
    assert!(server.anonymous().run(&["show", "ada"]).done().contains(&link));
    let value = ada.run(&["--json", "edit", "--no-avatar"]).json();
    assert_eq!((&value["avatar"], &value["city"]), (&json!(null), &json!("London")));
    let value = ada.run(&["--json", "edit", "--avatar", path]).json();
    assert!(value["avatar"].as_str().unwrap().starts_with(&link), "{value}");
    server.verify();
}

#[test]
fn what_is_no_image_is_refused_and_told_by_its_name() {
    let server = Server::start();
    let ada = server.user("ada");
    let path = ada.folder().join("me.gif");
    std::fs::write(&path, "GIF89a, or so it says").unwrap();
    let refused = ada.run(&["edit", "--city", "Rome", "--avatar", path.to_str().unwrap()]).failed(3);
    assert!(refused.contains("avatar: Upload a valid image."), "{refused}");
    let missing = ada.folder().join("missing.png");
    let refused = ada.run(&["edit", "--avatar", missing.to_str().unwrap()]).failed(2);
    assert!(refused.contains("cannot read") && refused.contains("missing.png"), "{refused}");
    assert!(!ada.run(&["show"]).done().contains("Rome"), "nothing was changed");
}

#[test]
fn on_a_terminal_a_bar_shows_how_far_it_is() {
    let server = Server::start();
    let ada = server.user("ada");
    let path = ada.folder().join("me.gif");
    std::fs::write(&path, GIF).unwrap();
    let shown =
        Terminal::start(&mut ada.command(&["edit", "--avatar", path.to_str().unwrap()]), 100).finish_in_colour();
    assert!(shown.contains("Sending [") && shown.contains("/media/avatars/"), "{shown:?}");
}
