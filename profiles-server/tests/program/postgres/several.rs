//! Two servers over one database are as one.

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    net::TcpListener,
    thread,
    time::{Duration, Instant},
};

use super::{REGISTRATION, STATUSES, beside, migrated, names, post, register, shared};
use crate::place::{AGES, Place, Serving};

struct Two {
    one: Serving,
    two: Serving,
    places: [Place; 2],
    with: String,
}

impl Two {
    fn start(arguments: &str) -> Self {
        let database = migrated(shared());
        let with = format!("--database {}", database.url);
        let arguments = format!("{with} --mail-transport file --mail-folder mails {arguments}");
        let place = Place::new();
        let one = place.serve(&arguments);
        let other = beside(&place);
        let two = other.serve(&arguments);
        Self { one, two, places: [place, other], with }
    }

    /// Mails that went out, at both.
    fn mails(&self) -> Vec<String> {
        let folders = self.places.iter().map(|place| place.path("mails"));
        folders.flat_map(|folder| if folder.exists() { names(&folder) } else { Vec::new() }).collect()
    }
}

fn body(answer: &str) -> &str {
    answer.split_once("\r\n\r\n").unwrap().1
}

#[test]
fn what_is_posted_at_one_is_in_a_stream_at_the_other() {
    let both = Two::start("");
    let key = register(&both.one, "ada");
    let mut stream = both.two.connect();
    write!(stream, "GET {STATUSES}stream/ HTTP/1.1\r\nHost: a\r\nAccept: text/event-stream\r\n\r\n").unwrap();
    let mut lines = BufReader::new(stream).lines().map(Result::unwrap);
    // It has begun.
    assert!(lines.any(|line| line.starts_with("id: ")));
    for text in ["first", "second"] {
        let posted = Instant::now();
        assert!(post(&both.one, &key, "", text).starts_with("HTTP/1.1 201"));
        // Heartbeats come in between.
        let told = lines.find(|line| line.starts_with("data: ") || posted.elapsed() > AGES).unwrap();
        assert!(told.contains(&format!("\"status_content\":\"{text}\"")), "{told}");
        assert!(posted.elapsed() < Duration::from_secs(5), "by the notice, and not by looking now and then");
    }
}

#[test]
fn each_mail_goes_out_once() {
    let both = Two::start("--throttle off");
    for number in 0..20 {
        register(if number % 2 == 0 { &both.one } else { &both.two }, &format!("ada{number}"));
    }
    let start = Instant::now();
    while both.mails().len() < 20 {
        assert!(start.elapsed() < AGES, "{} mails", both.mails().len());
        thread::sleep(Duration::from_millis(20));
    }
    // Nothing waits, so nothing comes twice.
    while !both.places[0].run(&format!("mail list {}", both.with)).out.is_empty() {
        assert!(start.elapsed() < AGES, "a mail still waits");
    }
    let mut to: Vec<String> = Vec::new();
    for place in &both.places {
        let folder = place.path("mails");
        for name in if folder.exists() { names(&folder) } else { Vec::new() } {
            let text = fs::read_to_string(folder.join(name)).unwrap();
            to.push(text.lines().find(|line| line.starts_with("To: ")).unwrap().to_owned());
        }
    }
    to.sort();
    let all = to.len();
    to.dedup();
    assert_eq!((all, to.len()), (20, 20));
}

#[test]
fn sessions_counts_and_keys_of_requests_are_shared() {
    let both = Two::start("--password-tries 4 --password-wait 600");
    let key = register(&both.one, "ada");
    // A token, and a session with its cookies.
    let head = format!("Authorization: Token {key}\r\n");
    assert!(both.two.send(&head, "GET", "/api/rest-auth/user/", "").contains("\"username\":\"ada\""));
    let login = both.one.ask("POST", "/api/rest-auth/login/", r#"{"username":"ada","password":"tulip-tango-92"}"#);
    let cookie = login.lines().find_map(|line| line.split_once("sessionid=")).unwrap().1.split(';').next().unwrap();
    let cookie = format!("Cookie: sessionid={cookie}\r\n");
    assert!(both.two.send(&cookie, "GET", "/api/rest-auth/user/", "").contains("\"username\":\"ada\""));

    // A request is done once, wherever it comes again.
    let once = "Idempotency-Key: k1\r\n";
    let (first, again) = (post(&both.one, &key, once, "hello"), post(&both.two, &key, once, "hello"));
    assert!(first.starts_with("HTTP/1.1 201") && again.starts_with("HTTP/1.1 201"), "{first}{again}");
    assert_eq!(body(&first), body(&again));
    assert!(post(&both.two, &key, once, "other").starts_with("HTTP/1.1 422"));
    let wanted =
        r#"{"username":"bob","email":"bob@example.org","password1":"tulip-tango-92","password2":"tulip-tango-92"}"#;
    let made = both.one.send("Idempotency-Key: k2\r\n", "POST", REGISTRATION, wanted);
    let again = both.two.send("Idempotency-Key: k2\r\n", "POST", REGISTRATION, wanted);
    assert!(made.starts_with("HTTP/1.1 201") && again.starts_with("HTTP/1.1 201"), "{made}{again}");

    // Wrong passwords are counted wherever they are tried.
    let wrong = r#"{"username":"ada","password":"wrong-wrong-1"}"#;
    for number in 0..4 {
        let server = if number % 2 == 0 { &both.one } else { &both.two };
        let answer = server.ask("POST", "/api/rest-auth/login/", wrong);
        assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    }
    for server in [&both.one, &both.two] {
        let answer = server.ask("POST", "/api/rest-auth/login/", wrong);
        assert!(answer.starts_with("HTTP/1.1 429"), "{answer}");
    }

    // Ended at one, refused at the other.
    assert!(both.two.send(&head, "POST", "/api/rest-auth/logout/", "").starts_with("HTTP/1.1 200"));
    assert!(both.one.send(&head, "GET", "/api/rest-auth/user/", "").starts_with("HTTP/1.1 401"));
}

/// It has no worker of its own: a server hears of it.
#[test]
fn a_mail_of_an_operators_command_is_sent_by_a_server() {
    let (place, database) = (Place::new(), migrated(shared()));
    let with = format!("--database {}", database.url);
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let nowhere = format!("--mail-transport smtp --smtp-host 127.0.0.1 --smtp-tls none --smtp-port {port}");
    let mut server = place.serve(&format!("{with} {nowhere}"));
    register(&server, "ada");
    server.log_until("a mail waits");
    let start = Instant::now();
    let retried = place.run(&format!("mail retry 1 {with}"));
    assert_eq!((retried.code, retried.out.as_str()), (Some(0), "mail 1 is sent again\n"), "{retried:?}");
    server.log_until("a mail waits");
    assert!(start.elapsed() < AGES, "a minute has not passed");
}

#[test]
fn one_goes_and_the_other_serves() {
    let mut both = Two::start("");
    let key = register(&both.one, "ada");
    both.one.kill();
    let posted = post(&both.two, &key, "", "still here");
    assert!(posted.starts_with("HTTP/1.1 201"), "{posted}");
}
