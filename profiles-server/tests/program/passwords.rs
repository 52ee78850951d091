//! The rules for passwords, as an operator sets them.

use std::fs::File;

use crate::place::{Place, Serving};

/// What registering with this password is answered: the status line, and the last line of the body.
fn register(server: &Serving, username: &str, password: &str) -> (String, String) {
    let body = format!(
        r#"{{"username":"{username}","email":"{username}@analytical.example","password1":"{password}","password2":"{password}"}}"#
    );
    let answer = server.ask("POST", "/api/rest-auth/registration/", &body);
    let line = |line: Option<&str>| line.unwrap_or_default().to_owned();
    (line(answer.lines().next()), line(answer.lines().last()))
}

fn refusal(server: &Serving, username: &str, password: &str) -> String {
    let (status, body) = register(server, username, password);
    assert_eq!(status, "HTTP/1.1 400 Bad Request", "{password}: {body}");
    body
}

fn accepts(server: &Serving, username: &str, password: &str) {
    let (status, body) = register(server, username, password);
    assert_eq!(status, "HTTP/1.1 201 Created", "{password}: {body}");
}

#[test]
fn the_rules_of_nist_are_one_setting() {
    let place = Place::new();
    place.write("profiles.toml", "password_policy = \"nist\"\nsite_name = \"Babbage\"\npassword_words = [\"turbine\"]");
    let server = place.serve("--public-url https://society.example:8443/app");
    assert_eq!(
        refusal(&server, "ada", "tulip-tango-92"),
        r#"{"password1":["This password is too short. It must contain at least 15 characters."]}"#
    );
    for word in ["babbage", "society", "turbine"] {
        let message = format!(
            r#"{{"password1":["This password contains \"{word}\", which others may know of you or of this site. Leave that out."]}}"#
        );
        assert_eq!(refusal(&server, "ada", &format!("twelve {} dance", word.to_uppercase())), message);
    }
    assert_eq!(
        refusal(&server, "lovelace", "to lovelace with love"),
        "{\"non_field_errors\":[\"This password contains \\\"lovelace\\\", which others may know of you or of this \
         site. Leave that out.\"]}"
    );
    accepts(&server, "lovelace", "481094726618305");
}

#[test]
fn what_is_set_changes_and_adds_to_either_preset() {
    let place = Place::new();
    place.write("own list.txt", "Tulip-Tango-92\r\n");
    place.write(
        "profiles.toml",
        "password_policy = \"nist\"\npassword_min_length = 10\npassword_classes = [\"digit\", \"symbol\"]\n\
         password_score = 3\npassword_blocklist = \"own list.txt\"",
    );
    let server = place.serve("");
    assert_eq!(
        refusal(&server, "ada", "tulip-TANGO-92"),
        "{\"password1\":[\"This password is on this site's list of passwords that are easy to guess. Choose another \
         one.\"]}"
    );
    assert_eq!(
        refusal(&server, "ada", "abcabcabc"),
        "{\"password1\":[\"This password is too short. It must contain at least 10 characters.\",\
         \"This password must also contain a digit and a punctuation mark, space or other symbol.\",\
         \"This password is too easy to guess. Repeats like \\\"abcabcabc\\\" are only slightly harder to guess than \
         \\\"abc\\\". Add another word or two. Uncommon words are better. Avoid repeated words and characters.\"]}"
    );
    // Strong, unless one knows whose it is: that is found when the other fields are known.
    let known = refusal(&server, "xk4.vq9.zj2.wr7", "xk4.vq9.zj2.wr7");
    assert!(known.starts_with("{\"non_field_errors\":[\"This password"), "{known}");
    accepts(&server, "ada", "tulip-tango-93");
}

#[test]
fn a_list_that_cannot_be_used_is_told_before_anything_is_made() {
    let place = Place::new();
    std::fs::write(place.path("latin1.txt"), b"eins\ncaf\xe9\n").unwrap();
    File::create(place.path("huge.txt")).unwrap().set_len((64 << 20) + 1).unwrap();
    for (list, problem) in [
        ("none.txt", "can't be read: No such file or directory (os error 2)"),
        (".", "is not a file"),
        ("latin1.txt", "is not UTF-8 text at line 2: convert it, with iconv for example"),
        ("huge.txt", "has more than 64 MB: keep the most common passwords, and none that other rules refuse"),
    ] {
        for command in ["--bind 127.0.0.1:0", "check", "user list"] {
            let ended = place.run(&format!("{command} --password-blocklist {list}"));
            assert_eq!(ended.code, Some(1), "{ended:?}");
            assert!(
                ended.err.ends_with(&format!("profiles-server: password_blocklist: {list} {problem}\n")),
                "{ended:?}"
            );
        }
    }
    assert!(!place.path("profiles-data").exists());
}
