//! `user`.

use crate::place::Place;

const LOGIN: &str = "/api/rest-auth/login/";

/// The first line of the answer to a login.
fn login(place: &Place, password: &str) -> String {
    let server = place.serve("");
    let answer = server.ask("POST", LOGIN, &format!(r#"{{"username":"bob","password":"{password}"}}"#));
    server.signal("-TERM");
    assert!(server.ended().0.success());
    answer.lines().next().unwrap().to_owned()
}

#[test]
fn an_account_is_made_and_changed_as_the_server_sees_it() {
    let place = Place::new();
    let made = place.run_with("user create Bob --email bob@example.org --staff --password-stdin", "tulip-tango-9\n");
    assert_eq!((made.code, made.out.as_str()), (Some(0), "made Bob (account 1, staff)\n"), "{made:?}");
    assert_eq!(login(&place, "tulip-tango-9"), "HTTP/1.1 200 OK");

    assert_eq!(place.run("user deactivate BOB").out, "Bob is inactive\n");
    assert_eq!(login(&place, "tulip-tango-9"), "HTTP/1.1 400 Bad Request");
    assert_eq!(place.run("user activate bob").out, "Bob is active\n");
    assert_eq!(place.run("user demote bob").out, "Bob is not staff\n");

    let changed = place.run_with("user set-password bob --password-stdin", "daisy-disco-7");
    assert_eq!(changed.out, "Bob has a new password, and is logged out everywhere\n", "{changed:?}");
    assert_eq!(login(&place, "tulip-tango-9"), "HTTP/1.1 400 Bad Request");
    assert_eq!(login(&place, "daisy-disco-7"), "HTTP/1.1 200 OK");

    let listed = place.run("user list --json").out;
    let row: serde_json::Value = serde_json::from_str(listed.trim_end()).unwrap();
    assert_eq!((&row["id"], &row["username"], &row["email"]), (&1.into(), &"Bob".into(), &"bob@example.org".into()));
    assert_eq!((&row["is_staff"], &row["is_active"]), (&false.into(), &true.into()));
}

#[test]
fn what_does_not_do_is_told_and_nothing_is_made() {
    let place = Place::new();
    for (command, input, error) in [
        ("user create two/words --email a@example.org --password-stdin", "x", "the name: Enter a valid username."),
        ("user create ada --email nowhere --password-stdin", "x", "--email: Enter a valid email address."),
        ("user create ada --email a@example.org --password-stdin", "\n", "the password: This field may not be blank."),
        ("user create ada --email a@example.org --password-stdin", "a\nb", "standard input must hold a password"),
    ] {
        let ended = place.run_with(command, input);
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert!(ended.err.starts_with(&format!("profiles-server: {error}")), "{ended:?}");
        assert!(!place.path("profiles-data").exists(), "{command}");
    }
    // A password on the command line would be there for all to read.
    assert_eq!(place.run("user create ada --email a@example.org").code, Some(2));
    assert_eq!(place.run("user promote nobody").err, "profiles-server: there is no account \"nobody\"\n");
}

#[test]
fn a_name_that_is_taken_is_told() {
    let place = Place::new();
    let create = |name: &str| {
        place.run_with(&format!("user create {name} --email {name}@example.org --password-stdin"), "tulip-tango-9")
    };
    assert_eq!(create("ada").code, Some(0));
    let again = create("ADA");
    assert_eq!(again.code, Some(1));
    assert_eq!(again.err, "profiles-server: username: A user with that username already exists.\n");
}
