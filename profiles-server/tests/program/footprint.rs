//! What a server costs that does nothing. `cargo test --release -p profiles-server --test program footprint --
//! --nocapture` prints the figures; the bounds here only catch what is far off, in a debug build on a slow machine too.

use std::{
    fs,
    time::{Duration, Instant},
};

use crate::place::{Place, Serving};

/// Bytes of the server's memory that are in RAM.
fn resident(server: &Serving) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", server.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

#[test]
fn an_idle_server_is_small_and_starts_soon() {
    let place = Place::new();
    let before = Instant::now();
    let server = place.serve("");
    let ready = server.ask("GET", "/health/ready", "");
    let started = before.elapsed();
    assert!(ready.starts_with("HTTP/1.1 200 OK\r\n"), "{ready}");
    let idle = resident(&server);
    println!("ready {started:?} after its start on an empty database; {} KiB resident", idle / 1024);
    assert!(started < Duration::from_secs(5), "{started:?}");
    // More than half of it are pages of the program's file, which is large without optimisation.
    assert!(idle < 48 << 20, "{idle} bytes");
}
