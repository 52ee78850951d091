//! How long a connection may take for what it is doing.

use std::{io, time::Duration};

use tokio::time::Instant;

/// How long clients may take.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// For the head of a request, from its first byte to its last; for the first one, from the connection on.
    pub head: Duration,
    /// Without a byte in either direction.
    pub idle: Duration,
}

/// A body comes in at least this fast, in bytes per second, once `head` has passed: Apache's `RequestReadTimeout`.
const SLOWEST_BODY: u64 = 500;

const END_OF_HEAD: &[u8] = b"\r\n\r\n";
/// What a client says first that speaks HTTP/2 without having asked. The two are alike up to the end of a head.
const HTTP2_PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\n";
const CONTINUE: &[u8] = b"HTTP/1.1 100";

/// Follows what passes through a connection, and knows when it has taken too long.
///
/// It looks for the end of a head only, and leaves understanding it to hyper. Bytes that come in after it are taken for
/// a body until something is answered; a next request that comes early, behind the first, is timed as if it were one.
#[derive(Debug)]
pub(super) struct Patience {
    timeouts: Timeouts,
    phase: Phase,
    moved: Instant,
}

#[derive(Clone, Copy, Debug)]
enum Phase {
    /// The last bytes went out: a request may begin.
    Between,
    /// A head is coming in.
    Head { since: Instant, read: usize, matched: usize, preface: bool },
    /// A body is coming in, or a request is being answered.
    Message { since: Instant, read: u64 },
    /// Requests interleave in frames, so there is nothing to time but silence.
    Http2,
}

const fn head(since: Instant) -> Phase {
    Phase::Head { since, read: 0, matched: 0, preface: true }
}

impl Patience {
    /// With a connection that was accepted just now.
    pub(super) fn new(timeouts: Timeouts, now: Instant) -> Self {
        Self { timeouts, phase: head(now), moved: now }
    }

    /// These bytes came in.
    ///
    /// # Errors
    /// They came too slowly.
    pub(super) fn read(&mut self, bytes: &[u8], now: Instant) -> io::Result<()> {
        self.moved = now;
        if let Phase::Between = self.phase {
            self.phase = head(now);
        }
        match &mut self.phase {
            Phase::Head { since, read, matched, preface } => {
                if now > *since + self.timeouts.head {
                    return Err(too_slow());
                }
                for (at, byte) in bytes.iter().enumerate() {
                    *preface &= HTTP2_PREFACE.get(*read) == Some(byte);
                    *read += 1;
                    *matched = next_match(*matched, *byte);
                    if *matched == END_OF_HEAD.len() {
                        let rest = u64::try_from(bytes.len() - at - 1).unwrap_or(u64::MAX);
                        self.phase = if *preface { Phase::Http2 } else { Phase::Message { since: now, read: rest } };
                        break;
                    }
                }
                Ok(())
            }
            Phase::Message { since, read } => {
                *read = read.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
                let allowed = self.timeouts.head + Duration::from_secs(*read / SLOWEST_BODY);
                if now > *since + allowed { Err(too_slow()) } else { Ok(()) }
            }
            Phase::Between | Phase::Http2 => Ok(()),
        }
    }

    /// These bytes went out.
    pub(super) fn wrote(&mut self, bytes: &[u8], now: Instant) {
        self.moved = now;
        match self.phase {
            // Asks for the body, and answers nothing.
            Phase::Message { .. } if bytes.starts_with(CONTINUE) => {}
            Phase::Http2 => {}
            _ => self.phase = Phase::Between,
        }
    }

    /// When this has taken too long, unless something moves.
    pub(super) fn deadline(&self) -> Instant {
        match self.phase {
            Phase::Head { since, .. } => since + self.timeouts.head,
            Phase::Between | Phase::Message { .. } | Phase::Http2 => self.moved + self.timeouts.idle,
        }
    }

    /// How often it is worth to look at the deadline: whatever begins now has at least as long.
    pub(super) fn tick(&self) -> Duration {
        self.timeouts.head.min(self.timeouts.idle)
    }
}

pub(super) fn too_slow() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "the client took too long")
}

/// How much of [`END_OF_HEAD`] has been seen after this byte too. hyper also takes bare line feeds for ends of lines.
fn next_match(matched: usize, byte: u8) -> usize {
    match (matched, byte) {
        (0 | 1, b'\n') => 2,
        (2 | 3, b'\n') => 4,
        (2, b'\r') => 3,
        (_, b'\r') => 1,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMEOUTS: Timeouts = Timeouts { head: Duration::from_secs(10), idle: Duration::from_secs(75) };

    struct Played {
        patience: Patience,
        start: Instant,
    }

    impl Played {
        fn new() -> Self {
            let start = Instant::now();
            Self { patience: Patience::new(TIMEOUTS, start), start }
        }

        fn read(&mut self, at: u64, bytes: &str) -> bool {
            self.patience.read(bytes.as_bytes(), self.start + Duration::from_secs(at)).is_ok()
        }

        fn wrote(&mut self, at: u64, bytes: &str) {
            self.patience.wrote(bytes.as_bytes(), self.start + Duration::from_secs(at));
        }

        /// Seconds after the start.
        fn deadline(&self) -> u64 {
            (self.patience.deadline() - self.start).as_secs()
        }
    }

    #[test]
    fn a_head_has_ten_seconds_however_often_a_byte_comes() {
        let mut played = Played::new();
        assert_eq!(played.deadline(), 10);
        assert!(played.read(9, "GET / HTTP/1.1\r\nHost: a\r\n"));
        assert_eq!(played.deadline(), 10);
        assert!(!played.read(11, "\r\n"));
    }

    #[test]
    fn the_end_of_a_head_is_found_across_reads() {
        for parts in [["GET / HTTP/1.1\r\nA: b\r", "\n\r\n"], ["GET / HTTP/1.1\n", "\n"], ["G\r\r\n", "\r\n"]] {
            let mut played = Played::new();
            assert!(played.read(1, parts[0]) && played.read(2, parts[1]));
            assert_eq!(played.deadline(), 2 + 75, "{parts:?}");
        }
        let mut played = Played::new();
        assert!(played.read(1, "GET / HTTP/1.1\r\nA: b\r\n \n\r"));
        assert_eq!(played.deadline(), 10);
    }

    #[test]
    fn the_next_request_is_timed_from_its_own_first_byte() {
        let mut played = Played::new();
        assert!(played.read(0, "GET / HTTP/1.1\r\n\r\n"));
        played.wrote(1, "HTTP/1.1 200 OK\r\n\r\n");
        assert_eq!(played.deadline(), 1 + 75);
        assert!(played.read(50, "GET"));
        assert_eq!(played.deadline(), 50 + 10);
    }

    #[test]
    fn a_body_may_take_long_but_not_crawl() {
        let mut played = Played::new();
        assert!(played.read(0, "POST / HTTP/1.1\r\nExpect: 100-continue\r\n\r\n"));
        played.wrote(0, "HTTP/1.1 100 Continue\r\n\r\n");
        let kilobytes = "x".repeat(5_000);
        for second in 1..60 {
            assert!(played.read(second, &kilobytes), "{second}");
        }
        let mut played = Played::new();
        assert!(played.read(0, "POST / HTTP/1.1\r\n\r\n") && played.read(9, "x"));
        assert!(!played.read(11, "x"));
    }

    #[test]
    fn http2_is_timed_by_silence_alone() {
        let mut played = Played::new();
        assert!(played.read(0, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"));
        played.wrote(1, "frames");
        assert!(played.read(60, "frame"));
        assert_eq!(played.deadline(), 60 + 75);
    }
}
