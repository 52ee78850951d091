//! Load on servers, from this process: requests sent over and over on kept connections.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::JoinSet,
};

use crate::Result;

pub(crate) const ROUNDS: usize = 3;
pub(crate) const ROUND: Duration = Duration::from_secs(3);

/// The password of everybody who registers here.
const PASSWORD: &str = "tulip-tango-92";

/// Registers somebody; answers the key.
pub(crate) async fn register(address: &str, name: &str) -> Result<String> {
    let form = format!("username={name}&email={name}@example.org&password1={PASSWORD}&password2={PASSWORD}");
    let mut connection = Connection::open(address).await?;
    let answer = connection.ask(post_form("/api/rest-auth/registration/", &form).as_bytes()).await?;
    let key =
        String::from_utf8_lossy(answer).split("\"key\":\"").nth(1).and_then(|rest| rest.get(..40).map(str::to_owned));
    key.ok_or_else(|| "registration failed".into())
}

/// Sends each request over and over on so many connections, shared out among the servers; answers how many were answered
/// in a second.
pub(crate) async fn load(addresses: &[&str], connections: usize, requests: &[String]) -> Result<f64> {
    let answered = Arc::new(AtomicU64::new(0));
    let started = Instant::now();
    let mut tasks = JoinSet::new();
    let places = addresses.iter().cycle().zip(requests.iter().cycle());
    for (address, request) in places.take(connections) {
        let mut connection = Connection::open(address).await?;
        let (request, answered) = (request.clone(), Arc::clone(&answered));
        tasks.spawn(async move {
            while started.elapsed() < ROUND {
                let answer = connection.ask(request.as_bytes()).await?;
                if !answer.starts_with(b"HTTP/1.1 20") {
                    return Err(io::Error::other(String::from_utf8_lossy(answer).into_owned()));
                }
                answered.fetch_add(1, Ordering::Relaxed);
            }
            Ok(())
        });
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    Ok(rate(answered.load(Ordering::Relaxed), started))
}

/// One connection that is kept.
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    pub(crate) async fn open(address: &str) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(4096) })
    }

    /// Sends a request and reads its whole answer, which has a `Content-Length`. As cheap as can be: the load and the
    /// server share the processors.
    pub(crate) async fn ask(&mut self, request: &[u8]) -> io::Result<&[u8]> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        loop {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if is_whole(&self.buffer) {
                return Ok(&self.buffer);
            }
        }
    }
}

fn is_whole(answer: &[u8]) -> bool {
    let Some(end) = find(answer, b"\r\n\r\n") else { return false };
    let digits = find(answer, b"content-length: ").and_then(|at| answer.get(at + 16..)).unwrap_or_default();
    let digits = digits.iter().take_while(|byte| byte.is_ascii_digit());
    let length = digits.fold(0, |length, digit| length * 10 + usize::from(digit - b'0'));
    answer.len() >= end + 4 + length
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}

pub(crate) fn get(path: &str, headers: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: x\r\nAccept: application/json\r\n{headers}\r\n")
}

pub(crate) fn post_status(key: &str) -> String {
    let body = r#"{"status_content": "Hello, this is my first status!"}"#;
    format!(
        "POST /api/profile-status/ HTTP/1.1\r\nHost: x\r\nAccept: application/json\r\nAuthorization: Token \
         {key}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// A login of somebody who has registered here.
pub(crate) fn log_in(name: &str) -> String {
    post_form("/api/rest-auth/login/", &format!("username={name}&password={PASSWORD}"))
}

fn post_form(path: &str, form: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\nContent-Type: \
         application/x-www-form-urlencoded\r\n\r\n{form}",
        form.len()
    )
}

pub(crate) fn rate(count: u64, started: Instant) -> f64 {
    // Exact up to 2^53, which no round comes near.
    u32::try_from(count).map_or(f64::INFINITY, f64::from) / started.elapsed().as_secs_f64()
}

pub(crate) fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or_default()
}
