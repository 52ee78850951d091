//! `audit`: what happened that matters for security, and `user erase`.

use std::{
    io::{BufRead, BufReader},
    process::Stdio,
};

use serde_json::{Value, json};

use crate::place::{Place, Serving};

const SECRETS: [&str; 3] = ["tulip-tango-92", "not-the-password", "ada@example.org"];

fn register(server: &Serving, name: &str) {
    let form = json!({ "username": name, "email": format!("{name}@example.org"), "password1": "tulip-tango-92",
        "password2": "tulip-tango-92" });
    let answer = server.ask("POST", "/api/rest-auth/registration/", &form.to_string());
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
}

fn login(server: &Serving, name: &str, password: &str) -> String {
    let form = json!({ "username": name, "password": password });
    server.ask("POST", "/api/rest-auth/login/", &form.to_string())
}

fn lines(place: &Place, arguments: &str) -> Vec<Value> {
    let printed = place.run(&format!("audit --json {arguments}"));
    assert_eq!(printed.code, Some(0), "{printed:?}");
    assert!(SECRETS.iter().all(|secret| !printed.out.contains(secret)), "{printed:?}");
    printed.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn told(lines: &[Value]) -> Vec<String> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    lines.iter().map(|line| ["event", "outcome", "actor", "account"].map(|key| text(&line[key])).join(" ")).collect()
}

#[test]
fn the_trail_is_read_with_filters_whether_a_server_runs_or_not() {
    let place = Place::new();
    let server = place.serve("");
    register(&server, "ada");
    register(&server, "bob");
    login(&server, "ada", "not-the-password");
    login(&server, "nobody", "not-the-password");
    login(&server, "ada", "tulip-tango-92");
    place.run("user promote bob");

    let everything = [
        "registration done anonymous 1",
        "registration done anonymous 2",
        "login refused anonymous 1",
        "login refused anonymous null",
        "login done account 1 1",
        "account-change done operator 2",
    ];
    let all = lines(&place, "");
    assert_eq!(told(&all), everything);
    for line in &all[..5] {
        assert_eq!(line["address"], "127.0.0.1", "{line}");
        assert!(line["request_id"].is_string() && line["at"].as_str().unwrap().ends_with('Z'), "{line}");
    }
    assert_eq!(all[5]["address"], Value::Null);
    let filtered = |arguments: &str| told(&lines(&place, arguments));
    assert_eq!(filtered("--user ADA"), [everything[0], everything[2], everything[4]]);
    assert_eq!(filtered("--event login --outcome refused"), everything[2..4]);
    assert_eq!(filtered("--since 1h"), everything);
    assert_eq!(filtered("--until 1h"), [""; 0]);

    let nobody = place.run("audit --user nobody");
    assert_eq!((nobody.code, nobody.err.as_str()), (Some(1), "profiles-server: there is no account \"nobody\"\n"));
    assert_eq!(place.run("audit --event nonsense").code, Some(2));

    server.signal("-TERM");
    assert!(server.ended().0.success());
    assert_eq!(filtered(""), everything, "it is on disk");
    let human = place.run("audit --outcome refused").out;
    assert!(human.lines().next().unwrap().contains("refused   login                  account 1"), "{human}");
}

#[test]
fn what_happens_is_followed_as_it_happens() {
    let place = Place::new();
    let server = place.serve("");
    register(&server, "ada");
    let mut following = place.command("audit --follow --json --event login");
    let mut following = following.stdout(Stdio::piped()).spawn().unwrap();
    let mut printed = BufReader::new(following.stdout.take().unwrap());
    for (password, outcome) in [("not-the-password", "refused"), ("tulip-tango-92", "done")] {
        login(&server, "ada", password);
        let mut line = String::new();
        printed.read_line(&mut line).unwrap();
        let line: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(line["outcome"], outcome, "{line}");
    }
    following.kill().unwrap();
    following.wait().unwrap();
}

#[test]
fn an_erased_account_frees_its_name_and_leaves_the_trail() {
    let place = Place::new();
    let server = place.serve("");
    register(&server, "ada");
    assert_eq!(place.run("user erase ada").code, Some(2), "not without --yes");
    let erased = place.run("user erase ADA --yes");
    assert_eq!((erased.code, erased.out.as_str()), (Some(0), "erased ada (account 1)\n"), "{erased:?}");
    assert!(login(&server, "ada", "tulip-tango-92").starts_with("HTTP/1.1 400"));
    register(&server, "ada");
    let trail = told(&lines(&place, ""));
    assert_eq!(trail[1], "erasure done operator 1");
    assert_eq!(trail.last().unwrap(), "registration done anonymous 2");
    server.signal("-TERM");
    assert!(server.ended().0.success());
    assert_eq!(place.run("check").code, Some(0));
}
