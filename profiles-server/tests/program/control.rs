//! Operator's commands while a server runs.

use std::{
    fs,
    io::{BufRead, BufReader, ErrorKind, Read, Write},
    os::unix::{
        fs::{FileTypeExt, PermissionsExt},
        net::UnixStream,
    },
    process::Command,
    time::{Duration, Instant},
};

use crate::place::{AGES, Ended, Place, Serving};

const LOGIN: &str = "/api/rest-auth/login/";
const SOCKET: &str = "profiles-data/control.sock";
const STOP_FIRST: &str = "profiles-server: another profiles-server is using ./profiles-data; stop it first, or name \
                          another directory with --data-dir\n";

fn login(server: &Serving, name: &str, password: &str) -> String {
    let answer = server.ask("POST", LOGIN, &format!(r#"{{"username":"{name}","password":"{password}"}}"#));
    answer.lines().next().unwrap().to_owned()
}

fn connect(place: &Place) -> UnixStream {
    let stream = UnixStream::connect(place.path(SOCKET)).unwrap();
    stream.set_read_timeout(Some(AGES)).unwrap();
    stream
}

/// The line that the server answers.
fn answer(stream: &UnixStream) -> String {
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).unwrap();
    line
}

fn make(place: &Place, arguments: &str) -> Ended {
    place.run_with(&format!("user create ada --email ada@example.org --password-stdin {arguments}"), "tulip-tango-9")
}

/// A command, and how it ended: code, output, error.
type Told = (String, Option<i32>, String, String);

/// Every command, with what goes right and wrong; when each account was made is left out.
fn everything(place: &Place) -> Vec<Told> {
    let script = [
        ("user create Ada --email ada@example.org --staff --password-stdin", "tulip-tango-9"),
        ("user create bob --email bob@example.org --password-stdin", "daisy-disco-7"),
        ("user create ADA --email other@example.org --password-stdin", "tulip-tango-9"),
        ("user create eve --email ADA@example.org --password-stdin", "tulip-tango-9"),
        ("user create two/words --email eve@example.org --password-stdin", "x"),
        ("user create eve --email eve@example.org --password-stdin", ""),
        ("user deactivate BOB", ""),
        ("user demote ada", ""),
        ("user list", ""),
        ("user list --json", ""),
        ("user activate bob", ""),
        ("user promote bob", ""),
        ("user set-password ada --password-stdin", "daisy-disco-7"),
        ("user set-password eve --password-stdin", "daisy-disco-7"),
        ("user promote no\u{1b}body", ""),
        ("user list --json", ""),
    ];
    let done = script.map(|(command, input)| {
        let Ended { code, out, err } = place.run_with(command, input);
        let moment = |word: &str| word.len() > 20 && word.ends_with('Z');
        let words = out.split(|c: char| c.is_whitespace() || c == '"').filter(|word| !moment(word));
        (command.to_owned(), code, words.collect::<Vec<_>>().join(" "), err)
    });
    done.to_vec()
}

#[test]
fn every_command_does_and_says_the_same_whether_a_server_runs_or_not() {
    let (stopped, running) = (Place::new(), Place::new());
    let server = running.serve("");
    let expected = everything(&stopped);
    assert_eq!(everything(&running), expected);
    assert_eq!(expected.iter().filter(|(_, code, ..)| *code == Some(0)).count(), 10, "{expected:#?}");

    assert_eq!(login(&server, "ada", "tulip-tango-9"), "HTTP/1.1 400 Bad Request");
    assert_eq!(login(&server, "ada", "daisy-disco-7"), "HTTP/1.1 200 OK");
    assert_eq!(running.run("user deactivate ada").out, "Ada is inactive\n");
    assert_eq!(login(&server, "ada", "daisy-disco-7"), "HTTP/1.1 400 Bad Request");

    server.signal("-TERM");
    let (status, log) = server.ended();
    assert!(status.success(), "{log}");
    assert!(log.contains("an operator's command came through the control socket"), "{log}");
    assert!(log.contains("command=\"user set-password\" done=true"), "{log}");
    assert!(!log.contains("tulip") && !log.contains("daisy"), "{log}");
    assert!(!running.path(SOCKET).exists(), "it goes with the server");
    assert_eq!(running.run("user list").out.lines().count(), 2);
}

#[test]
fn the_socket_is_for_its_owner_alone_whatever_the_umask_is() {
    let place = Place::new();
    let program = env!("CARGO_BIN_EXE_profiles-server");
    let mut command = Command::new("sh");
    command.current_dir(place.path(".")).env_clear();
    command.args(["-c", &format!("umask 0; exec {program} --bind 127.0.0.1:0")]);
    let _server = Serving::start(command);
    let found = fs::symlink_metadata(place.path(SOCKET)).unwrap();
    assert!(found.file_type().is_socket());
    assert_eq!(found.permissions().mode() & 0o777, 0o600);
}

#[test]
fn two_servers_are_told_apart_by_their_data() {
    let place = Place::new();
    let _servers = [place.serve("--data-dir one"), place.serve("--data-dir two")];
    assert_eq!(make(&place, "--data-dir two").out, "made ada (account 1)\n");
    assert_eq!(place.run("user list --data-dir one").out, "");
    assert!(place.run("user list --data-dir two").out.contains("  ada  "));
}

#[test]
fn a_command_never_reaches_the_data_of_another_server() {
    let place = Place::new();
    let _first = place.serve("--data-dir one --control-socket ./ctl");
    let mut second = place.serve("--data-dir two --control-socket ./ctl");
    let log = second.log_until("operator's commands need this server to be stopped");
    assert!(log.contains("another server listens on ./ctl"), "{log}");
    assert_eq!(make(&place, "--data-dir one --control-socket ./ctl").code, Some(0));
    let ended = make(&place, "--data-dir two --control-socket ./ctl");
    assert_eq!(ended.code, Some(1));
    assert!(ended.err.contains("the server that listens on this control socket has other data"), "{ended:?}");
    // A path that leads to the same data does.
    std::os::unix::fs::symlink("one", place.path("link")).unwrap();
    assert_eq!(place.run("user promote ada --data-dir link --control-socket ./ctl").out, "ada is staff\n");
}

#[test]
fn without_a_socket_the_server_must_be_stopped() {
    let place = Place::new();
    let server = place.serve("--control-socket off");
    assert!(!place.path(SOCKET).exists());
    let ended = place.run("user list");
    assert_eq!((ended.code, ended.err.as_str()), (Some(1), STOP_FIRST));
    server.signal("-TERM");
    assert!(server.ended().0.success());
    assert_eq!(place.run("user list").code, Some(0));
}

#[test]
fn a_socket_can_be_elsewhere() {
    let place = Place::new();
    let server = place.serve("--control-socket ./ctl");
    assert_eq!(make(&place, "--control-socket ./ctl").code, Some(0));
    assert_eq!(place.run("user list").err, STOP_FIRST, "it has to be told where");
    server.signal("-TERM");
    assert!(server.ended().0.success());
    assert!(!place.path("ctl").exists());

    // Something of somebody else's is left alone, and the server does without.
    place.write("letter", "dear ada");
    let mut server = place.serve("--control-socket ./letter");
    let log = server.log_until("operator's commands need this server to be stopped");
    assert!(log.contains("WARN") && log.contains("./letter is there, and no socket"), "{log}");
    assert_eq!(fs::read_to_string(place.path("letter")).unwrap(), "dear ada");
    assert_eq!(place.run("user list --control-socket ./letter").err, STOP_FIRST);
    let ended = place.run("user list --control-socket ./letter/ctl");
    let told =
        "a profiles-server is using ./profiles-data, and its control socket ./letter/ctl can't be used (Not a dir";
    assert!(ended.code == Some(1) && ended.err.contains(told), "{ended:?}");
}

#[test]
fn a_socket_that_a_kill_left_is_in_nobodys_way() {
    let place = Place::new();
    let mut server = place.serve("");
    assert_eq!(make(&place, "").code, Some(0));
    server.kill();
    assert!(place.path(SOCKET).exists());
    assert_eq!(place.run("user promote ada").out, "ada is staff\n", "it is done without a server");
    let server = place.serve("");
    assert_eq!(place.run("user demote ada").out, "ada is not staff\n");
    server.signal("-TERM");
    assert!(server.ended().0.success());
    assert!(!place.path(SOCKET).exists());
}

#[test]
fn a_path_that_is_too_long_is_told_and_the_server_goes_on() {
    let place = Place::new();
    // In all, one byte more than fits.
    let data_dir = format!("./{}", "d".repeat(107 - "./control.sock".len()));
    let mut server = place.serve(&format!("--data-dir {data_dir}"));
    let log = server.log_until("operator's commands need this server to be stopped");
    let told = format!("the path {data_dir}/control.sock has 108 bytes, and a socket's can't have more than 107");
    assert!(log.contains("WARN") && log.contains(&told), "{log}");
    assert!(server.ask("GET", "/health/ready", "").starts_with("HTTP/1.1 200 OK\r\n"));
    let ended = place.run(&format!("user list --data-dir {data_dir}"));
    assert_eq!(ended.code, Some(1));
    assert!(ended.err.contains("; stop it first"), "{ended:?}");

    let data_dir = data_dir.trim_end_matches("dd").to_owned() + "d";
    let _server = place.serve(&format!("--data-dir {data_dir}"));
    assert_eq!(place.run(&format!("user list --data-dir {data_dir}")).code, Some(0), "107 bytes do");
}

#[test]
fn nonsense_is_refused_and_does_no_harm() {
    let place = Place::new();
    let server = place.serve("");
    let mut garbage = connect(&place);
    garbage.write_all(b"\xff\x00{[password=hunter2\n").unwrap();
    assert!(answer(&garbage).starts_with(r#"{"version":1,"error":"a request is a JSON object on a line"#));
    garbage.write_all(b"{\"version\":99}\n").unwrap();
    assert!(answer(&garbage).contains("the running server speaks version 1 of the control protocol"));
    // A request that is cut off is none.
    let mut cut_off = connect(&place);
    cut_off
        .write_all(br#"{"version":1,"data":{"device":1,"inode":1},"command":{"user_list":{"after":null}}}"#)
        .unwrap();
    cut_off.shutdown(std::net::Shutdown::Write).unwrap();
    assert_eq!(answer(&cut_off), "");
    drop(connect(&place));

    let mut flood = connect(&place);
    let error = flood.write_all(&vec![b'x'; 10 << 20]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BrokenPipe, "it is not read to its end");
    assert!(answer(&flood).contains("a request has at most 1048576 bytes"));

    assert_eq!(make(&place, "").code, Some(0));
    server.signal("-TERM");
    let (status, log) = server.ended();
    assert!(status.success() && !log.contains("hunter2"), "{log}");
}

#[test]
fn who_hangs_is_cut_off_and_others_get_their_turn() {
    let place = Place::new();
    let server = place.serve("");
    // As many as may be connected; half of them begin a request.
    let hanging: Vec<_> = (0..8).map(|_| connect(&place)).collect();
    for mut stream in hanging.iter().step_by(2) {
        stream.write_all(br#"{"version":1,"#).unwrap();
    }
    let start = Instant::now();
    assert_eq!(make(&place, "").code, Some(0));
    assert!(start.elapsed() >= Duration::from_secs(5), "the limit on connections held it up");
    for mut stream in hanging {
        assert_eq!(stream.read(&mut [0]).unwrap_or(0), 0);
    }
    // One that hangs does not keep the server from stopping.
    let _hanging = connect(&place);
    let start = Instant::now();
    server.signal("-TERM");
    assert!(server.ended().0.success());
    assert!(start.elapsed() < Duration::from_secs(8));
}

#[test]
fn a_list_that_nobody_reads_on_is_no_burden() {
    let place = Place::new();
    let server = place.serve("");
    assert_eq!(make(&place, "").code, Some(0));
    // Requests without end, and no answer is ever taken.
    let mut stream = connect(&place);
    stream.set_nonblocking(true).unwrap();
    let request = b"{\"version\":1}\n".repeat(1000);
    while stream.write(&request).is_ok() {}
    assert!(place.run("user list").out.contains("  ada  "));
    drop(stream);
    server.signal("-TERM");
    assert!(server.ended().0.success());
}
