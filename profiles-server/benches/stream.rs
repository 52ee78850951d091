//! What live feeds cost: the memory of many idle streams, and how long an event takes to reach a thousand of them.
//!
//! `cargo bench -p profiles-server --bench stream`. Every stream is a connection, with a descriptor on both sides: run
//! `ulimit -n 25000` before it, or it takes as many streams as it may. Both sides share this machine's processors.

mod program;

use std::{
    error::Error,
    fs,
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::JoinSet,
};

use self::program::Program;

type Result<T = ()> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

const IDLE: usize = 10_000;
const LISTENING: usize = 1_000;
const EVENTS: usize = 20;

#[tokio::main(flavor = "multi_thread", worker_threads = 1)]
async fn main() -> Result {
    let room = open_files()?.saturating_sub(100);
    let server = Server::start().await?;
    let key = server.register().await?;

    let mut listening = JoinSet::new();
    for _ in 0..LISTENING.min(room) {
        let mut stream = server.follow().await?;
        listening.spawn(async move {
            let mut told = Vec::new();
            while told.len() < EVENTS {
                wait_for(&mut stream, b"event: created").await?;
                told.push(Instant::now());
            }
            Ok::<_, std::io::Error>(told)
        });
    }
    let mut sent = Vec::new();
    for _ in 0..EVENTS {
        sent.push(Instant::now());
        server.post(&key).await?;
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    let mut longest = vec![Duration::ZERO; EVENTS];
    let streams = listening.len();
    while let Some(told) = listening.join_next().await {
        for ((longest, told), sent) in longest.iter_mut().zip(told??).zip(&sent) {
            *longest = (*longest).max(told - *sent);
        }
    }
    longest.sort();
    println!("from posting a status to the last of {streams} streams, {EVENTS} times");
    let (median, last) = (longest.get(EVENTS / 2), longest.last());
    println!("median {:>8.1?}   longest {:>8.1?}", median.ok_or("no events")?, last.ok_or("no events")?);

    let before = server.memory()?;
    let mut idle = Vec::new();
    for _ in 0..IDLE.min(room) {
        idle.push(server.follow().await?);
    }
    // The heartbeats of all have gone out once.
    tokio::time::sleep(Duration::from_secs(20)).await;
    let after = server.memory()?;
    let each = (after - before) * 1000.0 / f64::from(u32::try_from(idle.len())?);
    println!("memory of {} idle streams: {:.1} MB, {each:.1} KB each", idle.len(), after - before);
    println!("memory of the server: {after:.1} MB");
    Ok(())
}

/// How many files this process may have open.
fn open_files() -> Result<usize> {
    let limits = fs::read_to_string("/proc/self/limits")?;
    let line = limits.lines().find(|line| line.starts_with("Max open files")).ok_or("no limit")?;
    Ok(line.split_whitespace().nth(3).and_then(|limit| limit.parse().ok()).unwrap_or(usize::MAX))
}

/// Reads on until this has come; what comes before it in the same piece is forgotten.
async fn wait_for(stream: &mut TcpStream, text: &[u8]) -> std::io::Result<()> {
    let mut seen: Vec<u8> = Vec::new();
    let mut piece = [0_u8; 4096];
    while !seen.windows(text.len()).any(|window| window == text) {
        match stream.read(&mut piece).await? {
            0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            count => seen.extend(piece.iter().take(count)),
        }
    }
    Ok(())
}

/// The program, as the clients of this bench use it.
struct Server(Program);

impl Server {
    async fn start() -> Result<Self> {
        let flags = ["--log", "error", "--max-connections", "20000", "--max-streams", "20000"];
        Program::start(&flags).await.map(Self)
    }

    /// A stream that has begun.
    async fn follow(&self) -> Result<TcpStream> {
        let mut stream = TcpStream::connect(&self.0.address).await?;
        stream.write_all(b"GET /api/profile-status/stream/ HTTP/1.1\r\nHost: x\r\n\r\n").await?;
        wait_for(&mut stream, b"id: ").await?;
        Ok(stream)
    }

    /// Sends a form; answers with what came back.
    async fn send(&self, path: &str, header: &str, form: &str) -> Result<String> {
        let mut stream = TcpStream::connect(&self.0.address).await?;
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{header}Content-Length: {}\r\nContent-Type: \
             application/x-www-form-urlencoded\r\n\r\n{form}",
            form.len()
        );
        stream.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        if answer.starts_with("HTTP/1.1 201") { Ok(answer) } else { Err(answer.into()) }
    }

    async fn register(&self) -> Result<String> {
        let form = "username=ada&email=ada@example.org&password1=tulip-tango-92&password2=tulip-tango-92";
        let answer = self.send("/api/rest-auth/registration/", "", form).await?;
        let key = answer.split("\"key\":\"").nth(1).and_then(|rest| rest.get(..40)).map(str::to_owned);
        key.ok_or_else(|| "registration failed".into())
    }

    async fn post(&self, key: &str) -> Result {
        let header = format!("Authorization: Token {key}\r\n");
        self.send("/api/profile-status/", &header, "status_content=hello").await.map(drop)
    }

    /// Resident memory in MB.
    fn memory(&self) -> Result<f64> {
        Ok(self.0.memory()? / 1000.0)
    }
}
