//! Serving the connections that an acceptor takes, by hyper.
//!
//! poem's own server does the same, and takes 5 KB more for each connection: it moves the future of a connection into
//! another one, which then has room for both, and hyper keeps room for the future of a request for as long as the
//! connection lives, whose bulk is the request. Ten thousand idle live feeds are ten thousand connections, so here the
//! one is boxed before it is moved, and the other before hyper gets it.

use std::{convert::Infallible, future::Future, io, sync::Arc, time::Duration};

use hyper::service::service_fn;
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto::Builder,
};
use poem::{
    Endpoint, Request, Response,
    http::uri::Scheme,
    listener::Acceptor,
    web::{LocalAddr, RemoteAddr},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    pin, select,
    sync::watch,
    task::JoinSet,
    time::timeout,
};

/// The names of a request's headers and their values, in bytes at most, over HTTP/2.
const HTTP2_HEADERS: u32 = 16 * 1024;
/// Requests over HTTP/2 that a client may have taken back before they were answered, until it is sent away.
const HTTP2_RESETS: usize = 20;

/// Answers requests until `stop` is ready; then takes no more connections, and lets the requests that are under way be
/// answered for as long as `grace`. What is then left is cut off.
///
/// # Errors
/// The acceptor can't go on.
pub(crate) async fn serve<A: Acceptor>(
    mut acceptor: A,
    endpoint: impl Endpoint<Output = Response> + 'static,
    stop: impl Future<Output = ()>,
    grace: Duration,
) -> io::Result<()> {
    let (http, endpoint) = (protocols(), Arc::new(endpoint));
    let stopping = watch::Sender::new(false);
    let mut connections = JoinSet::new();
    pin!(stop);
    let served = loop {
        // Begun once for each connection: an acceptor that rests because there is nothing left to accept with does not begin
        // anew whenever a connection ends.
        let next = {
            let accepting = acceptor.accept();
            pin!(accepting);
            loop {
                select! {
                    () = &mut stop => break None,
                    accepted = &mut accepting => break Some(accepted),
                    // One that panicked has said so, and concerns no other.
                    Some(_) = connections.join_next() => {}
                }
            }
        };
        match next {
            None => break Ok(()),
            Some(Ok(accepted)) => {
                let connection = connection(&http, Arc::clone(&endpoint), accepted, stopping.subscribe());
                connections.spawn(connection);
            }
            Some(Err(error)) => break Err(error),
        }
    };
    drop(acceptor);
    stopping.send_replace(true);
    let _ = timeout(grace, async { while connections.join_next().await.is_some() {} }).await;
    connections.shutdown().await;
    served
}

/// HTTP/1.1, and HTTP/2 for clients that begin with it.
fn protocols() -> Builder<TokioExecutor> {
    let mut http = Builder::new(TokioExecutor::new());
    http.http2()
        .max_concurrent_streams(None)
        .max_pending_accept_reset_streams(HTTP2_RESETS)
        .max_header_list_size(HTTP2_HEADERS);
    http
}

/// Serves one connection to its end. Not an `async fn`: its future would have room for the arguments besides.
fn connection<Io, E>(
    http: &Builder<TokioExecutor>,
    endpoint: Arc<E>,
    (io, local, remote, scheme): (Io, LocalAddr, RemoteAddr, Scheme),
    mut stopping: watch::Receiver<bool>,
) -> impl Future<Output = ()> + Send + use<Io, E>
where
    Io: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    E: Endpoint<Output = Response> + 'static,
{
    let service = service_fn(move |request| {
        let request = Request::from((request, local.clone(), remote.clone(), scheme.clone()));
        let endpoint = Arc::clone(&endpoint);
        Box::pin(async move { Ok::<_, Infallible>(hyper::Response::from(endpoint.get_response(request).await)) })
    });
    let mut connection = Box::pin(http.serve_connection(TokioIo::new(io), service).into_owned());
    async move {
        select! {
            // An error is about this client, and it has gone.
            _ = &mut connection => return,
            _ = stopping.wait_for(|stopping| *stopping) => {}
        }
        connection.as_mut().graceful_shutdown();
        let _ = connection.await;
    }
}
