//! A port that a cluster can keep while it is stopped.

use std::{
    net::TcpListener,
    process,
    sync::atomic::{AtomicU32, Ordering},
};

/// Ports below those that the system gives to whoever connects somewhere, so that nobody gets it meanwhile by chance.
const FIRST: u32 = 20_000;
const COUNT: u32 = 12_000;

/// A free one. Processes begin to look at places far apart.
pub(crate) fn free() -> u16 {
    static TAKEN: AtomicU32 = AtomicU32::new(0);
    let begin = process::id().wrapping_mul(7919);
    loop {
        let tries = TAKEN.fetch_add(1, Ordering::Relaxed);
        assert!(tries < COUNT, "no port is free");
        let port = u16::try_from(FIRST + begin.wrapping_add(tries) % COUNT).unwrap_or_default();
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
