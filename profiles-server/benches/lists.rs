//! What lists cost in a large database, beside what they cost in a small one.
//!
//! `cargo bench -p profiles-server --bench lists` fills two databases by `profiles-server generate`, of 1,000 statuses
//! and of 1,000,000 (`PROFILES_BENCH_STATUSES` says another number; there is a profile for every ten of them), and asks
//! the real server over each in turns, on one connection. Every figure is the median of 300 requests; read the ratios.
//! `PROFILES_BENCH_DIR` names another disk.

use std::{
    env,
    error::Error,
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

type Result<T = ()> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

const REQUESTS: usize = 300;
const SMALL: u64 = 1_000;
const STATUSES: &str = "/api/profile-status/";

fn main() -> Result {
    // `cargo test --all-targets` runs benches too, to see that they start.
    if !env::args().any(|argument| argument == "--bench") {
        return Ok(());
    }
    let large: u64 = env::var("PROFILES_BENCH_STATUSES").map_or(Ok(1_000_000), |text| text.parse())?;
    let parent = env::var_os("PROFILES_BENCH_DIR").map_or(PathBuf::from(env!("CARGO_TARGET_TMPDIR")), PathBuf::from);
    let directory = tempfile::tempdir_in(parent)?;
    for statuses in [SMALL, large] {
        generate(&directory.path().join(statuses.to_string()), statuses)?;
    }
    let open = |statuses: u64, style: &str| Server::start(&directory.path().join(statuses.to_string()), style);

    println!("median of {REQUESTS} requests in microseconds: {SMALL} statuses, {large} statuses, ratio");
    let (mut one, mut other) = (open(SMALL, "page-number")?, open(large, "page-number")?);
    let deep = large.min(50_000) / 10;
    let numbered = [
        ("first page", String::new(), String::new()),
        ("page deep inside", "?page=60".to_owned(), format!("?page={deep}")),
        ("last page, newest first", "?page=last&ordering=-id".to_owned(), "?page=last&ordering=-id".to_owned()),
        ("one owner's", of_owner(SMALL), of_owner(large)),
        ("of a range of time", between(), between()),
        ("a count alone", "?page_size=1".to_owned(), "?page_size=1".to_owned()),
    ];
    for (what, small, large) in numbered {
        compare(what, (&mut one, &small), (&mut other, &large))?;
    }
    println!("start                    {:>8.1} ms {:>8.1} ms", one.started, other.started);
    println!("memory                   {:>8.1} MB {:>8.1} MB", one.memory()?, other.memory()?);
    drop((one, other));

    let (mut one, mut other) = (open(SMALL, "cursor")?, open(large, "cursor")?);
    let (small, far) = (one.cursor("?until=2200-01-01T00:00:00Z", 60)?, other.cursor(&until_the_middle(), 60)?);
    compare("a cursor deep inside", (&mut one, &small), (&mut other, &far))
}

/// Fills a database, and says how fast.
fn generate(directory: &Path, statuses: u64) -> Result {
    let started = Instant::now();
    let made = Command::new(env!("CARGO_BIN_EXE_profiles-server"))
        .args(["generate", "--profiles", &(statuses / 10).to_string(), "--statuses", &statuses.to_string()])
        .arg("--data-dir")
        .arg(directory)
        .stderr(Stdio::null())
        .output()?;
    if !made.status.success() {
        return Err(String::from_utf8_lossy(&made.stdout).into_owned().into());
    }
    println!(
        "{} ({:.1} s with start and end)",
        String::from_utf8_lossy(&made.stdout).trim(),
        started.elapsed().as_secs_f64()
    );
    Ok(())
}

/// Somebody in the middle, who has posted some.
fn of_owner(statuses: u64) -> String {
    format!("?profile={}", statuses / 10 / 64 + 1)
}

/// The middle third of the last three years.
fn between() -> String {
    let now = std::time::UNIX_EPOCH.elapsed().unwrap_or_default().as_secs();
    let year = 365 * 24 * 3600;
    format!("?since={}&until={}", moment(now - 2 * year), moment(now - year))
}

/// Newest first from a year and a half ago on: half of all are before it, half behind it.
fn until_the_middle() -> String {
    let now = std::time::UNIX_EPOCH.elapsed().unwrap_or_default().as_secs();
    format!("?ordering=-id&until={}", moment(now - 365 * 36 * 3600))
}

fn moment(seconds: u64) -> String {
    jiff::Timestamp::from_second(i64::try_from(seconds).unwrap_or_default())
        .map(|at| at.to_string())
        .unwrap_or_default()
}

fn compare(what: &str, (one, asked): (&mut Server, &str), (other, asked_other): (&mut Server, &str)) -> Result {
    let (mut small, mut large) = (Vec::new(), Vec::new());
    for _ in 0..REQUESTS {
        small.push(one.ask(asked)?.1);
        large.push(other.ask(asked_other)?.1);
    }
    let (small, large) = (median(small), median(large));
    println!("{what:<24} {small:>8.0}    {large:>8.0}    {:>6.2}", large / small);
    Ok(())
}

/// The real program over a database that was filled.
struct Server {
    child: Child,
    connection: TcpStream,
    /// Milliseconds until its first answer.
    started: f64,
}

impl Server {
    fn start(directory: &Path, style: &str) -> Result<Self> {
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string();
        let begun = Instant::now();
        let child = Command::new(env!("CARGO_BIN_EXE_profiles-server"))
            .args(["serve", "--bind", &address, "--log", "warn", "--pagination", style, "--data-dir"])
            .arg(directory)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let connection = loop {
            match TcpStream::connect(&address) {
                Ok(connection) => break connection,
                Err(error) if begun.elapsed() > Duration::from_mins(1) => return Err(error.into()),
                Err(_) => thread::sleep(Duration::from_millis(5)),
            }
        };
        connection.set_nodelay(true)?;
        let mut server = Self { child, connection, started: 0.0 };
        // It listens before it opens its database.
        server.ask("")?;
        server.started = begun.elapsed().as_secs_f64() * 1e3;
        Ok(server)
    }

    /// Asks for a list of statuses; answers the body, and how many microseconds it took.
    fn ask(&mut self, query: &str) -> Result<(String, f64)> {
        let request = format!("GET {STATUSES}{query} HTTP/1.1\r\nHost: x\r\nAccept: application/json\r\n\r\n");
        let begun = Instant::now();
        self.connection.write_all(request.as_bytes())?;
        let (mut answer, mut piece) = (Vec::new(), [0; 16 * 1024]);
        loop {
            let read = self.connection.read(&mut piece)?;
            answer.extend_from_slice(piece.get(..read).unwrap_or_default());
            let text = String::from_utf8_lossy(&answer);
            if let Some((head, body)) = text.split_once("\r\n\r\n") {
                let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
                if length.is_none_or(|length: usize| body.len() >= length) {
                    let micros = begun.elapsed().as_secs_f64() * 1e6;
                    let found = head.starts_with("HTTP/1.1 200");
                    return if found { Ok((body.to_owned(), micros)) } else { Err(text.into_owned().into()) };
                }
            }
            if read == 0 {
                return Err("the server hung up".into());
            }
        }
    }

    /// The query of the page so many pages behind the first of this list.
    fn cursor(&mut self, query: &str, pages: usize) -> Result<String> {
        let mut query = query.to_owned();
        for _ in 0..pages {
            let body = self.ask(&query)?.0;
            let next = body.split("\"next\":\"").nth(1).and_then(|rest| rest.split('"').next());
            let next = next.and_then(|url| url.split_once('?')).ok_or("the list has an end")?;
            query = format!("?{}", next.1);
        }
        Ok(query)
    }

    fn memory(&self) -> Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
        Ok(line.trim().trim_end_matches(" kB").parse::<f64>()? / 1024.0)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // In good order, so that the next one finds it closed.
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
    }
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or_default()
}
