//! Starting, serving and stopping.

use std::{
    fs,
    io::{BufRead, Read, Write},
    net::TcpStream,
    process::Command,
    time::{Duration, Instant},
};

use crate::place::{Place, Serving};

const ADA: &str =
    r#"{"username":"ada","email":"ada@example.org","password1":"tulip-tango-9","password2":"tulip-tango-9"}"#;
const REGISTRATION: &str = "/api/rest-auth/registration/";

/// Sends a registration up to its body, and waits until the server asks for that: the request is under way.
fn under_way(server: &Serving) -> TcpStream {
    let mut stream = server.connect();
    write!(
        stream,
        "POST {REGISTRATION} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
         Expect: 100-continue\r\n\r\n",
        ADA.len()
    )
    .unwrap();
    let mut asked = [0; 25];
    stream.read_exact(&mut asked).unwrap();
    assert_eq!(&asked, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream
}

#[test]
fn a_first_start_needs_nothing_and_says_where_it_is() {
    let place = Place::new();
    let mut server = place.serve("");
    let greeting = format!("profiles-server: listening on {0}; Swagger UI: http://{0}/docs\n", server.address);
    assert_eq!(server.greeting, greeting);
    let ready = server.ask("GET", "/health/ready", "");
    assert!(ready.starts_with("HTTP/1.1 200 OK\r\n") && ready.contains("x-request-id: "), "{ready}");
    assert!(server.ask("GET", "/docs", "").contains("content-security-policy: default-src 'none'"));

    let registered = server.ask("POST", REGISTRATION, ADA);
    assert!(registered.starts_with("HTTP/1.1 201 Created\r\n"), "{registered}");
    let mut mail = String::new();
    while !mail.ends_with(&format!("{}\n", "-".repeat(79))) {
        assert!(server.out.read_line(&mut mail).unwrap() > 0, "{mail}");
    }
    let link = format!("http://{}/api/rest-auth/registration/account-confirm-email/", server.address);
    assert!(mail.contains("\nTo: ada@example.org\n") && mail.contains(&link), "{mail}");
    let key = mail.split_once(&link).unwrap().1.split('/').next().unwrap();

    server.signal("-TERM");
    let (status, log) = server.ended();
    assert!(status.success(), "{log}");
    assert!(log.contains("path=\"/api/rest-auth/registration/\" status=201"), "{log}");
    assert!(!log.contains(key) && !log.contains("tulip"), "{log}");
    let check = place.run("check");
    assert_eq!((check.code, check.out.contains("contents: sound\n")), (Some(0), true), "{check:?}");
    assert!(!check.out.contains("not closed"), "{check:?}");
}

#[test]
fn a_request_under_way_is_answered_before_the_end() {
    let place = Place::new();
    let server = place.serve("");
    let idle = server.connect();
    let mut stream = under_way(&server);
    server.signal("-TERM");
    // Nobody is let in any more; from then on the server waits for this request alone.
    let start = Instant::now();
    while TcpStream::connect(&server.address).is_ok() {
        assert!(start.elapsed() < Duration::from_secs(20), "it still listens");
    }
    stream.write_all(ADA.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 201 Created\r\n"), "{answer}");
    let (status, log) = server.ended();
    assert!(status.success(), "{log}");
    drop(idle);
    assert!(place.run("user list").out.contains("  ada  "));
}

#[test]
fn a_request_that_does_not_end_is_cut_off_after_the_grace() {
    let place = Place::new();
    let server = place.serve("--shutdown-grace 1");
    let _stream = under_way(&server);
    let start = Instant::now();
    server.signal("-INT");
    let (status, log) = server.ended();
    assert!(status.success() && start.elapsed() >= Duration::from_secs(1), "{log}");
}

#[test]
fn a_second_signal_ends_at_once() {
    let place = Place::new();
    let server = place.serve("--shutdown-grace 3600");
    let _stream = under_way(&server);
    server.signal("-TERM");
    let start = Instant::now();
    while TcpStream::connect(&server.address).is_ok() {
        assert!(start.elapsed() < Duration::from_secs(20), "it still listens");
    }
    server.signal("-TERM");
    let (status, log) = server.ended();
    assert_eq!(status.code(), Some(1), "{log}");
    // The line about the request that was cut off may come before it or after it.
    let told = "profiles-server: ended by a second signal; requests under way were cut off";
    assert!(log.lines().any(|line| line == told), "{log}");
    assert_eq!(place.run("check").code, Some(0));
}

#[test]
fn logs_can_be_json_and_warn_of_what_is_dangerous() {
    let place = Place::new();
    let server = place.serve("--log-format json --throttle off");
    server.ask("GET", "/api/?token=hunter2", "");
    server.signal("-TERM");
    let (_, log) = server.ended();
    let lines: Vec<serde_json::Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let warns = |line: &serde_json::Value| {
        line["level"] == "WARN" && line["message"].as_str().unwrap().starts_with("THROTTLE IS OFF")
    };
    assert!(lines.iter().any(warns), "{log}");
    assert!(lines.iter().any(|line| line["path"] == "/api/" && line["status"] == 200), "{log}");
    assert!(!log.contains("hunter2"), "{log}");
}

#[test]
fn the_client_behind_a_trusted_proxy_is_in_the_log_and_nobody_else() {
    let place = Place::new();
    for (trusted, remote) in [("127.0.0.0/8", "remote=203.0.113.9 peer=127.0.0.1:"), ("::1", "remote=127.0.0.1:")] {
        let server = place.serve(&format!("--trusted-proxies {trusted}"));
        let mut stream = server.connect();
        let forwarded = "X-Forwarded-For: 198.51.100.1\r\nX-Forwarded-For: 203.0.113.9:4711\r\n";
        write!(stream, "GET /api/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{forwarded}\r\n").unwrap();
        stream.read_to_string(&mut String::new()).unwrap();
        server.signal("-TERM");
        let (_, log) = server.ended();
        assert!(log.contains(remote) && !log.contains("198.51.100.1"), "{log}");
    }
}

/// poem's own acceptor takes a whole core here.
#[test]
fn without_descriptors_it_rests_and_then_goes_on() {
    let place = Place::new();
    let program = env!("CARGO_BIN_EXE_profiles-server");
    let mut command = Command::new("sh");
    command.current_dir(place.path(".")).env_clear();
    command.args(["-c", &format!("ulimit -n 48; exec {program} --bind 127.0.0.1:0")]);
    let server = Serving::start(command);
    let clients: Vec<_> = (0..64).map(|_| server.connect()).collect();
    let before = cpu_ticks(server.id());
    let measured = Duration::from_secs(1);
    std::thread::sleep(measured);
    let ticks = cpu_ticks(server.id()) - before;
    // A tick is a hundredth of a second.
    assert!(ticks < 30, "{ticks} ticks of processor time in {measured:?}");
    drop(clients);
    assert!(server.ask("GET", "/health/live", "").starts_with("HTTP/1.1 200 OK\r\n"));
    server.signal("-TERM");
    let (_, log) = server.ended();
    assert_eq!(log.matches("no connection can be accepted").count(), 1, "{log}");
}

/// User and system time of a process.
fn cpu_ticks(process: u32) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}
