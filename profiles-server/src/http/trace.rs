//! A name for every request, and one line about it in the log.

use std::{
    borrow::Cow,
    fmt,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use poem::{
    Endpoint, IntoResponse, Middleware, Request, Response, Result,
    http::{HeaderName, HeaderValue, Method, StatusCode},
};
use tracing::Instrument;

use super::{
    IpNetwork,
    client_address::{client_address, peer},
};

/// The header that carries the name of a request, in both directions.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Longer parts of a path are not logged: they may be keys, as in a link that was mailed. None of ours is as long.
const LONGEST_SEGMENT: usize = 24;

/// The name of a request; handlers find it among the request's data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(HeaderValue);

impl RequestId {
    /// The name.
    pub fn as_str(&self) -> &str {
        // It was made from visible ASCII.
        self.0.to_str().unwrap_or_default()
    }

    /// The one that the client, or a proxy before us, gave: 1 to 64 of `A-Z a-z 0-9 . _ -`.
    fn given(request: &Request) -> Option<Self> {
        let value = request.headers().get(REQUEST_ID)?;
        let sane = value.as_bytes().iter().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(byte));
        (sane && (1..=64).contains(&value.len())).then(|| Self(value.clone()))
    }
}

/// Names every request, and writes one line about it when it has been answered: method, path without the query, status,
/// time taken, name and address of the client, and the proxy's if there is one that is trusted. Headers and bodies are
/// never logged.
#[derive(Debug)]
pub struct Trace {
    /// Tells apart the names that different processes make.
    process: u64,
    trusted_proxies: Arc<[IpNetwork]>,
}

impl Trace {
    /// Believes these proxies where a request comes from; see [`client_address()`].
    #[must_use]
    pub fn trusted_proxies(self, proxies: impl Into<Arc<[IpNetwork]>>) -> Self {
        Self { trusted_proxies: proxies.into(), ..self }
    }
}

impl Default for Trace {
    fn default() -> Self {
        let mut bytes = [0; 8];
        // Names need not be hard to guess: without randomness they are merely more alike.
        let _ = getrandom::fill(&mut bytes);
        Self { process: u64::from_ne_bytes(bytes), trusted_proxies: Arc::default() }
    }
}

impl<E: Endpoint> Middleware<E> for Trace {
    type Output = TraceEndpoint<E>;

    fn transform(&self, inner: E) -> Self::Output {
        let trusted_proxies = Arc::clone(&self.trusted_proxies);
        TraceEndpoint { inner, process: self.process, trusted_proxies, count: AtomicU64::new(0) }
    }
}

/// An endpoint with [`Trace`].
#[derive(Debug)]
pub struct TraceEndpoint<E> {
    inner: E,
    process: u64,
    trusted_proxies: Arc<[IpNetwork]>,
    count: AtomicU64,
}

impl<E> TraceEndpoint<E> {
    fn new_id(&self) -> RequestId {
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        let name = format!("{:016x}-{count:x}", self.process);
        RequestId(HeaderValue::from_str(&name).unwrap_or(HeaderValue::from_static("unnamed")))
    }
}

impl<E: Endpoint> Endpoint for TraceEndpoint<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> Result<Response> {
        let id = RequestId::given(&request).unwrap_or_else(|| self.new_id());
        request.set_data(id.clone());
        let mut line = Line::new(&request, &id, &self.trusted_proxies);
        let span = tracing::info_span!("request", request_id = id.as_str());
        let answered = self.inner.call(request).instrument(span).await;
        let mut response = answered.map_or_else(poem::Error::into_response, IntoResponse::into_response);
        line.status = Some(response.status());
        response.headers_mut().insert(REQUEST_ID, id.0);
        Ok(response)
    }
}

/// The line about a request. It is written when this is dropped, so that a request whose client has gone away in the
/// middle has one too.
struct Line {
    method: Method,
    path: String,
    remote: Option<Remote>,
    /// The proxy, if the client is behind one.
    peer: Option<SocketAddr>,
    id: RequestId,
    start: Instant,
    status: Option<StatusCode>,
}

impl Line {
    fn new(request: &Request, id: &RequestId, trusted_proxies: &[IpNetwork]) -> Self {
        let (remote, peer) = match (client_address(request, trusted_proxies), peer(request)) {
            (Some(client), Some(peer)) if client != peer.ip() => (Some(Remote::Forwarded(client)), Some(peer)),
            (_, peer) => (peer.map(Remote::Peer), None),
        };
        Self {
            method: request.method().clone(),
            path: without_keys(request.uri().path()).into_owned(),
            remote,
            peer,
            id: id.clone(),
            start: Instant::now(),
            status: None,
        }
    }
}

/// The address of a client.
enum Remote {
    /// It is the other end of the connection.
    Peer(SocketAddr),
    /// Trusted proxies say so.
    Forwarded(IpAddr),
}

impl fmt::Display for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Peer(address) => address.fmt(f),
            Self::Forwarded(address) => address.fmt(f),
        }
    }
}

/// The same line at another level.
macro_rules! line {
    ($level:ident, $line:expr, $message:literal) => {
        tracing::$level!(
            method = $line.method.as_str(),
            path = $line.path,
            status = $line.status.map(|status| status.as_u16()),
            duration_us = u64::try_from($line.start.elapsed().as_micros()).unwrap_or(u64::MAX),
            request_id = $line.id.as_str(),
            remote = $line.remote.as_ref().map(tracing::field::display),
            peer = $line.peer.map(tracing::field::display),
            $message
        )
    };
}

impl Drop for Line {
    fn drop(&mut self) {
        match self.status {
            None => line!(info, self, "the client went away"),
            Some(status) if status.is_server_error() => line!(error, self, "answered"),
            // Probes come every few seconds and say nothing.
            Some(_) if self.path.starts_with("/health/") => line!(debug, self, "answered"),
            Some(_) => line!(info, self, "answered"),
        }
    }
}

fn without_keys(path: &str) -> Cow<'_, str> {
    if path.split('/').all(|segment| segment.len() <= LONGEST_SEGMENT) {
        return path.into();
    }
    let segments = path.split('/').map(|segment| if segment.len() > LONGEST_SEGMENT { "(long)" } else { segment });
    // Many short segments make a long line too.
    segments.take(32).collect::<Vec<_>>().join("/").into()
}

#[cfg(test)]
mod tests;
