use std::{collections::VecDeque, net::SocketAddr, time::Instant};

use poem::{EndpointExt as _, listener::TcpAcceptor};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::timeout,
};

use super::*;
use crate::http::connections;

const HEAD: Duration = Duration::from_millis(300);
const IDLE: Duration = Duration::from_millis(900);
const AGES: Duration = Duration::from_secs(20);

/// Serves on a free port, until the test ends.
async fn serve(max_connections: u32) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let acceptor = TcpAcceptor::from_tokio(listener).unwrap();
    let acceptor = LimitedAcceptor::new(acceptor, max_connections, Timeouts { head: HEAD, idle: IDLE });
    let endpoint = poem::Route::new().at("/", poem::endpoint::make_sync(|_| "hello")).at(
        "/slow",
        poem::endpoint::make(|_| async {
            tokio::time::sleep(HEAD * 2).await;
            "at last"
        }),
    );
    let endpoint = endpoint.map_to_response();
    tokio::spawn(connections::serve(acceptor, endpoint, std::future::pending(), AGES));
    address
}

async fn connect(address: SocketAddr) -> TcpStream {
    TcpStream::connect(address).await.unwrap()
}

/// Sends a request and reads the answer to the end of its body.
async fn ask(stream: &mut TcpStream, path: &str, body: &str) -> String {
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    while !String::from_utf8_lossy(&answer).ends_with(body) {
        let read = timeout(AGES, stream.read_buf(&mut answer)).await.unwrap().unwrap();
        assert!(read > 0, "{answer:?}");
    }
    String::from_utf8(answer).unwrap()
}

/// Waits until the server closes the connection; answers how long that took.
async fn closed(stream: &mut TcpStream) -> Duration {
    let start = Instant::now();
    let mut rest = Vec::new();
    // A reset is as good as an end.
    let _ = timeout(AGES, stream.read_to_end(&mut rest)).await.unwrap();
    start.elapsed()
}

#[tokio::test]
async fn half_a_head_and_a_silent_client_are_cut_off() {
    let address = serve(10).await;
    let mut silent = connect(address).await;
    let mut half = connect(address).await;
    half.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n").await.unwrap();
    for stream in [&mut silent, &mut half] {
        assert!(closed(stream).await < HEAD * 3);
    }
}

#[tokio::test]
async fn a_head_that_comes_byte_by_byte_is_cut_off() {
    let address = serve(10).await;
    let (mut read, mut write) = connect(address).await.into_split();
    let drip = tokio::spawn(async move {
        for byte in b"GET / HTTP/1.1\r\nX-Very-Long: ".iter().chain(std::iter::repeat(&b'x')) {
            if write.write_all(&[*byte]).await.is_err() {
                break;
            }
            tokio::time::sleep(HEAD / 10).await;
        }
    });
    let start = Instant::now();
    let _ = timeout(AGES, read.read_to_end(&mut Vec::new())).await.unwrap();
    assert!((HEAD..HEAD * 3).contains(&start.elapsed()), "{:?}", start.elapsed());
    drip.abort();
}

#[tokio::test]
async fn a_connection_lives_between_requests_and_then_ends() {
    let address = serve(10).await;
    let mut stream = connect(address).await;
    assert!(ask(&mut stream, "/", "hello").await.starts_with("HTTP/1.1 200 OK\r\n"));
    // Longer than a head may take.
    tokio::time::sleep(HEAD * 2).await;
    ask(&mut stream, "/", "hello").await;
    let took = closed(&mut stream).await;
    assert!((IDLE / 2..IDLE * 3).contains(&took), "{took:?}");
}

#[tokio::test]
async fn a_handler_may_take_longer_than_a_head() {
    let address = serve(10).await;
    assert!(ask(&mut connect(address).await, "/slow", "at last").await.starts_with("HTTP/1.1 200 OK\r\n"));
}

#[tokio::test]
async fn beyond_the_limit_connections_wait_for_a_place() {
    let address = serve(2).await;
    let (mut one, mut two) = (connect(address).await, connect(address).await);
    ask(&mut one, "/", "hello").await;
    ask(&mut two, "/", "hello").await;
    let mut three = connect(address).await;
    three.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    let mut first = [0; 1];
    assert!(timeout(HEAD, three.read(&mut first)).await.is_err(), "served beyond the limit");
    drop(one);
    assert_eq!(timeout(IDLE / 2, three.read(&mut first)).await.unwrap().unwrap(), 1);
}

/// Fails as the system does, then goes on.
struct Failing {
    errors: VecDeque<io::Error>,
    inner: TcpAcceptor,
}

impl Acceptor for Failing {
    type Io = TcpStream;

    fn local_addr(&self) -> Vec<LocalAddr> {
        self.inner.local_addr()
    }

    async fn accept(&mut self) -> io::Result<(TcpStream, LocalAddr, RemoteAddr, Scheme)> {
        match self.errors.pop_front() {
            Some(error) => Err(error),
            None => self.inner.accept().await,
        }
    }
}

#[tokio::test]
async fn without_descriptors_it_waits_and_then_goes_on() {
    const EMFILE: i32 = 24;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let errors = [EMFILE, EMFILE, EMFILE].map(io::Error::from_raw_os_error);
    let errors = errors.into_iter().chain([io::ErrorKind::ConnectionAborted.into()]).collect();
    let inner = Failing { errors, inner: TcpAcceptor::from_tokio(listener).unwrap() };
    let mut acceptor = LimitedAcceptor::new(inner, 1, Timeouts { head: HEAD, idle: IDLE });
    let _client = connect(address).await;
    let start = Instant::now();
    let (connection, ..) = timeout(AGES, acceptor.accept()).await.unwrap().unwrap();
    assert!(start.elapsed() >= BACK_OFF * 3, "three failures, three pauses: {:?}", start.elapsed());
    assert!(connection.stream().nodelay().unwrap());
}
