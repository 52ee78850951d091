//! What poem's own acceptor lacks: patience has an end, connections have a limit, and running out of descriptors does
//! not take a core.
//!
//! poem 3.1 waits for ever for the rest of a request's head, calls `accept` again at once when it fails (which is 100 %
//! of a core while there are no descriptors), accepts without limit, and leaves Nagle's algorithm on.

mod connection;
mod patience;

use std::{io, sync::Arc, time::Duration};

use poem::{
    http::uri::Scheme,
    listener::Acceptor,
    web::{LocalAddr, RemoteAddr},
};
use tokio::{net::TcpStream, sync::Semaphore, time::sleep};

use self::patience::Patience;
pub use self::{connection::Connection, patience::Timeouts};

/// How long to wait after `accept` has failed: long enough to cost nothing, short enough that nobody notices.
const BACK_OFF: Duration = Duration::from_millis(100);

/// Accepts connections from another acceptor, with limits.
#[derive(Debug)]
pub struct LimitedAcceptor<A> {
    inner: A,
    places: Arc<Semaphore>,
    timeouts: Timeouts,
    /// Whether the last `accept` failed, so that a long shortage is logged once.
    failing: bool,
}

impl<A> LimitedAcceptor<A> {
    /// Accepts from `inner`, at most `max_connections` at once; more of them wait in the system's queue.
    pub fn new(inner: A, max_connections: u32, timeouts: Timeouts) -> Self {
        let places = usize::try_from(max_connections).unwrap_or(Semaphore::MAX_PERMITS).min(Semaphore::MAX_PERMITS);
        Self { inner, places: Arc::new(Semaphore::new(places)), timeouts, failing: false }
    }
}

impl<A: Acceptor<Io = TcpStream>> Acceptor for LimitedAcceptor<A> {
    type Io = Connection;

    fn local_addr(&self) -> Vec<LocalAddr> {
        self.inner.local_addr()
    }

    async fn accept(&mut self) -> io::Result<(Connection, LocalAddr, RemoteAddr, Scheme)> {
        let place = Arc::clone(&self.places).acquire_owned().await.map_err(io::Error::other)?;
        loop {
            match self.inner.accept().await {
                Ok((stream, local, remote, scheme)) => {
                    self.failing = false;
                    // An error means that the other side is gone already; reading will say so.
                    let _ = stream.set_nodelay(true);
                    let patience = Patience::new(self.timeouts, tokio::time::Instant::now());
                    return Ok((Connection::new(stream, patience, place), local, remote, scheme));
                }
                // The client gave up before we came to it: the next one waits already.
                Err(error) if is_about_one_client(&error) => {}
                Err(error) => {
                    if !std::mem::replace(&mut self.failing, true) {
                        tracing::warn!(%error, "no connection can be accepted; trying again until one can");
                    }
                    sleep(BACK_OFF).await;
                }
            }
        }
    }
}

fn is_about_one_client(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

#[cfg(test)]
mod tests;
