//! What is asked on a terminal, and what can be seen there.

use crate::{
    server::{PASSWORD, Server},
    terminal::Terminal,
};

const CONTROL_C: &str = "\u{3}";

#[test]
fn registering_asks_for_everything_and_shows_no_password() {
    let server = Server::start();
    let ada = server.anonymous();
    let mut terminal = Terminal::start(&mut ada.command(&["register"]), 80);
    terminal.answer("Username:", "ada\r");
    terminal.answer("E-mail:", "ada@example.org\r");
    terminal.answer("Password:", &format!("{PASSWORD}\r"));
    terminal.answer("Password again:", &format!("{PASSWORD}\r"));
    let (code, screen) = terminal.finish();
    assert_eq!(code, 0, "{screen}");
    assert!(screen.contains("Registered and logged in to "), "{screen}");
    assert!(!screen.contains("tulip"), "{screen}");
    assert!(ada.run(&["whoami"]).done().contains("ada@example.org"));
}

#[test]
fn a_password_from_standard_input_is_not_shown_on_a_terminal_either() {
    let server = Server::start();
    let ada = server.user("ada");
    let mut terminal = Terminal::start(&mut ada.command(&["login", "-u", "ada", "--password-stdin"]), 80);
    terminal.answer("Password:", &format!("{PASSWORD}\r"));
    let (code, screen) = terminal.finish();
    assert_eq!(code, 0, "{screen}");
    assert!(!screen.contains("tulip"), "{screen}");
}

#[test]
fn editing_starts_from_what_is_there() {
    let server = Server::start();
    let ada = server.user("ada");
    ada.run(&["edit", "--city", "York", "--bio", "Writes"]).done();
    let mut terminal = Terminal::start(&mut ada.command(&["edit"]), 80);
    terminal.answer("Bio:", " programs\r");
    terminal.answer("City:", "\r");
    let (code, screen) = terminal.finish();
    assert_eq!(code, 0, "{screen}");
    let profile = ada.run(&["--json", "show"]).json();
    assert_eq!((&profile["bio"], &profile["city"]), (&"Writes programs".into(), &"York".into()));
}

#[test]
fn what_cannot_be_edited_in_one_line_is_not_asked_for() {
    let server = Server::start();
    let ada = server.user("ada");
    ada.run(&["edit", "--bio", "one\ntwo\u{1b}[2J"]).done();
    let (code, screen) = Terminal::start(&mut ada.command(&["edit"]), 80).finish();
    assert_eq!(code, 2, "{screen}");
    assert!(screen.contains("profiles edit --help"), "{screen}");
}

#[test]
fn giving_up_changes_nothing() {
    let server = Server::start();
    let ada = server.user("ada");
    let mut terminal = Terminal::start(&mut ada.command(&["status", "post"]), 80);
    terminal.answer("Status:", &format!("half a thou{CONTROL_C}"));
    let (code, screen) = terminal.finish();
    assert_eq!(code, 1, "{screen}");
    assert!(screen.contains("error: cancelled"), "{screen}");
    assert_eq!(ada.run(&["--json", "status", "list"]).json(), serde_json::json!([]));
}

#[test]
fn a_table_fits_a_narrow_terminal() {
    let server = Server::start();
    let ada = server.user("ada");
    server.post_statuses(&ada, &"😀".repeat(240), 1);
    server.post_statuses(&ada, &"long words in a row ".repeat(11), 1);
    let (code, screen) = Terminal::start(&mut ada.command(&["status", "list"]), 60).finish();
    assert_eq!(code, 0, "{screen}");
    for line in screen.lines() {
        let columns: usize = line.chars().map(|character| if character == '😀' { 2 } else { 1 }).sum();
        assert!(columns <= 60, "{columns}: {line}");
    }
    assert_eq!(screen.matches('😀').count(), 240);
}

#[test]
fn help_fits_a_narrow_terminal() {
    let program = Server::start().anonymous();
    for arguments in [
        &["--help"][..],
        &["-h"],
        &["edit", "--help"],
        &["status", "post", "-h"],
        &["password", "change", "--help"],
        &["password", "reset-confirm", "--help"],
        &["token", "create", "--help"],
        &["account", "export", "-h"],
    ] {
        let (code, screen) = Terminal::start(&mut program.command(arguments), 80).finish();
        assert_eq!(code, 0, "{screen}");
        assert!(screen.contains("Usage: profiles"), "{screen}");
        for line in screen.lines() {
            assert!(line.len() <= 80, "{line}");
        }
    }
}

#[test]
fn colour_is_left_out_where_it_is_not_wanted() {
    let server = Server::start();
    let coloured = |arguments: &[&str]| {
        let program = server.anonymous();
        let mut terminal = Terminal::start(&mut program.command(arguments), 80);
        terminal.answer("Username:", CONTROL_C);
        terminal.finish_in_colour().contains("\u{1b}[38;5;")
    };
    assert!(coloured(&["login"]));
    assert!(!coloured(&["login", "--color", "never"]));
}
