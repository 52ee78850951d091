//! What HTTP costs: the real server under load, beside the store alone and beside the cheapest answer it has.
//!
//! `cargo bench -p profiles-server --bench http` takes about a minute. The load comes from this process, on the same
//! machine, so the figures share its processors; read the ratios. Every figure is the median of three rounds, and the
//! rounds of all figures take turns.

mod program;

use std::{
    error::Error,
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use profiles_core::{
    model::{AccountId, StatusText, Timestamp},
    store::{
        Accounts as _, Maintenance as _, Statuses as _,
        sled::{SledConfig, SledStore},
    },
    testkit::fixture,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::JoinSet,
};

use self::program::Program;

type Result<T = ()> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

const ROUNDS: usize = 3;
const ROUND: Duration = Duration::from_secs(3);
const CONNECTIONS: usize = 64;

/// One thread makes the load, as in most load generators, and the server has the rest of the machine.
#[tokio::main(flavor = "multi_thread", worker_threads = 1)]
async fn main() -> Result {
    let server = Server::start().await?;
    let key = server.register().await?;
    let live = get("/health/live", "");
    let profile = get("/api/profiles/1/", "");
    let with_token = get("/api/profiles/1/", &format!("Authorization: Token {key}\r\n"));
    let post = post_status(&key);
    let mut figures: [Vec<f64>; 5] = Default::default();
    for _ in 0..ROUNDS {
        for (figure, request) in figures.iter_mut().zip([&live, &profile, &with_token, &post]) {
            figure.push(server.load(request).await?);
        }
        figures[4].push(store_alone().await?);
    }
    let [live, profile, with_token, post, alone] = figures.map(median);
    println!("{CONNECTIONS} connections, requests a second, median of {ROUNDS} rounds of {ROUND:?}");
    println!("GET /health/live                {live:>9.0}");
    println!("GET one profile                 {profile:>9.0}   {:.2} of /health/live", profile / live);
    println!("GET one profile with a token    {with_token:>9.0}   {:.2} of /health/live", with_token / live);
    println!("store alone, durable posts      {alone:>9.0}");
    println!("POST a status, durable          {post:>9.0}   {:.2} of the store alone", post / alone);
    println!("memory of the server            {:>9.1} MB", server.memory()?);
    Ok(())
}

/// The program, as the clients of this bench use it.
struct Server(Program);

impl Server {
    async fn start() -> Result<Self> {
        Program::start(&["--log", "warn"]).await.map(Self)
    }

    async fn register(&self) -> Result<String> {
        let form = "username=ada&email=ada@example.org&password1=tulip-tango-92&password2=tulip-tango-92";
        let request = format!(
            "POST /api/rest-auth/registration/ HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\nContent-Type: \
             application/x-www-form-urlencoded\r\n\r\n{form}",
            form.len()
        );
        let mut connection = Connection::open(&self.0.address).await?;
        let key = String::from_utf8_lossy(connection.ask(request.as_bytes()).await?)
            .split("\"key\":\"")
            .nth(1)
            .map(|rest| rest[..40].to_owned());
        key.ok_or_else(|| "registration failed".into())
    }

    /// Sends one request over and over on every connection; answers how many were answered in a second.
    async fn load(&self, request: &str) -> Result<f64> {
        let answered = Arc::new(AtomicU64::new(0));
        let started = Instant::now();
        let mut tasks = JoinSet::new();
        for _ in 0..CONNECTIONS {
            let mut connection = Connection::open(&self.0.address).await?;
            let (request, answered) = (request.to_owned(), Arc::clone(&answered));
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

    /// Resident memory in MB, of 1024 KiB each.
    fn memory(&self) -> Result<f64> {
        Ok(self.0.memory()? / 1024.0)
    }
}

/// One connection that is kept.
struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    async fn open(address: &str) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(4096) })
    }

    /// Sends a request and reads its whole answer, which has a `Content-Length`. As cheap as can be: the load and the
    /// server share the processors.
    async fn ask(&mut self, request: &[u8]) -> io::Result<&[u8]> {
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

fn get(path: &str, headers: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: x\r\nAccept: application/json\r\n{headers}\r\n")
}

fn post_status(key: &str) -> String {
    let body = r#"{"status_content": "Hello, this is my first status!"}"#;
    format!(
        "POST /api/profile-status/ HTTP/1.1\r\nHost: x\r\nAccept: application/json\r\nAuthorization: Token \
         {key}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// Durable posts a second of the store by itself, with as many callers.
async fn store_alone() -> Result<f64> {
    let directory = tempfile::tempdir()?;
    let store = Arc::new(SledStore::open(SledConfig::new(directory.path().join("store")))?);
    store.register(fixture::register("ada")).await?;
    let posted = Arc::new(AtomicU64::new(0));
    let started = Instant::now();
    let mut tasks = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let (store, posted) = (Arc::clone(&store), Arc::clone(&posted));
        tasks.spawn(async move {
            let text = StatusText::parse("Hello, this is my first status!").map_err(|_| "text")?;
            while started.elapsed() < ROUND {
                store.post_status(AccountId::new(1), text.clone(), Timestamp::from_micros(0)).await?;
                posted.fetch_add(1, Ordering::Relaxed);
            }
            Ok::<_, Box<dyn Error + Send + Sync>>(())
        });
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    let rate = rate(posted.load(Ordering::Relaxed), started);
    store.close().await?;
    Ok(rate)
}

fn rate(count: u64, started: Instant) -> f64 {
    // Exact up to 2^53, which no round comes near.
    u32::try_from(count).map_or(f64::INFINITY, f64::from) / started.elapsed().as_secs_f64()
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or_default()
}
